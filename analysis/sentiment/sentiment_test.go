package sentiment

import (
	"sync"
	"testing"

	"klank/analysis/text"
)

// embedded is read once: a Scorer does not change.
var embedded = sync.OnceValues(New)

func newScorer(t testing.TB) *Scorer {
	t.Helper()
	s, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newRules(t testing.TB) *Scorer {
	t.Helper()
	s, err := Rules()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func score(s *Scorer, title, body, language string) Result {
	var w Work
	var a, b text.Doc
	a.Parse(title)
	b.Parse(body)
	return s.Score(&w, &a, &b, language)
}

// TestStrongerThan holds orders, not numbers: what a change of wording does by
// the rules.
func TestStrongerThan(t *testing.T) {
	s := newRules(t)
	for _, c := range []struct{ name, language, less, more string }{
		{"negation turns", "nl", "Dit is niet goed.", "Dit is goed."},
		{"negation turns", "en", "This is not good.", "This is good."},
		{"litotes are mild praise", "nl", "Niet slecht.", "Uitstekend."},
		{"litotes praise", "nl", "Slecht.", "Niet slecht."},
		{"strengthened", "nl", "Dit is fijn.", "Dit is heel erg fijn."},
		{"strengthened to the bad", "en", "It is extremely dull.", "It is dull."},
		{"weakened", "en", "It is a bit nice.", "It is nice."},
		{"elongated", "nl", "Mooi", "Mooooooi"},
		{"exclaimed", "en", "Lovely.", "Lovely!!!"},
		{"capitals", "en", "What a BAD phone", "What a bad phone"},
		{"after but", "en", "I like the look but the battery is terrible.", "The battery is terrible but I like the look."},
		{"although", "en", "The soup was cold.", "Although the soup was cold, we loved it."},
		{"emoji", "nl", "Gekocht 😡", "Gekocht 😍"},
		{"emoticon", "en", "Bought it :-(", "Bought it :-)"},
		{"stars", "nl", "2 sterren", "4 sterren"},
		{"grade", "nl", "Een magere 5", "Een dikke 9"},
		{"fraction", "en", "2/10", "9/10"},
		{"out of", "en", "3 out of 10", "8 out of 10"},
		{"not heus", "nl", "Mooi hoor, maar niet heus", "Mooi hoor"},
		{"not only", "nl", "Het is niet mooi.", "Het is niet alleen mooi, maar ook sterk."},
		{"the idiom wins over its words", "nl", "Laat te wensen over.", "Laat niets te wensen over."},
		{"hashtag", "en", "#fail", "#awesome"},
	} {
		less, more := score(s, "", c.less, c.language).Score, score(s, "", c.more, c.language).Score
		if less >= more {
			t.Errorf("%s: %q %.3f, %q %.3f", c.name, c.less, less, c.more, more)
		}
	}
}

func TestTitleAndLastSentenceWeighMore(t *testing.T) {
	s := newRules(t)
	if a, b := score(s, "Geweldig", "Matig.", "nl").Score, score(s, "Matig", "Geweldig.", "nl").Score; a == b {
		t.Errorf("title weighs the same as text: %v", a)
	}
	end := score(s, "", "Good. Okay. Bad. Terrible.", "en").Score
	start := score(s, "", "Terrible. Bad. Okay. Good.", "en").Score
	if end >= start {
		t.Errorf("a bad end gives %v, a good end %v", end, start)
	}
}

func TestNumbersThatAreNoGrades(t *testing.T) {
	s := newRules(t)
	for _, text := range []string{"We waren met 9 personen", "Route 66", "Kostte 12,50 euro", "Dat is 1/3 van de doos", "Om 17:45 ontvangen"} {
		if r := score(s, "", text, "nl"); r.Label != "neutral" {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

func TestWithoutWordsNothingIsClaimed(t *testing.T) {
	for _, s := range []*Scorer{newScorer(t), newRules(t)} {
		for _, text := range []string{"", "...", "?!", "- , ;"} {
			if r := score(s, "", text, "nl"); r.Score != 0 || r.Stars != 0 || r.Label != "neutral" {
				t.Errorf("%q: %+v", text, r)
			}
		}
	}
}

// TestTheModelKeepsWhatTheRulesKnow holds the sides of texts on which a model
// of n-grams alone is easily wrong.
func TestTheModelKeepsWhatTheRulesKnow(t *testing.T) {
	s := newScorer(t)
	for _, c := range []struct{ language, text, label string }{
		{"nl", "Niet slecht!", "positive"},
		{"nl", "Viel me niet tegen.", "positive"},
		{"nl", "Geen aanrader.", "negative"},
		{"nl", "Zeker voor herhaling vatbaar.", "positive"},
		{"nl", "De bediening laat te wensen over.", "negative"},
		{"nl", "Top hoor, maar niet heus.", "negative"},
		{"nl", "Een dikke 9!", "positive"},
		{"nl", "Cijfer: 2", "negative"},
		{"nl", "Wat een service 😡", "negative"},
		{"en", "Not bad at all.", "positive"},
		{"en", "Would not recommend.", "negative"},
		{"en", "2/10", "negative"},
		{"en", "The food was fine but the service was terrible.", "negative"},
		{"en", "Never had a better phone.", "positive"},
	} {
		if r := score(s, "", c.text, c.language); r.Label != c.label {
			t.Errorf("%s, want %s (%.2f): %s", r.Label, c.label, r.Score, c.text)
		}
	}
}

func TestUnknownLanguagesAreReadByBothModels(t *testing.T) {
	s := newScorer(t)
	for text, want := range map[string]string{
		"Geweldig, heel blij mee, aanrader!":        "positive",
		"Absolutely terrible, I want a refund.":     "negative",
		"Top service, will buy again, echt super!!": "positive",
	} {
		if r := score(s, "", text, "und"); r.Label != want {
			t.Errorf("%s, want %s (%.2f): %s", r.Label, want, r.Score, text)
		}
	}
}

func TestASentenceCarriesItsOwnScore(t *testing.T) {
	s := newScorer(t)
	r := score(s, "", "The room was beautiful and clean. The staff was rude and never helped us.", "en")
	if len(r.Sentences) != 2 || r.Sentences[0] <= 0 || r.Sentences[1] >= 0 {
		t.Errorf("sentences %v", r.Sentences)
	}
}

func TestScoringLeavesNoGarbage(t *testing.T) {
	s := newScorer(t)
	var w Work
	var none, d text.Doc
	d.Parse("Snel geleverd en goed verpakt, maar de klantenservice was niet bereikbaar. Wel heel mooi 😀")
	if n := testing.AllocsPerRun(100, func() { s.Score(&w, &none, &d, "nl") }); n > 0 {
		t.Errorf("%v allocations a text", n)
	}
}

func BenchmarkScore(b *testing.B) {
	s := newScorer(b)
	var w Work
	var words text.Words
	none, d := text.Doc{}, text.Doc{Words: &words}
	texts := []struct{ language, text string }{
		{"nl", "Snel geleverd en goed verpakt, maar de klantenservice was helaas onbereikbaar voor mijn vraag."},
		{"en", "The food was delicious and the staff friendly, although we had to wait half an hour for a table."},
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Parse(texts[i%2].text)
		s.Score(&w, &none, &d, texts[i%2].language)
	}
}

func TestStarsFollowTheScore(t *testing.T) {
	last := 0.0
	for x := -1.0; x <= 1; x += 0.01 {
		got := stars(x)
		if got < last || got < 1 || got > 5 {
			t.Fatalf("score %.2f: %v stars after %v", x, got, last)
		}
		last = got
	}
}

func TestOtherLanguagesAreNotRead(t *testing.T) {
	s := newScorer(t)
	if r := score(s, "", "C'est bad et super top", "fr"); r.Score != 0 {
		t.Errorf("French words scored: %+v", r)
	}
	if r := score(s, "", "Très bien 😍", "fr"); r.Score <= 0 {
		t.Errorf("an emoji is read in any language: %+v", r)
	}
}
