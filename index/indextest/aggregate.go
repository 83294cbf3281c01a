package indextest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"klank/index"
	"klank/mention"
)

func testTotals(t *testing.T, ix index.Index) {
	empty := aggregate(t, ix, index.AggregateRequest{Facets: []index.Facet{{Field: "brand"}}, Histogram: &index.Histogram{Interval: "day"}})
	if empty.Total != 0 || empty.Authors != 0 || empty.Rated != 0 || len(empty.Facets["brand"]) != 0 || len(empty.Histogram) != 0 {
		t.Errorf("an empty index counts %+v", empty)
	}
	put(t, ix, corpus()...)
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	all := aggregate(t, ix, index.AggregateRequest{})
	if all.Total != 8 || all.Authors != 5 || all.Rated != 4 || all.Scored != 7 {
		t.Errorf("totals are %+v", all)
	}
	near("the mean rating", all.RatingMean, (0+1+0.75+6.0/9)/4)
	near("the mean sentiment", all.SentimentMean, (-0.8+0.9+0.3+0-0.5+0.4+0.3)/7)
	some := aggregate(t, ix, index.AggregateRequest{Query: parse(t, "author:k1 OR kind:post")})
	if some.Total != 3 || some.Authors != 1 || some.Rated != 2 || some.Scored != 2 {
		t.Errorf("totals of two authors' mentions are %+v", some)
	}
	near("the mean rating", some.RatingMean, 0.375)
	var many []mention.Mention
	for i := range 200 {
		many = append(many, mention.Mention{ID: fmt.Sprint("n", i), Author: &mention.Author{Key: fmt.Sprint("many", i%150)}})
	}
	put(t, ix, many...)
	if got := aggregate(t, ix, index.AggregateRequest{}).Authors; got != 155 {
		t.Errorf("%d authors, not 155", got)
	}
}

// testAuthors counts as many authors as back-ends are to count exactly; a quarter
// of them with the race detector, or in short.
func testAuthors(t *testing.T, ix index.Index) {
	authors := 100_000
	if raceDetector || testing.Short() {
		authors /= 4
	}
	const together = 5000
	var wg sync.WaitGroup
	turns := make(chan int, authors)
	for from := 0; from < authors; from += together {
		turns <- from
	}
	close(turns)
	for range 2 {
		wg.Go(func() {
			for from := range turns {
				var ms []mention.Mention
				for i := from; i < min(from+together, authors); i++ {
					ms = append(ms, mention.Mention{ID: fmt.Sprint("a", i), Kind: mention.Review, NativeID: fmt.Sprint(i), Author: &mention.Author{Key: fmt.Sprint("k", i)}})
					if i%1000 == 0 { // says something twice
						ms = append(ms, mention.Mention{ID: fmt.Sprint("b", i), Kind: mention.Post, NativeID: fmt.Sprint(i), Author: ms[len(ms)-1].Author})
					}
				}
				if _, err := ix.Put(context.Background(), ms); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for q, want := range map[string]int{"": authors, "kind:review": authors, "kind:post": authors / 1000} {
		if got := aggregate(t, ix, index.AggregateRequest{Query: parse(t, q)}); got.Authors != want {
			t.Errorf("%q has %d authors, want %d", q, got.Authors, want)
		}
	}
}

// spell writes buckets as value:count{sub …}.
func spell(bs []index.Bucket) string {
	var parts []string
	for _, b := range bs {
		s := fmt.Sprintf("%s:%d", b.Value, b.Count)
		if b.Sub != nil {
			s += "{" + spell(b.Sub) + "}"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func testFacets(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	for _, c := range []struct {
		query string
		facet index.Facet
		want  string
	}{
		{"", index.Facet{Field: "brand"}, "Acme:4 Bolt:3 bolt:1"},
		{"", index.Facet{Field: "brand", Size: 2}, "Acme:4 Bolt:3"},
		{"", index.Facet{Field: "kind"}, "review:4 answer:1 comment:1 post:1 question:1"},
		{"kind:review", index.Facet{Field: "language"}, "nl:3 en:1"},
		{"late", index.Facet{Field: "language"}, "en:2 nl:2 de:1"},
		{"", index.Facet{Field: "sentiment"}, "positive:4 negative:2 neutral:1"},
		{"", index.Facet{Field: "touchpoint", Size: 3}, "delivery:7 first_impression:1 presales:1"},
		{"", index.Facet{Field: "moment_sentiment", Size: 3}, "smot:positive:4 smot:negative:3 fmot:negative:1"},
		{"", index.Facet{Field: "flag"}, "duplicate:1 suspect:1"},
		{"", index.Facet{Field: "author", Size: 2}, "k1:2 k2:2"},
		{"", index.Facet{Field: "thread"}, "m04:2"},
		{"", index.Facet{Field: "verified"}, "false:1 true:1"},
		{"nowhere", index.Facet{Field: "kind"}, ""},
		{"", index.Facet{Field: "brand", Size: 2, Sub: &index.Facet{Field: "sentiment"}},
			"Acme:4{positive:2 negative:1 neutral:1} Bolt:3{negative:1 neutral:1 positive:1}"},
		{"", index.Facet{Field: "moment", Sub: &index.Facet{Field: "touchpoint", Size: 1}},
			"smot:7{delivery:7} fmot:1{delivery:1} umot:1{delivery:1} zmot:1{delivery:1}"},
		{"has:flag", index.Facet{Field: "flag", Sub: &index.Facet{Field: "signal"}}, "duplicate:1{} suspect:1{}"},
	} {
		res := aggregate(t, ix, index.AggregateRequest{Query: parse(t, c.query), Facets: []index.Facet{c.facet}})
		if got := spell(res.Facets[c.facet.Field]); got != c.want {
			t.Errorf("%s by %s\n counts %s\n    not %s", c.query, c.facet.Field, got, c.want)
		}
	}
	many := aggregate(t, ix, index.AggregateRequest{Facets: []index.Facet{{Field: "kind"}, {Field: "host"}, {Field: "has", Size: 2}}[:2]})
	if len(many.Facets) != 2 || spell(many.Facets["host"]) != "shop.example:4 forum.example:3 social.example:1" {
		t.Errorf("two facets are %v", many.Facets)
	}
}

func testHistograms(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	for _, c := range []struct {
		query     string
		histogram index.Histogram
		want      string
	}{
		{"", index.Histogram{Interval: "month"}, "2025-12-01:1 2026-01-01:2 2026-02-01:3 2026-03-01:1"},
		{"", index.Histogram{Interval: "year"}, "2025-01-01:1 2026-01-01:6"},
		{"kind:review", index.Histogram{Interval: "week"}, "2025-12-29:1 2026-01-05:1 2026-01-12:0 2026-01-19:0 2026-01-26:2"},
		{"late brand:bolt", index.Histogram{Interval: "day"}, "2026-02-15:2 2026-02-16:0 2026-02-17:0 2026-02-18:0 2026-02-19:0 2026-02-20:0 2026-02-21:0 " +
			"2026-02-22:0 2026-02-23:0 2026-02-24:0 2026-02-25:0 2026-02-26:0 2026-02-27:0 2026-02-28:0 2026-03-01:0 2026-03-02:0 " +
			"2026-03-03:0 2026-03-04:0 2026-03-05:0 2026-03-06:0 2026-03-07:0 2026-03-08:0 2026-03-09:1"},
		{"kind:(question OR answer OR comment)", index.Histogram{Interval: "month", Sub: &index.Facet{Field: "brand", Size: 1}},
			"2026-02-01:2{Bolt:2} 2026-03-01:1{bolt:1}"},
		{"kind:post", index.Histogram{Interval: "month"}, ""},
	} {
		res := aggregate(t, ix, index.AggregateRequest{Query: parse(t, c.query), Histogram: &c.histogram})
		var parts []string
		for _, b := range res.Histogram {
			s := fmt.Sprintf("%s:%d", b.Start.Format("2006-01-02"), b.Count)
			if b.Sub != nil {
				s += "{" + spell(b.Sub) + "}"
			}
			parts = append(parts, s)
		}
		if got := strings.Join(parts, " "); got != c.want {
			t.Errorf("%s by %s\n counts %s\n    not %s", c.query, c.histogram.Interval, got, c.want)
		}
	}
	put(t, ix, mention.Mention{ID: "old", Text: "oud", Published: date("1969-12-31T23:00:00Z")}, mention.Mention{ID: "older", Text: "oud", Published: date("1968-01-01T00:00:00Z")})
	res := aggregate(t, ix, index.AggregateRequest{Query: parse(t, "oud"), Histogram: &index.Histogram{Interval: "year"}})
	if len(res.Histogram) != 2 || res.Histogram[1].Start.Year() != 1969 || res.Histogram[1].Count != 1 {
		t.Errorf("before 1970: %+v", res.Histogram)
	}
}
