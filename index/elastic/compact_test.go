package elastic_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"klank/index/query"
)

// TestWhatIsDeletedLeavesTheDisk edits and deletes, and asks Lucene after the
// compaction whether it still keeps anything of it.
func TestWhatIsDeletedLeavesTheDisk(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	ix := open(t, cfg)
	ms := numbered(0, 200)
	for range 2 { // with revisions
		for i := range ms {
			ms[i].Text += " anders"
		}
		if _, err := ix.Put(t.Context(), ms); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := ix.Delete(t.Context(), &query.Term{Field: "id", Value: "m0007"}); n != 1 || err != nil {
		t.Fatalf("deleted %d, %v", n, err)
	}
	deleted := func() (n int, in string) {
		res, err := http.Get(cfg.URLs[0] + "/" + cfg.Prefix + "-*/_segments")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var a struct {
			Indices map[string]struct {
				Shards map[string][]struct {
					Segments map[string]struct {
						Deleted int `json:"deleted_docs"`
					} `json:"segments"`
				} `json:"shards"`
			} `json:"indices"`
		}
		if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		for name, i := range a.Indices {
			for _, copies := range i.Shards {
				for _, c := range copies {
					for _, s := range c.Segments {
						if n += s.Deleted; s.Deleted > 0 {
							in += " " + strings.TrimPrefix(name, cfg.Prefix+"-")
						}
					}
				}
			}
		}
		return n, in
	}
	if n, in := deleted(); n == 0 {
		t.Errorf("nothing is kept of what was deleted, before the compaction:%s", in)
	}
	start := time.Now()
	if err := ix.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("compacted in %s", time.Since(start))
	if n, in := deleted(); n > 0 {
		t.Errorf("%d deleted documents are kept, in%s", n, in)
	}
	if n := total(t, ix, nil); n != 199 {
		t.Errorf("%d mentions are left", n)
	}
}
