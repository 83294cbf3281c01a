package research

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// minPrecision is how many of the passages that count as answers must be
// answers, saying what they are taken to say; minRecall guards against a judge
// that never answers.
const (
	minPrecision = 0.8
	minRecall    = 0.5
)

func TestWhatCountsAsAnAnswerIsOne(t *testing.T) { judgePairs(t, "pairs.tsv") }

// The rules were not written with these in mind.
func TestWhatCountsAsAnAnswerIsOneAmongPairsWrittenAfterTheRules(t *testing.T) {
	judgePairs(t, "heldout.tsv")
}

func judgePairs(t *testing.T, file string) {
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	pairs, taken, right, answers := 0, 0, 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			t.Fatalf("%q has %d columns", line, len(f))
		}
		score, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		q := takeApart(f[1], nil)
		a := q.judge(f[3], f[0], score)
		got := "nothing"
		if a.ok {
			got = map[int]string{-1: "no", 0: "tells", 1: "yes"}[a.agrees]
		}
		pairs++
		if f[4] != "nothing" {
			answers++
		}
		if a.ok {
			taken++
			if got == f[4] {
				right++
			}
		}
		if got != f[4] {
			t.Logf("%s %q is %s, taken for %s", f[1], f[3], f[4], got)
		}
	}
	precision, recall := float64(right)/float64(taken), float64(right)/float64(answers)
	t.Logf("%d pairs, %d taken for answers: precision %.3f, recall %.3f", pairs, taken, precision, recall)
	if pairs < 60 || precision < minPrecision || recall < minRecall {
		t.Errorf("%d pairs, precision %.3f, recall %.3f; want 60, %.2f, %.2f", pairs, precision, recall, minPrecision, minRecall)
	}
}

func FuzzAnyQuestionAndPassageIsJudged(f *testing.F) {
	f.Add("Is it noisy?", "It is not loud.", "en", 0.5)
	f.Add("Hoe lang gaat de accu mee?", "Drie dagen, zonder moeite; de accu…", "nl", 0.0)
	f.Add("\xff?", "\x00 no no geen", "", -1.0)
	f.Fuzz(func(t *testing.T, question, passage, language string, score float64) {
		q := takeApart(question, map[string]bool{"acme": true})
		if a := q.judge(passage, language, score); a.ok && (q.strong() == 0 || strings.HasSuffix(strings.TrimSpace(passage), "?")) {
			t.Errorf("%q answers %q", passage, question)
		}
	})
}
