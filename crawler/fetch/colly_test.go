package fetch

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
)

func TestCollyVariablesOfTheEnvironmentHaveNoEffect(t *testing.T) {
	for name, value := range map[string]string{
		"COLLY_ALLOWED_DOMAINS": "elsewhere.example", "COLLY_CACHE_DIR": t.TempDir(), "COLLY_DETECT_CHARSET": "yes",
		"COLLY_DISABLE_COOKIES": "no", "COLLY_DISALLOWED_DOMAINS": "127.0.0.1", "COLLY_FOLLOW_REDIRECTS": "yes",
		"COLLY_IGNORE_ROBOTSTXT": "no", "COLLY_MAX_BODY_SIZE": "5", "COLLY_MAX_DEPTH": "1", "COLLY_MAX_REQUESTS": "1",
		"COLLY_PARSE_HTTP_ERROR_RESPONSE": "no", "COLLY_TRACE_HTTP": "yes", "COLLY_USER_AGENT": "Mozilla/5.0",
		"COLLY_PROXY": "http://127.0.0.1:1/", "HTTP_PROXY": "http://127.0.0.1:1/", "http_proxy": "http://127.0.0.1:1/",
	} {
		t.Setenv(name, value)
	}
	var agent string
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		agent = r.UserAgent()
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to", http.StatusFound)
			return
		}
		write("text/html; charset=iso-8859-1", "a body of more than five bytes: \xe9")(w, r)
	})
	c := client(t, nil)
	for range 3 {
		r := get(t, c, url+"/")
		if len(r.Page.Body) != 33 || agent != "klank/1.2" {
			t.Fatalf("got %q for %q", r.Page.Body, agent)
		}
	}
	if r := get(t, c, url+"/from"); r.Redirect != url+"/to" {
		t.Errorf("got %+v", r)
	}
}

func TestMemoryDoesNotGrowWithTheURLs(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: thousands of requests")
	}
	url := site(t, write("text/html", "x"))
	c := client(t, nil)
	fetch := func(from, to int) {
		for i := from; i < to; i++ {
			get(t, c, fmt.Sprintf("%s/a-path-of-some-length/%d", url, i))
		}
	}
	fetch(0, 200)
	before := heap()
	const n = 3000
	fetch(200, 200+n)
	if grown := heap() - before; grown > n*16 {
		t.Errorf("%d URLs took %d bytes that stay", n, grown)
	}
	if visited, _ := c.collector.HasVisited(url + "/a-path-of-some-length/1"); visited {
		t.Error("colly remembers a URL")
	}
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
