package blocks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/mention"
	"klank/parsers/blocks/element"
	"klank/parsers/normalize"
	"klank/parsers/terms"
)

// signature reads the name before a date in one line: "Ann | 3 May 2024".
func signature(line string) *mention.Author {
	line = strings.TrimLeft(line, "—–-~ ")
	if first, _ := utf8.DecodeRuneInString(strings.TrimSpace(line)); !unicode.IsLetter(first) || !element.Digit(line) && !terms.Hold(line, timeWords) {
		return nil
	}
	for _, sep := range []string{" | ", " - ", " – ", " — ", " · ", " op ", " on ", " am "} {
		name, rest, ok := strings.Cut(line, sep)
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		if strings.IndexByte(name, ',') > 0 {
			break // a place, too
		}
		if !namelike(name) || element.Digit(name) || strings.IndexFunc(name, unicode.IsUpper) < 0 || otherDate(name) || verifiedText(name) || postedLike(name) || !mayBeDate(rest) {
			return nil
		}
		return &mention.Author{Name: name}
	}
	return placedSignature(line, false)
}

// fromWords stand between a name and where its bearer is from.
var fromWords = []string{" uit ", " from ", " aus "}

// placedSignature reads the name before a date at the end of a line, and
// perhaps before a place: "Ann, Utrecht (3 May 2024)", "Ann uit Utrecht, 3-5-2024".
// One word before a comma and a date is a place as likely; alone says that it
// is none, as others of the group are signed so with more.
func placedSignature(line string, alone bool) *mention.Author {
	line = strings.TrimLeft(line, "—–-~ ")
	if len(line) > shortText {
		return nil
	}
	at, sep := -1, ""
	for _, x := range []string{", ", " (", " - ", " – ", " — ", " · ", " / "} {
		if i := strings.LastIndex(line, x); i > at {
			at, sep = i, x
		}
	}
	if at < 0 {
		return nil
	}
	name, date := line[:at], strings.Trim(line[at+len(sep):], " ).")
	sure := alone || sep != ", "
	if i := strings.LastIndex(name, ", "); i >= 0 && !mayBeDate(date) && mayBeDate(name[i+2:]) {
		name, date, sure = name[:i], name[i+2:], true // and what it is about: "Ann, 3 May 2024, Opel Corsa"
	}
	for _, on := range []string{" op ", " on ", " am ", " le "} {
		if posted, day, ok := strings.Cut(date, on); ok && !strings.Contains(posted, " ") {
			date, sure = day, true // "geplaatst op 3 mei 2024"
		}
	}
	if strings.Count(date, " ") > 3 || !mayBeDate(date) || otherDate(line) {
		return nil
	}
	placed := false
	for _, from := range append([]string{","}, fromWords...) {
		before, _, ok := strings.Cut(name, from)
		name, placed = before, placed || ok
	}
	name = strings.TrimSpace(name)
	if !sure && !placed && strings.IndexByte(name, ' ') < 0 {
		return nil
	}
	if !namelike(name) || element.Digit(name) || strings.IndexFunc(name, unicode.IsUpper) < 0 || !placed && !personal(name) || verifiedText(name) || postedLike(name) {
		return nil
	}
	return &mention.Author{Name: name}
}

// author reads a writer's name and profile.
func (r *reader) author(m, i int32) *mention.Author {
	name := ""
	own := r.texts[i]
	if by := byLine(own.short); own.length == r.nodes[i].text || by != "" && !mayBeDate(by) && (personal(by) || strings.ContainsAny(by, "_0123456789")) {
		name = by // "By Ann on 3 May", or nothing; "<b>A title</b>, by Ann"
	}
	if name == "" {
		name = labelledText(r.nodes[i].n, authorLabels)
	}
	if a := r.signedLine(i); name == "" && a != nil {
		name = a.Name
	}
	if name == "" {
		name = r.authorName(i)
	}
	if name == "" || utf8.RuneCountInString(name) > 60 || strings.Count(name, " ") > 7 {
		return nil
	}
	a := &mention.Author{Name: name}
	for j := i; j < r.nodes[i].end; j++ {
		if n := r.nodes[j].n; n.DataAtom == atom.A {
			a.URL = r.d.Abs(element.Attr(n, "href"))
			break
		}
	}
	if a.URL == "" {
		a.URL = r.profile(m, name)
	}
	if p := r.nodes[i].parent; a.URL == "" && p >= 0 && r.nodes[p].n.DataAtom == atom.A {
		a.URL = r.d.Abs(element.Attr(r.nodes[p].n, "href"))
	}
	return a
}

// signedLine reads a name and a date in an element of its own within the same
// line: "Ann, Utrecht, <span>3 May 2024</span>".
func (s *scan) signedLine(i int32) *mention.Author {
	n, own := &s.nodes[i], &s.texts[i]
	if own.short == "" || own.timely || n.text <= own.length || n.text > shortText || !strings.HasSuffix(own.short, ",") {
		return nil
	}
	return signature(element.Text(n.n, shortText+20))
}

// unnamedAuthor finds the name in a comment or post where nothing is called
// author: what a link offers to reply to, or what stands out before the date.
func (r *reader) unnamedAuthor(m int32, p parts) int32 {
	replyTo := ""
	r.own(m, func(i int32) bool {
		if n := r.nodes[i].n; n.DataAtom == atom.A && r.nodes[i].name.is(replyTrait) {
			replyTo = element.Attr(n, "data-replyto")
			if replyTo == "" {
				replyTo = element.Attr(n, "aria-label")
			}
		}
		return replyTo == ""
	})
	found := int32(-1)
	r.own(m, func(i int32) bool {
		t := r.texts[i].short
		if t == "" || !namelike(t) || r.nodes[i].date > 0 {
			return true
		}
		switch {
		case len(p.body) > 0 && i >= p.body[0]:
			return replyTo != ""
		case replyTo != "" && strings.HasSuffix(replyTo, " "+t):
			found = i
			return false
		case replyTo == "" && i < p.date && found < 0 && r.standsOut(i):
			found = i
		}
		return true
	})
	return found
}

// besideDate finds the name that stands out in the line of the date:
// "<b>Ann</b> | 3 May 2024"; -1 where none does.
func (r *reader) besideDate(p parts) int32 {
	if p.date < 0 {
		return -1
	}
	line := p.date
	if r.texts[line].length == r.nodes[line].text { // the date and nothing else
		line = r.nodes[line].parent
	}
	if line < 0 || r.nodes[line].text > shortText {
		return -1
	}
	if t := r.texts[line].short; line != p.date && t != "" {
		own := strings.TrimRight(t, " ,|·-–—")
		if namelike(own) && own != t && !otherDate(own) && !verifiedText(own) && !postedLike(own) {
			return line
		}
	}
	for i := line + 1; i < r.nodes[line].end; i++ {
		if t := r.texts[i].short; i != p.title && r.nodes[i].date == 0 && !r.nodes[i].rating && t != "" && namelike(t) && r.standsOut(i) && !otherDate(t) && !verifiedText(t) {
			return i
		}
	}
	return -1
}

// profile returns where a name leads that stands in the block a second time.
func (r *reader) profile(m int32, name string) (url string) {
	r.own(m, func(i int32) bool {
		if n := &r.nodes[i]; n.n.DataAtom == atom.A && r.texts[i].short == name {
			url = r.d.Abs(element.Attr(n.n, "href"))
		}
		return url == ""
	})
	return url
}

// authorName returns the name in an element without what stands in elements
// within it: places ("from Utrecht"), dates, badges.
func (r *reader) authorName(top int32) string {
	if i := r.leadingLink(top); i >= 0 {
		top = i // "Ann", and beneath it "Junior Member"
	}
	if mayBeDate(element.Text(r.nodes[top].n, shortText+20)) {
		for i := top + 1; i < r.nodes[top].end; i++ {
			if r.nodes[i].author >= byText && namelike(r.texts[i].short) {
				top = i // "by Ann » 3 May"
				break
			}
		}
	}
	if i := top + 1; i < r.nodes[top].end && standsOut(r.nodes[i].n.DataAtom) && firstIn(r.nodes[top].n) == r.nodes[i].n && (mayBeDate(r.texts[top].short) || strings.HasPrefix(r.texts[top].short, ",")) {
		top = i // "Ann", and behind it the date
	}
	name := strings.TrimSpace(element.Prose(r.nodes[top].n, func(c *html.Node) bool {
		i, ok := r.index[c]
		if !ok {
			return skippedElement(c.DataAtom)
		}
		if i == top {
			return false
		}
		if n := &r.nodes[i]; n.date > 0 || n.name.is(verifiedTrait|noiseTrait) {
			return true
		}
		t := strings.ToLower(element.Text(c, 100))
		if counted(t) {
			return true
		}
		for _, p := range []string{"from ", "uit ", "aus ", "de ", "says", "schreef", "zegt", "sagt", "dit :", "(", "wrote"} {
			if strings.HasPrefix(t, p) {
				return true
			}
		}
		return false
	}))
	name, _, _ = strings.Cut(name, "\n\n") // and beneath it where he lives
	name = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(normalize.Line(name), "..."), "…"))
	if by := byLine(name); by != "" {
		name = by
	} else if a := signature(name); a != nil {
		return a.Name
	}
	lower := strings.ToLower(name)
	if len(lower) == len(name) {
		for _, verb := range []string{" schreef", " wrote", " schrieb", " zei ", " said", " reageerde", " posted", " on ", " op ", " am "} {
			if at := strings.Index(lower, verb); at > 0 && mayBeDate(name[at:]) {
				return name[:at]
			}
		}
	}
	for _, end := range []string{" says:", " says", " schreef:", " zegt:", " zegt", " sagt:", " wrote:", " dit :", " on", " op", " am", " zei", " said", ":", ",", " |", " ·", " -", " (not verified)", " (niet gecontroleerd)", " (nicht überprüft)", " (non vérifié)"} {
		if strings.HasSuffix(lower, end) && len(lower) == len(name) {
			return strings.TrimSpace(name[:len(name)-len(end)])
		}
	}
	if at := strings.LastIndex(name, ", "); at > 0 && r.dated(name[at+2:]) {
		return name[:at]
	}
	for _, from := range fromWords {
		if at := strings.Index(lower, from); at > 0 && len(lower) == len(name) && at+len(from) < len(name) && unicode.IsUpper(rune(name[at+len(from)])) {
			return name[:at]
		}
	}
	for _, start := range []string{"author:", "auteur:", "name:", "naam:", "user:"} {
		if strings.HasPrefix(lower, start) && len(lower) == len(name) {
			return strings.TrimSpace(name[len(start):])
		}
	}
	return name
}

// firstIn returns the first child of n but for white space.
func firstIn(n *html.Node) *html.Node {
	c := n.FirstChild
	for c != nil && c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" {
		c = c.NextSibling
	}
	return c
}

// counted tells what is only counted beside a name: "3 reviews".
func counted(t string) bool {
	n, what, ok := strings.Cut(t, " ")
	return ok && strings.Trim(n, "0123456789.") == "" && wordHint(what) != noHint
}

// leadingLink returns the link to a person that an element begins with, if
// there is one.
func (r *reader) leadingLink(top int32) int32 {
	if r.texts[top].length > 0 {
		return -1
	}
	for i := top + 1; i < r.nodes[top].end && r.sums[i].text == r.sums[top].text; i++ {
		if n := &r.nodes[i]; n.n.DataAtom == atom.A && n.text > 0 && profileLink(element.Attr(n.n, "href")) {
			return i
		}
	}
	return -1
}
