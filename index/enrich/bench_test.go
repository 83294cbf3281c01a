package enrich_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"klank/index/enrich"
	"klank/index/indextest"
	"klank/index/sqlite"
	"klank/mention"
)

// BenchmarkPass measures the first pass over mentions of which one in ten is a
// copy of another, and a pass after a run that brought 500 more, in seconds of
// CPU; and the most memory that the process took, before and after.
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
			start, before := spent(b)
			r, err := enrich.Run(context.Background(), ix)
			if err != nil {
				b.Fatal(err)
			}
			end, after := spent(b)
			b.ReportMetric((end - start).Seconds(), "first-cpu-s")
			b.ReportMetric(float64(r.Duplicates.Marked), "copies")
			b.ReportMetric(before, "MB-before")
			b.ReportMetric(after, "MB-after")
			fill(b, ix, g, size.n, size.n+500)
			start, _ = spent(b)
			if _, err := enrich.Run(context.Background(), ix); err != nil {
				b.Fatal(err)
			}
			end, _ = spent(b)
			b.ReportMetric((end - start).Seconds(), "after-500-cpu-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// spent is the CPU time of the process, and the most memory it ever took, in MB.
func spent(b *testing.B) (time.Duration, float64) {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), float64(u.Maxrss) / 1e3
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
