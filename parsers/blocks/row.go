package blocks

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/normalize"
	"klank/parsers/terms"
)

// Rows are elements of one shape in one list, each around a date. Where nothing
// is called by name and nothing is graded, they are comments or reviews only
// if the heading above them says so, or what one can do with each of them.

// groupByDate puts what stands around a date and also holds prose into groups
// by shape and list.
func (s *scan) groupByDate(at int32, add func(key, hint, int32)) {
	for i, n := range s.around(at, 6) {
		if n.name.hint != noHint {
			return // has a group of its own
		}
		if s.in(i).prose >= 20 && n.parent >= 0 && blockElement(n.n.DataAtom) {
			add(key{by: byRow, tag: n.n.DataAtom, name: n.name.shape, in: n.parent}, noHint, i)
		}
	}
}

// rowHint tells what the rows of a list are.
func (s *scan) rowHint(g *group) hint {
	if h := s.headingHint(g.members[0]); h != noHint {
		return h
	}
	var worth, answered int
	sample, step := g.sample()
	for _, m := range sample {
		switch s.controlHint(m) {
		case reviewHint:
			worth++
		case commentHint:
			answered++
		}
	}
	switch most := mostly * float64(len(g.members)); {
	case float64(worth*step) >= most:
		return reviewHint
	case float64((worth+answered)*step) >= most:
		return commentHint
	}
	return s.titleHint()
}

// titleHint tells what the page's title says that is on it.
func (s *scan) titleHint() hint { return said(s.d.Outline().Title) }

// said returns what a heading says of reviews, comments or questions, by a word
// for them or by who says something: "Wat onze gasten schrijven".
func said(heading string) hint {
	h := noHint
	people, speak, book := false, false, false
	for w := range strings.FieldsSeq(strings.ToLower(heading)) {
		w = strings.Trim(w, ".,:!?()'’")
		switch of := wordHint(w); of {
		case reviewHint, commentHint, questionHint:
			h = plainer(h, of)
		}
		if w == "vragen" || w == "questions" || w == "fragen" {
			h = plainer(h, questionHint)
		}
		people, speak, book = people || peopleWords[w], speak || speakWords[w], book || w == "book" || w == "boek"
	}
	if h == noHint && people && (speak || book) {
		h = reviewHint
		if book {
			h = commentHint
		}
	}
	return h
}

// peopleWords are those who review, speakWords what they do.
var (
	peopleWords = setOf("gasten klanten bezoekers patiënten cliënten leden lezers kopers gebruikers deelnemers cursisten ouders opdrachtgevers reizigers anderen mensen huurders " +
		"guests customers clients visitors visitor's patients members readers buyers users campers travellers travelers students people others " +
		"kunden gäste besucher patienten mitglieder leser käufer visiteurs voyageurs")
	speakWords = setOf("zeggen zeiden schrijven schreven vertellen vertelden vinden vonden ervaren ervoeren woord mening say said saying tell told write wrote think thought " +
		"sagen sagten schreiben meinen wort disent pensent")
)

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// maxAbove is how many elements before a list are looked at for its heading.
const maxAbove = 40

// headingHint tells what the heading above an element says that follows, if
// it is a heading of what holds the element.
func (s *scan) headingHint(m int32) hint {
	for i := m - 1; i >= max(0, m-maxAbove); i-- {
		n := &s.nodes[i]
		if !heading(n.n.DataAtom) {
			continue
		}
		around := i
		for up := 0; up < 3 && s.nodes[around].end <= m && s.nodes[around].parent >= 0; up++ {
			around = s.nodes[around].parent
		}
		if s.nodes[around].end <= m || n.text > shortText {
			return noHint
		}
		return said(s.texts[i].short)
	}
	return noHint
}

// controlHint tells what the buttons of a block say that it is: a review is of
// use or not, a comment is replied to.
func (s *scan) controlHint(m int32) hint {
	h := noHint
	for i := m + 1; i < min(s.nodes[m].end, m+maxPlaced) && s.step(); i++ {
		t := s.texts[i].short
		if t == "" || len(t) > 40 || s.nodes[i].date > 0 {
			continue
		}
		if pressed(s.nodes[i].n) || normalize.Boilerplate(t) {
			switch {
			case terms.Hold(t, usefulWords):
				return reviewHint
			case terms.Hold(t, replyWords):
				h = commentHint
			}
		}
	}
	return h
}

// usefulWords are in the buttons below reviews, replyWords in those below
// comments.
var (
	usefulWords = terms.New("nuttig", "helpful", "hilfreich", "utile", "useful", "behulpzaam")
	replyWords  = terms.New("reply", "beantwoord", "reage", "antwort", "répondre", "responder", "rispondi")
)

// pressed tells elements that are there to be pressed.
func pressed(n *html.Node) bool {
	return n.DataAtom == atom.Button || n.DataAtom == atom.A || element.Attr(n, "role") == "button"
}
