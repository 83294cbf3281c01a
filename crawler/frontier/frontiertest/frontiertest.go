// Package frontiertest holds an implementation of frontier.Frontier to its
// contract. A new implementation is tested by one call of Run.
package frontiertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/crawler/frontier"
	"klank/mention"
)

// Open makes a fresh, empty frontier and returns a function that opens one
// more handle to it, as another process would. Handles are closed by Run.
type Open func(t *testing.T) (handle func() frontier.Frontier)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		fn   func(*fixture)
	}{
		{"a URL goes from pending to done and its links are next", lifecycle},
		{"a known URL is not added twice", addedOnce},
		{"a new run makes every URL due again with its validators", newRun},
		{"an unfinished run is resumed with what is left", resumed},
		{"an interrupted run stays open, an ended one does not", endings},
		{"an expired lease is taken over and late writes are refused", fencing},
		{"a saved body is handed out once more, not fetched", leftFetched},
		{"a body that could not be handled waits until its time", fetchedLater},
		{"a failed URL waits until its time", failedLater},
		{"dead URLs are listed with their reason and put back", deadLetters},
		{"the bodies that are wanted still are listed", wantedBodies},
		{"a paused host is left alone", pause},
		{"a released lease gives its URLs back untouched", release},
		{"a key has one worker at a time", exclusive},
		{"workers that link to each other's hosts lose nothing", crosswise},
		{"a link to a host that is being released is not forgotten", handover},
		{"workers that begin one source begin one run", beginTogether},
		{"what no database can keep is left out", foreign},
		{"sources do not mix, but share a host's lease", sharedHost},
		{"many list pages do not starve items", fairness},
		{"a capped run goes on where it stopped", capped},
		{"a URL found nearer is handled again", nearer},
		{"a transaction that fails leaves nothing", atomic},
		{"an ended context writes nothing", ended},
		{"hosts that share a key have one worker", sharedKey},
		{"known URLs move to the keys in force", movedKeys},
		{"thousands of URLs move to the keys in force", movedMany},
		{"a host's pause goes with it to its new key", movedPause},
		{"URLs that somebody works on keep their key until the next run", heldKeys},
		{"what is forgotten is gone, and what is suppressed is remembered", erasure},
		{"a daily quota is spent once, by all together", quota},
		{"hosts that are held up are listed with the reason", heldUp},
		{"a page that stays the same is asked for less often", revisits},
		{"a page that names another as canonical is left to deep runs", aliases},
		{"what was not had is due in the next run", restlessEnds},
		{"a run is deep when the last good deep one is long ago", deepRuns},
		{"a deep run is begun in the place of another that was interrupted", deepInstead},
		{"what a sitemap says about a page goes before its own habits", modified},
		{"a link for later is left to the next run", later},
		{"a page that was not asked for was not visited", unasked},
		{"a paused source is not worked on", pausedSource},
		{"what a link comes from is known when it is claimed", origin},
		{"what a run would ask for is told before it begins", forecast},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, open: open(t)}
			f.Frontier = f.handle()
			test.fn(f)
		})
	}
}

const (
	ttl  = time.Minute
	host = "https://shop.example"
)

type fixture struct {
	*testing.T
	frontier.Frontier
	open func() frontier.Frontier
}

func (f *fixture) handle() frontier.Frontier {
	h := f.open()
	f.Cleanup(func() {
		if err := h.Close(); err != nil {
			f.Errorf("close: %v", err)
		}
	})
	return h
}

func must[T any](v T, err error) func(*fixture) T {
	return func(f *fixture) T {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
		return v
	}
}

func (f *fixture) begin(source string, seeds ...string) mention.Run {
	f.Helper()
	run, _, err := f.BeginRun(f.Context(), source, frontier.Plan{})
	if err != nil {
		f.Fatal(err)
	}
	if len(seeds) > 0 {
		must(f.Add(f.Context(), run, links(frontier.PrioritySeed, seeds...)))(f)
	}
	return run
}

func links(p frontier.Priority, urls ...string) []frontier.Link {
	var all []frontier.Link
	for _, u := range urls {
		all = append(all, frontier.Link{URL: u, Priority: p})
	}
	return all
}

func (f *fixture) lease(sources ...string) *frontier.Lease {
	f.Helper()
	l := must(f.Lease(f.Context(), sources, ttl))(f)
	if l == nil {
		f.Fatalf("nothing to lease for %v", sources)
	}
	return l
}

// soonAfter tells whether a frontier that measures time by another clock is
// near enough to what it was told: late by a moment, never early.
func soonAfter(got, want time.Time) bool {
	late := got.Sub(want)
	return late >= 0 && late < time.Second
}

// leaseFrom waits for what is due at that time and finds it not much later.
func (f *fixture) leaseFrom(due time.Time, source string) *frontier.Lease {
	f.Helper()
	for {
		l := must(f.Lease(f.Context(), []string{source}, ttl))(f)
		switch now := time.Now(); {
		case l != nil && now.Before(due):
			f.Fatalf("leased %v early", due.Sub(now))
		case l != nil:
			return l
		case now.After(due.Add(time.Second)):
			f.Fatalf("not leased %v late", now.Sub(due))
		}
		time.Sleep(time.Millisecond)
	}
}

func (f *fixture) nothing(sources ...string) {
	f.Helper()
	if l := must(f.Lease(f.Context(), sources, ttl))(f); l != nil {
		f.Fatalf("%v: leased %s, want nothing", sources, l.Key)
	}
}

func (f *fixture) claim(l *frontier.Lease, want ...string) []frontier.URL {
	f.Helper()
	urls := must(f.Claim(f.Context(), l, 100))(f)
	if d := cmp.Diff(want, names(urls)); d != "" {
		f.Fatalf("claimed: %s", d)
	}
	return urls
}

func names(urls []frontier.URL) []string {
	var all []string
	for _, u := range urls {
		all = append(all, u.URL)
	}
	return all
}

func (f *fixture) settle(l *frontier.Lease, results ...frontier.Result) int {
	f.Helper()
	return must(f.Settle(f.Context(), l, frontier.Tally{}, results))(f)
}

func (f *fixture) release(l *frontier.Lease, pause time.Time) {
	f.Helper()
	if err := f.Release(f.Context(), l, pause); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) stats(source string) frontier.SourceStats {
	f.Helper()
	all := must(f.Stats(f.Context(), source))(f)
	if len(all) != 1 {
		f.Fatalf("stats of %s: %v", source, all)
	}
	return all[0]
}

func (f *fixture) counts(want frontier.SourceStats) {
	f.Helper()
	got := f.stats(want.Source)
	got.Run, got.Working = mention.Run{}, false
	if d := cmp.Diff(want, got); d != "" {
		f.Errorf("stats: %s", d)
	}
}

// finish settles everything that is due as done.
func (f *fixture) finish(source string) (urls []string) {
	f.Helper()
	for {
		l := must(f.Lease(f.Context(), []string{source}, ttl))(f)
		if l == nil {
			return urls
		}
		for {
			claimed := must(f.Claim(f.Context(), l, 100))(f)
			if len(claimed) == 0 {
				break
			}
			for _, u := range claimed {
				f.settle(l, done(u))
				urls = append(urls, u.URL)
			}
		}
		f.release(l, time.Time{})
	}
}

func done(u frontier.URL, l ...frontier.Link) frontier.Result {
	return frontier.Result{URL: u, State: frontier.Done, Snapshot: u.Snapshot, SHA256: u.SHA256, ETag: u.ETag,
		LastModified: u.LastModified, Generation: "g1", Links: l}
}

func fetched(u frontier.URL) frontier.Result {
	return frontier.Result{URL: u, State: frontier.Fetched, Snapshot: "a.warc.gz:7", SHA256: "abc", ETag: `"e"`, LastModified: "then"}
}

func lifecycle(f *fixture) {
	run := f.begin("shop", host+"/")
	if run.ID == "" || run.Status != "running" || run.Started.IsZero() || run.Source != "shop" {
		f.Errorf("run %+v", run)
	}
	l := f.lease("shop")
	if l.Key != "shop.example" || l.Run != run.ID || l.Source != "shop" {
		f.Errorf("lease %+v", l)
	}
	u := f.claim(l, host+"/")[0]
	if u.State != frontier.Leased || u.Generation != "" {
		f.Errorf("claimed %+v", u)
	}
	f.claim(l) // nothing more
	must(f.Settle(f.Context(), l, frontier.Tally{Pages: 1, Bytes: 70}, []frontier.Result{fetched(u)}))(f)
	f.claim(l) // what is fetched stays with its worker
	f.counts(frontier.SourceStats{Source: "shop", Fetched: 1})
	r := done(u, frontier.Link{URL: host + "/p/1", Priority: frontier.PriorityItem, Depth: 1}, frontier.Link{URL: "https://other.example/", Depth: 1})
	if n := f.settle(l, r); n != 2 {
		f.Errorf("%d links added, want 2", n)
	}
	item := f.claim(l, host+"/p/1")[0]
	if item.Depth != 1 || item.Priority != frontier.PriorityItem {
		f.Errorf("item %+v", item)
	}
	must(f.Settle(f.Context(), l, frontier.Tally{Pages: 1, Bytes: 30, Errors: 1}, []frontier.Result{done(item)}))(f)
	f.release(l, time.Time{})
	other := f.lease("shop")
	if other.Key != "other.example" {
		f.Errorf("leased %s", other.Key)
	}
	f.settle(other, done(f.claim(other, "https://other.example/")[0]))
	f.release(other, time.Time{})
	f.nothing("shop")
	if o := must(f.Outlook(f.Context(), []string{"shop"}))(f); len(o) != 0 {
		f.Errorf("outlook %v, want none", o)
	}
	end := must(f.EndRun(f.Context(), run, "done"))(f)
	if end.Status != "done" || end.Ended.IsZero() || end.Pages != 2 || end.Bytes != 100 || end.Errors != 1 {
		f.Errorf("ended run %+v", end)
	}
	if got := f.stats("shop").Run; got != end {
		f.Errorf("stats tell run %+v, want %+v", got, end)
	}
}

func addedOnce(f *fixture) {
	run := f.begin("shop", host+"/")
	n := must(f.Add(f.Context(), run, links(frontier.PriorityPage, host+"/", host+"/a", host+"/a")))(f)
	if n != 1 {
		f.Errorf("added %d, want 1", n)
	}
	l := f.lease("shop")
	u := f.claim(l, host+"/", host+"/a")
	if n := f.settle(l, done(u[0], links(frontier.PriorityPage, host+"/", host+"/a", host+"/b")...)); n != 1 {
		f.Errorf("added %d links, want 1", n)
	}
}

func newRun(f *fixture) {
	run := f.begin("shop", host+"/")
	l := f.lease("shop")
	u := f.claim(l, host+"/")[0]
	f.settle(l, fetched(u))
	u.Snapshot, u.SHA256, u.ETag, u.LastModified = "a.warc.gz:7", "abc", `"e"`, "then"
	f.settle(l, done(u, links(frontier.PriorityPage, host+"/gone", host+"/robots")...))
	more := f.claim(l, host+"/gone", host+"/robots")
	f.settle(l, frontier.Result{URL: more[0], State: frontier.Dead, Class: "gone"}, frontier.Result{URL: more[1], State: frontier.Dead, Class: "robots"})
	f.release(l, time.Time{})
	must(f.EndRun(f.Context(), run, "done"))(f)
	f.nothing("shop") // no run is open

	again, resumed, err := f.BeginRun(f.Context(), "shop", frontier.Plan{})
	if err != nil || resumed || again.ID == run.ID {
		f.Fatalf("second run %+v, resumed %v, %v", again, resumed, err)
	}
	f.counts(frontier.SourceStats{Source: "shop", Pending: 3})
	l = f.lease("shop")
	if l.Run != again.ID {
		f.Errorf("lease for run %s", l.Run)
	}
	got := f.claim(l, host+"/", host+"/gone", host+"/robots")[0]
	want := frontier.URL{ID: u.ID, Link: u.Link, State: frontier.Leased, Snapshot: "a.warc.gz:7", SHA256: "abc", ETag: `"e"`, LastModified: "then", Generation: "g1"}
	if d := cmp.Diff(want, got); d != "" {
		f.Errorf("validators: %s", d)
	}
	// A new body belongs to no index until it is handled.
	r := fetched(got)
	r.ETag = `"f"`
	f.settle(l, r)
	f.release(l, time.Time{})
	got = f.claim(f.lease("shop"), host+"/", host+"/gone", host+"/robots")[0]
	if got.Generation != "" || got.ETag != `"f"` {
		f.Errorf("fetched again: %+v", got)
	}
}

func resumed(f *fixture) {
	run := f.begin("shop", host+"/a", host+"/b", host+"/c")
	l := must(f.Lease(f.Context(), []string{"shop"}, 30*time.Millisecond))(f)
	u := f.claim(l, host+"/a", host+"/b", host+"/c")
	f.settle(l, done(u[0]))
	f.settle(l, fetched(u[1]))
	time.Sleep(40 * time.Millisecond) // the worker is gone

	h := f.handle()
	again, isResumed, err := h.BeginRun(f.Context(), "shop", frontier.Plan{})
	if err != nil || !isResumed || again.ID != run.ID {
		f.Fatalf("run %+v, resumed %v, %v; want %s", again, isResumed, err, run.ID)
	}
	must(h.Add(f.Context(), again, links(frontier.PrioritySeed, host+"/a")))(f)
	l = must(h.Lease(f.Context(), []string{"shop"}, ttl))(f)
	got := must(h.Claim(f.Context(), l, 100))(f)
	if d := cmp.Diff([]string{host + "/b", host + "/c"}, names(got)); d != "" {
		f.Fatal(d)
	}
	if got[0].State != frontier.Fetched || got[1].State != frontier.Leased {
		f.Errorf("states %v %v", got[0].State, got[1].State)
	}
}

func endings(f *fixture) {
	run := f.begin("shop", host+"/a", host+"/b")
	l := f.lease("shop")
	u := must(f.Claim(f.Context(), l, 1))(f)
	f.settle(l, done(u[0]))
	f.release(l, time.Time{})
	end := must(f.EndRun(f.Context(), run, "interrupted"))(f)
	if end.Status != "interrupted" || !end.Ended.IsZero() {
		f.Errorf("interrupted run %+v", end)
	}
	again, isResumed, err := f.BeginRun(f.Context(), "shop", frontier.Plan{})
	if err != nil || !isResumed || again.ID != run.ID || again.Status != "running" {
		f.Errorf("after an interruption: %+v, %v, %v", again, isResumed, err)
	}
	f.counts(frontier.SourceStats{Source: "shop", Pending: 1, Done: 1})
	must(f.EndRun(f.Context(), again, "failed"))(f)
	third, isResumed, err := f.BeginRun(f.Context(), "shop", frontier.Plan{})
	if err != nil || isResumed || third.ID == run.ID {
		f.Errorf("after a failed run: %+v, %v, %v", third, isResumed, err)
	}
	f.counts(frontier.SourceStats{Source: "shop", Pending: 2})
}

func fencing(f *fixture) {
	f.begin("shop", host+"/")
	l := must(f.Lease(f.Context(), []string{"shop"}, 500*time.Millisecond))(f)
	u := f.claim(l, host+"/")[0]
	f.nothing("shop")
	time.Sleep(550 * time.Millisecond)
	l2 := f.lease("shop")
	if l2.Token <= l.Token {
		f.Errorf("token %d after %d", l2.Token, l.Token)
	}
	f.claim(l2, host+"/")
	ctx := f.Context()
	_, err := f.Settle(ctx, l, frontier.Tally{Pages: 1}, []frontier.Result{done(u, links(0, host+"/late")...)})
	_, err2 := f.Claim(ctx, l, 10)
	for name, err := range map[string]error{"settle": err, "claim": err2, "extend": f.Extend(ctx, l), "release": f.Release(ctx, l, time.Time{})} {
		if !errors.Is(err, frontier.ErrLeaseLost) {
			f.Errorf("late %s: %v", name, err)
		}
	}
	f.counts(frontier.SourceStats{Source: "shop", Leased: 1})
	if p := f.stats("shop").Run.Pages; p != 0 {
		f.Errorf("the late worker counted %d pages", p)
	}
	if err := f.Extend(ctx, l2); err != nil {
		f.Error(err)
	}
	f.release(l2, time.Time{})
}

func leftFetched(f *fixture) {
	f.begin("shop", host+"/", host+"/b")
	l := f.lease("shop")
	f.settle(l, fetched(f.claim(l, host+"/", host+"/b")[0]))
	f.release(l, time.Time{})
	f.counts(frontier.SourceStats{Source: "shop", Pending: 1, Fetched: 1})
	l = f.lease("shop")
	u := f.claim(l, host+"/", host+"/b")
	if u[0].State != frontier.Fetched || u[0].Snapshot != "a.warc.gz:7" || u[0].SHA256 != "abc" || u[0].ETag != `"e"` {
		f.Errorf("claimed %+v", u[0])
	}
	f.claim(l) // not twice
	f.settle(l, done(u[0]), done(u[1]))
	f.counts(frontier.SourceStats{Source: "shop", Done: 2})
}

func fetchedLater(f *fixture) {
	run := f.begin("shop", host+"/")
	l := f.lease("shop")
	u := f.claim(l, host+"/")[0]
	f.settle(l, fetched(u))
	r := frontier.Result{URL: u, State: frontier.Fetched, Due: time.Now().Add(time.Hour), Class: "handler", Message: "index is away"}
	f.settle(l, r)
	f.claim(l)
	f.release(l, time.Time{})
	f.nothing("shop")
	f.counts(frontier.SourceStats{Source: "shop", Fetched: 1})
	f.begin("shop") // resumed: at once
	l = f.lease("shop")
	f.settle(l, frontier.Result{URL: f.claim(l, host+"/")[0], State: frontier.Fetched, Due: time.Now().Add(time.Hour), Class: "handler"})
	f.release(l, time.Time{})
	f.nothing("shop")
	must(f.EndRun(f.Context(), run, "failed"))(f)
	f.begin("shop")
	u = f.claim(f.lease("shop"), host+"/")[0]
	if u.State != frontier.Fetched || u.Snapshot != "a.warc.gz:7" {
		f.Errorf("in the next run: %+v", u)
	}
}

func failedLater(f *fixture) {
	f.begin("shop", host+"/a", host+"/b")
	l := f.lease("shop")
	u := f.claim(l, host+"/a", host+"/b")
	due := time.Now().Add(1200 * time.Millisecond).Truncate(time.Millisecond)
	f.settle(l, frontier.Result{URL: u[0], State: frontier.Failed, Due: due, Class: "timeout", Message: "too slow"})
	f.claim(l)
	f.settle(l, done(u[1]))
	if o := must(f.Outlook(f.Context(), []string{"shop"}))(f)["shop"]; !o.Leased {
		f.Errorf("outlook of a leased host: %+v", o)
	}
	f.release(l, time.Time{})
	f.nothing("shop")
	f.counts(frontier.SourceStats{Source: "shop", Failed: 1, Done: 1})
	o := must(f.Outlook(f.Context(), []string{"shop", "nobody"}))(f)
	if len(o) != 1 || !soonAfter(o["shop"].Next, due) || o["shop"].Leased {
		f.Errorf("outlook %+v, want %v", o, due)
	}
	got := f.claim(f.leaseFrom(due, "shop"), host+"/a")[0]
	if got.Attempts != 1 || got.State != frontier.Leased {
		f.Errorf("again: %+v", got)
	}
}

func deadLetters(f *fixture) {
	f.begin("shop", host+"/a", host+"/b", host+"/c")
	l := f.lease("shop")
	for i, u := range f.claim(l, host+"/a", host+"/b", host+"/c") {
		f.settle(l, frontier.Result{URL: u, State: frontier.Dead, Class: []string{"gone", "robots", "robots"}[i], Message: fmt.Sprint("reason ", i, strings.Repeat(" and so on", 10_000))})
	}
	f.release(l, time.Time{})
	f.counts(frontier.SourceStats{Source: "shop", Dead: 3, DeadBy: map[string]int{"gone": 1, "robots": 2}})
	all := must(f.Dead(f.Context(), frontier.Filter{}, 2))(f)
	if len(all) != 2 || all[0].URL != host+"/c" || !strings.HasPrefix(all[0].Message, "reason 2") || len(all[0].Message) > 2000 || all[0].Source != "shop" || all[0].Attempts != 1 || all[0].At.IsZero() {
		f.Errorf("the latest two: %+v", all)
	}
	for _, test := range []struct {
		filter frontier.Filter
		want   int
	}{
		{frontier.Filter{Source: "other"}, 0},
		{frontier.Filter{Source: "shop", Class: "robots", URL: host + "/a"}, 0},
		{frontier.Filter{Class: "robots"}, 2},
		{frontier.Filter{}, 1},
		{frontier.Filter{}, 0},
	} {
		if n := len(must(f.Dead(f.Context(), test.filter, 0))(f)); n != test.want {
			f.Errorf("%+v: %d dead, want %d", test.filter, n, test.want)
		}
		if n := must(f.Requeue(f.Context(), test.filter))(f); n != test.want {
			f.Errorf("%+v: %d requeued, want %d", test.filter, n, test.want)
		}
	}
	got := must(f.Claim(f.Context(), f.lease("shop"), 100))(f)
	if len(got) != 3 || got[0].Attempts != 0 {
		f.Errorf("requeued: %+v", got)
	}
}

func pause(f *fixture) {
	f.begin("shop", host+"/a", host+"/b")
	f.begin("blog", host+"/blog")
	l := f.lease("shop")
	must(f.Claim(f.Context(), l, 1))(f)
	until := time.Now().Add(1200 * time.Millisecond).Truncate(time.Millisecond)
	f.release(l, until)
	f.nothing("shop", "blog") // the host is paused for all
	if o := must(f.Outlook(f.Context(), []string{"shop"}))(f)["shop"]; !soonAfter(o.Next, until) {
		f.Errorf("outlook %+v, want %v", o, until)
	}
	f.claim(f.leaseFrom(until, "shop"), host+"/a", host+"/b")
}

func release(f *fixture) {
	f.begin("shop", host+"/a", host+"/b")
	l := f.lease("shop")
	u := f.claim(l, host+"/a", host+"/b")
	f.settle(l, frontier.Result{URL: u[0], State: frontier.Failed, Due: time.Now().Add(-time.Second), Class: "timeout"})
	f.claim(l, host+"/a")
	f.release(l, time.Time{})
	f.counts(frontier.SourceStats{Source: "shop", Pending: 1, Failed: 1})
	got := f.claim(f.lease("shop"), host+"/b", host+"/a")
	if got[0].Attempts != 0 || got[1].Attempts != 1 {
		f.Errorf("attempts %d and %d", got[0].Attempts, got[1].Attempts)
	}
}

// exclusive lets workers of two handles drain many hosts at once.
func exclusive(f *fixture) {
	const hosts, pages, workers = 7, 12, 6
	run := f.begin("shop")
	var seeds []string
	for h := range hosts {
		for p := range pages {
			seeds = append(seeds, fmt.Sprintf("https://h%d.example/%d", h, p))
		}
	}
	must(f.Add(f.Context(), run, links(frontier.PriorityPage, seeds...)))(f)
	handles := []frontier.Frontier{f.Frontier, f.handle()}
	var mu sync.Mutex
	seen, holders := map[string]int{}, map[string]int{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			h := handles[w%len(handles)]
			for {
				l, err := h.Lease(context.Background(), []string{"shop"}, ttl)
				if err != nil {
					f.Error(err)
					return
				}
				mu.Lock()
				finished := len(seen) == len(seeds)
				if l != nil {
					if holders[l.Key]++; holders[l.Key] > 1 {
						f.Errorf("%s has %d workers", l.Key, holders[l.Key])
					}
				}
				mu.Unlock()
				if l == nil {
					if finished {
						return
					}
					time.Sleep(time.Millisecond)
					continue
				}
				urls, err := h.Claim(context.Background(), l, 4)
				if err != nil {
					f.Error(err)
					return
				}
				for _, u := range urls {
					if _, err := h.Settle(context.Background(), l, frontier.Tally{Pages: 1}, []frontier.Result{done(u)}); err != nil {
						f.Error(err)
						return
					}
				}
				mu.Lock()
				for _, u := range urls {
					seen[u.URL]++
				}
				holders[l.Key]--
				mu.Unlock()
				if err := h.Release(context.Background(), l, time.Time{}); err != nil {
					f.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for u, n := range seen {
		if n != 1 {
			f.Errorf("%s was claimed %d times", u, n)
		}
	}
	f.counts(frontier.SourceStats{Source: "shop", Done: len(seeds)})
	if p := f.stats("shop").Run.Pages; p != len(seeds) {
		f.Errorf("run counts %d pages, want %d", p, len(seeds))
	}
}

func sharedHost(f *fixture) {
	f.begin("shop", host+"/same")
	f.begin("blog", host+"/same", host+"/blog")
	f.nothing("nobody")
	l := f.lease("blog")
	f.claim(l, host+"/same", host+"/blog")
	f.nothing("shop")
	if o := must(f.Outlook(f.Context(), []string{"shop"}))(f)["shop"]; !o.Leased {
		f.Errorf("outlook of a host held for another source: %+v", o)
	}
	f.release(l, time.Time{})
	l = f.lease("shop")
	f.settle(l, done(f.claim(l, host+"/same")[0]))
	f.release(l, time.Time{})
	f.counts(frontier.SourceStats{Source: "shop", Done: 1})
	f.counts(frontier.SourceStats{Source: "blog", Pending: 2})
	if n := len(must(f.Stats(f.Context()))(f)); n != 2 {
		f.Errorf("stats of all: %d sources, want 2", n)
	}
}

func fairness(f *fixture) {
	run := f.begin("shop")
	var all []frontier.Link
	for i := range 200 {
		all = append(all, frontier.Link{URL: fmt.Sprintf("%s/list/%d", host, i), Priority: frontier.PriorityNext})
	}
	for i := range 20 {
		all = append(all, frontier.Link{URL: fmt.Sprintf("%s/item/%d", host, i), Priority: frontier.PriorityItem},
			frontier.Link{URL: fmt.Sprintf("%s/page/%d", host, i), Priority: frontier.PriorityPage})
	}
	must(f.Add(f.Context(), run, all))(f)
	l := f.lease("shop")
	count := map[frontier.Priority]int{}
	last := frontier.PrioritySeed
	for _, u := range must(f.Claim(f.Context(), l, 32))(f) {
		if u.Priority < last {
			f.Errorf("%s comes after a link of lower priority", u.URL)
		}
		last = u.Priority
		count[u.Priority]++
	}
	for _, p := range []frontier.Priority{frontier.PriorityNext, frontier.PriorityItem, frontier.PriorityPage} {
		if count[p] == 0 {
			f.Errorf("no link of priority %d among the first 32", p)
		}
	}
}

func capped(f *fixture) {
	run := f.begin("shop")
	all := []string{host + "/1", host + "/2", host + "/3", host + "/4"}
	must(f.Add(f.Context(), run, links(frontier.PriorityPage, all...)))(f)
	l := f.lease("shop")
	for _, u := range must(f.Claim(f.Context(), l, 4))(f) {
		if u.URL == all[0] {
			f.settle(l, done(u))
		}
	}
	f.release(l, time.Time{})
	must(f.EndRun(f.Context(), run, "done"))(f)
	time.Sleep(2 * time.Millisecond) // the new run is later than the old
	f.begin("shop")
	f.claim(f.lease("shop"), all[1], all[2], all[3], all[0])
}

func nearer(f *fixture) {
	run := f.begin("shop", host+"/")
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/far", Priority: frontier.PriorityPage, Depth: 5}, {URL: host + "/busy", Priority: frontier.PriorityPage, Depth: 5}}))(f)
	l := f.lease("shop")
	u := f.claim(l, host+"/", host+"/far", host+"/busy")
	f.settle(l, fetched(u[1]))
	u[1].Snapshot = "a.warc.gz:7"
	f.settle(l, done(u[1]))
	// Without Redo the depth is noted, and that is all.
	f.settle(l, done(u[0], frontier.Link{URL: host + "/far", Priority: frontier.PriorityItem, Depth: 4}))
	f.counts(frontier.SourceStats{Source: "shop", Leased: 1, Done: 2})
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/last"}}))(f)
	last := f.claim(l, host+"/last")[0]
	r := done(last, frontier.Link{URL: host + "/far", Depth: 1}, frontier.Link{URL: host + "/busy", Depth: 1})
	r.Redo = true
	f.settle(l, r)
	f.counts(frontier.SourceStats{Source: "shop", Leased: 1, Fetched: 1, Done: 2})
	again := f.claim(l, host+"/far")[0]
	if again.State != frontier.Fetched || again.Depth != 1 || again.Snapshot != "a.warc.gz:7" {
		f.Errorf("found nearer: %+v", again)
	}
	// Found nearer while it was worked on.
	busy := done(u[2])
	busy.Redo = true
	f.settle(l, busy)
	if got := f.claim(l, host+"/busy")[0]; got.Depth != 1 {
		f.Errorf("found nearer while leased: %+v", got)
	}
}

func atomic(f *fixture) {
	f.begin("shop", host+"/a", host+"/b")
	l := f.lease("shop")
	u := f.claim(l, host+"/a", host+"/b")
	_, err := f.Settle(f.Context(), l, frontier.Tally{Pages: 2}, []frontier.Result{
		done(u[0], links(0, "https://new.example/")...), {URL: u[1], State: frontier.Leased}})
	if err == nil {
		f.Fatal("a URL was settled as leased")
	}
	f.counts(frontier.SourceStats{Source: "shop", Leased: 2})
	if n := f.settle(l, done(u[0], links(0, "https://new.example/")...)); n != 1 {
		f.Errorf("added %d, want 1", n)
	}
	f.release(l, time.Time{})
	if got := f.finish("shop"); len(got) != 2 {
		f.Errorf("finished %v", got)
	}
}

func ended(f *fixture) {
	run := f.begin("shop", host+"/")
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	if _, err := f.Add(ctx, run, links(0, host+"/b")); !errors.Is(err, context.Canceled) {
		f.Errorf("add: %v", err)
	}
	if _, err := f.Lease(ctx, []string{"shop"}, ttl); !errors.Is(err, context.Canceled) {
		f.Errorf("lease: %v", err)
	}
	f.counts(frontier.SourceStats{Source: "shop", Pending: 1})
}
