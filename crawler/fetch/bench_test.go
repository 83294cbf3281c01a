package fetch

import (
	"io"
	"net/http"
	"strconv"
	"testing"
)

// BenchmarkFetch fetches a page of 74 KB over loopback, without a rate limit.
// The server's share is in the figure: compare with BenchmarkBareGet.
func BenchmarkFetch(b *testing.B) {
	url, size := benchSite(b)
	c := client(b, nil)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if r := get(b, c, url); len(r.Page.Body) != size {
			b.Fatalf("got %d bytes", len(r.Page.Body))
		}
	}
}

// BenchmarkBareGet does the same with net/http alone: what Fetch costs more
// is the price of being polite.
func BenchmarkBareGet(b *testing.B) {
	url, size := benchSite(b)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		if body, err := io.ReadAll(r.Body); err != nil || len(body) != size {
			b.Fatalf("got %d bytes and %v", len(body), err)
		}
		r.Body.Close()
	}
}

func benchSite(b *testing.B) (url string, size int) {
	page := []byte(noise(74 << 10))
	return site(b, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		w.Write(page)
	}) + "/p/17?page=2", len(page)
}
