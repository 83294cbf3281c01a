// Package research answers the questions that people ask before they buy (the
// Zero Moment of Truth), and those of the people who look after a brand, from
// the mentions of an index. Each report is a set of tables whose every number
// carries what it rests on: the query that finds the mentions behind it, how
// many they are, an interval, and how much of what the sources declare was
// collected. Definitions and formulas are in docs/research.md.
//
// It reads an index through index.ScanRows for what is counted, and Getter and
// index.Sample for what is quoted. Samples are the first mentions by id, which is a
// hash: they are drawn by chance and always the same.
//
// It is not for drawing or printing: that is for whoever asks.
package research

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// ErrRequest is wrapped by the errors of requests that no report can answer.
var ErrRequest = errors.New("report")

// Brand is a brand of the configuration.
type Brand struct {
	Name  string
	Rival bool
}

// Index is what reports read. They walk its rows where it is an
// index.RowScanner, else its documents; without index.Recorder the coverage of
// everything is unknown.
type Index interface {
	index.Index
	index.Getter
	index.Scanner
}

// Config is what reports draw on.
type Config struct {
	Index  Index
	Brands []Brand
	// Questions are what buyers ask, beside the questions among the mentions.
	Questions []string
	// Settled tells which mentions need no answer although they show none, as
	// people have noted, with the revision of each that they judged (0: any).
	// It may be nil.
	Settled func(ctx context.Context) (map[string]int, error)
}

// Request asks for one report.
type Request struct {
	// Name is one of Names.
	Name string
	// Brand narrows the report; Against are the brands to compare with. Where
	// they are empty the reports that compare take those of the configuration.
	Brand   string
	Against []string
	// Query narrows it further; nil does not.
	Query query.Node
	// From and To bound the date of publication, To excluded; zero is open.
	From, To time.Time
	// Now is the time of asking.
	Now time.Time
}

// reports are the answers by name, in the order of help.
var reports = []struct {
	name, asks string
	run        func(*scope, *Report) error
}{
	{"overview", "What do customers say, how much, and what has changed?", overview},
	{"compare", "How do we stand beside our rivals?", compare},
	{"trend", "How does it develop, and what happened when it jumped?", trend},
	{"moments", "At which moments of the customer's journey are we praised and blamed?", moments},
	{"impact", "Which touchpoints leave a lasting impression?", impact},
	{"questions", "What do buyers ask, and what do other customers answer?", questions},
	{"respond", "Whom should we answer first?", respond},
	{"ambassadors", "Who recommends us, and who has turned away?", ambassadors},
	{"shelf", "What does a researcher meet first at each source?", shelf},
	{"coverage", "How much of what the sources hold do we know?", coverage},
}

// Names lists the reports in the order of help.
func Names() []string {
	var out []string
	for _, r := range reports {
		out = append(out, r.name)
	}
	return out
}

// Asks is the question that a report answers.
func Asks(name string) string {
	for _, r := range reports {
		if r.name == name {
			return r.asks
		}
	}
	return ""
}

// Run makes a report. Errors about the request wrap ErrRequest.
func Run(ctx context.Context, cfg Config, req Request) (*Report, error) {
	for _, r := range reports {
		if r.name != req.Name {
			continue
		}
		s, err := newScope(ctx, cfg, req)
		if err != nil {
			return nil, err
		}
		rep := &Report{Name: r.name, Asks: r.asks, Brand: req.Brand, Query: s.query(), Findings: []Saying{}, Notes: []Saying{}}
		if !req.From.IsZero() {
			rep.From = req.From.UTC().Format(time.DateOnly)
		}
		if !req.To.IsZero() {
			rep.To = req.To.UTC().AddDate(0, 0, -1).Format(time.DateOnly)
		}
		if err := r.run(s, rep); err != nil {
			return nil, err
		}
		if !s.asOf.IsZero() {
			rep.AsOf = s.asOf.Format(time.DateOnly)
		}
		return rep, nil
	}
	return nil, fmt.Errorf("%w: there is no report %q; there are %s", ErrRequest, req.Name, strings.Join(Names(), ", "))
}

// scope is one run of a report: what it is about, and what is known of the
// sources.
type scope struct {
	ctx context.Context
	cfg Config
	req Request
	// base finds what the report is about.
	base query.Node
	// asOf is the start of the day of the newest mention (see setAsOf).
	asOf    time.Time
	sources sourceBook
}

// standing leaves out copies of other mentions, and what has vanished from its
// site.
func standing() []query.Node {
	return []query.Node{
		&query.Not{Node: &query.Term{Field: "has", Value: "duplicate"}},
		&query.Not{Node: &query.Term{Field: "has", Value: "removed"}},
	}
}

func newScope(ctx context.Context, cfg Config, req Request) (*scope, error) {
	s := &scope{ctx: ctx, cfg: cfg, req: req, sources: sourceBook{numbers: map[string]int{}}}
	if !req.From.IsZero() && !req.To.IsZero() && !req.From.Before(req.To) {
		return nil, fmt.Errorf("%w: the period ends before it begins", ErrRequest)
	}
	s.base = and(append(standing(), s.asked())...)
	if rec, ok := cfg.Index.(index.Recorder); ok {
		cov, err := rec.Coverage(ctx)
		if err != nil {
			return nil, err
		}
		s.sources.read(cov)
	}
	return s, nil
}

func term(field, value string) query.Node { return &query.Term{Field: field, Value: value} }

// labelled is term for a label with a sentiment.
func labelled(field, label, sentiment string) query.Node { return term(field, label+":"+sentiment) }

func and(nodes ...query.Node) query.Node { return query.Simplify(&query.And{Nodes: nodes}) }

func or(nodes ...query.Node) query.Node { return query.Simplify(&query.Or{Nodes: nodes}) }

func not(node query.Node) query.Node { return &query.Not{Node: node} }

// atLeast and between are ranges of numbers, between without its upper end.
func atLeast(field string, low float64) query.Node { return &query.Range{Field: field, Min: &low} }

func between(field string, low, high float64) query.Node {
	return &query.Range{Field: field, Min: &low, Max: &high, ExMax: true}
}

// published is a range of days; to is excluded.
func published(from, to time.Time) query.Node {
	return &query.Range{Field: "published", From: from, To: to}
}

// where is what the report is about, narrowed.
func (s *scope) where(nodes ...query.Node) query.Node {
	return and(append(slices.Clone(nodes), s.base)...)
}

// query spells where.
func (s *scope) query(nodes ...query.Node) string { return query.String(s.where(nodes...)) }

// walk calls fn for every row of the report, narrowed. The first field is
// always source.
func (s *scope) walk(fields []string, fn func(*index.Row), nodes ...query.Node) error {
	return index.ScanRows(s.ctx, s.cfg.Index, s.where(nodes...), append([]string{"source"}, fields...), func(r *index.Row) error {
		fn(r)
		return nil
	})
}

// window is how many days "lately" is, and the days before it that it is
// compared with.
const window = 90

// setAsOf finds the day that "the last days" end with: that of the newest
// mention, and never later than now.
func (s *scope) setAsOf() error {
	now := s.req.Now
	res, err := s.cfg.Index.Search(s.ctx, index.SearchRequest{Query: s.where(published(time.Time{}, now)), Sort: index.SortNewest, Limit: 1})
	if err != nil {
		return err
	}
	if len(res.Hits) > 0 {
		s.asOf = day(res.Hits[0].Mention.Published)
	}
	return nil
}

func day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// lately and before are the two windows that are compared, as half-open ranges.
func (s *scope) lately() (from, to time.Time) {
	to = s.asOf.AddDate(0, 0, 1)
	return to.AddDate(0, 0, -window), to
}

func (s *scope) before() (from, to time.Time) {
	to, _ = s.lately()
	return to.AddDate(0, 0, -window), to
}

// sample calls fn for the first n matches by id; see the package doc.
func (s *scope) sample(n int, fn func(*mention.Mention), nodes ...query.Node) error {
	return index.Sample(s.ctx, s.cfg.Index, s.where(nodes...), n, func(m *mention.Mention) error {
		fn(m)
		return nil
	})
}

// brands returns the brands to compare: the request's, else our own and our
// rivals of the configuration, else those mentioned most.
func (s *scope) brands() (own, rivals []string, err error) {
	for _, b := range s.cfg.Brands {
		if b.Rival {
			rivals = append(rivals, b.Name)
		} else {
			own = append(own, b.Name)
		}
	}
	if s.req.Brand != "" {
		rivals = slices.DeleteFunc(append(rivals, own...), func(b string) bool { return strings.EqualFold(b, s.req.Brand) })
		own = []string{s.req.Brand}
	}
	if len(s.req.Against) > 0 {
		rivals = s.req.Against
	}
	if len(own) > 0 && len(rivals) > 0 {
		return own, rivals, nil
	}
	res, err := s.cfg.Index.Aggregate(s.ctx, index.AggregateRequest{Query: and(standing()...), Facets: []index.Facet{{Field: "brand", Size: 6}}})
	if err != nil {
		return nil, nil, err
	}
	for _, b := range res.Facets["brand"] {
		known := func(o string) bool { return strings.EqualFold(o, b.Value) }
		switch {
		case slices.ContainsFunc(own, known) || slices.ContainsFunc(rivals, known):
		case len(own) == 0:
			own = []string{b.Value}
		default:
			rivals = append(rivals, b.Value)
		}
	}
	return own, rivals, nil
}
