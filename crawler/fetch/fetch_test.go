package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/mention"
)

// client returns a client for loopback servers, without a rate limit unless
// set changes that.
func client(t testing.TB, set func(*Config)) *Client {
	t.Helper()
	c := Config{Rate: -1, AllowPrivate: true, Version: "1.2"}
	if set != nil {
		set(&c)
	}
	cl, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// site serves handler for every path but robots.txt and tdmrep.json, which do
// not exist.
func site(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", http.NotFound)
	mux.HandleFunc("/", handler)
	return serve(t, mux)
}

// serve serves h, but for tdmrep.json, which does not exist.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	return serveAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tdmPath {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}))
}

func serveAll(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func write(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, body)
	}
}

func get(t testing.TB, c *Client, url string) *Response {
	t.Helper()
	r, err := c.Fetch(t.Context(), Request{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failure fetches url and returns the error it must give.
func failure(t testing.TB, c *Client, url string, want Class) *Error {
	t.Helper()
	r, err := c.Fetch(t.Context(), Request{URL: url})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: got %+v and error %v, want class %s", url, r, err, want)
	}
	if e.Class != want || e.URL != url {
		t.Fatalf("got class %s for %s, want %s for %s: %v", e.Class, e.URL, want, url, e)
	}
	return e
}

func TestPageCarriesWhatTheServerSaid(t *testing.T) {
	body := "<html><title>caf\xe9</title></html>" // Latin-1
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=ISO-8859-1")
		h.Set("Content-Language", "nl")
		h.Set("ETag", `"x"`)
		h.Set("Last-Modified", "Mon, 06 Jan 2025 10:00:00 GMT")
		h.Add("Link", `<?page=2>; rel="next"`)
		h.Add("Link", `</feed>; rel="alternate"`)
		h.Set("X-Robots-Tag", "nofollow")
		io.WriteString(w, body)
	}) + "/a?b=c"
	before := time.Now().Add(-time.Second)
	r, err := client(t, nil).Fetch(t.Context(), Request{URL: url, Source: mention.Source{Name: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Page
	if p == nil || r.NotModified || r.Redirect != "" || r.Bytes != int64(len(body)) {
		t.Fatalf("got %+v", r)
	}
	sum := sha256.Sum256([]byte(body))
	switch {
	case p.URL != url, p.Source.Name != "shop", p.Status != 200:
		t.Errorf("got %q %q %d", p.URL, p.Source.Name, p.Status)
	case string(p.Body) != body:
		t.Errorf("the body was changed: %q", p.Body)
	case p.ContentType != "text/html; charset=ISO-8859-1", p.Language != "nl":
		t.Errorf("got %q %q", p.ContentType, p.Language)
	case p.ETag != `"x"`, p.LastModified != "Mon, 06 Jan 2025 10:00:00 GMT":
		t.Errorf("got %q %q", p.ETag, p.LastModified)
	case !slices.Equal(p.Link, []string{`<?page=2>; rel="next"`, `</feed>; rel="alternate"`}):
		t.Errorf("got %q", p.Link)
	case p.Directives != mention.Directives{NoFollow: true}:
		t.Errorf("got %+v", p.Directives)
	case p.SHA256 != hex.EncodeToString(sum[:]):
		t.Errorf("got %q", p.SHA256)
	case p.Fetched.Before(before), p.Fetched.After(time.Now()), p.Fetched.Location() != time.UTC:
		t.Errorf("got %v", p.Fetched)
	}
}

func TestRequestSaysWhoAsks(t *testing.T) {
	for _, c := range []struct{ contact, want string }{
		{"", "klank/1.2"},
		{"https://brand.example/bot", "klank/1.2 (+https://brand.example/bot)"},
	} {
		var got, robots http.Header
		mux := http.NewServeMux()
		mux.HandleFunc("/robots.txt", func(w http.ResponseWriter, r *http.Request) { robots = r.Header; http.NotFound(w, r) })
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { got = r.Header; write("text/html", "x")(w, r) })
		get(t, client(t, func(cfg *Config) { cfg.Contact = c.contact }), serve(t, mux)+"/")
		if got.Get("User-Agent") != c.want || robots.Get("User-Agent") != c.want {
			t.Errorf("got %q and %q, want %q", got.Get("User-Agent"), robots.Get("User-Agent"), c.want)
		}
		if !strings.HasPrefix(got.Get("Accept"), "text/html,") || len(got["Cookie"]) > 0 || len(got["Referer"]) > 0 {
			t.Errorf("got %v", got)
		}
	}
}

func TestNoCookieIsSentBack(t *testing.T) {
	var cookies []string
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header["Cookie"]...)
		http.SetCookie(w, &http.Cookie{Name: "id", Value: "1"})
		write("text/html", "x")(w, r)
	})
	c := client(t, nil)
	get(t, c, url+"/")
	get(t, c, url+"/")
	if len(cookies) > 0 {
		t.Errorf("got %q", cookies)
	}
}

func TestConditionalRequestGivesNotModified(t *testing.T) {
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"x"` && r.Header.Get("If-Modified-Since") == "Mon, 06 Jan 2025 10:00:00 GMT" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if r.URL.Path == "/always" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		write("text/html", "x")(w, r)
	})
	c := client(t, nil)
	r, err := c.Fetch(t.Context(), Request{URL: url + "/", ETag: `"x"`, LastModified: "Mon, 06 Jan 2025 10:00:00 GMT"})
	if err != nil || !r.NotModified || r.Page != nil {
		t.Errorf("got %+v %v", r, err)
	}
	if r := get(t, c, url+"/"); r.Page == nil {
		t.Errorf("got %+v", r)
	}
	failure(t, c, url+"/always", Protocol)
}

func TestRedirectIsHandedBack(t *testing.T) {
	var asked []string
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		var code int
		switch r.URL.Path {
		case "/301":
			code = 301
		case "/302":
			code = 302
		case "/303":
			code = 303
		case "/307":
			code = 307
		case "/308":
			code = 308
		}
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(code)
		io.WriteString(w, "see there")
	})
	c := client(t, nil)
	for path, permanent := range map[string]bool{"/301": true, "/302": false, "/303": false, "/307": false, "/308": true} {
		r := get(t, c, url+path+"?to=../b/%3Futm_source=x%26c=d%23e")
		if want := url + "/b/?c=d"; r.Redirect != want || r.Permanent != permanent || r.Page != nil {
			t.Errorf("%s: got %+v, want %s", path, r, want)
		}
	}
	if r := get(t, c, url+"/302?to=/302"); r.Redirect != url+"/302" { // the first step of a loop is a redirect, too
		t.Errorf("got %+v", r)
	}
	if len(asked) != 6 {
		t.Errorf("a redirect was followed: %q", asked)
	}
	for _, to := range []string{"", "ftp://x.example/", "http://[bad", "javascript:alert(1)"} {
		e := failure(t, c, url+"/302?to="+to, Protocol)
		if e.Retryable() {
			t.Errorf("%q: a bad redirect is worth no retry", to)
		}
	}
}

func TestStatusesHaveTheirClass(t *testing.T) {
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		switch r.URL.Path {
		case "/204":
			code = 204
		case "/400":
			code = 400
		case "/403":
			code = 403
		case "/404":
			code = 404
		case "/410":
			code = 410
		case "/429":
			code = 429
		case "/500":
			code = 500
		case "/503":
			code = 503
		}
		w.WriteHeader(code)
	})
	c := client(t, nil)
	for path, want := range map[string]struct {
		class Class
		retry bool
	}{
		"/204": {Protocol, false}, "/400": {Rejected, false}, "/403": {Rejected, false}, "/404": {Gone, false},
		"/410": {Gone, false}, "/429": {Throttled, true}, "/500": {Server, true}, "/503": {Server, true},
	} {
		e := failure(t, c, url+path, want.class)
		if e.Retryable() != want.retry || !strings.Contains(path, e.Error()[strings.LastIndex(e.Error(), "status ")+7:][:3]) {
			t.Errorf("got %v, retryable %v", e, e.Retryable())
		}
	}
}

func TestURLsThatCannotBeAsked(t *testing.T) {
	c := client(t, nil)
	for _, url := range []string{"", "ftp://h.example/", "file:///etc/passwd", "/relative", "http://", "http://h.example:99999/", "http://[::1/"} {
		failure(t, c, url, Protocol)
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []Config{
		{MaxBody: -1}, {Timeout: -1}, {MaxCrawlDelay: -1}, {Contact: "a b"}, {Contact: "x\r\nCookie: a=b"}, {Version: "1)"},
	} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "fetch: ") {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestClosedClientEndsItsWork(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	c.Close()
}

// endless answers with headers and then writes chunk every pause until the
// client goes.
func endless(contentType, chunk string, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(pause):
			}
		}
	}
}

func TestCancelReturnsPromptly(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	silent := site(t, hang)
	slow := site(t, endless("text/html", "x", time.Hour))
	robots := serve(t, http.HandlerFunc(hang)) // robots.txt hangs
	paced := site(t, write("text/html", "x"))
	for name, c := range map[string]struct {
		url     string
		rate    float64
		warm    bool
		timeout time.Duration
		hang    bool // dialing gets no answer
	}{
		"while waiting for an answer":   {url: silent + "/", rate: -1},
		"while reading the body":        {url: slow + "/", rate: -1},
		"while waiting for robots.txt":  {url: robots + "/", rate: -1},
		"while waiting for its turn":    {url: paced + "/", rate: 0.01},
		"while connecting":              {url: paced + "/", rate: -1, hang: true},
		"while waiting for others":      {url: paced + "/", rate: 0.01, warm: true},
		"with a deadline of the caller": {url: silent + "/", rate: -1, timeout: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := client(t, func(cfg *Config) { cfg.Rate = c.rate })
			if c.hang {
				release := make(chan bool)
				defer close(release)
				cl.transport.DialContext = dialFunc(func() { <-release }, refuse)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.warm {
				go cl.Fetch(ctx, Request{URL: c.url})
			}
			var ended time.Time
			if c.timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
				defer cancel()
				ended = time.Now().Add(c.timeout)
			} else {
				time.AfterFunc(100*time.Millisecond, func() { ended = time.Now(); cancel() })
			}
			_, err := cl.Fetch(ctx, Request{URL: c.url})
			<-ctx.Done()
			if late := time.Since(ended); late > 5*time.Second { // the machine may be busy
				t.Errorf("returned %s after the end of the context", late)
			}
			t.Logf("returned %s after the end", time.Since(ended))
			var e *Error
			if !errors.As(err, &e) || e.Class != Canceled || e.Retryable() {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPathDoesNotSayHowABodyIsPacked(t *testing.T) {
	url := site(t, write("application/xml", "<urlset/>")) + "/sitemap.xml.gz"
	if r := get(t, client(t, nil), url); string(r.Page.Body) != "<urlset/>" {
		t.Errorf("got %q", r.Page.Body)
	}
}

func TestDoneContextAsksNothing(t *testing.T) {
	asked := false
	url := site(t, func(http.ResponseWriter, *http.Request) { asked = true })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client(t, nil).Fetch(ctx, Request{URL: url + "/"})
	if !errors.Is(err, context.Canceled) || asked {
		t.Errorf("got %v, asked %v", err, asked)
	}
}
