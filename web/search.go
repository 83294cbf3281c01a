package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// pageSize is how many hits a page of the search shows.
const pageSize = 20

// hit is a mention as lists show it.
type hit struct {
	mention.Mention
	TitlePieces, TextPieces []piece
	Label                   string // of its sentiment; empty without analysis
	Link                    string
}

func hits(found []index.Hit) []hit {
	out := make([]hit, 0, len(found))
	for _, f := range found {
		h := hit{Mention: f.Mention, Link: mentionURL(f.Mention.ID)}
		h.TitlePieces = snippet(f.Mention.Title, "title", f.Highlights)
		h.TextPieces = snippet(f.Mention.Text, "text", f.Highlights)
		if a := f.Mention.Analysis; a != nil {
			h.Label = a.Sentiment.Label
		}
		out = append(out, h)
	}
	return out
}

func mentionURL(id string) string { return "/mention/" + url.PathEscape(id) }

// searchPage is the search: a query, what it found, and where to go next.
type searchPage struct {
	Q, Sort  string
	Sorts    []string
	Error    *queryError
	Total    int
	Ranked   int // by relevance, where not all are; see index.SearchResult
	Hits     []hit
	Active   []activeFilter
	Facets   []facetList
	NextURL  string
	FirstURL string // set behind the first page
	SelfURL  string
	Exports  []exportLink
	Saved    []savedRow
	// Counting tells that the facets are not counted yet, Counted since when they
	// stand where the index has changed since.
	Counting bool
	Counted  time.Time
	// Act tells that queries can be saved.
	Act      bool
	Fields   []helpField
	Examples []string
}

// queryError points at the character where a query stops making sense.
type queryError struct {
	Before, At, After string
	Msg, Hint         string
}

// activeFilter is a field:value of the query with the search without it.
type activeFilter struct {
	Field, Value, URL string
}

type facetList struct {
	Field  string
	Values []facetValue
	// Active lists open on small screens too.
	Active bool
}

type facetValue struct {
	Value  string
	Count  int
	URL    string
	Active bool
}

// helpField is a line of the help with the query language.
type helpField struct {
	Name   string
	Values []string
	Help   string // from the field list, where the interface has no words for it
}

// facetFields are the facets beside the hits, in their order.
var facetFields = []string{"sentiment", "brand", "source", "kind", "language", "moment", "touchpoint", "signal"}

func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	in := r.URL.Query()
	p := searchPage{Q: strings.TrimSpace(in.Get("q")), Sort: in.Get("sort"), Sorts: index.Sorts,
		Examples: []string{`(levering OR delivery) sentiment:negative`, `"klantenservice" rating:<3`, `moment:smot signal:needs_response`}}
	if !slices.Contains(index.Sorts, p.Sort) {
		p.Sort = index.SortNewest
	}
	for _, f := range query.Fields {
		p.Fields = append(p.Fields, helpField{Name: f.Name, Values: f.Values, Help: f.Help})
	}
	title := s.viewOf(w, r).t("search.title")
	if p.Q != "" {
		title = clean(shorten(p.Q, 60)) + " · " + title
	}
	n, err := s.parse(p.Q)
	if err != nil {
		p.Error = newQueryError(p.Q, err)
		s.render(w, r, http.StatusBadRequest, "search", "", p, title)
		return
	}
	err = s.fillSearch(r.Context(), &p, n, in.Get("after"))
	if errors.Is(err, index.ErrRequest) && in.Has("after") {
		// The page belongs to another query, such as one of yesterday.
		http.Redirect(w, r, searchURL(p.Q, p.Sort, ""), http.StatusSeeOther)
		return
	}
	if err == nil {
		err = s.fillDesk(r, &p, in.Get("after"))
	}
	if err != nil {
		s.failWith(w, r, "the search could not be answered", err)
		return
	}
	s.render(w, r, http.StatusOK, "search", "", p, title)
}

func newQueryError(q string, err error) *queryError {
	var syntax *query.SyntaxError
	if !errors.As(err, &syntax) {
		return &queryError{Before: clean(q), Msg: clean(err.Error())}
	}
	start := runeStart(q, syntax.Offset)
	_, size := utf8.DecodeRuneInString(q[start:])
	end := start + size
	e := &queryError{Before: clean(q[:start]), At: clean(q[start:end]), After: clean(q[end:]),
		Msg: clean(syntax.Msg), Hint: clean(syntax.Hint)}
	// A window of the query is enough to see the place.
	if len(e.Before) > 120 {
		e.Before = "…" + e.Before[runeStart(e.Before, len(e.Before)-120):]
	}
	if len(e.After) > 120 {
		e.After = e.After[:runeStart(e.After, 120)] + "…"
	}
	return e
}

func (s *Server) fillSearch(ctx context.Context, p *searchPage, n query.Node, after string) error {
	found, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: n, Sort: p.Sort, Limit: pageSize, After: after, Highlight: true})
	if err != nil {
		return err
	}
	values, err := s.facetCounts(ctx, p, n)
	if err != nil {
		return err
	}
	p.Total, p.Ranked, p.Hits = found.Total, found.Ranked, hits(found.Hits)
	active := s.filters(p.Q, n)
	for _, f := range active {
		p.Active = append(p.Active, activeFilter{Field: f.Field, Value: f.Value, URL: searchURL(f.Without, p.Sort, "")})
	}
	for _, field := range facetFields {
		list := facetList{Field: field}
		for _, b := range values[field] {
			v := facetValue{Value: b.Value, Count: b.Count, URL: searchURL(s.narrow(p.Q, n, field, b.Value), p.Sort, "")}
			for _, f := range active {
				if f.Field == field && strings.EqualFold(f.Value, b.Value) {
					v.Active, v.URL = true, searchURL(f.Without, p.Sort, "")
					list.Active = true
				}
			}
			list.Values = append(list.Values, v)
		}
		if len(list.Values) > 0 {
			p.Facets = append(p.Facets, list)
		}
	}
	if found.Next != "" {
		p.NextURL = searchURL(p.Q, p.Sort, found.Next)
	}
	if after != "" {
		p.FirstURL = searchURL(p.Q, p.Sort, "")
	}
	return nil
}

// facetCounts counts the facets of a query. They are kept as reports are, for
// they cost more than the hits: where they are not ready in time, p.Counting is
// set and there are none.
func (s *Server) facetCounts(ctx context.Context, p *searchPage, n query.Node) (map[string][]index.Bucket, error) {
	key := "facets " + query.String(n)
	have, err := s.answers.get(ctx, key, s.patience, func(ctx context.Context) (any, int64, error) {
		var facets []index.Facet
		for _, f := range facetFields {
			facets = append(facets, index.Facet{Field: f, Size: 8})
		}
		agg, err := s.cfg.Index.Aggregate(ctx, index.AggregateRequest{Query: n, Facets: facets})
		if err != nil {
			return nil, 0, err
		}
		return agg.Facets, facetBytes + int64(len(key)), nil
	})
	if errors.Is(err, errComputing) {
		p.Counting = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if have.Old {
		p.Counted = have.Made
	}
	values, _ := have.Value.(map[string][]index.Bucket)
	return values, nil
}

// facetBytes is what the facets of a search take in memory at most: eight
// values of eight fields.
const facetBytes = 16 << 10

// searchURL is the address of a page of the search.
func searchURL(q, sort, after string) string {
	v := url.Values{}
	if q != "" {
		v.Set("q", q)
	}
	if sort != "" && sort != index.SortNewest {
		v.Set("sort", sort)
	}
	if after != "" {
		v.Set("after", after)
	}
	if len(v) == 0 {
		return "/search"
	}
	return "/search?" + v.Encode()
}
