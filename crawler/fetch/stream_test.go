package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, c *Client, url string) *StreamResponse {
	t.Helper()
	r, err := c.Stream(t.Context(), Request{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if r.Body != nil {
		t.Cleanup(func() { r.Body.Close() })
	}
	return r
}

// streamFailure returns the error that a stream must end with, at its head or
// in its body.
func streamFailure(t *testing.T, c *Client, url string, want Class) *Error {
	t.Helper()
	r, err := c.Stream(t.Context(), Request{URL: url})
	if err == nil {
		defer r.Body.Close()
		_, err = io.Copy(io.Discard, r.Body)
	}
	var e *Error
	if !errors.As(err, &e) || e.Class != want || e.URL != url {
		t.Fatalf("got %v, want class %s", err, want)
	}
	return e
}

func TestStreamIsDecompressedByHeaderAndByContent(t *testing.T) {
	sitemap := "<?xml version='1.0'?><urlset>" + strings.Repeat("<url><loc>https://shop.example/p</loc></url>", 2000) + "</urlset>"
	for name, h := range map[string]http.HandlerFunc{
		"plain":        write("application/xml", sitemap),
		"gzip file":    write("application/gzip", gzipped(sitemap)),
		"x-gzip file":  write("application/x-gzip; x=y", gzipped(sitemap)),
		"gzip as XML":  write("text/xml", gzipped(sitemap)),
		"gzip as data": write("application/octet-stream", gzipped(sitemap)),
		"encoded":      packed("gzip", "application/xml", gzipped(sitemap)),
		"deflated":     packed("deflate", "application/xml", zlibbed(sitemap)),
		"zstd":         packed("zstd", "application/xml", zstdPacked(sitemap)),
		"both":         packed("gzip", "application/gzip", gzipped(gzipped(sitemap))),
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, nil)
			url := site(t, h) + "/sitemap.xml.gz"
			for range 2 { // the second with used tables
				r := open(t, c, url)
				body, err := io.ReadAll(r.Body)
				if err != nil || string(body) != sitemap || r.ContentType == "" || r.Fetched.IsZero() {
					t.Fatalf("got %d bytes of %d and %v", len(body), len(sitemap), err)
				}
			}
		})
	}
}

func packed(encoding, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		write(contentType, body)(w, r)
	}
}

func TestStreamHandsOnWhatHasComeAndHoldsTheHost(t *testing.T) {
	more := make(chan bool)
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		write("text/plain", "first")(w, r)
		w.(http.Flusher).Flush()
		if r.URL.Path == "/long" {
			<-more
			io.WriteString(w, "second")
		}
	})
	c := client(t, func(c *Config) { c.Rate = 1000 })
	r := open(t, c, url+"/long")
	buf := make([]byte, 100)
	if n, err := r.Body.Read(buf); string(buf[:n]) != "first" || err != nil {
		t.Fatalf("got %q and %v", buf[:n], err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Fetch(ctx, Request{URL: url + "/other"}); err == nil {
		t.Error("two requests at once")
	}
	close(more)
	if rest, err := io.ReadAll(r.Body); string(rest) != "second" || err != nil {
		t.Fatalf("got %q and %v", rest, err)
	}
	get(t, c, url+"/other") // without a Close
	if s := state(t, c); s.Bytes != int64(len("firstsecondfirst")) {
		t.Errorf("got %+v", s)
	}
}

func TestClosedStreamFreesTheHost(t *testing.T) {
	url := site(t, endless("text/plain", "x", time.Millisecond))
	c := client(t, func(c *Config) { c.Rate = 1000 })
	for range 3 {
		r := open(t, c, url+"/")
		r.Body.Close()
		r.Body.Close()
		if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestForgottenStreamFreesTheHostInTheEnd(t *testing.T) {
	url := site(t, endless("text/plain", "x", time.Millisecond))
	c := client(t, func(c *Config) { c.Rate, c.Timeout = 1000, 10*time.Millisecond })
	open(t, c, url+"/")
	open(t, c, url+"/")
}

func TestStreamKeepsTheInterval(t *testing.T) {
	const interval = 100 * time.Millisecond
	url, a := pacedSite(t, "")
	c := client(t, func(c *Config) { c.Rate = float64(time.Second / interval) })
	for range 2 {
		open(t, c, url+"/").Body.Close()
		get(t, c, url+"/")
	}
	if n, shortest := a.gaps(); n != 5 || shortest < interval*95/100 {
		t.Errorf("%d requests, the shortest gap %s", n, shortest)
	}
}

func TestStreamHasLimits(t *testing.T) {
	set := func(c *Config) { c.MaxStream, c.MaxBody, c.Timeout = 3<<20, 10, 100*time.Millisecond }
	long := noise(3<<20 + 1)
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want Class
	}{
		"too long":          {endless("text/plain", noise(1<<16), 0), TooLarge},
		"announced as long": {encoded(long), TooLarge},
		"unpacks too long":  {write("application/gzip", gzipped(long)), TooLarge},
		"bomb":              {write("application/gzip", gzipped(strings.Repeat("x", 2<<20))), TooLarge},
		"cut":               {write("application/gzip", gzipped(long)[:1000]), Truncated},
		"cut head":          {write("application/gzip", gzipped(long)[:5]), Truncated},
		"silence": {func(w http.ResponseWriter, r *http.Request) {
			write("text/plain", "x")(w, r)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, Timeout},
		"no head":       {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Timeout},
		"trickle":       {endless("text/plain", "x", 10*time.Millisecond), Timeout},
		"image":         {write("image/png", "x"), Content},
		"packed image":  {write("application/gzip", gzipped("\x89PNG\r\n\x1a\n")), Content},
		"no gzip":       {write("application/gzip", "\x00\x01\x02"), Content},
		"encoding":      {packed("br", "text/plain", "x"), Protocol},
		"status":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, Gone},
		"reserved":      {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Tdm-Reservation", "1") }, Reserved},
		"redirect away": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(301) }, Protocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := client(t, func(config *Config) {
				set(config)
				if c.want != Timeout { // which a busy machine must not be first with
					config.Timeout = 20 * time.Second
				}
			})
			streamFailure(t, cl, site(t, c.h)+"/", c.want)
			for _, h := range cl.pacer.hosts {
				waitFor(t, func() bool {
					cl.pacer.mu.Lock()
					defer cl.pacer.mu.Unlock()
					return h.users == 0
				})
			}
		})
	}
}

func TestCanceledStreamEnds(t *testing.T) {
	c := client(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := c.Stream(ctx, Request{URL: site(t, endless("text/plain", "x", time.Millisecond)) + "/"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.ReadAll(r.Body)
	if e, ok := errors.AsType[*Error](err); !ok || e.Class != Canceled {
		t.Errorf("got %v", err)
	}
}

func TestStreamMayBeConditionalAndRedirected(t *testing.T) {
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/old":
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
		case r.Header.Get("If-None-Match") == `"1"`:
			w.WriteHeader(304)
		default:
			w.Header().Set("ETag", `"1"`)
			write("text/plain", "x")(w, r)
		}
	})
	c := client(t, nil)
	if r := open(t, c, url+"/old"); r.Redirect != url+"/new" || !r.Permanent || r.Body != nil {
		t.Errorf("got %+v", r)
	}
	if r := open(t, c, url+"/new"); r.ETag != `"1"` || r.Body == nil {
		t.Errorf("got %+v", r)
	}
	r, err := c.Stream(t.Context(), Request{URL: url + "/new", ETag: `"1"`})
	if err != nil || !r.NotModified || r.Body != nil {
		t.Errorf("got %+v and %v", r, err)
	}
}

func TestStreamObeysRobotsTxt(t *testing.T) {
	url := robotsSite(t, write("text/plain", "User-agent: *\nDisallow: /private"))
	streamFailure(t, client(t, nil), url+"/private/sitemap.xml", Robots)
	streamFailure(t, client(t, nil), "ftp://127.0.0.1/", Protocol)
}

func TestLongStreamTakesLittleMemory(t *testing.T) {
	line := noise(1 << 16)
	url := site(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 640 { // 40 MiB
			io.WriteString(w, line)
		}
	})
	r := open(t, client(t, nil), url+"/")
	before, buf := heap(), make([]byte, 1<<15)
	for n := 0; ; n++ {
		_, err := r.Body.Read(buf)
		if n%500 == 0 {
			if grown := heap() - before; grown > 1<<20 {
				t.Fatalf("%d bytes more on the heap", grown)
			}
		}
		if err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSitemapsOfRobotsTxt(t *testing.T) {
	url := robotsSite(t, write("text/plain", "Sitemap: /a.xml\nSitemap: https://cdn.example/b.xml.gz\nSitemap: mailto:x\nsitemap: /a.xml#x\nUser-agent: *\nDisallow: /"))
	c := client(t, nil)
	got, err := c.Sitemaps(t.Context(), url+"/shop?x=1")
	if want := []string{url + "/a.xml", "https://cdn.example/b.xml.gz"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and %v", got, err)
	}
	if got, err := c.Sitemaps(t.Context(), robotsSite(t, http.NotFound)); err != nil || len(got) != 0 {
		t.Errorf("got %q and %v", got, err)
	}
	for broken, want := range map[string]Class{robotsSite(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }): Robots, "x": Protocol} {
		_, err := c.Sitemaps(t.Context(), broken)
		if e, ok := errors.AsType[*Error](err); !ok || e.Class != want || e.URL != broken {
			t.Error(fmt.Sprint("got ", err))
		}
	}
}
