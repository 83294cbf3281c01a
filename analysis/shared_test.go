package analysis

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The measuring data lies beside the checkout and never in it.
const shared = "../../shared"

func needShared(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(shared); err != nil {
		t.Skip("the measuring data (../shared) is not here: quality floors are not checked")
	}
}

// rated reads a set of labelled texts.
func rated(t *testing.T, name string) (texts, labels []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(shared, "corpora/dev", name+".jsonl.gz"))
	if err != nil {
		t.Skipf("%s is not here: %v", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row struct{ Text, Label string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if row.Label == "pos" || row.Label == "neg" {
			texts, labels = append(texts, row.Text), append(labels, row.Label)
		}
	}
	return texts, labels
}

// TestSentimentFloors holds the macro-F1 of the score's sign.
func TestSentimentFloors(t *testing.T) {
	needShared(t)
	a := newAnalyzer(t)
	for name, floor := range map[string]float64{
		"nl_thuisbezorgd": 0.82, "nl_bolcom": 0.83, "nl_semeval16_sent": 0.8,
		"en_imdb_train": 0.81, "en_semeval14_rest_train": 0.81, "en_semeval16_rest": 0.81, "en_semeval16_lapt": 0.81,
	} {
		t.Run(name, func(t *testing.T) {
			texts, labels := rated(t, name)
			var pos, neg counts
			for i, text := range texts {
				got := "neg"
				if a.Analyze(Input{Text: text}).Sentiment.Score >= 0 {
					got = "pos"
				}
				pos.add(only(labels[i], "pos"), only(got, "pos"))
				neg.add(only(labels[i], "neg"), only(got, "neg"))
			}
			if f1 := (pos.f1() + neg.f1()) / 2; f1 < floor {
				t.Errorf("macro-F1 %.3f, want at least %.2f", f1, floor)
			}
		})
	}
}

func only(label, want string) []string {
	if label == want {
		return []string{want}
	}
	return nil
}

// TestLanguageFloors holds the share of texts whose language is found.
func TestLanguageFloors(t *testing.T) {
	needShared(t)
	a := newAnalyzer(t)
	for name, floor := range map[string]float64{"lingua_sentences": 0.98, "lingua_word-pairs": 0.87, "lingua_single-words": 0.7} {
		file, err := os.ReadFile(filepath.Join(shared, "corpora/language/dev", name+".tsv"))
		if err != nil {
			t.Skipf("%s is not here: %v", name, err)
		}
		right, n := 0, 0
		for line := range strings.Lines(string(file)) {
			if want, text, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				n++
				if a.Analyze(Input{Text: text}).Language == want {
					right++
				}
			}
		}
		if x := float64(right) / float64(n); x < floor {
			t.Errorf("%s: %.3f right, want at least %.2f", name, x, floor)
		}
	}
}

// TestLabelFloors holds the micro-F1 on sentences that two people labelled.
func TestLabelFloors(t *testing.T) {
	needShared(t)
	file, err := os.ReadFile(filepath.Join(shared, "labels/dev.jsonl"))
	if err != nil {
		t.Skipf("the labels are not here: %v", err)
	}
	a := newAnalyzer(t)
	all := map[string]*counts{"touchpoints": {}, "moments": {}, "care": {}, "signals": {}}
	for line := range strings.Lines(string(file)) {
		var row struct {
			Text      string
			Signals   []string
			Unsure    []string `json:"signals_unsure"`
			Sentences []struct {
				Text              string
				Touchpoints       []string
				TouchpointsUnsure []string `json:"touchpoints_unsure"`
				Moments           []string
				MomentsUnsure     []string `json:"moments_unsure"`
				Care              []string
				CareUnsure        []string `json:"care_unsure"`
			}
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		all["signals"].add(row.Signals, without(a.Analyze(Input{Text: row.Text}).Signals, row.Unsure))
		for _, s := range row.Sentences {
			got := a.Analyze(Input{Text: s.Text})
			all["touchpoints"].add(s.Touchpoints, without(got.Touchpoints, s.TouchpointsUnsure))
			all["moments"].add(s.Moments, without(got.Moments, s.MomentsUnsure))
			all["care"].add(s.Care, without(got.Care, s.CareUnsure))
		}
	}
	for name, floor := range map[string]float64{"touchpoints": 0.78, "moments": 0.8, "care": 0.72, "signals": 0.75} {
		if f1 := all[name].f1(); f1 < floor {
			t.Errorf("%s: micro-F1 %.3f, want at least %.2f", name, f1, floor)
		}
	}
}

func without(labels, unsure []string) []string {
	return slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return slices.Contains(unsure, l) })
}
