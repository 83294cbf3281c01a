// Package analysis scores what a text says: its language, its sentiment, the
// touchpoints, moments of truth and care lenses of each sentence, and the
// signals of the whole. Everything it needs is embedded; it is deterministic
// and safe for concurrent use.
//
// It is not for storing, and not for what needs other mentions (duplicates,
// bursts): that is a pass over the index.
package analysis

import (
	"math/bits"
	"sync"

	"klank/analysis/aspects"
	"klank/analysis/brands"
	"klank/analysis/language"
	"klank/analysis/moments"
	"klank/analysis/sentiment"
	"klank/analysis/text"
	"klank/mention"
)

// version names the analyser and its word lists; it grows when an analysis of
// the same text may change.
const version = "model-2"

// Input is one text to analyse.
type Input struct {
	Title, Text string
	// LanguageHint is what the page or the caller says (BCP 47); used, never
	// trusted alone.
	LanguageHint string
	// Language, when set, is taken as given ("klank analyze --lang").
	Language string
	// Brand is the brand that the source is configured for; ItemBrand and
	// ItemName are what the text is about, as the page says. See UseBrands.
	Brand, ItemBrand, ItemName string
}

// Analyzer holds the models. It is read-only and safe for concurrent use.
type Analyzer struct {
	languages *language.Detector
	sentiment *sentiment.Scorer
	moments   *moments.Finder
	aspects   *aspects.Finder
	brands    *brands.Matcher
	version   string
	works     sync.Pool
}

// New reads the embedded models; it takes some tens of milliseconds.
func New() (*Analyzer, error) {
	a := &Analyzer{version: version}
	var err error
	if a.languages, err = language.New(); err != nil {
		return nil, err
	}
	if a.sentiment, err = sentiment.New(); err != nil {
		return nil, err
	}
	if a.moments, err = moments.New(); err != nil {
		return nil, err
	}
	if a.aspects, err = aspects.New(); err != nil {
		return nil, err
	}
	a.works.New = func() any { return new(work) }
	return a, nil
}

// UseBrands sets the brands to which attitudes are told; without it there are
// none. It must be called before the first text.
func (a *Analyzer) UseBrands(m *brands.Matcher) { a.brands = m }

// UsePatterns adds patterns of one's own for touchpoints, care lenses and
// signals. It must be called before the first text.
func (a *Analyzer) UsePatterns(more ...moments.Patterns) error {
	for _, m := range more {
		if err := a.moments.Extend(m); err != nil {
			return err
		}
	}
	return nil
}

// UseModel replaces the sentiment model of a language (nl or en) by one that
// was learnt from a user's own ratings; name tells it apart in Version. It must
// be called before the first text.
func (a *Analyzer) UseModel(language, name string, m *sentiment.Model) {
	a.sentiment = a.sentiment.With(language, m)
	a.version += "+" + language + "." + name
}

// Version names the analyser and its models.
func (a *Analyzer) Version() string { return a.version }

// work is the memory of one analysis.
type work struct {
	words       text.Words
	title, text text.Doc
	language    language.Work
	sentiment   sentiment.Work
	moments     moments.Work
	clauses     clauses
	brands      brands.Work
	aspects     aspects.Work
}

// Analyze says what a text says. Any bytes are accepted; the time is linear
// in their number. Spans are byte ranges of Title and Text as given.
func (a *Analyzer) Analyze(in Input) mention.Analysis {
	w := a.works.Get().(*work)
	out := a.analyze(w, in)
	if cap(w.text.Tokens) <= keptTokens {
		w.title.Parse("") // do not hold on to the caller's text
		w.text.Parse("")
		a.works.Put(w)
	}
	return out
}

// keptTokens bounds the memory that waits for the next text: a work that has
// seen a longer one is left to the garbage collector.
const keptTokens = 1 << 14

func (a *Analyzer) analyze(w *work, in Input) mention.Analysis {
	w.words.Renew()
	w.title.Words, w.text.Words = &w.words, &w.words
	w.title.Parse(in.Title)
	w.text.Parse(in.Text)
	out := mention.Analysis{Language: in.Language, Version: a.version}
	read := in.Language
	if read == "" {
		found := a.language(w, in.LanguageHint)
		out.Language = found.Tag
		if read = out.Language; found.Sure < doubt || found.Mixed {
			read = language.Unknown // read the words of both languages
		}
	}
	a.cut(w, read)
	felt := a.sentiment.ScoreParts(&w.sentiment, &w.title, &w.text, w.clauses.titleParts, w.clauses.textParts, read)
	found := a.moments.Find(&w.moments, &w.title, &w.text, read, moments.Feeling{Text: felt.Score, Sentences: felt.Sentences})
	out.Sentiment, out.Stars = felt.Sentiment, felt.Stars
	a.label(&out, w, felt, found)
	a.opinions(&out, w, in, read, felt)
	return out
}

// doubt is the confidence below which a text is read in both languages.
const doubt = 0.6

// language looks at the text, and at the title where the text leaves doubt.
func (a *Analyzer) language(w *work, hint string) language.Result {
	found := a.languages.Detect(&w.language, &w.text, hint)
	if found.Sure < 0.8 && w.title.Source != "" {
		if other := a.languages.Detect(&w.language, &w.title, hint); other.Sure > found.Sure {
			return other
		}
	}
	return found
}

// label fills in the sentences and the union of their labels.
func (a *Analyzer) label(out *mention.Analysis, w *work, felt sentiment.Result, found moments.Result) {
	all := found.Signals
	count := bits.OnesCount64(uint64(found.Signals))
	for _, l := range found.Sentences {
		all |= l
		count += a.moments.Words(l)
	}
	n := names{f: a.moments, all: make([]string, 0, count+a.moments.Words(all))}
	out.Sentences = make([]mention.Sentence, 0, len(found.Sentences))
	for _, p := range [...]struct {
		in string
		*text.Doc
	}{{"title", &w.title}, {"text", &w.text}} {
		for _, s := range p.Sentences {
			i := len(out.Sentences)
			x := mention.Sentence{Span: mention.Span{In: p.in, Start: s.Start, End: s.End}, Score: felt.Sentences[i]}
			x.Touchpoints, x.Moments, x.Care = n.of(found.Sentences[i])
			out.Sentences = append(out.Sentences, x)
		}
	}
	out.Touchpoints, out.Moments, out.Care = n.of(all)
	out.Signals = n.signals(all)
}

// names makes the words of all labels of a text in one piece of memory.
type names struct {
	f   *moments.Finder
	all []string
}

func (n *names) of(l moments.Labels) (touchpoints, truths, care []string) {
	from := len(n.all)
	n.all = n.f.Touchpoints(n.all, l)
	touchpoints, from = n.since(from), len(n.all)
	n.all = n.f.Moments(n.all, l)
	truths, from = n.since(from), len(n.all)
	n.all = n.f.Care(n.all, l)
	return touchpoints, truths, n.since(from)
}

func (n *names) signals(l moments.Labels) []string {
	from := len(n.all)
	n.all = n.f.Signals(n.all, l)
	return n.since(from)
}

// since returns what was added, nil for nothing, so that nobody can append to
// it over what follows.
func (n *names) since(from int) []string {
	if from == len(n.all) {
		return nil
	}
	return n.all[from:len(n.all):len(n.all)]
}
