package sqlite

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The ids of mentions that are not ranked come after those that are, and pages
// join across the border.
func TestOnlyTheLatestMatchesAreRankedAndThatIsSaid(t *testing.T) {
	ix, err := Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	ix.rankedMost = 3
	for i := range 7 {
		m := mention.Mention{ID: fmt.Sprint("m", i), Text: strings.Repeat("laat ", i+1) + "en niets anders, wat er ook gebeurt"}
		if _, err := ix.Put(t.Context(), []mention.Mention{m}); err != nil {
			t.Fatal(err)
		}
	}
	r := index.SearchRequest{Query: &query.Text{Words: []string{"laat"}}, Sort: index.SortRelevance, Limit: 2}
	var got []string
	for {
		res, err := ix.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if res.Ranked != 3 || res.Total != 7 {
			t.Errorf("%d ranked of %d, want 3 of 7", res.Ranked, res.Total)
		}
		for _, h := range res.Hits {
			got = append(got, h.Mention.ID)
		}
		if r.After = res.Next; r.After == "" {
			break
		}
	}
	if want := []string{"m6", "m5", "m4", "m0", "m1", "m2", "m3"}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
	ix.rankedMost = 8
	if res, err := ix.Search(t.Context(), r); err != nil || res.Ranked != 0 {
		t.Errorf("all are ranked: %v, %v", res, err)
	}
}

// The newest are looked for among the last published first; few matches among
// many mentions, and those without a date, are found by sorting all.
func TestTheNewestAreFoundHoweverFewTheyAre(t *testing.T) {
	ix := mustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	var ms []mention.Mention
	for i := range newestTried + 200 {
		m := mention.Mention{ID: fmt.Sprintf("m%05d", i), Published: time.Date(2026, 1, 1, 0, 0, i/3, 0, time.UTC), Brands: []string{"many"}}
		if i%100 == 0 { // among the oldest
			m.Brands = []string{"few"}
			m.Published = time.Date(2020, 1, 1, 0, 0, i/200, 0, time.UTC)
		}
		if i%1000 == 500 {
			m.Published = time.Time{}
		}
		ms = append(ms, m)
	}
	for part := range slices.Chunk(ms, 2000) {
		mustPut(t, ix, part)
	}
	slices.SortFunc(ms, func(a, b mention.Mention) int {
		return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(a.ID, b.ID)) // the zero time last
	})
	for _, brand := range []string{"many", "few"} {
		var want, got []string
		for _, m := range ms {
			if m.Brands[0] == brand {
				want = append(want, m.ID)
			}
		}
		r := index.SearchRequest{Query: &query.Term{Field: "brand", Value: brand}, Limit: 7}
		if brand == "many" {
			r.Limit = 1000
		}
		for first := true; first || r.After != ""; first = false {
			res, err := ix.Search(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range res.Hits {
				got = append(got, h.Mention.ID)
			}
			r.After = res.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d are found, %d wanted, or in another order", brand, len(got), len(want))
		}
	}
}
