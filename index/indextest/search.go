package indextest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

func testSorts(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	for _, c := range []struct{ sort, ids string }{
		{"", "m06 m04 m05 m03 m02 m01 m08 m07"},
		{index.SortNewest, "m06 m04 m05 m03 m02 m01 m08 m07"},
		{index.SortOldest, "m08 m01 m02 m03 m04 m05 m06 m07"},
		{index.SortRating, "m01 m08 m03 m02 m04 m05 m06 m07"},
		{index.SortSentiment, "m01 m05 m04 m03 m08 m06 m02 m07"},
	} {
		res := search(t, ix, index.SearchRequest{Sort: c.sort})
		if got := strings.Join(ids(res), " "); got != c.ids {
			t.Errorf("sort %q\n gives %s\n   not %s", c.sort, got, c.ids)
		}
	}
}

// testPaging reads page by page while mentions come in before, among and
// after what was read, and asks that all that was there from the start comes
// exactly once, in order.
func testPaging(t *testing.T, ix index.Index) {
	const n = 60
	base := date("2026-01-01T00:00:00Z")
	numbered := func(prefix string, i int) mention.Mention {
		m := mention.Mention{ID: fmt.Sprintf("%s%03d", prefix, i), Kind: mention.Post, Text: "wachttijd", Published: base.Add(time.Duration(i/7) * time.Hour)}
		if i%3 > 0 {
			m.Rating = stars(float64(1 + i%5))
		}
		if i%4 > 0 {
			m.Analysis = labels(float64(i%9)/10, mention.Positive, nil)
		}
		if i%11 == 0 {
			m.Published = time.Time{}
		}
		return m
	}
	for i := range n {
		put(t, ix, numbered("p", i))
	}
	later := 0
	for _, sort := range []string{index.SortNewest, index.SortOldest, index.SortRating, index.SortSentiment} {
		req := index.SearchRequest{Query: parse(t, "wachttijd kind:post -has:reply"), Sort: sort, Limit: index.MaxLimit}
		var want []string
		for _, id := range ids(search(t, ix, req)) {
			if id[0] == 'p' {
				want = append(want, id)
			}
		}
		req.Limit = 7
		var got []string
		pages := 0
		for {
			res := search(t, ix, req)
			for _, id := range ids(res) {
				if id[0] == 'p' {
					got = append(got, id)
				}
			}
			if pages++; pages > 100 {
				t.Fatalf("sort %s: the pages never end", sort)
			}
			if req.After = res.Next; res.Next == "" {
				break
			}
			put(t, ix, numbered("a", later), numbered("z", later))
			later++
		}
		if !slices.Equal(got, want) || len(want) != n {
			t.Errorf("sort %s: the pages give\n%v\nnot\n%v", sort, got, want)
		}
	}
}

func testRequests(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	first := search(t, ix, index.SearchRequest{Limit: 2})
	for _, r := range []index.SearchRequest{
		{Sort: "best"},
		{Limit: -1},
		{Limit: index.MaxLimit + 1},
		{After: "x"},
		{After: "bm9wZQ"},
		{After: first.Next, Sort: index.SortOldest},
		{After: first.Next, Query: parse(t, "late")},
		{Query: &query.Term{Field: "id) OR (1", Value: "1"}},
		{Query: &query.Term{Field: "rating", Value: "1"}},
		{Query: &query.Range{Field: "brand", Min: ptr(1.0)}},
	} {
		if _, err := ix.Search(t.Context(), r); !errors.Is(err, index.ErrRequest) {
			t.Errorf("Search(%+v): %v is not a refusal", r, err)
		}
	}
	for _, r := range []index.AggregateRequest{
		{Facets: []index.Facet{{Field: "nope"}}},
		{Facets: []index.Facet{{Field: "url"}}},
		{Facets: []index.Facet{{Field: "score"}}},
		{Facets: []index.Facet{{Field: "brand", Size: -1}}},
		{Facets: []index.Facet{{Field: "brand"}, {Field: "brand"}}},
		{Facets: []index.Facet{{Field: "brand", Sub: &index.Facet{Field: "kind; --"}}}},
		{Histogram: &index.Histogram{Interval: "hour"}},
		{Histogram: &index.Histogram{Interval: "day", Sub: &index.Facet{Field: ""}}},
	} {
		if _, err := ix.Aggregate(t.Context(), r); !errors.Is(err, index.ErrRequest) {
			t.Errorf("Aggregate(%+v): %v is not a refusal", r, err)
		}
	}
}

func testHighlights(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	for _, c := range []struct{ query, id, want string }{
		{"leveringen", "m01", "title[Levering] text[levering]"},
		{`"te laat"`, "m01", "title[te laat]"},
		{`"te laat" traag -belgium`, "m01", "title[te laat] text[traag]"},
		{"lev*", "m01", "title[Levering] text[levering]"},
		{"foto's", "m03", "text[foto’s]"},
		{"cafe\u0301", "m03", "text[café]"},
		{"e-mail", "m01", "text[e-mail]"},
		{"deliveries OR delivers", "m02", "text[delivery]"},
		{"(pünktlich OR late) NOT die", "m06", ""},
		{"(pünktlich OR late) kind:comment", "m06", "text[pünktlich] text[LATE]"},
		{`"te laat" OR laat`, "m08", "title[Laat] text[Te laat]"},
		{"kind:review", "m01", ""},
		{"👍", "m07", "text[👍]"},
		{"levring~", "m01", "title[Levering] text[levering]"},
		{`"te laat" NEAR/1 nee`, "m08", "text[Te laat] text[Nee]"},
	} {
		res := search(t, ix, index.SearchRequest{Query: parse(t, c.query), Highlight: true, Limit: 100})
		got := ""
		for _, h := range res.Hits {
			if h.Mention.ID != c.id {
				continue
			}
			for _, s := range h.Highlights {
				from := map[string]string{"title": h.Mention.Title, "text": h.Mention.Text}[s.In]
				got += fmt.Sprintf(" %s[%s]", s.In, from[s.Start:s.End])
			}
		}
		if got = strings.TrimPrefix(got, " "); got != c.want {
			t.Errorf("%s in %s: highlights %s, not %s", c.query, c.id, got, c.want)
		}
	}
	for _, h := range search(t, ix, index.SearchRequest{Query: parse(t, "levering")}).Hits {
		if h.Highlights != nil {
			t.Errorf("highlights that were not asked for: %v", h.Highlights)
		}
	}
}
