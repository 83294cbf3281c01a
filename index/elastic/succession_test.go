package elastic_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"klank/index"
	"klank/index/elastic"
	"klank/index/query"
	"klank/mention"
)

// shown is one reading of a page of undated reviews by one author, at an hour.
func shown(shop string, hour int, page string, texts ...string) ([]mention.Mention, []index.Sighting) {
	at := time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC)
	g := index.Sighting{Source: shop, Run: fmt.Sprint("run ", hour/10), Page: page, At: at}
	var ms []mention.Mention
	for _, text := range texts {
		m := mention.Mention{Kind: mention.Review, Source: mention.Source{Name: shop, Host: shop}, Author: &mention.Author{Key: "ann"},
			Text: text, Collected: at, Evidence: mention.Evidence{Fetched: at}}
		m.SetID("")
		ms, g.IDs, g.Texts = append(ms, m), append(g.IDs, m.ID), append(g.Texts, m.ID)
	}
	return ms, []index.Sighting{g}
}

// TestAnEditThatWasInterruptedIsFinished stops a PutSeen that finds an edited
// text before each of its requests in turn, as a process that is killed does, and
// lets another one give the same page again: there is one mention with its
// revisions, whether the page that shows the edit was read first or last.
func TestAnEditThatWasInterruptedIsFinished(t *testing.T) {
	t.Parallel()
	const first = "It boils fast and looks good on the counter."
	const edited = "It boils fast and looks good, but the lid leaks."
	cfg := config(t)
	ix := open(t, cfg)
	to, err := url.Parse(cfg.URLs[0])
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int64
	forward := httputil.NewSingleHostReverseProxy(to)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if left.Add(-1) < 0 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	killed := newIndex(t, elastic.Config{URLs: []string{proxy.URL}, Prefix: cfg.Prefix})
	for name, pages := range map[string][]struct {
		hour  int
		page  string
		texts []string
	}{
		"the page that shows it comes last":  {{1, "/1", []string{first}}, {1, "/2", nil}, {10, "/1", nil}, {11, "/2", []string{edited}}},
		"the page that shows it comes first": {{1, "/1", []string{first}}, {1, "/2", []string{}}, {10, "/2", []string{edited}}, {11, "/1", nil}},
		"two pages show it":                  {{1, "/1", []string{first}}, {1, "/2", []string{first}}, {10, "/1", []string{edited}}, {11, "/2", []string{edited}}},
	} {
		finished := false
		for passes := int64(0); !finished; passes++ {
			shop := fmt.Sprintf("shop %d of %s", passes, name)
			last := len(pages) - 1
			for _, p := range pages[:last] {
				// a page that is empty at first was there too
				ms, seen := shown(shop, p.hour, p.page, append(p.texts, "Another one, of other words, that stays on "+p.page)...)
				if _, err := ix.PutSeen(t.Context(), ms, seen); err != nil {
					t.Fatal(err)
				}
			}
			p := pages[last]
			ms, seen := shown(shop, p.hour, p.page, append(p.texts, "Another one, of other words, that stays on "+p.page)...)
			left.Store(passes)
			_, err := killed.PutSeen(t.Context(), ms, seen)
			finished = err == nil
			for range 2 {
				if _, err := ix.PutSeen(t.Context(), ms, seen); err != nil {
					t.Fatalf("%s, after %d requests: %v", name, passes, err)
				}
			}
			got := map[string]int{}
			if err := ix.Scan(t.Context(), &query.Term{Field: "source", Value: shop}, func(m *mention.Mention) error {
				got[m.Text] = m.Revision
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got[edited] != 2 || len(got) != 3 {
				t.Errorf("%s, stopped after %d requests: there are %v", name, passes, got)
			}
			one, _ := shown(shop, 0, "", first)
			two, _ := shown(shop, 0, "", edited)
			if found, err := ix.Resolve(t.Context(), []string{two[0].ID}); err != nil || found[two[0].ID] != one[0].ID {
				t.Errorf("%s, stopped after %d requests: the aliases are %v, %v", name, passes, slices.Collect(maps.Values(found)), err)
			}
			if a, err := ix.Account(t.Context(), shop, ""); err != nil || !a.Balances() {
				t.Errorf("%s, stopped after %d requests: the account is %+v, %v", name, passes, a, err)
			}
		}
	}
}
