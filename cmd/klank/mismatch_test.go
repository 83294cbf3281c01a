package main

import (
	"log/slog"
	"testing"

	"klank/analysis"
	"klank/configs"
	"klank/mention"
)

// TestARatingThatTheTextContradictsIsFlagged also when labels are found anew,
// and no longer once the text has been edited.
func TestARatingThatTheTextContradictsIsFlagged(t *testing.T) {
	p, err := newPipeline(&configs.Config{}, slog.New(slog.DiscardHandler), analysis.New)
	if err != nil {
		t.Fatal(err)
	}
	m := mention.Mention{
		Text:   "Geweldig, heerlijk gegeten en super vriendelijk personeel, echt een aanrader!",
		Rating: &mention.Rating{Value: 1, Best: 5, Score: 0},
		Flags:  []mention.Flag{{Name: mention.FlagSuspect, Reason: "burst"}},
	}
	for range 2 {
		p.analyse(&m, "")
		if len(m.Flags) != 2 || m.Flags[1].Name != mention.FlagRatingMismatch || m.Rating.Value != 1 {
			t.Fatalf("flags %+v, rating %+v", m.Flags, m.Rating)
		}
	}
	m.Text = "Afschuwelijk slecht eten en een onbeschofte ober, nooit meer!"
	if p.analyse(&m, ""); len(m.Flags) != 1 || m.Flags[0].Name != mention.FlagSuspect {
		t.Errorf("flags %+v", m.Flags)
	}
}
