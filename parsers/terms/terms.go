// Package terms looks for words in texts that are many and short.
//
// It is for a first look that tells most texts to be of no interest, and not
// for searching.
package terms

// Set is a set of words of two bytes or more, in lower case. Of the places in a
// text, few have the first three letters of any.
type Set struct {
	words []string
	// heads tells of two letters which third ones follow them in a word, a bit
	// for each.
	heads [1 << 10]uint32
}

// New makes a set.
func New(words ...string) *Set {
	t := &Set{words: words}
	for _, w := range words {
		third := ^uint32(0) // a word of two letters goes before any
		if len(w) > 2 {
			third = 1 << (w[2] & 31)
		}
		t.heads[pair(w[0], w[1])] |= third
	}
	return t
}

// Hold tells whether a text holds one of the words, in any case of ASCII.
func Hold[T string | []byte](s T, t *Set) bool {
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
