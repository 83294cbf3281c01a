package document

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Outline is what a page tells without a DOM: one pass of the tokenizer
// collects it for all who need it.
type Outline struct {
	// LD holds the contents of the JSON-LD scripts.
	LD [][]byte
	// Anchors are the a, area and link elements that lead somewhere.
	Anchors []Anchor
	// Metas are the meta elements that have a name and a content.
	Metas []Meta
	// Title is the text of the title element, as written.
	Title string
	// Password says that the page has a password field.
	Password bool
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
			s := scanner{z: html.NewTokenizer(bytes.NewReader(d.Body)), out: d.outline}
			s.run()
		}
	}
	return d.outline
}

type scanner struct {
	z      *html.Tokenizer
	out    *Outline
	anchor int // 1-based index of the open anchor, 0 for none
	list   int // depth of list-like elements
	nav    int
}

func (s *scanner) run() {
	for {
		switch s.z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			s.text()
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := s.z.TagName()
			s.start(atom.Lookup(name), more)
		case html.EndTagToken:
			name, _ := s.z.TagName()
			s.end(atom.Lookup(name))
		}
	}
}

func (s *scanner) start(a atom.Atom, more bool) {
	switch a {
	case atom.A, atom.Area, atom.Link:
		if more {
			s.addAnchor(a)
		}
	case atom.Script:
		s.script(more)
	case atom.Meta:
		s.meta(more)
	case atom.Title:
		if s.out.Title == "" && s.z.Next() == html.TextToken {
			s.out.Title = string(s.z.Text())
		}
	case atom.Input:
		s.input(more)
	case atom.Li, atom.Article, atom.Td, atom.H2, atom.H3, atom.H4:
		s.list++
	case atom.Nav, atom.Header, atom.Footer:
		s.nav++
	}
}

func (s *scanner) end(a atom.Atom) {
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
	s.attrs(func(k, v []byte) {
		switch string(k) {
		case "href":
			n.Href = string(v)
		case "rel":
			n.Rel = strings.ToLower(string(v))
		case "type":
			n.Type = string(v)
		case "class":
			n.Class = string(v)
		case "itemprop":
			n.ItemProp = string(v)
		case "aria-label":
			n.Label = string(v)
		case "title":
			title = string(v)
		}
	})
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

// attrs visits the attributes of the current tag.
func (s *scanner) attrs(visit func(k, v []byte)) {
	for more := true; more; {
		var k, v []byte
		k, v, more = s.z.TagAttr()
		visit(k, v)
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
	t := bytes.TrimSpace(s.z.Text())
	if len(t) == 0 {
		return
	}
	if n.Text != "" {
		n.Text += " "
	}
	n.Text += strings.ToValidUTF8(string(t[:min(len(t), maxLabel)]), "")
}

func (s *scanner) script(more bool) {
	ld := false
	if more {
		s.attrs(func(k, v []byte) {
			if string(k) == "type" {
				mt, _, _ := bytes.Cut(v, []byte(";"))
				ld = bytes.EqualFold(bytes.TrimSpace(mt), []byte("application/ld+json"))
			}
		})
	}
	if !ld {
		return
	}
	if s.z.Next() == html.TextToken {
		s.out.LD = append(s.out.LD, bytes.Clone(s.z.Raw()))
	}
}

func (s *scanner) meta(more bool) {
	var m Meta
	if more {
		s.attrs(func(k, v []byte) {
			switch string(k) {
			case "name", "property", "http-equiv":
				if m.Name == "" {
					m.Name = strings.ToLower(string(bytes.TrimSpace(v)))
				}
			case "content":
				m.Content = string(v)
			}
		})
	}
	if m.Name != "" && m.Content != "" && len(s.out.Metas) < maxAnchors {
		s.out.Metas = append(s.out.Metas, m)
	}
}

func (s *scanner) input(more bool) {
	if !more {
		return
	}
	s.attrs(func(k, v []byte) {
		if string(k) == "type" && bytes.EqualFold(v, []byte("password")) {
			s.out.Password = true
		}
	})
}
