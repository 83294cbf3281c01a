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
	// some has a bit for the hash of each word of roles: most words are not there,
	// which is told at once.
	some  [someBits / 64]uint64
	nouns nounSet
}

const someBits = 1 << 14

// role is what a word of some hash does beside nouns.
func (l *lexicon) role(w string, hash uint64) role {
	if at := hash >> 33 % someBits; l.some[at/64]>>(at%64)&1 == 0 {
		return 0
	}
	return l.roles[w]
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
	for w := range l.roles {
		at := hashOf(w) >> 33 % someBits
		l.some[at/64] |= 1 << (at % 64)
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
		at, print := place(hashOf(w))
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

// noHash is the hash of no letters, and step that of one letter more (FNV-1a).
const noHash = 14695981039346656037

func step(hash uint64, letter byte) uint64 { return (hash ^ uint64(letter)) * 1099511628211 }

func hashOf(w string) uint64 {
	h := uint64(noHash)
	for i := range len(w) {
		h = step(h, w[i])
	}
	return h
}

// place returns where a word is looked for first, and its print: never zero,
// the lowest bit clear.
func place(hash uint64) (at, print uint32) {
	return uint32(hash>>33) % nounSlots, uint32(hash)&^1 | 2
}

// has tells whether a word of two letters or more is a noun, by its hash, and
// whether it may be something else.
func (s nounSet) has(hash uint64) (ok, doubtful bool) {
	at, print := place(hash)
	for x := s.slot(at); x != 0; x = s.slot(at) {
		if x&^1 == print {
			return true, x&1 == 1
		}
		at = (at + 1) % nounSlots
	}
	return false, false
}
