package brands

import (
	"os"
	"slices"
	"strings"
	"testing"

	"klank/analysis/language"
	"klank/analysis/text"
)

func newMatcher(t testing.TB, brands []Brand) *Matcher {
	t.Helper()
	m, err := New(brands)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMatchFindsNamesAndAliasesOnWordBoundaries(t *testing.T) {
	m := newMatcher(t, []Brand{
		{Name: "Lumo", Aliases: []string{"Lumo Home"}, Exclude: []string{"lumo lamp"}},
		{Name: "ING"},
		{Name: "Brûlé & Co", Aliases: []string{"brulé"}},
		{Name: "T-Mobile"}, {Name: "HelloFresh"},
	})
	for _, c := range []struct {
		text string
		want []string
	}{
		{"De Lumo werkt prima", []string{"Lumo"}},
		{"Lumo's service is top, ING ook", []string{"Lumo", "ING"}},
		{"Een lumo lamp is iets anders", nil},
		{"Een lumo lamp is iets anders dan een Lumo Home", []string{"Lumo"}},
		{"de levering ging snel", nil},
		{"bij lumos besteld", []string{"Lumo"}},
		{"LUMO-app", []string{"Lumo"}},
		{"lumomodem", []string{"Lumo"}},
		{"mail naar info@lumo.nl of kijk op https://www.lumo.nl/hulp", []string{"Lumo"}},
		{"@lumo_nl waar blijft het? #Lumo", []string{"Lumo"}},
		{"gekocht bij Brûlé & Co.", []string{"Brûlé & Co"}},
		{"tmobile, T Mobile, t-mobile", []string{"T-Mobile"}},
		{"hello fresh en HelloFresh", []string{"HelloFresh"}},
		{"flumo lumot", nil},
		{"", nil},
	} {
		if got := m.Match("", c.text, "", nil); !slices.Equal(got, c.want) {
			t.Errorf("Match(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestAboutTakesTheItemAtItsWord(t *testing.T) {
	m := newMatcher(t, []Brand{{Name: "Ben"}, {Name: "Lumo"}})
	for _, c := range []struct {
		source, brand, name string
		want                []int
	}{
		{"Ben", "", "", []int{0}},
		{"", "BEN", "", []int{0}},
		{"", "", "Lumo draadloze lamp", []int{1}},
		{"", "", "Wat ben ik blij", nil},
		{"Onbekend", "Acme", "Acme 3000", nil},
	} {
		if got := m.About(c.source, c.brand, c.name); !slices.Equal(got, c.want) {
			t.Errorf("About(%q, %q, %q) = %v, want %v", c.source, c.brand, c.name, got, c.want)
		}
	}
}

// ambiguous are the brands of the cases under testdata. A third have words
// of context, as users would give them.
var ambiguous = []Brand{
	{Name: "ING"}, {Name: "Ben", Context: []string{"sim only", "bundel", "provider"}}, {Name: "Essent"}, {Name: "Simpel"},
	{Name: "Action"}, {Name: "Bol", Aliases: []string{"bol.com"}}, {Name: "Jumbo"}, {Name: "Plus", Context: []string{"boodschappen", "brood"}},
	{Name: "Coop"}, {Name: "Dirk"}, {Name: "Otto"}, {Name: "Mango", Context: []string{"jurk", "coat", "maten", "retour"}}, {Name: "Next"},
	{Name: "Apple"}, {Name: "Orange"}, {Name: "Shell", Context: []string{"getankt", "tanken", "pomp", "laadpaal"}}, {Name: "Target"},
	{Name: "Gap", Context: []string{"jeans", "hoodie"}}, {Name: "Boots"}, {Name: "Ring"}, {Name: "Nest"}, {Name: "Sky"}, {Name: "Three"},
	{Name: "EE"}, {Name: "NS", Context: []string{"trein", "spoor", "station"}}, {Name: "Bever"},
	{Name: "Gamma", Context: []string{"verf", "schutting", "deur"}}, {Name: "Karwei"}, {Name: "Zeeman"}, {Name: "Budget Energie"},
	{Name: "Delta", Context: []string{"glasvezel", "flew", "flight", "bags"}}, {Name: "Flink"}, {Name: "Wish"}, {Name: "Ally"}, {Name: "Chase"},
	{Name: "Discover", Context: []string{"card", "cashback"}}, {Name: "Zoom"}, {Name: "Slack", Context: []string{"team", "notifications"}},
	{Name: "Monday"}, {Name: "Crisp"}, {Name: "Picnic"}, {Name: "Vodafone"}, {Name: "Ziggo"}, {Name: "Odido"},
	{Name: "Albert Heijn", Aliases: []string{"AH", "Appie"}}, {Name: "T-Mobile"}, {Name: "Hunkemöller"}, {Name: "MediaMarkt"}, {Name: "H&M"},
}

// TestAmbiguousNames holds precision and recall on names that are ordinary
// words, on the half of the cases that the rules were made with and on the
// other.
func TestAmbiguousNames(t *testing.T) {
	m := newMatcher(t, ambiguous)
	detector, err := language.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, floor := range map[string][2]float64{"tuned": {0.97, 0.95}, "held": {0.95, 0.9}} {
		data, err := os.ReadFile("testdata/" + name + ".tsv")
		if err != nil {
			t.Fatal(err)
		}
		right, found, wanted := 0, 0, 0
		for line := range strings.Lines(string(data)) {
			if line[0] == '#' {
				continue
			}
			cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
			want := strings.Split(cells[0], ",")
			if cells[0] == "-" {
				want = nil
			}
			var got []string
			for _, f := range m.Find(new(Work), parse(""), parse(cells[2]), detector.Detect(new(language.Work), parse(cells[2]), "").Tag, m.About("", cells[1], "")) {
				if b := m.Name(f.Brand); !slices.Contains(got, b) {
					got = append(got, b)
				}
			}
			for _, b := range got {
				if slices.Contains(want, b) {
					right++
				}
			}
			found, wanted = found+len(got), wanted+len(want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Logf("%s: %q: %v, want %v", name, cells[2], got, want)
			}
		}
		precision, recall := float64(right)/float64(found), float64(right)/float64(wanted)
		t.Logf("%s: precision %.3f, recall %.3f (%d of %d found, %d wanted)", name, precision, recall, right, found, wanted)
		if precision < floor[0] || recall < floor[1] {
			t.Errorf("%s: precision %.3f and recall %.3f, want %.2f and %.2f", name, precision, recall, floor[0], floor[1])
		}
	}
}

func FuzzFindNeverPanics(f *testing.F) {
	m := newMatcher(f, []Brand{{Name: "Lumo", Exclude: []string{"x"}}, {Name: "é"}, {Name: "H&M"}, {Name: "Ben"}})
	f.Add("Lumo\xff's bij Ben", "x ben@h&m.nl lumoapp")
	f.Fuzz(func(t *testing.T, title, s string) {
		for _, found := range m.Find(new(Work), parse(title), parse(s), "", nil) {
			source := s
			if found.In == "title" {
				source = title
			}
			if found.Start >= found.End || found.End > len(source) {
				t.Fatalf("span %+v of %q", found.Span, source)
			}
		}
	})
}

func parse(s string) *text.Doc {
	var d text.Doc
	d.Parse(s)
	return &d
}
