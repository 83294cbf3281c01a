package web

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"klank/index"
	"klank/index/query"
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

func (s *Server) apiRoutes() []route {
	routes := []route{
		{pattern: "GET /api/v1/search", handler: s.apiSearch},
		{pattern: "GET /api/v1/mentions/{id}", handler: s.apiMention},
		{pattern: "GET /api/v1/mentions/{id}/revisions", handler: s.apiRevisions},
		{pattern: "GET /api/v1/mentions/{id}/case", handler: s.apiCase},
		{pattern: "PUT /api/v1/mentions/{id}/case", handler: s.apiSetCase, audit: "queue"},
		{pattern: "GET /api/v1/cases", handler: s.apiCases},
		{pattern: "GET /api/v1/queries", handler: s.apiQueries},
		{pattern: "PUT /api/v1/queries/{name}", handler: s.apiSaveQuery, audit: "saved"},
		{pattern: "DELETE /api/v1/queries/{name}", handler: s.apiDeleteQuery, audit: "saved"},
		{pattern: "GET /api/v1/aggregate", handler: s.apiAggregate},
		{pattern: "GET /api/v1/reports", handler: s.apiReports},
		{pattern: "GET /api/v1/reports/{name}", handler: s.apiReport},
		{pattern: "GET /api/v1/sources", handler: s.apiSources},
		{pattern: "GET /api/v1/runs", handler: s.apiRuns},
		{pattern: "GET /api/v1/coverage", handler: s.apiCoverage},
		{pattern: "GET /api/v1/status", handler: s.apiStatus},
		{pattern: "GET /api/v1/openapi.json", handler: s.apiDescription},
		{pattern: "/api/", handler: s.apiNotFound},
	}
	for i := range routes {
		routes[i].api = true
	}
	return routes
}

func (s *Server) apiDescription(w http.ResponseWriter, r *http.Request) {
	s.sendJSON(w, r, openAPI)
}

func (s *Server) apiNotFound(w http.ResponseWriter, r *http.Request) {
	switch s.otherwise(w, r) {
	case http.StatusNotFound:
		writeProblem(w, problem{Title: "no such address", Status: http.StatusNotFound, Detail: "see /api/v1/openapi.json"})
	case http.StatusMethodNotAllowed:
		writeProblem(w, problem{Title: "not possible this way", Status: http.StatusMethodNotAllowed, Detail: "possible are " + w.Header().Get("Allow")})
	}
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
		s.log.Error("web: the index failed", "route", routeOf(r), "error", err)
		writeProblem(w, problem{Title: "the index failed", Status: http.StatusInternalServerError, Detail: "the log says why"})
	}
}

// writeJSON answers with v.
func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.log.Error("web: an answer could not be written", "error", err)
		writeProblem(w, problem{Title: "the answer could not be written", Status: http.StatusInternalServerError})
		return
	}
	s.sendJSON(w, r, append(body, '\n'))
}

// sendJSON sends a body, unless the client has just that one already (RFC 9110,
// section 13.1.2). The tag is weak: compression changes the bytes.
func (s *Server) sendJSON(w http.ResponseWriter, r *http.Request, body []byte) {
	sum := sha256.Sum256(body)
	tag := `W/"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", tag)
	if safe(r.Method) && matchesTag(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

// matchesTag tells whether If-None-Match names a tag, by the weak comparison of
// RFC 9110, section 8.8.3.2.
func matchesTag(headers []string, tag string) bool {
	for t := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
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

// day checks a day such as 2026-01-31.
func (p *params) day(name string) {
	v := p.values.Get(name)
	if _, err := time.Parse(time.DateOnly, v); err != nil && p.values.Has(name) {
		p.fail(name, fmt.Sprintf("%q is not a day such as 2026-01-31", shorten(v, 40)))
	}
}

// maxQuery bounds a query, in characters.
const maxQuery = 2000

func (p *params) query(s *Server) query.Node {
	if utf8.RuneCountInString(p.values.Get("q")) > maxQuery {
		p.fail("q", fmt.Sprintf("longer than %d characters", maxQuery))
		return nil
	}
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
	if p.values.Has(name) && !slices.Contains(allowed, v) {
		p.fail(name, fmt.Sprintf("%q is not one of %s", shorten(v, 40), strings.Join(allowed, ", ")))
	}
	return v
}

func (p *params) number(name string, standard, least, most int) int {
	if !p.values.Has(name) {
		return standard
	}
	v := p.values.Get(name)
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
	given := 0
	for _, v := range p.values[name] {
		for f := range strings.SplitSeq(v, ",") {
			f = strings.TrimSpace(f)
			if given++; f == "" || slices.Contains(out, f) {
				continue
			}
			if field, ok := query.Lookup(f); !ok || !field.Facet {
				p.fail(name, fmt.Sprintf("%q is not a field that can be counted: %s", shorten(f, 40), strings.Join(countable(), ", ")))
				return nil
			}
			out = append(out, f)
		}
	}
	if given > maxFacets {
		p.fail(name, fmt.Sprintf("%d fields at once, at most %d", given, maxFacets))
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
