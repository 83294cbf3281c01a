package markup

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// void tells elements without an end tag.
func void(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Image, atom.Input, atom.Keygen, atom.Link, atom.Meta, atom.Param,
		atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// holdsHTML tells elements of drawings in which HTML may stand.
func holdsHTML(n *html.Node) bool {
	return n.Namespace == "svg" && (n.Data == "foreignObject" || n.Data == "desc" || n.Data == "title")
}

// ofHTML tells elements that end a drawing or formula they stand in.
func ofHTML(a atom.Atom) bool {
	switch a {
	case atom.B, atom.Big, atom.Blockquote, atom.Body, atom.Br, atom.Center, atom.Code, atom.Dd, atom.Div, atom.Dl, atom.Dt, atom.Em, atom.Embed,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Hr, atom.I, atom.Img, atom.Li, atom.Listing, atom.Menu, atom.Meta,
		atom.Nobr, atom.Ol, atom.P, atom.Pre, atom.Ruby, atom.S, atom.Small, atom.Span, atom.Strong, atom.Strike, atom.Sub, atom.Sup, atom.Table,
		atom.Tt, atom.U, atom.Ul, atom.Var:
		return true
	}
	return false
}

// tablePart tells elements in which only the parts of a table may stand.
func tablePart(a atom.Atom) bool {
	switch a {
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr:
		return true
	}
	return false
}

func (b *builder) popP() { b.popTo(b.lastOpen(plainScope, atom.P)) }

// popTo closes the open element number at and all in it; none if negative.
func (b *builder) popTo(at int) {
	if at > 2 {
		b.open = b.open[:at]
	}
}

// scope is which elements an element of a kind is not looked for beyond.
type scope uint8

const (
	noScope scope = iota
	plainScope
	listScope
	tableScope
	blockScope // nor beyond any block
)

// lastOpen returns the number of the innermost open element of some kinds, or
// -1 where none is open in the scope.
func (b *builder) lastOpen(s scope, of ...atom.Atom) int {
	for i := len(b.open) - 1; i > 2; i-- {
		a := b.open[i].DataAtom
		if b.open[i].Namespace != "" {
			a = 0
		}
		for _, x := range of {
			if a == x {
				return i
			}
		}
		if s.ends(a) {
			return -1
		}
	}
	return -1
}

func (s scope) ends(a atom.Atom) bool {
	switch a {
	case atom.Template:
		return s != noScope
	case atom.Table:
		return s != noScope
	case atom.Applet, atom.Caption, atom.Td, atom.Th, atom.Marquee, atom.Object:
		return s == plainScope || s == listScope || s == blockScope
	case atom.Button:
		return s == plainScope || s == blockScope
	case atom.Ul, atom.Ol, atom.Dl:
		return s == listScope || s == blockScope
	}
	return s == blockScope && (block(a) || heading(a) || a == atom.Li || a == atom.Dd || a == atom.Dt || tablePart(a))
}

// block tells elements that end a paragraph.
func block(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Center, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Fieldset,
		atom.Figcaption, atom.Figure, atom.Footer, atom.Form, atom.Header, atom.Hgroup, atom.Hr, atom.Listing, atom.Main, atom.Menu, atom.Nav, atom.Ol,
		atom.P, atom.Plaintext, atom.Pre, atom.Search, atom.Section, atom.Summary, atom.Table, atom.Ul, atom.Xmp:
		return true
	}
	return false
}

func formatting(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

// endless tells elements whose end tags are often left out, so that they
// cannot be counted.
func endless(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Li, atom.Dd, atom.Dt, atom.Option, atom.Optgroup, atom.Tr, atom.Td, atom.Th, atom.Tbody, atom.Thead, atom.Tfoot, atom.Colgroup:
		return true
	}
	return false
}
