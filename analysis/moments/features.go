package moments

import (
	"math/bits"

	"klank/analysis/text"
)

// The kinds of features; each begins its hash with another number.
const (
	featureWord uint32 = iota + 1
	featurePair
	featureSkip
	featureStart
	featureEnd
	featureLength
	featurePattern
	featureFeeling
)

// The symbols of tokens that are not told apart by their letters. They are
// even, those of words odd.
const (
	symbolNone     = 0
	symbolNumber   = 2
	symbolHandle   = 4
	symbolLink     = 6
	symbolQuestion = 8
	symbolFirst    = 10 // before the first token
	symbolLast     = 12 // after the last
)

// longest is the length in bytes up to which a word is read.
const longest = 64

// appendFeatures appends hashes of what stands in a sentence: its words, two
// together or with one between, the starts and ends that inflections and
// compounds share, how long it is, and whether it praises or blames. A learned
// model has weights for those that tell something.
func appendFeatures(dst []uint32, tokens []text.Token, score float64) []uint32 {
	r := reader{last: symbolFirst}
	for i := range tokens {
		t := &tokens[i]
		if s := symbol(t); s != symbolNone {
			dst = r.next(append(dst, mix(featureWord, s)), t, s)
			dst = appendParts(dst, t, s)
		}
	}
	return r.end(dst, score)
}

// reader makes the features of a sentence that are no word's own.
type reader struct {
	last, beforeLast uint32
	words            int
}

// next appends the features that token t ends, whose symbol is s.
func (r *reader) next(dst []uint32, t *text.Token, s uint32) []uint32 {
	dst = append(dst, mix(mix(featurePair, r.last), s))
	if r.beforeLast != symbolNone {
		dst = append(dst, mix(mix(featureSkip, r.beforeLast), s))
	}
	r.beforeLast, r.last = r.last, s
	if t.Kind == text.Word {
		r.words++
	}
	return dst
}

// end appends the features of the end and of the whole.
func (r *reader) end(dst []uint32, score float64) []uint32 {
	feeling, length := feelingOf(score), uint32(bits.Len(uint(r.words)))
	dst = append(dst, mix(mix(featurePair, r.last), symbolLast), mix(featureFeeling, feeling),
		mix(featureLength, 100+length), mix(mix(featureFeeling, feeling), length))
	if r.words < 5 {
		dst = append(dst, mix(featureLength, uint32(r.words)))
	}
	return dst
}

// feelingOf tells apart what blames, praises and does neither.
func feelingOf(score float64) uint32 {
	switch {
	case score < -0.1:
		return 1
	case score > 0.1:
		return 2
	}
	return 0
}

// symbol is the hash of a token as the features see it, symbolNone for one
// that they pass over.
func symbol(t *text.Token) uint32 {
	switch t.Kind {
	case text.Word, text.Hashtag, text.Emoji:
		if len(t.Norm) <= longest {
			return hash(t.Norm) | 1
		}
	case text.Number:
		return symbolNumber
	case text.Handle:
		return symbolHandle
	case text.Link:
		return symbolLink
	case text.Stop:
		if asks(t) {
			return symbolQuestion
		}
	}
	return symbolNone
}

// asks tells whether a Stop holds a question mark.
func asks(t *text.Token) bool {
	for i := range len(t.Norm) {
		if t.Norm[i] == '?' {
			return true
		}
	}
	return false
}

// mostOwn is how many features a word has by itself: the word and its parts.
const mostOwn = 5

// appendParts appends the starts and ends of a word, whose symbol is s.
func appendParts(dst []uint32, t *text.Token, s uint32) []uint32 {
	word, n := t.Norm, len(t.Norm)
	if s&1 == 0 || n < 5 {
		return dst
	}
	dst = append(dst, mix(featureStart, hash(word[:4])), mix(featureStart, hash(word[:5])), mix(featureEnd, hash(word[n-4:])))
	if n > 5 {
		dst = append(dst, mix(featureEnd, hash(word[n-6:])))
	}
	return dst
}

// patternFeature stands for a label that the patterns give.
func patternFeature(label int) uint32 { return mix(featurePattern, uint32(label)) }

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// mix adds a number to a hash, as MurmurHash3 does.
func mix(h, k uint32) uint32 {
	k *= 0xcc9e2d51
	k = bits.RotateLeft32(k, 15)
	h ^= k * 0x1b873593
	return bits.RotateLeft32(h, 13)*5 + 0xe6546b64
}
