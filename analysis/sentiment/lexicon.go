package sentiment

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"klank/analysis/pattern"
)

//go:embed data/*.txt data/emoji.tsv
var data embed.FS

// Strings, so that they are read where they lie.
var (
	//go:embed data/nl.tsv
	dutchWords string
	//go:embed data/en.tsv
	englishWords string
	//go:embed data/nl.model
	dutchModel string
	//go:embed data/en.model
	englishModel string
)

// lexicon is one language: forms with their valence, and patterns with what
// each section means.
type lexicon struct {
	words    *wordList
	patterns *pattern.Set
	sections []section
	lengths  []int32 // words of each pattern, without gaps
}

// section is what a pattern's section means.
type section struct {
	role  role
	value float64
}

// role is what a word does.
type role uint8

const (
	carries     role = 1 << iota // has a value of its own
	negates                      // turns what follows
	strengthens                  // multiplies what follows, as weakens does
	contrasts                    // but
	concedes                     // although
	joins                        // and: what stands before does not reach beyond
)

var roles = map[string]role{
	"value": carries, "negate": negates, "strengthen": strengthens, "weaken": strengthens,
	"contrast": contrasts, "concede": concedes, "join": joins,
}

// New reads the embedded word lists and models.
func New() (*Scorer, error) {
	s, err := Rules()
	if err != nil {
		return nil, err
	}
	for i, file := range [none]string{dutchModel, englishModel} {
		m, err := readModel(file)
		if err != nil {
			return nil, err
		}
		s.models[i] = m
	}
	return s, nil
}

// languages are those with word lists and a model, by their place in a Scorer.
var languages = [...]string{dutch: "nl", english: "en"}

// Rules reads the embedded word lists only: a Scorer that goes by the rules
// alone until With gives it models.
func Rules() (*Scorer, error) {
	s := &Scorer{signs: map[string]float64{}}
	for i, language := range languages {
		l, err := newLexicon(language, [...]string{dutchWords, englishWords}[i])
		if err != nil {
			return nil, err
		}
		s.lexicons[i] = l
	}
	for _, name := range []string{"emoji.tsv", "signs.txt"} { // the later wins
		if err := readSigns(name, s.signs); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// With returns a Scorer that reads one language (nl or en) by another model.
func (s *Scorer) With(language string, m *Model) *Scorer {
	out := *s
	if i := slices.Index(languages[:], language); i >= 0 {
		out.models[i] = m
	}
	return &out
}

// Model is the model of a language (nl or en), or nil.
func (s *Scorer) Model(language string) *Model {
	if i := slices.Index(languages[:], language); i >= 0 {
		return s.models[i]
	}
	return nil
}

func newLexicon(language, words string) (*lexicon, error) {
	l := &lexicon{}
	var err error
	if l.words, err = newWordList(language+".tsv", words); err != nil {
		return nil, err
	}
	source, err := data.ReadFile("data/" + language + ".txt")
	if err != nil {
		return nil, fmt.Errorf("sentiment: %w", err)
	}
	if l.patterns, err = pattern.Compile(language+".txt", string(source)); err != nil {
		return nil, fmt.Errorf("sentiment: %w", err)
	}
	for _, r := range l.patterns.Rules {
		l.lengths = append(l.lengths, int32(len(strings.Fields(r.Source))-strings.Count(r.Source, "..")))
	}
	for _, name := range l.patterns.Sections {
		word, number, _ := strings.Cut(name, " ")
		s := section{role: roles[word]}
		if number != "" {
			s.value, err = strconv.ParseFloat(number, 64)
		}
		if err != nil || s.role == 0 || (number == "") != (s.role&(carries|strengthens) == 0) {
			return nil, fmt.Errorf("sentiment: %s.txt: section [%s] is not known", language, name)
		}
		l.sections = append(l.sections, s)
	}
	return l, nil
}

// readSigns reads lines of a sign, blank space and its valence in hundredths.
func readSigns(name string, into map[string]float64) error {
	source, err := data.ReadFile("data/" + name)
	if err != nil {
		return fmt.Errorf("sentiment: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(source)) {
		n++
		if line[0] == '#' {
			continue
		}
		i := strings.LastIndexAny(line, "\t ")
		if i < 0 {
			return fmt.Errorf("sentiment: %s:%d: no valence", name, n)
		}
		v, err := strconv.Atoi(strings.TrimSpace(line[i+1:]))
		if err != nil {
			return fmt.Errorf("sentiment: %s:%d: %w", name, n, err)
		}
		into[line[:i]] = float64(v) / 100
	}
	return nil
}
