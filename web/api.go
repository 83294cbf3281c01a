package web

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// openAPI describes the API (OpenAPI 3.1).
//
//go:embed openapi.json
var openAPI []byte

// problem is an error of the API (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Parameter names the parameter that is wrong; Offset is the byte in it
	// where a query stops making sense, and Hint what may help.
	Parameter string `json:"parameter,omitempty"`
	Offset    *int   `json:"offset,omitempty"`
	Hint      string `json:"hint,omitempty"`
}

func (p problem) Error() string { return p.Title + ": " + p.Detail }

// apiSearchResult answers /api/v1/search.
type apiSearchResult struct {
	Total  int                       `json:"total"`
	Hits   []mention.Mention         `json:"hits"`
	Next   string                    `json:"next,omitempty"`
	Ranked int                       `json:"ranked,omitempty"` // see index.SearchResult
	Facets map[string][]index.Bucket `json:"facets,omitempty"`
}

// apiMean is a mean with the number of mentions behind it; no mean without
// any.
type apiMean struct {
	Mean  *float64 `json:"mean,omitempty"`
	Count int      `json:"count"`
}

// apiAggregateResult answers /api/v1/aggregate.
type apiAggregateResult struct {
	Total     int                       `json:"total"`
	Authors   int                       `json:"authors"`
	Rating    apiMean                   `json:"rating"`
	Sentiment apiMean                   `json:"sentiment"`
	Facets    map[string][]index.Bucket `json:"facets,omitempty"`
	Histogram []index.TimeBucket        `json:"histogram,omitempty"`
}

func (s *Server) apiSearch(w http.ResponseWriter, r *http.Request) {
	in := params{values: r.URL.Query()}
	n := in.query(s)
	sort := in.oneOf("sort", index.Sorts)
	limit := in.number("limit", 20, 1, 1000)
	fields := in.facets("facets")
	size := in.number("size", 10, 1, 100)
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	found, err := s.cfg.Index.Search(r.Context(), index.SearchRequest{Query: n, Sort: sort, Limit: limit, After: in.values.Get("after")})
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	out := apiSearchResult{Total: found.Total, Next: found.Next, Ranked: found.Ranked, Hits: make([]mention.Mention, 0, len(found.Hits))}
	for _, h := range found.Hits {
		out.Hits = append(out.Hits, h.Mention)
	}
	if len(fields) > 0 {
		agg, err := s.cfg.Index.Aggregate(r.Context(), index.AggregateRequest{Query: n, Facets: facetsOf(fields, size, nil)})
		if err != nil {
			s.apiFail(w, r, err)
			return
		}
		out.Facets = agg.Facets
	}
	s.writeJSON(w, out)
}

func (s *Server) apiMention(w http.ResponseWriter, r *http.Request) {
	getter, ok := s.cfg.Index.(index.Getter)
	if !ok {
		writeProblem(w, problem{Title: "this index cannot give single mentions", Status: http.StatusNotImplemented})
		return
	}
	revision, err := revisionOf(r)
	if err != nil {
		writeProblem(w, problem{Title: "a parameter is wrong", Status: http.StatusBadRequest, Parameter: "revision", Detail: err.Error()})
		return
	}
	m, err := getter.Get(r.Context(), r.PathValue("id"), revision)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	s.writeJSON(w, m)
}

func (s *Server) apiAggregate(w http.ResponseWriter, r *http.Request) {
	in := params{values: r.URL.Query()}
	req := index.AggregateRequest{Query: in.query(s)}
	size := in.number("size", 10, 1, 1000)
	var sub *index.Facet
	if split := in.facets("split"); len(split) > 0 {
		sub = &index.Facet{Field: split[0], Size: size}
	}
	req.Facets = facetsOf(in.facets("facets"), size, sub)
	if interval := in.oneOf("interval", []string{"day", "week", "month", "year"}); interval != "" {
		req.Histogram = &index.Histogram{Interval: interval, Sub: sub}
	}
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	agg, err := s.cfg.Index.Aggregate(r.Context(), req)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	s.writeJSON(w, apiAggregateResult{Total: agg.Total, Authors: agg.Authors, Rating: meanOf(agg.RatingMean, agg.Rated),
		Sentiment: meanOf(agg.SentimentMean, agg.Scored), Facets: agg.Facets, Histogram: agg.Histogram})
}

func (s *Server) apiDescription(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(openAPI)
}

func (s *Server) apiNotFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, problem{Title: "no such address", Status: http.StatusNotFound, Detail: "see /api/v1/openapi.json"})
}

// apiFail answers for an error of the index.
func (s *Server) apiFail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, index.ErrNotFound):
		writeProblem(w, problem{Title: "no such mention", Status: http.StatusNotFound})
	case errors.Is(err, index.ErrRequest):
		writeProblem(w, problem{Title: "the request cannot be answered", Status: http.StatusBadRequest, Detail: err.Error()})
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
	case errors.Is(err, context.DeadlineExceeded):
		writeProblem(w, problem{Title: "this took too long", Status: http.StatusServiceUnavailable,
			Detail: "ask for less at once, or try again later"})
	default:
		s.log.Error("web: the index failed", "path", r.URL.Path, "error", err)
		writeProblem(w, problem{Title: "the index failed", Status: http.StatusInternalServerError, Detail: "the log says why"})
	}
}

func meanOf(mean float64, n int) apiMean {
	if n == 0 || math.IsNaN(mean) {
		return apiMean{Count: n}
	}
	return apiMean{Mean: &mean, Count: n}
}

func facetsOf(fields []string, size int, sub *index.Facet) []index.Facet {
	var out []index.Facet
	for _, f := range fields {
		out = append(out, index.Facet{Field: f, Size: size, Sub: sub})
	}
	return out
}

func (s *Server) writeJSON(w http.ResponseWriter, v any) {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(v); err != nil {
		s.log.Error("web: an answer could not be written", "error", err)
		writeProblem(w, problem{Title: "the answer could not be written", Status: http.StatusInternalServerError})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Write(buf.Bytes())
}

func writeProblem(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // of strings and numbers: cannot fail but by the connection
}

// params reads the parameters of a request and keeps the first that is wrong.
type params struct {
	values url.Values
	wrong  *problem
}

func (p *params) fail(name, detail string) {
	if p.wrong == nil {
		p.wrong = &problem{Title: "a parameter is wrong", Status: http.StatusBadRequest, Parameter: name, Detail: detail}
	}
}

func (p *params) query(s *Server) query.Node {
	n, err := s.parse(p.values.Get("q"))
	var syntax *query.SyntaxError
	if errors.As(err, &syntax) && p.wrong == nil {
		p.wrong = &problem{Title: "the query cannot be read", Status: http.StatusBadRequest, Parameter: "q",
			Detail: syntax.Msg, Offset: &syntax.Offset, Hint: syntax.Hint}
	} else if err != nil {
		p.fail("q", err.Error())
	}
	return n
}

func (p *params) oneOf(name string, allowed []string) string {
	v := p.values.Get(name)
	if v != "" && !slices.Contains(allowed, v) {
		p.fail(name, fmt.Sprintf("%q is not one of %s", shorten(v, 40), strings.Join(allowed, ", ")))
	}
	return v
}

func (p *params) number(name string, standard, least, most int) int {
	v := p.values.Get(name)
	if v == "" {
		return standard
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		p.fail(name, fmt.Sprintf("%q is not a number from %d to %d", shorten(v, 40), least, most))
		return standard
	}
	return n
}

// maxFacets bounds the fields of one request.
const maxFacets = 12

// facets reads field names, separated by commas or in repeated parameters.
func (p *params) facets(name string) []string {
	var out []string
	for _, v := range p.values[name] {
		for f := range strings.SplitSeq(v, ",") {
			f = strings.TrimSpace(f)
			if f == "" || slices.Contains(out, f) {
				continue
			}
			if field, ok := query.Lookup(f); !ok || !field.Facet {
				p.fail(name, fmt.Sprintf("%q is not a field that can be counted: %s", shorten(f, 40), strings.Join(countable(), ", ")))
				return nil
			}
			out = append(out, f)
		}
	}
	if len(out) > maxFacets {
		p.fail(name, fmt.Sprintf("%d fields at once, at most %d", len(out), maxFacets))
		return nil
	}
	return out
}

func countable() []string {
	var out []string
	for _, f := range query.Fields {
		if f.Facet {
			out = append(out, f.Name)
		}
	}
	return out
}
