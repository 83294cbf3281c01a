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
	maxBytes = 512
)

// features calls each, a word at a time, for the hashed n-grams (one to five
// bytes, and the whole) of every word of s, lower-cased, with a mark at both
// ends. The buckets are valid until the next call.
func features(s string, each func(buckets []uint32)) {
	var word [maxWord + 8]byte
	var buckets [len(word)*maxGram + 1]uint32
	n := 0
	var last [2]rune
	end := func() {
		if n > 1 {
			word[n] = '>'
			each(grams(buckets[:0], word[:n+1]))
		}
		n, last = 0, [2]rune{}
	}
	if len(s) > maxBytes {
		s = s[:maxBytes]
	}
	for i := 0; i < len(s); {
		if c := s[i] | 0x20; 'a' <= c && c <= 'z' && n > 0 && n < maxWord && rune(c) != last[0] {
			last[0], last[1] = last[1], rune(c)
			word[n] = c
			n, i = n+1, i+1
			continue // what most letters are, told without Unicode's tables
		}
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

func grams(dst []uint32, word []byte) []uint32 {
	for i := range word {
		h := uint32(2166136261)
		for j := i; j < len(word) && j < i+maxGram; j++ {
			h = (h ^ uint32(word[j])) * 16777619
			dst = append(dst, bucket(h, uint32(j-i)))
		}
	}
	h := uint32(40503)
	for _, c := range word {
		h = (h ^ uint32(c)) * 16777619
	}
	return append(dst, bucket(h, maxGram))
}

func bucket(h, kind uint32) uint32 {
	h ^= kind * 0x9e3779b1
	h ^= h >> 15
	h *= 0x85ebca6b
	return h >> (32 - hashBits)
}
