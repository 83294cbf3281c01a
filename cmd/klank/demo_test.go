package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"klank/cmd/klank/market"
	"klank/configs"
	"klank/mention"
	"klank/parsers/normalize"
)

// crawlMarket crawls a running market into a data folder, as klank demo does,
// and returns what the index then holds.
func crawlMarket(t *testing.T, m *market.Market, data string) ([]mention.Mention, *crawlResult) {
	t.Helper()
	e := &env{in: strings.NewReader(""), out: io.Discard, err: io.Discard, data: data, logFormat: "text"}
	cfg := configs.Default()
	w, err := e.openWorkspace(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sources, err := demoSources(cfg, m)
	if err != nil {
		t.Fatal(err)
	}
	res, err := crawlInto(t.Context(), e, cfg, w, sources, crawlOptions{rate: demoRate, allowPrivate: true, compare: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := res.verdict(); err != nil {
		t.Errorf("the crawl did not end well: %v", err)
	}
	var got []mention.Mention
	if err := w.index.Scan(t.Context(), nil, func(m *mention.Mention) error { got = append(got, *m); return nil }); err != nil {
		t.Fatal(err)
	}
	return got, res
}

func startMarket(t *testing.T) *market.Market {
	t.Helper()
	m, err := market.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// withoutHandles replaces whatever names an account, be it by a key.
func withoutHandles(text string) string {
	return mention.ReplaceHandles(text, func(string, string) (string, bool) { return "@somebody", true })
}

// fact is what the demo's truth and the index must agree on.
type fact struct {
	Kind                        mention.Kind
	Host, NativeID, Title, Text string
	Rating, Best                float64
	Published, Item, Parent     string
	Language, Reply             string
}

// TestTheDemoCollectsExactlyItsTruth crawls the bundled market: every text
// once, none missing, none that robots.txt keeps out, and politely.
func TestTheDemoCollectsExactlyItsTruth(t *testing.T) {
	m := startMarket(t)
	data := filepath.Join(t.TempDir(), "data")
	start := time.Now()
	got, res := crawlMarket(t, m, data)
	t.Logf("crawled in %s", time.Since(start))

	var want, have []fact
	native := map[string]string{} // mention id → native id, to resolve parents
	for i := range got {
		native[got[i].ID] = got[i].NativeID
	}
	for _, x := range m.Truth() {
		f := fact{Kind: x.Kind, Host: x.Host, NativeID: x.NativeID, Title: x.Title, Text: withoutHandles(normalize.Text(x.Text)), Rating: x.Rating, Best: x.Best,
			Item: x.Item, Parent: x.Parent, Language: x.Language, Reply: x.Reply}
		if !x.Published.IsZero() {
			f.Published = x.Published.Format(time.RFC3339)
		}
		want = append(want, f)
	}
	for i := range got {
		have = append(have, factOf(&got[i], native))
	}
	for i := range want { // what the page does not identify is identified by the rest
		for j := range have {
			if want[i].NativeID == "" && have[j].Host == want[i].Host && have[j].Text == want[i].Text {
				have[j].NativeID = ""
			}
		}
	}
	order := func(a, b fact) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Text, b.Text), cmp.Compare(a.NativeID, b.NativeID))
	}
	slices.SortFunc(want, order)
	slices.SortFunc(have, order)
	if diff := gocmp.Diff(want, have); diff != "" {
		t.Errorf("collected differs from the truth (-want +got):\n%s", diff)
	}

	for i := range got {
		if a := got[i].Author; a != nil && (a.Name != "" || a.URL != "" || a.Key == "") {
			t.Errorf("%s: the author is stored as %+v", got[i].ID, *a)
		}
	}
	checkBrands(t, m, got)
	for _, text := range m.Disallowed() {
		for i := range got {
			if strings.Contains(got[i].Text, text) {
				t.Errorf("collected what robots.txt disallows: %q", text)
			}
		}
	}
	for _, r := range m.Trespasses() {
		t.Errorf("asked for %s%s, which robots.txt disallows", r.Host, r.Path)
	}
	for host, gap := range m.MinGap() {
		if gap < 9*time.Second/(10*demoRate) {
			t.Errorf("%s: two requests within %s", host, gap)
		}
	}
	checkDeclared(t, m, res)
}

func factOf(m *mention.Mention, native map[string]string) fact {
	f := fact{Kind: m.Kind, Host: m.Source.Host, NativeID: m.NativeID, Title: m.Title, Text: withoutHandles(m.Text), Language: m.Language}
	if m.Rating != nil {
		f.Rating, f.Best = m.Rating.Value, m.Rating.Best
	}
	if !m.Published.IsZero() {
		f.Published = m.Published.Format(time.RFC3339)
	}
	if m.Item != nil {
		f.Item = m.Item.Name
	}
	f.Parent = cmp.Or(native[m.Parent], m.Parent)
	if m.Reply != nil {
		f.Reply = m.Reply.Text
	}
	return f
}

// checkBrands holds that a review of a brand's product is tagged with it.
func checkBrands(t *testing.T, m *market.Market, got []mention.Mention) {
	t.Helper()
	brandOf := map[string]string{}
	for _, x := range m.Truth() {
		if x.Brand != "" {
			brandOf[x.Host+x.Item] = x.Brand
		}
	}
	for i := range got {
		if got[i].Item == nil {
			continue
		}
		if want := brandOf[got[i].Source.Host+got[i].Item.Name]; want != "" && !slices.Contains(got[i].Brands, want) {
			t.Errorf("a review of %s is tagged %q, not %s", got[i].Item.Name, got[i].Brands, want)
		}
	}
}

func checkDeclared(t *testing.T, m *market.Market, res *crawlResult) {
	t.Helper()
	type line struct{ declared, shown int }
	want, got := map[string]line{}, map[string]line{}
	names := map[string]string{}
	for _, s := range m.Sources() {
		names[s.Host] = s.Name
	}
	for _, d := range m.Declared() {
		want[names[d.Host]+" "+d.Item] = line{d.Reviews, d.Shown}
	}
	for _, c := range res.coverage {
		if c.Item != "" {
			got[c.Source+" "+c.Item] = line{*c.Declared, c.Collected}
		}
	}
	for item, w := range want {
		if g := got[item]; g != w {
			t.Errorf("coverage of %s: declared and collected %v, want %v", item, g, w)
		}
	}
}

// TestASecondCrawlFetchesOnlyWhatChanged crawls the market twice.
func TestASecondCrawlFetchesOnlyWhatChanged(t *testing.T) {
	m := startMarket(t)
	data := filepath.Join(t.TempDir(), "data")
	first, _ := crawlMarket(t, m, data)
	before := len(m.Log())
	second, res := crawlMarket(t, m, data)
	if diff := gocmp.Diff(idsOf(first), idsOf(second)); diff != "" {
		t.Errorf("the second crawl changed the mentions:\n%s", diff)
	}
	bodies := 0
	for _, r := range m.Log()[before:] {
		if r.Status == 200 && r.Path != "/robots.txt" {
			bodies++
			t.Logf("fetched again: %s%s", r.Host, r.Path)
		}
	}
	if bodies > 0 {
		t.Errorf("%d unchanged pages were sent again", bodies)
	}
	for _, s := range res.report.Sources {
		if s.New+s.Changed > 0 {
			t.Errorf("%s: %d new and %d changed mentions in an unchanged market", s.Run.Source, s.New, s.Changed)
		}
	}
}

func idsOf(ms []mention.Mention) []string {
	ids := make([]string, len(ms))
	for i := range ms {
		ids[i] = fmt.Sprintf("%s revision %d", ms[i].ID, ms[i].Revision)
	}
	slices.Sort(ids)
	return ids
}
