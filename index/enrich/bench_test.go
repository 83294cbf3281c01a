package enrich_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"klank/index/enrich"
	"klank/index/indextest"
	"klank/index/sqlite"
	"klank/mention"
)

// BenchmarkPass measures the first pass over mentions of which one in ten is a
// copy of another, and a pass after a run that brought 500 more; for the second
// figure b.N does not matter.
func BenchmarkPass(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"100k", 100_000}, {"500k", 500_000}} {
		b.Run(size.name, func(b *testing.B) {
			if testing.Short() && size.n > 100_000 {
				b.Skip("takes minutes")
			}
			ix, err := sqlite.Open(filepath.Join(b.TempDir(), "index.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer ix.Close()
			g := indextest.NewGenerator(1)
			fill(b, ix, g, 0, size.n)
			start := mostMemory()
			b.ResetTimer()
			r, err := enrich.Run(context.Background(), ix)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(b.Elapsed().Seconds(), "first-s")
			b.ReportMetric(float64(r.Duplicates.Marked), "copies")
			b.ReportMetric(float64(mostMemory()-start)/1e6, "MB")
			first := b.Elapsed()
			for range 5 {
				b.StopTimer()
				fill(b, ix, g, size.n, size.n+500)
				size.n += 500
				b.StartTimer()
				if _, err := enrich.Run(context.Background(), ix); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((b.Elapsed()-first).Seconds()/5, "after-500-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func fill(b *testing.B, ix *sqlite.Index, g *indextest.Generator, from, to int) {
	b.Helper()
	batch := make([]mention.Mention, 0, 500)
	for i := from; i < to; i++ {
		m := g.Mention(i)
		if n := len(batch); i%10 == 9 && n > 0 {
			m.Text, m.Source.Host = batch[n-1].Text, "copies.example"
		}
		if batch = append(batch, m); len(batch) == cap(batch) || i == to-1 {
			if _, err := ix.Put(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
}

// mostMemory is what the process has taken from the system for its heap.
func mostMemory() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapSys
}
