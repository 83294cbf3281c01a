package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tdmSite serves robots and reservations, and a page everywhere else. It
// counts how often the reservations were asked for.
func tdmSite(t *testing.T, robots string, reservations http.HandlerFunc) (url string, asked *atomic.Int32) {
	asked = &atomic.Int32{}
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", write("text/plain", robots))
	mux.HandleFunc(tdmPath, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		reservations(w, r)
	})
	mux.HandleFunc("/", write("text/html", "x"))
	return serveAll(t, mux), asked
}

const someReserved = `[{"location": "/open", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1, "tdm-policy": "https://shop.example/p"}]`

func TestReservedPlacesAreNotAskedFor(t *testing.T) {
	url, asked := tdmSite(t, "", write("application/json", someReserved))
	c := client(t, nil)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { get(t, c, fmt.Sprint(url, "/open/", i)) })
	}
	wg.Wait()
	e := failure(t, c, url+"/reviews", Reserved)
	if e.Retryable() || e.Status != 0 || !strings.Contains(e.Error(), "https://shop.example/p") {
		t.Errorf("got %v", e)
	}
	if s := state(t, c); asked.Load() != 1 || s.Requests != 12 {
		t.Errorf("asked %d times, %d requests", asked.Load(), s.Requests)
	}
}

func TestReservationsTakeATurnOfTheHost(t *testing.T) {
	const interval = 100 * time.Millisecond
	a := &arrivals{}
	url := serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.note()
		write("text/plain", "")(w, r)
	}))
	get(t, client(t, func(c *Config) { c.Rate = float64(time.Second / interval) }), url+"/")
	if n, shortest := a.gaps(); n != 3 || shortest < interval*95/100 {
		t.Errorf("%d requests, the shortest gap %s", n, shortest)
	}
}

func TestReservationsThatCannotBeReadBlockNothing(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"missing":     http.NotFound,
		"no JSON":     write("text/html", "<p>not found"),
		"empty":       write("application/json", ""),
		"server":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"redirects":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, tdmPath, http.StatusFound) },
		"no answer":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"hung up":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"wrong shape": write("application/json", `{"location": "/", "tdm-reservation": 1}`),
	} {
		url, asked := tdmSite(t, "", h)
		c := client(t, func(c *Config) { c.Timeout = 100 * time.Millisecond })
		get(t, c, url+"/a")
		get(t, c, url+"/b")
		// net/http sends again where a kept connection breaks.
		if n := asked.Load(); n != 1 && name != "redirects" && name != "hung up" {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
}

func TestStaleReservationsHoldWhileTheyCannotBeRead(t *testing.T) {
	var broken atomic.Bool
	url, asked := tdmSite(t, "", func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			w.WriteHeader(500)
			return
		}
		write("application/json", someReserved)(w, r)
	})
	c := client(t, nil)
	failure(t, c, url+"/", Reserved)
	broken.Store(true)
	expire(c.robots.tdm, url)
	failure(t, c, url+"/", Reserved)
	if asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestReservationsAreNotAskedForWhereRobotsTxtForbidsIt(t *testing.T) {
	url, asked := tdmSite(t, "User-agent: *\nDisallow: /.well-known/", write("application/json", someReserved))
	get(t, client(t, nil), url+"/")
	if asked.Load() != 0 {
		t.Error("asked for what robots.txt forbids")
	}
}
