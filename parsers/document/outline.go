package document

import (
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/markup"
)

// Outline is what a page tells without a DOM: one pass of the tokenizer
// collects it for all who need it.
type Outline struct {
	// LD holds the contents of the JSON-LD scripts.
	LD []string
	// Anchors are the a, area and link elements that lead somewhere.
	Anchors []Anchor
	// Metas are the meta elements that have a name and a content.
	Metas []Meta
	// Title is the text of the title element, as written.
	Title string
	// Password says that the page has a password field.
	Password bool
	// Itemscope, Typeof and Property say that a tag has such an attribute.
	Itemscope, Typeof, Property bool
	// Microformats says that a tag has the class of a microformat that holds
	// a review, a post or a comment.
	Microformats bool
	// Deep says that elements seem to be nested deeper than a DOM may be.
	Deep bool
	// kept is where the room of Anchors goes back to.
	kept *[]Anchor
}

// anchorLists are the rooms for anchors, used again for the next page: anchors
// are most of an outline.
var anchorLists = sync.Pool{New: func() any { return new([]Anchor) }}

// maxKept is how many anchors' room is kept.
const maxKept = 1 << 11

// free gives the room of the anchors back. They must not be used any more.
func (o *Outline) free() {
	if o.kept == nil || cap(o.Anchors) > maxKept {
		return
	}
	clear(o.Anchors) // nothing may keep the page
	*o.kept = o.Anchors[:0]
	anchorLists.Put(o.kept)
	o.Anchors, o.kept = nil, nil
}

// Anchor is an element that leads somewhere; values are as written, entities
// undone.
type Anchor struct {
	// Element is "a", "area" or "link".
	Element string
	Href    string
	// Rel, Type, Class and ItemProp are the attributes, Rel in lower case.
	Rel, Type, Class, ItemProp string
	// Label is aria-label, else title; Text the beginning of the text.
	Label, Text string
	// List says that the element stands in a list or table cell, an article
	// or a heading; Nav in a nav, header or footer element.
	List, Nav bool
}

// Meta is a meta element; Name is its name, property or http-equiv in lower
// case.
type Meta struct{ Name, Content string }

// maxAnchors bounds what one page can make us keep; maxLabel is how much of
// an anchor's text is of interest.
const (
	maxAnchors = 10000
	maxLabel   = 80
)

// Outline returns the page's outline, made on first use; it is empty for
// what is not HTML.
func (d *Document) Outline() *Outline {
	if d.outline == nil {
		d.outline = &Outline{}
		if d.IsHTML() {
			d.outline.kept = anchorLists.Get().(*[]Anchor)
			d.outline.Anchors = (*d.outline.kept)[:0]
			s := scanner{z: markup.NewScanner(d.source()), out: d.outline}
			s.run()
		}
	}
	return d.outline
}

type scanner struct {
	z      *markup.Scanner
	out    *Outline
	anchor int // 1-based index of the open anchor, 0 for none
	list   int // depth of list-like elements
	nav    int
	depth  int // of elements whose end tags nobody leaves out
}

// manyOpen is from how many open elements on a page may be too deep; tags that
// are nested wrongly make the count inexact.
const manyOpen = 400

func (s *scanner) run() {
	for {
		switch s.z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			s.text()
		case html.StartTagToken, html.SelfClosingTagToken:
			s.start(s.z.Atom())
		case html.EndTagToken:
			s.end(s.z.Atom())
		}
	}
}

func (s *scanner) start(a atom.Atom) {
	for i := range s.z.Attributes() {
		switch s.z.Key(i) {
		case "itemscope":
			s.out.Itemscope = true
		case "typeof":
			s.out.Typeof = true
		case "property":
			s.out.Property = true
		case "class":
			s.out.Microformats = s.out.Microformats || s.microformat(i)
		}
	}
	if counted(a) {
		s.depth++
		s.out.Deep = s.out.Deep || s.depth > manyOpen
	}
	switch a {
	case atom.A, atom.Area, atom.Link:
		if s.z.Attributes() > 0 {
			s.addAnchor(a)
		}
	case atom.Script:
		s.script()
	case atom.Meta:
		s.meta()
	case atom.Title:
		if s.out.Title == "" && s.z.Next() == html.TextToken {
			s.out.Title = s.z.Text()
		}
	case atom.Input:
		s.input()
	case atom.Li, atom.Article, atom.Td, atom.H2, atom.H3, atom.H4:
		s.list++
	case atom.Nav, atom.Header, atom.Footer:
		s.nav++
	}
}

// microformat tells whether attribute i, a class, is of such a microformat.
// Roots of microformats 1 that hold none by themselves are on too many pages to
// count.
func (s *scanner) microformat(i int) bool {
	_, v := s.z.Attribute(i)
	// Most classes have no "h" at all.
	if at := strings.IndexByte(v, 'h'); at < 0 || !strings.Contains(v[at:], "review") && !strings.Contains(v[at:], "h-") {
		return false
	}
	for class := range strings.FieldsSeq(v) {
		switch class {
		case "h-review", "h-review-aggregate", "h-entry", "h-cite", "hreview", "hreview-aggregate":
			return true
		}
	}
	return false
}

// counted tells the elements that make pages deep.
func counted(a atom.Atom) bool {
	switch a {
	case atom.Div, atom.Span, atom.Section, atom.Article, atom.Ul, atom.Ol, atom.Table, atom.Blockquote, atom.B, atom.I, atom.Em, atom.Strong, atom.Font, atom.Center:
		return true
	}
	return false
}

func (s *scanner) end(a atom.Atom) {
	if counted(a) {
		s.depth = max(0, s.depth-1)
	}
	switch a {
	case atom.A:
		s.anchor = 0
	case atom.Li, atom.Article, atom.Td, atom.H2, atom.H3, atom.H4:
		s.list = max(0, s.list-1)
	case atom.Nav, atom.Header, atom.Footer:
		s.nav = max(0, s.nav-1)
	}
}

func (s *scanner) addAnchor(a atom.Atom) {
	s.anchor = 0
	if len(s.out.Anchors) >= maxAnchors {
		return
	}
	n := Anchor{Element: a.String(), List: s.list > 0, Nav: s.nav > 0}
	title := ""
	for i := range s.z.Attributes() {
		switch k, v := s.z.Attribute(i); k {
		case "href":
			n.Href = v
		case "rel":
			n.Rel = strings.ToLower(v)
		case "type":
			n.Type = v
		case "class":
			n.Class = v
		case "itemprop":
			n.ItemProp = v
		case "aria-label":
			n.Label = v
		case "title":
			title = v
		}
	}
	if n.Href == "" {
		return
	}
	if n.Label == "" {
		n.Label = title
	}
	s.out.Anchors = append(s.out.Anchors, n)
	if a == atom.A {
		s.anchor = len(s.out.Anchors)
	}
}

func (s *scanner) text() {
	if s.anchor == 0 {
		return
	}
	n := &s.out.Anchors[s.anchor-1]
	if len(n.Text) >= maxLabel {
		return
	}
	t := strings.TrimSpace(s.z.Text())
	if t == "" {
		return
	}
	if n.Text != "" {
		n.Text += " "
	}
	n.Text += strings.ToValidUTF8(t[:min(len(t), maxLabel)], "")
}

func (s *scanner) script() {
	ld := false
	for i := range s.z.Attributes() {
		if k, v := s.z.Attribute(i); k == "type" {
			mt, _, _ := strings.Cut(v, ";")
			ld = strings.EqualFold(strings.TrimSpace(mt), "application/ld+json")
		}
	}
	if ld && s.z.Next() == html.TextToken {
		s.out.LD = append(s.out.LD, s.z.Raw())
	}
}

func (s *scanner) meta() {
	var m Meta
	for i := range s.z.Attributes() {
		switch k, v := s.z.Attribute(i); k {
		case "name", "property", "http-equiv":
			if m.Name == "" {
				m.Name = strings.ToLower(strings.TrimSpace(v))
			}
		case "content":
			m.Content = v
		}
	}
	if m.Name != "" && m.Content != "" && len(s.out.Metas) < maxAnchors {
		s.out.Metas = append(s.out.Metas, m)
	}
}

func (s *scanner) input() {
	for i := range s.z.Attributes() {
		if k, v := s.z.Attribute(i); k == "type" && strings.EqualFold(v, "password") {
			s.out.Password = true
		}
	}
}
