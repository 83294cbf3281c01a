package analysis

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"klank/mention"
)

func newAnalyzer(t testing.TB) *Analyzer {
	t.Helper()
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// counts are the figures of one kind of label.
type counts struct{ tp, fp, fn int }

func (c *counts) add(want, got []string) {
	for _, w := range want {
		if slices.Contains(got, w) {
			c.tp++
		} else {
			c.fn++
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			c.fp++
		}
	}
}

func (c *counts) f1() float64 { return 2 * float64(c.tp) / float64(2*c.tp+c.fp+c.fn) }

func list(s string) []string {
	if s == "-" {
		return nil
	}
	return strings.Split(s, ",")
}

func TestOwnSentencesKeepTheirQuality(t *testing.T) {
	a := newAnalyzer(t)
	file, err := os.ReadFile("testdata/sentences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var language, label, n int
	var touchpoints, care counts
	for line := range strings.Lines(string(file)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if line[0] == '#' || len(f) != 5 {
			continue
		}
		got := a.Analyze(Input{Text: f[4]})
		n++
		if got.Language == f[0] {
			language++
		} else {
			t.Logf("language %s: %s", got.Language, f[4])
		}
		if got.Sentiment.Label == f[1] {
			label++
		} else {
			t.Logf("%s, want %s (%.2f): %s", got.Sentiment.Label, f[1], got.Sentiment.Score, f[4])
		}
		touchpoints.add(list(f[2]), got.Touchpoints)
		care.add(list(f[3]), got.Care)
		if !cmp.Equal(list(f[2]), got.Touchpoints) {
			t.Logf("touchpoints %v, want %s: %s", got.Touchpoints, f[2], f[4])
		}
	}
	t.Logf("%d sentences: language %d, sentiment %d, touchpoints F1 %.3f, care F1 %.3f", n, language, label, touchpoints.f1(), care.f1())
	if n < 140 {
		t.Fatalf("only %d sentences read", n)
	}
	for name, x := range map[string][2]float64{
		"language": {float64(language) / float64(n), 0.95}, "sentiment": {float64(label) / float64(n), 0.85},
		"touchpoints": {touchpoints.f1(), 0.8}, "care": {care.f1(), 0.75},
	} {
		if x[0] < x[1] {
			t.Errorf("%s: %.3f, want at least %.2f", name, x[0], x[1])
		}
	}
}

func TestAnalyzeIsTheSameEverywhereAndAlways(t *testing.T) {
	a := newAnalyzer(t)
	in := Input{Title: "Top!", Text: "Snel geleverd. Maar het personeel was onvriendelijk, nooit meer.\n\nWho can help me?"}
	want, _ := json.Marshal(a.Analyze(in))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				a.Analyze(Input{Text: "The food was great, the service awful 😡"})
				if got, _ := json.Marshal(a.Analyze(in)); string(got) != string(want) {
					t.Errorf("got %s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestWhatWasReadBeforeChangesNothing reads many texts by one work, which
// remembers words, and each by a work of its own.
func TestWhatWasReadBeforeChangesNothing(t *testing.T) {
	a := newAnalyzer(t)
	for i, in := range reviews(t) {
		if i == 400 {
			break
		}
		in.Language = []string{"", "nl", "en", "und", "fr"}[i%5]
		got := a.Analyze(in)
		if diff := cmp.Diff(a.Explain(in).Analysis, got); diff != "" {
			t.Fatalf("%q: %s", in.Text, diff)
		}
	}
}

// reviews are texts of 30 to 100 words, Dutch and English by turns, put
// together from those of our own corpus.
func reviews(t testing.TB) []Input {
	t.Helper()
	var texts [2][]string
	for i, name := range []string{"nl", "en"} {
		file, err := os.ReadFile("train/corpus/" + name + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		now := ""
		for line := range strings.Lines(string(file)) {
			var row struct{ Text string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			if now += row.Text + " "; len(strings.Fields(now)) >= 30 {
				texts[i], now = append(texts[i], now), ""
			}
		}
	}
	var out []Input
	for i := range min(len(texts[0]), len(texts[1])) {
		for _, text := range []string{texts[0][i], texts[1][i]} {
			title, _, _ := strings.Cut(text, " ")
			out = append(out, Input{Title: title, Text: text})
		}
	}
	return out
}

func TestSpansPointIntoTitleAndText(t *testing.T) {
	a := newAnalyzer(t)
	in := Input{Title: "Één woord: héérlijk", Text: "Lekker gegeten. Slechte bediening!"}
	got := a.Analyze(in)
	var parts []string
	for _, s := range got.Sentences {
		source := in.Text
		if s.In == "title" {
			source = in.Title
		}
		parts = append(parts, s.In+": "+source[s.Start:s.End])
	}
	want := []string{"title: Één woord: héérlijk", "text: Lekker gegeten.", "text: Slechte bediening!"}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
	if got.Sentences[1].Score <= 0 || got.Sentences[2].Score >= 0 {
		t.Errorf("scores %v", got.Sentences)
	}
}

func TestTextCarriesTheUnionOfItsSentences(t *testing.T) {
	a := newAnalyzer(t)
	got := a.Analyze(Input{Text: "Snel bezorgd. Het personeel was vriendelijk. Aanrader!"})
	if diff := cmp.Diff([]string{"delivery", "service_contact", "recommendation"}, got.Touchpoints); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"smot", "umot"}, got.Moments); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"service", "care"}, got.Care); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"advocate"}, got.Signals); diff != "" {
		t.Error(diff)
	}
}

func TestSameWordOtherMeaning(t *testing.T) {
	a := newAnalyzer(t)
	for text, not := range map[string]string{
		"We will definitely return to this lovely town.":                 "returns",
		"We komen zeker terug in dit leuke dorp.":                        "returns",
		"Ik heb mijn fiets via een advertentie op marktplaats verkocht.": "advert",
		"Can't wait to see the ending of this story.":                    "service_contact",
		"Het boek won de eerste prijs.":                                  "price",
		"The story pays attention to detail.":                            "price",
		"Houd er rekening mee dat het druk is.":                          "billing",
		"De jury leverde commentaar op het verhaal.":                     "delivery",
		"His comedic delivery is perfect.":                               "delivery",
	} {
		if got := a.Analyze(Input{Text: text}); slices.Contains(got.Touchpoints, not) {
			t.Errorf("%q has touchpoint %s: %v", text, not, got.Touchpoints)
		}
	}
}

func TestSignals(t *testing.T) {
	a := newAnalyzer(t)
	for text, want := range map[string]string{
		"Echt een aanrader voor iedereen!":                                     "advocate",
		"Blijf hier weg, oplichters!":                                          "detractor",
		"Ik bestel hier al jaren en kom zeker weer terug.":                     "loyal",
		"Ik heb mijn abonnement opgezegd en stap over naar een ander bedrijf.": "churn_risk",
		"Wanneer krijg ik eindelijk mijn geld terug?":                          "needs_response",
		"Weet iemand of deze hoes ook op het nieuwe model past?":               "question",
		"I would recommend this to everyone.":                                  "advocate",
		"Avoid this company at all costs.":                                     "detractor",
		"Loyal customer for ten years, will definitely buy again.":             "loyal",
		"I am never flying with them again.":                                   "churn_risk",
		"@shop please help, my order number does not work":                     "needs_response",
		"Does anyone know if this fits a double bed?":                          "question",
	} {
		if got := a.Analyze(Input{Text: text}); !slices.Contains(got.Signals, want) {
			t.Errorf("%q: signals %v, want %s", text, got.Signals, want)
		}
	}
}

func TestGivenLanguageIsKept(t *testing.T) {
	a := newAnalyzer(t)
	if got := a.Analyze(Input{Text: "Top", Language: "en"}); got.Language != "en" {
		t.Errorf("language %q", got.Language)
	}
	if got := a.Analyze(Input{Text: "Het eten was erg lekker en de bediening ook", LanguageHint: "en-GB"}); got.Language != "nl" {
		t.Errorf("a hint is no proof: language %q", got.Language)
	}
}

func TestExplainNamesWordsAndRules(t *testing.T) {
	a := newAnalyzer(t)
	got := a.Explain(Input{Text: "Niet lekker. Snel bezorgd!"})
	if len(got.Reasons) != 2 || len(got.Reasons[0].Words) == 0 || len(got.Reasons[1].Labels) == 0 {
		t.Fatalf("reasons %+v", got.Reasons)
	}
	if w := got.Reasons[0].Words[0]; w.Words != "Niet lekker" || w.Value >= 0 {
		t.Errorf("word %+v", w)
	}
	if l := got.Reasons[1].Labels[0]; !slices.Contains(l.Labels, "delivery") {
		t.Errorf("label %+v", l)
	}
	if diff := cmp.Diff(a.Analyze(Input{Text: "Niet lekker. Snel bezorgd!"}), got.Analysis); diff != "" {
		t.Errorf("explaining changes the analysis: %s", diff)
	}
}

func TestNothingAndTooMuch(t *testing.T) {
	a := newAnalyzer(t)
	for name, text := range map[string]string{
		"empty": "", "blank": " \n ", "signs": "!!! ??? ...", "bytes": "\xff\xfe\x00\x80",
		"one long word": strings.Repeat("goed", 1<<18), "no ends": strings.Repeat("niet goed maar ", 1<<16),
		"only stops": strings.Repeat(".", 1<<20), "only excluded": strings.Repeat("geen aanrader ", 1<<16),
		"emoji": strings.Repeat("👍", 1<<16), "apostrophes": strings.Repeat("'", 1<<18), "at": strings.Repeat("@a", 1<<18),
		"host": strings.Repeat("a-", 1<<18),
	} {
		got := a.Analyze(Input{Text: text})
		if got.Sentiment.Label == "" || got.Sentiment.Score < -1 || got.Sentiment.Score > 1 || got.Version == "" {
			t.Errorf("%s: %+v", name, got.Sentiment)
		}
	}
	if got := a.Analyze(Input{}); got.Stars != 0 || got.Language != "und" || got.Sentences == nil && len(got.Sentences) != 0 {
		t.Errorf("empty: %+v", got)
	}
}

func FuzzAnalyze(f *testing.F) {
	a := newAnalyzer(f)
	f.Add("Top!", "Snel geleverd... maar NIET lekker 😡. 2/10")
	f.Add("", "It's great!! :-) would not recommend.\n\nNever again")
	f.Add("\xff", "é’t 'k @x #y http://a.b <3 ((")
	f.Fuzz(func(t *testing.T, title, text string) {
		in := Input{Title: title, Text: text}
		got := a.Analyze(in)
		if again := a.Analyze(in); !cmp.Equal(got, again) {
			t.Fatal(cmp.Diff(got, again))
		}
		if s := got.Sentiment.Score; !(s >= -1 && s <= 1) || got.Stars != 0 && (got.Stars < 1 || got.Stars > 5) {
			t.Fatalf("score %v, stars %v", s, got.Stars)
		}
		if !slices.Contains([]string{mention.Negative, mention.Neutral, mention.Positive}, got.Sentiment.Label) {
			t.Fatalf("label %q", got.Sentiment.Label)
		}
		at := map[string]int{}
		for _, s := range got.Sentences {
			source := map[string]string{"title": title, "text": text}[s.In]
			if s.Start < at[s.In] || s.End <= s.Start || s.End > len(source) || !(s.Score >= -1 && s.Score <= 1) {
				t.Fatalf("sentence %+v", s)
			}
			if utf8.ValidString(source) && !utf8.ValidString(source[s.Start:s.End]) {
				t.Fatalf("sentence %+v cuts a rune of %q", s, source)
			}
			at[s.In] = s.End
		}
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newAnalyzer(b)
	}
}

func BenchmarkReviews(b *testing.B) {
	a := newAnalyzer(b)
	texts := reviews(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Analyze(texts[i%len(texts)])
	}
}

func BenchmarkAnalyze(b *testing.B) {
	a := newAnalyzer(b)
	texts := []string{
		"Snel geleverd en goed verpakt, maar de klantenservice was helaas onbereikbaar voor mijn vraag.",
		"The food was delicious and the staff friendly, although we had to wait half an hour for a table.",
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Analyze(Input{Text: texts[i%2]})
	}
}
