package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// overviewPage answers "how do we stand?" for all brands or for one.
type overviewPage struct {
	Brand   string
	Brands  []string
	Period  string
	Periods []periodLink
	// Base is the query of the whole page: brand and period.
	Base string

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

type periodLink struct {
	Code, URL string
	Current   bool
}

// periods are the choices of how far the overview looks back.
var periods = []string{"all", "12m", "90d"}

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
	ctx := r.Context()
	p := overviewPage{Brand: strings.TrimSpace(r.URL.Query().Get("brand")), Period: r.URL.Query().Get("period")}
	if !slices.Contains(periods, p.Period) {
		p.Period = periods[0]
	}
	for _, code := range periods {
		p.Periods = append(p.Periods, periodLink{Code: code, URL: overviewURL(p.Brand, code), Current: code == p.Period})
	}
	if p.Brand != "" {
		p.Base = term("brand", p.Brand)
	}
	if p.Period != "all" {
		p.Base = join(p.Base, "published:"+p.Period)
	}
	n, err := s.parse(p.Base)
	if err != nil { // a brand that the language cannot spell
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	l := s.viewOf(w, r).locale
	if err := s.fillOverview(ctx, l, &p, n); err != nil {
		s.failWith(w, r, "the overview could not be counted", err)
		return
	}
	if p.Total == 0 && p.Base == "" {
		s.render(w, r, http.StatusOK, "empty", "overview.title", nil)
		return
	}
	s.render(w, r, http.StatusOK, "overview", "overview.title", p)
}

func overviewURL(brand, period string) string {
	q := url.Values{}
	if brand != "" {
		q.Set("brand", brand)
	}
	if period != "all" {
		q.Set("period", period)
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

func (s *Server) fillOverview(ctx context.Context, l *locale, p *overviewPage, n query.Node) error {
	bySentiment := &index.Facet{Field: "sentiment", Size: 3}
	agg, err := s.cfg.Index.Aggregate(ctx, index.AggregateRequest{
		Query: n,
		Facets: []index.Facet{{Field: "sentiment", Size: 3}, {Field: "signal"}, {Field: "moment_sentiment", Size: 15},
			{Field: "moment", Size: 5}, {Field: "touchpoint", Size: 8, Sub: bySentiment}, {Field: "source", Size: 8},
			{Field: "language", Size: 6}, {Field: "kind", Size: 6}, brandFacet},
		Histogram: &index.Histogram{Interval: "month", Sub: bySentiment},
	})
	if err != nil {
		return err
	}
	all := agg
	if n != nil { // the menu offers the brands of the whole index
		if all, err = s.cfg.Index.Aggregate(ctx, index.AggregateRequest{Facets: []index.Facet{brandFacet}}); err != nil {
			return err
		}
	}
	p.Brands = s.brands(all.Facets["brand"])
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
	if p.Total == 0 {
		return nil
	}
	found, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: n, Sort: index.SortNewest, Limit: 6})
	if err != nil {
		return err
	}
	p.Latest = hits(found.Hits)
	if rec, ok := s.cfg.Index.(index.Recorder); ok {
		cov, err := rec.Coverage(ctx)
		if err != nil {
			return err
		}
		p.Coverage, p.Recorded = coverageRows(cov), true
	}
	return nil
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
