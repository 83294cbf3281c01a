package text

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Words numbers the forms of tokens, so that those who read many texts keep
// what they know of a word (see Facts) instead of finding it out each time: most
// of any text is the same few thousand words. The zero Words is ready for use;
// each goroutine needs its own.
//
// It holds at most mostWords forms of at most longestForm bytes, some 600 KB:
// those that came first, which are the frequent ones. Others have no number.
type Words struct {
	slots []slot          // an open table by hash; empty where the number is 0
	forms []form          // by number; the first is none
	norms strings.Builder // of the forms, all in one, which leaves nothing to look after
	left  int             // tokens that got no number since it was full
	round *round
}

// The bounds of Words. Of numbers, the short ones are worth keeping.
const (
	mostWords     = 1 << 14
	wordSlots     = 2 * mostWords
	mostLeft      = 2 * mostWords
	longestProbe  = 16 // so that nobody can make words that take long to find
	longestForm   = 24
	longestNumber = 3
)

type slot struct {
	hash   uint32
	number int32
}

// form is what tokens of one number have in common.
type form struct {
	at        uint32 // its place in norms
	size      uint8
	kind      Kind
	elongated bool
}

// round is what the numbers of one time have in common: other Words, and the
// same after Renew, have another.
type round struct{ _ byte }

// Renew forgets all words when so many tokens found no room that what is read
// now may have other frequent words than what came first. It must not be called
// while a Doc with numbers of them is read.
func (w *Words) Renew() {
	if w.left > mostLeft {
		clear(w.slots)
		w.norms.Reset()
		w.forms, w.left, w.round = w.forms[:1], 0, new(round)
	}
}

// Number returns the number of a word of somebody's own making, 0 where it has
// none. It is the number of tokens too whose Norm it is.
func (w *Words) Number(form []byte) int32 {
	n, _ := w.number(form, Word, 0)
	return n
}

// number returns the number of a form and its text, 0 where it has none.
func (w *Words) number(norm []byte, kind Kind, flags Flags) (int32, string) {
	if len(norm) > longestForm || kind == Link || kind == Handle || kind == Number && len(norm) > longestNumber {
		return 0, ""
	}
	if w.round == nil {
		w.slots, w.forms, w.round = make([]slot, wordSlots), make([]form, 1, 256), new(round)
	}
	hash := hashOf(norm, kind)
	elongated := flags&Elongated != 0
	at, end := hash, hash+longestProbe
	for ; w.slots[at%wordSlots].number != 0; at++ {
		if s := w.slots[at%wordSlots]; s.hash == hash {
			f := &w.forms[s.number]
			if is := w.norm(f); f.kind == kind && f.elongated == elongated && is == string(norm) {
				return s.number, is
			}
		}
		if at == end {
			break
		}
	}
	if at == end || len(w.forms) > mostWords {
		w.left++
		return 0, ""
	}
	n := int32(len(w.forms))
	w.forms = append(w.forms, form{uint32(w.norms.Len()), uint8(len(norm)), kind, elongated})
	w.norms.Write(norm)
	w.slots[at%wordSlots] = slot{hash, n}
	return n, w.norm(&w.forms[n])
}

// norm is the text of a form.
func (w *Words) norm(f *form) string { return w.norms.String()[f.at : f.at+uint32(f.size)] }

// hashOf reads eight bytes at a time.
func hashOf(norm []byte, kind Kind) uint32 {
	const times = 0x9e3779b97f4a7c15
	h := uint64(len(norm))<<8 | uint64(kind)
	for ; len(norm) >= 8; norm = norm[8:] {
		h = (h ^ binary.LittleEndian.Uint64(norm)) * times
		h ^= h >> 32
	}
	switch n := len(norm); {
	case n >= 4:
		h ^= uint64(binary.LittleEndian.Uint32(norm)) | uint64(binary.LittleEndian.Uint32(norm[n-4:]))<<32
	case n > 0:
		h ^= uint64(norm[0]) | uint64(norm[n/2])<<8 | uint64(norm[n-1])<<16
	}
	h *= times
	return uint32(h >> 32)
}

// Facts keeps what somebody knows of each numbered word: what depends on nothing
// but the Norm of a token, its Kind (a Hashtag counts as a Word), the flag
// Elongated, and the one who knows. The zero Facts is ready for use; it holds at
// most mostWords facts.
type Facts[T any] struct {
	of    any
	round *round
	facts []T // by number; the first is that of no word
	known []bool
}

// Begin makes ready for the numbers of words (which may be nil) and tells whether
// all facts were forgotten: those of other words, or of somebody else.
func (f *Facts[T]) Begin(words *Words, of any) bool {
	if words == nil || f.round == words.round && f.of == of {
		return false
	}
	clear(f.known)
	f.of, f.round = of, words.round
	return true
}

// Find returns what is known of a word, until the next Add, or nil if nothing is,
// as of number 0.
func (f *Facts[T]) Find(number int32) *T {
	if int(number) < len(f.known) && f.known[number] {
		return &f.facts[number]
	}
	return nil
}

// Add returns an empty place for what is to be known of a word, until the next
// call.
func (f *Facts[T]) Add(number int32) *T {
	n := int(number)
	if n >= len(f.facts) {
		f.facts = slices.Grow(f.facts, n+1-len(f.facts))[:n+1]
		f.known = slices.Grow(f.known, n+1-len(f.known))[:n+1]
	}
	var blank T
	f.facts[n], f.known[n] = blank, n > 0
	return &f.facts[n]
}
