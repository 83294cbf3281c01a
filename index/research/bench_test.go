package research_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"klank/index"
	"klank/index/indextest"
	"klank/index/query"
	"klank/index/research"
	"klank/index/sqlite"
	"klank/mention"
)

// benchMentions is how many mentions the index and its reports are measured
// on.
const benchMentions = 500_000

// BenchmarkIndexOfHalfAMillion fills an index with mentions of about 100 words,
// in batches of 15 as of the pages of a crawl, and puts to it what a dashboard and
// a search ask, and every report. It takes ten minutes:
//
//	go test -run xxx -bench HalfAMillion -benchtime 20x -timeout 1h ./index/research
//
// KLANK_BENCH_INDEX names a file that it made before, to be used again.
func BenchmarkIndexOfHalfAMillion(b *testing.B) {
	ix := benchIndex(b)
	for _, c := range []struct{ name, query string }{
		{"counts/all", ""}, {"counts/a tenth", `source:"source 3"`}, {"counts/a tenth, by brand", `brand:("brand 1" OR "brand 2")`},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := index.AggregateRequest{Query: parse(b, c.query), Histogram: &index.Histogram{Interval: "month", Sub: &index.Facet{Field: "sentiment"}},
				Facets: []index.Facet{{Field: "brand"}, {Field: "touchpoint"}, {Field: "moment_sentiment"}}}
			measure(b, func() int {
				res, err := ix.Aggregate(context.Background(), r)
				if err != nil {
					b.Fatal(err)
				}
				return res.Total
			})
		})
	}
	for _, c := range []struct{ name, query, sort string }{
		{"ranked/a word in 1 %", "bebever", index.SortRelevance}, {"ranked/a word in 10 %", "custbe", index.SortRelevance}, {"ranked/two words in 80 %", "klant le", index.SortRelevance},
		{"newest/all", "", index.SortNewest}, {"newest/a word in 10 %", "custbe", index.SortNewest},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := index.SearchRequest{Query: parse(b, c.query), Sort: c.sort, Highlight: true}
			measure(b, func() int {
				res, err := ix.Search(context.Background(), r)
				if err != nil {
					b.Fatal(err)
				}
				return res.Total
			})
		})
	}
	cfg := research.Config{Index: ix, Brands: []research.Brand{{Name: "Brand 1"}, {Name: "Brand 2", Rival: true}, {Name: "Brand 3", Rival: true}},
		Questions: []string{"Is het goed?", "Is the shipping quick?", "Is de reparatie snel?"}}
	for _, name := range research.Names() {
		for _, brand := range []string{"", "Brand 1"} {
			b.Run("report/"+name+"/"+brand, func(b *testing.B) {
				measure(b, func() int { return run(b, cfg, name, func(r *research.Request) { r.Brand = brand }).Mentions })
			})
		}
	}
	common := cfg // all of their words stand in every sixth mention
	common.Questions = nil
	for _, q := range []string{"klant goed", "reparatie snel", "dienst prijs", "lling snel", "ship quick", "ping cust", "fine ship", "dienst goed",
		"klant snel", "laat goed", "prijs snel", "fine quick", "cust snel", "ship goed", "snel goed"} {
		common.Questions = append(common.Questions, "Is de "+q+"?")
	}
	b.Run("report/questions, 15 of common words", func(b *testing.B) {
		measure(b, func() int { return run(b, common, "questions").Mentions })
	})
}

// benchIndex fills an index, and logs what that took.
func benchIndex(b *testing.B) *sqlite.Index {
	path := cmp.Or(os.Getenv("KLANK_BENCH_INDEX"), filepath.Join(b.TempDir(), "index.db"))
	_, missing := os.Stat(path)
	ix, err := sqlite.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ix.Close() })
	if missing == nil {
		return ix
	}
	g := indextest.NewGenerator(1)
	g.Words = 100
	var spent time.Duration
	for i := 0; i < benchMentions; i += 15 {
		var batch []mention.Mention
		for j := i; j < min(i+15, benchMentions); j++ {
			batch = append(batch, g.Mention(j))
		}
		start := cpuTime()
		put(b, ix, batch...)
		spent += cpuTime() - start
	}
	b.Logf("%d mentions in: %.0f per CPU-second, %d MB of memory at most", benchMentions, benchMentions/spent.Seconds(), usage().Maxrss>>10)
	return ix
}

func parse(b *testing.B, text string) query.Node {
	q, err := query.Parse(text, now)
	if err != nil {
		b.Fatal(err)
	}
	return q
}

// measure reports the 95th percentile of the wall time and the mean of the CPU time
// of fn, and what it found.
func measure(b *testing.B, fn func() int) {
	var took []time.Duration
	var spent time.Duration
	found := 0
	for b.Loop() {
		start, cpu := time.Now(), cpuTime()
		found = fn()
		took, spent = append(took, time.Since(start)), spent+cpuTime()-cpu
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[(len(took)*95+99)/100-1].Milliseconds()), "p95-ms")
	b.ReportMetric(float64(spent.Milliseconds())/float64(len(took)), "cpu-ms/op")
	b.ReportMetric(float64(found), "mentions")
}

func usage() syscall.Rusage {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u
}

func cpuTime() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
