package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
)

// trail is the search that a mention was opened from, with its neighbours.
type trail struct {
	Q                string
	Back, Prev, Next string
}

// trailQuery is the parameter of the query of a trail.
const trailQuery = "in"

// trailURL is the address of a mention with the page of the search that it
// stands on.
func trailURL(id, q, sort, after string) string {
	v := url.Values{trailQuery: {q}}
	if sort != index.SortNewest {
		v.Set("sort", sort)
	}
	if after != "" {
		v.Set("after", after)
	}
	return mentionURL(id) + "?" + v.Encode()
}

// trailOf finds the neighbours of a mention on the page of the search that it
// was opened from, nil where it was not, or is there no more. Behind the last
// one stands the first of the next page.
func (s *Server) trailOf(ctx context.Context, r *http.Request, id string) (*trail, error) {
	v := r.URL.Query()
	if !v.Has(trailQuery) {
		return nil, nil
	}
	q, sort, after := strings.TrimSpace(v.Get(trailQuery)), cmp.Or(v.Get("sort"), index.SortNewest), v.Get("after")
	n, err := s.parse(q)
	if err != nil {
		return nil, nil // a query of somebody else's making
	}
	page, err := s.trailPage(ctx, n, sort, after)
	if errors.Is(err, index.ErrRequest) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := slices.Index(page.ids, id)
	if at < 0 || at == pageSize {
		return nil, nil
	}
	t := &trail{Q: q, Back: searchURL(q, sort, after)}
	if at > 0 {
		t.Prev = trailURL(page.ids[at-1], q, sort, after)
	}
	switch {
	case at+1 == pageSize && len(page.ids) > pageSize:
		t.Next = trailURL(page.ids[at+1], q, sort, page.next)
	case at+1 < len(page.ids):
		t.Next = trailURL(page.ids[at+1], q, sort, after)
	}
	return t, nil
}

// trailPage are the mentions of a page of the search, and the first one of the
// next page, which next leads to. It is kept as reports are, so that going from
// one to the next asks the index nothing.
type trailPage struct {
	ids  []string
	next string
}

func (s *Server) trailPage(ctx context.Context, n query.Node, sort, after string) (*trailPage, error) {
	key := fmt.Sprintf("trail %q %q %q", query.String(n), sort, after)
	a, err := s.answers.get(ctx, key, requestTimeout, func(ctx context.Context) (any, int64, error) {
		page := &trailPage{}
		for _, limit := range []int{pageSize, 1} {
			res, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: n, Sort: sort, Limit: limit, After: cmp.Or(page.next, after)})
			if err != nil {
				return nil, 0, err
			}
			for _, h := range res.Hits {
				page.ids = append(page.ids, h.Mention.ID)
			}
			if limit == 1 || res.Next == "" {
				break
			}
			page.next = res.Next
		}
		return page, int64(len(key) + 64*len(page.ids)), nil
	})
	if err != nil {
		return nil, err
	}
	page, _ := a.Value.(*trailPage)
	return page, nil
}
