package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/crawler/robots"
)

// robotsSite serves robots as robots.txt and a page everywhere else.
func robotsSite(t testing.TB, robots http.HandlerFunc) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", robots)
	mux.HandleFunc("/", write("text/html", "x"))
	return serve(t, mux)
}

func TestRobotsTxtIsObeyed(t *testing.T) {
	url := robotsSite(t, write("text/plain", "User-agent: *\nDisallow: /\n\nUser-agent: klank\nAllow: /shop\nDisallow: /shop/*?sort=\nDisallow: /cart\n"))
	c := client(t, nil)
	get(t, c, url+"/shop/a")
	e := failure(t, c, url+"/shop/a?sort=new", Robots)
	if !strings.Contains(e.Error(), "robots.txt forbids it in line 6: Disallow: /shop/*?sort=") || e.Retryable() || e.Temporary {
		t.Errorf("got %v", e)
	}
	failure(t, c, url+"/cart", Robots)
	get(t, c, url+"/other") // the rules for others are not ours
}

func TestRobotsTxtIsFetchedOnceHoweverManyAsk(t *testing.T) {
	var robots, pages atomic.Int32
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			robots.Add(1)
			time.Sleep(50 * time.Millisecond)
			http.NotFound(w, r)
			return
		}
		pages.Add(1)
		write("text/html", "x")(w, r)
	}))
	c := client(t, nil)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := c.Fetch(t.Context(), Request{URL: fmt.Sprintf("%s/%d", url, i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	get(t, c, url+"/")
	if robots.Load() != 1 || pages.Load() != 21 {
		t.Errorf("robots.txt was fetched %d times for %d pages", robots.Load(), pages.Load())
	}
}

func TestOneCallersEndDoesNotSpoilRobotsTxtForOthers(t *testing.T) {
	started, answer := make(chan bool), make(chan bool)
	url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) {
		started <- true
		select {
		case <-answer:
		case <-r.Context().Done():
		}
		http.NotFound(w, r)
	})
	c := client(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error), make(chan error)
	fetch := func(ctx context.Context, done chan error) {
		_, err := c.Fetch(ctx, Request{URL: url + "/"})
		done <- err
	}
	go fetch(ctx, first)
	<-started
	go fetch(t.Context(), second)
	waitFor(t, func() bool { return waiters(c, url) == 2 })
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	answer <- true
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestRobotsTxtIsAskedAgainAfterAllCallersLeft(t *testing.T) {
	started := make(chan bool, 9)
	hang := atomic.Bool{}
	hang.Store(true)
	url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) {
		started <- true
		if hang.Load() {
			<-r.Context().Done()
		}
		http.NotFound(w, r)
	})
	c := client(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, err := c.Fetch(ctx, Request{URL: url + "/"}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	hang.Store(false)
	get(t, c, url+"/")
}

func waiters(c *Client, origin string) int {
	c.robots.rules.mu.Lock()
	defer c.robots.rules.mu.Unlock()
	if e := c.robots.rules.byName[origin]; e != nil {
		if f := e.Value.(*originEntry[*robots.Robots]).flight; f != nil {
			return f.waiters
		}
	}
	return 0
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

func TestRobotsStatuses(t *testing.T) {
	for status, allowed := range map[int]bool{
		200: true, 203: true, 400: true, 401: true, 403: true, 404: true, 410: true,
		204: false, 304: false, 429: false, 500: false, 502: false, 503: false,
	} {
		url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		c := client(t, nil)
		if allowed {
			get(t, c, url+"/")
			continue
		}
		e := failure(t, c, url+"/", Robots)
		if !e.Temporary || !e.Retryable() || e.RetryAfter <= 0 || !strings.Contains(e.Error(), fmt.Sprint("HTTP status ", status)) {
			t.Errorf("%d: got %+v", status, e)
		}
	}
}

func TestUnreadableRobotsTxtForbidsForNow(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"no answer in time": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"broken off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "User-agent: *\n")
		},
		"connection closed": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	} {
		c := client(t, func(c *Config) { c.Timeout = 100 * time.Millisecond })
		if e := failure(t, c, robotsSite(t, h)+"/", Robots); !e.Temporary {
			t.Errorf("%s: got %+v", name, e)
		}
	}
}

func TestUnreadableRobotsTxtIsNotAskedForEveryURL(t *testing.T) {
	var asked atomic.Int32
	url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) { asked.Add(1); w.WriteHeader(500) })
	c := client(t, nil)
	for range 3 {
		if e := failure(t, c, url+"/", Robots); e.RetryAfter <= 0 || e.RetryAfter > robotsRetry {
			t.Errorf("got %s", e.RetryAfter)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// expire makes the file of an origin due for a new load.
func expire[T originFile](c *originCache[T], origin string) {
	c.mu.Lock()
	c.byName[origin].Value.(*originEntry[T]).expires = time.Now()
	c.mu.Unlock()
}

func TestStaleRobotsTxtIsBetterThanNone(t *testing.T) {
	var broken atomic.Bool
	url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			w.WriteHeader(500)
			return
		}
		io.WriteString(w, "User-agent: *\nDisallow: /private")
	})
	c := client(t, nil)
	get(t, c, url+"/")
	broken.Store(true)
	expire(c.robots.rules, url)
	get(t, c, url+"/")
	if e := failure(t, c, url+"/private", Robots); e.Temporary {
		t.Errorf("got %v", e)
	}
}

func TestExpiredRobotsTxtIsFetchedAgain(t *testing.T) {
	var closed atomic.Bool
	url := robotsSite(t, func(w http.ResponseWriter, r *http.Request) {
		if closed.Load() {
			io.WriteString(w, "User-agent: *\nDisallow: /")
		}
	})
	c := client(t, nil)
	get(t, c, url+"/")
	closed.Store(true)
	get(t, c, url+"/")
	expire(c.robots.rules, url)
	failure(t, c, url+"/", Robots)
}

func TestRobotsLifetime(t *testing.T) {
	for cacheControl, want := range map[string]time.Duration{
		"": 24 * time.Hour, "max-age=3600": time.Hour, "public, MAX-AGE=7200, must-revalidate": 2 * time.Hour,
		"max-age=0": robotsMinTTL, "no-store": robotsMinTTL, "no-cache": robotsMinTTL,
		"max-age=99999999": 24 * time.Hour, "max-age=99999999999999999999": 24 * time.Hour, "max-age=x": 24 * time.Hour,
	} {
		if got := robotsLifetime(http.Header{"Cache-Control": {cacheControl}}); got != want {
			t.Errorf("%q gave %s", cacheControl, got)
		}
	}
}

func TestRobotsRedirectsAreFollowedFiveTimes(t *testing.T) {
	hops := func(n int) string {
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			at := 0
			if _, err := fmt.Sscanf(r.URL.Path, "/robots%d.txt", &at); err != nil && r.URL.Path != "/robots.txt" {
				write("text/html", "x")(w, r)
				return
			}
			if at < n {
				http.Redirect(w, r, fmt.Sprintf("/robots%d.txt", at+1), http.StatusMovedPermanently)
				return
			}
			io.WriteString(w, "User-agent: *\nDisallow: /private")
		})
		return serve(t, mux)
	}
	c := client(t, nil)
	failure(t, c, hops(5)+"/private", Robots)
	get(t, c, hops(6)+"/private") // taken for missing
}

func TestRobotsTxtOverTheLimitIsCut(t *testing.T) {
	long := "User-agent: *\nDisallow: /early\n" + strings.Repeat("# "+strings.Repeat("x", 100)+"\n", robots.MaxSize/100) + "Disallow: /late\n"
	for _, h := range []http.HandlerFunc{
		write("text/plain", long),
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, gzipped(long))
		},
	} {
		url := robotsSite(t, h)
		c := client(t, func(c *Config) { c.MaxBody = 1000 })
		failure(t, c, url+"/early", Robots)
		get(t, c, url+"/late")
	}
}

func TestRobotsTxtIsPerSchemeHostAndPort(t *testing.T) {
	closed := robotsSite(t, write("text/plain", "User-agent: *\nDisallow: /"))
	open := robotsSite(t, http.NotFound)
	c := client(t, nil)
	failure(t, c, closed+"/", Robots)
	get(t, c, open+"/")
}

func TestCrawlDelayOverTheLimitSkipsTheHost(t *testing.T) {
	url := robotsSite(t, write("text/plain", "User-agent: *\nCrawl-delay: 3600"))
	e := failure(t, client(t, nil), url+"/", Robots)
	if e.Temporary || !strings.Contains(e.Error(), "Crawl-delay of 1h0m0s, more than the limit of 1m0s") {
		t.Errorf("got %v", e)
	}
}

func TestRobotsCacheStaysWithinItsBounds(t *testing.T) {
	big := robots.Parse([]byte("User-agent: *\n" + strings.Repeat("Disallow: /a\n", 10_000)))
	c := newOriginCache(t.Context(), func(context.Context, string, time.Duration) (*robots.Robots, time.Duration, *Error) {
		return big, time.Hour, nil
	})
	fits := maxOriginSize / big.Size()
	for i := range 2 * fits {
		if _, err := c.get(t.Context(), fmt.Sprint("http://", i), 0); err != nil {
			t.Fatal(err)
		}
	}
	if c.size > maxOriginSize || c.order.Len() > fits || c.order.Len() != len(c.byName) {
		t.Errorf("%d origins take %d bytes", c.order.Len(), c.size)
	}
	c = newOriginCache(t.Context(), func(context.Context, string, time.Duration) (*robots.Robots, time.Duration, *Error) {
		return &robots.Robots{}, time.Hour, nil
	})
	for i := range maxOrigins + 100 {
		c.get(t.Context(), fmt.Sprint("http://", i), 0)
	}
	if c.order.Len() != maxOrigins || c.byName["http://0"] != nil || c.byName[fmt.Sprint("http://", maxOrigins+99)] == nil {
		t.Errorf("%d origins", c.order.Len())
	}
}
