package element

import (
	"strconv"
	"strings"

	"klank/parsers/terms"
)

// gradeWords are what every phrase of a grade has one of, but for a slash.
var gradeWords = terms.New(" of ", " van ", " uit ", " von ", " sur ", " su ", " de ", " av ", " af ",
	"tar", "ster", "toile", "trella", "telle", "ating", "core", "ijfer", "aardering", "oordeling", "ewertung", "ote", "rade")

// Phrase finds a grade in a few words; "" where it finds none.
func Phrase(s string) (value, best string, e evidence) {
	ts := phraseTokens(s)
	for i, t := range ts {
		if !t.number {
			continue
		}
		j := i + 1
		for j < len(ts) && (StarWord(ts[j].text) || ts[j].text == "(") {
			j++
		}
		if scale := afterOutOf(ts, j); scale != "" && plausible(t.text, scale) {
			return t.text, scale, byScale
		}
	}
	for i, t := range ts {
		if !t.number || i > 0 && (ts[i-1].text == "/" || ts[i-1].number || outOf[ts[i-1].text]) {
			continue
		}
		next := ""
		if i+1 < len(ts) {
			next = ts[i+1].text
			if next == "-" && i+2 < len(ts) {
				next = ts[i+2].text
			}
		}
		if StarWord(next) && next != "rating" && next != "score" && plausible(t.text, "5") && len(ts) <= 8 {
			return t.text, "5", byPhrase
		}
		if i > 0 && i == len(ts)-1 && len(ts) <= 5 {
			before := ts[i-1].text
			if before == ":" && i > 1 {
				before = ts[i-2].text
			}
			if announces[before] && plausible(t.text, "10") {
				return t.text, "", byPhrase
			}
		}
	}
	return "", "", 0
}

// announces are words before a grade that stands alone.
var announces = map[string]bool{"rating": true, "rated": true, "score": true, "waardering": true, "cijfer": true, "beoordeling": true,
	"rapportcijfer": true, "note": true, "bewertung": true, "eindcijfer": true, "grade": true}

// afterOutOf returns the scale that stands at ts[j] after "out of" and its
// like; "" where what is counted are people.
func afterOutOf(ts []phraseToken, j int) string {
	switch {
	case j+2 < len(ts) && ts[j].text == "out" && ts[j+1].text == "of":
		j += 2
	case j+2 < len(ts) && (ts[j].text == "van" || ts[j].text == "uit") && (ts[j+1].text == "de" || ts[j+1].text == "max"):
		j += 2
	case j+1 < len(ts) && (ts[j].text == "/" || outOf[ts[j].text]):
		j++
	default:
		return ""
	}
	if j < len(ts) && numberWords[ts[j].text] != "" && j+1 < len(ts) && StarWord(ts[j+1].text) {
		return numberWords[ts[j].text]
	}
	if j >= len(ts) || !ts[j].number {
		return ""
	}
	if j+1 < len(ts) && (ts[j+1].text == "/" || ts[j+1].text == "-" || counted(ts[j+1].text)) {
		return ""
	}
	return ts[j].text
}

var outOf = map[string]bool{"van": true, "uit": true, "of": true, "von": true, "sur": true, "su": true, "de": true, "av": true, "af": true}

// counted tells words for what is counted rather than graded.
func counted(w string) bool {
	for _, p := range []string{"people", "person", "customer", "klant", "mens", "user", "gebruiker", "found", "vond", "review", "beoordeling", "kunden", "result", "page", "pagina", "comment", "reactie"} {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}

// plausible tells whether value may be a grade on a scale to best.
func plausible(value, best string) bool {
	v, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64)
	b, err2 := strconv.ParseFloat(strings.Replace(best, ",", ".", 1), 64)
	return err == nil && err2 == nil && v > 0 && v <= b && (b >= 4 && b <= 7 || b == 10 || b == 20 || b == 100)
}

type phraseToken struct {
	text   string
	number bool
}

// phraseTokens splits a phrase into words, numbers (one decimal sign allowed)
// and single signs; brackets that close are dropped.
func phraseTokens(s string) []phraseToken {
	var out []phraseToken
	s = strings.ToLower(s)
	for i := 0; i < len(s) && len(out) < 24; {
		c, j := s[i], i+1
		switch {
		case '0' <= c && c <= '9':
			pointed := false
			for j < len(s) && ('0' <= s[j] && s[j] <= '9' || !pointed && (s[j] == '.' || s[j] == ',') && j+1 < len(s) && '0' <= s[j+1] && s[j+1] <= '9') {
				pointed = pointed || s[j] == '.' || s[j] == ','
				j++
			}
			out = append(out, phraseToken{s[i:j], true})
		case 'a' <= c && c <= 'z' || c >= 0x80:
			for j < len(s) && ('a' <= s[j] && s[j] <= 'z' || s[j] >= 0x80) {
				j++
			}
			if w := strings.Trim(s[i:j], "\u00a0"); w != "" {
				out = append(out, phraseToken{w, false})
			}
		case strings.IndexByte("/:(-", c) >= 0:
			out = append(out, phraseToken{s[i:j], false})
		}
		i = j
	}
	return out
}
