package language

import (
	"testing"

	"klank/analysis/text"
)

func detect(t testing.TB, d *Detector, s, hint string) string {
	t.Helper()
	var doc text.Doc
	doc.Parse(s)
	tag, sure := d.Detect(&doc, hint)
	if sure < 0 || sure > 1 {
		t.Errorf("%q: confidence %v", s, sure)
	}
	return tag
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

func FuzzDetect(f *testing.F) {
	d, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Het eten was goed", "nl")
	f.Add("\xff\xfe é’t sooooo 送货", "x-y-z")
	f.Fuzz(func(t *testing.T, s, hint string) {
		if a, b := detect(t, d, s, hint), detect(t, d, s, hint); a != b || a == "" {
			t.Fatalf("%q then %q", a, b)
		}
	})
}
