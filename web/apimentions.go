package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"klank/index"
	"klank/mention"
)

// apiSearchResult answers /api/v1/search.
type apiSearchResult struct {
	Total int               `json:"total"`
	Hits  []mention.Mention `json:"hits"`
	Next  string            `json:"next,omitempty"`
	// Ranked is how many of the total were ranked, where not all were; see
	// index.SearchResult.
	Ranked int                       `json:"ranked,omitempty"`
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

// apiRevisions answers /api/v1/mentions/{id}/revisions, the latest first.
type apiRevisions struct {
	Revisions []mention.Mention `json:"revisions"`
	Next      string            `json:"next,omitempty"`
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
	s.writeJSON(w, r, out)
}

// mentionOf reads a mention; nil after a problem was written.
func (s *Server) mentionOf(w http.ResponseWriter, r *http.Request, revision int) *mention.Mention {
	getter, ok := s.cfg.Index.(index.Getter)
	if !ok {
		writeProblem(w, problem{Title: "this index cannot give single mentions", Status: http.StatusNotImplemented})
		return nil
	}
	m, err := getter.Get(r.Context(), r.PathValue("id"), revision)
	if err != nil {
		s.apiFail(w, r, err)
		return nil
	}
	return m
}

func (s *Server) apiMention(w http.ResponseWriter, r *http.Request) {
	in := params{values: r.URL.Query()}
	revision := in.number("revision", 0, 1, math.MaxInt32)
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	if m := s.mentionOf(w, r, revision); m != nil {
		s.writeJSON(w, r, m)
	}
}

func (s *Server) apiRevisions(w http.ResponseWriter, r *http.Request) {
	in := params{values: r.URL.Query()}
	limit := in.number("limit", 20, 1, 100)
	from := in.number("after", 0, 1, math.MaxInt32)
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	latest := s.mentionOf(w, r, 0)
	if latest == nil {
		return
	}
	number := max(latest.Revision, 1)
	if from > 0 {
		number = min(number, from-1)
	}
	out := apiRevisions{Revisions: []mention.Mention{}}
	getter := s.cfg.Index.(index.Getter) // it gave the latest
	for ; number > 0 && len(out.Revisions) < limit; number-- {
		m, err := getter.Get(r.Context(), r.PathValue("id"), number)
		if errors.Is(err, index.ErrNotFound) {
			continue // erased, or from before revisions were kept
		}
		if err != nil {
			s.apiFail(w, r, err)
			return
		}
		out.Revisions = append(out.Revisions, *m)
	}
	if number > 0 {
		out.Next = strconv.Itoa(number + 1)
	}
	s.writeJSON(w, r, out)
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
	s.writeJSON(w, r, apiAggregateResult{Total: agg.Total, Authors: agg.Authors, Rating: meanOf(agg.RatingMean, agg.Rated),
		Sentiment: meanOf(agg.SentimentMean, agg.Scored), Facets: agg.Facets, Histogram: agg.Histogram})
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
