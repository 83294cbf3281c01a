package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
