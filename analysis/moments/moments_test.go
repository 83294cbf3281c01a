package moments

import (
	"slices"
	"strings"
	"testing"

	"klank/analysis/text"
	"klank/mention"
)

func newFinder(t testing.TB) *Finder {
	t.Helper()
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func find(f *Finder, body, language string) Result {
	var w Work
	var a, b text.Doc
	b.Parse(body)
	return f.Find(&w, &a, &b, language, Feeling{Loaded: make([]bool, len(b.Sentences))})
}

// TestEveryLabelHasPatternsInBothLanguages keeps Dutch and English equals.
func TestEveryLabelHasPatternsInBothLanguages(t *testing.T) {
	f := newFinder(t)
	for name, p := range map[string]*patterns{"nl": f.dutch, "en": f.english} {
		var have Labels
		for _, r := range p.set.Rules {
			have |= p.sections[r.Section].labels
		}
		if missing := f.Names((f.touchpoints | f.care | f.signals) &^ have); missing != nil {
			t.Errorf("%s.txt has no pattern for %v", name, missing)
		}
	}
}

func TestNamesFollowTheTaxonomy(t *testing.T) {
	f := newFinder(t)
	var want []string
	for _, m := range mention.Moments {
		want = append(want, mention.Touchpoints[m]...)
	}
	if got := f.Touchpoints(f.touchpoints); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := f.Care(f.care); !slices.Equal(got, mention.CareLenses) {
		t.Errorf("got %v", got)
	}
	if got := f.Signals(f.signals); !slices.Equal(got, mention.Signals) {
		t.Errorf("got %v", got)
	}
}

func TestSentencesAreLabelledOneByOne(t *testing.T) {
	f := newFinder(t)
	r := find(f, "De koerier was te laat. De factuur klopt niet.", "nl")
	var got []string
	for _, s := range r.Sentences {
		got = append(got, strings.Join(f.Touchpoints(s), " "))
	}
	if want := []string{"delivery", "billing"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestClearTextsDecideOnAdvice(t *testing.T) {
	f := newFinder(t)
	var w Work
	var none, d text.Doc
	d.Parse("Aanrader!")
	good := f.Find(&w, &none, &d, "nl", Feeling{Loaded: []bool{true}, Text: 0.8})
	bad := f.Find(&w, &none, &d, "nl", Feeling{Loaded: []bool{true}, Text: -0.8})
	if !slices.Contains(f.Signals(good.Signals), "advocate") || f.Signals(bad.Signals) != nil {
		t.Errorf("good %v, bad %v", f.Signals(good.Signals), f.Signals(bad.Signals))
	}
}

func TestUnknownLanguageReadsBoth(t *testing.T) {
	f := newFinder(t)
	for _, text := range []string{"Aanrader", "recommended"} {
		if got := f.Touchpoints(find(f, text, "und").Sentences[0]); !slices.Contains(got, "recommendation") {
			t.Errorf("%q: %v", text, got)
		}
	}
	if got := find(f, "Aanrader recommended", "fr").Sentences[0]; got != 0 {
		t.Errorf("French is read: %v", f.Names(got))
	}
}
