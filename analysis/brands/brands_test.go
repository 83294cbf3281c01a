package brands

import (
	"slices"
	"testing"
)

func TestMatchFindsNamesAndAliasesOnWordBoundaries(t *testing.T) {
	m := New([]Brand{
		{Name: "Lumo", Aliases: []string{"Lumo Home"}, Exclude: []string{"lumo lamp"}},
		{Name: "ING"},
		{Name: "Brûlé & Co", Aliases: []string{"brulé"}},
	})
	for _, c := range []struct {
		text string
		want []string
	}{
		{"De Lumo werkt prima", []string{"Lumo"}},
		{"Lumo's service is top, ING ook", []string{"Lumo", "ING"}},
		{"Een lumo lamp is iets anders", nil},
		{"de levering ging snel", nil},
		{"bij lumos besteld", []string{"Lumo"}},
		{"LUMO-app", []string{"Lumo"}},
		{"gekocht bij Brûlé & Co.", []string{"Brûlé & Co"}},
		{"flumo lumot", nil},
		{"", nil},
	} {
		if got := m.Match(c.text); !slices.Equal(got, c.want) {
			t.Errorf("Match(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzMatchNeverPanics(f *testing.F) {
	m := New([]Brand{{Name: "Lumo", Exclude: []string{"x"}}, {Name: "é"}})
	f.Add("Lumo\xff's")
	f.Fuzz(func(t *testing.T, s string) { m.Match(s, s) })
}
