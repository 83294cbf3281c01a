package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// This file is for tags that are not nested as they should be. It follows the
// standard's rules where they decide what is in what: elements that are
// implied or end others, ends that end several, tables and what has gone
// astray in them. It leaves out what only keeps fonts alive: formatting that
// is not closed ends with the block around it, where browsers would open it
// again in each that follows.

// begin implies what a page leaves out until it is in mode to.
func (b *builder) begin(to mode) {
	if b.mode == inHead && len(b.open) > 3 && b.open[3].DataAtom == atom.Template {
		return // what stands in it belongs to no part of the page
	}
	for b.mode < to {
		switch b.mode {
		case beforeHTML:
			b.imply(atom.Html)
		case beforeHead:
			b.imply(atom.Head)
		case inHead:
			b.head, b.open = b.open[2], b.open[:2]
		case afterHead:
			b.open = b.open[:2]
			b.imply(atom.Body)
		}
		b.mode++
		b.loose = true
	}
	if b.mode > inBody && to == inBody {
		b.mode = inBody
	}
}

// imply opens an element that has no tag.
func (b *builder) imply(a atom.Atom) {
	n := b.node(b.top(), html.ElementNode, a.String())
	n.DataAtom = a
	b.open = append(b.open, n)
}

func (b *builder) startLoose(a atom.Atom, closed bool) {
	b.loose = true
	switch a {
	case atom.Html, atom.Body:
		b.begin(map[atom.Atom]mode{atom.Html: beforeHead, atom.Body: inBody}[a])
		b.merge(a)
		return
	case atom.Head:
		b.begin(inHead)
		return
	case atom.Base, atom.Link, atom.Meta, atom.Script, atom.Style, atom.Title, atom.Noscript, atom.Template:
		if b.mode < inBody {
			b.startInHead(a)
			return
		}
	}
	b.begin(inBody)
	if b.top().Namespace != "" || a == atom.Svg || a == atom.Math {
		if b.startForeign(a, closed) {
			return
		}
	}
	switch a {
	case atom.Caption, atom.Col, atom.Colgroup, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr:
		b.startInTable(a)
		return
	}
	if tablePart(b.top().DataAtom) {
		switch a {
		case atom.Script, atom.Style, atom.Template:
			b.push()
		case atom.Form:
			b.element()
		case atom.Table:
			b.popTo(b.lastOpen(tableScope, atom.Table))
			b.startLoose(a, closed)
		default:
			b.pushFostered(a)
		}
		return
	}
	b.startAnywhere(a)
}

// merge gives the html or body element the attributes of another tag for it.
func (b *builder) merge(a atom.Atom) {
	for _, n := range b.open[:min(3, len(b.open))] {
		if n.DataAtom != a {
			continue
		}
		for i := range min(b.z.Attributes(), maxAttrs) {
			k, v := b.z.Attribute(i)
			if len(n.Attr) < maxAttrs && !slices.ContainsFunc(n.Attr, func(x html.Attribute) bool { return x.Key == k }) {
				n.Attr = append(n.Attr, html.Attribute{Key: k, Val: v})
			}
		}
	}
}

// startInHead puts an element of the head there, also when the head is closed.
func (b *builder) startInHead(a atom.Atom) {
	b.begin(inHead)
	parent := b.head
	if b.mode == inHead {
		parent = b.top()
	}
	n := b.node(parent, html.ElementNode, b.z.Name())
	n.DataAtom = a
	b.attributes(n)
	if !void(a) {
		b.enter(n)
	}
}

// startForeign opens an element within a drawing or a formula; false where the
// tag ends those.
func (b *builder) startForeign(a atom.Atom, closed bool) bool {
	space := b.top().Namespace
	switch {
	case a == atom.Svg:
		space = "svg"
	case a == atom.Math:
		space = "math"
	case space == "", holdsHTML(b.top()):
		return false
	case ofHTML(a):
		at := len(b.open) - 1
		for at > 2 && b.open[at].Namespace != "" && !holdsHTML(b.open[at]) {
			at--
		}
		b.open = b.open[:at+1]
		return false
	}
	b.draw(space, closed)
	return true
}

// foster adds a node that has no place in the open table before that.
func (b *builder) foster(kind html.NodeType, data string) *html.Node {
	at := b.lastOpen(tableScope, atom.Table)
	if at < 0 {
		return b.node(b.top(), kind, data)
	}
	table := b.open[at]
	n := b.node(table.Parent, kind, data)
	if before := table.PrevSibling; n.PrevSibling == table {
		n.PrevSibling, n.NextSibling = before, table
		table.PrevSibling, table.NextSibling = n, nil
		if before != nil {
			before.NextSibling = n
		} else {
			n.Parent.FirstChild = n
		}
		n.Parent.LastChild = table
	}
	return n
}

// pushFostered opens an element that has gone astray in a table.
func (b *builder) pushFostered(a atom.Atom) {
	n := b.foster(html.ElementNode, b.z.Name())
	n.DataAtom = a
	b.attributes(n)
	if !void(a) {
		b.enter(n)
	}
}

// startInTable opens a part of a table, and what has to be around it; outside
// of tables the tag is ignored.
func (b *builder) startInTable(a atom.Atom) {
	table := b.lastOpen(tableScope, atom.Table)
	if table < 0 {
		return
	}
	last := func(of ...atom.Atom) int {
		for i := len(b.open) - 1; i > table; i-- {
			if slices.Contains(of, b.open[i].DataAtom) {
				return i
			}
		}
		return table
	}
	switch a {
	case atom.Td, atom.Th:
		at := last(atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot)
		b.open = b.open[:at+1]
		if b.top().DataAtom == atom.Table {
			b.imply(atom.Tbody)
		}
		if b.top().DataAtom != atom.Tr {
			b.imply(atom.Tr)
		}
	case atom.Tr:
		b.open = b.open[:last(atom.Tbody, atom.Thead, atom.Tfoot)+1]
		if b.top().DataAtom == atom.Table {
			b.imply(atom.Tbody)
		}
	case atom.Col:
		b.open = b.open[:last(atom.Colgroup)+1]
		if b.top().DataAtom == atom.Table {
			b.imply(atom.Colgroup)
		}
		b.element()
		return
	default:
		b.open = b.open[:table+1]
	}
	b.push()
}

// startAnywhere opens an element of the body and ends what it ends.
func (b *builder) startAnywhere(a atom.Atom) {
	switch a {
	case atom.Frame, atom.Frameset, atom.Head:
		return
	case atom.Form:
		if b.lastOpen(noScope, atom.Form) > 0 {
			return
		}
		b.popP()
	case atom.Li:
		b.popTo(b.lastOpen(listScope, atom.Li))
		b.popP()
	case atom.Dd, atom.Dt:
		b.popTo(b.lastOpen(listScope, atom.Dd, atom.Dt))
		b.popP()
	case atom.Button:
		b.popTo(b.lastOpen(plainScope, atom.Button))
	case atom.A:
		b.endLink()
	case atom.Option, atom.Optgroup:
		if b.top().DataAtom == atom.Option {
			b.pop()
		}
	case atom.Select:
		if at := b.lastOpen(plainScope, atom.Select); at > 0 {
			b.popTo(at)
			return
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.popP()
		if heading(b.top().DataAtom) {
			b.pop()
		}
	case atom.Rb, atom.Rp, atom.Rt, atom.Rtc:
		if t := b.top().DataAtom; t == atom.Rb || t == atom.Rp || t == atom.Rt {
			b.pop()
		}
	default:
		if block(a) {
			b.popP()
		}
	}
	if void(a) {
		n := b.element()
		if a == atom.Image {
			n.DataAtom, n.Data = atom.Img, "img"
		}
		return
	}
	if formatting(a) {
		b.pushFormatting()
		return
	}
	b.push()
}

// endLink closes the open link before another begins; a block that is open in
// it goes on after it.
func (b *builder) endLink() {
	at := b.lastOpen(plainScope, atom.A)
	if at < 0 || at == len(b.open)-1 || b.lastOpen(blockScope, atom.A) == at {
		b.popTo(at)
		return
	}
	link, inner := b.open[at], b.open[at+1]
	if inner.Parent != link || link.Parent == nil {
		return
	}
	around := link.Parent
	link.RemoveChild(inner)
	around.InsertBefore(inner, link.NextSibling)
	b.open = slices.Delete(b.open, at, at+1)
	// What is in the block so far is in the link still.
	first := inner.FirstChild
	again := b.node(inner, html.ElementNode, link.Data)
	again.DataAtom, again.Attr = link.DataAtom, link.Attr
	for c := first; c != nil && c != again; c = inner.FirstChild {
		inner.RemoveChild(c)
		again.AppendChild(c)
	}
}

func (b *builder) endLoose(a atom.Atom) {
	b.loose = true
	if b.lost > 0 {
		if !endless(a) {
			b.lost--
		}
		return
	}
	if b.mode < inBody {
		switch {
		case b.mode == inHead && len(b.open) > 3, b.mode == afterHead && len(b.open) > 2:
			b.pop()
			return
		case a == atom.Head:
			b.begin(afterHead)
			return
		case a != atom.Body && a != atom.Html && a != atom.Br:
			return
		}
	}
	b.begin(inBody)
	if b.top().Namespace != "" && b.endForeign() {
		return
	}
	switch a {
	case atom.Body:
		b.mode = afterBody
	case atom.Html:
		b.mode = afterHTML
	case atom.Br:
		n := b.node(b.top(), html.ElementNode, "br")
		n.DataAtom = atom.Br
	case atom.P:
		if at := b.lastOpen(plainScope, a); at > 0 {
			b.popTo(at)
		} else {
			b.node(b.top(), html.ElementNode, "p").DataAtom = atom.P
		}
	case atom.Li, atom.Dd, atom.Dt:
		b.popTo(b.lastOpen(listScope, a))
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption, atom.Colgroup:
		b.popTo(b.lastOpen(tableScope, a))
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.popTo(b.lastOpen(plainScope, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6))
	case atom.Form:
		b.endForm()
	case 0:
		b.endNamed()
	default:
		b.endOrdinary(a)
	}
	b.endLate()
}

// endForm closes a form, and not what was left open in it.
func (b *builder) endForm() {
	at := b.lastOpen(noScope, atom.Form)
	switch {
	case at < 0:
	case at == len(b.open)-1:
		b.pop()
	default:
		b.open = slices.Delete(b.open, at, at+1)
	}
}

// endNamed closes an element that the standard does not know.
func (b *builder) endNamed() {
	for i := len(b.open) - 1; i > 2; i-- {
		n := b.open[i]
		if n.DataAtom == 0 && n.Data == b.z.Name() {
			b.popTo(i)
			return
		}
		if blockScope.ends(n.DataAtom) {
			return
		}
	}
}

// endOrdinary closes the innermost element of a kind. What is no block does
// not close blocks, but ends with the one that it is in the way of.
func (b *builder) endOrdinary(a atom.Atom) {
	s := blockScope
	switch a {
	case atom.Applet, atom.Button, atom.Marquee, atom.Object, atom.Select, atom.Template:
		s = plainScope
	default:
		if block(a) {
			s = plainScope
		}
	}
	if at := b.lastOpen(s, a); at > 0 {
		b.popTo(at)
		return
	}
	if s == blockScope && len(b.late) < 16 {
		if at := b.lastOpen(plainScope, a); at > 0 && !slices.Contains(b.late, b.open[at]) {
			b.late = append(b.late, b.open[at])
		}
	}
}

// endLate closes elements whose end tags have come before.
func (b *builder) endLate() bool {
	for len(b.open) > 3 && slices.Contains(b.late, b.top()) {
		b.pop()
	}
	b.late = slices.DeleteFunc(b.late, func(n *html.Node) bool { return !slices.Contains(b.open, n) })
	return true
}

// endForeign closes an element of a drawing or formula; false where the tag
// belongs to what is around them.
func (b *builder) endForeign() bool {
	for i := len(b.open) - 1; i > 2 && b.open[i].Namespace != ""; i-- {
		if strings.EqualFold(b.open[i].Data, b.z.Name()) {
			b.popTo(i)
			return true
		}
	}
	return false
}
