package markup

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Tree is the tree of a page.
type Tree struct {
	Root *html.Node
	// Deep says that elements are nested deeper than maxOpen, so that some of
	// them were left out; Cut that the page has more than maxNodes, and was
	// read up to there.
	Deep, Cut bool
	// What the tree is made of, for Free.
	nodes []*nodeBlock
	attrs []*attrBlock
}

// Nodes and attributes are made a block at a time, and blocks are used again
// for the next page: a tree takes up ten times the room of its page, and would
// be most of the garbage of reading one.
type (
	nodeBlock [256]html.Node
	attrBlock [256]html.Attribute
)

var (
	nodeBlocks = sync.Pool{New: func() any { return new(nodeBlock) }}
	attrBlocks = sync.Pool{New: func() any { return new(attrBlock) }}
)

// Parse returns the tree of a page in UTF-8. It is that of html.Parse where
// the page is nested as it should be, and for what is not by and large: see
// loose.go. The cost is linear in the page, whatever is in it. The strings of
// the tree are parts of the page and keep it in memory.
func Parse(page string) *Tree {
	b := newBuilder(page)
	b.run()
	b.tree.Root = b.doc
	return &b.tree
}

func newBuilder(page string) *builder {
	b := &builder{z: NewScanner(page), doc: &html.Node{Type: html.DocumentNode}}
	b.open = append(b.stack[:0], b.doc)
	return b
}

// Free gives the memory of the tree back for other trees. None of its nodes
// may be used any more; their strings may.
func (t *Tree) Free() {
	for _, b := range t.nodes {
		clear(b[:]) // nothing may keep the page
		nodeBlocks.Put(b)
	}
	for _, b := range t.attrs {
		clear(b[:])
		attrBlocks.Put(b)
	}
	*t = Tree{}
}

// builder makes the tree of a page. This file is for tags that are nested as
// they should be, for which all the rules of
// https://html.spec.whatwg.org/multipage/parsing.html#tree-construction come
// down to: a start tag opens a child, an end tag closes it. At each tag for
// which they do not, loose.go goes on.
type builder struct {
	z    *Scanner
	doc  *html.Node
	open []*html.Node
	mode mode
	tree Tree
	// What is left of the last blocks.
	nodes []html.Node
	attrs []html.Attribute
	stack [maxOpen]*html.Node
	// head is the head element once it is closed; late holds elements whose
	// end tags came while others were open in them.
	head *html.Node
	late []*html.Node
	// lost counts the elements that are open and had no room among open; full
	// says that no more room can be made.
	lost int
	full bool
	// loose says that the tree may not be that of html.Parse.
	loose bool
}

// mode is how far the page has come.
type mode uint8

const (
	beforeHTML mode = iota
	beforeHead
	inHead
	afterHead
	inBody
	afterBody
	afterHTML
)

const (
	// maxOpen bounds the depth of the tree; html.Parse refuses deeper pages.
	maxOpen = 512
	// maxNodes bounds its size, at some 30 MB. Pages of sites have a node for
	// every 30 bytes; this is as many for pages of 7 MB.
	maxNodes = 250_000
	// maxAttrs bounds the attributes of one element.
	maxAttrs = 128
)

func (b *builder) run() {
	for len(b.tree.nodes)*len(nodeBlock{}) < maxNodes {
		switch kind := b.z.Next(); kind {
		case html.ErrorToken:
			b.begin(inBody)
			return
		case html.TextToken:
			b.text(b.z.Text())
		case html.CommentToken:
			b.comment()
		case html.DoctypeToken:
			b.doctype()
		case html.StartTagToken, html.SelfClosingTagToken:
			if a, closed := b.z.Atom(), kind == html.SelfClosingTagToken; !b.start(a, closed) {
				b.startLoose(a, closed)
			}
		case html.EndTagToken:
			if a := b.z.Atom(); !b.end(a) {
				b.endLoose(a)
			}
		}
	}
	b.tree.Cut, b.loose = true, true
}

func (b *builder) top() *html.Node { return b.open[len(b.open)-1] }

func (b *builder) pop() { b.open = b.open[:len(b.open)-1] }

// node makes a child of parent.
func (b *builder) node(parent *html.Node, kind html.NodeType, data string) *html.Node {
	if len(b.nodes) == 0 {
		block := nodeBlocks.Get().(*nodeBlock)
		b.tree.nodes = append(b.tree.nodes, block)
		b.nodes = block[:]
	}
	n := &b.nodes[0]
	b.nodes = b.nodes[1:]
	n.Type, n.Data = kind, data
	n.Parent, n.PrevSibling = parent, parent.LastChild
	if parent.LastChild != nil {
		parent.LastChild.NextSibling = n
	} else {
		parent.FirstChild = n
	}
	parent.LastChild = n
	return n
}

// element adds the element of the current tag to the open one.
func (b *builder) element() *html.Node {
	n := b.node(b.top(), html.ElementNode, b.z.Name())
	n.DataAtom = b.z.Atom()
	b.attributes(n)
	return n
}

// attributes gives n those of the current tag.
func (b *builder) attributes(n *html.Node) {
	count := b.z.Attributes()
	if count == 0 {
		return
	}
	if count > maxAttrs {
		count, b.loose = maxAttrs, true
	}
	if len(b.attrs) < count {
		block := attrBlocks.Get().(*attrBlock)
		b.tree.attrs = append(b.tree.attrs, block)
		b.attrs = block[:]
	}
	n.Attr, b.attrs = b.attrs[:count:count], b.attrs[count:]
	for i := range n.Attr {
		n.Attr[i].Key, n.Attr[i].Val = b.z.Attribute(i)
	}
}

// push adds the element of the current tag and opens it.
func (b *builder) push() bool {
	b.enter(b.element())
	return true
}

// enter opens an element.
func (b *builder) enter(n *html.Node) {
	if len(b.open) >= maxOpen && !b.makeRoom() {
		if !endless(n.DataAtom) {
			b.lost++
		}
		return
	}
	b.open = append(b.open, n)
}

// pushFormatting does so for elements whose attributes x/net sorts.
func (b *builder) pushFormatting() bool {
	n := b.element()
	if len(n.Attr) > 1 {
		slices.SortFunc(n.Attr, func(x, y html.Attribute) int { return strings.Compare(x.Key, y.Key) })
	}
	b.enter(n)
	return true
}

func blank(s string) bool { return strings.Trim(s, " \t\n\f") == "" }

func (b *builder) text(s string) {
	if !b.z.Plain() && strings.IndexByte(s, 0) >= 0 {
		s, b.loose = strings.ReplaceAll(s, "\x00", ""), true
	}
	if t := b.top(); b.mode != inBody && !rawText(t.DataAtom) && !blank(s) {
		b.loose = true
		b.begin(inBody)
	} else if b.mode <= beforeHead {
		return // left out
	}
	t := b.top()
	if t.FirstChild == nil && (t.DataAtom == atom.Pre || t.DataAtom == atom.Listing || t.DataAtom == atom.Textarea) {
		s = strings.TrimPrefix(s, "\n")
	}
	switch {
	case s == "":
	case tablePart(t.DataAtom) && !blank(s):
		b.loose = true
		b.foster(html.TextNode, s)
	default:
		b.addText(t, s)
	}
}

// addText adds a text at the end of parent, to the text that is there.
func (b *builder) addText(parent *html.Node, s string) {
	n := parent.LastChild
	if n == nil || n.Type != html.TextNode {
		b.node(parent, html.TextNode, s)
		return
	}
	if len(n.Data) > maxJoined {
		return
	}
	n.Data += s
}

// maxJoined bounds the text to which more is joined, as that copies it.
const maxJoined = 1 << 16

func (b *builder) comment() {
	parent := b.top()
	switch b.mode {
	case afterBody:
		parent = b.open[1]
	case afterHTML:
		parent = b.doc
	}
	b.node(parent, html.CommentNode, b.z.Text())
}

func (b *builder) doctype() {
	if b.mode != beforeHTML {
		return
	}
	name, rest, _ := strings.Cut(b.z.Text(), " ")
	b.loose = b.loose || rest != "" || name != "html" || b.doc.FirstChild != nil
	b.node(b.doc, html.DoctypeNode, lower(name))
}

func rawText(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Iframe, atom.Noscript:
		return true
	}
	return false
}

func (b *builder) start(a atom.Atom, closed bool) bool {
	switch b.mode {
	case beforeHTML, beforeHead:
		if a != [...]atom.Atom{beforeHTML: atom.Html, beforeHead: atom.Head}[b.mode] {
			return false
		}
		b.mode++
		return b.push()
	case inHead:
		switch a {
		case atom.Base, atom.Link, atom.Meta:
			b.element()
			return true
		case atom.Script, atom.Style, atom.Title, atom.Noscript:
			return b.push()
		}
		return false
	case afterHead:
		if a != atom.Body {
			return false
		}
		b.mode = inBody
		return b.push()
	case inBody:
		if a == atom.Svg || b.top().Namespace != "" {
			return b.startInSVG(closed)
		}
		if tablePart(b.top().DataAtom) {
			return false
		}
		return b.startInBody(a)
	}
	return false
}

// startInBody opens an element where that closes no others but a paragraph,
// a list item or an option directly around it.
func (b *builder) startInBody(a atom.Atom) bool {
	top := b.top().DataAtom
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Center, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Fieldset,
		atom.Figcaption, atom.Figure, atom.Footer, atom.Header, atom.Hgroup, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.P, atom.Search, atom.Section,
		atom.Summary, atom.Ul, atom.Pre, atom.Listing:
		return b.closeP() && b.push()
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return b.closeP() && !heading(b.top().DataAtom) && b.push()
	case atom.Form, atom.Button, atom.Select:
		return !b.isOpen(a) && (a != atom.Form || b.closeP()) && b.push()
	case atom.A:
		return !b.isOpen(a) && b.pushFormatting()
	case atom.Li:
		if top == a {
			b.pop()
		}
		return b.closeP() && !b.isOpenIn(atom.Li, atom.Li, atom.Ul, atom.Ol) && b.push()
	case atom.Dd, atom.Dt:
		if top == atom.Dd || top == atom.Dt {
			b.pop()
		}
		return b.closeP() && !b.isOpenIn(atom.Dd, atom.Dt, atom.Dl, atom.Dl) && b.push()
	case atom.Option, atom.Optgroup:
		if top == atom.Option && a == atom.Option {
			b.pop()
			top = b.top().DataAtom
		}
		return (top == atom.Select || top == atom.Optgroup && a == atom.Option) && b.push()
	case atom.Area, atom.Br, atom.Embed, atom.Img, atom.Wbr, atom.Base, atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track:
		b.element()
		return true
	case atom.Input, atom.Hr:
		if b.isOpen(atom.Select) || a == atom.Hr && !b.closeP() {
			return false
		}
		b.element()
		return true
	case atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return b.pushFormatting()
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Iframe, atom.Noscript:
		return b.push()
	}
	return ordinary(a) && b.push()
}

// ordinary tells whether the rules know nothing special about an element.
func ordinary(a atom.Atom) bool {
	switch a {
	case atom.Applet, atom.Basefont, atom.Bgsound, atom.Body, atom.Caption, atom.Col, atom.Colgroup, atom.Frame, atom.Frameset, atom.Head, atom.Html,
		atom.Image, atom.Keygen, atom.Marquee, atom.Math, atom.Nobr, atom.Noembed, atom.Noframes, atom.Object, atom.Plaintext, atom.Rb, atom.Rp, atom.Rt,
		atom.Rtc, atom.Svg, atom.Table, atom.Tbody, atom.Td, atom.Template, atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.Xmp:
		return false
	}
	return true
}

func heading(a atom.Atom) bool {
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// closeP closes a paragraph before a block; false where it is not the
// innermost element.
func (b *builder) closeP() bool {
	if b.top().DataAtom == atom.P {
		b.pop()
	}
	return !b.isOpen(atom.P)
}

func (b *builder) isOpen(a atom.Atom) bool {
	for i := len(b.open) - 1; i > 2; i-- {
		if b.open[i].DataAtom == a {
			return true
		}
	}
	return false
}

// isOpenIn tells whether one of two elements is open within the innermost of
// two others.
func (b *builder) isOpenIn(a, or, within, orWithin atom.Atom) bool {
	for i := len(b.open) - 1; i > 2; i-- {
		switch b.open[i].DataAtom {
		case a, or:
			return true
		case within, orWithin:
			return false
		}
	}
	return false
}

// end closes the innermost element where the tag is its own, and with a block
// what was left open in it.
func (b *builder) end(a atom.Atom) bool {
	t := b.top()
	switch {
	case b.mode == afterBody && a == atom.Html:
		b.mode = afterHTML
		return true
	case b.mode != inHead && b.mode != inBody || b.lost > 0:
		return false
	case a == atom.Body:
		b.loose = b.loose || t.DataAtom != a
		b.mode = afterBody
		return true
	}
	at := len(b.open) - 1
	for closesOthers(a) && t.DataAtom != a && t.Namespace == "" && at > 2 && closedBy(t.DataAtom, a) {
		at--
		t = b.open[at]
	}
	if t.Namespace == "" && (t.DataAtom != a || t.Data != b.z.Name()) || !strings.EqualFold(t.Data, b.z.Name()) {
		return false
	}
	b.open = b.open[:at]
	if a == atom.Head {
		b.head, b.mode = t, afterHead
	}
	return len(b.late) == 0 || b.endLate()
}

// closesOthers tells of which elements the end also ends what is open within.
func closesOthers(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Button, atom.Center, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl,
		atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Header, atom.Hgroup, atom.Li, atom.Listing, atom.Main, atom.Menu, atom.Nav, atom.Ol,
		atom.P, atom.Pre, atom.Search, atom.Section, atom.Select, atom.Summary, atom.Ul:
		return true
	}
	return false
}

// closedBy tells whether an open element just ends with one around it.
// Formatting would go on after it, forms are remembered, and selects, buttons
// and lists keep ends within.
func closedBy(open, by atom.Atom) bool {
	switch open {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U, atom.Form, atom.Select:
		return false
	case atom.Applet, atom.Caption, atom.Marquee, atom.Object, atom.Table, atom.Tbody, atom.Td, atom.Template, atom.Tfoot, atom.Th, atom.Thead, atom.Tr:
		return false
	case atom.Button:
		return by != atom.P
	case atom.Ul, atom.Ol:
		return by != atom.Li
	}
	return true
}
