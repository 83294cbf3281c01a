package aspects

import (
	"embed"
	"encoding/binary"
	"fmt"
	"strings"

	"klank/analysis/text"
)

//go:embed nl.txt en.txt
var files embed.FS

// Strings, so that they are read where they lie.
var (
	//go:embed nouns/nl.set
	dutchNouns string
	//go:embed nouns/en.set
	englishNouns string
)

// role is what a word does beside nouns, or tells of itself.
type role uint16

const (
	noun role = 1 << iota
	never
	determiner
	preposition
	of
	object
	verb
	stays
	notBefore
	tail
	article
	closed

	// small words are never nouns, whatever a dictionary says.
	small = determiner | preposition | of | object | notBefore | article | closed
)

var sections = map[string]role{
	"noun": noun, "never": never, "determiner": determiner, "preposition": preposition, "of": of, "object": object,
	"verb": verb, "stays": stays, "not before": notBefore, "tail": tail, "article": article, "closed": closed,
}

// lexicon is what is known of one language's words.
type lexicon struct {
	dutch bool
	roles map[string]role
	nouns nounSet
}

func readLexicon(language string) (*lexicon, error) {
	l := &lexicon{dutch: language == "nl", roles: map[string]role{}}
	data, err := files.ReadFile(language + ".txt")
	if err != nil {
		return nil, fmt.Errorf("aspects: %w", err)
	}
	var now role
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		switch {
		case line[0] == '#':
		case line[0] == '[':
			name, _, _ := strings.Cut(line[1:], "]")
			if now = sections[name]; now == 0 {
				return nil, fmt.Errorf("aspects: %s.txt:%d: there is no section %q", language, n, name)
			}
		default:
			for _, w := range strings.Fields(line) {
				l.roles[text.Normalize(w)] |= now
			}
		}
	}
	l.nouns = nounSet(englishNouns)
	if l.dutch {
		l.nouns = nounSet(dutchNouns)
	}
	if len(l.nouns) != 4*nounSlots {
		return nil, fmt.Errorf("aspects: nouns/%s.set has not the size of a set", language)
	}
	return l, nil
}

// nounSet holds the nouns of a dictionary by a hash of 31 bits, and a bit for
// those that may be something else: a quarter of a megabyte for 30,000, where
// a map would take several. It is an open table of little-endian numbers, 0 for
// none, and is searched as it lies in the file.
type nounSet string

const nounSlots = 1 << 16

// NounSet makes the file of a set from words; those that may be something else
// end in a tilde. The same words in the same order give the same bytes.
func NounSet(words []string) ([]byte, error) {
	if len(words) > nounSlots/2+nounSlots/4 {
		return nil, fmt.Errorf("aspects: %d nouns are too many for a set", len(words))
	}
	set := make([]byte, 4*nounSlots)
	for _, w := range words {
		w, doubtful := strings.CutSuffix(w, "~")
		at, print := place(w)
		for binary.LittleEndian.Uint32(set[4*at:]) != 0 {
			at = (at + 1) % nounSlots
		}
		if doubtful {
			print |= 1
		}
		binary.LittleEndian.PutUint32(set[4*at:], print)
	}
	return set, nil
}

// slot is the number at a place.
func (s nounSet) slot(at uint32) uint32 {
	b := s[4*at : 4*at+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// place returns where a word is looked for first, and its print: never zero,
// the lowest bit clear.
func place(w string) (at, print uint32) {
	h := uint64(14695981039346656037)
	for i := 0; i < len(w); i++ {
		h = (h ^ uint64(w[i])) * 1099511628211
	}
	return uint32(h>>33) % nounSlots, uint32(h)&^1 | 2
}

// has tells whether a word is a noun, and whether it may be something else.
func (s nounSet) has(w string) (ok, doubtful bool) {
	if len(w) < 2 {
		return false, false
	}
	at, print := place(w)
	for x := s.slot(at); x != 0; x = s.slot(at) {
		if x&^1 == print {
			return true, x&1 == 1
		}
		at = (at + 1) % nounSlots
	}
	return false, false
}
