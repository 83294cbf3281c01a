package crawler_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/crawler/snapshot"
	"klank/mention"
)

const (
	killDirEnv  = "KLANK_TEST_KILL_DIR"
	killSiteEnv = "KLANK_TEST_KILL_SITE"
)

// fileHandler notes every page in a file before it returns, as an index does.
type fileHandler struct {
	mu sync.Mutex
	f  *os.File
}

func (h *fileHandler) Handle(_ context.Context, _ *crawler.Source, pages []*mention.Page) ([]crawler.Outcome, []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	outs, errs := make([]crawler.Outcome, len(pages)), make([]error, len(pages))
	for i, p := range pages {
		_, errs[i] = fmt.Fprintf(h.f, "%s %s\n", p.URL, p.SHA256)
		outs[i].Links = linksOf(p)
	}
	return outs, errs
}

// TestMain also is the process that TestKilledCrawlLosesNothing kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDirEnv); dir != "" {
		if err := crawlOnce(context.Background(), dir, os.Getenv(killSiteEnv)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func crawlOnce(ctx context.Context, dir, url string) error {
	f, err := frontier.OpenSQLite(filepath.Join(dir, "frontier.db"))
	if err != nil {
		return err
	}
	defer f.Close()
	store, err := snapshot.Open(filepath.Join(dir, "snapshots"))
	if err != nil {
		return err
	}
	defer store.Close()
	client, err := fetch.New(fetch.Config{Rate: -1, AllowPrivate: true})
	if err != nil {
		return err
	}
	defer client.Close()
	out, err := os.OpenFile(filepath.Join(dir, "handled"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	e, err := crawler.New(crawler.Config{Frontier: f, Fetcher: client, Snapshots: store, Handler: &fileHandler{f: out},
		Generation: "g1", Backoff: time.Millisecond})
	if err != nil {
		return err
	}
	r, err := e.Run(ctx, []*crawler.Source{{Source: mention.Source{Name: "shop"}, Seeds: []string{url + "/"}}})
	if err != nil {
		return err
	}
	if s := r.Sources[0]; s.Status != crawler.StatusDone {
		return fmt.Errorf("status %s: %s", s.Status, s.Reason)
	}
	return nil
}

// handledSet is the set of pages that were handled, with their digests.
func handledSet(t *testing.T, dir string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "handled"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	slices.Sort(lines)
	return slices.Compact(lines)
}

// bigShop has lists, items that link to each other, and one redirect.
func bigShop() map[string]page {
	pages := map[string]page{"/moved": {status: 301, header: map[string]string{"Location": "/item/0"}}}
	for l := range 8 {
		var links []string
		for i := range 10 {
			links = append(links, fmt.Sprintf("item /item/%d", l*10+i), fmt.Sprintf("page /item/%d", (l*10+i+7)%80))
		}
		path := "/"
		if l > 0 {
			path = fmt.Sprintf("/?page=%d", l)
		}
		if l < 7 {
			links = append(links, fmt.Sprintf("next /?page=%d", l+1))
		}
		pages[path] = page{links: append(links, "page /moved"), delay: time.Millisecond}
	}
	for i := range 80 {
		pages[fmt.Sprintf("/item/%d", i)] = page{links: []string{fmt.Sprintf("item /item/%d", (i+1)%80), "page /"}, delay: time.Millisecond}
	}
	return pages
}

// settledPaths are the paths whose body is saved: they may not be asked for
// again in this run.
func settledPaths(t *testing.T, dir, base string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT url FROM urls WHERE state IN (2, 3)")
	if err != nil {
		return nil // killed before there was a table
	}
	defer rows.Close()
	var paths []string
	for rows.Next() {
		var u string
		if err := rows.Scan(&u); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, strings.TrimPrefix(u, base))
	}
	return paths
}

// expire ends all leases as time would.
func expire(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE budgets SET expires = 1"); err != nil {
		t.Fatal(err)
	}
}

func TestKilledCrawlLosesNothing(t *testing.T) {
	s := newSite(t, bigShop())
	undisturbed := t.TempDir()
	if err := crawlOnce(t.Context(), undisturbed, s.URL); err != nil {
		t.Fatal(err)
	}
	want := handledSet(t, undisturbed)
	if len(want) != 88 {
		t.Fatalf("the undisturbed run handled %d pages", len(want))
	}

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	kills := 0
	for finished := false; !finished; {
		if kills > 200 {
			t.Fatal("the crawl does not come to an end")
		}
		saved := settledPaths(t, dir, s.URL)
		s.mu.Lock()
		before := map[string]int{}
		for _, p := range saved {
			before[p] = s.asked[p]
		}
		s.mu.Unlock()
		finished = crawlAndKill(t, s, dir, 1+random.IntN(25), time.Duration(random.IntN(4000))*time.Microsecond)
		if !finished {
			kills++
		}
		s.mu.Lock()
		for p, n := range before {
			if s.asked[p] != n {
				t.Errorf("%s was saved and is fetched again", p)
			}
		}
		s.mu.Unlock()
	}
	t.Logf("killed %d times", kills)
	if kills < 3 {
		t.Errorf("killed only %d times: the test proves little", kills)
	}
	if got := handledSet(t, dir); !slices.Equal(got, want) {
		t.Errorf("handled %d pages, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	f, err := frontier.OpenSQLite(filepath.Join(dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stats, err := f.Stats(t.Context(), "shop")
	if err != nil || stats[0].Done != 89 || stats[0].Left() != 0 || stats[0].Run.Pages != 88 || stats[0].Run.Status != "done" {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

// crawlAndKill runs the crawl in a process of its own and kills it a moment
// after it has made so many requests. It tells whether the crawl ended first.
func crawlAndKill(t *testing.T, s *site, dir string, requests int, moment time.Duration) (finished bool) {
	t.Helper()
	count := func() (n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.order)
	}
	start := count()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDirEnv+"="+dir, killSiteEnv+"="+s.URL)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(30 * time.Second)
	for count()-start < requests {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("the crawl failed: %v\n%s", err, out.String())
			}
			return true
		case <-deadline:
			_ = cmd.Process.Kill()
			<-ended
			t.Fatalf("the crawl hangs\n%s", out.String())
		case <-time.After(500 * time.Microsecond):
		}
	}
	time.Sleep(moment)
	_ = cmd.Process.Kill()
	return <-ended == nil || runEnded(t, dir)
}

// runEnded tells whether the run was over when the process was killed: then
// the next one would be another run.
func runEnded(t *testing.T, dir string) bool {
	t.Helper()
	f, err := frontier.OpenSQLite(filepath.Join(dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stats, err := f.Stats(t.Context(), "shop")
	return err == nil && len(stats) == 1 && !stats[0].Run.Ended.IsZero()
}
