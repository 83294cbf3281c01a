package sentiment

import (
	"errors"
	"fmt"
	"testing"
)

// shopTalk are ratings in a jargon that no list knows.
func shopTalk(n int) []Rated {
	var out []Rated
	for i := range n {
		r := Rated{Text: fmt.Sprintf("bestelling %d was weer ouderwets zwabber", i), Author: fmt.Sprint("a", i%90), Stars: 5}
		if i%2 == 0 {
			r = Rated{Text: fmt.Sprintf("bestelling %d was weer ouderwets grutjes", i), Author: fmt.Sprint("a", i%90), Stars: 1}
		}
		out = append(out, r)
	}
	return out
}

func TestAdaptingLearnsTheJargonOfRatings(t *testing.T) {
	s := newScorer(t)
	a, err := s.Adapt(t.Context(), "nl", s.Model("nl"), append(shopTalk(400), shopTalk(100)...))
	if err != nil {
		t.Fatal(err)
	}
	if !a.Better() || a.After.Accuracy() < 0.95 {
		t.Errorf("before %s, after %s", &a.Before, &a.After)
	}
	if a.Copies != 100 {
		t.Errorf("%d copies were found", a.Copies)
	}
	if a.Learnt+a.Before.Texts() != 400 || a.Before.Texts() != a.After.Texts() {
		t.Errorf("%d learnt, %d and %d measured", a.Learnt, a.Before.Texts(), a.After.Texts())
	}
}

func TestNobodyIsLearntFromAndMeasuredOn(t *testing.T) {
	learn, held, _ := divide(shopTalk(400))
	if len(held) == 0 || len(learn) < len(held) {
		t.Fatalf("%d learnt, %d held back", len(learn), len(held))
	}
	author := map[string]string{}
	for _, r := range shopTalk(400) {
		author[r.Text] = r.Author
	}
	learnt := map[string]bool{}
	for _, e := range learn {
		learnt[author[e.Text]] = true
	}
	for _, e := range held {
		if learnt[author[e.Text]] {
			t.Fatalf("%s stands on both sides", author[e.Text])
		}
	}
}

func TestTooFewRatingsAreRefused(t *testing.T) {
	s := newScorer(t)
	for name, rated := range map[string][]Rated{"none": nil, "few": shopTalk(50), "copies": append(shopTalk(80), shopTalk(80)...)} {
		if _, err := s.Adapt(t.Context(), "nl", s.Model("nl"), rated); !errors.Is(err, ErrTooFew) {
			t.Errorf("%s: %v", name, err)
		}
	}
	happy := shopTalk(400)
	for i := range happy {
		happy[i].Stars = 5
	}
	if _, err := s.Adapt(t.Context(), "nl", s.Model("nl"), happy); !errors.Is(err, ErrTooFew) {
		t.Errorf("praise alone: %v", err)
	}
}
