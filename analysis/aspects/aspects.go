// Package aspects finds the things that a text praises or blames, as short
// noun phrases in the author's words: "battery life", "klantenservice". The
// last noun stands in the singular, so that they add up.
//
// It knows no grammar. Nouns are told by dictionaries and by the words around
// them (nl.txt, en.txt); each gets the attitude of its clause. It reads Dutch
// and English only, and is not for topics that nobody judges.
package aspects

import (
	"math"
	"slices"
	"strings"

	"klank/analysis/clause"
	"klank/analysis/text"
	"klank/mention"
)

// Finder holds the word lists. It is read-only and safe for concurrent use.
type Finder struct {
	dutch, english *lexicon
}

// New reads the embedded lists; it takes some ten milliseconds.
func New() (*Finder, error) {
	dutch, err := readLexicon("nl")
	if err != nil {
		return nil, err
	}
	english, err := readLexicon("en")
	if err != nil {
		return nil, err
	}
	return &Finder{dutch, english}, nil
}

// Work is the memory that finding needs; each goroutine needs its own. The
// zero Work is ready for use.
type Work struct {
	phrases []phrase
	found   []found
	spots   []spot
}

// phrase is a noun phrase of a clause: its tokens, without article and
// adjectives.
type phrase struct {
	first, last int
	lemma       string // of the last token
	plain       bool   // spoken of itself, not only after a preposition
}

// found is an aspect with the sum of its scores.
type found struct {
	term string
	sum  float64
	n    int
}

// spot is a place of one of the found.
type spot struct {
	found int
	mention.Span
}

// Bounds on the aspects of a text and of a clause.
const (
	most         = 16
	mostOfClause = 2
)

// Reset begins a new text.
func (w *Work) Reset() { w.found, w.spots = w.found[:0], w.spots[:0] }

// Add finds the aspects of scored clauses of d, in a language (BCP 47). in is
// "title" or "text". Tokens for which taken is true (it may be nil) are names,
// not aspects.
func (f *Finder) Add(w *Work, in string, d *text.Doc, clauses []clause.Clause, language string, taken func(token int) bool) {
	for i := range clauses {
		c := &clauses[i]
		if math.Abs(c.Score) < leastScore || len(w.found) >= most {
			continue
		}
		l := f.lexicon(d, c, language)
		if l == nil {
			return
		}
		w.phrases = l.phrases(w.phrases[:0], d, c, taken)
		w.keep(in, d, c.Score)
	}
}

// leastScore is the attitude from which a clause praises or blames.
const leastScore = 0.1

// lexicon chooses the language of a clause: that of the text, else the one
// with more of its small words.
func (f *Finder) lexicon(d *text.Doc, c *clause.Clause, language string) *lexicon {
	primary, _, _ := strings.Cut(language, "-")
	switch primary {
	case "nl", "af":
		return f.dutch
	case "en":
		return f.english
	case "", "und":
	default:
		return nil
	}
	lead := 0
	s := d.Sentences[c.Of]
	for i := s.First; i < min(s.Last, s.First+20); i++ {
		w := d.Tokens[i].Norm
		if f.dutch.roles[w]&^(noun|stays) != 0 {
			lead++
		}
		if f.english.roles[w]&^(noun|stays) != 0 {
			lead--
		}
	}
	if lead < 0 {
		return f.english
	}
	return f.dutch
}

// Worth tells whether a text may have aspects at all: whether finding clauses
// is worth while.
func (f *Finder) Worth(language string) bool {
	primary, _, _ := strings.Cut(language, "-")
	switch primary {
	case "nl", "af", "en", "", "und":
		return true
	}
	return false
}

// phrases appends the noun phrases of a clause.
func (l *lexicon) phrases(dst []phrase, d *text.Doc, c *clause.Clause, taken func(int) bool) []phrase {
	for i := c.First; i < c.Last; i++ {
		if taken != nil && taken(i) || d.Tokens[i].Kind != text.Word {
			continue
		}
		p, ok := l.phrase(d, c, i, taken)
		if !ok {
			continue
		}
		if rank := l.rank(d, c, p.first); rank > 0 || rank == 0 && len(dst) == 0 {
			p.plain = rank > 0
			dst = append(dst, p)
		}
		i = p.last - 1
	}
	return dst
}

// phrase reads the noun phrase that begins at token i.
func (l *lexicon) phrase(d *text.Doc, c *clause.Clause, i int, taken func(int) bool) (phrase, bool) {
	t := &d.Tokens[i]
	is := l.roles[t.Norm]
	lemma, s := l.noun(t.Norm)
	if s == noNoun || is&verb != 0 && !l.after(d, c, i, determiner) {
		return phrase{}, false
	}
	p := phrase{first: i, last: i + 1, lemma: lemma}
	general := is&never != 0 || l.roles[lemma]&never != 0
	if l.joins(d, c, i, s, taken) {
		for p.last < c.Last && l.follows(d, p.last, taken) {
			p.lemma, _ = l.noun(d.Tokens[p.last].Norm)
			p.last++
		}
		if p.last > i+1 {
			return p, true
		}
	}
	switch {
	case general, len(t.Norm) < 3:
		return phrase{}, false
	case t.Has(text.Title) && i > d.Sentences[c.Of].First && is&noun == 0 && !t.Has(text.Upper) && d.Tokens[i-1].Kind == text.Word:
		return phrase{}, false // a name
	case s == doubtful && (!l.stands(d, c, i) || taken != nil && i > c.First && taken(i-1)):
		return phrase{}, false
	case s == listed && l.after(d, c, i, notBefore):
		return phrase{}, false
	}
	return p, true
}

// joins tells whether a noun may begin a phrase of several: in English any,
// in Dutch only before a hyphen.
func (l *lexicon) joins(d *text.Doc, c *clause.Clause, i int, s sort, taken func(int) bool) bool {
	if i+1 >= c.Last || !l.follows(d, i+1, taken) {
		return false
	}
	if l.dutch {
		return !d.Tokens[i+1].Has(text.Spaced)
	}
	return s >= listed && !l.after(d, c, i, notBefore)
}

// follows tells whether token i goes on with a phrase.
func (l *lexicon) follows(d *text.Doc, i int, taken func(int) bool) bool {
	t := &d.Tokens[i]
	if t.Kind != text.Word || t.Has(text.Newline) || taken != nil && taken(i) {
		return false
	}
	is := l.roles[t.Norm]
	if is&tail != 0 {
		return true
	}
	if is&(verb|never) != 0 {
		return false
	}
	_, s := l.noun(t.Norm)
	return s >= listed
}

// after tells whether the token before i plays one of the roles.
func (l *lexicon) after(d *text.Doc, c *clause.Clause, i int, roles role) bool {
	return i > c.First && l.roles[d.Tokens[i-1].Norm]&roles != 0
}

// stands tells whether a doubtful noun stands where a noun would: after an
// article, or an adjective after one, or an adjective that opens the clause,
// and not before the noun itself.
func (l *lexicon) stands(d *text.Doc, c *clause.Clause, i int) bool {
	if i+1 < c.Last && d.Tokens[i+1].Kind == text.Word && l.roles[d.Tokens[i+1].Norm]&never == 0 {
		if _, s := l.noun(d.Tokens[i+1].Norm); s >= listed {
			return false
		}
	}
	switch {
	case l.after(d, c, i, article):
		return true
	case l.after(d, c, i, determiner|notBefore|verb|preposition) || i == c.First || d.Tokens[i-1].Kind != text.Word:
		return false
	}
	if _, before := l.noun(d.Tokens[i-1].Norm); before >= listed {
		return false // "the app keeps"
	}
	return l.after(d, c, i-1, article) || !l.dutch && i-1 == c.First
}

// rank tells how a phrase is spoken of: 1 itself, 0 after a preposition, -1 as
// a part of the one before.
func (l *lexicon) rank(d *text.Doc, c *clause.Clause, first int) int {
	article := false
	for i := first - 1; i >= max(c.First, first-3); i-- {
		t := &d.Tokens[i]
		if t.Kind != text.Word {
			break
		}
		switch is := l.roles[t.Norm]; {
		case is&object != 0:
			return 1
		case is&of != 0:
			if i > c.First {
				if _, s := l.noun(d.Tokens[i-1].Norm); s >= listed {
					return -1
				}
			}
			return 1 // "jammer van het einde"
		case is&preposition != 0:
			return 0
		case is&determiner != 0:
			article = true
		case article || is&(verb|notBefore) != 0:
			return 1
		}
	}
	return 1
}

// keep adds the phrases to what was found; those after a preposition only
// where there is no other.
func (w *Work) keep(in string, d *text.Doc, score float64) {
	plain := slices.ContainsFunc(w.phrases, func(p phrase) bool { return p.plain })
	kept := 0
	for _, p := range w.phrases {
		if plain && !p.plain || kept == mostOfClause {
			continue
		}
		kept++
		n := w.count(p.term(d), score)
		w.spots = append(w.spots, spot{n, mention.Span{In: in, Start: d.Tokens[p.first].Start, End: d.Tokens[p.last-1].End}})
	}
}

// term is the phrase in lower case, its last noun in the singular.
func (p *phrase) term(d *text.Doc) string {
	last := &d.Tokens[p.last-1]
	source := d.Source[d.Tokens[p.first].Start:last.End]
	if p.lemma != last.Norm {
		source = source[:last.Start-d.Tokens[p.first].Start] + p.lemma
	}
	source = strings.ToLower(source)
	if p.last > p.first+1 && strings.ContainsAny(source, "\t\r\n") || strings.Contains(source, "  ") {
		source = strings.Join(strings.Fields(source), " ")
	}
	return source
}

// count adds a score to an aspect and returns its place.
func (w *Work) count(term string, score float64) int {
	for i := range w.found {
		if f := &w.found[i]; f.term == term {
			f.sum += score
			f.n++
			return i
		}
	}
	w.found = append(w.found, found{term, score, 1})
	return len(w.found) - 1
}

// Aspects returns what was found since Reset, in the order of the text; each
// has the mean score of its clauses.
func (w *Work) Aspects() []mention.Aspect {
	if len(w.found) == 0 {
		return nil
	}
	out := make([]mention.Aspect, len(w.found))
	spans := make([]mention.Span, 0, len(w.spots))
	for i, f := range w.found {
		from := len(spans)
		for _, s := range w.spots {
			if s.found == i {
				spans = append(spans, s.Span)
			}
		}
		out[i] = mention.Aspect{Term: f.term, Score: math.Round(f.sum/float64(f.n)*1000) / 1000, Spans: spans[from:len(spans):len(spans)]}
	}
	return out
}
