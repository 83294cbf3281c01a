package language

import (
	"unicode"
	"unicode/utf8"
)

// Classes are the languages the model tells apart by their letters.
var Classes = [...]string{"nl", "en", "de", "af", "fr", "es", "it", "pt"}

const (
	hashBits = 16
	buckets  = 1 << hashBits
	maxGram  = 5
	maxWord  = 48
	// maxGrams is how many features a word has at most.
	maxGrams = (maxWord + 8) * maxGram
	// maxBytes of a text are read: its language shows long before.
	maxBytes = 512
)

// words walks over the words of a text: lower-cased, with a mark at both
// ends, and letters that stand more than twice cut to two.
type words struct {
	s    string
	word [maxWord + 8]byte
}

// next returns the next word, valid until the next call, or nil at the end.
func (w *words) next() []byte {
	n := 0
	var last [2]rune
	i := 0
	for i < len(w.s) {
		if c := w.s[i] | 0x20; 'a' <= c && c <= 'z' && n > 0 && n < maxWord && rune(c) != last[0] {
			last[0], last[1] = last[1], rune(c)
			w.word[n] = c
			n, i = n+1, i+1
			continue // what most letters are, told without Unicode's tables
		}
		r, size := utf8.DecodeRuneInString(w.s[i:])
		i += size
		if r == '’' {
			r = '\''
		}
		if !isLetter(r) && (r != '\'' || n == 0) {
			if n > 1 {
				break
			}
			n, last = 0, [2]rune{}
			continue
		}
		if n == 0 {
			w.word[0], n = '<', 1
		}
		if r = unicode.ToLower(r); r == last[0] && r == last[1] {
			continue // sooooo
		}
		last[0], last[1] = last[1], r
		if n < maxWord {
			n += utf8.EncodeRune(w.word[n:], r)
		}
	}
	w.s = w.s[i:]
	if n <= 1 {
		return nil
	}
	w.word[n] = '>'
	return w.word[:n+1]
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r)
}

// grams appends the buckets of a word's features: its hashed n-grams, one to
// five bytes, and the whole.
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

// head cuts a text to the part that is read.
func head(s string) string {
	if len(s) > maxBytes {
		return s[:maxBytes]
	}
	return s
}
