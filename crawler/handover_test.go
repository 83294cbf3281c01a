package crawler_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
)

// pacedSite has a list of pages and notes who asked when, by the User-Agent.
type pacedSite struct {
	*httptest.Server
	pages int
	mu    sync.Mutex
	asked []ask
}

type ask struct {
	at   time.Time
	who  string
	path string
}

func newPacedSite(t *testing.T, pages int, robots string) *pacedSite {
	s := &pacedSite{pages: pages}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, ask{time.Now(), r.UserAgent(), r.URL.Path})
		s.mu.Unlock()
		switch r.URL.Path {
		case "/":
			for i := range s.pages {
				fmt.Fprintf(w, "item /p/%d\n", i)
			}
		case "/robots.txt":
			io.WriteString(w, robots)
		case "/.well-known/tdmrep.json":
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// hold fails for two requests closer than 0.9 intervals.
func (s *pacedSite) hold(t *testing.T, interval time.Duration) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.asked[1:] {
		a, b := s.asked[i], s.asked[i+1]
		if gap := b.at.Sub(a.at); gap < interval*9/10 {
			t.Errorf("%s by %s came %s after %s by %s", b.path, b.who, gap, a.path, a.who)
		}
	}
}

// pacedEngine is an engine with a fetch client and a frontier of its own, as
// another process has it.
func pacedEngine(t *testing.T, dir, who string, interval time.Duration, change func(*crawler.Config)) *crawler.Engine {
	t.Helper()
	f, err := frontier.OpenSQLite(filepath.Join(dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	client, err := fetch.New(fetch.Config{Rate: 1 / interval.Seconds(), AllowPrivate: true, Contact: who + "@klank.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	c := crawler.Config{Frontier: f, Fetcher: client, Handler: followAll{}, Backoff: time.Millisecond}
	if change != nil {
		change(&c)
	}
	e, err := crawler.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// followAll stores nothing.
type followAll struct{}

func (followAll) Handle(_ context.Context, _ *crawler.Source, pages []*mention.Page) ([]crawler.Outcome, []error) {
	outs := make([]crawler.Outcome, len(pages))
	for i, p := range pages {
		outs[i].Links = linksOf(p)
	}
	return outs, make([]error, len(pages))
}

// A host goes from one process to another: its interval holds between the last
// request of the one and the first of the other, and so does a Crawl-delay that
// only robots.txt asks for.
func TestTheIntervalHoldsWhereAHostGoesToAnotherProcess(t *testing.T) {
	const interval = 300 * time.Millisecond
	for name, c := range map[string]struct {
		own    time.Duration
		robots string
	}{
		"rate":        {interval, ""},
		"Crawl-delay": {time.Millisecond, "User-agent: *\nCrawl-delay: 0.3\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPacedSite(t, 1, c.robots)
			dir := t.TempDir()
			for _, who := range []string{"one", "two"} {
				src := &crawler.Source{Source: mention.Source{Name: who}, Seeds: []string{s.URL + "/"}}
				r, err := pacedEngine(t, dir, who, c.own, nil).Run(t.Context(), []*crawler.Source{src})
				if err != nil || r.Sources[0].Status != crawler.StatusDone || r.Sources[0].Pages != 2 {
					t.Errorf("%+v, %v", r, err)
				}
			}
			s.hold(t, interval)
		})
	}
}

// A lease that was not given back may have been used a moment ago.
func TestTheIntervalHoldsAfterAWorkerWasKilled(t *testing.T) {
	const interval = 300 * time.Millisecond
	s := newPacedSite(t, 1, "")
	dir := t.TempDir()
	src := &crawler.Source{Source: mention.Source{Name: "shop"}, Seeds: []string{s.URL + "/"}}
	f, err := frontier.OpenSQLite(filepath.Join(dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Add(t.Context(), run, []frontier.Link{{URL: s.URL + "/"}}); err != nil {
		t.Fatal(err)
	}
	if l, err := f.Lease(t.Context(), []string{"shop"}, time.Minute); err != nil || l == nil || l.Taken {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := http.Get(s.URL + "/p/0"); err != nil { // the worker's last request
		t.Fatal(err)
	}
	expire(t, filepath.Join(dir, "frontier.db"))
	r, err := pacedEngine(t, dir, "next", interval, nil).Run(t.Context(), []*crawler.Source{src})
	if err != nil || r.Sources[0].Status != crawler.StatusDone {
		t.Fatalf("%+v, %v", r, err)
	}
	s.hold(t, interval)
}

// stuckFrontier extends no lease, as when the process is stopped or the
// database does not answer.
type stuckFrontier struct{ frontier.Frontier }

func (f stuckFrontier) Extend(ctx context.Context, _ *frontier.Lease) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	return frontier.ErrLeaseLost
}

// When a lease may have gone to another worker nothing is sent any more, not
// even what has waited for its turn; then the run goes on with a new lease.
func TestNothingIsSentAfterALeaseMayBeLost(t *testing.T) {
	const interval, ttl = 400 * time.Millisecond, 600 * time.Millisecond
	s := newPacedSite(t, 3, "")
	dir := t.TempDir()
	src := &crawler.Source{Source: mention.Source{Name: "shop"}, Seeds: []string{s.URL + "/"}}
	var mu sync.Mutex
	var leased []time.Time
	e := pacedEngine(t, dir, "one", interval, func(c *crawler.Config) {
		c.LeaseTTL = ttl
		c.Frontier = leaseLog{stuckFrontier{c.Frontier}, func() {
			mu.Lock()
			defer mu.Unlock()
			leased = append(leased, time.Now())
		}}
	})
	r, err := e.Run(t.Context(), []*crawler.Source{src})
	if err != nil || r.Sources[0].Status != crawler.StatusDone || r.Sources[0].Pages != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	s.hold(t, interval)
	for _, a := range s.asked {
		var since time.Duration = time.Hour
		for _, l := range leased {
			if d := a.at.Sub(l); d >= 0 {
				since = min(since, d)
			}
		}
		// The request itself may take its time on a busy machine.
		if since > ttl+interval/2 {
			t.Errorf("%s was asked %s after the lease was had, which lasts %s", a.path, since, ttl)
		}
	}
	if len(leased) < 3 {
		t.Errorf("only %d leases: the test proves nothing", len(leased))
	}
}

// leaseLog notes when a lease is had.
type leaseLog struct {
	frontier.Frontier
	had func()
}

func (f leaseLog) Lease(ctx context.Context, sources []string, ttl time.Duration) (*frontier.Lease, error) {
	l, err := f.Frontier.Lease(ctx, sources, ttl)
	if l != nil {
		f.had()
	}
	return l, err
}
