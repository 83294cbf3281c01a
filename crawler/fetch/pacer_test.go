package fetch

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/crawler/robots"
)

// arrivals notes when requests reach a server.
type arrivals struct {
	mu    sync.Mutex
	times []time.Time
}

func (a *arrivals) note() {
	now := time.Now()
	a.mu.Lock()
	a.times = append(a.times, now)
	a.mu.Unlock()
}

// gaps returns how many there were, and the shortest.
func (a *arrivals) gaps() (n int, shortest time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	shortest = time.Hour
	for i := 1; i < len(a.times); i++ {
		shortest = min(shortest, a.times[i].Sub(a.times[i-1]))
	}
	return len(a.times), shortest
}

// pacedSite serves robots.txt and pages, and notes every request.
func pacedSite(t *testing.T, robots string) (string, *arrivals) {
	a := &arrivals{}
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.note()
		if r.URL.Path == "/robots.txt" {
			write("text/plain", robots)(w, r)
			return
		}
		write("text/html", strings.Repeat("x", 30_000))(w, r)
	})), a
}

func TestNoGapIsShortWithFourCallersOnSeveralHosts(t *testing.T) {
	const hosts, callers, each, interval = 6, 4, 2, 200 * time.Millisecond
	c := client(t, func(c *Config) { c.Rate = float64(time.Second / interval) })
	var wg sync.WaitGroup
	var seen [hosts]*arrivals
	start := time.Now()
	for h := range hosts {
		url, a := pacedSite(t, "")
		seen[h] = a
		for k := range callers {
			wg.Go(func() {
				for i := range each {
					if _, err := c.Fetch(t.Context(), Request{URL: fmt.Sprintf("%s/%d/%d", url, k, i)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	took := time.Since(start)
	for h, a := range seen {
		n, shortest := a.gaps()
		if n != callers*each+1 { // robots.txt is one
			t.Errorf("host %d: %d requests", h, n)
		}
		if shortest < interval*95/100 {
			t.Errorf("host %d: a gap of %s, want %s", h, shortest, interval)
		}
	}
	if ideal := callers * each * interval; took < ideal*95/100 {
		t.Errorf("took %s, no less than %s is polite", took, ideal)
	}
}

func TestTheLongestIntervalHolds(t *testing.T) {
	const long = 200 * time.Millisecond
	for name, c := range map[string]struct {
		rate   float64
		min    time.Duration
		robots string
	}{
		"of the rate":                           {rate: 5, min: time.Millisecond, robots: "User-agent: *\nCrawl-delay: 0.01"},
		"of the request":                        {rate: 1000, min: long},
		"of the request, without a rate":        {rate: -1, min: long},
		"of Crawl-delay":                        {rate: 1000, robots: "User-agent: *\nCrawl-delay: 0.2"},
		"of Crawl-delay, even without any rate": {rate: -1, robots: "User-agent: *\nCrawl-delay: 0.2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, a := pacedSite(t, c.robots)
			cl := client(t, func(cfg *Config) { cfg.Rate = c.rate })
			for range 3 {
				if _, err := cl.Fetch(t.Context(), Request{URL: url + "/", MinInterval: c.min}); err != nil {
					t.Fatal(err)
				}
			}
			if n, shortest := a.gaps(); n != 4 || shortest < long*95/100 {
				t.Errorf("%d requests, the shortest gap %s", n, shortest)
			}
		})
	}
}

func TestSlowDialDoesNotEatTheGap(t *testing.T) {
	const interval = 200 * time.Millisecond
	url, a := pacedSite(t, "")
	c := client(t, func(c *Config) { c.Rate = float64(time.Second / interval) })
	dial, slow := c.transport.DialContext, atomic.Bool{}
	c.transport.DialContext = dialFunc(func() {
		if slow.Swap(false) {
			time.Sleep(interval * 3 / 4)
		}
	}, dial)
	for i := range 4 {
		if i%2 == 1 {
			c.transport.CloseIdleConnections()
			slow.Store(true)
		}
		get(t, c, url+"/")
	}
	if _, shortest := a.gaps(); shortest < interval*95/100 {
		t.Errorf("the shortest gap is %s", shortest)
	}
}

// net/http asks again on its own where a connection breaks that was used
// before.
func TestRequestSentAgainKeepsTheInterval(t *testing.T) {
	const interval = 200 * time.Millisecond
	a, broken := &arrivals{}, atomic.Bool{}
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		a.note()
		if r.URL.Path == "/b" && broken.CompareAndSwap(false, true) {
			panic(http.ErrAbortHandler)
		}
		write("text/html", "x")(w, r)
	})
	c := client(t, func(c *Config) { c.Rate = float64(time.Second / interval) })
	get(t, c, url+"/a")
	get(t, c, url+"/b")
	if n, shortest := a.gaps(); n != 3 || shortest < interval*95/100 {
		t.Errorf("%d requests, the shortest gap %s", n, shortest)
	}
}

func TestOneRequestAtATimePerHost(t *testing.T) {
	var now, most atomic.Int32
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(20 * time.Millisecond) // many intervals
		now.Add(-1)
		write("text/html", "x")(w, r)
	})
	c := client(t, func(c *Config) { c.Rate = 1000 })
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { get(t, c, url+"/") })
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestHostsDoNotWaitForEachOther(t *testing.T) {
	slow := site(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	fast, _ := pacedSite(t, "")
	c := client(t, func(c *Config) { c.Rate = 1000 })
	go c.Fetch(t.Context(), Request{URL: slow + "/"})
	start := time.Now()
	get(t, c, fast+"/")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestRetryAfterPausesTheHost(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			var first atomic.Bool
			a := &arrivals{}
			url := site(t, func(w http.ResponseWriter, r *http.Request) {
				a.note()
				if first.CompareAndSwap(false, true) {
					w.Header().Set("Retry-After", "1")
					w.WriteHeader(status)
					return
				}
				write("text/html", "x")(w, r)
			})
			c := client(t, nil)
			if e := failure(t, c, url+"/", Throttled); e.RetryAfter != time.Second || e.Status != status || !e.Retryable() {
				t.Errorf("got %+v", e)
			}
			if s := c.Hosts(); len(s) != 1 || time.Until(s[0].PausedUntil) <= 0 || s[0].Next != s[0].PausedUntil {
				t.Errorf("got %+v", s)
			}
			get(t, c, url+"/other")
			if _, gap := a.gaps(); gap < time.Second {
				t.Errorf("asked again after %s", gap)
			}
		})
	}
}

func TestLongPauseIsReportedInsteadOfWaitedFor(t *testing.T) {
	var asked atomic.Int32
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(429)
	})
	c := client(t, nil)
	failure(t, c, url+"/", Throttled)
	start := time.Now()
	e := failure(t, c, url+"/other", Throttled)
	if e.RetryAfter < 59*time.Minute || e.Status != 0 || asked.Load() != 1 || time.Since(start) > time.Minute {
		t.Errorf("got %+v after %s", e, time.Since(start))
	}
}

func TestRetryAfterOfRobotsTxtPausesToo(t *testing.T) {
	a := &arrivals{}
	url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) {
		a.note()
		w.Header().Set("Retry-After", "100")
		w.WriteHeader(503)
	})
	c := client(t, nil)
	if e := failure(t, c, url+"/", Robots); e.RetryAfter != 100*time.Second || !e.Temporary {
		t.Errorf("got %+v", e)
	}
	if s := c.Hosts(); time.Until(s[0].PausedUntil) < 90*time.Second {
		t.Errorf("got %+v", s)
	}
}

func TestHostsTellTheirState(t *testing.T) {
	url, _ := pacedSite(t, "")
	c := client(t, func(c *Config) { c.Rate = 20 })
	start := time.Now()
	get(t, c, url+"/a")
	get(t, c, url+"/b")
	s := c.Hosts()
	if len(s) != 1 || s[0].Host != strings.TrimPrefix(url, "http://") || s[0].Requests != 4 || s[0].Bytes != 60_000 ||
		s[0].Interval != 50*time.Millisecond || s[0].Next.Before(start.Add(200*time.Millisecond)) || !s[0].PausedUntil.IsZero() {
		t.Errorf("got %+v", s)
	}
}

func TestTinyRateIsNotNoLimit(t *testing.T) {
	for rate, want := range map[float64]time.Duration{1e-300: maxInterval, 0.5: 2 * time.Second, 4: 250 * time.Millisecond, -1: 0} {
		if got := newPacer(nil, Config{Rate: rate}).interval; got != want {
			t.Errorf("%v gave %s, want %s", rate, got, want)
		}
	}
}

func TestIdleHostsAreForgotten(t *testing.T) {
	p := newPacer(nil, Config{Rate: 1, MaxCrawlDelay: time.Minute})
	now := time.Now()
	p.hosts["idle"] = &host{sent: now.Add(-2 * time.Minute)}
	p.hosts["busy"] = &host{sent: now.Add(-2 * time.Minute), users: 1}
	p.hosts["recent"] = &host{sent: now.Add(-30 * time.Second)}
	p.hosts["paused"] = &host{sent: now.Add(-2 * time.Minute), paused: now.Add(time.Second)}
	p.hosts["slow"] = &host{sent: now.Add(-2 * time.Minute), next: now.Add(time.Second)}
	h, _ := p.enter("new")
	p.leave(h, false)
	if p.hosts["idle"] != nil || len(p.hosts) != 5 {
		t.Errorf("%d hosts are left", len(p.hosts))
	}
}

func TestIdleHostTakesLittleMemory(t *testing.T) {
	const n = 5000
	p := newPacer(nil, Config{Rate: 1, MaxCrawlDelay: time.Minute})
	c := newOriginCache(t.Context(), func(context.Context, string, time.Duration) (*robots.Robots, time.Duration, *Error) {
		return robots.Parse([]byte("User-agent: *\nDisallow: /cart\n")), time.Hour, nil
	})
	before := heap()
	for i := range n {
		name := fmt.Sprintf("shop%d.example", i)
		h, _ := p.enter(name)
		p.leave(h, false)
		c.get(t.Context(), "https://"+name, 0)
	}
	if each := (heap() - before) / n; each > 3000 {
		t.Errorf("%d bytes a host", each)
	} else {
		t.Logf("%d bytes a host", each)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(c)
}

func TestDeadHostIsNotHammered(t *testing.T) {
	url, _ := pacedSite(t, "")
	var dials atomic.Int32
	c := client(t, func(c *Config) { c.Rate = 20 })
	c.transport.DialContext = dialFunc(func() { dials.Add(1) }, refuse)
	start := time.Now()
	for range 4 {
		failure(t, c, url+"/", Conn)
	}
	if took := time.Since(start); took < 150*time.Millisecond {
		t.Errorf("%d attempts in %s", dials.Load(), took)
	}
}
