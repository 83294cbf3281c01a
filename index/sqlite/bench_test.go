package sqlite_test

import (
	"context"
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

func fill(tb testing.TB, ix *sqlite.Index, g *indextest.Generator, from, to int) time.Duration {
	tb.Helper()
	var spent time.Duration
	for i := from; i < to; i += 50 {
		batch := make([]mention.Mention, 0, 50)
		for j := i; j < min(i+50, to); j++ {
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

// BenchmarkPut puts new mentions in batches of 50 into an index that grows
// from nothing; b.N is in mentions.
func BenchmarkPut(b *testing.B) {
	ix, err := sqlite.Open(filepath.Join(b.TempDir(), "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer ix.Close()
	spent := fill(b, ix, indextest.NewGenerator(1), 0, b.N)
	b.ReportMetric(float64(b.N)/spent.Seconds(), "mentions/cpu-s")
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
	fill(b, ix, indextest.NewGenerator(1), 0, n)
	var spent time.Duration
	for b.Loop() {
		g := indextest.NewGenerator(1)
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
	fill(b, ix, indextest.NewGenerator(1), 0, 100_000)
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
