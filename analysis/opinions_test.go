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

// TestAspects holds the share of aspects that are found with the right
// attitude, and of those found that are meant.
func TestAspects(t *testing.T) {
	a := newAnalyzer(t)
	data, err := os.ReadFile("aspects/testdata/challenge.tsv")
	if err != nil {
		t.Fatal(err)
	}
	right, found, wanted := 0, 0, 0
	for line := range strings.Lines(string(data)) {
		if line[0] == '#' {
			continue
		}
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		var got []string
		for _, x := range a.Analyze(Input{Text: cells[2], LanguageHint: cells[0]}).Aspects {
			got = append(got, x.Term+sign(x.Score))
			for _, s := range x.Spans {
				if s.In != "text" || s.Start >= s.End || s.End > len(cells[2]) {
					t.Errorf("%q: %s at %+v", cells[2], x.Term, s)
				}
			}
		}
		good := 0
		want := aspectsOf(cells[1])
		for _, w := range want {
			good += b2i(slices.ContainsFunc(strings.Split(w, "|"), func(one string) bool { return slices.Contains(got, one) }))
		}
		right, found, wanted = right+good, found+len(got), wanted+len(want)
		if good < len(want) || len(got) > len(want) {
			t.Logf("%q: %q, want %q", cells[2], got, want)
		}
	}
	precision, recall := float64(right)/float64(found), float64(right)/float64(wanted)
	t.Logf("aspects: precision %.3f, recall %.3f (%d of %d found, %d wanted)", precision, recall, right, found, wanted)
	if precision < 0.8 || recall < 0.8 {
		t.Errorf("precision %.3f and recall %.3f of aspects, want 0.80 and 0.80", precision, recall)
	}
}

// aspectsOf cuts after the sign of each aspect: terms hold spaces.
func aspectsOf(cell string) []string {
	var out []string
	from := 0
	for i := 0; i < len(cell); i++ {
		if (cell[i] == '+' || cell[i] == '-') && (i+1 == len(cell) || cell[i+1] == ' ') {
			out = append(out, strings.TrimSpace(cell[from:i+1]))
			from = i + 1
		}
	}
	return out
}
