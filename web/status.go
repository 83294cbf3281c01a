package web

import (
	"context"
	"net/http"
	"time"

	"klank/index"
	"klank/mention"
)

// Status is what the collecting side tells the status page. Every part is
// optional; what is empty is not shown.
type Status struct {
	Sources []SourceStatus
	// Runs are the latest runs, latest first.
	Runs     []mention.Run
	Coverage []mention.Coverage
	// DeadLetters are pages that were given up, latest first; DeadTotal is
	// how many there are in all.
	DeadLetters []DeadLetter
	DeadTotal   int
}

// SourceStatus is the state of one source.
type SourceStatus struct {
	Name string
	Type string // site, feed, mastodon, …
	// Pages by the state of the frontier: pending (leased included), fetched
	// but not yet indexed, done, and given up.
	Pending, Fetched, Done, Dead int
	// NextDue is when the source is next due; zero when it is not scheduled.
	NextDue time.Time
	// Problem says in words why the source does not run, if so.
	Problem string
}

// DeadLetter is a page that was given up, with the reason in words.
type DeadLetter struct {
	URL      string
	Source   string
	Reason   string
	Attempts int
	Since    time.Time
}

// statusRuns and statusLetters bound the tables of the status page.
const (
	statusRuns    = 30
	statusLetters = 100
)

type statusPage struct {
	Sources     []sourceRow
	Runs        []mention.Run
	Coverage    []coverageRow
	DeadLetters []DeadLetter
	DeadTotal   int
	Frontier    bool // the collecting side reports
	Total       int
	Generation  string
}

type sourceRow struct {
	SourceStatus
	Mentions int
	Query    string
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	p, err := s.fillStatus(r.Context())
	if err != nil {
		s.failWith(w, r, "the status could not be read", err)
		return
	}
	s.render(w, r, http.StatusOK, "status", "status.title", p)
}

func (s *Server) fillStatus(ctx context.Context) (*statusPage, error) {
	p := &statusPage{}
	st := &Status{}
	if s.cfg.Status != nil {
		reported, err := s.cfg.Status(ctx)
		if err != nil {
			return nil, err
		}
		if reported != nil {
			st, p.Frontier = reported, true
		}
	}
	if rec, ok := s.cfg.Index.(index.Recorder); ok {
		var err error
		if len(st.Runs) == 0 {
			if st.Runs, err = rec.Runs(ctx, statusRuns); err != nil {
				return nil, err
			}
		}
		if len(st.Coverage) == 0 {
			if st.Coverage, err = rec.Coverage(ctx); err != nil {
				return nil, err
			}
		}
	}
	if g, ok := s.cfg.Index.(index.Generation); ok {
		p.Generation = g.Generation()
	}
	agg, err := s.cfg.Index.Aggregate(ctx, index.AggregateRequest{Facets: []index.Facet{{Field: "source", Size: 200}}})
	if err != nil {
		return nil, err
	}
	p.Total = agg.Total
	seen := map[string]bool{}
	for _, src := range st.Sources {
		seen[src.Name] = true
		p.Sources = append(p.Sources, sourceRow{SourceStatus: src, Mentions: countOf(agg.Facets["source"], src.Name),
			Query: term("source", src.Name)})
	}
	for _, b := range agg.Facets["source"] {
		if !seen[b.Value] {
			p.Sources = append(p.Sources, sourceRow{SourceStatus: SourceStatus{Name: b.Value}, Mentions: b.Count,
				Query: term("source", b.Value)})
		}
	}
	p.Runs = st.Runs[:min(len(st.Runs), statusRuns)]
	p.Coverage = coverageRows(st.Coverage)
	p.DeadLetters, p.DeadTotal = st.DeadLetters[:min(len(st.DeadLetters), statusLetters)], max(st.DeadTotal, len(st.DeadLetters))
	return p, nil
}
