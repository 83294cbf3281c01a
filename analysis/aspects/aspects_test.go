package aspects

import (
	"slices"
	"strings"
	"testing"

	"klank/analysis/clause"
	"klank/analysis/text"
)

func newFinder(t testing.TB) *Finder {
	t.Helper()
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// terms finds the aspects of a text whose every clause is held to be praise.
func terms(f *Finder, s, language string) []string {
	var d text.Doc
	d.Parse(s)
	var cs []clause.Clause
	for n := range d.Sentences {
		cs = clause.Split(cs, &d, n)
	}
	for i := range cs {
		cs[i].Score = 0.5
	}
	var w Work
	f.Add(&w, "text", &d, cs, language, nil)
	var out []string
	for _, a := range w.Aspects() {
		out = append(out, a.Term)
	}
	return out
}

func TestPluralsAddUp(t *testing.T) {
	f := newFinder(t)
	for _, c := range []struct {
		l       *lexicon
		w, want string
	}{
		{f.dutch, "batterijen", "batterij"}, {f.dutch, "accu's", "accu"}, {f.dutch, "kamers", "kamer"}, {f.dutch, "bedden", "bed"},
		{f.dutch, "muren", "muur"}, {f.dutch, "prijzen", "prijs"}, {f.dutch, "schoenen", "schoen"}, {f.dutch, "kosten", "kosten"},
		{f.dutch, "verzendkosten", "verzendkosten"}, {f.dutch, "huis", "huis"}, {f.dutch, "klantenservice", "klantenservice"},
		{f.english, "batteries", "battery"}, {f.english, "dishes", "dish"}, {f.english, "speakers", "speaker"},
		{f.english, "glass", "glass"}, {f.english, "instructions", "instructions"},
	} {
		x := c.l.word(c.w)
		if got := c.l.lemma(c.w, &x); got != c.want || x.sort == noNoun {
			t.Errorf("%s: %s (%d), want %s", c.w, got, x.sort, c.want)
		}
	}
}

func TestPhrasesAreShortAndInTheAuthorsWords(t *testing.T) {
	f := newFinder(t)
	for _, c := range []struct {
		language, text string
		want           []string
	}{
		{"en", "The Battery  Life is great", []string{"battery life"}},
		{"en", "great customer service", []string{"customer service"}},
		{"en", "the quality of the fabric is great", []string{"quality"}},
		{"en", "on the second day in our room the food was great", []string{"food"}},
		{"en", "I had to wait three hours", nil},
		{"nl", "De prijs-kwaliteit is prima", []string{"prijs-kwaliteit"}},
		{"nl", "Bij het ontbijt was de koffie prima", []string{"koffie"}},
		{"nl", "blij met de klantenservice", []string{"klantenservice"}},
		{"nl", "Batterijen top. De batterij is prima", []string{"batterij"}},
		{"nl", "ik weet het niet", nil},
		{"de", "Der Akku ist gut", nil},
	} {
		if got := terms(f, c.text, c.language); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzTermsComeFromTheText(f *testing.F) {
	finder := newFinder(f)
	f.Add("The battery life is great, de accu's ook\xff", "en")
	f.Add("prijs-kwaliteit "+strings.Repeat("klanten", 20), "")
	f.Fuzz(func(t *testing.T, s, language string) {
		for _, term := range terms(finder, s, language) {
			if term == "" || strings.Contains(term, "  ") {
				t.Fatalf("%q: term %q", s, term)
			}
		}
	})
}

func TestASetHasItsNouns(t *testing.T) {
	set, err := NounSet([]string{"boek", "loop~", "tafel"})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][2]bool{"boek": {true, false}, "loop": {true, true}, "tafel": {true, false}, "loop~": {}, "stoel": {}, "": {}} {
		if ok, doubtful := nounSet(set).has(hashOf(word)); ok != want[0] || doubtful != want[1] {
			t.Errorf("%q: %v, %v, want %v", word, ok, doubtful, want)
		}
	}
	if _, err := NounSet(make([]string, nounSlots)); err == nil {
		t.Error("a set takes more than it has room for")
	}
}
