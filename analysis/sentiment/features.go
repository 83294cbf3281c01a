package sentiment

import (
	"math"
	"strings"

	"klank/analysis/text"
)

// tableBits is the size of the hashed tables: 1<<tableBits n-grams.
const tableBits = 18

// Lengths of the letter n-grams within a word, its edges counted as letters.
const (
	shortestGram = 2 // from the second on every letter ends one
	longestGram  = 5
)

// longestWord bounds the letters of a word that are read.
const longestWord = 40

// negationScope is how many words after a negating word count as denied.
const negationScope = 3

// grams are the hashed n-grams of a stretch of tokens, each an index into the
// tables.
type grams struct {
	words, chars []uint32
}

const (
	hashStart = 2166136261
	hashTimes = 0x9e3779b1
)

// slot is the place of a hash in the tables.
func slot(h uint32) uint32 {
	h ^= h >> 15
	h *= 0x85ebca6b
	return h >> (32 - tableBits)
}

func step(h uint32, c byte) uint32 { return (h ^ uint32(c)) * hashTimes }

// reader makes the n-grams of one sentence, token by token.
type reader struct {
	before, beforeThat uint32 // hashes of the last two words
	denied             int    // words that still stand in the scope of a negation
}

// Salts keep the kinds of n-grams apart.
const (
	saltDenied = 0x51ed270b
	saltPair   = 0x2545f491
	saltTriple = 0x6c62272e
)

// sentence adds the n-grams of a sentence, of whose tokens the states are known.
func (g *grams) sentence(tokens []text.Token, states []state) {
	r := reader{before: stopHash}
	for i := range tokens {
		t, h := &tokens[i], uint32(0)
		if isWord(t) {
			g.chars, h = appendLetters(g.chars, t.Norm)
		}
		g.words = r.next(g.words, t, h, states[i].roles)
	}
}

func isWord(t *text.Token) bool { return t.Kind == text.Word || t.Kind == text.Hashtag }

// next appends the n-grams of words that token t ends; h is the hash of a word
// (see appendLetters). The effect of roles reaches the words that follow.
func (r *reader) next(dst []uint32, t *text.Token, h uint32, roles role) []uint32 {
	switch t.Kind {
	case text.Word, text.Hashtag:
	case text.Number:
		h = numberHash
	case text.Emoji, text.Emoticon:
		h = hashStart
		for i := 0; i < len(t.Norm) && i < longestWord; i++ {
			h = step(h, t.Norm[i])
		}
	case text.Stop:
		r.denied = 0
		switch {
		case strings.IndexByte(t.Norm, '?') >= 0:
			h = questionHash
		case t.Norm[0] == '!':
			h = exclaimHash
		case len(t.Norm) > 1:
			h = pauseHash
		default:
			r.before, r.beforeThat = stopHash, 0
			return dst
		}
	case text.Punct:
		r.denied = 0
		return dst
	default:
		return dst
	}
	if roles&(contrasts|joins) != 0 {
		r.denied = 0
	}
	word := h
	if r.denied > 0 {
		r.denied--
		word ^= saltDenied
	}
	dst = append(dst, slot(word), slot((r.before*3+saltPair)*hashTimes^h))
	if r.beforeThat != 0 {
		dst = append(dst, slot(((r.beforeThat*5+r.before)*3+saltTriple)*hashTimes^h))
	}
	r.beforeThat, r.before = r.before, h
	if roles&negates != 0 {
		r.denied = negationScope
	}
	return dst
}

// Hashes of tokens that stand for their kind.
const (
	numberHash   = 0x1b873593
	questionHash = 0xcc9e2d51
	exclaimHash  = 0xe6546b64
	pauseHash    = 0xc2b2ae35
	stopHash     = 0x27d4eb2f
)

// appendLetters appends the letter n-grams of a word and returns the hash of the
// whole.
func appendLetters(dst []uint32, norm string) ([]uint32, uint32) {
	norm = norm[:min(len(norm), longestWord)]
	var edged [longestWord + 2]byte
	edged[0] = '^'
	n := copy(edged[1:], norm) + 2
	edged[n-1] = '$'
	word := edged[:n]
	for i := 0; i+shortestGram <= n; i++ {
		h := step(hashStart, word[i])
		for _, c := range word[i+1 : min(n, i+longestGram)] {
			h = step(h, c)
			dst = append(dst, slot(h))
		}
	}
	h := uint32(hashStart + 1)
	for _, c := range word[1 : n-1] {
		h = step(h, c)
	}
	return dst, h
}

// felt is what the rules say of one sentence.
type felt struct {
	sum            float64 // of all values
	good, bad      float64 // of the positive and the negative ones; bad is not above 0
	grade, sign    float64 // of grades, and of emoji and emoticons
	loaded         bool
	words          int
	denials        int
	exclaims, asks int
	capitals       int
	contrast       bool
}

// The features that the rules give, by their place in dense.
const (
	denseOne = iota
	denseTotal
	denseLoud
	denseGood
	denseBad
	denseFirst
	denseLast
	denseBest
	denseWorst
	denseSilent
	denseDenials
	denseExclaims
	denseAsks
	denseCapitals
	denseContrast
	denseGrade
	denseSign
	denseLength
	denseMixed
	denseBoth
	denseCount
)

type dense [denseCount]float32

// weigh makes the features of some sentences of which the first titles are
// those of a title.
func weigh(all []felt, titles int, p *params) dense {
	var f dense
	f[denseOne] = 1
	var sums felt
	silent, first, last, best, worst := 0, 0.0, 0.0, 0.0, 0.0
	for i := range all {
		s := &all[i]
		x := squash(s.sum)
		if !s.loaded {
			silent++
		} else {
			if first == 0 {
				first = x
			}
			last = x
		}
		best, worst = max(best, x), min(worst, x)
		sums.good += s.good
		sums.bad += s.bad
		sums.grade += s.grade
		sums.sign += s.sign
		sums.words += s.words
		sums.denials += s.denials
		sums.exclaims += s.exclaims
		sums.asks += s.asks
		sums.capitals += s.capitals
		sums.contrast = sums.contrast || s.contrast
	}
	total := combine(all, titles, p)
	n := float64(max(1, len(all)))
	words := float64(max(1, sums.words))
	f[denseTotal] = float32(squash(total))
	f[denseLoud] = float32(max(-3, min(3, total)) / 3)
	f[denseGood] = float32(squash(sums.good / math.Sqrt(n)))
	f[denseBad] = float32(squash(sums.bad / math.Sqrt(n)))
	f[denseFirst], f[denseLast] = float32(first), float32(last)
	f[denseBest], f[denseWorst] = float32(best), float32(worst)
	f[denseSilent] = float32(float64(silent) / n)
	f[denseDenials] = float32(min(1, 5*float64(sums.denials)/words))
	f[denseExclaims] = float32(squash(float64(sums.exclaims)))
	f[denseAsks] = float32(squash(float64(sums.asks)))
	f[denseCapitals] = float32(min(1, 3*float64(sums.capitals)/words))
	if sums.contrast {
		f[denseContrast] = 1
	}
	f[denseGrade] = float32(squash(sums.grade))
	f[denseSign] = float32(squash(sums.sign))
	f[denseLength] = float32(min(1, math.Log(words)/6))
	f[denseMixed] = float32(best * -worst)
	f[denseBoth] = float32(squash(sums.good) * -squash(sums.bad))
	return f
}
