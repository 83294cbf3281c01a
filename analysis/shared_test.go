package analysis

import (
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

// TestLanguageFloors holds the share of texts whose language is found.
func TestLanguageFloors(t *testing.T) {
	needShared(t)
	a := newAnalyzer(t)
	for name, floor := range map[string]float64{"lingua_sentences": 0.98, "lingua_word-pairs": 0.89, "lingua_single-words": 0.72} {
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
	for name, floor := range map[string]float64{"touchpoints": 0.77, "moments": 0.82, "care": 0.68, "signals": 0.74} {
		if f1 := all[name].f1(); f1 < floor {
			t.Errorf("%s: micro-F1 %.3f, want at least %.2f", name, f1, floor)
		}
	}
}

func without(labels, unsure []string) []string {
	return slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return slices.Contains(unsure, l) })
}
