package blocks

import (
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// node is an element of the page in document order. The subtree of nodes[i]
// is nodes[i:end].
type node struct {
	n      *html.Node
	name   *name
	parent int32
	end    int32
	depth  int32
	// text is the length of the text in the subtree.
	text int32
	// author and date say how plainly the element itself shows one; 0: not.
	author, date int8
	rating       bool
}

// sums are totals over all nodes before one, so that the difference of two
// tells what a subtree holds.
type sums struct {
	text, link, prose           int32
	author, date, rating, shops int32
	// signed counts the authors and dates that are plain to see.
	signed int32
}

// scan is one look at a page: all its elements with what each shows.
type scan struct {
	d     *document.Document
	nodes []node
	sums  []sums // len(nodes)+1
	names map[[4]string]*name
	words vocabulary
	texts []ownText // directly in the elements
}

// ownText is the text directly in an element: its length, and the text
// itself where it is short.
type ownText struct {
	length int32
	short  string
}

// shortText is how long a text may be that is kept as possible date or name.
const shortText = 80

func newScan(d *document.Document, root *html.Node) *scan {
	s := &scan{d: d, names: map[[4]string]*name{}, words: vocabularies.Get().(vocabulary)}
	defer vocabularies.Put(s.words)
	guess := len(d.Body)/64 + 64
	s.nodes, s.texts = make([]node, 0, guess), make([]ownText, 0, guess)
	s.walk(root, -1, 0)
	s.judgeElements()
	return s
}

// skippedElements hold nothing that a visitor reads as part of a block.
func skippedElement(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Select, atom.Head, atom.Iframe, atom.Nav, atom.Object, atom.Textarea:
		return true
	}
	return false
}

// walk lists the elements below n.
func (s *scan) walk(n *html.Node, parent, depth int32) int32 {
	text := int32(0)
	first := n.FirstChild
	if n.DataAtom == atom.Dl {
		if entries := entriesOf(n); entries != nil {
			first = entries
		}
	}
	for c := first; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && parent >= 0:
			t := strings.TrimSpace(c.Data)
			if t == "" {
				continue
			}
			o := &s.texts[parent]
			o.length += int32(len(t))
			switch {
			case postedLine(o.short): // and the subject follows
			case o.length > shortText:
				o.short = ""
			case o.short == "":
				o.short = t
			default:
				o.short += " " + t
			}
			text += int32(len(t))
		case c.Type == html.ElementNode && !skippedElement(c.DataAtom):
			i := int32(len(s.nodes))
			s.nodes = append(s.nodes, node{n: c, name: s.nameOf(c), parent: parent, depth: depth})
			s.texts = append(s.texts, ownText{})
			t := s.walk(c, i, depth+1)
			s.nodes[i].end, s.nodes[i].text = int32(len(s.nodes)), t
			text += t
		}
	}
	return text
}

func (s *scan) nameOf(n *html.Node) *name {
	var class, id, prop, hook string
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "class":
			class = a.Val
		case "id":
			id = stem(a.Val)
		case "itemprop":
			prop = a.Val
		case "data-hook", "data-test", "data-testid", "data-test-id", "data-automation", "data-qa", "data-e2e", "data-component":
			// Sites whose classes say nothing call things by name for their tests.
			if hook == "" {
				hook = stem(a.Val)
			}
		}
	}
	k := [4]string{class, id, prop, hook}
	if v, ok := s.names[k]; ok {
		return v
	}
	v := s.words.nameOf(class, id, prop, hook)
	s.names[k] = v
	return v
}

// judgeElements works out what each element shows, and the sums. Text in
// links, names, dates and noise is no prose.
func (s *scan) judgeElements() {
	s.sums = make([]sums, len(s.nodes)+1)
	quiet, link := int32(0), int32(0) // the first node after such a subtree
	for i := range s.nodes {
		n, at := &s.nodes[i], int32(i)
		t := s.sums[i]
		own := s.texts[i]
		n.date = s.dateShown(at)
		n.author = s.authorShown(at)
		starry := n.name.is(starTrait) || n.parent >= 0 && s.nodes[n.parent].name.is(starTrait)
		n.rating = element.Shows(n.n, own.short, starry)
		if n.n.DataAtom == atom.A && at >= link {
			link = n.end
		}
		if s.quiet(n) {
			quiet = max(quiet, n.end)
		}
		t.text += own.length
		if at < link {
			t.link += own.length
		} else if at >= quiet {
			t.prose += own.length
		}
		if n.author > 0 {
			t.author++
		}
		if n.date > 0 {
			t.date++
		}
		if n.author >= byName || n.date >= byName {
			t.signed++
		}
		if n.rating {
			t.rating++
		}
		if n.name.is(shopTrait) && n.name.hint == noHint {
			t.shops++
		}
		s.sums[i+1] = t
	}
}

// quiet tells whether the text in an element is no prose. Forms may wrap whole
// threads, so only what is short counts.
func (s *scan) quiet(n *node) bool {
	switch {
	case n.text <= 40 && n.rating:
		return true
	case n.text <= shortText && (n.author > 0 || n.date > 0):
		return true
	}
	if n.text <= 120 && (n.name.is(titleTrait|verifiedTrait) && !n.name.is(bodyTrait) || heading(n.n.DataAtom)) {
		return true
	}
	return n.noise() || n.text <= maxNoise && (n.n.DataAtom == atom.Button || n.n.DataAtom == atom.Form && asks(n.n))
}

// maxNoise is how long a text may be that is noise by its name: names
// mislead, and what is long is worth more than what it is called.
const maxNoise = 400

// noise tells what is none of a block's text by its name; whole blocks are
// never that, whatever else they are called.
func (n *node) noise() bool {
	return n.name.is(noiseTrait) && n.text <= maxNoise && (len(n.name.units) == 0 || n.name.part)
}

func heading(a atom.Atom) bool {
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// in returns what the subtree of a node holds.
func (s *scan) in(i int32) sums {
	a, b := s.sums[i], s.sums[s.nodes[i].end]
	return sums{b.text - a.text, b.link - a.link, b.prose - a.prose, b.author - a.author, b.date - a.date, b.rating - a.rating, b.shops - a.shops, b.signed - a.signed}
}

// How plainly a date or author is shown.
const (
	byText  = 3 // in words
	byName  = 4 // an element called one
	byStamp = 5 // an element or attribute made for it
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
			return element.Text(p, 40)
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
	if label := s.about(i); !strings.ContainsAny(label, "0123456789") && otherDate(label) {
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
	if own := s.texts[i].short; own != "" && len(own) <= 60 && (postedLike(own) || !s.inBody(i) || labelled(n.n, dateLabels)) && s.dated(own) && !otherDate(label(n.n)) {
		return byText
	}
	return 0
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
	if !ok {
		return normalize.Ambiguous(t, s.d.Language)
	}
	return precision != "year" || normalize.Relative(t, s.d.Language)
}

// mayBeDate is a cheap look before the real one: a year, numbers with signs
// between them, or words for how long ago.
func mayBeDate(t string) bool {
	if strings.Count(t, " ") > 9 && !strings.Contains(t, " | ") {
		return false
	}
	run, runs, digits := 0, 0, false
	for i := 0; i <= len(t); i++ {
		if i < len(t) && '0' <= t[i] && t[i] <= '9' {
			run++
			digits = true
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
	for _, w := range agoWords {
		if strings.Contains(t, w) {
			return true
		}
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
var agoWords = []string{"ago", "geleden", "vor ", "Vor ", "il y a", "Il y a", "hace ", "Hace ", "esterday", "isteren", "oday at"}

// otherDateWords stand beside dates other than that of writing.
var otherDateWords = []string{"join", "registr", "member", "lid sinds", "lid vanaf", "sinds", "since", "last online", "laatst", "last seen", "last edit", "edited", "gewijzigd",
	"bewerkt", "purchase", "bought", "gekocht", "aangekocht", "aankoop", "updated", "bijgewerkt", "copyright", "©", "mitglied", "inscri", "expire", "geldig", "levertijd", "besteld", "delivery"}

func otherDate(t string) bool {
	t = strings.ReplaceAll(strings.ToLower(t), "geplaatst", "") // which holds "laatst"
	for _, w := range otherDateWords {
		if strings.Contains(t, w) {
			return true
		}
	}
	return false
}

// inBody tells whether the nearest element with a class is one of body text,
// so that a date in it is part of what is written.
func (s *scan) inBody(i int32) bool {
	for up := 0; i >= 0 && up < 5; up++ {
		if n := &s.nodes[i]; n.name.shape != "" {
			return n.name.is(bodyTrait) && !n.name.is(dateTrait|authorTrait|personTrait|titleTrait|noiseTrait|listTrait|metaTrait)
		}
		i = s.nodes[i].parent
	}
	return false
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
	if namelike(s.texts[i].short) && (introduced(n.n) && !s.inBody(i) || labelled(n.n, authorLabels)) {
		return byText
	}
	if own := s.texts[i].short; own != "" && !s.inBody(i) && (byLine(own) != "" || namelike(own) && wrote(n.n)) {
		return byText - 1
	}
	if own := s.texts[i].short; own != "" && namelike(own) && (standsOut(n.n.DataAtom) && !heading(n.n.DataAtom) && s.beforeDate(i, own) || s.aroundDate(i, own)) {
		return byText - 2
	}
	if n.name.is(personTrait) && n.text <= 40 && (n.name.hint == noHint || n.name.part) && !n.name.is(dateTrait|noiseTrait|titleTrait) {
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
	if before == nil || before.Type != html.TextNode || len(before.Data) > shortText {
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
	label, ok := strings.CutSuffix(strings.ToLower(element.Text(p, 20)), ":")
	return ok && strings.Contains(labels, "|"+label+"|")
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
func profileLink(href string) bool {
	href = strings.ToLower(href)
	if len(href) > 300 {
		return false
	}
	for _, p := range []string{"/user/", "/users/", "/profile", "/profiel", "/member", "/leden/", "/lid/", "/u/", "/gebruiker", "/people/", "/author/", "/contrib/", "memberlist.php", "member.php", "profile.php", "action=profile", "user?id=", "userid=", "user_details", "/reviewer", "/mitglied"} {
		if strings.Contains(href, p) {
			return true
		}
	}
	return false
}

// byLines begin a text that names its writer.
var byLines = []string{"by ", "door ", "von ", "par ", "by: ", "door: ", "von: ", "par : ", "posted by ", "geschreven door ", "review by ", "review door ", "reviewed by ", "written by ", "geplaatst door ", "beoordeeld door ", "reactie van ", "comment from ", "comment by ", "kommentar von ", "commentaar van ", "reactie door ", "review van ", "recensie van ", "recensie door ", "beoordeling van "}

// byLine returns who a text says wrote it: "Door Jan op 3 mei" gives Jan.
func byLine(t string) string {
	if len(t) > shortText {
		return ""
	}
	lower := strings.ToLower(t)
	if len(lower) != len(t) {
		return ""
	}
	for _, p := range byLines {
		if !strings.HasPrefix(lower, p) {
			continue
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
