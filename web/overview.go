package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// overviewPage answers "how do we stand?" for all brands or for one.
type overviewPage struct {
	Switch switcher
	// Base is the query of the whole page: brand and period.
	Base string
	// Made is when it was counted; Old tells that the index has changed since.
	Made time.Time
	Old  bool

	Total, Authors  int
	Rated, Undated  int
	Grade           float64 // 1..5
	GradeStars      stars
	Shares          []share
	Scored          int
	Signals         []ranked
	Chart           *chart
	Moments         []momentRow
	Touchpoints     []ranked
	Sources         []ranked
	Languages       []ranked
	Kinds           []ranked
	Latest          []hit
	Coverage        []coverageRow
	Recorded        bool
	First, Last     time.Time
	QueryRated      string
	QueryUndated    string
	QueryTouchpoint string
}

// momentRow is a moment of truth with its counts by sentiment.
type momentRow struct {
	Moment string
	Cells  []momentCell
	Total  int
	Query  string
}

// momentCell is a count with its heat, 0 (none) to 5 (the highest of all).
type momentCell struct {
	Label string
	Count int
	Heat  int
	Query string
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	ctx, c := r.Context(), readChoice(r)
	p := overviewPage{Switch: switcher{choice: c, Path: "/", Periods: periods}, Base: c.published()}
	if c.Brand != "" {
		p.Base = join(term("brand", c.Brand), p.Base)
	}
	n, err := s.parse(p.Base)
	if err != nil { // a brand that the language cannot spell
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	have, err := s.askOverview(ctx, p.Base, n, s.patience)
	if errors.Is(err, errComputing) {
		s.showComputing(w, r, "overview")
		return
	}
	if err == nil {
		p.Switch.Brands, err = s.knownBrands(ctx)
	}
	if err != nil {
		s.failWith(w, r, "the overview could not be counted", err)
		return
	}
	p.Made, p.Old = have.Made, have.Old
	p.fill(s.viewOf(w, r).locale, have.Value.(*overviewCounts))
	if p.Total == 0 && p.Base == "" {
		s.render(w, r, http.StatusOK, "empty", "overview.title", nil)
		return
	}
	s.render(w, r, http.StatusOK, "overview", "overview.title", p)
}

// overviewCounts are what the overview shows, before it is put into words.
type overviewCounts struct {
	sums     *index.AggregateResult
	latest   []index.Hit
	coverage []mention.Coverage
	recorded bool
}

// overviewBytes is what they take in memory at most: some hundred buckets and
// lines of coverage, and a few mentions.
const overviewBytes = 256 << 10

// askOverview gives the counts of what n finds, which base spells, from what is
// kept or worked out.
func (s *Server) askOverview(ctx context.Context, base string, n query.Node, patience time.Duration) (counted, error) {
	return s.answers.get(ctx, "overview "+base, patience, func(ctx context.Context) (any, int64, error) {
		v, err := s.countOverview(ctx, n)
		return v, overviewBytes, err
	})
}

func (s *Server) countOverview(ctx context.Context, n query.Node) (*overviewCounts, error) {
	bySentiment := &index.Facet{Field: "sentiment", Size: 3}
	c := &overviewCounts{}
	var err error
	c.sums, err = s.cfg.Index.Aggregate(ctx, index.AggregateRequest{
		Query: n,
		Facets: []index.Facet{{Field: "sentiment", Size: 3}, {Field: "signal"}, {Field: "moment_sentiment", Size: 15},
			{Field: "moment", Size: 5}, {Field: "touchpoint", Size: 8, Sub: bySentiment}, {Field: "source", Size: 8},
			{Field: "language", Size: 6}, {Field: "kind", Size: 6}},
		Histogram: &index.Histogram{Interval: "month", Sub: bySentiment},
	})
	if err != nil || c.sums.Total == 0 {
		return c, err
	}
	found, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: n, Sort: index.SortNewest, Limit: 6})
	if err != nil {
		return c, err
	}
	c.latest = found.Hits
	if rec, ok := s.cfg.Index.(index.Recorder); ok {
		c.recorded = true
		if c.coverage, err = rec.Coverage(ctx); err != nil {
			return c, err
		}
	}
	return c, nil
}

// fill puts the counts into words and shapes.
func (p *overviewPage) fill(l *locale, c *overviewCounts) {
	agg := c.sums
	p.Total, p.Authors, p.Rated = agg.Total, agg.Authors, agg.Rated
	p.Grade = 1 + 4*agg.RatingMean
	p.GradeStars = starMarks(p.Grade, l.decimal(p.Grade, 1, true))
	p.Shares, p.Scored = sentimentShares(p.Base, agg.Facets["sentiment"])
	p.Signals = rankSignals(p.Base, agg.Facets["signal"])
	p.Chart = newChart(l, p.Base, agg.Histogram)
	dated := 0
	for _, b := range agg.Histogram {
		dated += b.Count
	}
	p.Undated = agg.Total - dated
	p.Moments = momentRows(p.Base, agg.Facets["moment"], agg.Facets["moment_sentiment"])
	p.Touchpoints = rank(p.Base, "touchpoint", agg.Facets["touchpoint"])
	p.Sources = rank(p.Base, "source", agg.Facets["source"])
	p.Languages = rank(p.Base, "language", agg.Facets["language"])
	p.Kinds = rank(p.Base, "kind", agg.Facets["kind"])
	p.QueryRated, p.QueryUndated = join(p.Base, "has:rating"), join(p.Base, "NOT has:published")
	p.Latest = hits(c.latest)
	p.Coverage, p.Recorded = coverageRows(c.coverage), c.recorded
}

// brandFacet asks for the brands of the menu.
var brandFacet = index.Facet{Field: "brand", Size: 50}

// brands are the configured brands and behind them those found.
func (s *Server) brands(found []index.Bucket) []string {
	all := slices.Clone(s.cfg.Brands)
	for _, b := range found {
		if !slices.ContainsFunc(all, func(name string) bool { return strings.EqualFold(name, b.Value) }) {
			all = append(all, b.Value)
		}
	}
	return all
}

// rankSignals lists the signals in the order in which someone acts on them,
// those that nobody gave included.
func rankSignals(base string, buckets []index.Bucket) []ranked {
	var out []ranked
	for _, name := range []string{"needs_response", "question", "churn_risk", "detractor", "loyal", "advocate"} {
		out = append(out, ranked{Value: name, Count: countOf(buckets, name), Query: join(base, term("signal", name))})
	}
	return out
}

func momentRows(base string, totals, buckets []index.Bucket) []momentRow {
	top := 1
	for _, b := range buckets {
		top = max(top, b.Count)
	}
	var rows []momentRow
	for _, m := range mention.Moments {
		row := momentRow{Moment: m, Total: countOf(totals, m), Query: join(base, term("moment", m))}
		for _, label := range sentimentOrder {
			value := m + ":" + label
			n := countOf(buckets, value)
			heat := 0
			if n > 0 {
				heat = 1 + 4*n/top
			}
			row.Cells = append(row.Cells, momentCell{Label: label, Count: n, Heat: heat,
				Query: join(base, term("moment_sentiment", value))})
		}
		rows = append(rows, row)
	}
	return rows
}

// coverageRow compares what a source declares with what was collected.
type coverageRow struct {
	mention.Coverage
	Declared int
	Known    bool // the source declares a number
	Complete bool
	Width    string
}

// maxCoverage bounds the table; the status command lists them all.
const maxCoverage = 200

func coverageRows(cov []mention.Coverage) []coverageRow {
	var rows []coverageRow
	for _, c := range cov[:min(len(cov), maxCoverage)] {
		row := coverageRow{Coverage: c}
		if c.Declared != nil {
			row.Declared, row.Known = *c.Declared, true
			row.Complete = c.Collected >= *c.Declared
			if *c.Declared > 0 {
				row.Width = pct(min(100, 100*float64(c.Collected)/float64(*c.Declared)))
			} else {
				row.Width = "100%"
			}
		}
		rows = append(rows, row)
	}
	return rows
}
