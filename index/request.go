package index

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"klank/index/query"
)

// ErrRequest is wrapped by the errors of requests that no back-end can
// answer: an unknown sort, field or interval, a limit out of bounds, a cursor
// of another question.
var ErrRequest = errors.New("index: bad request")

// The bounds of requests.
const (
	MaxLimit     = 1000
	MaxFacets    = 50
	MaxFacetSize = 10000
)

// Normal returns r with its defaults filled in and its query simplified, or
// an error that wraps ErrRequest. Back-ends start with it.
func (r SearchRequest) Normal() (SearchRequest, error) {
	if r.Sort == "" {
		r.Sort = SortNewest
	}
	if !slices.Contains(Sorts, r.Sort) {
		return r, fmt.Errorf("%w: unknown sort %q, it is one of %s", ErrRequest, r.Sort, strings.Join(Sorts, ", "))
	}
	if r.Limit == 0 {
		r.Limit = 20
	}
	if r.Limit < 1 || r.Limit > MaxLimit {
		return r, fmt.Errorf("%w: limit %d is not in 1..%d", ErrRequest, r.Limit, MaxLimit)
	}
	r.Query = query.Simplify(r.Query)
	return r, nil
}

// intervals are those of Histogram.
var intervals = []string{"day", "week", "month", "year"}

// Normal returns r with its defaults filled in and its query simplified, or
// an error that wraps ErrRequest. Back-ends start with it.
func (r AggregateRequest) Normal() (AggregateRequest, error) {
	if len(r.Facets) > MaxFacets {
		return r, fmt.Errorf("%w: more than %d facets", ErrRequest, MaxFacets)
	}
	facets := make([]Facet, len(r.Facets))
	for i, f := range r.Facets {
		n, err := f.normal(2)
		if err != nil {
			return r, err
		}
		if slices.ContainsFunc(facets[:i], func(o Facet) bool { return o.Field == f.Field }) {
			return r, fmt.Errorf("%w: facet %s is asked for twice", ErrRequest, f.Field)
		}
		facets[i] = *n
	}
	r.Facets = facets
	if r.Histogram != nil {
		h := *r.Histogram
		if !slices.Contains(intervals, h.Interval) {
			return r, fmt.Errorf("%w: unknown interval %q, it is one of %s", ErrRequest, h.Interval, strings.Join(intervals, ", "))
		}
		if h.Sub != nil {
			n, err := h.Sub.normal(1)
			if err != nil {
				return r, err
			}
			h.Sub = n
		}
		r.Histogram = &h
	}
	r.Query = query.Simplify(r.Query)
	return r, nil
}

// normal checks a facet and the subs below it, of which it may have depth-1.
func (f Facet) normal(depth int) (*Facet, error) {
	if depth == 0 {
		return nil, fmt.Errorf("%w: facet %s is nested too deep", ErrRequest, f.Field)
	}
	if d, ok := query.Lookup(f.Field); !ok || !d.Facet {
		return nil, fmt.Errorf("%w: no facet %q", ErrRequest, f.Field)
	}
	if f.Size == 0 {
		f.Size = 10
	}
	if f.Size < 1 || f.Size > MaxFacetSize {
		return nil, fmt.Errorf("%w: facet size %d is not in 1..%d", ErrRequest, f.Size, MaxFacetSize)
	}
	if f.Sub != nil {
		sub, err := f.Sub.normal(depth - 1)
		if err != nil {
			return nil, err
		}
		f.Sub = sub
	}
	return &f, nil
}
