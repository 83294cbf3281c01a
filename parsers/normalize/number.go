package normalize

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"klank/mention"
)

// number is a run of digits with its separators, at s[start:end].
type number struct {
	start, end int
	text       string
}

// numbers returns the numbers in s, at most eight of them. A point or comma
// between digits belongs to the number; a space or apostrophe does where it
// groups by three ("8 043").
func numbers(s string) []number {
	var out []number
	for i := 0; i < len(s) && len(out) < 8; {
		if !isDigit(s[i]) {
			i++
			continue
		}
		start, group, pointed := i, i, false
		for i < len(s) {
			if isDigit(s[i]) {
				i++
				continue
			}
			w := separator(s[i:])
			if w == 0 || i+w >= len(s) || !isDigit(s[i+w]) {
				break
			}
			if s[i] == '.' || s[i] == ',' {
				pointed = true
			} else if pointed || i-group > 3 || !threeDigits(s[i+w:]) {
				break
			}
			i += w
			group = i
		}
		out = append(out, number{start, i, s[start:i]})
	}
	return out
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// separator returns the width of a decimal or grouping sign at the start of s.
func separator(s string) int {
	r, w := utf8.DecodeRuneInString(s)
	switch r {
	case '.', ',', ' ', '\'', '’', '\u00a0', '\u202f', '\u2009':
		return w
	}
	return 0
}

func threeDigits(s string) bool {
	return len(s) >= 3 && isDigit(s[0]) && isDigit(s[1]) && isDigit(s[2]) && (len(s) == 3 || !isDigit(s[3]))
}

// decimal reads a number with a decimal point or comma: the last separator is
// the decimal one.
func decimal(text string) (float64, bool) {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\'', '’', '\u00a0', '\u202f', '\u2009':
			return -1
		case ',':
			return '.'
		}
		return r
	}, text)
	if last := strings.LastIndexByte(text, '.'); last >= 0 {
		text = strings.ReplaceAll(text[:last], ".", "") + text[last:]
	}
	if len(text) > 64 {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// whole reads a number of things: separators must group by three; a fraction
// of zeros ("250.0") is none.
func whole(text string) (int, bool) {
	groups := strings.FieldsFunc(text, func(r rune) bool { return !(r >= '0' && r <= '9') })
	if len(groups) == 2 && strings.Trim(groups[1], "0") == "" && len(groups[1]) != 3 {
		groups = groups[:1]
	}
	digits := groups[0]
	for _, g := range groups[1:] {
		if len(g) != 3 || len(groups[0]) > 3 {
			return 0, false
		}
		digits += g
	}
	if len(digits) > 12 {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// countWords are beginnings of what is counted on review pages.
var countWords = []string{"review", "beoordeling", "ervaring", "rating", "recens", "opini", "avalia", "valoraci", "betyg",
	"stem", "vote", "reactie", "comment", "bewertung", "rezension", "avis", "note", "klant", "customer", "waardering", "answer", "antwoord", "bericht", "post", "like", "view"}

// Count reads a number of things: "8.043 beoordelingen", "8,043", "1.2k". In
// a phrase with several numbers the one before such a word counts, else the
// first. Grades ("4.6") and percentages are no counts.
func Count(s string) (int, bool) {
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "")
	}
	first, found := 0, false
	for _, num := range numbers(s) {
		rest := strings.ToLower(strings.TrimLeft(s[num.end:], " \u00a0\u202f"))
		if strings.HasPrefix(rest, "%") || num.start > 0 && s[num.start-1] == '-' {
			continue
		}
		n, ok := scaled(num.text, &rest)
		if !ok {
			continue
		}
		for _, w := range countWords {
			if strings.HasPrefix(strings.TrimLeft(rest, " +)"), w) {
				return n, true
			}
		}
		if !found {
			first, found = n, true
		}
	}
	return first, found
}

// scaled reads a number with its suffix k, m, duizend, mln; rest is what
// follows and loses the suffix.
func scaled(text string, rest *string) (int, bool) {
	for _, x := range []struct {
		suffix string
		factor float64
	}{{"duizend", 1e3}, {"mln", 1e6}, {"miljoen", 1e6}, {"million", 1e6}, {"k", 1e3}, {"m", 1e6}} {
		after, ok := strings.CutPrefix(*rest, x.suffix)
		if !ok {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(after); after != "" && unicode.IsLetter(r) {
			continue
		}
		f, ok := decimal(text)
		if !ok || f*x.factor > 1e12 {
			return 0, false
		}
		*rest = strings.TrimLeft(after, " ")
		return int(f*x.factor + 0.5), true
	}
	return whole(text)
}

// Rating reads a grade as published: "4,5", "4/5", "4 van 5", "80%",
// "★★★★☆", "👍", "rapportcijfer 4", "four stars".
// best and worst are the scale's ends as published beside it, "" where
// unknown; a scale inside value holds only when best says none.
//
// An unknown best is taken from the value: 5, 10 or 100, the first that is
// not below it. An unknown worst stays nil in the result; Score then counts
// from 1 on scales up to 10 (schema.org's default, so that one star of five
// is 0) and from 0 on longer ones. Ends that contradict the value give way:
// best is never below it, worst never above. It returns nil where there is
// no number.
func Rating(value, best, worst string) *mention.Rating {
	v, scale, ok := grade(value)
	if !ok {
		return nil
	}
	top, haveTop := plainNumber(best)
	if !haveTop || top <= 0 {
		top = scale
	}
	r := &mention.Rating{Value: v}
	if w, ok := plainNumber(worst); ok {
		if top > 0 && w > top {
			w, top = top, w
		}
		w = min(w, v)
		r.Worst = &w
	}
	r.Assumed = top <= 0
	if top < v || top <= 0 {
		top = ladder(v)
	}
	r.Best = top
	r.Score = score(r)
	return r
}

// Rescale returns r as published on a scale up to best, which is not below
// its value.
func Rescale(r mention.Rating, best float64) *mention.Rating {
	r.Best, r.Assumed = best, false
	r.Score = score(&r)
	return &r
}

// score is the place of a grade between the ends of its scale, 0..1.
func score(r *mention.Rating) float64 {
	low := 0.0
	if r.Worst != nil {
		low = *r.Worst
	} else if r.Best <= 10 && r.Best > 1 && r.Value >= 1 {
		low = 1
	}
	if r.Best <= low {
		return 1
	}
	return min(1, max(0, (r.Value-low)/(r.Best-low)))
}

func ladder(v float64) float64 {
	for _, top := range []float64{5, 10, 100} {
		if v <= top {
			return top
		}
	}
	return v
}

func plainNumber(s string) (float64, bool) {
	nums := numbers(s)
	if len(nums) == 0 {
		return 0, false
	}
	f, ok := decimal(nums[0].text)
	if ok && nums[0].start > 0 && s[nums[0].start-1] == '-' {
		f = -f
	}
	return f, ok
}

// outOf are the words between a grade and its scale.
var outOf = map[string]bool{"van": true, "uit": true, "op": true, "out": true, "of": true, "von": true, "aus": true,
	"sur": true, "de": true, "su": true, "av": true, "na": true, "af": true, "z": true, "max": true}

// scaleNames are names of grades that say their scale: Dutch school grades,
// and the dice of Norwegian and Danish papers.
var scaleNames = []struct {
	word string
	best float64
}{{"cijfer", 10}, {"terningkast", 6}}

// joins tells whether what stands between two numbers makes the second the
// scale of the first: a slash, or few words with one such as "out of".
func joins(between string) bool {
	if between == "/" {
		return true
	}
	words := strings.FieldsFunc(between, func(r rune) bool { return !unicode.IsLetter(r) && r != '(' && r != ',' && r != ';' })
	for _, w := range words {
		if outOf[w] {
			return len(words) <= 5 && !strings.ContainsAny(between, "(,;")
		}
	}
	return len(words) <= 1 && strings.Contains(between, "/")
}

// isScale tells a scale from a number of reviews ("4,6 van 120 reviews").
func isScale(top float64, after string) bool {
	switch top {
	case 3, 4, 5, 6, 7, 10, 20, 100:
		return true
	}
	after = strings.TrimLeft(strings.ToLower(after), " \u00a0\u202f")
	for _, w := range countWords {
		if strings.HasPrefix(after, w) {
			return false
		}
	}
	return true
}

// grade reads a value and, where it stands beside it, the scale (else 0).
func grade(s string) (value, scale float64, ok bool) {
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "")
	}
	nums := numbers(s)
	if len(nums) == 0 {
		return signs(s)
	}
	first := nums[0]
	v, ok := decimal(first.text)
	if !ok || first.start > 0 && s[first.start-1] == '-' && strings.TrimSpace(s[:first.start-1]) == "" {
		return 0, 0, false
	}
	rest := s[first.end:]
	if strings.HasPrefix(strings.TrimLeft(rest, " \u00a0"), "%") {
		return v, 100, true
	}
	for sign, part := range map[string]float64{"¼": 0.25, "½": 0.5, "¾": 0.75} {
		if strings.HasPrefix(rest, sign) {
			v += part
		}
	}
	before := strings.ToLower(s[:first.start])
	for _, n := range scaleNames {
		if strings.Contains(before, n.word) {
			scale = n.best
		}
	}
	if len(nums) > 1 {
		between := strings.ToLower(strings.TrimSpace(s[first.end:nums[1].start]))
		w, ok := decimal(nums[1].text)
		switch {
		case !ok:
		case joins(between) && isScale(w, s[nums[1].end:]):
			scale = w
		case strings.Contains(between, "のうち"): // "5つ星のうち4.2": the scale comes first
			v, scale = w, v
		}
	}
	return v, scale, true
}

// starWords are beginnings of the word for a star.
var starWords = []string{"star", "ster", "étoile", "estrell", "estrela", "stell", "stjärn", "stjern"}

// signs reads a grade without figures: stars, thumbs, "four stars".
func signs(s string) (value, scale float64, ok bool) {
	if value, scale, ok = stars(s); ok {
		return value, scale, ok
	}
	s = strings.ToLower(strings.TrimSpace(s))
	for i, thumbs := range [][]string{
		{"👎", "thumbs down", "thumb down", "duim omlaag", "duimpje omlaag", "daumen runter", "pouce vers le bas"},
		{"👍", "thumbs up", "thumb up", "duim omhoog", "duimpje omhoog", "daumen hoch", "pouce vers le haut"},
	} {
		for _, t := range thumbs {
			if strings.HasPrefix(s, t) {
				return float64(i), 1, true
			}
		}
	}
	if words := strings.Fields(s); len(words) >= 2 && len(words) <= 3 {
		for _, w := range starWords {
			if n := smallNumber(words[0]); n > 0 && n <= 10 && strings.HasPrefix(words[1], w) {
				return float64(n), 0, true
			}
		}
	}
	return 0, 0, false
}

// stars counts filled, half and empty star signs.
func stars(s string) (value, scale float64, ok bool) {
	filled, half, empty, bubbles, hollow := 0, 0, 0, 0, 0
	for _, r := range s {
		switch r {
		case '★', '⭐', '🌟', '✭', '✮', '✯':
			filled++
		case '☆', '✩', '⚝':
			empty++
		case '½', '⯪', '⯨':
			half = 1
		case '●', '⬤':
			bubbles++
		case '○', '◯':
			hollow++
		}
	}
	if filled+empty == 0 && bubbles > 0 && bubbles+hollow == 5 { // a bullet of a list is none
		return float64(bubbles), 5, true
	}
	if filled+empty == 0 {
		return 0, 0, false
	}
	scale = float64(filled + half + empty)
	if empty == 0 {
		scale = max(scale, 5)
	}
	return float64(filled) + float64(half)/2, scale, true
}
