package blocks

import (
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/document"
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
	words *vocabulary
	// scratch is where nodes, sums and texts go back to.
	scratch *scratch
	texts   []ownText // directly in the elements
	// steps counts the elements that were looked at once more, for what stands
	// at the same place in many blocks.
	steps int
}

// maxSteps bounds that for pages built to cost much: of others it takes a few
// for each element.
const maxSteps = 1 << 22

// step tells whether one more element may be looked at.
func (s *scan) step() bool {
	s.steps++
	return s.steps <= maxSteps
}

// ownText is the text directly in an element: its length, and the text
// itself where it is short, with what that shows at first sight.
type ownText struct {
	length int32
	timely bool // may be a date, or hold one
	short  string
	glance glance
}

// shortText is how long a text may be that is kept as possible date or name.
const shortText = 80

// scratch is the room that scans take, used again for the next page.
type scratch struct {
	nodes []node
	texts []ownText
	sums  []sums
	// of and members are a reader's.
	of, members []int32
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// maxScratch is how many elements' room is kept.
const maxScratch = 1 << 15

// release gives the room back. Nothing of the scan may be used any more.
func (s *scan) release() {
	if cap(s.nodes) > maxScratch {
		return
	}
	clear(s.nodes) // nothing may keep the page
	clear(s.texts)
	s.scratch.nodes, s.scratch.texts, s.scratch.sums = s.nodes, s.texts, s.sums
	scratches.Put(s.scratch)
}

func newScan(d *document.Document, root *html.Node) *scan {
	s := &scan{d: d, words: vocabularies.Get().(*vocabulary)}
	defer vocabularies.Put(s.words)
	s.scratch = scratches.Get().(*scratch)
	s.nodes, s.texts = s.scratch.nodes[:0], s.scratch.texts[:0]
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
	entries := (*html.Node)(nil)
	switch n.DataAtom {
	case atom.Dl:
		entries = entriesOf(n)
	case atom.Tbody:
		entries = rowEntriesOf(n)
	}
	if entries != nil {
		first = entries
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
	var c called
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "class":
			c.class = a.Val
		case "id":
			c.id = stem(a.Val)
		case "itemprop":
			c.prop = a.Val
		case "data-hook", "data-test", "data-testid", "data-test-id", "data-automation", "data-qa", "data-e2e", "data-component":
			// Sites whose classes say nothing call things by name for their tests.
			if c.hook == "" {
				c.hook = stem(a.Val)
			}
		}
	}
	return s.words.name(c)
}

// judgeElements works out what each element shows, and the sums. Text in
// links, names, dates and noise is no prose.
func (s *scan) judgeElements() {
	s.sums = s.scratch.sums[:0]
	if cap(s.sums) <= len(s.nodes) {
		s.sums = make([]sums, 0, len(s.nodes)+len(s.nodes)/4+1)
	}
	s.sums = s.sums[:len(s.nodes)+1]
	s.sums[0] = sums{}
	quiet, link := int32(0), int32(0) // the first node after such a subtree
	for i := range s.nodes {
		n, at := &s.nodes[i], int32(i)
		t := s.sums[i]
		own := &s.texts[i]
		if own.short != "" {
			own.glance = glanceAt(own.short)
			own.timely = own.glance.timely(own.short)
		}
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
			if n.author == 0 && n.date == 0 {
				t.link += own.length
			}
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

// shortBody is how long a text is at most that is none by its name alone.
const shortBody = 40

// How plainly a date or author is shown.
const (
	byText  = 3 // in words
	byName  = 4 // an element called one
	byStamp = 5 // an element or attribute made for it
)

// inBody tells whether the nearest element with a class is one of body text,
// so that a date in it is part of what is written. An element with little in
// it is none: some programs call all that is not a heading a text.
func (s *scan) inBody(i int32) bool {
	for up := 0; i >= 0 && up < 5; up++ {
		if n := &s.nodes[i]; n.name.shape != "" {
			body := n.name.is(bodyTrait) && !n.name.is(dateTrait|authorTrait|personTrait|titleTrait|noiseTrait|listTrait|metaTrait)
			if body && up > 0 && len(n.name.units) > 0 && !n.name.is(partBodyTrait) {
				return false // the whole block
			}
			if !body || up > 0 || n.text > shortBody {
				return body
			}
		}
		i = s.nodes[i].parent
	}
	return false
}
