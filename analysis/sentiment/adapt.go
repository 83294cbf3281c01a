package sentiment

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"

	"klank/analysis/text"
	"klank/mention"
)

// Rated is a text with the stars that its author gave.
type Rated struct {
	Title, Text string
	// Author keeps one person's texts on one side of the split; empty where
	// nobody is named.
	Author string
	Stars  int // 1..5
}

// Adaptation is a model that was learnt further on rated texts, with its
// figures and those of the model before, on texts held back from it.
type Adaptation struct {
	Model          *Model
	Before, After  Figures
	Learnt, Copies int
}

// Better tells whether the new model is the better one: by the mean of the
// macro-F1 of signs and of classes, and by the stars where that is the same.
func (a *Adaptation) Better() bool {
	before, after := a.Before.Signs()+a.Before.Classes(), a.After.Signs()+a.After.Classes()
	return after > before || after == before && a.After.Stars() < a.Before.Stars()
}

// ErrTooFew says that there are not enough rated texts to learn from.
var ErrTooFew = errors.New("sentiment: too few rated texts")

// What learning asks for: texts in all and held back, and of each of praise
// and blame.
const (
	leastRated = 200
	leastHeld  = 30
	leastLabel = 25
)

// heldRated is one author in so many that is held back.
const heldRated = 5

// Adapt learns the model of a language further on rated texts: stars are weak
// labels, rare ones are lifted, texts that were given before are left out, and
// a fifth of the authors is held back. It begins with start, and compares with
// the model that s has. The same texts in the same order give the same model.
func (s *Scorer) Adapt(ctx context.Context, language string, start *Model, rated []Rated) (*Adaptation, error) {
	a := &Adaptation{}
	t := Training{Language: language, Start: start, Epochs: 6, Rate: 0.03, Decay: 0.1, Dropout: 0.3}
	t.Examples, t.Held, a.Copies = divide(rated)
	a.Learnt = len(t.Examples)
	if err := enough(t.Examples, t.Held); err != nil {
		return nil, err
	}
	lift(t.Examples)
	held := t.Held
	t.Held = nil // the slope of the start stays: what is held back only measures
	var err error
	if a.Model, err = s.Train(ctx, t); err != nil {
		return nil, err
	}
	after := s.With(language, a.Model)
	var w Work
	var title, body text.Doc
	for _, e := range held {
		title.Parse(e.Title)
		body.Parse(e.Text)
		a.Before.Add(e.Label, e.Stars, s.Score(&w, &title, &body, language))
		a.After.Add(e.Label, e.Stars, after.Score(&w, &title, &body, language))
	}
	return a, nil
}

// divide leaves out repeated texts and parts the others by author.
func divide(rated []Rated) (learn, held []Example, copies int) {
	seen := map[uint64]bool{}
	for _, r := range rated {
		h := fnv.New64a()
		io.WriteString(h, text.Normalize(r.Title+" "+r.Text))
		if seen[h.Sum64()] {
			copies++
			continue
		}
		seen[h.Sum64()] = true
		if r.Author != "" {
			h.Reset()
			io.WriteString(h, r.Author)
		}
		e := Example{Title: r.Title, Text: r.Text, Label: labelOf(r.Stars), Stars: r.Stars, Weight: 1, StarsWeight: 1}
		if h.Sum64()%heldRated == 0 {
			held = append(held, e)
		} else {
			learn = append(learn, e)
		}
	}
	return learn, held, copies
}

// labelOf is the label that stars stand for.
func labelOf(stars int) string {
	switch {
	case stars <= 2:
		return mention.Negative
	case stars == 3:
		return mention.Neutral
	}
	return mention.Positive
}

func enough(learn, held []Example) error {
	count := map[string]int{}
	for i := range learn {
		count[learn[i].Label]++
	}
	switch {
	case len(learn)+len(held) < leastRated:
		return fmt.Errorf("%w: %d different ones, at least %d are needed", ErrTooFew, len(learn)+len(held), leastRated)
	case len(held) < leastHeld:
		return fmt.Errorf("%w: %d to measure on, at least %d are needed; more authors help", ErrTooFew, len(held), leastHeld)
	case count[mention.Negative] < leastLabel || count[mention.Positive] < leastLabel:
		return fmt.Errorf("%w: %d of one or two stars and %d of four or five, at least %d of each are needed",
			ErrTooFew, count[mention.Negative], count[mention.Positive], leastLabel)
	}
	return nil
}

// lift gives rare labels more weight; the mean stays 1.
func lift(examples []Example) {
	count := map[string]float64{}
	for i := range examples {
		count[examples[i].Label]++
	}
	total := 0.0
	for i := range examples {
		examples[i].Weight = 1 / math.Sqrt(count[examples[i].Label])
		total += examples[i].Weight
	}
	for i := range examples {
		examples[i].Weight *= float64(len(examples)) / total
	}
}
