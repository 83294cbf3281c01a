package element

// Terms is a set of words of two bytes or more, in lower case, to be looked for
// in texts that are many and short: of the places in a text, few have the first
// three letters of any.
type Terms struct {
	words []string
	// heads tells of two letters which third ones follow them in a word, a bit
	// for each.
	heads [1 << 10]uint32
}

// NewTerms makes a set.
func NewTerms(words ...string) *Terms {
	t := &Terms{words: words}
	for _, w := range words {
		third := ^uint32(0) // a word of two letters goes before any
		if len(w) > 2 {
			third = 1 << (w[2] & 31)
		}
		t.heads[pair(w[0], w[1])] |= third
	}
	return t
}

// Holds tells whether a text holds one of the terms, in any case of ASCII.
func Holds[T string | []byte](s T, t *Terms) bool {
	for i := 0; i+1 < len(s); i++ {
		third := t.heads[pair(s[i], s[i+1])]
		if third == 0 || i+2 < len(s) && third>>(s[i+2]&31)&1 == 0 {
			continue
		}
		for _, w := range t.words {
			if len(s)-i >= len(w) && equalFold(s[i:i+len(w)], w) {
				return true
			}
		}
	}
	return false
}

// pair is the number of two letters in any case; other signs share numbers
// with letters.
func pair(a, b byte) int { return int(a&31)<<5 | int(b&31) }

// equalFold tells whether a text of the length of lower is that in some case.
func equalFold[T string | []byte](s T, lower string) bool {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// Digit tells whether a text has a digit.
func Digit(s string) bool {
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			return true
		}
	}
	return false
}
