package elastic_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/index"
	"klank/index/elastic"
	"klank/index/query"
	"klank/mention"
)

func total(t *testing.T, ix *elastic.Index, q query.Node) int {
	t.Helper()
	res, err := ix.Search(t.Context(), index.SearchRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	return res.Total
}

func TestSetupIsDoneOnceAndOthersFindIt(t *testing.T) {
	cfg := config(t)
	notYet := newIndex(t, cfg)
	if _, err := notYet.Put(t.Context(), numbered(0, 1)); err == nil || !strings.Contains(err.Error(), "klank index setup") {
		t.Errorf("Put before setup: %v", err)
	}
	var wg sync.WaitGroup
	generations := make([]string, 3)
	for i := range generations {
		wg.Go(func() {
			ix, err := elastic.Open(context.Background(), cfg)
			if err != nil {
				t.Error(err)
				return
			}
			defer ix.Close()
			generations[i] = ix.Generation()
		})
	}
	wg.Wait()
	if generations[0] == "" || generations[0] != generations[1] || generations[0] != generations[2] {
		t.Errorf("the same index is of generations %v", generations)
	}
	if made, err := notYet.Setup(t.Context()); err != nil || len(made) != 0 {
		t.Errorf("set up again: %v, %v", made, err)
	}
}

func TestAnotherLayoutAsksForAReindexOrAnotherKlank(t *testing.T) {
	cfg := config(t)
	ix := open(t, cfg)
	if _, err := ix.Put(t.Context(), numbered(0, 3)); err != nil {
		t.Fatal(err)
	}
	generation := ix.Generation()
	layout := func(n int) {
		t.Helper()
		b := strings.NewReader(fmt.Sprintf(`{"_meta": {"layout": %d, "generation": %q}}`, n, generation))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, cfg.URLs[0]+"/"+cfg.Prefix+"-mentions/_mapping", b)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res, err)
		}
		res.Body.Close()
	}
	layout(99)
	if _, err := elastic.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "use the klank that made it") {
		t.Errorf("a newer layout: %v", err)
	}
	layout(-1)
	if _, err := elastic.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "klank index reindex") {
		t.Errorf("an older layout: %v", err)
	}
	if name, n, err := ix.Reindex(t.Context()); err != nil || n != 3 || name != cfg.Prefix+"-mentions-000002" {
		t.Fatalf("reindex: %s with %d mentions, %v", name, n, err)
	}
	if again := open(t, cfg); again.Generation() != generation {
		t.Errorf("after a reindex the generation is %s, not %s", again.Generation(), generation)
	}
}

// TestReindexLosesNothingWhileOthersWriteAndRead puts, edits, deletes and
// searches all the while, and asks that nothing of it is lost or comes back.
func TestReindexLosesNothingWhileOthersWriteAndRead(t *testing.T) {
	cfg := config(t)
	ix, other := open(t, cfg), open(t, cfg)
	const n = 1500
	if _, err := ix.Put(t.Context(), numbered(0, n)); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	puts, deleted := 0, map[string]bool{}
	each := func(fn func(i int) error) {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := fn(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	each(func(i int) error {
		edited := numbered(i%200, i%200+1)[0]
		edited.Text = fmt.Sprint("herzien ", i)
		_, err := other.Put(context.Background(), []mention.Mention{numbered(n+i, n+i+1)[0], edited})
		puts++
		return err
	})
	each(func(int) error {
		res, err := ix.Search(context.Background(), index.SearchRequest{Query: &query.Range{Field: "stars"}})
		if err == nil && res.Total != 0 {
			err = fmt.Errorf("%d mentions have stars", res.Total)
		}
		time.Sleep(10 * time.Millisecond)
		return err
	})
	for i := range 3 {
		id := fmt.Sprintf("m%04d", 500+i)
		if _, err := other.Delete(t.Context(), &query.Term{Field: "id", Value: id}); err != nil {
			t.Fatal(err)
		}
		deleted[id] = true
	}
	for range 2 {
		if _, _, err := ix.Reindex(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	if got := total(t, other, nil); got != n+puts-len(deleted) {
		t.Errorf("%d mentions are left of %d, with %d new ones and %d deleted", got, n, puts, len(deleted))
	}
	for i := max(0, puts-5); i < puts; i++ {
		m, err := ix.Get(t.Context(), fmt.Sprintf("m%04d", i%200), 0)
		if err != nil || !strings.HasPrefix(m.Text, "herzien") || m.Revision < 2 {
			t.Errorf("the edit %d is stored as %+v, %v", i, m, err)
		}
	}
	t.Logf("%d puts meanwhile", puts)
}

func TestWhatTheMappingRefusesIsADeadLetterAndTheAccountBalances(t *testing.T) {
	cfg := config(t)
	ix := open(t, cfg)
	ms := numbered(0, 4)
	ms[1].ID = strings.Repeat("x", 600) // longer than an _id may be
	seen := []index.Sighting{{Source: "shop", Run: "r1", Page: "p", At: time.Now(), IDs: []string{ms[0].ID, ms[1].ID, ms[3].ID}},
		{Source: "forum", Run: "r2", Page: "p", At: time.Now(), IDs: []string{ms[0].ID}}}
	changes, err := ix.PutSeen(t.Context(), ms, seen)
	if err != nil || changes[0] != index.New || changes[1] != index.Refused || changes[3] != index.New {
		t.Fatalf("%v, %v", changes, err)
	}
	letters, err := ix.DeadLetters(t.Context(), 10)
	if err != nil || len(letters) == 0 || letters[len(letters)-1].ID != ms[1].ID || !strings.Contains(letters[len(letters)-1].Reason, "too long") {
		t.Errorf("dead letters %+v, %v", letters, err)
	}
	for of, want := range map[[2]string][3]int{{"", ""}: {3, 2, 1}, {"shop", "r1"}: {3, 2, 1}, {"forum", ""}: {1, 1, 0}, {"shop", "r2"}: {}} {
		a, err := ix.Account(t.Context(), of[0], of[1])
		if err != nil || [3]int{a.In, a.Indexed, a.Dead} != want || !a.Balances() {
			t.Errorf("account of %v is %+v, %v", of, a, err)
		}
	}
	// what is gone behind klank's back is missed
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, cfg.URLs[0]+"/"+cfg.Prefix+"-mentions-write/_doc/"+ms[3].ID, nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if a, err := ix.Account(t.Context(), "shop", "r1"); err != nil || a.Balances() || len(a.Missing) != 1 || a.Missing[0] != ms[3].ID {
		t.Errorf("with one gone the account is %+v, %v", a, err)
	}
	// and what klank deletes is not
	if _, err := ix.Delete(t.Context(), &query.Term{Field: "id", Value: ms[0].ID}); err != nil {
		t.Fatal(err)
	}
	if a, err := ix.Account(t.Context(), "forum", ""); err != nil || !a.Balances() || a.In != 0 {
		t.Errorf("after a deletion the account is %+v, %v", a, err)
	}
}

func TestPagesByRelevanceAreOfOneMoment(t *testing.T) {
	ix := open(t, config(t))
	if _, err := ix.Put(t.Context(), numbered(0, 30)); err != nil {
		t.Fatal(err)
	}
	req := index.SearchRequest{Query: &query.Text{Words: []string{"tekst"}}, Sort: index.SortRelevance, Limit: 7}
	seen := map[string]bool{}
	for page := 0; ; page++ {
		res, err := ix.Search(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Hits {
			if seen[h.Mention.ID] {
				t.Errorf("%s comes twice", h.Mention.ID)
			}
			seen[h.Mention.ID] = true
		}
		if req.After = res.Next; res.Next == "" {
			break
		}
		if _, err := ix.Put(t.Context(), numbered(100+page*10, 105+page*10)); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 30 {
		t.Errorf("the pages give %d mentions, not 30", len(seen))
	}
}

func TestRunsAndCoverageStandInIndicesByMonth(t *testing.T) {
	cfg := config(t)
	ix := open(t, cfg)
	for id, month := range map[string]time.Month{"a": time.March, "b": time.March, "c": time.April} {
		r := mention.Run{ID: id, Source: "shop", Started: time.Date(2026, month, 3, 0, 0, 0, 0, time.UTC)}
		if err := ix.PutRun(t.Context(), r, []mention.Coverage{{Item: "Kettle", Collected: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	res, err := http.Get(cfg.URLs[0] + "/_cat/indices/" + cfg.Prefix + "-runs-*," + cfg.Prefix + "-coverage-*?h=index&s=index")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	want := []string{cfg.Prefix + time.Now().UTC().Format("-coverage-2006.01"), cfg.Prefix + "-runs-2026.03", cfg.Prefix + "-runs-2026.04"}
	if got := strings.Fields(string(b)); err != nil || !slices.Equal(got, want) {
		t.Errorf("there are %v, %v; want %v", got, err, want)
	}
}
