package research

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"klank/index/sqlite"
	"klank/mention"
)

// daily makes so many mentions of each day up to the last, negative ones and
// stars by what of gives.
func daily(t *testing.T, last time.Time, counts []int, of func(day, i int) (negative bool, stars float64)) Config {
	t.Helper()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ix.Close() })
	var ms []mention.Mention
	for d, n := range counts {
		for i := range n {
			negative, stars := of(d, i)
			label, score := mention.Positive, 0.5
			if negative {
				label, score = mention.Negative, -0.5
			}
			ms = append(ms, mention.Mention{ID: fmt.Sprintf("m%03d-%04d", d, i), Kind: mention.Review, Source: mention.Source{Name: "shop"}, Text: "text",
				Published: last.AddDate(0, 0, d-len(counts)+1).Add(time.Duration(i) * time.Minute), Rating: &mention.Rating{Value: stars, Best: 5, Score: (stars - 1) / 4},
				Analysis: &mention.Analysis{Sentiment: mention.Sentiment{Label: label, Score: score}}})
		}
	}
	if _, err := ix.Put(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	return Config{Index: ix}
}

func steady(int, int) (bool, float64) { return false, 4 }

func TestASurgeIsFarFromTheSeasonalBaselineToday(t *testing.T) {
	last := time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC) // a Wednesday
	weekly := func(today int) []int {
		var counts []int
		for d := range 50 {
			n := 10
			if last.AddDate(0, 0, d-49).Weekday() == time.Wednesday {
				n = 40 // every Wednesday
			}
			counts = append(counts, n)
		}
		counts[49] = today
		return counts
	}
	for _, c := range []struct {
		today, want int
	}{{40, 0}, {160, 1}, {3, 0}} {
		got, err := Surges(t.Context(), daily(t, last, weekly(c.today), steady), nil, "day", last.Add(20*time.Hour))
		if err != nil || len(got) != c.want {
			t.Errorf("%d today: %+v, %v; want %d", c.today, got, err, c.want)
			continue
		}
		if c.want == 1 && (*got[0].Mentions.Value != 160 || *got[0].Expected.Value != 40 || !got[0].Start.Equal(last)) {
			t.Errorf("%d today: %+v", c.today, got[0])
		}
	}
	got, err := Surges(t.Context(), daily(t, last, []int{5, 5, 100}, steady), nil, "day", last.Add(20*time.Hour))
	if err != nil || len(got) != 0 {
		t.Errorf("of three days: %+v, %v; that is no baseline", got, err)
	}
}

func TestTwoStretchesOfTimeAreComparedWithTheirIntervals(t *testing.T) {
	last := time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)
	counts := make([]int, 14)
	for i := range counts {
		counts[i] = 10
	}
	worse := func(d, i int) (bool, float64) {
		if d >= 7 {
			return i < 6, 3
		}
		return i < 1, 4.5
	}
	cfg := daily(t, last, counts, worse)
	c, err := CompareTimes(t.Context(), cfg, nil, 7*24*time.Hour, last.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if *c.Mentions.Value != 70 || *c.MentionsBefore.Value != 70 || *c.Negative.Value != 0.6 || *c.NegativeChange.Low <= 0.3 || *c.StarsChange.Value != -1.5 || *c.StarsChange.High >= 0 {
		t.Errorf("%+v", c)
	}
	c, err = CompareTimes(t.Context(), cfg, nil, 24*time.Hour, last.AddDate(0, 0, 1))
	if err != nil || !c.NegativeChange.TooFew || !c.StarsChange.TooFew || c.StarsChange.Value != nil {
		t.Errorf("of ten a day: %+v, %v; that is too few", c, err)
	}
}
