package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"klank/index"
	"klank/index/indextest"
	"klank/index/query"
	"klank/index/sqlite"
	"klank/mention"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fill puts mentions from..to-1 in batches, and returns the CPU time of that.
func fill(tb testing.TB, ix *sqlite.Index, g *indextest.Generator, from, to, size int) time.Duration {
	tb.Helper()
	var spent time.Duration
	for i := from; i < to; i += size {
		batch := make([]mention.Mention, 0, size)
		for j := i; j < min(i+size, to); j++ {
			batch = append(batch, g.Mention(j))
		}
		start := cpu()
		if _, err := ix.Put(context.Background(), batch); err != nil {
			tb.Fatal(err)
		}
		spent += cpu() - start
	}
	return spent
}

// BenchmarkPut puts new mentions of about 100 words into an index that grows
// from nothing: in batches as small as the reviews of a page, as a crawl does,
// and in larger ones, as an import does. b.N is in mentions.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{15, 50, 500} {
		b.Run(fmt.Sprint("batches of ", size), func(b *testing.B) {
			ix, err := sqlite.Open(filepath.Join(b.TempDir(), "index.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer ix.Close()
			spent := fill(b, ix, long(), 0, b.N, size)
			b.ReportMetric(float64(b.N)/spent.Seconds(), "mentions/cpu-s")
		})
	}
}

// long makes mentions of about 100 words.
func long() *indextest.Generator {
	g := indextest.NewGenerator(1)
	g.Words = 100
	return g
}

// BenchmarkPutAgain puts the same 10,000 mentions again, as found by a later
// crawl: only the evidence differs.
func BenchmarkPutAgain(b *testing.B) {
	ix, err := sqlite.Open(filepath.Join(b.TempDir(), "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer ix.Close()
	const n = 10_000
	fill(b, ix, long(), 0, n, 50)
	var spent time.Duration
	for b.Loop() {
		g := long()
		for i := 0; i < n; i += 50 {
			batch := make([]mention.Mention, 50)
			for j := range batch {
				batch[j] = g.Mention(i + j)
				batch[j].Evidence.Fetched = batch[j].Evidence.Fetched.Add(time.Hour)
			}
			start := cpu()
			if _, err := ix.Put(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			spent += cpu() - start
		}
	}
	b.ReportMetric(float64(n*b.N)/spent.Seconds(), "mentions/cpu-s")
}

// BenchmarkRead asks an index of 100,000 mentions.
func BenchmarkRead(b *testing.B) {
	ix, err := sqlite.Open(filepath.Join(b.TempDir(), "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer ix.Close()
	fill(b, ix, long(), 0, 100_000, 500)
	dashboard := func(q query.Node) index.AggregateRequest {
		return index.AggregateRequest{Query: q, Histogram: &index.Histogram{Interval: "month", Sub: &index.Facet{Field: "sentiment"}},
			Facets: []index.Facet{{Field: "brand"}, {Field: "touchpoint"}, {Field: "moment_sentiment"}}}
	}
	for _, text := range []string{"", "sentiment:negative", `brand:"brand 3"`, "klant", "levering NOT klant rating:<3", "le*", "author:*"} {
		q, err := query.Parse(text, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		b.Run("aggregate/"+text, func(b *testing.B) {
			for b.Loop() {
				if _, err := ix.Aggregate(context.Background(), dashboard(q)); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, sort := range []string{index.SortNewest, index.SortRelevance} {
			b.Run("search "+sort+"/"+text, func(b *testing.B) {
				for b.Loop() {
					if _, err := ix.Search(context.Background(), index.SearchRequest{Query: q, Sort: sort, Highlight: true}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
