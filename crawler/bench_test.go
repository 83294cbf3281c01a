//go:build unix

package crawler_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/crawler/snapshot"
	"klank/mention"
)

// memory answers with pages of 74 KB that are made beforehand: what is
// measured is the engine with its frontier and snapshots, not the fetch.
type memory map[string]*mention.Page

func (m memory) Fetch(_ context.Context, r fetch.Request) (*fetch.Response, error) {
	p := *m[r.URL]
	p.Source, p.Fetched = r.Source, time.Now()
	return &fetch.Response{Page: &p, Bytes: int64(len(p.Body) / 5)}, nil
}

// benchPages are n pages with 40 links each: a menu, neighbours and new ones.
func benchPages(n int) memory {
	m := memory{}
	for i := range n {
		var b bytes.Buffer
		for j := range 40 {
			fmt.Fprintf(&b, "item /p/%d\n", (i*2+1+j*j)%n)
		}
		for k := 0; b.Len() < 74<<10; k++ {
			fmt.Fprintf(&b, "<div class=\"review review--%d\" data-id=\"%x\"><p class=\"review__text\">%s</p></div>\n",
				k%5, sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(k)}), strings.Repeat("helaas na twee weken stuk ", k%7))
		}
		sum := sha256.Sum256(b.Bytes())
		url := fmt.Sprintf("https://shop.example/p/%d", i)
		m[url] = &mention.Page{URL: url, Status: 200, ContentType: "text/html", Body: b.Bytes(), SHA256: hex.EncodeToString(sum[:]), ETag: `"1"`}
	}
	return m
}

// linkHandler hands on links that are read beforehand.
type linkHandler map[string][]mention.Link

func (h linkHandler) Handle(_ context.Context, _ *crawler.Source, pages []*mention.Page) ([]crawler.Outcome, []error) {
	outs := make([]crawler.Outcome, len(pages))
	for i, p := range pages {
		outs[i] = crawler.Outcome{Links: h[p.URL], New: 10}
	}
	return outs, make([]error, len(pages))
}

// BenchmarkCrawl612 crawls one host of 612 pages. cpu-ms/page is to stay
// under 1.
func BenchmarkCrawl612(b *testing.B) {
	const pages = 612
	m, h := benchPages(pages), linkHandler{}
	for url, p := range m {
		h[url] = append(h[url], linksOf(p)[:40]...)
	}
	var cpu time.Duration
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		f, err := frontier.OpenSQLite(filepath.Join(dir, "frontier.db"))
		if err != nil {
			b.Fatal(err)
		}
		store, err := snapshot.Open(filepath.Join(dir, "snapshots"))
		if err != nil {
			b.Fatal(err)
		}
		e, err := crawler.New(crawler.Config{Frontier: f, Snapshots: store, Fetcher: m, Handler: h, Generation: "g1"})
		if err != nil {
			b.Fatal(err)
		}
		before := cpuTime(b)
		b.StartTimer()
		r, err := e.Run(b.Context(), []*crawler.Source{{Source: mention.Source{Name: "shop"}, Seeds: []string{"https://shop.example/p/0"}}})
		b.StopTimer()
		cpu += cpuTime(b) - before
		if err != nil || r.Sources[0].Pages != pages {
			b.Fatal(r, err)
		}
		store.Close()
		f.Close()
		b.StartTimer()
	}
	b.ReportMetric(cpu.Seconds()*1000/float64(b.N*pages), "cpu-ms/page")
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N*pages), "ms/page")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
