package frontier_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"klank/cmd/klank/postgrestest"
	"klank/crawler/frontier"
	"klank/mention"
)

// stores run a benchmark on each database.
func stores(b *testing.B, run func(b *testing.B, f frontier.Frontier)) {
	b.Run("sqlite", func(b *testing.B) {
		f := open(b, filepath.Join(b.TempDir(), "frontier.db"))
		defer f.Close()
		run(b, f)
	})
	b.Run("postgres", func(b *testing.B) {
		f := openPostgres(b, postgrestest.URL(b))
		defer f.Close()
		run(b, f)
	})
}

// fill makes a frontier with n pending URLs on one host.
func fill(b testing.TB, f frontier.Frontier, n int) mention.Run { return fillWith(b, f, n, 0) }

// fillWith also makes as many that are known and done.
func fillWith(b testing.TB, f frontier.Frontier, n, known int) mention.Run {
	b.Helper()
	run, _, err := f.BeginRun(b.Context(), "shop", frontier.Plan{})
	if err != nil {
		b.Fatal(err)
	}
	links := make([]frontier.Link, 0, 1000)
	for i := 0; i < n+known; {
		links = links[:0]
		for ; len(links) < 1000 && i < n+known; i++ {
			links = append(links, frontier.Link{URL: fmt.Sprintf("https://shop.example/product/%d?page=2", i), Priority: frontier.Priority(1 + i%4), Depth: 1, Later: i >= n})
		}
		if _, err := f.Add(b.Context(), run, links); err != nil {
			b.Fatal(err)
		}
	}
	return run
}

// BenchmarkLease is a lease and its release beside 100,000 URLs.
func BenchmarkLease(b *testing.B) {
	stores(b, func(b *testing.B, f frontier.Frontier) {
		fill(b, f, 100_000)
		for b.Loop() {
			l, err := f.Lease(b.Context(), []string{"shop"}, time.Minute)
			if err != nil || l == nil {
				b.Fatal(l, err)
			}
			if err := f.Release(b.Context(), l, time.Time{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkClaim claims 32 URLs and gives them back: the number of URLs known
// must not matter.
func BenchmarkClaim(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("urls=%d", n), func(b *testing.B) {
			stores(b, func(b *testing.B, f frontier.Frontier) {
				fill(b, f, n)
				for b.Loop() {
					claimSome(b, f)
				}
			})
		})
	}
}

func claimSome(b *testing.B, f frontier.Frontier) {
	b.Helper()
	l, err := f.Lease(b.Context(), []string{"shop"}, time.Minute)
	if err != nil || l == nil {
		b.Fatal(l, err)
	}
	if urls, err := f.Claim(b.Context(), l, 32); err != nil || len(urls) != 32 {
		b.Fatal(len(urls), err)
	}
	if err := f.Release(b.Context(), l, time.Time{}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMillions is BenchmarkClaim beside a million pending URLs of one host
// and a million known ones. MB is the most memory that the process took, making
// and counting them included; the server of PostgreSQL is another process.
func BenchmarkMillions(b *testing.B) {
	stores(b, func(b *testing.B, f frontier.Frontier) {
		fillWith(b, f, 1_000_000, 1_000_000)
		for b.Loop() {
			claimSome(b, f)
		}
		if stats, err := f.Stats(b.Context(), "shop"); err != nil || stats[0].Pending != 1_000_000 || stats[0].Done != 1_000_000 {
			b.Fatal(stats, err)
		}
		b.ReportMetric(peakMemory(b), "MB")
	})
}

// peakMemory is the largest resident size of this process so far in MB, as
// Linux counts it (proc(5), VmHWM).
func peakMemory(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("only Linux tells how much memory a process took at most")
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 64)
			if err != nil {
				b.Fatal(err)
			}
			return n / 1024
		}
	}
	b.Fatal("no VmHWM in /proc/self/status")
	return 0
}

// BenchmarkSettle is a batch of four pages, marked fetched and then done with
// 20 known and 1 new link each.
func BenchmarkSettle(b *testing.B) {
	stores(b, func(b *testing.B, f frontier.Frontier) {
		fill(b, f, 100_000)
		known := make([]frontier.Link, 20, 21)
		for i := range known {
			known[i] = frontier.Link{URL: fmt.Sprintf("https://shop.example/product/%d?page=2", i*7), Priority: 4, Depth: 2}
		}
		l, err := f.Lease(b.Context(), []string{"shop"}, time.Minute)
		if err != nil || l == nil {
			b.Fatal(l, err)
		}
		for b.Loop() {
			b.StopTimer()
			urls, err := f.Claim(b.Context(), l, 4)
			if err != nil || len(urls) != 4 {
				b.Fatal(len(urls), err)
			}
			b.StartTimer()
			var fetched, done []frontier.Result
			for _, u := range urls {
				r := frontier.Result{URL: u, State: frontier.Fetched, Snapshot: "klank-20260101T000000-1-abcdef.warc.gz:123456", SHA256: strings.Repeat("a", 64), ETag: `"123"`}
				fetched = append(fetched, r)
				r.State, r.Generation = frontier.Done, "g1"
				r.Links = append(known[:20:20], frontier.Link{URL: u.URL + "&more=1", Priority: 2, Depth: 2})
				done = append(done, r)
			}
			for _, results := range [][]frontier.Result{fetched, done} {
				if _, err := f.Settle(b.Context(), l, frontier.Tally{Pages: 1}, results); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkNewRun makes 100,000 URLs due again.
func BenchmarkNewRun(b *testing.B) {
	stores(b, func(b *testing.B, f frontier.Frontier) {
		run := fill(b, f, 100_000)
		for b.Loop() {
			if _, err := f.EndRun(b.Context(), run, "done"); err != nil {
				b.Fatal(err)
			}
			var err error
			if run, _, err = f.BeginRun(b.Context(), "shop", frontier.Plan{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkStats(b *testing.B) {
	stores(b, func(b *testing.B, f frontier.Frontier) {
		fill(b, f, 100_000)
		for b.Loop() {
			if _, err := f.Stats(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
