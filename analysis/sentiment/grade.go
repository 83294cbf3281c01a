package sentiment

import (
	"strconv"
	"strings"

	"klank/analysis/text"
)

// grade reads a grade that the author gives: 2/10, 8 out of 10, 3 sterren,
// een dikke 8, cijfer: 9. It returns its value, and how many tokens it takes
// from token i on.
func grade(tokens []text.Token, i int) (value float64, n int, ok bool) {
	number := tokens[i].Norm
	if a, b, found := strings.Cut(number, "/"); found {
		x, errX := decimal(a)
		top, errTop := decimal(b)
		if errX == nil && errTop == nil && (top == 5 || top == 10 || top == 100) && x <= top {
			return onScale(x, top), 1, true
		}
		return 0, 0, false
	}
	x, err := decimal(number)
	if err != nil {
		return 0, 0, false
	}
	next := func(k int) string {
		if i+k < len(tokens) {
			return tokens[i+k].Norm
		}
		return ""
	}
	switch next(1) {
	case "ster", "sterren", "sterretjes", "star", "stars":
		if x <= 5 {
			return onScale(x, 5), 2, true
		}
	case "out", "uit", "van", "op", "of":
		k := 2
		if next(1) == "out" {
			k = 3
		}
		if top := next(k); next(k-1) != "" && (top == "10" || top == "5") || top == "de" && next(k+1) == "10" {
			if top == "de" {
				top, k = "10", k+1
			}
			if t, _ := decimal(top); x <= t {
				return onScale(x, t), k + 1, true
			}
		}
	}
	if i > 0 && x >= 1 && x <= 10 && graded(tokens, i) {
		return onScale(x, 10), 1, true
	}
	return 0, 0, false
}

// graded tells whether the words before token i announce a school grade, and
// no unit follows.
func graded(tokens []text.Token, i int) bool {
	if i+1 < len(tokens) && tokens[i+1].Kind == text.Word && !tokens[i+1].Has(text.Newline) {
		switch tokens[i+1].Norm {
		case "voor", "waard", "en", "want", "omdat", "plus", "for", "because", "and", "but", "maar":
		default:
			return false
		}
	}
	for j := i - 1; j >= 0 && j >= i-3; j-- {
		switch tokens[j].Norm {
		case "cijfer", "score", "rating", "rapportcijfer", "beoordeling", "dikke", "dik", "ruime", "solid", "krappe", "kleine", "mager", "magere":
			return true
		case "geef", "geven", "krijgt", "verdient", "give", "gets", "deserves":
			return true
		case "een", "a", "an", "het", "van", "dus", "is", ":", "ik", "it", "jullie", "hem", "them", "dit", "this":
		default:
			return false
		}
	}
	return false
}

func decimal(s string) (float64, error) {
	return strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
}

// onScale places a grade between -1.5 and 1.5; what just passes at school
// (5.5 of 10) and three of five stars lie near 0.
func onScale(x, top float64) float64 {
	f := x / top
	if top == 5 {
		f = (x - 1) / 4 * 0.9
		return (f - 0.45) * 3.3
	}
	return (f - 0.6) * 3.5
}
