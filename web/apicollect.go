package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"klank/index"
	"klank/mention"
)

// apiSource is the state of one source.
type apiSource struct {
	Name       string     `json:"name"`
	Type       string     `json:"type,omitempty"`
	Configured bool       `json:"configured"`
	Mentions   int        `json:"mentions"`
	Health     string     `json:"health,omitempty"`
	Working    bool       `json:"working"`
	Paused     *apiPaused `json:"paused,omitempty"`
	Schedule   string     `json:"schedule,omitempty"`
	NextDue    time.Time  `json:"next_due,omitzero"`
	LastGood   time.Time  `json:"last_good,omitzero"`
	Problem    string     `json:"problem,omitempty"`
	// Pages are nil where the collecting side does not report.
	Pages *apiPages    `json:"pages,omitempty"`
	Run   *mention.Run `json:"last_run,omitempty"`
}

type apiPaused struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
}

// apiPages counts pages by their state; kept out are those of the dead that a
// site does not want read.
type apiPages struct {
	Pending int `json:"pending"`
	Fetched int `json:"fetched"`
	Done    int `json:"done"`
	Dead    int `json:"dead"`
	KeptOut int `json:"kept_out"`
}

// apiStatus answers /api/v1/status.
type apiStatus struct {
	Version    string `json:"version"`
	Generation string `json:"generation,omitempty"`
	Mentions   int    `json:"mentions"`
	Sources    int    `json:"sources"`
	Dead       int    `json:"dead"`
	// Working says that something is being collected at this moment.
	Working bool `json:"working"`
	// Role is what the caller may do.
	Role string `json:"role"`
}

func (s *Server) apiStatus(w http.ResponseWriter, r *http.Request) {
	p, err := s.fillStatus(r.Context())
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	s.writeJSON(w, r, apiStatus{Version: s.cfg.Version, Generation: p.Generation, Mentions: p.Total, Sources: len(p.Sources),
		Dead: p.DeadTotal, Working: p.Live, Role: who(r).Role})
}

func (s *Server) apiSources(w http.ResponseWriter, r *http.Request) {
	p, err := s.fillStatus(r.Context())
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	out := struct {
		Sources []apiSource `json:"sources"`
	}{[]apiSource{}}
	for _, row := range p.Sources {
		src := apiSource{Name: row.Name, Type: row.Type, Configured: row.Configured, Mentions: row.Mentions, Health: row.Health,
			Working: row.Working, Schedule: row.Schedule, NextDue: row.NextDue, LastGood: row.LastGood, Problem: row.Problem}
		if row.Paused != nil {
			src.Paused = &apiPaused{row.Paused.Since, row.Paused.Reason}
		}
		if p.Frontier {
			src.Pages = &apiPages{row.Pending, row.Fetched, row.Done, row.Dead, row.KeptOut}
		}
		if row.Run.ID != "" {
			src.Run = &row.Run
		}
		out.Sources = append(out.Sources, src)
	}
	slices.SortFunc(out.Sources, func(a, b apiSource) int { return cmp.Compare(a.Name, b.Name) })
	s.writeJSON(w, r, out)
}

// apiRuns gives the latest runs first; after is the last one of the page
// before.
func (s *Server) apiRuns(w http.ResponseWriter, r *http.Request) {
	rec, ok := s.recorder(w)
	if !ok {
		return
	}
	in := params{values: r.URL.Query()}
	limit := in.number("limit", 50, 1, 200)
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	runs, err := rec.Runs(r.Context(), runsSearched)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	source := in.values.Get("source")
	runs = slices.DeleteFunc(runs, func(run mention.Run) bool { return source != "" && run.Source != source })
	if after := in.values.Get("after"); after != "" {
		i := slices.IndexFunc(runs, func(run mention.Run) bool { return run.ID == after })
		if i < 0 {
			writeProblem(w, problem{Title: "a parameter is wrong", Status: http.StatusBadRequest, Parameter: "after", Detail: "there is no such place; begin again without it"})
			return
		}
		runs = runs[i+1:]
	}
	out := struct {
		Runs []mention.Run `json:"runs"`
		Next string        `json:"next,omitempty"`
	}{Runs: append([]mention.Run{}, runs[:min(len(runs), limit)]...)}
	if len(runs) > limit {
		out.Next = runs[limit-1].ID
	}
	s.writeJSON(w, r, out)
}

func (s *Server) apiCoverage(w http.ResponseWriter, r *http.Request) {
	rec, ok := s.recorder(w)
	if !ok {
		return
	}
	var sources []string
	if source := r.URL.Query().Get("source"); source != "" {
		sources = append(sources, source)
	}
	cov, err := rec.Coverage(r.Context(), sources...)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	s.writeJSON(w, r, struct {
		Coverage []mention.Coverage `json:"coverage"`
	}{append([]mention.Coverage{}, cov...)})
}

// recorder is the index as what keeps runs; false after a problem was written.
func (s *Server) recorder(w http.ResponseWriter) (index.Recorder, bool) {
	rec, ok := s.cfg.Index.(index.Recorder)
	if !ok {
		writeProblem(w, problem{Title: "this index keeps no runs", Status: http.StatusNotImplemented})
	}
	return rec, ok
}
