package analysis

import (
	"math"
	"slices"

	"klank/analysis/brands"
	"klank/analysis/clause"
	"klank/analysis/sentiment"
	"klank/analysis/text"
	"klank/mention"
)

// clauses are those of one text.
type clauses struct {
	title, text []clause.Clause
	// Those of sentences of more than one, to be scored by themselves.
	titleParts, textParts []text.Sentence
}

// opinions fills in what is said of brands and aspects, clause by clause.
func (a *Analyzer) opinions(out *mention.Analysis, w *work, in Input, read string, felt sentiment.Result) {
	var about []int
	var found []brands.Found
	if a.brands != nil {
		about = a.brands.About(in.Brand, in.ItemBrand, in.ItemName)
		found = a.brands.Find(&w.brands, &w.title, &w.text, read, about)
	}
	if len(found) == 0 && len(about) == 0 && !a.aspects.Worth(read) {
		return
	}
	w.clauses.settle(len(w.title.Sentences), felt)
	if len(found) > 0 || len(about) > 0 {
		for _, x := range a.brands.Attitudes(found, &w.title, &w.text, w.clauses.title, w.clauses.text, about, out.Sentiment.Score) {
			out.Brands = append(out.Brands, a.brandScore(out, x, found))
		}
	}
	w.aspects.Reset()
	a.aspects.Add(&w.aspects, "title", &w.title, w.clauses.title, read, named(found, "title"))
	a.aspects.Add(&w.aspects, "text", &w.text, w.clauses.text, read, named(found, "text"))
	out.Aspects = w.aspects.Aspects()
}

// named tells of the tokens of a part whether they belong to a brand's name.
func named(found []brands.Found, in string) func(int) bool {
	if len(found) == 0 {
		return nil
	}
	return func(token int) bool {
		return slices.ContainsFunc(found, func(f brands.Found) bool { return f.In == in && f.First <= token && token < f.Last })
	}
}

// brandScore gives an attitude the touchpoints of its sentences and the spans
// of its names.
func (a *Analyzer) brandScore(out *mention.Analysis, x brands.Attitude, found []brands.Found) mention.BrandScore {
	b := mention.BrandScore{Name: a.brands.Name(x.Brand), Score: x.Score}
	for _, n := range x.Sentences {
		for _, t := range out.Sentences[n].Touchpoints {
			if !slices.Contains(b.Touchpoints, t) {
				b.Touchpoints = append(b.Touchpoints, t)
			}
		}
	}
	for _, f := range found {
		if f.Brand == x.Brand {
			b.Spans = append(b.Spans, f.Span)
		}
	}
	return b
}

// silent is the score below which the words of a clause cancel each other out:
// it says what its neighbours say.
const silent = 0.1

// cut splits the text into clauses, if anything may be said of them.
func (a *Analyzer) cut(w *work, read string) {
	c := &w.clauses
	c.titleParts, c.textParts = c.titleParts[:0], c.textParts[:0]
	if a.brands != nil || a.aspects.Worth(read) {
		c.title, c.titleParts = split(c.title[:0], c.titleParts, &w.title)
		c.text, c.textParts = split(c.text[:0], c.textParts, &w.text)
	}
}

// split cuts one part of a text into clauses, and appends to parts those of
// sentences of more than one.
func split(dst []clause.Clause, parts []text.Sentence, d *text.Doc) ([]clause.Clause, []text.Sentence) {
	for n := range d.Sentences {
		from := len(dst)
		if dst = clause.Split(dst, d, n); len(dst) > from+1 {
			for i := range dst[from:] {
				parts = append(parts, dst[from+i].Sentence)
			}
		}
	}
	return dst, parts
}

// settle scores the clauses: sentences of one clause are scored as such, the
// others as parts. The first titles sentences are the title's.
func (c *clauses) settle(titles int, felt sentiment.Result) {
	next := 0
	settle := func(cs []clause.Clause, base int) {
		for len(cs) > 0 {
			n := 1
			for n < len(cs) && cs[n].Of == cs[0].Of {
				n++
			}
			if n == 1 {
				s := base + cs[0].Of
				cs[0].Score, cs[0].Loaded = felt.Sentences[s], felt.Loaded[s]
			} else {
				for i := range cs[:n] {
					cs[i].Score = felt.Parts[next]
					cs[i].Loaded = felt.PartsLoaded[next] && math.Abs(cs[i].Score) >= silent
					next++
				}
				clause.Settle(cs[:n])
			}
			cs = cs[n:]
		}
	}
	settle(c.title, 0)
	settle(c.text, titles)
}
