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
	return f.Find(&w, &a, &b, language, Feeling{})
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
	if got := f.Touchpoints(nil, f.touchpoints); !slices.Equal(got, mention.Journey) {
		t.Errorf("got %v, want %v", got, mention.Journey)
	}
	if got := f.Care(nil, f.care); !slices.Equal(got, mention.CareLenses) {
		t.Errorf("got %v", got)
	}
	if got := f.Signals(nil, f.signals); !slices.Equal(got, mention.Signals) {
		t.Errorf("got %v", got)
	}
}

func TestSentencesAreLabelledOneByOne(t *testing.T) {
	f := newFinder(t)
	r := find(f, "De koerier was te laat. De factuur klopt niet.", "nl")
	var got []string
	for _, s := range r.Sentences {
		got = append(got, strings.Join(f.Touchpoints(nil, s), " "))
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
	good := f.Find(&w, &none, &d, "nl", Feeling{Text: 0.8, Sentences: []float64{0.8}})
	bad := f.Find(&w, &none, &d, "nl", Feeling{Text: -0.8, Sentences: []float64{-0.8}})
	if !slices.Contains(f.Signals(nil, good.Signals), "advocate") || f.Signals(nil, bad.Signals) != nil {
		t.Errorf("good %v, bad %v", f.Signals(nil, good.Signals), f.Signals(nil, bad.Signals))
	}
}

func TestUnknownLanguageReadsBoth(t *testing.T) {
	f := newFinder(t)
	for _, text := range []string{"Aanrader", "recommended"} {
		if got := f.Touchpoints(nil, find(f, text, "und").Sentences[0]); !slices.Contains(got, "recommendation") {
			t.Errorf("%q: %v", text, got)
		}
	}
	if got := find(f, "Aanrader recommended", "fr").Sentences[0]; got != 0 {
		t.Errorf("French is read: %v", f.Names(got))
	}
}

// TestOwnPatternsDecide lets a domain expert have the last word.
func TestOwnPatternsDecide(t *testing.T) {
	f := newFinder(t)
	labels := func(text, language string) string {
		return strings.Join(f.Names(find(f, text, language).Sentences[0]), " ")
	}
	if got := labels("Zonet nog even gepakketpunt.", "nl"); strings.Contains(got, "delivery") {
		t.Fatalf("known already: %s", got)
	}
	err := f.Extend(Patterns{Language: "nl", Name: "own.txt", Source: "[delivery service]\ngepakketpunt\n[not price]\nprijsvraag"})
	if err != nil {
		t.Fatal(err)
	}
	if got := labels("Zonet nog even gepakketpunt.", "nl"); !strings.Contains(got, "delivery") || !strings.Contains(got, "service") {
		t.Errorf("own pattern: got %q", got)
	}
	if got := labels("Zonet nog even gepakketpunt.", "en"); strings.Contains(got, "delivery") {
		t.Errorf("own Dutch pattern read in English: %q", got)
	}
	if got := labels("De prijs van de prijsvraag is gewonnen, te duur.", "nl"); strings.Contains(got, "price") {
		t.Errorf("[not price] did not take it away: %q", got)
	}
}

func TestMistakesInOwnPatternsAreNamed(t *testing.T) {
	f := newFinder(t)
	for source, want := range map[string]string{
		"[delivry]\nx":           `own.txt: section [delivry]: "delivry" is no label`,
		"[delivery]\n@nobody x":  "own.txt:2",
		"bezorgd\n[delivery]\nx": "before the first section",
	} {
		err := f.Extend(Patterns{Name: "own.txt", Source: source})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", source, err, want)
		}
	}
}

func TestExplainingNamesPatternsAndLearnedWords(t *testing.T) {
	f := newFinder(t)
	var rules []string
	w := Work{Explain: func(_ int, _, rule string, _ []string) { rules = append(rules, rule) }}
	var none, d text.Doc
	d.Parse("De koerier was veel te laat met het pakket.")
	f.Find(&w, &none, &d, "nl", Feeling{})
	if !slices.Contains(rules, "learned") || len(rules) < 2 || !slices.Contains(rules, "@bezorger") {
		t.Errorf("got %q", rules)
	}
}

func TestWeightsSurviveTheirFile(t *testing.T) {
	f := newFinder(t)
	var w Weights
	for i, name := range f.Labels() {
		w.Labels = append(w.Labels, LabelWeights{name, float32(-i), map[uint32]float32{7: 127, 1 << 31: float32(i), 0xffffffff: -127}})
	}
	m, err := readModel(w.Encode(), f.names)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.names {
		if got, want := m.sum([]uint32{7, 1 << 31, 0xffffffff, 5}, i), float32(i); got != want || m.bias[i] != float32(-i) {
			t.Errorf("label %d: sum %v, bias %v", i, got, m.bias[i])
		}
	}
}

func TestRowsAddUpHoweverMany(t *testing.T) {
	var least, most row
	for i := range least {
		least[i], most[i] = fourNone, fourNone
	}
	for label := range uint8(maxLabels) {
		for range mostOwn {
			least.add([]entry{{label, -128}})
			most.add([]entry{{label, 127}})
		}
	}
	var sum rowSum
	var got tally
	const times = 3*mostRows + 1
	for range times {
		sum.add(&least, &got)
	}
	for range times {
		sum.add(&most, &got)
	}
	sum.put(&got)
	for label, weight := range got {
		if weight != -times*mostOwn {
			t.Errorf("label %d weighs %d, want %d", label, weight, -times*mostOwn)
		}
	}
}

func FuzzReadModel(f *testing.F) {
	names := blank().names
	f.Add(modelFile[:200])
	f.Add([]byte(modelMagic + "\x20\x06advert"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := readModel(file, names); err == nil {
			var t tally
			for _, x := range []uint32{0, 1, 1 << 31} {
				t.add(m.at(m.place(x)))
			}
			m.labels(&t)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	f := newFinder(b)
	var w Work
	var none, nl, en text.Doc
	nl.Parse("Snel geleverd en goed verpakt, maar de klantenservice was helaas onbereikbaar voor mijn vraag.")
	en.Parse("The food was delicious and the staff friendly, although we had to wait half an hour for a table.")
	b.ReportAllocs()
	for b.Loop() {
		f.Find(&w, &none, &nl, "nl", Feeling{Sentences: []float64{0.5}})
		f.Find(&w, &none, &en, "en", Feeling{Sentences: []float64{0.5}})
	}
}
