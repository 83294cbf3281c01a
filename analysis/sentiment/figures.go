package sentiment

import (
	"fmt"
	"math"

	"klank/mention"
)

// Figures tell how well scores agree with what authors felt.
type Figures struct {
	classes [3][3]int // of the author, as given
	signs   [2][2]int // of the author, as given; neutral authors aside
	errors  float64   // of the stars, added up
	stars   int
}

// Add counts a text: what its author felt, and what was made of it. Labels
// that are none are left out, and so are stars that are 0.
func (f *Figures) Add(label string, stars int, r Result) {
	at := map[string]int{mention.Negative: 0, mention.Neutral: 1, mention.Positive: 2}
	want, ok := at[label]
	if !ok {
		return
	}
	f.classes[want][at[r.Label]]++
	if want != 1 {
		sign := 0
		if r.Score >= 0 {
			sign = 1
		}
		f.signs[want/2][sign]++
	}
	if stars > 0 && r.Stars > 0 {
		f.errors += math.Abs(float64(stars) - r.Stars)
		f.stars++
	}
}

// Accuracy is the share of negative and positive texts whose score has the
// right sign.
func (f *Figures) Accuracy() float64 {
	s := &f.signs
	return ratio(float64(s[0][0]+s[1][1]), float64(s[0][0]+s[0][1]+s[1][0]+s[1][1]))
}

// Signs is the macro-F1 of the score's sign over negative and positive texts.
func (f *Figures) Signs() float64 {
	total := 0.0
	for i := range f.signs {
		total += ratio(2*float64(f.signs[i][i]), float64(f.signs[i][0]+f.signs[i][1]+f.signs[0][i]+f.signs[1][i]))
	}
	return total / 2
}

// Classes is the macro-F1 of the label over the three classes.
func (f *Figures) Classes() float64 {
	total := 0.0
	for i := range f.classes {
		n := 0
		for k := range f.classes {
			n += f.classes[i][k] + f.classes[k][i]
		}
		total += ratio(2*float64(f.classes[i][i]), float64(n))
	}
	return total / 3
}

// Stars is the mean absolute error of the stars.
func (f *Figures) Stars() float64 { return ratio(f.errors, float64(f.stars)) }

// Texts is the number of texts that were counted.
func (f *Figures) Texts() int {
	n := 0
	for _, row := range f.classes {
		n += row[0] + row[1] + row[2]
	}
	return n
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// String is a row of a table: texts, accuracy, macro-F1 of the sign, macro-F1
// of three classes, and the mean error of the stars.
func (f *Figures) String() string {
	classes, stars := "–", "–"
	if f.classes[1] != [3]int{} {
		classes = fmt.Sprintf("%.3f", f.Classes())
	}
	if f.stars > 0 {
		stars = fmt.Sprintf("%.3f", f.Stars())
	}
	return fmt.Sprintf("%d | %.3f | %.3f | %s | %s", f.Texts(), f.Accuracy(), f.Signs(), classes, stars)
}
