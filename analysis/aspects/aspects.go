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

// New reads the embedded lists.
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
	known   [2]text.Facts[word] // of Dutch and of English
	words   []word
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
		w.meet(l, d, c)
		r := reader{l: l, d: d, c: c, words: w.words, taken: taken}
		w.phrases = r.phrases(w.phrases[:0])
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

// word is what a lexicon knows of a token.
type word struct {
	is      role
	sort    sort
	general bool // never an aspect alone
	// cut is how many letters the singular is shorter than the word of which it is
	// the start, madeLemma where it is another word.
	cut int8
}

const madeLemma = -1

// meet looks up the tokens of a clause.
func (w *Work) meet(l *lexicon, d *text.Doc, c *clause.Clause) {
	known := &w.known[0]
	if !l.dutch {
		known = &w.known[1]
	}
	known.Begin(d.Words, l)
	w.words = w.words[:0]
	for i := c.First; i < c.Last; i++ {
		t := &d.Tokens[i]
		x := known.Find(t.Word)
		if x == nil {
			x = known.Add(t.Word)
			*x = l.word(t.Norm)
		}
		w.words = append(w.words, *x)
	}
}

// word looks up a word.
func (l *lexicon) word(norm string) (x word) {
	hash := hashOf(norm)
	x.is = l.role(norm, hash)
	is, lemma := x.is, norm
	if lemma, x.sort = l.noun(norm, hash, x.is); lemma != norm {
		is |= l.roles[lemma]
	}
	x.general = is&never != 0
	if x.cut = int8(len(norm) - len(lemma)); !strings.HasPrefix(norm, lemma) {
		x.cut = madeLemma
	}
	return x
}

// lemma is the singular of a word of which x is known.
func (l *lexicon) lemma(norm string, x *word) string {
	if x.cut != madeLemma {
		return norm[:len(norm)-int(x.cut)]
	}
	lemma, _ := l.noun(norm, hashOf(norm), x.is)
	return lemma
}

// reader finds the noun phrases of a clause.
type reader struct {
	l     *lexicon
	d     *text.Doc
	c     *clause.Clause
	words []word               // of the clause
	taken func(token int) bool // or nil
}

// word returns what is known of token i.
func (r *reader) word(i int) *word { return &r.words[i-r.c.First] }

// isTaken tells whether token i belongs to a name.
func (r *reader) isTaken(i int) bool { return r.taken != nil && r.taken(i) }

// phrases appends the noun phrases of the clause.
func (r *reader) phrases(dst []phrase) []phrase {
	for i := r.c.First; i < r.c.Last; i++ {
		if r.d.Tokens[i].Kind != text.Word || r.isTaken(i) {
			continue
		}
		p, ok := r.phrase(i)
		if !ok {
			continue
		}
		if rank := r.rank(p.first); rank > 0 || rank == 0 && len(dst) == 0 {
			p.plain, p.lemma = rank > 0, r.l.lemma(r.d.Tokens[p.last-1].Norm, r.word(p.last-1))
			dst = append(dst, p)
		}
		i = p.last - 1
	}
	return dst
}

// phrase reads the noun phrase that begins at token i.
func (r *reader) phrase(i int) (phrase, bool) {
	t, x := &r.d.Tokens[i], r.word(i)
	if x.sort == noNoun || x.is&verb != 0 && !r.after(i, determiner) {
		return phrase{}, false
	}
	p := phrase{first: i, last: i + 1}
	if r.joins(i, x.sort) {
		for p.last < r.c.Last && r.follows(p.last) {
			p.last++
		}
		if p.last > i+1 {
			return p, true
		}
	}
	switch {
	case x.general, len(t.Norm) < 3:
		return phrase{}, false
	case t.Has(text.Title) && i > r.d.Sentences[r.c.Of].First && x.is&noun == 0 && !t.Has(text.Upper) && r.d.Tokens[i-1].Kind == text.Word:
		return phrase{}, false // a name
	case x.sort == doubtful && (!r.stands(i) || i > r.c.First && r.isTaken(i-1)):
		return phrase{}, false
	case x.sort == listed && r.after(i, notBefore):
		return phrase{}, false
	}
	return p, true
}

// joins tells whether a noun may begin a phrase of several: in English any,
// in Dutch only before a hyphen.
func (r *reader) joins(i int, s sort) bool {
	if i+1 >= r.c.Last || !r.follows(i+1) {
		return false
	}
	if r.l.dutch {
		return !r.d.Tokens[i+1].Has(text.Spaced)
	}
	return s >= listed && !r.after(i, notBefore)
}

// follows tells whether token i goes on with a phrase.
func (r *reader) follows(i int) bool {
	t, x := &r.d.Tokens[i], r.word(i)
	switch {
	case t.Kind != text.Word || t.Has(text.Newline) || r.isTaken(i):
		return false
	case x.is&tail != 0:
		return true
	case x.is&(verb|never) != 0:
		return false
	}
	return x.sort >= listed
}

// after tells whether the token before i plays one of the roles.
func (r *reader) after(i int, roles role) bool {
	return i > r.c.First && r.word(i-1).is&roles != 0
}

// stands tells whether a doubtful noun stands where a noun would: after an
// article, or an adjective after one, or an adjective that opens the clause,
// and not before the noun itself.
func (r *reader) stands(i int) bool {
	if i+1 < r.c.Last && r.d.Tokens[i+1].Kind == text.Word {
		if x := r.word(i + 1); x.is&never == 0 && x.sort >= listed {
			return false
		}
	}
	switch {
	case r.after(i, article):
		return true
	case r.after(i, determiner|notBefore|verb|preposition) || i == r.c.First || r.d.Tokens[i-1].Kind != text.Word:
		return false
	case r.word(i-1).sort >= listed:
		return false // "the app keeps"
	}
	return r.after(i-1, article) || !r.l.dutch && i-1 == r.c.First
}

// rank tells how a phrase is spoken of: 1 itself, 0 after a preposition, -1 as
// a part of the one before.
func (r *reader) rank(first int) int {
	article := false
	for i := first - 1; i >= max(r.c.First, first-3); i-- {
		if r.d.Tokens[i].Kind != text.Word {
			break
		}
		switch is := r.word(i).is; {
		case is&object != 0:
			return 1
		case is&of != 0:
			if i > r.c.First && r.word(i-1).sort >= listed {
				return -1
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
