package crawler_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/fetch"
	"klank/mention"
)

// xml is a sitemap.
func xml(root, entry string, locations ...string) page {
	body := "<" + root + ">"
	for _, l := range locations {
		body += fmt.Sprintf("<%s><loc>%s</loc></%s>", entry, l, entry)
	}
	return page{links: []string{body + "</" + root + ">"}, header: map[string]string{"Content-Type": "application/xml"}}
}

func TestPagesOfSitemapsAreCollected(t *testing.T) {
	b := newBench(t, map[string]page{
		"/": {}, "/p/1": {}, "/p/2": {links: []string{"item /p/3"}}, "/p/3": {}, "/p/4": {},
		"/index.xml": xml("sitemapindex", "sitemap", "/moved.xml", "/two.xml", "/two.xml", "/gone.xml", "/index.xml", "http://other.example/a.xml"),
		"/moved.xml": {status: http.StatusFound, header: map[string]string{"Location": "/one.xml"}},
		"/one.xml":   xml("urlset", "url", "/p/1", "/p/2", "/cart", "/p/photo.jpg", "http://other.example/p/5", "mailto:a@b.example"),
		"/two.xml":   xml("sitemapindex", "sitemap", "/index.xml", "/three.xml"),
		"/three.xml": xml("urlset", "url", "/p/4", "/p/1"),
	})
	src := b.source()
	src.Sitemaps = []string{b.site.URL + "/index.xml"}
	src.Scope.Deny = []*regexp.Regexp{regexp.MustCompile("/cart")}
	r := b.one(src, crawler.StatusDone)
	b.wantHandled("/", "/p/1", "/p/2", "/p/3", "/p/4")
	if r.Sitemaps != 4 || r.Listed != 4 || r.Pages != 5 || r.Errors["gone"] != 1 || r.Left != 0 || r.Dead != 0 {
		t.Errorf("report %+v", r)
	}
	if last := b.events[len(b.events)-1]; last.Known != 6 || last.Left != 0 {
		t.Errorf("last event %+v", last)
	}

	// The next run reads them again, and finds what is new; no seed is needed.
	b.site.set("/three.xml", xml("urlset", "url", "/p/4", "/p/6"))
	b.site.set("/p/6", page{})
	src.Seeds = nil
	r = b.one(src, crawler.StatusDone)
	b.wantHandled("/p/6")
	if r.Sitemaps != 4 || r.NotModified != 5 {
		t.Errorf("second run %+v", r)
	}
}

func TestSitemapThatFailsIsTriedAgain(t *testing.T) {
	index := xml("sitemapindex", "sitemap", "/one.xml", "/two.xml")
	one := xml("urlset", "url", "/p/1")
	one.failures = 1
	b := newBench(t, map[string]page{"/index.xml": index, "/one.xml": one, "/two.xml": xml("urlset", "url", "/p/2"), "/p/1": {}, "/p/2": {}})
	src := b.source()
	src.Seeds, src.Sitemaps = nil, []string{b.site.URL + "/index.xml"}
	r := b.one(src, crawler.StatusDone)
	b.wantHandled("/p/1", "/p/2")
	if r.Sitemaps != 3 || r.Listed != 2 || r.Errors["server"] != 1 {
		t.Errorf("report %+v", r)
	}
}

func TestWhatIsNoSitemapIsReported(t *testing.T) {
	b := newBench(t, map[string]page{
		"/": {}, "/page.xml": {links: []string{"<html></html>"}}, "/p/1": {},
		"/cut.xml": {links: []string{"<urlset><url><loc>/p/1</loc></url>"}}, "/loop.xml": {status: http.StatusFound, header: map[string]string{"Location": "/loop.xml"}},
	})
	src := b.source()
	for _, path := range []string{"/page.xml", "/cut.xml", "/loop.xml"} {
		src.Sitemaps = append(src.Sitemaps, b.site.URL+path)
	}
	r := b.one(src, crawler.StatusDone)
	b.wantHandled("/", "/p/1") // what stands before the damage counts
	dead := b.dead()
	if r.Dead != 3 || r.Errors["sitemap"] != 2 || !strings.Contains(dead["/page.xml"], "no sitemap") || !strings.HasPrefix(dead["/cut.xml"], "sitemap: ") ||
		!strings.Contains(dead["/loop.xml"], "redirect") {
		t.Errorf("report %+v, dead %q", r, dead)
	}
}

func TestLongSitemapReachesTheFrontierWhole(t *testing.T) {
	var names []string
	for i := range 1700 {
		names = append(names, fmt.Sprintf("/p/%d", i))
	}
	b := newBench(t, map[string]page{"/one.xml": xml("urlset", "url", names...), "/p/0": {}})
	src := b.source()
	src.Seeds, src.Sitemaps, src.MaxPages = nil, []string{b.site.URL + "/one.xml"}, 1
	if r := b.one(src, crawler.StatusDone); r.Listed != 1700 || b.stats().Known() != 1701 {
		t.Errorf("report %+v, %d known", r, b.stats().Known())
	}
}

func TestSitemapsNeedAStreamer(t *testing.T) {
	b := newBench(t, nil)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	b.config.Fetcher = struct{ crawler.Fetcher }{b.config.Fetcher}
	src := &crawler.Source{Source: mention.Source{Name: "shop"}, Sitemaps: []string{server.URL + "/a.xml"}}
	if _, err := b.tryRun(t.Context(), src); err == nil || !strings.Contains(err.Error(), "sitemaps") {
		t.Errorf("error %v", err)
	}
}

func TestRunStoppedWithinSitemapsReadsThemAgain(t *testing.T) {
	slow := xml("urlset", "url", "/p/2")
	slow.delay = 300 * time.Millisecond
	b := newBench(t, map[string]page{"/index.xml": xml("sitemapindex", "sitemap", "/one.xml", "/two.xml"), "/one.xml": xml("urlset", "url", "/p/1"), "/two.xml": slow, "/p/1": {}, "/p/2": {}})
	src := b.source()
	src.Seeds, src.Sitemaps = nil, []string{b.site.URL + "/index.xml"}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	r, err := b.tryRun(ctx, src)
	if err != nil || r.Sources[0].Status != crawler.StatusInterrupted {
		t.Fatalf("report %+v, %v", r, err)
	}
	if r := b.one(src, crawler.StatusDone); !r.Resumed || r.Sitemaps != 3 {
		t.Errorf("report %+v", r)
	}
	b.wantHandled("/p/1", "/p/2")
}

// dated is a sitemap with the time of each page's last change.
func dated(pages map[string]string) page {
	body := "<urlset>"
	for location, changed := range pages {
		body += fmt.Sprintf("<url><loc>%s</loc><lastmod>%s</lastmod></url>", location, changed)
	}
	return page{links: []string{body + "</urlset>"}, header: map[string]string{"Content-Type": "application/xml"}, noETag: true}
}

func TestSitemapsSayWhichPagesAreDue(t *testing.T) {
	now := time.Now().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	b := newBench(t, map[string]page{"/old": {}, "/today": {}, "/undated": {}, "/future": {}, "/now": {}})
	src := b.source()
	src.Seeds, src.Sitemaps = nil, []string{b.site.URL + "/sitemap.xml"}
	b.site.set("/sitemap.xml", dated(map[string]string{
		"/old": at(-time.Hour), "/today": now.Format(time.DateOnly), "/undated": "soon", "/future": at(time.Hour), "/now": at(0)}))
	b.config.DeepEvery = time.Hour
	b.one(src, crawler.StatusDone)
	b.wantAsked("/sitemap.xml", "/old", "/today", "/undated", "/future", "/now")

	r := b.one(src, crawler.StatusDone)
	b.wantAsked("/sitemap.xml", "/today", "/undated", "/future", "/now")
	if r.NotDue != 1 || r.Deep || r.Listed != 5 {
		t.Errorf("report %+v", r)
	}
	src.Deep = true
	if r = b.one(src, crawler.StatusDone); !r.Deep || r.NotModified != 5 {
		t.Errorf("a deep run: %+v", r)
	}
}

func TestPagesThatSitemapsCallChangedAreDue(t *testing.T) {
	for same := 400 * time.Millisecond; same < 10*time.Second; same *= 2 {
		b := newBench(t, map[string]page{"/": {}, "/changed": {}, "/same": {}})
		b.site.set("/sitemap.xml", xml("urlset", "url", "/changed", "/same"))
		src := b.source()
		src.Sitemaps = []string{b.site.URL + "/sitemap.xml"}
		b.config.DeepEvery = time.Hour
		seen := b.steady(src, same)
		// The site's clock is ahead: of a change that is not a minute ago,
		// nobody can tell whether it comes from a clock.
		b.config.Fetcher = laterBy{b.config.Fetcher.(streamFetcher), time.Hour}
		b.site.set("/sitemap.xml", dated(map[string]string{"/changed": seen.Add(30 * time.Minute).UTC().Format(time.RFC3339)}))
		r := b.one(src, crawler.StatusDone)
		if time.Since(seen) > same/8 {
			continue // this machine is busy
		}
		b.wantAsked("/", "/sitemap.xml", "/changed")
		if r.NotDue != 1 {
			t.Errorf("report %+v", r)
		}
		return
	}
	t.Skip("this machine is too busy to tell times apart")
}

type streamFetcher interface {
	crawler.Fetcher
	crawler.Streamer
}

// laterBy has answers come later than they do.
type laterBy struct {
	streamFetcher
	by time.Duration
}

func (l laterBy) Stream(ctx context.Context, r fetch.Request) (*fetch.StreamResponse, error) {
	response, err := l.streamFetcher.Stream(ctx, r)
	if err == nil {
		response.Fetched = response.Fetched.Add(l.by)
	}
	return response, err
}

func TestASitemapThatIsTheSameIsNotReadAgain(t *testing.T) {
	b := newBench(t, map[string]page{"/p/1": {}, "/p/2": {}})
	b.site.set("/sitemap.xml", xml("urlset", "url", "/p/1", "/p/2"))
	src := b.source()
	src.Seeds, src.Sitemaps = nil, []string{b.site.URL + "/sitemap.xml"}
	b.config.DeepEvery = time.Hour
	full := func() int {
		b.site.mu.Lock()
		defer b.site.mu.Unlock()
		return b.site.full["/sitemap.xml"]
	}
	for range 2 {
		if r := b.one(src, crawler.StatusDone); r.Sitemaps != 1 || r.Pages+r.NotModified != 2 || full() != 1 {
			t.Errorf("read %d times: %+v", full(), r)
		}
	}
	// Another scope finds other pages in it, and a deep run trusts nothing.
	src.Scope.Deny = []*regexp.Regexp{regexp.MustCompile("/p/1")}
	if r := b.one(src, crawler.StatusDone); r.Listed != 1 || full() != 2 {
		t.Errorf("in another scope, read %d times: %+v", full(), r)
	}
	src.Deep = true
	if r := b.one(src, crawler.StatusDone); r.Listed != 1 || full() != 3 {
		t.Errorf("in a deep run, read %d times: %+v", full(), r)
	}
}

func TestSitemapsOfRobotsAreReadWhereWanted(t *testing.T) {
	b := newBench(t, map[string]page{
		"/": {}, "/listed": {}, "/robots.txt": {links: []string{"User-agent: *", "Disallow:", "Sitemap: /sitemap.xml", "Sitemap: http://other.example/sitemap.xml"}},
		"/sitemap.xml": xml("urlset", "url", "/listed"),
	})
	if r := b.one(b.source(), crawler.StatusDone); r.Sitemaps != 0 {
		t.Errorf("not asked for: %+v", r)
	}
	b.wantAsked("/")
	src := b.source()
	src.RobotsSitemaps = true
	for range 2 { // also when the frontier knows the sitemap
		if r := b.one(src, crawler.StatusDone); r.Sitemaps != 1 || r.Dead != 0 {
			t.Errorf("report %+v", r)
		}
		b.wantAsked("/", "/sitemap.xml", "/listed")
	}
	b.wantHandled("/", "/listed")
}
