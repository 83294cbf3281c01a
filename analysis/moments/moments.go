// Package moments finds what a sentence speaks of: the touchpoints of the
// customer's journey (and with them the moments of truth), and the four care
// lenses; and what a whole text signals. The words are those of the taxonomy
// (see package mention).
//
// It reads curated patterns, nl.txt and en.txt, which are made to be extended
// by hand; their form is that of package pattern. A section is headed by the
// labels its patterns give, [delivery service]; the patterns of a section
// headed [weak …] count only in sentences that have no other touchpoint.
//
// It does not judge: whether a delivery was good is for package sentiment.
package moments

import (
	_ "embed"
	"fmt"
	"math/bits"
	"strings"

	"klank/analysis/pattern"
	"klank/analysis/text"
	"klank/mention"
)

//go:embed nl.txt
var dutchFile string

//go:embed en.txt
var englishFile string

// Labels is a set of touchpoints, care lenses and signals.
type Labels uint64

// Finder holds the patterns. It is read-only and safe for concurrent use.
type Finder struct {
	dutch, english *patterns
	names          []string // by bit: touchpoints, care lenses, signals
	touchpoints    Labels
	moments        []Labels // the touchpoints of each of mention.Moments
	care           Labels
	signals        Labels

	use, needsResponse Labels
	glad, sorry        Labels // signals that go with a good and with a bad text
}

type patterns struct {
	set      *pattern.Set
	sections []section
}

type section struct {
	labels Labels
	weak   bool
}

// New compiles the embedded patterns.
func New() (*Finder, error) {
	f := &Finder{}
	add := func(names []string) (all Labels) {
		for _, n := range names {
			all |= 1 << len(f.names)
			f.names = append(f.names, n)
		}
		return all
	}
	for _, m := range mention.Moments {
		f.moments = append(f.moments, add(mention.Touchpoints[m]))
		f.touchpoints |= f.moments[len(f.moments)-1]
	}
	f.care = add(mention.CareLenses)
	f.signals = add(mention.Signals)
	f.use, f.needsResponse = f.label("use"), f.label("needs_response")
	f.glad, f.sorry = f.label("advocate")|f.label("loyal"), f.label("detractor")|f.label("churn_risk")
	var err error
	if f.dutch, err = f.compile("nl.txt", dutchFile); err != nil {
		return nil, err
	}
	if f.english, err = f.compile("en.txt", englishFile); err != nil {
		return nil, err
	}
	return f, nil
}

// label returns the set of one label, empty for an unknown word.
func (f *Finder) label(name string) Labels {
	for i, n := range f.names {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

func (f *Finder) compile(name, source string) (*patterns, error) {
	set, err := pattern.Compile(name, source)
	if err != nil {
		return nil, fmt.Errorf("moments: %w", err)
	}
	p := &patterns{set: set}
	for _, head := range set.Sections {
		var s section
		for _, w := range strings.Fields(head) {
			l := f.label(w)
			if l == 0 && w != "weak" {
				return nil, fmt.Errorf("moments: %s: section [%s]: %q is no label of the taxonomy", name, head, w)
			}
			s.labels |= l
			s.weak = s.weak || w == "weak"
		}
		p.sections = append(p.sections, s)
	}
	return p, nil
}

// Work is the memory that finding needs; each goroutine needs its own. The
// zero Work is ready for use.
type Work struct {
	matcher pattern.Matcher
	// Explain, when set, receives every pattern that counted.
	Explain func(sentence int, words, rule string, labels []string)
}

// Feeling is what package sentiment says of a sentence and of its text.
type Feeling struct {
	// Loaded tells of each sentence, title first, whether it judges at all.
	Loaded []bool
	// Text is the score of the whole.
	Text float64
}

// Result is what was found.
type Result struct {
	// Sentences has the touchpoints and care lenses of each sentence, title
	// first.
	Sentences []Labels
	// Signals are those of the whole text.
	Signals Labels
}

// clear is the score from which a text's attitude is beyond doubt.
const clear = 0.5

// Find labels a title (which may be empty) and a text in a language (BCP 47).
// Patterns of both languages are read when the language is unknown ("und").
func (f *Finder) Find(w *Work, title, body *text.Doc, language string, feeling Feeling) Result {
	r := Result{Sentences: make([]Labels, 0, len(title.Sentences)+len(body.Sentences))}
	sets := f.patterns(language)
	for _, d := range [2]*text.Doc{title, body} {
		for _, sent := range d.Sentences {
			found := f.sentence(w, len(r.Sentences), d, sent, sets, feeling)
			r.Signals |= found & f.signals
			r.Sentences = append(r.Sentences, found&^f.signals)
		}
	}
	r.Signals |= f.addressed(body, feeling)
	switch { // recommending and warning are decided by the whole text
	case feeling.Text < -clear:
		r.Signals &^= f.glad
	case feeling.Text > clear:
		r.Signals &^= f.sorry
	}
	return r
}

func (f *Finder) patterns(language string) []*patterns {
	base, _, _ := strings.Cut(language, "-")
	switch base {
	case "nl", "af":
		return []*patterns{f.dutch}
	case "en":
		return []*patterns{f.english}
	case "und", "":
		return []*patterns{f.dutch, f.english}
	}
	return nil
}

// sentence returns the labels of one sentence.
func (f *Finder) sentence(w *Work, n int, d *text.Doc, sent text.Sentence, sets []*patterns, feeling Feeling) Labels {
	var strong, weak Labels
	for _, p := range sets {
		for _, h := range w.matcher.Find(p.set, d, sent) {
			rule := &p.set.Rules[h.Rule]
			s := p.sections[rule.Section]
			if s.weak {
				weak |= s.labels
			} else {
				strong |= s.labels
			}
			if w.Explain != nil {
				w.Explain(n, d.Source[d.Tokens[h.First].Start:d.Tokens[h.Last-1].End], rule.Source, f.Names(s.labels))
			}
		}
	}
	if strong&f.touchpoints == 0 {
		strong |= weak
	}
	// A plain statement about quality speaks of using the thing.
	if len(sets) > 0 && strong&(f.touchpoints|f.care) == 0 && n < len(feeling.Loaded) && feeling.Loaded[n] && words(d, sent) >= 5 {
		strong |= f.use
	}
	return strong
}

func words(d *text.Doc, sent text.Sentence) int {
	n := 0
	for i := sent.First; i < sent.Last; i++ {
		if d.Tokens[i].Kind == text.Word {
			n++
		}
	}
	return n
}

// addressed finds what a post that is addressed to somebody (@name first)
// leaves open: a complaint or a question.
func (f *Finder) addressed(body *text.Doc, feeling Feeling) Labels {
	if len(body.Tokens) == 0 || body.Tokens[0].Kind != text.Handle {
		return 0
	}
	asked := false
	for i := range body.Tokens {
		if t := &body.Tokens[i]; t.Kind == text.Stop && strings.Contains(t.Norm, "?") {
			asked = true
		}
	}
	switch {
	case asked:
		return f.needsResponse
	case feeling.Text < -0.2:
		return f.needsResponse
	}
	return 0
}

// Moments gives the moments of truth of a set's touchpoints, in the order of
// the journey and nil for none.
func (f *Finder) Moments(l Labels) []string {
	if l&f.touchpoints == 0 {
		return nil
	}
	var out []string
	for i, m := range f.moments {
		if l&m != 0 {
			out = append(out, mention.Moments[i])
		}
	}
	return out
}

// Touchpoints, Care and Signals give the words of a set in the order of the
// taxonomy, nil for none.
func (f *Finder) Touchpoints(l Labels) []string { return f.Names(l & f.touchpoints) }

// Care gives the care lenses of a set.
func (f *Finder) Care(l Labels) []string { return f.Names(l & f.care) }

// Signals gives the signals of a set.
func (f *Finder) Signals(l Labels) []string { return f.Names(l & f.signals) }

// Names gives all words of a set.
func (f *Finder) Names(l Labels) []string {
	if l == 0 {
		return nil
	}
	out := make([]string, 0, bits.OnesCount64(uint64(l)))
	for ; l != 0; l &= l - 1 {
		out = append(out, f.names[bits.TrailingZeros64(uint64(l))])
	}
	return out
}
