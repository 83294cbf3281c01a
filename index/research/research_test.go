package research_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/index/elastic"
	"klank/index/indextest"
	"klank/index/query"
	"klank/index/research"
	"klank/index/sqlite"
	"klank/mention"
)

var now = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

// config is that of the tests: Acme is ours, Bolt and Brand 3 are rivals.
func config(ix research.Index) research.Config {
	return research.Config{Index: ix, Brands: []research.Brand{{Name: "Acme"}, {Name: "Bolt", Rival: true}, {Name: "Brand 3", Rival: true}},
		Questions: []string{"Is it noisy?", "Is schoonmaken makkelijk?"}}
}

func open(t testing.TB) *sqlite.Index {
	t.Helper()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}

func put(t testing.TB, ix *sqlite.Index, ms ...mention.Mention) {
	t.Helper()
	for part := range slices.Chunk(ms, 500) {
		if _, err := ix.Put(context.Background(), part); err != nil {
			t.Fatal(err)
		}
	}
}

// market is a small market: generated mentions, and some of ours and a rival's
// that mean something.
func market() []mention.Mention {
	g := indextest.NewGenerator(7)
	var ms []mention.Mention
	for i := range 400 {
		m := g.Mention(i)
		if i%3 == 0 {
			m.Brands = []string{[]string{"Acme", "Bolt"}[i/3%2]}
		}
		if i%50 == 0 {
			m.Brands = []string{"Acme", "Bolt"}
		}
		if i%4 == 0 {
			m.Reply = &mention.Reply{Text: "Dank / thanks"}
		}
		ms = append(ms, m)
	}
	return append(ms, voices()...)
}

// voices are written by hand: two authors on noise, three on cleaning.
func voices() []mention.Mention {
	var ms []mention.Mention
	for i, v := range []struct {
		text  string
		score float64
	}{
		{"It is so quiet that the baby sleeps on.", 0.6}, {"Not loud at all, I was surprised.", 0.5}, {"Fluisterstil apparaat, heerlijk.", 0.8},
		{"Schoonmaken is heel eenvoudig.", 0.6}, {"Lastig schoon te maken, al die hoekjes.", -0.6}, {"Het schoonmaken gaat makkelijk.", 0.5},
	} {
		ms = append(ms, said(fmt.Sprintf("v%d", i), "Acme", v.text, v.score))
	}
	return ms
}

// said is a review of one sentence.
func said(id, brand, text string, score float64, touchpoints ...string) mention.Mention {
	return mention.Mention{ID: id, Kind: mention.Review, Source: mention.Source{Name: "shop", Host: "shop.example"}, Brands: []string{brand},
		Author: &mention.Author{Key: "author-of-" + id}, Text: text, Language: "en", Published: now.AddDate(0, 0, -20),
		Collected: now, Evidence: mention.Evidence{Fetched: now, List: "https://shop.example/list", Rank: 1},
		Analysis: &mention.Analysis{Sentiment: mention.Sentiment{Score: score, Label: index.SentenceLabel(score)}, Touchpoints: touchpoints, Moments: mention.MomentsOf(touchpoints),
			Sentences: []mention.Sentence{{Span: mention.Span{In: "text", End: len(text)}, Score: score, Touchpoints: touchpoints, Moments: mention.MomentsOf(touchpoints)}}}}
}

func run(t testing.TB, cfg research.Config, name string, set ...func(*research.Request)) *research.Report {
	t.Helper()
	req := research.Request{Name: name, Now: now}
	for _, f := range set {
		f(&req)
	}
	rep, err := research.Run(context.Background(), cfg, req)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rep
}

// numbers are all numbers of a report.
func numbers(rep *research.Report) []*research.Number {
	var out []*research.Number
	for _, sec := range rep.Sections {
		for _, row := range sec.Rows {
			for _, c := range row {
				if c.Number != nil {
					out = append(out, c.Number)
				}
			}
		}
	}
	return out
}

// section returns the rows of a section by their first text, and its columns.
func section(t *testing.T, rep *research.Report, name string) map[string]map[string]research.Cell {
	t.Helper()
	for _, sec := range rep.Sections {
		if sec.Name != name {
			continue
		}
		out := map[string]map[string]research.Cell{}
		for _, row := range sec.Rows {
			cells := map[string]research.Cell{}
			for i, c := range row {
				cells[sec.Columns[i].Name] = c
			}
			out[row[0].Text] = cells
		}
		return out
	}
	t.Fatalf("%s has no section %s", rep.Name, name)
	return nil
}

func TestEveryNumberOpensTheMentionsBehindIt(t *testing.T) {
	ix := open(t)
	put(t, ix, market()...)
	for _, name := range research.Names() {
		for _, brand := range []string{"", "Acme"} {
			rep := run(t, config(ix), name, func(r *research.Request) { r.Brand = brand })
			seen := map[string]bool{}
			for _, n := range numbers(rep) {
				key := fmt.Sprint(n.Query, n.Count)
				if seen[key] {
					continue
				}
				seen[key] = true
				q, err := query.Parse(n.Query, now)
				if err != nil {
					t.Fatalf("%s: %v in %q", name, err, n.Query)
				}
				found := count(t, ix, q)
				if found != n.Count {
					t.Errorf("%s: %q finds %d mentions, the number says %d", name, n.Query, found, n.Count)
				}
				if len(n.IDs) != min(found, 5) {
					t.Errorf("%s: %q finds %d mentions: %d ids", name, n.Query, found, len(n.IDs))
				}
				ids := &query.Or{}
				for _, id := range n.IDs {
					ids.Nodes = append(ids.Nodes, &query.Term{Field: "id", Value: id})
				}
				if got := count(t, ix, &query.And{Nodes: []query.Node{q, ids}}); got != len(n.IDs) {
					t.Errorf("%s: %d of the ids %v are among what %q finds", name, got, n.IDs, n.Query)
				}
			}
			if name != "coverage" && len(seen) == 0 {
				t.Errorf("%s has no numbers", name)
			}
		}
	}
}

func count(t *testing.T, ix index.Index, q query.Node) int {
	t.Helper()
	found, err := ix.Aggregate(t.Context(), index.AggregateRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	return found.Total
}

func TestBelowTwentyNothingIsTold(t *testing.T) {
	ix := open(t)
	put(t, ix, market()...)
	for _, name := range research.Names() {
		for _, n := range numbers(run(t, config(ix), name)) {
			switch n.Unit {
			case research.UnitShare, research.UnitStars, research.UnitChange:
				if (n.Value == nil) != (n.N < research.TooFew) || n.TooFew != (n.Value == nil) {
					t.Errorf("%s: %q of n %d: value %v, too few %v", name, n.Query, n.N, n.Value, n.TooFew)
				}
				if n.Value != nil && (n.Low == nil || *n.Low > *n.Value || *n.High < *n.Value) {
					t.Errorf("%s: %q: %v is not within its interval", name, n.Query, *n.Value)
				}
			}
		}
	}
}

// asJSON is a report without what it says of copies.
func asJSON(t *testing.T, rep *research.Report) string {
	t.Helper()
	rep.Notes = nil
	b, err := json.MarshalIndent(rep, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyDocuments hides the rows of an index, as another back-end may have none.
type onlyDocuments struct{ research.Index }

func TestReportsDoNotChangeWithOrderRecrawlsCopiesOrBackEnd(t *testing.T) {
	ms := market()
	one, other := open(t), open(t)
	put(t, one, ms...)
	slices.Reverse(ms)
	put(t, other, ms...)
	for i := range ms { // found again a day later, and copied
		ms[i].Evidence.Fetched = ms[i].Evidence.Fetched.AddDate(0, 0, 1)
	}
	put(t, other, ms...)
	for i := 0; i < len(ms); i += 5 {
		copied := ms[i]
		copied.ID, copied.DuplicateOf = "copy-"+ms[i].ID, ms[i].ID
		copied.Flags = []mention.Flag{{Name: "duplicate"}}
		put(t, other, copied)
	}
	for _, name := range research.Names() {
		want := asJSON(t, run(t, config(one), name))
		if got := asJSON(t, run(t, config(other), name)); got != want {
			t.Errorf("%s differs: %s", name, firstDifference(want, got))
		}
		if got := asJSON(t, run(t, config(onlyDocuments{one}), name)); name != "coverage" && got != want {
			t.Errorf("%s over documents differs: %s", name, firstDifference(want, got))
		}
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d: %s / %s", i+1, x[i], y[i])
		}
	}
	return "one is longer"
}

func TestRequestsThatNoReportAnswersAreRefused(t *testing.T) {
	ix := open(t)
	for _, req := range []research.Request{{Name: "nonsense"}, {Name: "overview", From: now, To: now.AddDate(0, 0, -1)}} {
		req.Now = now
		if rep, err := research.Run(t.Context(), config(ix), req); err == nil || !strings.HasPrefix(err.Error(), "report: ") {
			t.Errorf("%+v: %v, %v", req, rep, err)
		}
	}
	for _, name := range research.Names() { // an empty index is no error
		if rep := run(t, config(ix), name); rep.Mentions != 0 || len(rep.Notes) == 0 {
			t.Errorf("%s of nothing: %d mentions, notes %q", name, rep.Mentions, rep.Notes)
		}
	}
}

func TestReportsAreTheSameOnElasticsearch(t *testing.T) {
	url, prefix := indextest.Cluster(t)
	far, err := elastic.Open(t.Context(), elastic.Config{URLs: []string{url}, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	near, ms := open(t), market()
	put(t, near, ms...)
	if _, err := far.Put(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	for _, name := range research.Names() {
		if got, want := asJSON(t, run(t, config(far), name)), asJSON(t, run(t, config(near), name)); got != want {
			t.Errorf("%s differs: %s", name, firstDifference(want, got))
		}
	}
}
