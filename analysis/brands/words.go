package brands

import (
	"bufio"
	"compress/gzip"
	"embed"
	"fmt"
	"strings"

	"klank/analysis/text"
)

//go:embed words/nl.gz words/en.gz
var wordFiles embed.FS

//go:embed cues.txt
var cueFile string

// tongue is a set of languages.
type tongue uint8

const (
	dutch tongue = 1 << iota
	english
)

// tongueOf gives the languages that a text may be in.
func tongueOf(tag string) tongue {
	switch primary, _, _ := strings.Cut(tag, "-"); primary {
	case "nl", "af":
		return dutch
	case "en":
		return english
	}
	return dutch | english
}

// ordinary tells of each of the words in which languages it, or its base
// form, is an ordinary word. The lists are read for this once and not kept.
func ordinary(words map[string]tongue) error {
	forms := map[string][]string{}
	for w := range words {
		for _, ending := range []string{"", "s", "es", "ed", "d", "ing", "en", "e", "t", "n"} {
			if base, ok := strings.CutSuffix(w, ending); ok && len(base) >= 2 && (ending == "" || len(base) >= 3) {
				forms[base] = append(forms[base], w)
			}
		}
	}
	for name, lang := range map[string]tongue{"nl": dutch, "en": english} {
		f, err := wordFiles.Open("words/" + name + ".gz")
		if err != nil {
			return fmt.Errorf("brands: %w", err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("brands: %w", err)
		}
		lines := bufio.NewScanner(z)
		for lines.Scan() {
			for _, w := range forms[string(lines.Bytes())] {
				words[w] |= lang
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("brands: %w", err)
		}
	}
	return nil
}

// cue is a set of the roles that a word plays beside a name.
type cue uint64

const (
	dealing cue = 1 << iota
	towards
	article
	the
	shopArticle
	degree
	subject
	acts
	being
	company
	personTitle
	personBefore
	personAfter
	personal
	firstName
	calendar
	closed
	compoundHead
	// Those of attitudes.
	better
	worse
	bad
	than
	negation
	none
	standard
	unlike
	equal
	likeness
	prefers
	over
	switching
	leaving
	returning
	origin
	target
	regret
	instead
	advise
	avoid
	rue
)

var cueSections = map[string]cue{
	"dealing": dealing, "towards": towards, "article": article, "the": the, "de": shopArticle, "degree": degree,
	"subject": subject, "verb": acts, "being": being, "company": company, "person title": personTitle, "person before": personBefore,
	"person after": personAfter, "person": personal, "first name": firstName, "calendar": calendar,
	"closed": closed, "head": compoundHead,
	"better": better, "worse": worse, "bad": bad, "than": than, "negation": negation, "none": none, "standard": standard, "unlike": unlike,
	"equal": equal, "likeness": likeness, "prefers": prefers, "over": over, "switching": switching, "leaving": leaving,
	"returning": returning, "origin": origin, "target": target, "regret": regret, "instead": instead, "advise": advise, "avoid": avoid, "rue": rue,
}

// readCues reads cues.txt: sections of words, after comments.
func readCues() (map[string]cue, error) {
	out := map[string]cue{}
	var now cue
	n := 0
	for line := range strings.Lines(cueFile) {
		n++
		switch {
		case line[0] == '#':
		case line[0] == '[':
			name, _, _ := strings.Cut(line[1:], "]")
			if now = cueSections[name]; now == 0 {
				return nil, fmt.Errorf("brands: cues.txt:%d: there is no section %q", n, name)
			}
		default:
			for _, w := range strings.Fields(line) {
				out[text.Normalize(w)] |= now
			}
		}
	}
	return out, nil
}
