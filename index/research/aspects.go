package research

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// The bounds of pros and cons: mentions read of a brand, aspects shown of each
// side, and mentions that stand behind one.
const (
	aspectSample  = 2000
	maxAspects    = 6
	aspectMention = 50
)

// aspect is a thing that authors praise or blame.
type aspect struct {
	term    string
	authors map[string]bool
	tally   tally // of the first aspectMention mentions
	ids     []query.Node
	quotes  []Quote
}

// add counts a mention that names the aspect.
func (a *aspect) add(b *sourceBook, m *mention.Mention, label string) {
	a.authors[cmp.Or(index.Author(m), m.ID)] = true
	if len(a.ids) == aspectMention {
		return
	}
	a.ids = append(a.ids, term("id", m.ID))
	a.tally.add(b, index.RowOf(m, []string{"source"}))
	if len(a.quotes) > 0 {
		return
	}
	for i := range m.Analysis.Sentences {
		st := &m.Analysis.Sentences[i]
		if passage := spanText(m, st.Span); index.SentenceLabel(st.Score) == label && strings.Contains(text.Fold(passage), a.term) {
			a.quotes = append(a.quotes, quote(m, short(passage, 200)))
			return
		}
	}
}

// aspectRows lists what is praised and blamed of each brand, in the authors'
// own words.
func (s *scope) aspectRows(rivals []*rival) (Section, error) {
	sec := Section{Name: "aspects", Title: "Pros and cons", Columns: columns("brand", "brand", "side", "side", "aspect", "aspect", "authors", "authors", "sentences", "for example"),
		Note: fmt.Sprintf("What two authors or more praise or blame, in mentions that name no other brand here (at most %d of each brand, drawn by chance).", aspectSample)}
	for _, r := range rivals {
		sides := map[string]map[string]*aspect{mention.Positive: {}, mention.Negative: {}}
		if err := s.sample(aspectSample, func(m *mention.Mention) {
			if m.Analysis == nil {
				return
			}
			named := map[string]bool{}
			for _, a := range m.Analysis.Aspects {
				label, name := index.SentenceLabel(a.Score), text.Fold(a.Term)
				into := sides[label]
				if into == nil || named[label+name] { // neutral, or named twice
					continue
				}
				named[label+name] = true
				if into[name] == nil {
					into[name] = &aspect{term: name, authors: map[string]bool{}}
				}
				into[name].add(&s.sources, m, label)
			}
		}, alone(r, rivals)); err != nil {
			return sec, err
		}
		for _, side := range []struct{ label, word string }{{mention.Positive, "pro"}, {mention.Negative, "con"}} {
			for _, a := range mostNamed(sides[side.label]) {
				n := s.rests(&a.tally, UnitAuthors, or(a.ids...))
				n.Value = ptr(float64(len(a.authors)))
				sec.Rows = append(sec.Rows, []Cell{words(r.name), told(side.word), words(a.term), number(n), {Quotes: append([]Quote{}, a.quotes...)}})
			}
		}
	}
	return sec, nil
}

// mostNamed are the aspects that most authors name, two at least.
func mostNamed(aspects map[string]*aspect) []*aspect {
	var out []*aspect
	for _, a := range aspects {
		if len(a.authors) > 1 {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *aspect) int {
		return cmp.Or(len(b.authors)-len(a.authors), cmp.Compare(a.term, b.term))
	})
	return out[:min(len(out), maxAspects)]
}
