package analysis

import (
	"os"
	"slices"
	"strings"
	"testing"

	"klank/analysis/brands"
)

func withBrands(t testing.TB, names ...string) *Analyzer {
	t.Helper()
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	var known []brands.Brand
	for _, n := range names {
		known = append(known, brands.Brand{Name: n})
	}
	m, err := brands.New(known)
	if err != nil {
		t.Fatal(err)
	}
	a.UseBrands(m)
	return a
}

// sign is the direction of a score, 0 within the middle.
func sign(score float64) string {
	switch {
	case score > 0.1:
		return "+"
	case score < -0.1:
		return "-"
	}
	return "0"
}

// TestAttitudesToBrands holds the share of brands that get the right
// attitude in texts about more than one.
func TestAttitudesToBrands(t *testing.T) {
	a := withBrands(t, "KPN", "Ziggo", "Lumo", "Brevo", "Koffa", "Vodafone", "Odido")
	data, err := os.ReadFile("testdata/attitudes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	right, all := 0, 0
	for line := range strings.Lines(string(data)) {
		if line[0] == '#' {
			continue
		}
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		var got []string
		for _, b := range a.Analyze(Input{Text: cells[2], ItemBrand: cells[1]}).Brands {
			got = append(got, b.Name+sign(b.Score))
		}
		want := strings.Fields(cells[0])
		good := 0
		for _, w := range want {
			good += b2i(slices.Contains(got, w))
		}
		if right, all = right+good, all+len(want); good < len(want) {
			t.Logf("%q: %v, want %v", cells[2], got, want)
		}
	}
	share := float64(right) / float64(all)
	t.Logf("%d of %d attitudes are right (%.3f)", right, all, share)
	if share < 0.9 {
		t.Errorf("%.3f of the attitudes are right, want 0.9", share)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
