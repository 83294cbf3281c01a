package element

import (
	"slices"
	"strconv"
	"strings"
)

// numberWords are grades as class names spell them.
var numberWords = map[string]string{"one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
	"een": "1", "twee": "2", "drie": "3", "vier": "4", "vijf": "5"}

// ClassGrade reads a grade from class names of stars: "stars-4", "star-4-5"
// (a half), "rating_45" (tenths), "stars90" (per cent), "star-rating Three".
func ClassGrade(class string) (value, best string, ok bool) {
	if len(class) > 300 {
		return "", "", false
	}
	starry, word := false, ""
	for token := range strings.FieldsSeq(class) {
		words := Words(token)
		at := slices.IndexFunc(words, StarWord)
		if at < 0 {
			if len(words) == 1 && numberWords[words[0]] != "" {
				word = numberWords[words[0]]
			}
			continue
		}
		starry = true
		if slices.ContainsFunc(words, func(w string) bool {
			return iconStates[w] == "full" && w != "on" || w == "count" || w == "total" || w == "max" || w == "of" || w == "size" || w == "scale"
		}) {
			continue
		}
		if value, best, ok := tokenGrade(token); ok {
			return value, best, true
		}
	}
	if starry && word != "" {
		return word, "5", true
	}
	return "", "", false
}

// tokenGrade reads the number in one class name: a part of its own between
// signs ("star-4"), or behind a word for stars ("star4"), after such a word.
// What made names unique ("star_1G0Fx") is none.
func tokenGrade(token string) (value, best string, ok bool) {
	parts := strings.FieldsFunc(token, func(r rune) bool { return r == '-' || r == '_' || r == ':' })
	seen := false
	for i, part := range parts {
		digits := strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
		head := part[:len(part)-len(digits)]
		seen = seen || slices.ContainsFunc(Words(head), StarWord)
		if !seen || digits == "" || strings.Trim(digits, "0123456789") != "" || head != "" && !slices.ContainsFunc(Words(head), StarWord) {
			continue
		}
		half := i+1 < len(parts) && (parts[i+1] == "5" || parts[i+1] == "half")
		return classScale(digits, half)
	}
	return "", "", false
}

func classScale(digits string, half bool) (value, best string, ok bool) {
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n <= 0 || n > 100:
		return "", "", false
	case n < 5 && half:
		return digits + ".5", "5", true
	case n <= 5:
		return digits, "5", true
	case n <= 10:
		return digits, "10", true
	case n <= 50 && n%5 == 0:
		return strconv.FormatFloat(float64(n)/10, 'g', -1, 64), "5", true
	case n > 50:
		return fromPercent(float64(n)), "5", true
	}
	return "", "", false
}
