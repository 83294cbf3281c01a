package language

import (
	"unicode"
	"unicode/utf8"
)

// Classes are the languages the model tells apart by their letters.
var Classes = [...]string{"nl", "en", "de", "af"}

const (
	hashBits = 16
	buckets  = 1 << hashBits
	maxGram  = 5
	maxWord  = 48
	// maxBytes of a text are read: its language shows long before.
	maxBytes = 2048
)

// features calls each for the hashed n-grams (one to five bytes, and the
// whole) of every word of s, lower-cased, with a mark at both ends.
func features(s string, each func(bucket uint32)) {
	var word [maxWord + 8]byte
	n := 0
	var last [2]rune
	end := func() {
		if n > 1 {
			word[n] = '>'
			grams(word[:n+1], each)
		}
		n, last = 0, [2]rune{}
	}
	if len(s) > maxBytes {
		s = s[:maxBytes]
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r == '’' {
			r = '\''
		}
		if !unicode.IsLetter(r) && (r != '\'' || n == 0) {
			end()
			continue
		}
		if n == 0 {
			word[0], n = '<', 1
		}
		if r = unicode.ToLower(r); r == last[0] && r == last[1] {
			continue // sooooo
		}
		last[0], last[1] = last[1], r
		if n < maxWord {
			n += utf8.EncodeRune(word[n:], r)
		}
	}
	end()
}

func grams(word []byte, each func(uint32)) {
	for i := range word {
		h := uint32(2166136261)
		for j := i; j < len(word) && j < i+maxGram; j++ {
			h = (h ^ uint32(word[j])) * 16777619
			each(bucket(h, uint32(j-i)))
		}
	}
	h := uint32(40503)
	for _, c := range word {
		h = (h ^ uint32(c)) * 16777619
	}
	each(bucket(h, maxGram))
}

func bucket(h, kind uint32) uint32 {
	h ^= kind * 0x9e3779b1
	h ^= h >> 15
	h *= 0x85ebca6b
	return h >> (32 - hashBits)
}
