package watch

import (
	"context"
	"os"
	"testing"
	"time"

	"klank/index"
	"klank/index/research"
	"klank/index/sqlite"
)

// BenchmarkRulesOfHalfAMillion checks a rule of each kind on the index that the
// benchmark of the reports makes (see index/research):
//
//	KLANK_BENCH_INDEX=index.db go test -run xxx -bench HalfAMillion -benchtime 5x ./index/watch
func BenchmarkRulesOfHalfAMillion(b *testing.B) {
	path := os.Getenv("KLANK_BENCH_INDEX")
	if path == "" {
		b.Skip("skipped: KLANK_BENCH_INDEX names no index")
	}
	ix, err := sqlite.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ix.Close() })
	res, err := ix.Search(context.Background(), index.SearchRequest{Limit: 1})
	if err != nil || len(res.Hits) == 0 {
		b.Fatalf("nothing in %s: %v", path, err)
	}
	at := res.Hits[0].Mention.Published.Add(time.Hour)
	cfg := Config{Research: research.Config{Index: ix}, Sources: func(context.Context) ([]Source, error) { return nil, nil },
		Settled: func(context.Context) (map[string]int, error) { return nil, nil }}
	const month = 30 * 24 * time.Hour
	for _, r := range []Rule{
		{When: New, Query: "sentiment:negative"}, {When: Count, Query: "sentiment:negative", Within: month, Over: 10}, {When: Surge, Query: "sentiment:negative", Within: 7 * 24 * time.Hour},
		{When: Sentiment, Within: month}, {When: Rating, Within: month}, {When: Waiting, After: 48 * time.Hour},
	} {
		b.Run(r.When, func(b *testing.B) {
			for b.Loop() {
				f, err := Check(context.Background(), cfg, r, at.AddDate(0, 0, -30), at)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(f.Facts.Count), "mentions")
			}
		})
	}
}
