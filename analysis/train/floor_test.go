package main

import (
	"os"
	"path/filepath"
	"testing"

	"klank/analysis/sentiment"
	"klank/analysis/text"
)

// floor is what the embedded models must reach on a set: the share of right
// signs, the macro-F1 of the sign and of three classes, and the error of the
// stars that may not be passed. 0 is not asked.
type floor struct{ accuracy, signs, classes, stars float64 }

func check(t *testing.T, language string, lines []line, f floor) {
	t.Helper()
	s, err := sentiment.New()
	if err != nil {
		t.Fatal(err)
	}
	var got sentiment.Figures
	var w sentiment.Work
	var none, d text.Doc
	for i := range lines {
		d.Parse(lines[i].Text)
		got.Add(lines[i].Label, lines[i].stars(), s.Score(&w, &none, &d, language))
	}
	t.Log(&got)
	if got.Accuracy() < f.accuracy || got.Signs() < f.signs || got.Classes() < f.classes || f.stars > 0 && got.Stars() > f.stars {
		t.Errorf("%s; want %+v", &got, f)
	}
}

// mostMeasured bounds the texts of a set, for time.
const mostMeasured = 1000

// TestTextsForMeasuringKeepTheirFloors holds the figures on sets of which
// nothing is learnt.
func TestTextsForMeasuringKeepTheirFloors(t *testing.T) {
	const dev = "../../../shared/corpora/dev"
	if _, err := os.Stat(dev); err != nil {
		t.Skip("the measuring data (../shared) is not here: quality floors are not checked")
	}
	for name, f := range map[string]floor{
		"nl_thuisbezorgd":         {0.94, 0.865, 0.65, 0.5},
		"nl_bolcom":               {0.85, 0.85, 0, 0},
		"nl_semeval16_sent":       {0.84, 0.83, 0.6, 0},
		"nl_semeval16_text":       {0.9, 0.89, 0, 0},
		"en_imdb_train":           {0.885, 0.885, 0, 0},
		"en_sst5_trainfile":       {0.8, 0.8, 0.55, 0.78},
		"en_semeval14_rest_train": {0.85, 0.82, 0.63, 0},
		"en_semeval16_rest":       {0.85, 0.83, 0.63, 0},
		"en_semeval16_lapt":       {0.85, 0.85, 0.59, 0},
		"en_airline":              {0.835, 0.785, 0.62, 0},
		"en_tweeteval_val":        {0.79, 0.75, 0.6, 0},
		"en_vader_tweets":         {0.935, 0.925, 0.7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			lines, err := readLines(filepath.Join(dev, name+".jsonl.gz"))
			if err != nil {
				t.Skipf("%s is not here: %v", name, err)
			}
			var some []line // from all over the file, which may be sorted
			for i := 0; i < len(lines); i += 1 + len(lines)/mostMeasured {
				some = append(some, lines[i])
			}
			check(t, name[:2], some, f)
		})
	}
}

// TestVoicesThatWereHeldBackKeepTheirFloors holds the figures on the authors
// of the project's own corpus from whom nothing was learnt.
func TestVoicesThatWereHeldBackKeepTheirFloors(t *testing.T) {
	for language, f := range map[string]floor{"nl": {0.64, 0.64, 0.56, 0}, "en": {0.69, 0.69, 0.61, 0}} {
		t.Run(language, func(t *testing.T) {
			lines, err := readLines(filepath.Join("corpus", language+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			var held []line
			for i := range lines {
				if lines[i].held() {
					held = append(held, lines[i])
				}
			}
			check(t, language, held, f)
		})
	}
}

func TestPartsAreTheEndsOfATextOnly(t *testing.T) {
	var s source
	if got := s.partsOf("One sentence only.", 0); got != nil {
		t.Errorf("%q", got)
	}
	if got := s.partsOf("First. Second.", 2); len(got) != 2 || got[0] != "First." || got[1] != "Second." {
		t.Errorf("%q", got)
	}
	if got := s.partsOf("One. Two. Three. Four.", 1); len(got) != 2 || got[0] != "One. Two." || got[1] != "Three. Four." {
		t.Errorf("%q", got)
	}
}
