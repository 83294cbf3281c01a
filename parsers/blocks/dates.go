package blocks

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/normalize"
	"klank/parsers/terms"
)

// aTime is a fixed time of fetching: for telling relative dates, not for
// reading them.
var aTime = time.Date(2020, 6, 15, 12, 0, 0, 0, time.UTC)

// about tells what the date in an element is said to be of, just before it:
// a label in the element before, or around it.
func (s *scan) about(i int32) string {
	n := s.nodes[i].n
	for p := n.PrevSibling; p != nil; p = p.PrevSibling {
		if p.Type == html.TextNode {
			if t := strings.TrimSpace(p.Data); t != "" {
				return t[max(0, len(t)-shortText):]
			}
		} else if p.Type == html.ElementNode {
			t := element.Text(p, 40)
			if (p.DataAtom == atom.Div || p.DataAtom == atom.P) && !strings.HasSuffix(t, ":") {
				return "" // a line of its own
			}
			return t
		}
	}
	if up := s.nodes[i].parent; up >= 0 && s.nodes[up].text <= shortText {
		if t := s.texts[up].short; t != "" {
			return t
		}
		if s.nodes[up].n.FirstChild == n || s.nodes[up].n.DataAtom == atom.Dd {
			return s.aboutParent(up)
		}
	}
	return ""
}

// aboutParent looks one element further out.
func (s *scan) aboutParent(i int32) string {
	for p := s.nodes[i].n.PrevSibling; p != nil; p = p.PrevSibling {
		if p.Type == html.ElementNode {
			return element.Text(p, 40)
		}
	}
	return ""
}

// dateShown tells how plainly an element shows when its block was written.
func (s *scan) dateShown(i int32) int8 {
	rank := s.dateLooks(i)
	if rank == 0 {
		return 0
	}
	if label := s.about(i); !element.Digit(label) && otherDate(label) {
		return 0
	}
	return rank
}

// dateLooks does so by the element itself.
func (s *scan) dateLooks(i int32) int8 {
	n := &s.nodes[i]
	if n.text > 200 {
		return 0
	}
	if n.n.DataAtom == atom.Time {
		return byStamp
	}
	for _, a := range n.n.Attr {
		switch {
		case a.Key == "datetime" && a.Val != "", a.Key == "itemprop" && strings.HasPrefix(a.Val, "date"):
			return byStamp
		case strings.HasPrefix(a.Key, "data-") && (strings.HasSuffix(a.Key, "timestamp") || strings.HasSuffix(a.Key, "-utime")):
			return byStamp
		case a.Key == "title" && (n.n.DataAtom == atom.Abbr || n.name.is(dateTrait)) && s.dated(a.Val),
			a.Key == "data-content" && n.name.is(dateTrait) && s.dated(a.Val): // for a script to write
			return byStamp
		}
	}
	if n.name.is(dateTrait) && n.text > 0 && n.text <= shortText {
		if t := element.Text(n.n, shortText); t != "" && s.isDate(t) {
			return byName
		}
		return 0
	}
	if own := s.texts[i].short; s.texts[i].timely && len(own) <= 60 && s.dated(own) && (postedLike(own) || !s.inBody(i) || labelled(n.n, dateLabels) || s.wholeLine(i)) && !otherDate(label(n.n)) {
		return byText
	}
	return 0
}

// wholeLine tells whether a short text is all that a line holds.
func (s *scan) wholeLine(i int32) bool {
	n := &s.nodes[i]
	return n.n.DataAtom == atom.A && n.text <= 24 && n.parent >= 0 && s.nodes[n.parent].text == n.text
}

// label is what stands in the elements between the texts of an element:
// "<b>Posts:</b> 31 <b>Joined:</b> 3 May".
func label(n *html.Node) string {
	out := ""
	for c := n.FirstChild; c != nil && len(out) < shortText; c = c.NextSibling {
		if c.Type == html.ElementNode {
			out += element.Text(c, 40)
		}
	}
	return out
}

// postedLine tells whether a text says when something was posted.
func postedLine(t string) bool {
	return t != "" && mayBeDate(t) && postedLike(t)
}

// postedLike tells whether a text begins to say that something was posted.
func postedLike(t string) bool {
	for _, p := range []string{"Posted", "Geplaatst", "Verfasst", "Publié", "Posté", "Escrito", "Geschreven", "Written", "Beoordeeld", "Bewertet", "Gepubliceerd", "Published",
		"Veröffentlicht", "Submitted", "Toegevoegd", "Added", "Reviewed", "Ingezonden", "Erstellt", "Geschrieben"} {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	return false
}

// dated tells whether a short text is, or begins or ends with, a date: not
// one that says since when somebody is a member, or when he bought.
func (s *scan) dated(t string) bool {
	if len(t) < 5 || len(t) > shortText || !mayBeDate(t) {
		return false
	}
	return s.isDate(t)
}

// isDate is dated without the cheap look.
func (s *scan) isDate(t string) bool {
	if otherDate(t) {
		return false
	}
	t = strings.Replace(t, " @ ", " ", 1)
	_, precision, ok := normalize.Date(t, s.d.Language, aTime)
	if _, rest, cut := strings.Cut(t, " – "); !ok && cut {
		return s.isDate(rest) // "Ann – 3 May 2024"
	}
	if !ok {
		return normalize.Ambiguous(t, s.d.Language)
	}
	return precision != "year" || normalize.Relative(t, s.d.Language)
}

// mayBeDate is a cheap look before the real one: a year, numbers with signs
// between them, or words for how long ago.
func mayBeDate(t string) bool {
	digits := element.Digit(t)
	if !digits && !terms.Hold(t, timeWords) || strings.Count(t, " ") > 9 && !strings.Contains(t, " | ") {
		return false
	}
	run, runs := 0, 0
	for i := 0; i <= len(t); i++ {
		if i < len(t) && '0' <= t[i] && t[i] <= '9' {
			run++
			continue
		}
		if run == 4 && (t[i-4:i-2] == "20" || t[i-4:i-2] == "19") {
			return true
		}
		if run > 0 && run <= 4 {
			if runs++; runs >= 3 {
				return true
			}
			if i == len(t) || strings.IndexByte("-/.:", t[i]) < 0 {
				runs = 0
			}
		}
		run = 0
	}
	if terms.Hold(t, agoWords) {
		return true
	}
	if digits {
		return false
	}
	switch strings.ToLower(t) {
	case "yesterday", "gisteren", "gestern", "hier", "today", "vandaag", "heute", "just now", "zojuist", "eergisteren":
		return true
	}
	return false
}

// agoWords stand in texts that count back.
var agoWords = terms.New("ago", "geleden", "vor ", "il y a", "hace ", "yesterday", "gisteren", "today at")

// timeWords stand in texts that tell a time without a digit.
var timeWords = terms.New("ago", "geleden", "vor ", "il y a", "hace ", "yesterday", "gisteren", "gestern", "hier", "today", "vandaag", "heute", "just now", "zojuist")

// otherDateWords stand beside dates other than that of writing.
var otherDateWords = terms.New("join", "registr", "member", "lid sinds", "lid vanaf", "sinds", "since", "last online", "laatst", "last seen", "last edit", "edited", "gewijzigd",
	"bewerkt", "purchase", "bought", "gekocht", "aangekocht", "aankoop", "updated", "bijgewerkt", "copyright", "©", "mitglied", "inscri", "expire", "geldig", "levertijd", "besteld", "delivery")

func otherDate(t string) bool {
	if !terms.Hold(t, otherDateWords) {
		return false
	}
	return terms.Hold(strings.ReplaceAll(strings.ToLower(t), "geplaatst", ""), otherDateWords) // which holds "laatst"
}

// orderOfDates returns a language that writes the day and the month of numeric
// dates in the order in which a page without a language does, as those dates
// tell of which one number can only be the day; "" where none does, or they
// contradict each other.
func (s *scan) orderOfDates() string {
	dayFirst, monthFirst := false, false
	dashes := strings.NewReplacer("/", "-", ".", "-")
	for i := range s.nodes {
		if s.nodes[i].date == 0 {
			continue
		}
		for t := range strings.FieldsSeq(s.texts[i].short) {
			var day, month, year int
			if n, _ := fmt.Sscanf(dashes.Replace(t), "%d-%d-%d", &day, &month, &year); n < 3 || day > 31 || month > 31 {
				continue
			}
			dayFirst = dayFirst || day > 12 && month <= 12
			monthFirst = monthFirst || month > 12 && day <= 12
		}
	}
	switch {
	case dayFirst && !monthFirst:
		return "nl"
	case monthFirst && !dayFirst:
		return "en-US"
	}
	return ""
}
