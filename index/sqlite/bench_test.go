package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/sqlite"
	"klank/mention"
)

// generator makes short reviews with a vocabulary that grows as that of real
// text does (Zipf), in Dutch and English.
type generator struct {
	rnd  *rand.Rand
	zipf *rand.Zipf
}

func newGenerator(seed uint64) *generator {
	rnd := rand.New(rand.NewPCG(seed, 1))
	return &generator{rnd, rand.NewZipf(rnd, 1.1, 4, 60_000)}
}

var syllables = strings.Fields("le ver ing be ste lling klant te laat goed dienst snel prijs re pa ra tie wel niet the ship ping cust om er ser vice quick fine")

func (g *generator) word() string {
	n := g.zipf.Uint64()
	var b strings.Builder
	for b.Len() == 0 || n > 0 {
		b.WriteString(syllables[n%uint64(len(syllables))])
		n /= uint64(len(syllables))
	}
	return b.String()
}

func (g *generator) text(words int) string {
	var b strings.Builder
	for i := range words {
		switch {
		case i > 0 && i%12 == 0:
			b.WriteString(". ")
		case i > 0:
			b.WriteByte(' ')
		}
		b.WriteString(g.word())
	}
	return b.String() + "."
}

func pick[T any](g *generator, vs []T) T { return vs[g.rnd.IntN(len(vs))] }

func (g *generator) mention(i int) mention.Mention {
	touch := mention.Touchpoints[pick(g, mention.Moments)]
	score := g.rnd.Float64()*2 - 1
	m := mention.Mention{
		ID:       fmt.Sprintf("%026x", uint64(i)*0x9E3779B97F4A7C15),
		NativeID: fmt.Sprint(i),
		Kind:     pick(g, mention.Kinds),
		Source:   mention.Source{Name: fmt.Sprintf("source %d", g.rnd.IntN(10)), Type: "site", Host: fmt.Sprintf("www%d.example", g.rnd.IntN(10))},
		URL:      fmt.Sprintf("https://www.example/reviews/some-product/%d", i),
		Page:     fmt.Sprintf("https://www.example/reviews/some-product?page=%d", i/20),
		Item:     &mention.ItemRef{Name: fmt.Sprintf("Product %d", g.rnd.IntN(300)), Brand: "Acme", URL: "https://www.example/some-product"},
		Brands:   []string{fmt.Sprintf("Brand %d", g.rnd.IntN(20))},
		Author:   &mention.Author{Key: fmt.Sprintf("k%018d", g.rnd.IntN(i+10))},
		Title:    g.text(4), Text: g.text(20 + g.rnd.IntN(60)),
		Language:  pick(g, []string{"nl", "en"}),
		Published: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.rnd.Int64N(int64(730 * 24 * time.Hour)))),
		Collected: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC),
		Evidence:  mention.Evidence{Parser: "jsonld", Snapshot: fmt.Sprintf("2026-01-01.warc.gz:%d", i*1000), Fetched: time.Date(2026, 1, 1, 0, 0, i/20, 0, time.UTC), SHA256: fmt.Sprintf("%064x", i)},
	}
	if g.rnd.IntN(2) == 0 {
		v := float64(1 + g.rnd.IntN(5))
		m.Rating = &mention.Rating{Value: v, Best: 5, Score: (v - 1) / 4}
	}
	a := &mention.Analysis{Sentiment: mention.Sentiment{Score: score, Label: index.SentenceLabel(score)}, Stars: 3 + 2*score, Language: m.Language, Version: "1"}
	for s := range 4 {
		t := pick(g, touch)
		a.Sentences = append(a.Sentences, mention.Sentence{Span: mention.Span{In: "text", Start: s * 50, End: s*50 + 49}, Score: g.rnd.Float64()*2 - 1, Touchpoints: []string{t}, Moments: []string{mention.MomentOf(t)}})
		a.Touchpoints = append(a.Touchpoints, t)
	}
	a.Moments = mention.MomentsOf(a.Touchpoints)
	a.Signals = []string{pick(g, mention.Signals)}
	m.Analysis = a
	return m
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fill(tb testing.TB, ix *sqlite.Index, g *generator, from, to int) time.Duration {
	tb.Helper()
	var spent time.Duration
	for i := from; i < to; i += 50 {
		batch := make([]mention.Mention, 0, 50)
		for j := i; j < min(i+50, to); j++ {
			batch = append(batch, g.mention(j))
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
	spent := fill(b, ix, newGenerator(1), 0, b.N)
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
	fill(b, ix, newGenerator(1), 0, n)
	var spent time.Duration
	for b.Loop() {
		g := newGenerator(1)
		for i := 0; i < n; i += 50 {
			batch := make([]mention.Mention, 50)
			for j := range batch {
				batch[j] = g.mention(i + j)
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
	fill(b, ix, newGenerator(1), 0, 100_000)
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
