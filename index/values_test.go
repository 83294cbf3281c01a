package index

import (
	"math/rand/v2"
	"slices"
	"testing"

	"klank/mention"
)

func TestSentimentsOfLabelsAreSortedAndNamedOnce(t *testing.T) {
	labels := []string{"", "a", "ab", "a:", "a-b", "a:positive", "price", "prices", "prijs\xff"}
	scores := []float64{-0.5, 0, 0.5}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		m := &mention.Mention{Analysis: &mention.Analysis{}}
		var want []string
		for range rnd.IntN(8) {
			s := mention.Sentence{Score: scores[rnd.IntN(3)]}
			for range rnd.IntN(4) {
				label := labels[rnd.IntN(len(labels))]
				if s.Touchpoints = append(s.Touchpoints, label); label == "prijs\xff" {
					label = "prijs\uFFFD"
				}
				if label != "" {
					want = append(want, label+":"+SentenceLabel(s.Score))
				}
			}
			m.Analysis.Sentences = append(m.Analysis.Sentences, s)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		if got := Keywords(m, "touchpoint_sentiment"); !slices.Equal(got, want) {
			t.Fatalf("%q, not %q", got, want)
		}
	}
}

func TestKeywordsGoAfterWhatIsThere(t *testing.T) {
	m := &mention.Mention{Brands: []string{"Zeb", "Anna", "", "Zeb"}}
	if got, want := AppendKeywords([]string{"Zeb"}, m, "brand"), []string{"Zeb", "Anna", "Zeb"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}
