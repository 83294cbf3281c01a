package research

import (
	"cmp"
	"fmt"
	"slices"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// group tallies mentions by the values of a field.
type group map[string]*tally

func (g group) add(b *sourceBook, r *index.Row, values ...string) {
	for _, v := range values {
		g.of(v).add(b, r)
	}
}

// of is the tally of a value.
func (g group) of(value string) *tally {
	t := g[value]
	if t == nil {
		t = &tally{}
		g[value] = t
	}
	return t
}

// top are the most frequent values, ties by value.
func (g group) top(n int) []string {
	values := make([]string, 0, len(g))
	for v := range g {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(g[b].n, g[a].n), cmp.Compare(a, b))
	})
	return values[:min(n, len(values))]
}

// shares is a section of the most frequent values of a field with the share of
// each in all mentions.
func (s *scope) shares(name, title, field string, g group, all, n int) Section {
	sec := Section{Name: name, Title: title, Columns: columns("value", field, "mentions", "mentions", "share", "share"),
		Chart: &Chart{Bars, []string{"share"}}}
	for _, v := range g.top(n) {
		q := term(field, v)
		value := termed(field, v)
		if field == "source" {
			value = words(v)
		}
		sec.Rows = append(sec.Rows, []Cell{value, number(s.count(g.of(v), q)), number(s.share(g.of(v), all, q))})
	}
	return sec
}

// contains tells whether sorted values hold one.
func contains(values []string, v string) bool { return slices.Contains(values, v) }

// first is the only value of a field that has at most one.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// quote is a passage of a mention.
func quote(m *mention.Mention, passage string) Quote {
	q := Quote{ID: m.ID, Text: passage, Source: m.Source.Name, Date: m.Published, URL: m.URL}
	if m.Author != nil {
		q.Author = m.Author.Key
	}
	return q
}

// passages quotes, of the first mentions of a tally that have one, a sentence
// that is wanted.
func (s *scope) passages(t *tally, n int, wanted func(*mention.Sentence) bool) ([]Quote, error) {
	out := []Quote{}
	for _, one := range t.newest {
		if len(out) == n {
			break
		}
		m, err := s.cfg.Index.Get(s.ctx, one.id, 0)
		if err != nil {
			return nil, fmt.Errorf("report: mention %s: %w", one.id, err)
		}
		if m.Analysis == nil {
			continue
		}
		for i := range m.Analysis.Sentences {
			if sentence := &m.Analysis.Sentences[i]; wanted(sentence) {
				if words := spanText(m, sentence.Span); words != "" {
					out = append(out, quote(m, words))
					break
				}
			}
		}
	}
	return out, nil
}

// spanText is the text of a span, "" where it does not fit the mention.
func spanText(m *mention.Mention, sp mention.Span) string {
	from := m.Text
	if sp.In == "title" {
		from = m.Title
	}
	if sp.Start < 0 || sp.End > len(from) || sp.Start >= sp.End {
		return ""
	}
	return from[sp.Start:sp.End]
}

// feels tells whether a sentence has a label of the sentiment.
func feels(sentence *mention.Sentence, labels []string, label, sentiment string) bool {
	return index.SentenceLabel(sentence.Score) == sentiment && slices.Contains(labels, label)
}

// finish sets what every report says of its mentions.
func (s *scope) finish(rep *Report, all *tally) error {
	rep.Mentions, rep.Coverage = all.n, s.sources.of(all.sources)
	left, err := s.cfg.Index.Aggregate(s.ctx, index.AggregateRequest{Query: and(s.asked(), or(term("has", "duplicate"), term("has", "removed")))})
	if err != nil {
		return err
	}
	if left.Total > 0 {
		rep.Notes = append(rep.Notes, say("%d more are copies of others or have vanished from their site, and are not counted.", left.Total))
	}
	suspect, err := s.cfg.Index.Aggregate(s.ctx, index.AggregateRequest{Query: s.where(term("flag", "suspect"))})
	if err != nil {
		return err
	}
	if suspect.Total > 0 {
		rep.Notes = append(rep.Notes, say("%d of them are marked as suspect, and are counted: klank search flag:suspect.", suspect.Total))
	}
	switch {
	case rep.Mentions == 0:
		rep.Notes = append(rep.Notes, say("Nothing was found: look at the brand and the period, or crawl first."))
	case rep.Coverage == nil:
		rep.Notes = append(rep.Notes, say("Most sources do not declare how much they hold, so that the coverage is not known."))
	case *rep.Coverage < 0.8:
		rep.Notes = append(rep.Notes, say("Only %.0f %% of what the sources declare was collected.", 100**rep.Coverage))
	}
	return nil
}

// asked is what was asked for, copies and vanished ones included.
func (s *scope) asked() query.Node {
	var nodes []query.Node
	if s.req.Brand != "" {
		nodes = append(nodes, term("brand", s.req.Brand))
	}
	if s.req.Query != nil {
		nodes = append(nodes, s.req.Query)
	}
	if !s.req.From.IsZero() || !s.req.To.IsZero() {
		nodes = append(nodes, published(s.req.From, s.req.To))
	}
	return and(nodes...)
}
