package indextest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"klank/index"
	"klank/mention"
)

// Generator makes short reviews with a vocabulary that grows as that of real
// text does (Zipf), in Dutch and English, to measure back-ends with.
type Generator struct {
	// Words is about how long the texts are; 0 means 24 to 84 words.
	Words int
	rnd   *rand.Rand
	zipf  *rand.Zipf
}

// NewGenerator returns a Generator whose mentions follow from the seed.
func NewGenerator(seed uint64) *Generator {
	rnd := rand.New(rand.NewPCG(seed, 1))
	return &Generator{rnd: rnd, zipf: rand.NewZipf(rnd, 1.1, 4, 60_000)}
}

var syllables = strings.Fields("le ver ing be ste lling klant te laat goed dienst snel prijs re pa ra tie wel niet the ship ping cust om er ser vice quick fine")

func (g *Generator) word() string {
	n := g.zipf.Uint64()
	var b strings.Builder
	for b.Len() == 0 || n > 0 {
		b.WriteString(syllables[n%uint64(len(syllables))])
		n /= uint64(len(syllables))
	}
	return b.String()
}

func (g *Generator) text(words int) string {
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

func pick[T any](g *Generator, vs []T) T { return vs[g.rnd.IntN(len(vs))] }

// Mention returns mention number i, with labels, of 2024 and 2025. One of 100
// words has eight sentences, a shorter one four.
func (g *Generator) Mention(i int) mention.Mention {
	words, sentences := 20+g.rnd.IntN(60), 4
	if g.Words > 0 {
		words, sentences = g.Words*3/4+g.rnd.IntN(g.Words/2), max(1, g.Words/12)
	}
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
		Title:    g.text(4), Text: g.text(words),
		Language:  pick(g, []string{"nl", "en"}),
		Published: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.rnd.Int64N(int64(730 * 24 * time.Hour)))),
		Collected: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC),
		Evidence:  mention.Evidence{Parser: "jsonld", Snapshot: fmt.Sprintf("2026-01-01.warc.gz:%d", i*1000), Fetched: time.Date(2026, 1, 1, 0, 0, i/20, 0, time.UTC), SHA256: fmt.Sprintf("%064x", i)},
	}
	if m.Kind == mention.Question {
		m.Title = strings.TrimSuffix(m.Title, ".") + "?"
	}
	if g.rnd.IntN(2) == 0 {
		v := float64(1 + g.rnd.IntN(5))
		m.Rating = &mention.Rating{Value: v, Best: 5, Score: (v - 1) / 4}
	}
	m.Evidence.List, m.Evidence.Rank = fmt.Sprintf("%s?page=%d", m.Item.URL, g.rnd.IntN(20)), i%20+1
	a := &mention.Analysis{Sentiment: mention.Sentiment{Score: score, Label: index.SentenceLabel(score)}, Stars: 3 + 2*score, Language: m.Language, Version: "1"}
	for s := range sentences {
		t := pick(g, touch)
		a.Sentences = append(a.Sentences, mention.Sentence{Span: mention.Span{In: "text", Start: s * 50, End: s*50 + 49}, Score: g.rnd.Float64()*2 - 1, Touchpoints: []string{t}, Moments: []string{mention.MomentOf(t)}})
		a.Touchpoints = append(a.Touchpoints, t)
		if s == 0 {
			a.Care = []string{pick(g, mention.CareLenses)}
			a.Sentences[s].Care = a.Care
		}
	}
	a.Moments = mention.MomentsOf(a.Touchpoints)
	a.Signals = []string{pick(g, mention.Signals)}
	a.Aspects = []mention.Aspect{{Term: g.word(), Score: g.rnd.Float64()*2 - 1}}
	m.Analysis = a
	return m
}
