package indextest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// testRows holds rows to what index.RowOf says of the mentions as they stand.
func testRows(t *testing.T, ix index.Index) {
	scanner := ability[index.RowScanner](t, ix)
	fields := []string{"has"}
	for _, f := range query.Fields {
		if f.Facet {
			fields = append(fields, f.Name)
		}
	}
	ms := corpus()
	for i := range ms {
		ms[i].Evidence.List, ms[i].Evidence.Rank = "https://shop.example/reviews", i
	}
	put(t, ix, ms...)
	for _, m := range ms[:3] { // a later reading, other words
		m.Text, m.Evidence.List = "Weer een andere tekst", "https://shop.example/reviews?page=2"
		put(t, ix, m)
	}
	want := map[string]index.Row{}
	if err := ability[index.Scanner](t, ix).Scan(t.Context(), parse(t, "brand:acme"), func(m *mention.Mention) error {
		want[m.ID] = *index.RowOf(m, fields)
		return nil
	}); err != nil || len(want) != 4 {
		t.Fatalf("%d mentions, %v", len(want), err)
	}
	got := map[string]index.Row{}
	if err := scanner.ScanRows(t.Context(), parse(t, "brand:acme"), fields, func(r *index.Row) error {
		kept := *r
		kept.Values = append([][]string(nil), r.Values...)
		kept.Touchpoints = append([]index.TouchpointScore(nil), r.Touchpoints...)
		got[r.ID] = kept
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	enough := errors.New("enough")
	if err := scanner.ScanRows(t.Context(), nil, nil, func(*index.Row) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("an error of fn: %v", err)
	}
	if err := scanner.ScanRows(t.Context(), nil, []string{"rating"}, func(*index.Row) error { return nil }); !errors.Is(err, index.ErrRequest) {
		t.Errorf("rows of a field without values: %v", err)
	}
}

// testSample holds samples to the first matches of a scan.
func testSample(t *testing.T, ix index.Index) {
	scanner := ability[index.Scanner](t, ix)
	put(t, ix, corpus()...)
	for _, q := range []string{"brand:acme", "late", "nowhere"} {
		var all []string
		if err := scanner.Scan(t.Context(), parse(t, q), func(m *mention.Mention) error {
			all = append(all, m.ID)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 100} {
			var got []string
			if err := index.Sample(t.Context(), scanner, parse(t, q), n, func(m *mention.Mention) error {
				got = append(got, m.ID)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if want := all[:min(n, len(all))]; !slices.Equal(got, want) {
				t.Errorf("Sample(%s, %d) is %v, want %v", q, n, got, want)
			}
		}
	}
}
