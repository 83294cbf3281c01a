package mention

import (
	"math/bits"
	"strings"
	"testing"
	"time"
)

const kettleReview = `We have used this kettle every morning for three months now. It boils a litre in under two minutes,
the lid closes with a firm click and the handle stays cool. The only thing that bothers me is the beep at the end, which wakes the whole house at six.`

func distance(a, b Mention) int { return bits.OnesCount64(a.NearKey() ^ b.NearKey()) }

func TestNearIdenticalTextsHaveNearKeys(t *testing.T) {
	a := Mention{Text: kettleReview}
	for name, text := range map[string]string{
		"the same":            kettleReview,
		"other spaces":        strings.Join(strings.Fields(kettleReview), "\u00a0\n\n"),
		"capitals, no signs":  strings.ToUpper(strings.ReplaceAll(kettleReview, ",", "")),
		"one word changed":    strings.Replace(kettleReview, "firm", "loud", 1),
		"a sentence appended": kettleReview + " Still happy with it.",
		"the end cut off":     strings.TrimSuffix(kettleReview, ", which wakes the whole house at six."),
	} {
		b := Mention{Title: "Another title", Text: text}
		if d := distance(a, b); d > NearBits {
			t.Errorf("%s: the keys differ in %d bits", name, d)
		}
		if s := Similarity(a.Text, text); s < 0.85 {
			t.Errorf("%s: similarity %.2f", name, s)
		}
	}
	other := Mention{Text: `This toaster looks nice on the counter, but it burns one side of the bread whatever we do. The shop took it
back without questions and the money was on our account within a week, so I would buy there again, only not this one.`}
	if d := distance(a, other); d <= NearBits {
		t.Errorf("the keys of two unlike texts differ in %d bits only", d)
	}
	if s := Similarity(a.Text, other.Text); s > 0.5 {
		t.Errorf("two unlike texts have similarity %.2f", s)
	}
}

func TestShortTextsAreOnlyLikeTheVerySameReview(t *testing.T) {
	review := func(text, item string, day int, score float64) Mention {
		return Mention{Text: text, Item: &ItemRef{Name: item}, Rating: &Rating{Score: score}, Published: time.Date(2026, 1, day, 8, day, 0, 0, time.UTC)}
	}
	a := review("Goede service, snelle levering!", "Kettle", 3, 1)
	b := review("goede  service snelle levering", "kettle ", 3, 1)
	b.Published = b.Published.Add(time.Hour)
	if a.NearKey() == 0 || a.NearKey() != b.NearKey() {
		t.Error("the same short review has two keys, or none")
	}
	for name, c := range map[string]Mention{
		"another item":  review("Goede service, snelle levering!", "Toaster", 3, 1),
		"another day":   review("Goede service, snelle levering!", "Kettle", 4, 1),
		"another grade": review("Goede service, snelle levering!", "Kettle", 3, 0.75),
		"another text":  review("Goede service, trage levering!", "Kettle", 3, 1),
	} {
		if d := distance(a, c); d <= NearBits {
			t.Errorf("%s: the keys differ in %d bits only", name, d)
		}
	}
	undated := a
	undated.Published = time.Time{}
	for _, m := range []Mention{undated, {}, {Text: "!!!", Item: a.Item, Rating: a.Rating, Published: a.Published}, {Text: "Top"}} {
		if k := m.NearKey(); k != 0 {
			t.Errorf("%+v has key %x", m, k)
		}
	}
	title := Mention{Title: kettleReview}
	if title.NearKey() != (&Mention{Text: kettleReview}).NearKey() {
		t.Error("a text in the title has another key")
	}
}

func TestSimilarityGoesFromNothingToTheSame(t *testing.T) {
	for _, c := range []struct {
		a, b     string
		min, max float64
	}{
		{"", "", 1, 1}, {"", "x", 0, 0}, {"ab", "ab!", 1, 1}, {"ab", "cd", 0, 0}, {"It’s   fine", "its FINE", 1, 1}, {"日本語の文", "日本語の文!", 1, 1},
		{"Mine broke after a week.", "Mine broke after two weeks.", 0.7, 0.95},
		{"Mine broke after a week.", "Quiet enough for the night.", 0, 0.3},
	} {
		if s := Similarity(c.a, c.b); s < c.min || s > c.max {
			t.Errorf("Similarity(%q, %q) = %.2f, want %.2f to %.2f", c.a, c.b, s, c.min, c.max)
		}
	}
}

func TestTheTextIDIsTheIDWhereOnlyTheTextIdentifies(t *testing.T) {
	m := Mention{Source: Source{Host: "h"}, Item: &ItemRef{Name: "Kettle"}, Author: &Author{Name: "Ann"}, Text: "Good kettle."}
	if m.SetID(""); m.ID != m.TextID() {
		t.Error("an undated text has another id")
	}
	m.Published = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if m.SetID(""); m.ID == m.TextID() {
		t.Error("the id of a dated text is made of its words")
	}
	m.NativeID = "r1"
	if m.SetID(""); m.ID == m.TextID() {
		t.Error("the id of a text with an id is made of its words")
	}
}

func FuzzNearKey(f *testing.F) {
	f.Add(kettleReview, "Top")
	f.Add("\xff\xfe a ’ \u0301", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := Mention{Text: a}, Mention{Text: " " + NormalText(a) + "."}
		if x.NearKey() != y.NearKey() && a != "" {
			t.Errorf("the normalised text has another key: %q", a)
		}
		s := Similarity(a, b)
		if s < 0 || s > 1 || s != Similarity(b, a) {
			t.Errorf("Similarity(%q, %q) = %v", a, b, s)
		}
	})
}

func BenchmarkNearKey(b *testing.B) {
	m := Mention{Text: strings.Repeat(kettleReview+" ", 2)}
	b.SetBytes(int64(len(m.Text)))
	for b.Loop() {
		m.NearKey()
	}
}
