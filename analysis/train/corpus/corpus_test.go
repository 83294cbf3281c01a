// Package corpus_test holds the corpus to what its README says.
package corpus_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"klank/mention"
)

type line struct {
	ID, Author, Domain, Sentiment string
	Touchpoints, Care, Signals    []string
	Text                          string
}

func read(t *testing.T, file string) []line {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []line
	s := bufio.NewScanner(f)
	for s.Scan() {
		dec := json.NewDecoder(strings.NewReader(s.Text()))
		dec.DisallowUnknownFields()
		var l line
		if err := dec.Decode(&l); err != nil {
			t.Fatalf("%s, line %d: %v", file, len(out)+1, err)
		}
		out = append(out, l)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryLineIsLabelledWithTheWordsOfTheProduct(t *testing.T) {
	var touchpoints []string
	for _, list := range mention.Touchpoints {
		touchpoints = append(touchpoints, list...)
	}
	for file, want := range map[string]struct{ lines, ofEach int }{
		"nl.jsonl": {4000, 25}, "en.jsonl": {3000, 25}, "everyday-nl.jsonl": {700, 5}, "everyday-en.jsonl": {700, 5},
	} {
		lines, least := read(t, file), want.lines
		if len(lines) < least {
			t.Errorf("%s has %d lines, want %d", file, len(lines), least)
		}
		ids, texts, count := map[string]bool{}, map[string]bool{}, map[string]int{}
		for _, l := range lines {
			if l.ID == "" || l.Author == "" || l.Domain == "" || strings.TrimSpace(l.Text) != l.Text || !utf8.ValidString(l.Text) || l.Text == "" {
				t.Errorf("%s: %+v is incomplete", file, l)
			}
			if folded := strings.ToLower(l.Text); ids[l.ID] || texts[folded] {
				t.Errorf("%s: %s stands twice: %s", file, l.ID, l.Text)
			} else {
				ids[l.ID], texts[folded] = true, true
			}
			if !slices.Contains([]string{"negative", "neutral", "positive"}, l.Sentiment) {
				t.Errorf("%s: %s: sentiment %q", file, l.ID, l.Sentiment)
			}
			for _, c := range []struct{ have, known []string }{{l.Touchpoints, touchpoints}, {l.Care, mention.CareLenses}, {l.Signals, mention.Signals}} {
				for _, label := range c.have {
					if !slices.Contains(c.known, label) {
						t.Errorf("%s: %s: unknown label %q", file, l.ID, label)
					}
					count[label]++
				}
			}
		}
		for _, label := range slices.Concat(touchpoints, mention.CareLenses, mention.Signals) {
			if count[label] < want.ofEach {
				t.Errorf("%s: %s stands on %d lines only", file, label, count[label])
			}
		}
	}
}
