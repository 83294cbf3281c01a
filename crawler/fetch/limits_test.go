package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func zlibbed(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func deflated(s string) string {
	var b bytes.Buffer
	z, _ := flate.NewWriter(&b, 5)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func zstdPacked(s string) string {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(z.EncodeAll([]byte(s), nil))
}

// noise is text that hardly compresses.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(' ' + r.IntN(94))
	}
	return string(b)
}

// encoded serves body as the coding of the query says.
func encoded(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", r.URL.Query().Get("as"))
		io.WriteString(w, body)
	}
}

func TestBodyIsDecompressed(t *testing.T) {
	page := "<html>" + noise(100_000)
	for as, body := range map[string]string{
		"gzip": gzipped(page), "X-GZIP": gzipped(page), "deflate": zlibbed(page), "Deflate,identity": deflated(page), "zstd": zstdPacked(page), "identity": page, "": page,
	} {
		url := site(t, encoded(body)) + "/?as=" + as
		r := get(t, client(t, nil), url)
		if string(r.Page.Body) != page || r.Bytes != int64(len(body)) {
			t.Errorf("%s: got %d bytes of %d received, sent %d", as, len(r.Page.Body), r.Bytes, len(body))
		}
	}
}

func TestGzipMembersAreJoined(t *testing.T) {
	url := site(t, encoded(gzipped("one ")+gzipped("two"))) + "/?as=gzip"
	if r := get(t, client(t, nil), url); string(r.Page.Body) != "one two" {
		t.Errorf("got %q", r.Page.Body)
	}
}

func TestEmptyBodyIsAPage(t *testing.T) {
	for _, as := range []string{"gzip", "deflate", "zstd", ""} {
		if r := get(t, client(t, nil), site(t, encoded(""))+"/?as="+as); r.Page == nil || len(r.Page.Body) != 0 {
			t.Errorf("%s: got %+v", as, r)
		}
	}
}

func TestEncodingNobodyAskedForIsAnError(t *testing.T) {
	for _, as := range []string{"br", "gzip,gzip", "compress"} {
		e := failure(t, client(t, nil), site(t, encoded("x"))+"/?as="+as, Protocol)
		if !strings.Contains(e.Error(), "content encoding") {
			t.Errorf("got %v", e)
		}
	}
}

func TestBodyOverTheLimitIsAnErrorAndNeverCut(t *testing.T) {
	const limit = 50_000
	c := client(t, func(c *Config) { c.MaxBody = limit })
	for name, h := range map[string]http.HandlerFunc{
		"announced": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(limit+1))
			write("text/html", noise(limit+1))(w, r)
		},
		"chunked": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, noise(limit+1))
		},
		"endless": endless("text/html", noise(10_000), time.Millisecond),
		"compressed": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			write("text/html", gzipped(strings.Repeat("x", limit+1)))(w, r)
		},
	} {
		if e := failure(t, c, site(t, h)+"/", TooLarge); e.Retryable() {
			t.Errorf("%s: %v", name, e)
		}
	}
	exact := noise(limit)
	if r := get(t, c, site(t, write("text/html", exact))+"/"); string(r.Page.Body) != exact {
		t.Error("a body of just the limit did not pass")
	}
}

func TestDecompressionBombIsTooLarge(t *testing.T) {
	for as, pack := range map[string]func(string) string{"gzip": gzipped, "zstd": zstdPacked} {
		url := site(t, encoded(pack(strings.Repeat("\x00", 15<<20)))) + "/?as=" + as
		e := failure(t, client(t, nil), url, TooLarge)
		if !strings.Contains(e.Error(), "decompression bomb") {
			t.Errorf("got %v", e)
		}
	}
	// A long page that says the same thing often is none.
	page := strings.Repeat(noise(3000), 700)
	url := site(t, encoded(gzipped(page))) + "/?as=gzip"
	if r := get(t, client(t, nil), url); string(r.Page.Body) != page {
		t.Error("a repetitive page was changed")
	}
}

func TestBodyThatBreaksOffIsTruncated(t *testing.T) {
	packed := gzipped(noise(5000))
	broken := []byte(packed)
	broken[len(broken)-5] ^= 0xff // its check sum
	for name, answer := range map[string]string{
		"fewer bytes than announced": "Content-Length: 100\r\n\r\n<html>",
		"no bytes at all":            "Content-Length: 100\r\n\r\n",
		"a chunk cut short":          "Transfer-Encoding: chunked\r\n\r\n40\r\n<html>",
		"no last chunk":              "Transfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n",
		"half a gzip":                "Content-Encoding: gzip\r\n\r\n" + packed[:2000],
		"a gzip header":              "Content-Encoding: gzip\r\n\r\n" + packed[:5],
		"a wrong check sum":          "Content-Encoding: gzip\r\n\r\n" + string(broken),
		"no gzip":                    "Content-Encoding: gzip\r\n\r\n<html></html>",
		"half a zlib":                "Content-Encoding: deflate\r\n\r\n" + zlibbed(noise(5000))[:2000],
		"half a deflate":             "Content-Encoding: deflate\r\n\r\n" + deflated(noise(5000))[:2000],
		"half a zstd":                "Content-Encoding: zstd\r\n\r\n" + zstdPacked(noise(5000))[:2000],
		"a zstd header":              "Content-Encoding: zstd\r\n\r\n" + zstdPacked(noise(5000))[:3],
		"no zstd":                    "Content-Encoding: zstd\r\n\r\n<html></html>",
		"too large a zstd window":    "Content-Encoding: zstd\r\n\r\n\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00",
		"deflate, but not all of it": "Content-Length: 9000\r\nContent-Encoding: deflate\r\n\r\n" + zlibbed(noise(5000)),
	} {
		t.Run(name, func(t *testing.T) {
			url := speak(t, func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"+answer) })
			if e := failure(t, client(t, nil), url+"/", Truncated); !e.Retryable() {
				t.Errorf("got %v", e)
			}
		})
	}
}

func TestEverythingHappensWithinTheTimeout(t *testing.T) {
	const timeout = 200 * time.Millisecond
	for name, answer := range map[string]func(net.Conn){
		"no answer": func(c net.Conn) { time.Sleep(50 * timeout) },
		"a header that never ends": func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for range 1000 {
				if _, err := io.WriteString(c, "x: y\r\n"); err != nil {
					return
				}
				time.Sleep(timeout / 10)
			}
		},
		"a body byte by byte": func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
			for range 1000 {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				time.Sleep(timeout / 10)
			}
		},
		"a body of an error page": func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n")
			time.Sleep(50 * timeout)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := speak(t, answer)
			want := Timeout
			if strings.Contains(name, "error page") {
				want = Gone
			}
			start := time.Now()
			failure(t, client(t, func(c *Config) { c.Timeout = timeout }), url+"/", want)
			if took := time.Since(start); took > 20*timeout {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestBodiesAreReadWhenThereIsRoom(t *testing.T) {
	const timeout = time.Second
	url := speak(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n")
		io.WriteString(c, "whole")
	})
	cl := client(t, func(c *Config) { c.Timeout = timeout })
	var held []int64
	r, err := cl.Fetch(t.Context(), Request{URL: url + "/", Hold: func(_ context.Context, n int64) error {
		held = append(held, n)
		time.Sleep(timeout + timeout/10) // is not the answer's time
		return nil
	}})
	if err != nil || string(r.Page.Body) != "whole" || !slices.Equal(held, []int64{5}) {
		t.Errorf("got %+v, %v, asked for room %v", r, err, held)
	}
}

func TestWithoutRoomTheFetchEndsWithItsContext(t *testing.T) {
	url := speak(t, func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nwhole")
	})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := client(t, nil).Fetch(ctx, Request{URL: url + "/", Hold: func(ctx context.Context, _ int64) error {
		cancel()
		<-ctx.Done()
		return context.Cause(ctx)
	}})
	if e, ok := errors.AsType[*Error](err); !ok || e.Class != Canceled {
		t.Errorf("got %v", err)
	}
}

func TestAnswersWithoutAPageNeedNoRoom(t *testing.T) {
	for _, status := range []string{"404 Not Found", "304 Not Modified", "302 Found\r\nLocation: /x"} {
		url := speak(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
		})
		_, _ = client(t, nil).Fetch(t.Context(), Request{URL: url + "/", ETag: `"1"`, Hold: func(context.Context, int64) error {
			t.Errorf("%s: asked for room", status)
			return nil
		}})
	}
}

func TestContentTypesThatHoldText(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n" + noise(1000)
	for contentType, bodies := range map[string]struct {
		body string
		ok   bool
	}{
		"text/html": {"x", true}, "TEXT/HTML; charset=x": {"x", true}, "text/plain": {"x", true}, "text/csv": {"x", true},
		"application/xhtml+xml": {"x", true}, "application/xml": {"x", true}, "application/rss+xml; charset=utf-8": {"x", true},
		"application/json": {"{}", true}, "application/ld+json": {"{}", true}, "application/x-ndjson": {"{}", true},
		"application/octet-stream": {"<html>x", true}, "": {"<html>x", true}, "html": {"<html>x", true}, "application/unknown": {"x", true},
		"image/png": {png, false}, "image/svg+xml": {"<svg/>", false}, "video/mp4": {"x", false}, "application/pdf": {"%PDF-1.4", false},
		"application/zip": {"PK", false}, "font/woff2": {"x", false}, "multipart/mixed": {"x", false}, "application/javascript": {"x", false},
		"application/octet-stream; x=1": {png, false}, " ": {png, false},
	} {
		url := site(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			io.WriteString(w, bodies.body)
		}) + "/"
		if !bodies.ok {
			if e := failure(t, client(t, nil), url, Content); e.Retryable() {
				t.Errorf("%q: %v", contentType, e)
			}
		} else if r := get(t, client(t, nil), url); string(r.Page.Body) != bodies.body || r.Page.ContentType != strings.TrimSpace(contentType) {
			t.Errorf("%q: got %+v", contentType, r.Page)
		}
	}
}

func TestScriptsAreTakenOnlyWhenAskedFor(t *testing.T) {
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/javascript; charset=utf-8")
		io.WriteString(w, "let x = 1")
	}) + "/"
	c := client(t, nil)
	r, err := c.Fetch(t.Context(), Request{URL: url, Scripts: true})
	if err != nil || string(r.Page.Body) != "let x = 1" {
		t.Errorf("asked for: %+v, %v", r, err)
	}
	failure(t, c, url, Content)
}

func TestBodyOfAnImageIsNotRead(t *testing.T) {
	c := client(t, nil)
	start := time.Now()
	failure(t, c, site(t, endless("video/mp4", noise(1000), time.Millisecond))+"/", Content)
	failure(t, c, site(t, endless("", "\x00\x01\x02"+noise(1000), time.Millisecond))+"/", Content)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestReservedPageIsDropped(t *testing.T) {
	h := func(value string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("TDM-Reservation", value)
			write("text/html", "x")(w, r)
		}
	}
	failure(t, client(t, nil), site(t, h("1"))+"/", Reserved)
	get(t, client(t, nil), site(t, h("0"))+"/")
}

func TestOverHTTP2(t *testing.T) {
	page := noise(200_000)
	var proto string
	s := newTLSServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		proto = r.Proto
		write("text/html", page)(w, r)
	}))
	c := client(t, func(c *Config) { c.Rate = 1000 })
	c.transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
	r := get(t, c, s.URL+"/")
	if string(r.Page.Body) != page || proto != "HTTP/2.0" {
		t.Errorf("got %d bytes over %s", len(r.Page.Body), proto)
	}
}
