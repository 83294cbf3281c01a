package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"klank/crawler"
	"klank/mention"
)

// liveShop is a shop on loopback whose pages a test writes, and a data folder
// it is crawled into.
type liveShop struct {
	savedShop
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string // by path and query; what is not there is gone
}

// newLiveShop makes a shop of one source that starts at "/". more is put into
// the source's configuration, global beside it.
func newLiveShop(t *testing.T, more, global string) *liveShop {
	s := &liveShop{savedShop: savedShop{t: t, dir: t.TempDir()}, pages: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, ok := s.pages[r.URL.RequestURI()]
		switch {
		case r.URL.Path == "/robots.txt" || !ok:
			http.NotFound(w, r)
		case body == "error":
			http.Error(w, "out of order", http.StatusForbidden)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, "<html lang=en><body>%s</body></html>", body)
		}
	}))
	t.Cleanup(s.Close)
	s.config = filepath.Join(t.TempDir(), "klank.yaml")
	text := fmt.Sprintf("sources:\n  - {name: shop, urls: [%q], selectors: %s%s}\n%s", s.URL+"/", betterRules, more, global)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// shows sets pages: path, body, path, body, … An empty body takes one away.
func (s *liveShop) shows(pages ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range slices.Chunk(pages, 2) {
		if s.pages[p[0]] = p[1]; p[1] == "" {
			delete(s.pages, p[0])
		}
	}
}

// crawl runs the source once and returns the summary.
func (s *liveShop) crawl(status int, args ...string) string {
	s.t.Helper()
	out, _ := s.run(s.t.Context(), status, append([]string{"crawl", "--config", s.config, "--all", "--rate", "0", "--allow-private"}, args...)...)
	return out
}

// gone compares the tombstones with native ids: "r1 r2".
func (s *liveShop) gone(want string) {
	s.t.Helper()
	out, _ := s.run(s.t.Context(), exitDone, "export", "has:removed")
	var got []string
	for _, id := range []string{"r1", "r2", "r3", "r4", "r5", "r6", "q1", "q2"} {
		if strings.Contains(out, `"native_id":"`+id+`"`) {
			got = append(got, id)
		}
	}
	if strings.Join(got, " ") != want {
		s.t.Errorf("removed are %q, want %q", strings.Join(got, " "), want)
	}
}

func links(paths ...string) string {
	var b strings.Builder
	for _, p := range paths {
		fmt.Fprintf(&b, "<a href=%q>more</a>", p)
	}
	return b.String()
}

// next is the link to the next page of a list.
func next(path string) string { return fmt.Sprintf("<a rel=next href=%q>next</a>", path) }

func reviews(ids ...string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(article(id, "A text of review "+id+", which is long enough."))
	}
	return b.String()
}

func TestAVanishedReviewIsRemovedAfterThreeGoodRuns(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.shows("/", links("/p/1", "/p/2"), "/p/1", reviews("r1", "r2", "r3"), "/p/2", reviews("q1", "q2"))
	s.crawl(exitDone)
	s.shows("/p/1", reviews("r1", "r3"))
	s.crawl(exitDone)
	s.crawl(exitDone)
	s.gone("")
	// none of these is a good run
	s.crawl(exitDone, "--max-pages", "1")
	s.shows("/p/2", "error")
	s.crawl(exitDone, "--max-pages", "2")
	s.gone("")
	s.shows("/p/2", reviews("q1", "q2"))
	if out := s.crawl(exitDone); !strings.Contains(out, "gone from the site: 1 mentions") {
		t.Errorf("the summary says nothing of it:\n%s", out)
	}
	s.gone("r2")
	if out, _ := s.run(t.Context(), exitDone, "status", "--config", s.config); !strings.Contains(out, "1 mentions gone from the site") {
		t.Errorf("status says nothing of it:\n%s", out)
	}
	if out, _ := s.run(t.Context(), exitDone, "status", "--config", s.config, "--json"); !strings.Contains(out, `"collected":4`) {
		t.Errorf("coverage still counts what the site does not show:\n%s", out)
	}
	s.shows("/p/1", reviews("r1", "r2", "r3"))
	s.crawl(exitDone)
	s.gone("")
	s.holds("q1=A text of review q1, which is long enough. q2=A text of review q2, which is long enough. r1=A text of review r1, which is long enough. r2=A text of review r2, which is long enough. r3=A text of review r3, which is long enough.")
}

func TestAReviewThatMovesIsNotRemoved(t *testing.T) {
	s := newLiveShop(t, "", "crawl: {removed_after_runs: 1}\n")
	s.shows("/", links("/top", "/l?page=1"), "/l?page=1", reviews("r1", "r2")+next("/l?page=2"), "/l?page=2", reviews("r3", "r4"), "/top", reviews("r3", "r1"))
	s.crawl(exitDone)
	// r2 moves down, r3 up and from the top; the first page is read first
	s.shows("/l?page=1", reviews("r1", "r3")+next("/l?page=2"), "/l?page=2", reviews("r2", "r4"), "/top", reviews("r1"))
	s.crawl(exitDone)
	s.crawl(exitDone)
	s.gone("")
	s.shows("/top", reviews("r4")) // r1 is on the list still, which is as it was
	s.crawl(exitDone)
	s.gone("")
	s.shows("/l?page=1", reviews("r3")+next("/l?page=2"))
	s.crawl(exitDone)
	s.gone("r1")
}

func TestAPageThatIsGoneTakesItsReviewsAlong(t *testing.T) {
	s := newLiveShop(t, "", "crawl: {removed_after_runs: 2}\n")
	s.shows("/", links("/p/1", "/p/2"), "/p/1", reviews("r1", "r2"), "/p/2", reviews("r2", "q1"))
	s.crawl(exitDone)
	s.shows("/p/1", "")
	s.crawl(exitDone)
	s.gone("")
	s.crawl(exitDone)
	s.gone("r1")
	s.shows("/p/1", reviews("r1", "r2"))
	s.crawl(exitDone)
	s.gone("")
}

func TestAPageThatShowsNothingReadableProvesNothing(t *testing.T) {
	s := newLiveShop(t, "", "crawl: {removed_after_runs: 1}\n")
	s.shows("/", links("/p/1", "/p/2"), "/p/1", reviews("r1", "r2"), "/p/2", reviews("q1"))
	s.crawl(exitDone)
	s.shows("/p/1", "<p>We are rebuilding our shop.</p>", "/p/2", "error") // nothing, and 403
	for range 3 {
		s.crawl(exitDone)
	}
	s.gone("")
}

func TestRunsThatStopAtWhatIsKnownProveNothing(t *testing.T) {
	s := newLiveShop(t, ", stop_after_known: 1", "crawl: {removed_after_runs: 2, deep_every: 1000h}\n")
	list := func(ids string) {
		s.shows("/", reviews("r1")+next("/2"), "/2", reviews("r2", "r3")+next("/3"), "/3", reviews(strings.Fields(ids)...))
	}
	list("r4 r5 r6")
	s.crawl(exitDone)
	list("r4 r6")
	s.crawl(exitDone) // does not get there
	s.crawl(exitDone, "--deep")
	s.gone("")
	s.crawl(exitDone)
	s.crawl(exitDone)
	s.gone("")
	s.crawl(exitDone, "--deep")
	s.gone("r5")
}

func TestALayoutThatChangesRemovesNothing(t *testing.T) {
	s := newLiveShop(t, "", "crawl: {removed_after_runs: 1}\n")
	var ids []string
	for i := range 40 {
		ids = append(ids, fmt.Sprint("r", i+1))
	}
	all := reviews(ids...)
	s.shows("/", links("/p/1"), "/p/1", all)
	s.crawl(exitDone)
	// all but one are marked up otherwise
	s.shows("/p/1", strings.Replace(strings.ReplaceAll(all, "class=review ", "class=opinion "), "class=opinion ", "class=review ", 1))
	s.crawl(exitPartial)
	for range 3 { // the page is as it was in the suspect run
		s.crawl(exitDone)
	}
	s.gone("")
	s.shows("/p/1", reviews(ids[1:]...)) // the layout is back
	s.crawl(exitDone)
	s.gone("r1")
}

// A run that is stopped, or that another process shares, is compared with the
// earlier ones by all that was read in it.
func TestARunIsJudgedByAllOfItsParts(t *testing.T) {
	good := crawler.FieldCounts{Pages: 20, Mentions: 100, Author: 100, Date: 100, Text: 100}
	broken := crawler.FieldCounts{Pages: 20, Mentions: 2, Author: 2, Date: 2, Text: 2}
	earlier := []mention.Run{
		{ID: "2", Source: "shop", Status: crawler.StatusInterrupted, Fields: &broken},
		{ID: "1", Source: "shop", Status: crawler.StatusDone, Fields: &good},
	}
	report := crawler.SourceReport{Run: mention.Run{ID: "2", Source: "shop"}, Status: crawler.StatusDone,
		Fields: crawler.FieldCounts{Pages: 1, Mentions: 2, Author: 2, Date: 2, Text: 2}}
	if !judge(&report, earlier) || report.Status != crawler.StatusSuspect {
		t.Errorf("the run ends %s, though most of its pages gave nothing", report.Status)
	}
	if report.Run.Fields.Pages != 21 {
		t.Errorf("the record of the run counts %d pages", report.Run.Fields.Pages)
	}
}
