package pattern

import (
	"slices"
	"strings"
	"testing"

	"klank/analysis/text"
)

// found returns the matched patterns of a text, "section: words" each.
func found(t *testing.T, file, source string) string {
	t.Helper()
	set, err := Compile("test", file)
	if err != nil {
		t.Fatal(err)
	}
	var d text.Doc
	var m Matcher
	d.Parse(source)
	var out []string
	for _, sent := range d.Sentences {
		for _, h := range m.Find(set, &d, sent) {
			out = append(out, set.Sections[set.Rules[h.Rule].Section]+": "+source[d.Tokens[h.First].Start:d.Tokens[h.Last-1].End])
		}
	}
	return strings.Join(out, "; ")
}

func TestPatternsFind(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"a word in any form of writing", "[a]\ncafé", "CAFE en Café", "a: CAFE; a: Café"},
		{"a start", "[a]\nbezorg*", "De bezorging, bezorg", "a: bezorging; a: bezorg"},
		{"an end", "[a]\n*bezorger", "Maaltijdbezorger en bezorgers", "a: Maaltijdbezorger"},
		{"a choice", "[a]\nop (tijd|schema)", "op tijd, op schema, op pad", "a: op tijd; a: op schema"},
		{"phrases in a choice", "[a]\n(nog .. steeds|niet) (weg|te laat)?", "nog altijd steeds te laat, niet weg", "a: nog altijd steeds; a: niet"},
		{"choices in choices", "[a]\n(te (laat|vroeg)|nooit) op", "te vroeg op, nooit op", "a: te vroeg op; a: nooit op"},
		{"an optional word", "[a]\nheel? erg? goed", "heel goed", "a: heel goed; a: goed"},
		{"a gap", "[a]\npakket .. kwijt", "pakket is alweer helemaal kwijt", "a: pakket is alweer helemaal kwijt"},
		{"a gap ends at a comma", "[a]\npakket .. kwijt", "pakket, ik ben kwijt", ""},
		{"a wide gap passes a comma", "[a]\npakket ... kwijt", "pakket, ik ben het kwijt", "a: pakket, ik ben het kwijt"},
		{"not over the end", "[a]\npakket ... kwijt", "Een pakket. Toen kwijt", ""},
		{"a class", "@vat = emmer ton*\n@ding = @vat doos\n[a]\n@ding vol", "tonnen vol, doos vol", "a: tonnen vol; a: doos vol"},
		{"a class of phrases", "@hulp = steun (eerste hulp)\n[a]\n(goede|@hulp) dienst", "eerste hulp dienst, steun dienst", "a: eerste hulp dienst; a: steun dienst"},
		{"a number", "[a]\n<number> (euro|sterren)", "12,50 euro en vijf sterren", "a: 12,50 euro"},
		{"the start", "[a]\n^ top", "Top top. top", "a: Top; a: top"},
		{"the end", "[a]\ntop $", "top toestel, top!", "a: top"},
		{"a question", "[a]\nwanneer ... ?", "Wanneer komt het? Wanneer dan.", "a: Wanneer komt het?"},
		{"an exclusion", "[a]\naanrader\n! geen .. aanrader\n[b]\naanrader", "geen echte aanrader", "b: aanrader"},
		{"elongated", "[a]\ntop", "toooop", "a: toooop"},
		{"a comment", "# x\n[a] # y\ntop # z", "top", "a: top"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := found(t, c.file, c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMistakesNameTheLine(t *testing.T) {
	for file, want := range map[string]string{
		"top":                                   "test:1: pattern \"top\" stands before the first section",
		"[a":                                    "does not end with ]",
		"[a]\n\n.. top":                         "test:3: pattern \".. top\": a gap needs a word on both sides",
		"[a]\ntop ^":                            "is not a word",
		"[a]\n@x top":                           "class \"@x\" is not known",
		"[a]\n((((a))))":                        "at most 3 in each other",
		"[a]\n(a b":                             "does not end with )",
		"[a]\n(a|.. b) c":                       "a gap needs a word",
		"[a]\n(a||b)":                           "empty choice",
		"[a]\n*x*":                              "is not a word",
		"[a]\nx?":                               "no word that must be there",
		"@a = @b":                               "is not known",
		"[a]\na" + strings.Repeat(" ... a", 20): "more than 3 gaps",
	} {
		_, err := Compile("test", file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", file, err, want)
		}
	}
}

// samePart compares a part of the last sentence of m with a sentence of its own.
func samePart(t *testing.T, set *Set, d *text.Doc, m *Matcher, first, last int) {
	t.Helper()
	var alone Matcher
	got, want := m.Part(first, last), alone.Find(set, d, text.Sentence{First: first, Last: last})
	if !slices.Equal(got, want) {
		t.Fatalf("tokens %d to %d as a part of %q: %+v, as a sentence: %+v", first, last, d.Source, got, want)
	}
}

func TestPartIsReadAsASentence(t *testing.T) {
	set, err := Compile("test", "[a]\n^ top\ntop $\npakket .. kwijt\n(a|a .. b) .. c\na b? .. c\nniet ... ?\n! geen top\n<number> euro\n[b]\ntop\n! kwijt")
	if err != nil {
		t.Fatal(err)
	}
	var words text.Words
	d := text.Doc{Words: &words}
	var m Matcher
	d.Parse("Geen top, top pakket echt kwijt a b c c, top onbekendlangwoorddatgeennummerheeft niet 12 euro? Top, a x c top!")
	for _, sent := range d.Sentences {
		m.Find(set, &d, sent)
		for first := sent.First; first < sent.Last; first++ {
			for last := first + 1; last <= sent.Last; last++ {
				samePart(t, set, &d, &m, first, last)
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("[a]\n@x = y z*\n(@x|b) .. c? $\n! d ... ?", "y b c d?")
	f.Add("[a]\n^ <number> *end", "1 end")
	f.Fuzz(func(t *testing.T, file, source string) {
		if strings.Count(file, "?") > 8 {
			return // optional words double the paths; files are ours
		}
		set, err := Compile("fuzz", file)
		if err != nil {
			return
		}
		var d text.Doc
		var m Matcher
		d.Parse(source)
		for _, sent := range d.Sentences {
			for _, h := range m.Find(set, &d, sent) {
				if h.First < sent.First || h.Last > sent.Last || h.Last <= h.First {
					t.Fatalf("hit %+v outside of %+v", h, sent)
				}
			}
			for first := sent.First; first < min(sent.Last, sent.First+6); first++ {
				for last := first + 1; last <= min(sent.Last, first+12); last++ {
					samePart(t, set, &d, &m, first, last)
				}
			}
		}
	})
}
