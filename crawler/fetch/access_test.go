package fetch

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/mention"
)

// closed serves pages that robots.txt forbids and tdmrep.json reserves in
// part, and notes what is asked for.
func closed(t *testing.T) (url string, asked func() []string) {
	var mu sync.Mutex
	var paths []string
	url = serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths = append(paths, r.URL.Path)
		mu.Unlock()
		switch r.URL.Path {
		case "/robots.txt":
			write("text/plain", "User-agent: *\nDisallow: /")(w, r)
		case tdmPath:
			write("application/json", `[{"location": "/reserved", "tdm-reservation": 1}]`)(w, r)
		default:
			write("application/json", "{}")(w, r)
		}
	}))
	return url, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(paths)
	}
}

func TestKeyedAPIsDoNotAskRobotsTxtAndAreRecorded(t *testing.T) {
	url, asked := closed(t)
	c := client(t, nil)
	for _, path := range []string{"/v1/a", "/reserved"} {
		if _, err := c.Fetch(t.Context(), Request{URL: url + path, Access: AccessAPI}); err != nil {
			t.Error(err)
		}
	}
	if got := asked(); !slices.Equal(got, []string{"/v1/a", "/reserved"}) {
		t.Errorf("asked for %q", got)
	}
	want := []Exemption{{Host: mention.Host(url), Access: AccessAPI, Requests: 2}}
	if got := c.Exemptions(); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if s := state(t, c); s.Requests != 2 {
		t.Errorf("not of the host's budget: %+v", s)
	}
}

func TestRobotsTxtIsIgnoredWithAReasonOnly(t *testing.T) {
	url, asked := closed(t)
	c := client(t, nil)
	for _, r := range []Request{{Access: AccessIgnore}, {Access: "other", Reason: "x"}} {
		r.URL = url + "/a"
		if _, err := c.Fetch(t.Context(), r); err == nil || !strings.Contains(err.Error(), "protocol: ") {
			t.Errorf("%+v gave %v", r, err)
		}
	}
	if len(asked()) != 0 {
		t.Errorf("asked for %q", asked())
	}
	r := Request{URL: url + "/a", Access: AccessIgnore, Reason: "our own shop"}
	if _, err := c.Fetch(t.Context(), r); err != nil {
		t.Error(err)
	}
	r.URL = url + "/reserved"
	if _, err := c.Fetch(t.Context(), r); err == nil {
		t.Error("tdmrep.json was not obeyed")
	}
	if slices.Contains(asked(), "/robots.txt") {
		t.Errorf("asked for %q", asked())
	}
	want := []Exemption{{Host: mention.Host(url), Access: AccessIgnore, Reason: "our own shop", Requests: 2}}
	if got := c.Exemptions(); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestRobotsTxtIsAskedByDefault(t *testing.T) {
	url, _ := closed(t)
	c := client(t, nil)
	for _, a := range []Access{"", AccessRobots} {
		if _, err := c.Fetch(t.Context(), Request{URL: url + "/a", Access: a}); err == nil {
			t.Errorf("%q did not ask", a)
		}
	}
	if got := c.Exemptions(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestExemptionsAreBounded(t *testing.T) {
	e := exemptions{counts: map[Exemption]int64{}}
	x := &exchange{Request: Request{Access: AccessAPI}}
	for i := range maxExemptions + 10 {
		e.count(fmt.Sprint(i), x)
	}
	if got := e.list(); len(got) != maxExemptions+1 || got[0] != (Exemption{Access: AccessAPI, Requests: 10}) {
		t.Errorf("%d, the first %+v", len(got), got[0])
	}
}

func TestHeaderGoesWithItsRequestOnly(t *testing.T) {
	var mu sync.Mutex
	keys := map[string]string{}
	note := func(r *http.Request) {
		mu.Lock()
		keys[r.Host+r.URL.Path] = r.Header.Get("X-Api-Key") + " " + r.UserAgent()
		mu.Unlock()
	}
	other := serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		write("text/plain", "")(w, r)
	}))
	url := serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, other+r.URL.Path, http.StatusFound)
	}))
	c := client(t, nil)
	h := http.Header{"x-api-key": {"secret"}, "User-Agent": {"Mozilla"}, "Host": {"other.example"}}
	r, err := c.Fetch(t.Context(), Request{URL: url + "/a", Header: h})
	if err != nil || r.Redirect != other+"/a" {
		t.Fatalf("got %+v and %v", r, err)
	}
	get(t, c, r.Redirect)
	if len(keys) != 6 {
		t.Errorf("asked for %q", keys)
	}
	for place, got := range keys {
		key := strings.HasSuffix(place, "/a") && strings.HasPrefix(url, "http://"+strings.TrimSuffix(place, "/a"))
		if want := map[bool]string{true: "secret", false: ""}[key] + " klank/1.2"; got != want {
			t.Errorf("%s: got %q, want %q", place, got, want)
		}
	}
	_, err = c.Fetch(t.Context(), Request{URL: url + "/a", Header: http.Header{"X-Api-Key": {"secret\n"}}})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestCrawlDelayOverTheLimitIsWaitedForWhereConfigured(t *testing.T) {
	const delay = 200 * time.Millisecond
	url, a := pacedSite(t, "User-agent: *\nCrawl-delay: 0.2")
	c := client(t, func(c *Config) { c.MaxCrawlDelay, c.OverDelay = delay/10, OverDelaySlow })
	get(t, c, url+"/a")
	get(t, c, url+"/b")
	if n, shortest := a.gaps(); n != 3 || shortest < delay*95/100 {
		t.Errorf("%d requests, the shortest gap %s", n, shortest)
	}
	if s := state(t, c); s.CrawlDelay != delay || s.Interval != delay {
		t.Errorf("got %+v", s)
	}
	forever := robotsSite(t, write("text/plain", "User-agent: *\nCrawl-delay: 100000"))
	failure(t, c, forever+"/", Robots)
	if _, err := New(Config{OverDelay: "hurry"}); err == nil {
		t.Error("no error for a policy that is none")
	}
}
