package language

import (
	"os"
	"strings"
	"testing"

	"klank/analysis/text"
)

func detect(t testing.TB, d *Detector, s, hint string) string {
	t.Helper()
	var doc text.Doc
	doc.Parse(s)
	r := d.Detect(new(Work), &doc, hint)
	if r.Sure < 0 || r.Sure > 1 {
		t.Errorf("%q: confidence %v", s, r.Sure)
	}
	return r.Tag
}

func TestLanguages(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Het eten was lekker maar de bediening was traag.":            "nl",
		"snel geleverd, goed verpakt":                                 "nl",
		"ik vind t echt supper goed, volgende keer weer":              "nl",
		"The food was good but the service was slow.":                 "en",
		"fast delivery, well packed":                                  "en",
		"Das Essen war lecker, aber die Bedienung war langsam.":       "de",
		"Schnelle Lieferung, gerne wieder":                            "de",
		"Die kos was baie lekker en ons sal weer kom.":                "af",
		"Ek het nie geweet hulle lewer so vinnig nie.":                "af",
		"Le repas était très bon mais le service trop lent.":          "fr",
		"La comida estaba muy buena pero el servicio fue lento.":      "es",
		"Il cibo era molto buono ma il servizio era lento.":           "it",
		"A comida estava muito boa, mas não gostei do serviço.":       "pt",
		"Maten var mycket god men det var dyrt och inte så trevligt.": "sv",
		"Jedzenie było bardzo dobre, ale na to się długo czeka.":      "pl",
		"Доставка быстрая, всё хорошо":                                "ru",
		"配送がとても早かったです":                                                "ja",
		"送货很快，质量不错":                                                   "zh",
		"배송이 빨라요":                                                     "ko",
		"Η παράδοση ήταν γρήγορη":                                     "el",
		"كان الطعام لذيذا":                                            "ar",
		"":                                                            Unknown,
		"👍👍":                                                          Unknown,
		"10/10 !!!":                                                   Unknown,
	} {
		if got := detect(t, d, text, ""); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestHintTipsTheBalanceOnly(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if got := detect(t, d, "Het eten was lekker maar de bediening was traag.", "en-US"); got != "nl" {
		t.Errorf("a wrong hint wins: %s", got)
	}
	if got := detect(t, d, "👍", "nl"); got != Unknown {
		t.Errorf("a hint alone gives %s", got)
	}
	for _, hint := range []string{"nl", "en", "de"} {
		if got := detect(t, d, "Top in de app", hint); hint == "nl" && got != hint {
			t.Errorf("hint %s: %s", hint, got)
		}
	}
}

func TestTrainingIsReproducible(t *testing.T) {
	samples := []Sample{
		{"nl", "een klein voorbeeld van gewone woorden", 1}, {"en", "a small example of ordinary words", 1},
		{"de", "ein kleines Beispiel mit gewöhnlichen Wörtern", 1}, {"af", "'n klein voorbeeld van gewone woorde", 1},
	}
	a, b := Train(samples), Train(samples)
	if string(a) != string(b) {
		t.Error("the same samples give other bytes")
	}
	if len(a) != len(modelFile) {
		t.Errorf("a trained model has %d bytes, the embedded one %d", len(a), len(modelFile))
	}
}

// samePlainly compares sentences whose plain words are known by their numbers
// with the same read letter by letter.
func samePlainly(t *testing.T, d *Detector, s string) {
	t.Helper()
	var words text.Words
	numbered, plain := text.Doc{Words: &words}, text.Doc{}
	numbered.Parse(s)
	plain.Parse(s)
	var w Work
	w.plain.Begin(&words, d)
	w.sums.Begin(&w.words, d)
	for _, sent := range numbered.Sentences {
		for _, end := range []int{sent.End, (sent.Start + sent.End) / 2} {
			got, n := d.sum(&w, &numbered, sent, end)
			want, m := d.sum(&w, &plain, sent, end)
			if got != want || n != m {
				t.Fatalf("%q: %v of %d words, letter by letter %v of %d", s[sent.Start:end], got, n, want, m)
			}
		}
	}
}

func FuzzDetect(f *testing.F) {
	d, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Het eten was goed", "nl")
	f.Add("\xff\xfe é’t sooooo 送货", "x-y-z")
	f.Add("@piet'goed x.Een b2b ’t 8'keer prijs-kwaliteit a@b.nl auto's", "nl")
	f.Fuzz(func(t *testing.T, s, hint string) {
		samePlainly(t, d, s)
		if a, b := detect(t, d, s, hint), detect(t, d, s, hint); a != b || a == "" {
			t.Fatalf("%q then %q", a, b)
		}
	})
}

// TestShortTextsOfCustomers holds the share of short texts, three to sixty
// characters, that get their language.
func TestShortTextsOfCustomers(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/short.tsv")
	if err != nil {
		t.Fatal(err)
	}
	right, all := 0, 0
	for line := range strings.Lines(string(data)) {
		want, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		all++
		if got := detect(t, d, text, ""); got == want {
			right++
		} else {
			t.Logf("%q: %s, want %s", text, got, want)
		}
	}
	if share := float64(right) / float64(all); share < 0.95 {
		t.Errorf("%d of %d short texts (%.3f) get their language, want 0.95", right, all, share)
	}
}

func TestMixedTextsAreTold(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]bool{
		"Snelle levering en netjes verpakt. Great service, would definitely buy here again.": true,
		"Snelle levering en netjes verpakt. Goede service, volgende keer weer.":              false,
		"The food was good but the service was slow. I would not come back.":                 false,
		"Top service. Helaas werkt de app nog steeds niet goed.":                             false,
	} {
		var doc text.Doc
		doc.Parse(s)
		if got := d.Detect(new(Work), &doc, "").Mixed; got != want {
			t.Errorf("%q: mixed %v", s, got)
		}
	}
}

func TestAfrikaansNeedsStrongEvidence(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"nooit meer!!", "vir mij niks", "goed produk", "gaan weer", "baie", "alles werk", "lekker", "dis goed", "is reg", "so goed"} {
		if got := detect(t, d, s, "nl"); got == "af" {
			t.Errorf("%q is taken for Afrikaans", s)
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	d, err := New()
	if err != nil {
		b.Fatal(err)
	}
	var doc text.Doc
	doc.Parse("De levering was netjes op tijd, maar de klantenservice liet me daarna twee weken wachten op een antwoord.")
	var w Work
	b.ReportAllocs()
	for b.Loop() {
		d.Detect(&w, &doc, "nl")
	}
}
