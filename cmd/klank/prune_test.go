package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"klank/configs"
	"klank/crawler/snapshot"
	"klank/mention"
)

// saved counts the saved pages of the folder by path.
func (s *liveShop) saved() map[string]int {
	s.t.Helper()
	store, err := snapshot.Open(filepath.Join(s.dir, snapshotDir))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	got := map[string]int{}
	err = store.Walk(s.t.Context(), func(h snapshot.Head) error { got[strings.TrimPrefix(h.URL, s.URL)]++; return nil },
		func(d snapshot.Damage) { s.t.Errorf("damage: %+v", d) })
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// pruneAt prunes as if so much time had passed since the crawls.
func (s *liveShop) pruneAt(later time.Duration, dryRun bool) *pruneReport {
	s.t.Helper()
	cfg, err := configs.Load(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	w, err := (&env{data: s.dir}).openWorkspace(s.t.Context(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Close()
	r, err := newRetention(cfg, time.Now().Add(later)).prune(s.t.Context(), w, dryRun)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestPruningKeepsTheLatestPageOfEachURL(t *testing.T) {
	s := newLiveShop(t, "", "retention: {pages: 30d}\n")
	s.shows("/", links("/p/1", "/p/2"), "/p/1", reviews("r1", "r2"), "/p/2", reviews("q1"))
	s.crawl(exitDone)
	first := s.holds("q1=A text of review q1, which is long enough. r1=A text of review r1, which is long enough. r2=A text of review r2, which is long enough.")
	s.shows("/p/1", reviews("r1"), "/p/2", "")
	s.crawl(exitDone)
	if got := s.saved(); got["/p/1"] != 2 || got["/p/2"] != 1 {
		t.Fatalf("saved are %v", got)
	}
	const day = 24 * time.Hour
	if r := s.pruneAt(29*day, false); !r.empty() {
		t.Errorf("after 29 days: %+v", r)
	}
	if r := s.pruneAt(31*day, true); r.Pages.Pages != 2 || r.Pages.Bytes == 0 {
		t.Errorf("a dry run after 31 days: %+v", r)
	}
	if got := s.saved(); len(got) != 3 {
		t.Errorf("after a dry run %v are saved", got)
	}
	if r := s.pruneAt(31*day, false); r.Pages.Pages != 2 {
		t.Errorf("after 31 days: %+v", r)
	}
	if got := s.saved(); got["/"] != 1 || got["/p/1"] != 1 || got["/p/2"] != 0 {
		t.Errorf("saved are %v", got)
	}
	// r2 and q1 rest on pages that are no longer kept
	store, err := snapshot.Open(filepath.Join(s.dir, snapshotDir))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, m := range first {
		_, err := store.Get(m.Evidence.Snapshot)
		if !errors.Is(err, snapshot.ErrPruned) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the page of %s: %v", m.NativeID, err)
		}
	}
	// what stays is enough not to ask for a body again, and to replay
	if out := s.crawl(exitDone); !strings.Contains(out, "0 pages (2 not modified)") && !strings.Contains(out, "2 pages (2 not modified)") {
		t.Errorf("the next crawl: %s", out)
	}
	s.replay(exitDone)
	if ms := s.holds("q1=A text of review q1, which is long enough. r1=A text of review r1, which is long enough. r2=A text of review r2, which is long enough."); len(ms) != 3 {
		t.Errorf("a replay leaves %d mentions", len(ms))
	}
}

func TestWhatASourceMayNotKeepGoes(t *testing.T) {
	s := newLiveShop(t, ", retention: 48h, snapshots: drop", "")
	s.shows("/", links("/p/1", "/p/2"), "/p/1", reviews("r1", "r2"), "/p/2", reviews("q1"))
	s.crawl(exitDone)
	if got := s.saved(); len(got) != 0 {
		t.Errorf("saved are %v", got)
	}
	if r := s.pruneAt(47*time.Hour, false); !r.empty() {
		t.Errorf("after 47 hours: %+v", r)
	}
	if r := s.pruneAt(49*time.Hour, false); r.Mentions["shop"] != 3 {
		t.Errorf("after 49 hours: %+v", r)
	}
	s.holds("")
	s.crawl(exitDone) // nothing was known of the pages, so they are read
	s.holds("q1=A text of review q1, which is long enough. r1=A text of review r1, which is long enough. r2=A text of review r2, which is long enough.")
}

func TestPagesOfASourceWithARetentionGoThoughTheyAreTheLatest(t *testing.T) {
	s := newLiveShop(t, ", retention: 48h", "")
	s.shows("/", links("/p/1"), "/p/1", reviews("r1"))
	s.crawl(exitDone)
	s.crawl(exitDone) // seen afresh, so saved again
	if got := s.saved(); got["/p/1"] != 2 {
		t.Errorf("saved are %v", got)
	}
	if r := s.pruneAt(49*time.Hour, false); r.Pages.Pages != 4 || r.Mentions["shop"] != 1 {
		t.Errorf("after 49 hours: %+v", r)
	}
	if got := s.saved(); len(got) != 0 {
		t.Errorf("saved are %v", got)
	}
	s.crawl(exitDone)
	s.holds("r1=A text of review r1, which is long enough.")
}

func TestPruningIsDoneOnceADayByItself(t *testing.T) {
	s := newLiveShop(t, "", "retention: {pages: 1h}\n")
	s.shows("/", links("/p/1"), "/p/1", reviews("r1"))
	s.crawl(exitDone)
	old := time.Now().Add(-2 * time.Hour)
	store, err := snapshot.Open(filepath.Join(s.dir, snapshotDir))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Put(t.Context(), &mention.Page{URL: s.URL + "/old", Status: 200, Body: []byte("old"), Fetched: old, Source: mention.Source{Name: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	// as if the file were of that time: a younger one is not looked through
	files, _ := filepath.Glob(filepath.Join(s.dir, snapshotDir, "*.warc.gz"))
	for _, f := range files {
		rest := strings.SplitN(filepath.Base(f), "-", 3)
		if err := os.Rename(f, filepath.Join(filepath.Dir(f), "klank-"+old.UTC().Add(-time.Minute).Format("20060102T150405")+"-"+rest[2])); err != nil {
			t.Fatal(err)
		}
	}
	s.crawl(exitDone)
	if got := s.saved(); got["/old"] != 1 {
		t.Errorf("pruned twice a day: %v", got)
	}
	stamp := filepath.Join(s.dir, prunedFile)
	if err := os.Chtimes(stamp, time.Time{}, time.Now().Add(-pruneEvery)); err != nil {
		t.Fatal(err)
	}
	s.crawl(exitDone)
	if got := s.saved(); got["/old"] != 0 {
		t.Errorf("not pruned after a day: %v", got)
	}
	out, _ := s.run(t.Context(), exitDone, "prune", "--config", s.config, "--json")
	var r pruneReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || !r.empty() {
		t.Errorf("klank prune prints %s: %v", out, err)
	}
	if out, _ := s.run(t.Context(), exitDone, "prune", "--config", s.config, "--dry-run"); !strings.Contains(out, "nothing has been kept for too long") {
		t.Errorf("klank prune says %s", out)
	}
}

func TestAURLOfASourceWhosePagesMayNotBeKeptKeepsNone(t *testing.T) {
	for _, snapshots := range []string{"", configs.SnapshotsDrop} {
		cfg := configs.Default()
		cfg.Sources = []configs.Source{{Name: "shop", Type: "site", URLs: []string{"https://shop.example/"}, Snapshots: snapshots}}
		sources, err := crawlSources(cfg, &crawlFlags{}, []string{"https://shop.example/p/1"})
		if err != nil || len(sources) != 1 || sources[0].KeepNoPages != (snapshots != "") {
			t.Errorf("snapshots %q: %+v, %v", snapshots, sources, err)
		}
	}
}

func TestMentionsThatAreOlderThanTheirKindIsKeptGoAndDoNotComeBack(t *testing.T) {
	s := newLiveShop(t, "", "retention: {mentions: {review: 400d}}\n")
	s.shows("/", links("/p/1"), "/p/1", reviews("r1", "r2"))
	s.crawl(exitDone)
	both := "r1=A text of review r1, which is long enough. r2=A text of review r2, which is long enough."
	s.holds(both)
	const day = 24 * time.Hour
	if r := s.pruneAt(0, false); !r.empty() {
		t.Errorf("at once: %+v", r)
	}
	if r := s.pruneAt(4000*day, true); r.Kinds[mention.Review] != 2 {
		t.Errorf("a dry run after years: %+v", r)
	}
	s.holds(both)
	if r := s.pruneAt(4000*day, false); r.Kinds[mention.Review] != 2 {
		t.Errorf("after years: %+v", r)
	}
	s.holds("")
	old := strings.ReplaceAll(told(reviewsOfThree...), "2026-01-0", "2011-01-0")
	s.shows("/p/1", old)
	s.crawl(exitDone, "--deep")
	s.holds("")
}
