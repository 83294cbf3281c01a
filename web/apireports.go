package web

import (
	"errors"
	"net/http"
	"time"

	"klank/index/research"
)

// apiPatience is how long the API waits for a report that is worked out for the
// first time; it stays under the bound of a request.
const apiPatience = 15 * time.Second

// apiReportName is one of the reports there are.
type apiReportName struct {
	Name string `json:"name"`
	Asks string `json:"asks"`
}

func (s *Server) apiReports(w http.ResponseWriter, r *http.Request) {
	out := struct {
		Reports []apiReportName `json:"reports"`
	}{}
	for _, name := range research.Names() {
		out.Reports = append(out.Reports, apiReportName{name, research.Asks(name)})
	}
	s.writeJSON(w, r, out)
}

// apiReport gives a report as the page of it shows it, and klank report --json.
func (s *Server) apiReport(w http.ResponseWriter, r *http.Request) {
	in := params{values: r.URL.Query()}
	in.oneOf("period", periods)
	in.day("from")
	in.day("to")
	if len(in.values["against"]) > maxAgainst {
		in.fail("against", "more brands than can be compared")
	}
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	rep, made, err := s.askReport(r.Context(), r.PathValue("name"), readChoice(r), apiPatience)
	switch {
	case errors.Is(err, errComputing):
		retryAfter(w, 5*time.Second)
		writeProblem(w, problem{Title: "the report is being worked out", Status: http.StatusServiceUnavailable, Detail: "ask again in a while"})
	case errors.Is(err, errNoReport):
		writeProblem(w, problem{Title: "no such report", Status: http.StatusNotFound, Detail: "see /api/v1/reports"})
	case errors.Is(err, errNoReports):
		writeProblem(w, problem{Title: "this index cannot answer reports", Status: http.StatusNotImplemented})
	case errors.Is(err, research.ErrRequest):
		writeProblem(w, problem{Title: "the request cannot be answered", Status: http.StatusBadRequest, Detail: clean(err.Error())})
	case err != nil:
		s.apiFail(w, r, err)
	default:
		w.Header().Set("Last-Modified", made.Made.UTC().Format(http.TimeFormat))
		s.writeJSON(w, r, rep)
	}
}
