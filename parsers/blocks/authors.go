package blocks

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/terms"
)

// initials tells a letter or two capitals that stand for a picture of somebody.
func initials(t string) bool {
	return len(t) <= 1 || len(t) <= 4 && utf8.RuneCountInString(t) <= 2 && strings.ToUpper(t) == t
}

// authorShown tells how plainly an element shows who wrote its block.
func (s *scan) authorShown(i int32) int8 {
	n := &s.nodes[i]
	if n.text == 0 || n.text > shortText {
		return 0
	}
	href := ""
	for _, a := range n.n.Attr {
		switch a.Key {
		case "rel", "itemprop":
			if a.Val == "author" || a.Val == "creator" {
				return byStamp
			}
		case "href":
			href = a.Val
		}
	}
	if n.name.is(authorTrait) && !n.name.is(dateTrait|countTrait) || n.name.is(personTrait) && n.name.is(nameTrait) && n.text <= 60 {
		return byName
	}
	if href != "" && n.n.DataAtom == atom.A && n.text <= 50 && profileLink(href) {
		return byText
	}
	if rank := s.signed(i); rank > 0 {
		return rank
	}
	if n.name.is(personTrait) && !(n.text <= 4 && initials(element.Text(n.n, 4))) && n.text <= 40 && (n.name.hint == noHint || n.name.part) && !n.name.is(dateTrait|noiseTrait|titleTrait) {
		return byText - 2
	}
	return 0
}

// buttonText is how long the text of a button is at most that stands behind a
// signature.
const buttonText = 24

// signed tells how plainly the text in an element shows its writer, by what it
// says and what stands around it.
func (s *scan) signed(i int32) int8 {
	n, own := &s.nodes[i], &s.texts[i]
	if own.short == "" {
		return 0
	}
	inBody, name := s.inBody(i), own.glance.namelike()
	switch {
	case name && (!inBody && introduced(n.n) || labelled(n.n, authorLabels)):
		return byText
	case !inBody && (byLine(own.short) != "" || name && wrote(n.n)):
		return byText - 1
	case name && (standsOut(n.n.DataAtom) && !heading(n.n.DataAtom) && s.beforeDate(i, own.short) || s.aroundDate(i, own.short)):
		return byText - 2
	case own.timely && labelledText(n.n, authorLabels) != "":
		return byText
	case !inBody && s.signedLine(i) != nil:
		return byText - 2
	case n.text <= own.length+buttonText && !inBody && own.timely && own.glance.spaces > 1 && signature(own.short) != nil:
		return byText - 2
	}
	return 0
}

// standsOut tells elements that are made to be seen.
func standsOut(a atom.Atom) bool {
	return a == atom.Strong || a == atom.B || a == atom.Cite || a == atom.Dt || heading(a)
}

// beforeDate tells whether an element begins a short line in which a date
// follows: "<b>Ann</b> · 3 May 2024".
func (s *scan) beforeDate(i int32, own string) bool {
	up := s.nodes[i].parent
	if up >= 0 && s.nodes[up].n.DataAtom == atom.Td && s.nodes[up].text == s.nodes[i].text {
		up = s.nodes[up].parent // the date is in the next cell
	}
	if up < 0 || s.nodes[up].text > shortText || s.nodes[i].text != s.texts[i].length {
		return false
	}
	return s.datedAfter(element.Text(s.nodes[up].n, shortText+20), own)
}

// aroundDate tells whether an element holds a name and, in an element of its
// own, a date: "<h5>Ann <small>on 3 May 2024</small></h5>".
func (s *scan) aroundDate(i int32, own string) bool {
	n := &s.nodes[i]
	return n.n.DataAtom != atom.A && n.text > s.texts[i].length && s.datedAfter(element.Text(n.n, shortText+20), own)
}

// datedAfter tells whether a line is a name and a date after it.
func (s *scan) datedAfter(line, name string) bool {
	rest, ok := strings.CutPrefix(line, name)
	rest = strings.Trim(rest, " ·|-–—,:")
	return ok && rest != "" && len(rest) <= 36 && s.dated(rest)
}

// introduced tells whether what stands before an element says that it names
// who wrote: "Review by <span>Ann</span>".
func introduced(n *html.Node) bool {
	before := n.PrevSibling
	if before == nil || before.Type != html.TextNode || len(before.Data) > shortText || strings.TrimSpace(before.Data) == "" {
		return false
	}
	t := strings.TrimSuffix(strings.ToLower(strings.Join(strings.Fields(before.Data), " ")), ":") + " "
	for _, p := range byLines {
		if t == p || strings.Count(p, " ") > 1 && strings.HasSuffix(t, p) {
			return true
		}
	}
	return false
}

// Labels stand in elements before what they name: "<b>From:</b> <i>Ann</i>".
const (
	authorLabels = "|from|by|name|author|reviewer|van|door|naam|auteur|schrijver|klant|geschreven door|von|verfasser|autor|par|auteur|de la part de|"
	dateLabels   = "|on|date|posted|posted on|published|op|datum|geplaatst|geplaatst op|am|verfasst am|erstellt|le|publié le|"
)

// labelled tells whether the element before one is such a label.
func labelled(n *html.Node, labels string) bool {
	p := n.PrevSibling
	for p != nil && p.Type == html.TextNode && strings.TrimSpace(p.Data) == "" {
		p = p.PrevSibling
	}
	if p == nil || p.Type != html.ElementNode {
		return false
	}
	label, ok := strings.CutSuffix(element.Text(p, 20), ":")
	return ok && strings.Contains(labels, "|"+strings.ToLower(label)+"|")
}

// labelledText returns the text within an element behind such a label:
// "<b>Name:</b> Ann <b>Date:</b> 3 May 2024".
func labelledText(n *html.Node, labels string) string {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		next := c.NextSibling
		if c.Type != html.ElementNode || next == nil || next.Type != html.TextNode {
			continue
		}
		if label, ok := strings.CutSuffix(element.Text(c, 20), ":"); ok && strings.Contains(labels, "|"+strings.ToLower(label)+"|") {
			if t := strings.Join(strings.Fields(next.Data), " "); namelike(t) {
				return t
			}
		}
	}
	return ""
}

// wrote tells whether what follows an element says that it names who wrote:
// "<b>Ann</b> wrote on 3 May".
func wrote(n *html.Node) bool {
	next := n.NextSibling
	if next == nil || next.Type != html.TextNode {
		return false
	}
	verb, _, _ := strings.Cut(strings.TrimSpace(next.Data[:min(len(next.Data), shortText)]), " ")
	switch strings.TrimSuffix(verb, ":") {
	case "wrote", "writes", "said", "says", "schreef", "schrijft", "zei", "zegt", "reageerde", "schrieb", "schreibt", "sagte", "sagt":
		return true
	}
	return false
}

// profileLink tells links to people by the path's words.
func profileLink(href string) bool { return len(href) <= 300 && terms.Hold(href, profilePaths) }

var profilePaths = terms.New("/user/", "/users/", "/profile", "/profiel", "/member", "/leden/", "/lid/", "/u/", "/gebruiker", "/people/", "/author/", "/contrib/", "memberlist.php", "member.php", "profile.php", "action=profile", "user?id=", "userid=", "user_details", "/reviewer", "/mitglied")

// byLines begin a text that names its writer.
var byLines = []string{"by ", "door ", "von ", "par ", "by: ", "door: ", "von: ", "par : ", "posted by ", "geschreven door ", "review by ", "review door ", "reviewed by ", "written by ", "geplaatst door ", "beoordeeld door ", "reactie van ", "comment from ", "comment by ", "kommentar von ", "commentaar van ", "reactie door ", "review van ", "recensie van ", "recensie door ", "beoordeling van ", "ervaring van ", "avis de ", "publié par ", "rédigé par ", "bewertung von ", "rezension von ", "geschrieben von ", "vraag van ", "antwoord van ", "gevraagd door ", "beantwoord door ", "question by ", "asked by ", "answer by ", "answered by ", "frage von ", "antwort von ", "ingediend door ", "ingezonden door ", "submitted by ", "klacht van ", "complaint by ", "eingereicht von "}

// byLinesOf are those that begin with a letter; built once, never changed.
var byLinesOf = func() (out [32][]string) {
	for _, p := range byLines {
		out[initial(p)] = append(out[initial(p)], p)
	}
	return out
}()

// initial is a number of a text's first letter, the same in any case; other
// signs share theirs with letters.
func initial(t string) int {
	if t == "" {
		return 0
	}
	return int(t[0] & 31)
}

// byLine returns who a text says wrote it: "Door Jan op 3 mei" gives Jan.
func byLine(t string) string {
	t = strings.TrimLeft(t, "-–— ")
	if len(t) > shortText {
		return ""
	}
	for _, p := range byLinesOf[initial(t)] {
		if len(t) < len(p) || !strings.EqualFold(t[:len(p)], p) {
			continue
		}
		lower := strings.ToLower(t)
		if len(lower) != len(t) {
			return ""
		}
		rest := t[len(p):]
		low := lower[len(p):]
		for _, end := range []string{" op ", " on ", " am ", " le ", ",", "|", " - ", " – ", "·", " at ", " om ", "(", " schreef", " wrote"} {
			if j := strings.Index(low, end); j >= 0 {
				rest, low = rest[:j], low[:j]
			}
		}
		if rest = strings.TrimSpace(rest); rest != "" && strings.Count(rest, " ") <= 4 {
			return rest
		}
	}
	return ""
}
