// Package moments finds what a sentence speaks of: the touchpoints of the
// customer's journey (and with them the moments of truth), and the four care
// lenses; and what a whole text signals. The words are those of the taxonomy
// (see package mention).
//
// It reads curated patterns, nl.txt and en.txt; their form is that of package
// pattern. A section is headed by the labels its patterns give, [delivery
// service]; the patterns of a section headed [weak …] count only in sentences
// that have no other touchpoint. What the patterns find is weighed together
// with the other words of the sentence by a small linear model, model.bin,
// that analysis/train/labels makes from the corpus of this project.
//
// Patterns of one's own (see Patterns) are not weighed: they decide.
//
// It does not judge: whether a delivery was good is for package sentiment.
package moments

import (
	_ "embed"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"klank/analysis/pattern"
	"klank/analysis/text"
	"klank/mention"
)

//go:embed nl.txt
var dutchFile string

//go:embed en.txt
var englishFile string

//go:embed model.bin
var modelFile []byte

// Finder holds the patterns. It is read-only and safe for concurrent use.
type Finder struct {
	dutch, english *patterns
	own            []own
	model          *model
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
	labels    Labels
	weak, not bool
}

// Patterns are patterns of one's own. Their sections give their labels
// whatever else a sentence holds; a section headed [not …] takes labels away.
type Patterns struct {
	// Language is nl or en; empty for both.
	Language string
	// Name stands in errors, with the line.
	Name string
	// Source is the text of a pattern file.
	Source string
}

type own struct {
	language string
	*patterns
}

// New reads the embedded patterns and model.
func New() (*Finder, error) {
	f, err := Untrained()
	if err != nil {
		return nil, err
	}
	return f, f.Use(modelFile)
}

// Extend adds patterns of one's own; it must be called before the first text.
// Mistakes name the file and the line.
func (f *Finder) Extend(more Patterns) error {
	p, err := f.compile(more.Name, more.Source)
	if err != nil {
		return err
	}
	f.own = append(f.own, own{more.Language, p})
	return nil
}

// Check tells whether Extend would take the patterns.
func Check(p Patterns) error {
	_, err := blank().compile(p.Name, p.Source)
	return err
}

// Untrained is New without a model: it is for training one, and finds nothing
// before Use.
func Untrained() (*Finder, error) {
	f := blank()
	var err error
	if f.dutch, err = f.compile("nl.txt", dutchFile); err != nil {
		return nil, err
	}
	if f.english, err = f.compile("en.txt", englishFile); err != nil {
		return nil, err
	}
	return f, nil
}

// Use reads a model file, see Weights.Encode.
func (f *Finder) Use(file []byte) (err error) {
	f.model, err = readModel(file, f.names)
	return err
}

// blank knows the labels and nothing else.
func blank() *Finder {
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
	return f
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
			if l == 0 && w != "weak" && w != "not" {
				return nil, fmt.Errorf("moments: %s: section [%s]: %q is no label of the taxonomy: write one of %s, after weak or not if so meant", name, head, w, strings.Join(f.names, " "))
			}
			s.labels |= l
			s.weak = s.weak || w == "weak"
			s.not = s.not || w == "not"
		}
		p.sections = append(p.sections, s)
	}
	return p, nil
}

// Work is the memory that finding needs; each goroutine needs its own. The
// zero Work is ready for use.
type Work struct {
	matcher  pattern.Matcher
	known    text.Facts[word]
	rows     []row // of all known words
	features []uint32
	reasons  []reason
	// Explain, when set, receives every pattern that counted and, with the
	// rule "learned", the words that weighed most for a label.
	Explain func(sentence int, words, rule string, labels []string)
}

// reason is a pattern that was found, kept for Explain.
type reason struct {
	words, rule string
	labels      Labels
}

// Feeling is what package sentiment says of a text.
type Feeling struct {
	// Text is the score of the whole, Sentences those of each sentence, title
	// first; a sentence without one counts as neutral.
	Text      float64
	Sentences []float64
}

func (f Feeling) of(sentence int) float64 {
	if sentence < len(f.Sentences) {
		return f.Sentences[sentence]
	}
	return 0
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
// Both languages are read when it is unknown ("und").
func (f *Finder) Find(w *Work, title, body *text.Doc, language string, feeling Feeling) Result {
	r := Result{Sentences: make([]Labels, 0, len(title.Sentences)+len(body.Sentences))}
	base, _, _ := strings.Cut(language, "-")
	for _, d := range [2]*text.Doc{title, body} {
		for _, sent := range d.Sentences {
			n := len(r.Sentences)
			found := f.sentence(w, n, d, sent, base, feeling.of(n))
			r.Signals |= found & f.signals
			r.Sentences = append(r.Sentences, found&^f.signals)
		}
	}
	r.Signals |= f.addressed(body, feeling.Text)
	switch { // recommending and warning are decided by the whole text
	case feeling.Text < -clear:
		r.Signals &^= f.glad
	case feeling.Text > clear:
		r.Signals &^= f.sorry
	}
	return r
}

// embedded gives the patterns of a language (BCP 47 without its region).
func (f *Finder) embedded(language string) (sets [2]*patterns) {
	switch language {
	case "nl", "af":
		sets[0] = f.dutch
	case "en":
		sets[0] = f.english
	case "und", "":
		sets = [2]*patterns{f.dutch, f.english}
	}
	return sets
}

// sentence returns the labels of one sentence.
func (f *Finder) sentence(w *Work, n int, d *text.Doc, sent text.Sentence, language string, score float64) Labels {
	var labels, learned Labels
	if sets := f.embedded(language); sets[0] != nil {
		learned = f.learned(w, d, sent, f.patterns(w, d, sent, sets), score)
		labels = learned
		if labels&(f.touchpoints|f.care) == 0 && feelingOf(score) != 0 && states(d.Tokens[sent.First:sent.Last]) {
			labels |= f.use
		}
	}
	for i := range f.own {
		if o := &f.own[i]; o.language == "" || o.language == language || language == "und" {
			give, _, not := w.match(d, sent, o.patterns)
			labels = (labels | give) &^ not
		}
	}
	if w.Explain != nil {
		f.explain(w, n, d, sent, labels, learned)
	}
	return labels
}

// states tells a statement, which speaks of using the thing where it judges and
// says nothing else, from a bare verdict, a question, and what is said to
// somebody.
func states(tokens []text.Token) bool {
	words := 0
	for i := range tokens {
		switch t := &tokens[i]; {
		case t.Kind == text.Handle, t.Kind == text.Stop && asks(t):
			return false
		case t.Kind == text.Word:
			words++
		}
	}
	return words >= 5
}

// patterns returns the labels that the embedded patterns give.
func (f *Finder) patterns(w *Work, d *text.Doc, sent text.Sentence, sets [2]*patterns) Labels {
	var strong, weak Labels
	for _, p := range sets {
		if p != nil {
			s, k, _ := w.match(d, sent, p)
			strong, weak = strong|s, weak|k
		}
	}
	if strong&f.touchpoints == 0 {
		strong |= weak
	}
	return strong
}

// Features returns what the model weighs of a sentence in a language and with
// a score of sentiment, to learn from: its own features and then the labels of
// its patterns. The result is valid until the next call.
func (f *Finder) Features(w *Work, d *text.Doc, sent text.Sentence, language string, score float64) []uint32 {
	w.features = appendFeatures(w.features[:0], d.Tokens[sent.First:sent.Last], score)
	for l := f.patterns(w, d, sent, f.embedded(language)); l != 0; l &= l - 1 {
		w.features = append(w.features, patternFeature(bits.TrailingZeros64(uint64(l))))
	}
	return w.features
}

// learned returns the labels that the model gives for the same features.
func (f *Finder) learned(w *Work, d *text.Doc, sent text.Sentence, given Labels, score float64) Labels {
	if w.known.Begin(d.Words, f.model) {
		w.rows = w.rows[:0]
	}
	var t tally
	var sum rowSum
	r := reader{last: symbolFirst}
	features := w.features[:0]
	for i := sent.First; i < sent.Last; i++ {
		tok := &d.Tokens[i]
		if symbol := f.word(w, &sum, &t, tok); symbol != symbolNone {
			features = r.next(features, tok, symbol)
		}
	}
	sum.put(&t)
	features = r.end(features, score)
	for l := given; l != 0; l &= l - 1 {
		features = append(features, patternFeature(bits.TrailingZeros64(uint64(l))))
	}
	w.features = features
	for _, place := range f.model.places(features) {
		t.add(f.model.at(place))
	}
	return f.model.labels(&t)
}

// word is what the model knows of a token by itself.
type word struct {
	symbol uint32
	row    int32 // place of the row of all its own features
}

// word looks up a token and adds its weights to some sums.
func (f *Finder) word(w *Work, sum *rowSum, to *tally, t *text.Token) (symbol uint32) {
	x := w.known.Find(t.Word)
	if x == nil {
		x = w.known.Add(t.Word)
		x.symbol = f.learnWord(w, t)
		x.row = int32(len(w.rows) - 1)
	}
	if x.symbol == symbolNone {
		return symbolNone
	}
	sum.add(&w.rows[x.row], to)
	if t.Word == 0 {
		w.rows = w.rows[:x.row]
	}
	return x.symbol
}

// learnWord returns the symbol of a token. Of one that has a symbol it appends the
// weights to w.rows.
func (f *Finder) learnWord(w *Work, t *text.Token) uint32 {
	s := symbol(t)
	if s == symbolNone {
		return s
	}
	var sum row
	for i := range sum {
		sum[i] = fourNone
	}
	buffer := [mostOwn]uint32{mix(featureWord, s)}
	for _, place := range f.model.places(appendParts(buffer[:1], t, s)) {
		sum.add(f.model.at(place))
	}
	w.rows = append(w.rows, sum)
	return s
}

// Labels gives the words that a model has weights for, in their order.
func (f *Finder) Labels() []string { return slices.Clone(f.names) }

// PatternFeature is the feature that stands for a label that the patterns
// give, by its place among Labels.
func PatternFeature(label int) uint32 { return patternFeature(label) }

// match returns what the patterns of a set say of a sentence.
func (w *Work) match(d *text.Doc, sent text.Sentence, p *patterns) (strong, weak, not Labels) {
	for _, h := range w.matcher.Find(p.set, d, sent) {
		rule := &p.set.Rules[h.Rule]
		s := p.sections[rule.Section]
		switch {
		case s.not:
			not |= s.labels
		case s.weak:
			weak |= s.labels
		default:
			strong |= s.labels
		}
		if w.Explain != nil {
			w.reasons = append(w.reasons, reason{d.Source[d.Tokens[h.First].Start:d.Tokens[h.Last-1].End], rule.Source, s.labels})
		}
	}
	return strong, weak, not
}

// explained bounds the tokens of a sentence that explaining looks at.
const explained = 64

// explain tells of each label which patterns give it, and which word the model
// would miss most.
func (f *Finder) explain(w *Work, n int, d *text.Doc, sent text.Sentence, labels, learned Labels) {
	for _, r := range w.reasons {
		if r.labels&labels != 0 {
			w.Explain(n, r.words, r.rule, f.Names(r.labels&labels))
		}
	}
	w.reasons = w.reasons[:0]
	tokens := d.Tokens[sent.First:min(sent.Last, sent.First+explained)]
	var without []text.Token
	for l := labels & learned; l != 0; l &= l - 1 {
		label := bits.TrailingZeros64(uint64(l))
		whole := f.model.sum(appendFeatures(nil, tokens, 0), label)
		most, word := float32(0), -1
		for i := range tokens {
			without = append(append(without[:0], tokens[:i]...), tokens[i+1:]...)
			if x := whole - f.model.sum(appendFeatures(nil, without, 0), label); x > most {
				most, word = x, i
			}
		}
		if word >= 0 {
			w.Explain(n, d.Source[tokens[word].Start:tokens[word].End], "learned", f.Names(1<<label))
		}
	}
}

// addressed finds what a post that is addressed to somebody (@name first)
// leaves open: a complaint or a question.
func (f *Finder) addressed(body *text.Doc, score float64) Labels {
	if len(body.Tokens) == 0 || body.Tokens[0].Kind != text.Handle {
		return 0
	}
	asked := false
	for i := range body.Tokens {
		t := &body.Tokens[i]
		asked = asked || t.Kind == text.Stop && asks(t)
	}
	if asked || score < -0.2 {
		return f.needsResponse
	}
	return 0
}
