package mention

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The names of the flags that a pass over the whole index gives.
const (
	// FlagDuplicate is that of a copy of another mention, DuplicateOf.
	FlagDuplicate = "duplicate"
	// FlagSuspect is that of what may not be a customer's own words.
	FlagSuspect = "suspect"
)

// ShortText is below how many words a text says too little to be known by: so
// many customers write "Goede service, snelle levering".
const ShortText = 10

// NearBits is in how many bits at most the NearKeys of near-identical texts
// differ. One word of twenty changes about eight, one of fifty about five.
const NearBits = 12

// NearKey is the key by which near-identical texts are found, whoever
// published them: a 64-bit simhash (Charikar 2002) over the words and the
// pairs of neighbouring words of the normalised text (of the title where there
// is no text). The keys of near-identical texts differ in NearBits bits or
// fewer; what is found so is to be compared with Similarity.
//
// A text of fewer than ten words has a hash of all of it instead, together with
// its item, grade and day, so that only the very same review has the same key;
// where one of them is unknown, and without any words, the key is 0: like
// nothing else.
func (m *Mention) NearKey() uint64 {
	ws := strings.Fields(NormalText(m.Body()))
	if len(ws) >= ShortText {
		return simhash(ws)
	}
	if len(ws) == 0 || m.Item == nil || m.Item.Name == "" || m.Rating == nil || m.Published.IsZero() {
		return 0
	}
	h := hashWord(offset64, foldSpace(m.Item.Name))
	h = hashWord(h, m.Published.UTC().Format("2006-01-02"))
	h = hashWord(h, formatFloat(m.Rating.Score))
	for _, w := range ws {
		h = hashWord(h, w)
	}
	return max(mix(h), 1)
}

// Similarity says how alike two texts are, 0..1, without regard to case, signs
// and spaces: Dice's coefficient of their sequences of three letters. Texts by
// different people stay below 0.5, one word of twenty changed gives about 0.93.
// It takes time in proportion to their length.
func Similarity(a, b string) float64 {
	a, b = NormalText(a), NormalText(b)
	if a == b {
		return 1
	}
	x, y := trigrams(a), trigrams(b)
	n, common := 0, 0
	for t, k := range x {
		n += k
		common += min(k, y[t])
	}
	for _, k := range y {
		n += k
	}
	if n == 0 {
		return 0
	}
	return 2 * float64(common) / float64(n)
}

// NormalText is what is compared of a text: its letters and digits in lower
// case, words with one space between them. Apostrophes vanish, so that it's and
// it’s are its.
func NormalText(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		case r != '\'' && r != '’' && r != '\u00ad' && r != '\u200b':
			gap = true
		}
	}
	return b.String()
}

// Body is the text, or the title where there is no text: what NearKey is about.
func (m *Mention) Body() string {
	if m.Text == "" {
		return m.Title
	}
	return m.Text
}

func simhash(ws []string) uint64 {
	var votes [64]int32
	vote := func(h uint64) {
		for i := range votes {
			votes[i] += int32(h>>i&1)<<1 - 1
		}
	}
	seen := make(map[uint64]bool, 2*len(ws))
	var before uint64
	for i, w := range ws {
		h := hashWord(offset64, w)
		pair := bits.RotateLeft64(before, 23) ^ h
		if i > 0 && !seen[pair] {
			seen[pair] = true
			vote(mix(pair))
		}
		if len(w) > 3 && !seen[h] {
			seen[h] = true
			vote(mix(h))
		}
		before = h
	}
	var key uint64
	for i, v := range votes {
		if v > 0 {
			key |= 1 << i
		}
	}
	return key
}

// hashWord goes on with h over a word and its end: FNV-1a.
func hashWord(h uint64, w string) uint64 {
	for i := 0; i < len(w); i++ {
		h = (h ^ uint64(w[i])) * prime64
	}
	return (h ^ 0xff) * prime64
}

const (
	offset64 = 14695981039346656037
	prime64  = 1099511628211
)

// mix spreads a hash over all of its bits: the end of SplitMix64.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// trigrams counts the sequences of three letters of a normalised text.
func trigrams(s string) map[[3]rune]int {
	out := make(map[[3]rune]int, len(s))
	var last [3]rune
	n := 0
	for _, r := range s {
		last = [3]rune{last[1], last[2], r}
		if n++; n >= 3 {
			out[last]++
		}
	}
	if n > 0 && n < 3 {
		out[last]++
	}
	return out
}
