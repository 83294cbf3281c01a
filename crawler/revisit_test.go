package crawler_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/frontier"
)

// steady has the site's pages be seen to stay the same for some time: two runs
// that far apart. It returns when the second began.
func (b *bench) steady(src *crawler.Source, same time.Duration) time.Time {
	b.Helper()
	b.config.LeastRest = time.Nanosecond
	b.one(src, crawler.StatusDone)
	time.Sleep(same)
	seen := time.Now()
	b.one(src, crawler.StatusDone)
	b.site.requests()
	return seen
}

func TestPagesThatSeldomChangeAreAskedForLessOften(t *testing.T) {
	for same := 400 * time.Millisecond; same < 10*time.Second; same *= 2 {
		b := newBench(t, shop())
		b.config.DeepEvery = time.Hour
		seen := b.steady(b.source(), same)
		r := b.one(b.source(), crawler.StatusDone)
		if time.Since(seen) > same/8 {
			continue // this machine is busy
		}
		b.wantAsked("/", "/?page=2")
		if r.Deep || r.NotDue != 6 || r.Run.NotDue != 6 || r.Run.Deep || r.NotModified != 2 {
			t.Errorf("%+v", r)
		}
		src := b.source()
		src.Afresh = true
		b.one(src, crawler.StatusDone)
		b.wantAsked(shopPages...)
		src = b.source()
		src.Deep = true
		r = b.one(src, crawler.StatusDone)
		b.wantAsked(shopPages...)
		if !r.Deep || !r.Run.Deep || r.NotDue != 0 {
			t.Errorf("a deep run: %+v", r)
		}
		b.config.Generation = "g2"
		if r = b.one(b.source(), crawler.StatusDone); !r.Deep || r.Pages != len(shopPages) {
			t.Errorf("for a new index: %+v", r)
		}
		return
	}
	t.Skip("this machine is too busy to tell times apart")
}

// A feed that pages announce repeats them: it is for the next run. One that is
// a source, or its seed, is read at once, with those that it leads to.
func TestFeedsThatPagesAnnounceAreForTheNextRun(t *testing.T) {
	feed := map[string]string{"Content-Type": "application/rss+xml"}
	pages := map[string]page{
		"/": {links: []string{"feed /feed", "item /p"}}, "/p": {links: []string{"feed /feed"}},
		"/feed": {links: []string{"item /new", "feed /comments"}, header: feed}, "/comments": {header: feed}, "/new": {},
	}
	b := newBench(t, pages)
	if r := b.one(b.source(), crawler.StatusDone); !r.Deep {
		t.Errorf("first run %+v", r)
	}
	b.wantAsked("/", "/p")
	b.one(b.source(), crawler.StatusDone)
	b.wantAsked("/", "/p", "/feed", "/new", "/comments")

	for _, start := range []struct{ kind, path string }{{"feed", "/"}, {"site", "/feed"}} {
		b := newBench(t, pages)
		src := b.source()
		src.Type, src.Seeds = start.kind, []string{b.site.URL + start.path}
		b.one(src, crawler.StatusDone)
		if asked := b.site.requests(); !slices.Contains(asked, "/feed") || !slices.Contains(asked, "/comments") {
			t.Errorf("asked for %q", asked)
		}
	}
}

func TestSecondRunStraightAfterTheFirstIsDeep(t *testing.T) {
	b := newBench(t, shop())
	for range 3 {
		if r := b.one(b.source(), crawler.StatusDone); !r.Deep || r.NotDue != 0 {
			t.Errorf("%+v", r)
		}
		b.wantAsked(shopPages...)
	}
}

// What was left out in one call is left out of the run, and a run that was
// capped or gave pages up has not seen everything.
func TestDeepSaysThatEveryPageWasVisited(t *testing.T) {
	pages := shop()
	pages["/p/3"] = page{status: 503}
	b := newBench(t, pages)
	if r := b.one(b.source(), crawler.StatusDone); r.Deep || r.Run.Deep {
		t.Errorf("a page was given up: %+v", r)
	}
	b.site.set("/p/3", page{status: 404})
	if r := b.one(b.source(), crawler.StatusDone); !r.Deep || !r.Run.Deep {
		t.Errorf("a page is gone: %+v", r)
	}
	src := b.source()
	src.MaxPages = 3
	if r := b.one(src, crawler.StatusDone); r.Deep || r.Run.Deep || !r.Capped {
		t.Errorf("a capped run: %+v", r)
	}
	src = b.source()
	src.Scope.Deny = []*regexp.Regexp{regexp.MustCompile("/p/2")}
	if r := b.one(src, crawler.StatusDone); r.Deep || r.Run.Skipped != 1 {
		t.Errorf("a page may not be asked for any more: %+v", r)
	}
}

func TestARunThatIsResumedKnowsWhatWasLeftOutBefore(t *testing.T) {
	b, src := newestFirst(t)
	b.config.DeepEvery = time.Hour
	b.one(src, crawler.StatusDone)
	// A run of which another process has left out pages.
	plan := frontier.Plan{Generation: "g1", DeepEvery: time.Hour}
	run, _, err := b.config.Frontier.BeginRun(t.Context(), src.Name, plan)
	if err != nil || run.Deep {
		t.Fatal(run, err)
	}
	l, err := b.config.Frontier.Lease(t.Context(), []string{src.Name}, time.Minute)
	if err != nil || l == nil {
		t.Fatal(l, err)
	}
	if _, err := b.config.Frontier.Settle(t.Context(), l, frontier.Tally{Skipped: 1}, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.config.Frontier.Release(t.Context(), l, time.Time{}); err != nil {
		t.Fatal(err)
	}
	all := *src
	all.StopAfterKnown = 0
	if r := b.one(&all, crawler.StatusDone); r.Deep || !r.Resumed || r.Run.Skipped != 1 {
		t.Errorf("%+v", r)
	}
}

func TestARunIsDeepByItselfFromTimeToTime(t *testing.T) {
	b, src := newestFirst(t)
	b.one(src, crawler.StatusDone)
	for _, every := range []time.Duration{0, time.Hour} {
		b.config.DeepEvery = every
		if r := b.one(src, crawler.StatusDone); r.Deep || r.Unreached == 0 {
			t.Errorf("deep every %v: %+v", every, r)
		}
	}
	b.config.DeepEvery = time.Nanosecond
	if r := b.one(src, crawler.StatusDone); !r.Deep || r.Unreached != 0 || len(r.Stops) > 0 {
		t.Errorf("deep at last: %+v", r)
	}
}

// newestFirst is a source with a list of which the pages after the first are
// not read when nothing is new.
func newestFirst(t *testing.T) (*bench, *crawler.Source) {
	pages := list(4, func(i int) []string { return []string{next(i)} })
	pages["/list?page=4"] = page{}
	b := newBench(t, pages)
	met := map[string]bool{}
	b.counts(func(path string) (fresh, same int) {
		if met[path] || !strings.HasPrefix(path, "/list") {
			return 0, 10
		}
		met[path] = true
		return 10, 0
	})
	src := b.source()
	src.StopAfterKnown = 15
	return b, src
}
