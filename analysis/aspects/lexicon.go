package aspects

import (
	"bufio"
	"compress/gzip"
	"embed"
	"fmt"
	"strings"

	"klank/analysis/text"
)

//go:embed nl.txt en.txt nouns/nl.gz nouns/en.gz
var files embed.FS

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
	l.nouns, err = readNouns("nouns/" + language + ".gz")
	return l, err
}

// nounSet holds the nouns of a dictionary by a hash of 31 bits, and a bit for
// those that may be something else: a quarter of a megabyte for 30,000, where
// a map would take several.
type nounSet []uint32

const nounSlots = 1 << 16

func readNouns(name string) (nounSet, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("aspects: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("aspects: %s: %w", name, err)
	}
	set := make(nounSet, nounSlots)
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		w, doubtful := strings.CutSuffix(lines.Text(), "~")
		at, print := place(w)
		for set[at] != 0 {
			at = (at + 1) % nounSlots
		}
		if set[at] = print; doubtful {
			set[at] |= 1
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("aspects: %s: %w", name, err)
	}
	return set, nil
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
	for at, print := place(w); s[at] != 0; at = (at + 1) % nounSlots {
		if s[at]&^1 == print {
			return true, s[at]&1 == 1
		}
	}
	return false, false
}
