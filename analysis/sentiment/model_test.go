package sentiment

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"klank/analysis/text"
	"klank/mention"
)

// training is a small task: a word that the lists do not know decides.
func training() Training {
	t := Training{Language: "nl", Epochs: 6, Rate: 0.1, Dropout: 0.2}
	for i := range 60 {
		t.Examples = append(t.Examples,
			Example{Text: fmt.Sprintf("het was weer zwabber bij nummer %d", i), Label: mention.Positive, Stars: 5, Weight: 1, StarsWeight: 1},
			Example{Text: fmt.Sprintf("het was weer grutjes bij nummer %d", i), Label: mention.Negative, Stars: 1, Weight: 1, StarsWeight: 1},
			Example{Text: fmt.Sprintf("nummer %d ligt om de hoek", i), Label: mention.Neutral, Stars: 3, Weight: 1, StarsWeight: 1})
	}
	t.Held = t.Examples[:30]
	return t
}

func train(t *testing.T, s *Scorer, what Training) *Model {
	t.Helper()
	m, err := s.Train(t.Context(), what)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTrainingStopsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newRules(t).Train(ctx, training()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestTrainingFindsWhatDecides(t *testing.T) {
	rules := newRules(t)
	s := rules.With("nl", train(t, rules, training()))
	good, bad, plain := score(s, "", "echt zwabber", "nl"), score(s, "", "echt grutjes", "nl"), score(s, "", "ligt om de hoek", "nl")
	if good.Label != mention.Positive || bad.Label != mention.Negative || plain.Label != mention.Neutral {
		t.Errorf("good %+v, bad %+v, plain %+v", good, bad, plain)
	}
	if good.Stars <= plain.Stars || plain.Stars <= bad.Stars {
		t.Errorf("stars %v, %v, %v", good.Stars, plain.Stars, bad.Stars)
	}
}

func TestTheSameTrainingGivesTheSameBytes(t *testing.T) {
	s := newRules(t)
	a, err := train(t, s, training()).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b, err := train(t, s, training()).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two trainings on the same examples differ")
	}
}

func TestTrainingFromAModelKeepsWhatItKnows(t *testing.T) {
	s := newScorer(t)
	more := training()
	more.Start, more.Rate, more.Decay = s.Model("nl"), 0.05, 0.1
	learnt := s.With("nl", train(t, s, more))
	if r := score(learnt, "", "echt zwabber", "nl"); r.Label != mention.Positive {
		t.Errorf("the new word: %+v", r)
	}
	for text, want := range map[string]string{
		"Slechte service, nooit meer, geld kwijt": mention.Negative,
		"Snel geleverd en vriendelijk personeel":  mention.Positive,
	} {
		if r := score(learnt, "", text, "nl"); r.Label != want {
			t.Errorf("%s, want %s: %s", r.Label, want, text)
		}
	}
}

func TestAModelSurvivesItsFile(t *testing.T) {
	m := newScorer(t).Model("en")
	file, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 1<<20 {
		t.Errorf("%d bytes, more than a megabyte", len(file))
	}
	again, err := ReadModel(file)
	if err != nil {
		t.Fatal(err)
	}
	if other, _ := again.Bytes(); !bytes.Equal(file, other) {
		t.Error("the model changed on its way through a file")
	}
}

// older is a model in the older form of its file.
func older(t testing.TB, m *Model) []byte {
	t.Helper()
	out := bytes.NewBufferString(olderMagic)
	z, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if err := binary.Write(z, binary.LittleEndian, header{m.scale, m.dense, m.cuts, m.slope}); err != nil {
		t.Fatal(err)
	}
	planes := make([]byte, 0, tableSize)
	for k := range outputs {
		for i := k; i < tableSize; i += outputs {
			planes = append(planes, m.table[i])
		}
	}
	if _, err := z.Write(planes); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTheOlderFormIsReadStill(t *testing.T) {
	m := newScorer(t).Model("nl")
	again, err := ReadModel(older(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if *again != *m {
		t.Error("the model changed on its way through a file of the older form")
	}
}

func FuzzReadModel(f *testing.F) {
	m := newScorer(f).Model("nl")
	file, err := m.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(older(f, m))
	f.Add(file[:len(file)/2])
	f.Add([]byte(magic))
	f.Add([]byte("PK"))
	rules := newRules(f)
	var d text.Doc
	d.Parse("Niet goed, maar wel snel!")
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := ReadModel(file)
		if err != nil {
			return
		}
		var w Work
		var none text.Doc
		if r := rules.With("nl", m).Score(&w, &none, &d, "nl"); !(r.Score >= -1 && r.Score <= 1) || !(r.Stars >= 1 && r.Stars <= 5) {
			t.Fatalf("%+v", r)
		}
	})
}

func TestExplainingShowsRulesAndLearntWords(t *testing.T) {
	s := newScorer(t)
	var w Work
	var none, d text.Doc
	d.Parse("Niet lekker. De koerier gooide het pakket over de schutting.")
	rules := map[string]bool{}
	w.Explain = func(_ int, steps []Step) {
		for _, step := range steps {
			rules[step.Rule] = true
			if step.Words == "" || step.Value == 0 {
				t.Errorf("step %+v", step)
			}
		}
	}
	explained := s.Score(&w, &none, &d, "nl")
	if !rules[ruleLearned] || len(rules) < 2 {
		t.Errorf("rules %v", rules)
	}
	if w.Rules == 0 || w.Learned == 0 {
		t.Errorf("rules %v, learnt %v", w.Rules, w.Learned)
	}
	if plain := score(s, "", d.Source, "nl"); plain.Sentiment != explained.Sentiment {
		t.Errorf("explaining changes the score: %+v, %+v", plain, explained)
	}
}
