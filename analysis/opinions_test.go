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

// rows gives the cells of a file of cases.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		if line[0] != '#' {
			out = append(out, strings.Split(strings.TrimRight(line, "\n"), "\t"))
		}
	}
	return out
}

// TestAttitudesToBrands holds the share of brands that get the right
// attitude, on the texts that the rules were made with and on others.
func TestAttitudesToBrands(t *testing.T) {
	a := withBrands(t, "KPN", "Ziggo", "Lumo", "Brevo", "Koffa", "Vodafone", "Odido",
		"Tibber", "Eneco", "Bosch", "Miele", "Monzo", "Revolut", "Dyson", "Shark")
	for name, floor := range map[string]float64{"attitudes": 0.9, "attitudes-held": 0.8} {
		right, all := 0, 0
		for _, cells := range rows(t, "testdata/"+name+".tsv") {
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
				t.Logf("%s: %q: %v, want %v", name, cells[2], got, want)
			}
		}
		share := float64(right) / float64(all)
		t.Logf("%s: %d of %d attitudes are right (%.3f)", name, right, all, share)
		if share < floor {
			t.Errorf("%s: %.3f of the attitudes are right, want %.2f", name, share, floor)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestManyNames makes the worst of names: it ends only where the work grows
// with the length of the text.
func TestManyNames(t *testing.T) {
	a := withBrands(t, "Ben", "Ziggo", "KPN", "Next")
	for _, s := range []string{"Ziggo dan Ben ", "bij Ben en Next ", "ziggo" + strings.Repeat("app", 1<<16), "beter dan KPN, ", "had ik maar KPN niet "} {
		text := strings.Repeat(s, 1+(1<<18)/len(s))
		if got := a.Analyze(Input{Text: text}); got.Version == "" {
			t.Errorf("%.20q: no analysis", s)
		}
	}
}

// TestAspects holds the share of aspects that are found with the right
// attitude, and of those found that are meant, on the texts that the rules
// were made with and on others.
func TestAspects(t *testing.T) {
	a := newAnalyzer(t)
	for name, floor := range map[string]float64{"challenge": 0.85, "held": 0.8} {
		right, found, wanted := 0, 0, 0
		for _, cells := range rows(t, "aspects/testdata/"+name+".tsv") {
			var got []string
			for _, x := range a.Analyze(Input{Text: cells[2], LanguageHint: cells[0]}).Aspects {
				got = append(got, x.Term+sign(x.Score))
				for _, s := range x.Spans {
					if !strings.HasPrefix(strings.ToLower(cells[2][s.Start:s.End]), x.Term[:2]) {
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
				t.Logf("%s: %q: %q, want %q", name, cells[2], got, want)
			}
		}
		precision, recall := float64(right)/float64(found), float64(right)/float64(wanted)
		t.Logf("%s: precision %.3f, recall %.3f (%d of %d found, %d wanted)", name, precision, recall, right, found, wanted)
		if precision < floor || recall < floor {
			t.Errorf("%s: precision %.3f and recall %.3f of aspects, want %.2f", name, precision, recall, floor)
		}
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
