package watch

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"klank/index/query"
	"klank/index/research"
	"klank/index/sqlite"
	"klank/mention"
)

var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// bench is an index with a language and sources to check rules on.
type bench struct {
	t   *testing.T
	ix  *sqlite.Index
	cfg Config
}

func newBench(t *testing.T) *bench {
	t.Helper()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ix.Close() })
	language, err := query.NewLanguage(map[string]string{"bad": "sentiment:negative"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, ix, Config{Research: research.Config{Index: ix}, Language: language,
		Sources: func(context.Context) ([]Source, error) { return nil, nil },
		Settled: func(context.Context) (map[string]int, error) { return nil, nil }}}
}

func said(id string, published time.Time, sentiment string, stars float64) mention.Mention {
	return mention.Mention{ID: id, Kind: mention.Review, Source: mention.Source{Name: "shop"}, Text: "What " + id + " says.",
		Published: published, Collected: published.Add(time.Hour), Rating: &mention.Rating{Value: stars, Best: 5, Score: (stars - 1) / 4},
		Analysis: &mention.Analysis{Sentiment: mention.Sentiment{Label: sentiment, Score: map[string]float64{"negative": -0.6, "positive": 0.6}[sentiment]}}}
}

func (b *bench) put(ms ...mention.Mention) {
	b.t.Helper()
	if _, err := b.ix.Put(b.t.Context(), ms); err != nil {
		b.t.Fatal(err)
	}
}

// holds checks a rule and gives its subjects, with the revision where it counts.
func (b *bench) holds(r Rule, started, at time.Time) (string, Facts) {
	b.t.Helper()
	f, err := Check(b.t.Context(), b.cfg, r, started, at)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, s := range f.Subjects {
		if s.Revision > 0 {
			s.ID += fmt.Sprint("#", s.Revision)
		}
		out = append(out, s.ID)
	}
	return strings.Join(out, ","), f.Facts
}

func TestAMentionIsNewThatMatchesAndWasCollectedSinceTheRuleBegan(t *testing.T) {
	b := newBench(t)
	early := said("early", now.AddDate(0, 0, -3), "negative", 1)
	copied := said("copied", now, "negative", 1)
	copied.DuplicateOf = "first"
	b.put(early, copied, said("first", now.Add(-2*time.Hour), "negative", 1), said("second", now.Add(-time.Hour), "negative", 2), said("good", now, "positive", 5))
	r := Rule{Name: "r", Query: "saved:bad", When: New}
	if got, facts := b.holds(r, now.AddDate(0, 0, -1), now); got != "second,first" || facts.Count != 2 {
		t.Errorf("holds for %q, %+v", got, facts)
	}
	if got, _ := b.holds(r, time.Time{}, now.AddDate(0, 0, 40)); got != "" {
		t.Errorf("after 40 days holds for %q", got)
	}
	edited := said("second", now.Add(-time.Hour), "negative", 2)
	edited.Text = "It says something else."
	b.put(edited)
	if got, _ := b.holds(r, now.AddDate(0, 0, -1), now); got != "second,first" {
		t.Errorf("an edit makes it hold for %q", got)
	}
	r.Edits = true
	if got, _ := b.holds(r, now.AddDate(0, 0, -1), now); got != "second#2,first#1" {
		t.Errorf("with edits it holds for %q", got)
	}
	r.Query = "saved:nothing"
	if _, err := Check(t.Context(), b.cfg, r, now, now); err == nil || !strings.Contains(err.Error(), "alert r: ") {
		t.Errorf("a query that cannot be read: %v", err)
	}
}

// days puts so many mentions on each of the days before now, the latest first.
func (b *bench) days(counts []int, sentiment string, stars float64) {
	var ms []mention.Mention
	for d, n := range counts {
		for i := range n {
			ms = append(ms, said(fmt.Sprintf("%s-%v-%d-%d", sentiment, stars, d, i), now.AddDate(0, 0, -d).Add(-time.Duration(i+1)*time.Minute), sentiment, stars))
		}
	}
	b.put(ms...)
}

func TestACountHoldsWhileItIsExceeded(t *testing.T) {
	b := newBench(t)
	b.days([]int{6, 3, 3}, "negative", 1)
	r := Rule{Query: "saved:bad", When: Count, Over: 5, Within: 24 * time.Hour}
	if got, facts := b.holds(r, now, now); got != Over || facts.Count != 6 || facts.Before != 3 || !strings.Contains(facts.Query, "published:") {
		t.Errorf("holds for %q, %+v", got, facts)
	}
	r.Over = 6
	if got, _ := b.holds(r, now, now); got != "" {
		t.Errorf("at the bound it holds for %q", got)
	}
}

func TestADropAsksForNumbersAndForAnIntervalWithoutChance(t *testing.T) {
	week := 7 * 24 * time.Hour
	for _, c := range []struct {
		name      string
		bad, good []int // of the last 14 days, by day
		rule      Rule
		want      string
	}{
		{"more are negative", []int{5, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1, 1}, []int{5, 5, 5, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9, 9}, Rule{When: Sentiment, Within: week}, Down},
		{"by less than asked", []int{5, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1, 1}, []int{5, 5, 5, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9, 9}, Rule{When: Sentiment, Within: week, Drop: 0.5}, ""},
		{"by chance", []int{2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 1, 2, 2, 1}, []int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, Rule{When: Sentiment, Within: week}, ""},
		{"too few", []int{10, 0, 0, 0, 0, 0, 0, 0}, []int{0, 0, 0, 0, 0, 0, 0, 10, 9}, Rule{When: Sentiment, Within: week}, ""},
		{"fewer stars", []int{5, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1, 1}, []int{5, 5, 5, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9, 9}, Rule{When: Rating, Within: week, Drop: 0.3}, Down},
		{"too few stars", []int{19}, []int{0, 0, 0, 0, 0, 0, 0, 0, 30}, Rule{When: Rating, Within: week}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.days(c.bad, "negative", 1)
			b.days(c.good, "positive", 5)
			got, facts := b.holds(c.rule, now, now)
			if got != c.want {
				t.Errorf("holds for %q, %+v", got, facts)
			}
			if strings.Contains(c.name, "too few") != (facts.Change == nil) {
				t.Errorf("its figures: %+v", facts)
			}
		})
	}
}

func TestASurgeIsToldOfByItsDay(t *testing.T) {
	b := newBench(t)
	b.days([]int{90, 10, 9, 11, 10, 10, 9, 11, 10, 10, 9, 10}, "negative", 1)
	got, facts := b.holds(Rule{When: Surge, Within: 24 * time.Hour}, now, now)
	if got != "since 2026-05-20" || facts.Expected == nil || *facts.Expected > 12 || facts.Count < 80 {
		t.Errorf("holds for %q, %+v", got, facts)
	}
	if word, day := Split(got); word != Since || day != "2026-05-20" {
		t.Errorf("split: %q, %q", word, day)
	}
}

func TestASourceIsToldOfWhenItIsSuspectOrSilent(t *testing.T) {
	b := newBench(t)
	good, long := now.Add(-time.Hour), now.AddDate(0, 0, -5)
	b.cfg.Sources = func(context.Context) ([]Source, error) {
		return []Source{{"fine", mention.Run{Status: "done"}, good}, {"odd", mention.Run{Status: "suspect"}, good},
			{"dead", mention.Run{Status: "failed"}, long}, {"new", mention.Run{}, time.Time{}}}, nil
	}
	r := Rule{When: Sources, After: 72 * time.Hour}
	if got, facts := b.holds(r, now, now); got != "suspect odd,silent dead" || facts.Hours != 120 {
		t.Errorf("holds for %q, %+v", got, facts)
	}
	if got, _ := b.holds(r, long, now); got != "suspect odd,silent dead,silent new" {
		t.Errorf("a source that never ran: %q", got)
	}
	r.Only = []string{"odd"}
	if got, _ := b.holds(r, long, now); got != "suspect odd" {
		t.Errorf("of one source: %q", got)
	}
}

func TestAMentionWaitsUntilItIsAnsweredOrSettled(t *testing.T) {
	b := newBench(t)
	answered := said("answered", now.AddDate(0, 0, -4), "negative", 1)
	answered.Reply = &mention.Reply{Text: "Sorry."}
	b.put(answered, said("old", now.AddDate(0, 0, -4), "negative", 1), said("settled", now.AddDate(0, 0, -4), "negative", 1),
		said("young", now.Add(-time.Hour), "negative", 1), said("glad", now.AddDate(0, 0, -4), "positive", 5))
	b.cfg.Settled = func(context.Context) (map[string]int, error) { return map[string]int{"settled": 0}, nil }
	if got, facts := b.holds(Rule{When: Waiting, After: 48 * time.Hour}, now, now); got != "old" || facts.Count != 1 {
		t.Errorf("holds for %q, %+v", got, facts)
	}
}
