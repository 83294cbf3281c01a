package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"klank/parsers/terms"
)

// buttons are what sites write on the controls around a text. Single words
// are left out but for those that ask for a reply: "Helpful" may be all that a
// customer says.
var buttons = map[string]bool{
	"lees meer": true, "lees verder": true, "meer lezen": true, "toon meer": true, "meer tonen": true, "meer weergeven": true, "lees de hele review": true,
	"lees minder": true, "toon minder": true, "minder weergeven": true, "minder tonen": true, "vertaal deze review": true, "meld misbruik": true,
	"read more": true, "read full review": true, "read the full review": true, "show more": true, "see more": true, "view more": true, "continue reading": true,
	"read less": true, "show less": true, "see less": true, "view less": true, "translate review": true, "see original": true, "report abuse": true, "report review": true,
	"report this review": true, "report inappropriate content": true, "flag as inappropriate": true,
	"mehr lesen": true, "weiterlesen": true, "mehr anzeigen": true, "weniger anzeigen": true, "weniger lesen": true, "alles lesen": true,
	"missbrauch melden": true, "bewertung melden": true, "rezension übersetzen": true,
	"lire la suite": true, "lire plus": true, "voir plus": true, "afficher plus": true, "plus de détails": true, "lire moins": true, "voir moins": true,
	"afficher moins": true, "signaler un abus": true, "signaler cet avis": true, "signaler un contenu inapproprié": true, "traduire l'avis": true,
	"leer más": true, "ver más": true, "mostrar más": true, "leer menos": true, "leggi tutto": true, "leggi di più": true, "mostra altro": true,
	"ler mais": true, "ver mais": true, "läs mer": true, "visa mer": true, "læs mere": true, "vis mere": true, "les mer": true, "czytaj więcej": true,
	"pokaż więcej": true, "helpful?": true, "nuttig?": true, "hilfreich?": true, "utile?": true, "utile ?": true,
	"beantwoorden": true, "reageren": true, "reply": true, "antworten": true, "répondre": true, "responder": true, "rispondi": true,
	"verified purchase": true, "verified buyer": true, "geverifieerde aankoop": true, "verifizierter kauf": true, "achat vérifié": true,
}

// customs are the words of the lines that sites print around a text.
var customs = [][]string{
	{"found", "helpful"}, {"found", "useful"}, {"was this", "helpful"}, {"was this", "useful"}, {"is this review", "helpful"},
	{"vond", "nuttig"}, {"vonden", "nuttig"}, {"vond", "behulpzaam"}, {"was deze", "nuttig"}, {"is deze", "nuttig"}, {"vind", "nuttig"},
	{"fanden", "hilfreich"}, {"fand ", "hilfreich"}, {"war diese", "hilfreich"}, {"ist diese", "hilfreich"},
	{"trouvé", "utile"}, {"cet avis", "utile"}, {"ce commentaire", "utile"}, {"awaiting moderation"}, {"wacht op moderatie"},
	{"verified purchase"}, {"geverifieerde aankoop"}, {"verifizierter kauf"}, {"achat vérifié"},
	{"datum van ervaring:"}, {"date of experience:"}, {"datum der erfahrung:"}, {"date de l'expérience"},
}

// counters begin a line that counts readers without a figure, answers stand
// behind a question to them.
var (
	counters = map[string]bool{"one": true, "nobody": true, "people": true, "een": true, "één": true, "niemand": true, "mensen": true, "ein": true, "eine": true,
		"personen": true, "kunden": true, "une": true, "un": true, "personnes": true}
	answers = map[string]bool{"yes": true, "no": true, "ja": true, "nee": true, "nein": true, "oui": true, "non": true, "report": true, "melden": true, "signaler": true}
)

// longestButton is how long the longest of the buttons is, in bytes.
var longestButton = func() (n int) {
	for b := range buttons {
		n = max(n, len(b))
	}
	return n
}()

// customHeads are the first words of the customs, by which most texts can be
// told to be none.
var customHeads = func() *terms.Set {
	var heads []string
	for _, c := range customs {
		heads = append(heads, c[0])
	}
	return terms.New(heads...)
}()

// longestCustom bounds what can be boilerplate, in bytes.
const longestCustom = 100

// Boilerplate tells whether a paragraph is no part of a text but what sites
// print around it, in Dutch, English, German, French and some more: "Lees
// meer", "Was this review helpful? Yes No", "3 Personen fanden dies hilfreich".
// A sentence of the author's with such words is none: what sites print ends
// in the question, begins with the count, or is short.
func Boilerplate(paragraph string) bool {
	if len(paragraph) > longestCustom {
		return false
	}
	p := paragraph
	if strings.IndexFunc(p, notASCII) >= 0 {
		p = strings.ReplaceAll(strings.ToLower(p), "’", "'")
	}
	if name := strings.TrimFunc(p, frame); len(name) <= longestButton && buttons[strings.ToLower(name)] {
		return true
	}
	if !terms.Hold(p, customHeads) {
		return false
	}
	p = strings.ToLower(p)
	for _, c := range customs {
		all := true
		for _, w := range c {
			all = all && strings.Contains(p, w)
		}
		if all && (len(c) == 1 && len(p) < 60 && !strings.HasSuffix(p, "!") || len(c) > 1 && (asks(p) || counts(p))) {
			return true
		}
	}
	return false
}

// asks tells whether p is one question with nothing but answers behind it.
func asks(p string) bool {
	i := strings.LastIndexByte(p, '?')
	if i < 0 || strings.Contains(p[:i], ". ") || strings.Contains(p[:i], "! ") || strings.Contains(p[:i], "? ") {
		return false
	}
	for _, w := range strings.FieldsFunc(p[i:], notLetter) {
		if !answers[w] {
			return false
		}
	}
	return true
}

// counts tells whether p begins with how many readers there are.
func counts(p string) bool {
	p = strings.TrimLeft(p, "( ")
	word := p
	if i := strings.IndexFunc(p, notLetter); i >= 0 {
		word = p[:i]
	}
	return counters[word] || p != "" && isDigit(p[0])
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

func notASCII(r rune) bool { return r >= utf8.RuneSelf }

// frame tells the signs around the words of a button: brackets, dots, arrows.
func frame(r rune) bool {
	switch r {
	case '.', '…', '[', ']', '(', ')', '<', '>', '«', '»', '‹', '›', '-', '–', '+', ':', '|':
		return true
	}
	return unicode.IsSpace(r) || !unicode.IsLetter(r) && unicode.In(r, unicode.Sm, unicode.So)
}

// Edges removes boilerplate at the beginning and the end of a text, never
// within it: whole paragraphs, and a button or question behind the last
// sentence ("It leaks… Read more"). The cost is linear in what is removed.
func Edges(text string) string {
	for {
		first := strings.Index(text[:min(len(text), longestCustom+2)], "\n\n")
		if first < 0 || !Boilerplate(text[:first]) {
			break
		}
		text = text[first+2:]
	}
	for text != "" {
		cut := tail(text)
		if cut == len(text) {
			break
		}
		text = strings.TrimRightFunc(text[:cut], unicode.IsSpace)
	}
	return text
}

// tail returns where the boilerplate at the end of text begins.
func tail(text string) int {
	from := max(0, len(text)-longestCustom-2)
	if i := strings.LastIndex(text[from:], "\n\n"); i >= 0 {
		from += i + 2
	}
	if Boilerplate(text[from:]) && (from == 0 || text[from-1] == '\n') {
		return from
	}
	for i := from; i < len(text); i++ {
		end := sentenceEnd(text[i:])
		if end == 0 {
			continue
		}
		rest := strings.TrimSpace(text[i+end:])
		r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(rest, frame))
		// "Stop. read more" may be the author's, "Stop… read more" is not.
		if (end > 2 || unicode.IsUpper(r) || unicode.IsDigit(r)) && Boilerplate(rest) {
			return i + end
		}
		i += end - 1
	}
	return len(text)
}

// sentenceEnd returns the width of the end of a sentence at the start of s:
// two for a sign with a space, three for an ellipsis, 0 for none.
func sentenceEnd(s string) int {
	switch {
	case strings.HasPrefix(s, "..."), strings.HasPrefix(s, "…"):
		return 3
	case len(s) > 1 && (s[0] == '.' || s[0] == '!' || s[0] == '?') && s[1] == ' ':
		return 2
	}
	return 0
}
