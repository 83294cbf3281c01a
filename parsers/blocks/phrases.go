package blocks

// phrases is a set of words of two bytes or more, in lower case, to be looked
// for in texts that are many and short: of the places in a text, few have the
// first two letters of any.
type phrases struct {
	words []string
	heads [1 << 10]bool
}

func newPhrases(words ...string) *phrases {
	p := &phrases{words: words}
	for _, w := range words {
		p.heads[pair(w[0], w[1])] = true
	}
	return p
}

// holds tells whether a text holds one of the words, in any case of ASCII.
func holds[T string | []byte](p *phrases, s T) bool {
	for i := 0; i+1 < len(s); i++ {
		if !p.heads[pair(s[i], s[i+1])] {
			continue
		}
		for _, w := range p.words {
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
