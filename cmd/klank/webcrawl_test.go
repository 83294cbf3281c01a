package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/frontier"
	"klank/crawler/schedule"
	"klank/mention"
	"klank/web"
)

// askedSite is a site that remembers when it was asked for what.
type askedSite struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
	times []time.Time
}

func newAskedSite(t *testing.T) *askedSite {
	t.Helper()
	a := &askedSite{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.paths, a.times = append(a.paths, r.URL.Path), append(a.times, time.Now())
		a.mu.Unlock()
		switch r.URL.Path {
		case "/robots.txt":
			io.WriteString(w, "User-agent: *\nDisallow: /private/\n")
		case "/":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<a href="1.html">1</a> <a href="2.html">2</a> <a href="3.html">3</a> <a href="forbidden">4</a>`)
		case "/forbidden":
			w.WriteHeader(http.StatusForbidden)
		case "/.well-known/tdmrep.json":
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<html lang="en"><meta name="robots" content="noindex"><script type="application/ld+json">{"@type":"Product","name":"Kettle",
				"review":{"@type":"Review","author":"Fay","datePublished":"2026-03-03","reviewBody":"It boils."}}</script></html>`)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *askedSite) count(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, p := range a.paths {
		if p == path {
			n++
		}
	}
	return n
}

// newTestWorkspace opens a new data folder, silently, until the test has ended.
func newTestWorkspace(t *testing.T, cfg *configs.Config) (*env, *workspace) {
	t.Helper()
	e := &env{out: io.Discard, err: io.Discard, data: t.TempDir(), logFormat: "text"}
	w, err := e.openWorkspace(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, w
}

// deskOf opens a data folder with one source, the site.
func deskOf(t *testing.T, site string, allowPrivate bool) (*crawlDesk, *env) {
	t.Helper()
	cfg := configs.Default()
	cfg.Crawl.Rate = 10
	cfg.Sources = []configs.Source{{Name: "shop", Type: "site", URLs: []string{site + "/"}}}
	e, w := newTestWorkspace(t, cfg)
	d := newCrawlDesk(cfg, w, allowPrivate)
	t.Cleanup(func() { d.reader.close() })
	return d, e
}

// collectorOf is one that shares its client with the desk.
func collectorOf(t *testing.T, d *crawlDesk, e *env) (*collector, []*crawler.Source) {
	t.Helper()
	c, err := newCollector(e, d.cfg, d.w, crawlOptions{allowPrivate: true}, newServiceProgress(e.log()))
	if err != nil {
		t.Fatal(err)
	}
	sources, err := crawlSources(d.cfg, &crawlFlags{all: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, sources
}

func TestAPageThatIsTriedWaitsItsTurnAmongTheCrawls(t *testing.T) {
	site := newAskedSite(t)
	d, e := deskOf(t, site.URL, true)
	c, sources := collectorOf(t, d, e)
	defer c.close()
	d.share(c)
	var work sync.WaitGroup
	work.Go(func() {
		defer d.began("shop")()
		if _, err := c.collect(t.Context(), sources); err != nil {
			t.Error(err)
		}
	})
	for range 3 {
		work.Go(func() {
			got, err := d.try(t.Context(), web.TryRequest{URL: site.URL + "/tried.html"})
			if err != nil || len(got.Mentions) != 1 || !got.Directives.NoIndex {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	work.Wait()
	d.reader.client = nil // the collector's
	d.reader.fetch = nil
	if site.count("/robots.txt") != 1 || site.count("/tried.html") != 3 || site.count("/3.html") != 1 {
		t.Errorf("asked for %q", site.paths)
	}
	for i := range site.times[1:] {
		if gap := site.times[i+1].Sub(site.times[i]); gap < 90*time.Millisecond {
			t.Errorf("request %d came %s after the one before, want 100ms", i+1, gap)
		}
	}
	if all, err := d.w.frontier.Stats(t.Context()); err != nil || len(all) != 1 || all[0].Known() != 5 {
		t.Errorf("what was tried is stored: %+v, %v", all, err)
	}
}

func TestTryRefusesWhatACrawlWouldRefuse(t *testing.T) {
	site := newAskedSite(t)
	d, _ := deskOf(t, site.URL, false)
	if _, err := d.try(t.Context(), web.TryRequest{URL: site.URL + "/"}); err == nil || !strings.Contains(err.Error(), "address") || len(site.paths) > 0 {
		t.Errorf("a private address: %v, asked for %q", err, site.paths)
	}
	open, _ := deskOf(t, site.URL, true)
	if _, err := open.try(t.Context(), web.TryRequest{URL: site.URL + "/private/x"}); err == nil || !strings.Contains(err.Error(), "robots.txt forbids it in line 2") || site.count("/private/x") > 0 {
		t.Errorf("what robots.txt forbids: %v, asked for %q", err, site.paths)
	}
	open.cfg.Sources[0].IgnoreRobots = "the shop is our own, agreed with its owner"
	if _, err := open.try(t.Context(), web.TryRequest{URL: site.URL + "/private/x", Source: "shop"}); err == nil || site.count("/private/x") > 0 {
		t.Errorf("an exemption is for crawls, not for whatever somebody pastes: %v", err)
	}
	for _, r := range []web.TryRequest{{URL: "shop.example"}, {URL: "file:///etc/passwd"}, {Body: "x", URL: "javascript:alert(1)"}, {Body: "x", Parser: "nonsense"}, {Body: "x", Source: "nobody"}, {Body: "x", Parser: "selectors"}} {
		if got, err := open.try(t.Context(), r); err == nil {
			t.Errorf("%+v: %+v", r, got)
		}
	}
}

func TestAPastedPageAsksNobody(t *testing.T) {
	site := newAskedSite(t)
	d, _ := deskOf(t, site.URL, true)
	for _, c := range []struct{ body, kind string }{
		{`<html lang="en"><script type="application/ld+json">{"@type":"Review","author":"Fay","reviewBody":"It boils."}</script></html>`, "text/html; charset=utf-8"},
		{` [{"id":"1"}]`, "application/json"}, {"\ufeff<?xml version=\"1.0\"?><rss><channel></channel></rss>", "application/xml"},
	} {
		got, err := d.try(t.Context(), web.TryRequest{Body: c.body, URL: site.URL + "/x"})
		if err != nil || got.ContentType != c.kind || got.URL != site.URL+"/x" || strings.Contains(c.body, "Fay") != (len(got.Mentions) == 1) {
			t.Errorf("%s: %+v, %v", c.kind, got, err)
		}
	}
	if len(site.paths) > 0 {
		t.Errorf("asked for %q", site.paths)
	}
}

func TestAHostThatAnotherProcessAsksIsNotTried(t *testing.T) {
	site := newAskedSite(t)
	d, _ := deskOf(t, site.URL, true)
	ctx, fr := t.Context(), d.w.frontier
	run, _, err := fr.BeginRun(ctx, "shop", frontier.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fr.Add(ctx, run, []frontier.Link{{URL: site.URL + "/"}}); err != nil {
		t.Fatal(err)
	}
	lease, err := fr.Lease(ctx, []string{"shop"}, time.Minute)
	if err != nil || lease == nil {
		t.Fatalf("%v, %v", lease, err)
	}
	if _, err := d.try(ctx, web.TryRequest{URL: site.URL + "/"}); err == nil || !strings.Contains(err.Error(), "another klank collects from shop") {
		t.Errorf("while it is leased: %v", err)
	}
	lease.Reason = "HTTP status 429 with a Retry-After"
	if err := fr.Release(ctx, lease, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(ctx, web.TryRequest{URL: site.URL + "/"}); err == nil || !strings.Contains(err.Error(), "left alone until") {
		t.Errorf("while it is left alone: %v", err)
	}
	if len(site.paths) > 0 {
		t.Errorf("asked for %q", site.paths)
	}
}

func TestTheDeskShowsPausesAndPutsBackAsTheCommandsDo(t *testing.T) {
	site := newAskedSite(t)
	d, e := deskOf(t, site.URL, true)
	c, sources := collectorOf(t, d, e)
	if _, err := c.collect(t.Context(), sources); err != nil {
		t.Fatal(err)
	}
	c.close()
	st, err := d.status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := st.Sources[0]
	if len(st.Sources) != 1 || s.Done != 4 || s.Dead != 1 || s.DeadBy["client"] != 1 || !s.Configured || s.Type != "site" || s.Run.Pages != 4 || s.LastGood.IsZero() {
		t.Errorf("%+v", st.Sources)
	}
	host := mention.Host(site.URL + "/")
	if len(st.Hosts) != 1 || st.Hosts[0].Host != host || st.Hosts[0].Interval != 100*time.Millisecond || !slices.Equal(s.Keys, []string{host}) {
		t.Errorf("%+v, keys %v", st.Hosts, s.Keys)
	}
	desk := d.web()
	letters, err := desk.Dead(t.Context(), web.DeadFilter{Source: "shop"}, 10)
	if err != nil || len(letters) != 1 || letters[0].Reason != "HTTP status 403 (Forbidden)" {
		t.Errorf("%+v, %v", letters, err)
	}
	if n, err := desk.Requeue(t.Context(), web.DeadFilter{Source: "shop"}); n != 1 || err != nil {
		t.Errorf("%d put back, %v", n, err)
	}
	if err := desk.Pause(t.Context(), "shop", true, "moves house"); err != nil {
		t.Fatal(err)
	}
	if st, err = d.status(t.Context()); err != nil || st.Sources[0].Paused == nil || st.Sources[0].Paused.Reason != "moves house" || st.Sources[0].Pending != 1 {
		t.Errorf("%+v, %v", st.Sources, err)
	}
	if desk.Start != nil {
		t.Error("a process that does not collect offers to begin")
	}
	if _, err := desk.Requeue(t.Context(), web.DeadFilter{Source: "nobody"}); !errors.Is(err, web.ErrUnknownSource) {
		t.Errorf("an unknown source: %v", err)
	}
	if err := desk.Pause(t.Context(), "nobody", true, ""); !errors.Is(err, web.ErrUnknownSource) {
		t.Errorf("an unknown source: %v", err)
	}
}

func TestWhoAsksForARunGetsItAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.took = time.Minute
		s := l.scheduler(t, 8, "shop", "quiet", "paused")
		s.jobs[1].when = schedule.Schedule{} // only by hand
		l.paused = map[string]frontier.Pause{"paused": {}}
		began := time.Now()
		time.AfterFunc(10*time.Minute, func() {
			for _, name := range []string{"shop", "quiet", "paused"} {
				if err := s.ask(name); err != nil {
					t.Error(err)
				}
			}
			if err := s.ask("nobody"); !errors.Is(err, web.ErrUnknownSource) {
				t.Errorf("an unknown source: %v", err)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Minute)
		defer cancel()
		s.run(ctx)
		for name, want := range map[string][]time.Duration{"shop": {0, 10 * time.Minute}, "quiet": {10 * time.Minute}, "paused": nil} {
			var got []time.Duration
			for _, b := range l.begins[name] {
				got = append(got, b.Sub(began))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s began after %v, want %v", name, got, want)
			}
		}
	})
}
