package web

import (
	"context"
	"net/url"
	"strings"
	"time"

	"klank/index/query"
)

// ask is the address of the search that shows the mentions behind a number.
func ask(q string) string {
	if q == "" {
		return "/search"
	}
	return "/search?q=" + url.QueryEscape(q)
}

// term spells field:value in the query language.
func term(field, value string) string {
	return (&query.Term{Field: field, Value: value}).String()
}

// join asks for everything that all parts ask for. Parts with an OR at the
// top must be in parentheses already.
func join(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// parse reads a query from a person; nil asks for everything. Errors are
// *query.SyntaxError.
func (s *Server) parse(q string) (query.Node, error) {
	sp, err := s.language(context.Background())
	if err != nil {
		return nil, err
	}
	return sp.language.Parse(q, s.now())
}

// narrow adds field:value to q, which parses as n: behind what the person
// wrote where that means just that, else in the language's own spelling (a
// quote that was left open would swallow the addition).
func (s *Server) narrow(q string, n query.Node, field, value string) string {
	t := &query.Term{Field: field, Value: value}
	both := query.String(query.Simplify(&query.And{Nodes: []query.Node{n, t}}))
	if _, ok := n.(*query.Or); ok {
		q = "(" + q + ")"
	}
	text := join(q, t.String())
	if got, err := s.parse(text); err == nil && query.String(query.Simplify(got)) == both {
		return text
	}
	return both
}

// filter is a field:value that a query demands as a whole, with the query
// that demands it no longer.
type filter struct {
	Field, Value string
	Without      string
}

// filters finds the terms that must hold for every hit of q, which parses as n.
func (s *Server) filters(q string, n query.Node) []filter {
	switch n := query.Simplify(n).(type) {
	case *query.Term:
		return []filter{{Field: n.Field, Value: n.Value}}
	case *query.And:
		var out []filter
		for i, inner := range n.Nodes {
			t, ok := inner.(*query.Term)
			if !ok {
				continue
			}
			rest := make([]query.Node, 0, len(n.Nodes)-1)
			rest = append(append(rest, n.Nodes[:i]...), n.Nodes[i+1:]...)
			out = append(out, filter{Field: t.Field, Value: t.Value,
				Without: s.without(q, t, query.Simplify(&query.And{Nodes: rest}))})
		}
		return out
	}
	return nil
}

// without spells rest, which is q without t: as the person wrote it where
// cutting t out of q means just that, else in the language's own spelling.
func (s *Server) without(q string, t *query.Term, rest query.Node) string {
	if before, after, ok := strings.Cut(" "+q+" ", " "+t.String()+" "); ok {
		cut := join(before, after)
		if n, err := s.parse(cut); err == nil && query.String(query.Simplify(n)) == query.String(rest) {
			return cut
		}
	}
	return query.String(rest)
}

// monthTerm asks for the mentions published in the month of t.
func monthTerm(t time.Time) string { return "published:" + t.UTC().Format("2006-01") }
