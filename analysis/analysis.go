// Package analysis scores what a text says: its language, its sentiment, the
// touchpoints, moments of truth and care lenses of each sentence, and the
// signals of the whole. Everything it needs is embedded; it is deterministic
// and safe for concurrent use.
//
// It is not for storing, and not for what needs other mentions (duplicates,
// bursts): that is a pass over the index.
package analysis

import (
	"runtime"
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
	works     works
}

// New reads the embedded models; it takes some ten milliseconds.
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
	labels      labelWords
}

// Analyze says what a text says. Any bytes are accepted; the time is linear
// in their number. Spans are byte ranges of Title and Text as given. Lists of
// labels are shared with other results: they are for reading only.
func (a *Analyzer) Analyze(in Input) mention.Analysis {
	w := a.works.take()
	out := a.analyze(w, in)
	if cap(w.text.Tokens) <= keptTokens {
		w.title.Parse("") // do not hold on to the caller's text
		w.text.Parse("")
		a.works.put(w)
	}
	return out
}

// works are those that nobody uses now. A sync.Pool would throw away what they
// know of words at every other collection of garbage, and has one for each
// processor; here the one that was used last is used next.
type works struct {
	mu   sync.Mutex
	idle []*work
}

func (k *works) take() *work {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.idle)
	if n == 0 {
		return new(work)
	}
	w := k.idle[n-1]
	k.idle = k.idle[:n-1]
	return w
}

// put keeps a work, unless there are as many as can be at work at once.
func (k *works) put(w *work) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.idle) < runtime.GOMAXPROCS(0) {
		k.idle = append(k.idle, w)
	}
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
	out.Sentences = make([]mention.Sentence, len(found.Sentences))
	i := 0
	for _, p := range [...]struct {
		in string
		*text.Doc
	}{{"title", &w.title}, {"text", &w.text}} {
		for _, s := range p.Sentences {
			of := w.labels.of(a.moments, found.Sentences[i])
			out.Sentences[i] = mention.Sentence{
				Span: mention.Span{In: p.in, Start: s.Start, End: s.End}, Score: felt.Sentences[i],
				Touchpoints: of.touchpoints, Moments: of.moments, Care: of.care,
			}
			all |= found.Sentences[i]
			i++
		}
	}
	of := w.labels.of(a.moments, all)
	out.Touchpoints, out.Moments, out.Care, out.Signals = of.touchpoints, of.moments, of.care, of.signals
}

// labelWords has the words of the sets of labels that were met last: nearly all
// sentences have one of a few dozen sets, and share their words.
type labelWords [128]wordsOf

// wordsOf are the words of a set, nil where there are none.
type wordsOf struct {
	set                                 moments.Labels
	touchpoints, moments, care, signals []string
}

// of gives the words of a set. Each list is full, so that nobody can append to
// it over what follows.
func (k *labelWords) of(f *moments.Finder, set moments.Labels) *wordsOf {
	x := &k[uint64(set)*0x9e3779b97f4a7c15>>(64-7)]
	if x.set == set { // as an empty one is that of the empty set
		return x
	}
	all := make([]string, 0, f.Words(set))
	list := func(add func([]string, moments.Labels) []string) []string {
		from := len(all)
		if all = add(all, set); from == len(all) {
			return nil
		}
		return all[from:len(all):len(all)]
	}
	*x = wordsOf{set: set, touchpoints: list(f.Touchpoints), moments: list(f.Moments), care: list(f.Care), signals: list(f.Signals)}
	return x
}
