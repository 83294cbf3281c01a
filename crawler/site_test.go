package crawler_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// site is a web site on loopback. A page's body is lines "KIND TARGET", its
// links; everything asked for is noted.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]page
	// asked counts requests for a path, full those answered with a body.
	asked, full map[string]int
	order       []string
	busy, most  int
}

// page is what a path answers; the zero value is an empty page.
type page struct {
	links    []string
	status   int // 0 is 200
	noETag   bool
	header   map[string]string
	delay    time.Duration
	failures int // so many 500s first
}

func newSite(t testing.TB, pages map[string]page) *site {
	s := &site{pages: pages, asked: map[string]int{}, full: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RequestURI()
	s.mu.Lock()
	s.busy++
	s.most = max(s.most, s.busy)
	s.asked[path]++
	if path != "/robots.txt" && path != "/.well-known/tdmrep.json" {
		s.order = append(s.order, path)
	}
	n := s.asked[path]
	p, ok := s.pages[path]
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}()
	time.Sleep(p.delay)
	for k, v := range p.header {
		w.Header().Set(k, strings.ReplaceAll(v, "{site}", s.URL))
	}
	switch {
	case !ok:
		http.NotFound(w, r)
		return
	case n <= p.failures:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case p.status != 0:
		w.WriteHeader(p.status)
		return
	}
	body := strings.Join(p.links, "\n")
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/html")
	}
	if !p.noETag {
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(body)))
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	s.mu.Lock()
	s.full[path]++
	s.mu.Unlock()
	_, _ = w.Write([]byte(body))
}

func (s *site) set(path string, p page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = p
}

// requests returns the paths asked for since the last call, in order.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.order
	s.order = nil
	return o
}

// handler reads the links and notes what it was given.
type handler struct {
	mu      sync.Mutex
	base    string
	pages   []string
	respond func(*mention.Page) (crawler.Outcome, error)
}

func (h *handler) Handle(_ context.Context, _ *crawler.Source, pages []*mention.Page) ([]crawler.Outcome, []error) {
	outs, errs := make([]crawler.Outcome, len(pages)), make([]error, len(pages))
	var handled []string
	for i, p := range pages {
		if h.respond != nil {
			if outs[i], errs[i] = h.respond(p); errs[i] != nil {
				continue
			}
		}
		handled = append(handled, strings.TrimPrefix(p.URL, h.base))
		outs[i].Links = append(outs[i].Links, linksOf(p)...)
		outs[i].New++
	}
	h.mu.Lock()
	h.pages = append(h.pages, handled...)
	h.mu.Unlock()
	return outs, errs
}

func linksOf(p *mention.Page) (links []mention.Link) {
	for line := range strings.Lines(string(p.Body)) {
		kind, target, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		l := mention.Link{Kind: mention.LinkKind(kind)}
		if l.Kind == "nofollow" {
			l.Kind, l.NoFollow = mention.LinkPage, true
		}
		var err error
		if l.URL, err = mention.CanonicalURL(p.URL, target); err == nil {
			links = append(links, l)
		}
	}
	return links
}

// handled returns what was handled since the last call, sorted.
func (h *handler) handled() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pages
	h.pages = nil
	slices.Sort(p)
	return p
}

// bench is everything around an engine.
type bench struct {
	testing.TB
	dir     string
	site    *site
	handler *handler
	config  crawler.Config
	store   *snapshot.Store
	events  []crawler.Event
}

func newBench(t testing.TB, pages map[string]page) *bench {
	b := &bench{TB: t, dir: t.TempDir(), site: newSite(t, pages)}
	b.handler = &handler{base: b.site.URL}
	client, err := fetch.New(fetch.Config{Rate: -1, AllowPrivate: true, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	f, err := frontier.OpenSQLite(filepath.Join(b.dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	b.store, err = snapshot.Open(filepath.Join(b.dir, "snapshots"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	b.config = crawler.Config{
		Frontier: f, Fetcher: client, Snapshots: b.store, Handler: b.handler, Generation: "g1",
		Backoff: time.Millisecond, MaxWait: 3 * time.Second,
		Events: func(e crawler.Event) { b.events = append(b.events, e) },
	}
	return b
}

func (b *bench) source() *crawler.Source {
	return &crawler.Source{
		Source: mention.Source{Name: "shop", Type: "site", Host: mention.Host(b.site.URL)},
		Seeds:  []string{b.site.URL + "/"},
	}
}

func (b *bench) run(sources ...*crawler.Source) crawler.Report {
	b.Helper()
	r, err := b.tryRun(b.Context(), sources...)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bench) tryRun(ctx context.Context, sources ...*crawler.Source) (crawler.Report, error) {
	b.Helper()
	e, err := crawler.New(b.config)
	if err != nil {
		b.Fatal(err)
	}
	return e.Run(ctx, sources)
}

// one runs the source and returns its report, which must have the status.
func (b *bench) one(src *crawler.Source, status string) crawler.SourceReport {
	b.Helper()
	r := b.run(src).Sources[0]
	if r.Status != status || (r.Run.Status != status) {
		b.Fatalf("status %q (%s), run %+v; want %q", r.Status, r.Reason, r.Run, status)
	}
	return r
}

func (b *bench) wantHandled(want ...string) {
	b.Helper()
	slices.Sort(want)
	if got := b.handler.handled(); !slices.Equal(got, want) {
		b.Errorf("handled %q\nwant %q", got, want)
	}
}

func (b *bench) wantAsked(want ...string) {
	b.Helper()
	got := b.site.requests()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Errorf("asked for %q\nwant %q", got, want)
	}
}

func (b *bench) stats() frontier.SourceStats {
	b.Helper()
	all, err := b.config.Frontier.Stats(b.Context(), "shop")
	if err != nil || len(all) != 1 {
		b.Fatal(all, err)
	}
	return all[0]
}

func (b *bench) dead() map[string]string {
	b.Helper()
	all, err := b.config.Frontier.Dead(b.Context(), frontier.Filter{}, 0)
	if err != nil {
		b.Fatal(err)
	}
	m := map[string]string{}
	for _, d := range all {
		m[strings.TrimPrefix(d.URL, b.site.URL)] = d.Class + ": " + d.Message
	}
	return m
}

// shop is a small site: two list pages, four items, a feed.
func shop() map[string]page {
	return map[string]page{
		"/":        {links: []string{"next /?page=2", "item /p/1", "item /p/2", "page /feed.xml", "page /about"}},
		"/?page=2": {links: []string{"item /p/3", "item /p/4", "page /"}},
		"/p/1":     {links: []string{"page /"}}, "/p/2": {links: []string{"page /about"}}, "/p/3": {links: []string{"item /p/1"}}, "/p/4": {links: []string{"item /p/2 "}},
		"/feed.xml": {links: []string{"item /p/4"}}, "/about": {links: []string{"page /?page=2"}},
	}
}

var shopPages = []string{"/", "/?page=2", "/about", "/feed.xml", "/p/1", "/p/2", "/p/3", "/p/4"}
