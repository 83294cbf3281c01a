package main

import (
	"slices"
	"strings"
)

// adjectiveForms gives an adjective with its inflections: goed, goede, goeds,
// and the degrees: trager, tragere, traagst, traagste.
func adjectiveForms(w string) []string {
	forms := []string{w}
	if len(w) < 3 || strings.HasSuffix(w, "e") {
		return forms
	}
	stem := inflectedStem(w)
	forms = append(forms, stem+"e")
	if len(w) > 9 { // degrees of long adjectives are rare
		return forms
	}
	forms = append(forms, w+"s", stem+"er", stem+"ere")
	if strings.HasSuffix(w, "r") {
		forms = append(forms, w+"der", w+"dere")
	}
	if strings.HasSuffix(w, "s") {
		forms = append(forms, w+"t", w+"te")
	} else {
		forms = append(forms, w+"st", w+"ste")
	}
	return forms
}

// inflectedStem spells the stem before a vowel: traag, trag-; dom, domm-;
// vies, viez-; lief, liev-.
func inflectedStem(w string) string {
	n := len(w)
	if n < 3 {
		return w
	}
	last, before := w[n-1], w[n-2]
	if !isConsonant(last) {
		return w
	}
	two := w[n-3 : n-1]
	switch {
	case two == "aa" || two == "ee" || two == "oo" || two == "uu":
		return w[:n-2] + voiced(last)
	case isConsonant(before) || n >= 3 && !isConsonant(w[n-3]):
		if !isConsonant(before) { // ie, oe, eu, ui, ij, ei, ou
			return w[:n-1] + voiced(last)
		}
		return w
	case unstressed(w):
		return w
	}
	return w + string(last) // dom, domme
}

// unstressed tells whether the last syllable takes no double consonant.
func unstressed(w string) bool {
	for _, end := range []string{"ig", "lijk", "el", "er", "en", "em", "isch", "baar", "zaam"} {
		if strings.HasSuffix(w, end) && len(w) > len(end)+2 {
			return true
		}
	}
	return false
}

func voiced(c byte) string {
	switch c {
	case 's':
		return "z"
	case 'f':
		return "v"
	}
	return string(c)
}

func isConsonant(c byte) bool { return strings.IndexByte("aeiouy", c) < 0 }

// glenderForms guesses the part of speech by the ending, since Glender gives
// none: verbs get their present, past and participle, adjectives their
// inflections, the rest a plural.
func glenderForms(w string) []string {
	switch {
	case strings.HasSuffix(w, "en") && len(w) > 4:
		return verbForms(w)
	case endsIn(w, "ig", "lijk", "baar", "loos", "zaam", "end", "vol", "isch", "rijk", "waardig"):
		return adjectiveForms(w)[:2]
	case endsIn(w, "e", "er", "el", "ing"):
		return []string{w, w + "s"}
	}
	return []string{w, inflectedStem(w) + "en"}
}

func endsIn(w string, ends ...string) bool {
	return slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(w, e) && len(w) > len(e) })
}

// separable are the verb parts that leave room for -ge-: afgeraden.
var separable = []string{"aan", "achter", "af", "bij", "binnen", "door", "in", "mee", "na", "neer", "om", "onder", "op", "over", "tegen", "terug", "toe", "uit", "vast", "voor", "weg"}

func verbForms(w string) []string {
	stem := strings.TrimSuffix(w, "en")
	n := len(stem)
	switch {
	case n >= 2 && stem[n-1] == stem[n-2]:
		stem = stem[:n-1]
	case n >= 3 && isConsonant(stem[n-1]) && !isConsonant(stem[n-2]) && isConsonant(stem[n-3]) && strings.IndexByte("aou", stem[n-2]) >= 0:
		stem = stem[:n-1] + string(stem[n-2]) + stem[n-1:] // balen, baal
	}
	hard := strings.HasSuffix(stem, "t") || strings.HasSuffix(stem, "k") || strings.HasSuffix(stem, "f") || strings.HasSuffix(stem, "s") || strings.HasSuffix(stem, "ch") || strings.HasSuffix(stem, "p")
	stem = strings.NewReplacer("vX", "f", "zX", "s", "X", "").Replace(stem + "X")
	past := "de"
	end := "d"
	if hard {
		past, end = "te", "t"
	}
	participle := strings.TrimSuffix(stem, end) + end
	if !startsWith(w, "be", "ver", "ont", "her", "ge", "er") {
		prefix := ""
		for _, p := range separable {
			if strings.HasPrefix(w, p) && len(w) > len(p)+4 && len(p) > len(prefix) {
				prefix = p
			}
		}
		participle = prefix + "ge" + strings.TrimPrefix(participle, prefix)
	}
	return []string{w, stem, strings.TrimSuffix(stem, "t") + "t", stem + past, stem + past + "n", participle}
}

func startsWith(w string, starts ...string) bool {
	return slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(w, s) })
}
