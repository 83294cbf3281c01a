package web

import (
	"strings"
	"testing"
)

// shown writes pieces as text, changed ones in brackets.
func shown(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.Mark {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestADiffMarksTheWordsThatTheOtherTextLacks(t *testing.T) {
	for _, c := range []struct{ old, new, before, after string }{
		{"", "", "", ""},
		{"same", "same", "same", "same"},
		{"", "all new", "", "[all new]"},
		{"The lamp broke.", "The lamp broke again.", "The lamp broke.", "The lamp broke[ again]."},
		{"De lamp is stuk, jammer.", "De kast is stuk, jammer.", "De [lamp] is stuk, jammer.", "De [kast] is stuk, jammer."},
		{"one two three", "one 2 drie", "one [two three]", "one [2 drie]"},
		{"café crème", "café brûlé", "café [crème]", "café [brûlé]"},
	} {
		before, after := wordDiff(c.old, c.new)
		if got := shown(before); got != c.before {
			t.Errorf("%q to %q: before is %q, want %q", c.old, c.new, got, c.before)
		}
		if got := shown(after); got != c.after {
			t.Errorf("%q to %q: after is %q, want %q", c.old, c.new, got, c.after)
		}
	}
}

func TestADiffOfVeryLongTextsIsBounded(t *testing.T) {
	a, b := strings.Repeat("a b ", 20_000), strings.Repeat("c d ", 20_000)
	before, after := wordDiff(a+"end", b+"end")
	if len(before) != 2 || !before[0].Mark || before[1].Text != " end" && before[1].Text != "end" || len(after) != 2 {
		t.Errorf("%d and %d pieces", len(before), len(after))
	}
}

func FuzzADiffHoldsAllOfBothTexts(f *testing.F) {
	f.Add("a b c", "a x c")
	f.Add("\xff é", "<script>")
	f.Fuzz(func(t *testing.T, old, new string) {
		before, after := wordDiff(old, new)
		var a, b strings.Builder
		for _, p := range before {
			a.WriteString(p.Text)
		}
		for _, p := range after {
			b.WriteString(p.Text)
		}
		if a.String() != clean(old) || b.String() != clean(new) {
			t.Errorf("%q, %q became %q, %q", old, new, a.String(), b.String())
		}
	})
}
