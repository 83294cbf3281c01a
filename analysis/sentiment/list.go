package sentiment

import (
	"fmt"
	"hash/maphash"
	"iter"
	"strconv"
	"strings"
)

// wordList is a file of words with their valence, one a line, in hundredths
// after a tab. It is read where it lies: what is made is an open table of the
// places where lines begin, so that it takes no time to load and nothing to
// look after.
type wordList struct {
	lines string
	seed  maphash.Seed
	slots []uint32 // 1 more than the place of a line, 0 for none; a power of two
}

// newWordList reads a file in which no word stands twice; name is for errors.
func newWordList(name, lines string) (*wordList, error) {
	size := 1
	for size < 3*strings.Count(lines, "\n")/2 {
		size *= 2
	}
	l := &wordList{lines, maphash.MakeSeed(), make([]uint32, size)}
	n, at := 0, 0
	for line := range strings.Lines(lines) {
		n++
		word, value, _ := strings.Cut(line, "\t")
		if _, err := strconv.ParseInt(strings.TrimSuffix(value, "\n"), 10, 32); err != nil {
			return nil, fmt.Errorf("sentiment: %s:%d: a word, a tab and its valence are expected: %w", name, n, err)
		}
		slot := l.slot(word)
		for l.slots[slot] != 0 {
			slot = (slot + 1) & (len(l.slots) - 1)
		}
		l.slots[slot] = uint32(at) + 1
		at += len(line)
	}
	return l, nil
}

// slot is where a word is looked for first.
func (l *wordList) slot(word string) int {
	return int(maphash.String(l.seed, word) & uint64(len(l.slots)-1))
}

// find returns the valence of a word, which has no tab, in hundredths and whether
// it is listed.
func (l *wordList) find(word string) (valence int32, listed bool) {
	for slot := l.slot(word); l.slots[slot] != 0; slot = (slot + 1) & (len(l.slots) - 1) {
		line := l.lines[l.slots[slot]-1:]
		if rest, ok := strings.CutPrefix(line, word); ok && len(rest) > 0 && rest[0] == '\t' {
			value, _, _ := strings.Cut(rest[1:], "\n")
			return hundredths(value), true
		}
	}
	return 0, false
}

// all gives the words in the order of the file.
func (l *wordList) all() iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for line := range strings.Lines(l.lines) {
			word, value, _ := strings.Cut(line, "\t")
			if !yield(word, float64(hundredths(strings.TrimSuffix(value, "\n")))/100) {
				return
			}
		}
	}
}

// hundredths reads a valence, which newWordList has seen to be a number.
func hundredths(s string) int32 {
	v, _ := strconv.ParseInt(s, 10, 32)
	return int32(v)
}
