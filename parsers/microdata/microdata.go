// Package microdata reads the HTML microdata of a page into mentions and
// items, after https://html.spec.whatwg.org/multipage/microdata.html with the
// liberties that pages take: a content attribute on any element, and links
// used for what is no URL.
//
// It needs the DOM. Other syntaxes of attributes in the markup differ only in
// the attributes' names; see Read.
package microdata

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/schemaorg"
)

// Present tells cheaply whether a page can have microdata at all.
func Present(d *document.Document) bool {
	return d.Outline().Itemscope
}

// Parse returns what the page's microdata says.
func Parse(d *document.Document) document.Found { return Read(d, "microdata", attributes) }

// Read returns what a page says in a syntax whose attributes the function
// tells; parser is the syntax's name.
func Read(d *document.Document, parser string, attributes func(*html.Node) Attributes) document.Found {
	root := d.Root()
	r := reader{
		attributes: attributes,
		things:     map[*html.Node]*schemaorg.Thing{},
		attached:   map[*schemaorg.Thing]bool{},
		budget:     4*len(d.Body) + 1<<16,
	}
	r.walk(root, nil, "")
	r.references(root)
	roots := r.roots[:0]
	for _, t := range r.roots {
		if !r.attached[t] {
			roots = append(roots, t)
		}
	}
	out := schemaorg.Read(d, roots, parser)
	if r.budget < 0 {
		out.Problems = append(out.Problems, mention.Problem{Where: parser, What: "properties nested in each other are too long; the rest is left out"})
	}
	return out
}

type reader struct {
	attributes func(*html.Node) Attributes
	roots      []*schemaorg.Thing
	things     map[*html.Node]*schemaorg.Thing
	attached   map[*schemaorg.Thing]bool
	refs       []ref
	// budget is how many bytes of text and elements may still be read.
	// Properties nest and items refer to each other, so the same text may be
	// part of many.
	budget int
}

// ref is an itemref still to be followed.
type ref struct {
	thing *schemaorg.Thing
	ids   []string
}

// Attributes are what an element says in one of the syntaxes.
type Attributes struct {
	// Scope says that the element is an item; Type lists its types, ID is
	// its identifier, Refs the ids of further elements with its properties.
	Scope          bool
	Type, ID, Refs string
	// Prop lists the properties of the item around that the element gives,
	// Within those which the items directly within it give.
	Prop, Within string
	// Content is the value where an attribute gives it.
	Content    string
	HasContent bool
	// Anchor and Href are the attributes id and href.
	Anchor, Href string
}

func attributes(n *html.Node) Attributes {
	var m Attributes
	for i := range n.Attr {
		v := n.Attr[i].Val
		switch n.Attr[i].Key {
		case "itemscope":
			m.Scope = true
		case "itemprop":
			m.Prop = v
		case "itemtype":
			m.Type = v
		case "itemid":
			m.ID = strings.TrimSpace(v)
		case "itemref":
			m.Refs = v
		case "content":
			m.Content, m.HasContent = v, true
		case "id":
			m.Anchor = v
		case "href":
			m.Href = v
		}
	}
	return m
}

// walk adds the properties in n and below to the item they belong to; within
// are the properties that items give which name none.
func (r *reader) walk(n *html.Node, in *schemaorg.Thing, within string) {
	if r.budget < 0 {
		return
	}
	if n.Type == html.ElementNode {
		r.budget--
		m := r.attributes(n)
		switch {
		case m.Scope:
			own := m // what it says of itself where the element around names what it is
			if within != "" {
				m.Prop = within
			} else {
				own.Prop = ""
			}
			within = ""
			in = r.item(n, m, in)
			if in == nil {
				return
			}
			if own.Prop != "" {
				r.property(n, own, in)
			}
		case m.Prop != "" && in != nil:
			r.property(n, m, in)
		}
		if m.Within != "" {
			within = m.Within
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c, in, within)
	}
}

// item opens the item at n; nil when its content has been read before.
func (r *reader) item(n *html.Node, m Attributes, in *schemaorg.Thing) *schemaorg.Thing {
	t, seen := r.things[n]
	if !seen {
		t = &schemaorg.Thing{ID: m.ID, Anchor: m.Anchor}
		for typ := range strings.FieldsSeq(m.Type) {
			t.Types = append(t.Types, schemaorg.Bare(typ))
		}
		r.things[n] = t
		if m.Refs != "" {
			r.refs = append(r.refs, ref{t, strings.Fields(m.Refs)})
		}
	}
	if m.Prop != "" && in != nil && in != t {
		for name := range strings.FieldsSeq(m.Prop) {
			in.Add(schemaorg.Bare(name), schemaorg.Value{Thing: t})
		}
		r.attached[t] = true
	} else if !seen {
		r.roots = append(r.roots, t)
	}
	if seen {
		return nil
	}
	return t
}

func (r *reader) property(n *html.Node, m Attributes, in *schemaorg.Thing) {
	var v schemaorg.Value
	first := true
	for name := range strings.FieldsSeq(m.Prop) {
		name = schemaorg.Bare(name)
		if first {
			v, first = r.value(n, m, name), false
		}
		in.Add(name, v)
	}
}

// value is what the element says: by the standard's rules, except that
// content counts on any element, and that a link used for a name, a person
// or a brand gives its text.
func (r *reader) value(n *html.Node, m Attributes, name string) schemaorg.Value {
	if m.HasContent {
		return schemaorg.Value{Text: m.Content}
	}
	switch n.DataAtom {
	case atom.Meta:
		return schemaorg.Value{}
	case atom.Img, atom.Audio, atom.Embed, atom.Iframe, atom.Source, atom.Track, atom.Video:
		if strings.Contains(strings.ToLower(name), "rating") {
			return schemaorg.Value{Text: attr(n, "alt", "title")}
		}
		return schemaorg.Value{Text: attr(n, "src")}
	case atom.Object:
		return schemaorg.Value{Text: attr(n, "data")}
	case atom.Data, atom.Meter:
		if v := attr(n, "value"); v != "" {
			return schemaorg.Value{Text: v}
		}
	case atom.Time:
		if v := attr(n, "datetime"); v != "" {
			return schemaorg.Value{Text: v}
		}
	case atom.Link:
		return schemaorg.Value{Text: m.Href}
	case atom.A, atom.Area:
		return r.link(n, m, name)
	}
	return schemaorg.Value{Text: r.text(n)}
}

func (r *reader) link(n *html.Node, m Attributes, name string) schemaorg.Value {
	switch name {
	case "author", "creator", "reviewer", "brand", "manufacturer", "publisher", "itemReviewed":
		if text := r.text(n); text != "" {
			t := &schemaorg.Thing{}
			t.Add("name", schemaorg.Value{Text: text})
			t.Add("url", schemaorg.Value{Text: m.Href})
			return schemaorg.Value{Thing: t}
		}
	case "name", "headline", "text", "description", "reviewBody", "ratingValue", "reviewCount", "ratingCount", "datePublished", "dateCreated":
		if text := r.text(n); text != "" {
			return schemaorg.Value{Text: text}
		}
	}
	return schemaorg.Value{Text: m.Href}
}

// text returns the text of an element while the budget lasts.
func (r *reader) text(n *html.Node) string {
	if r.budget < 0 {
		return ""
	}
	s := normalize.Node(n)
	r.budget -= len(s) + 30 // what reading it costs at least
	return s
}

func attr(n *html.Node, names ...string) string {
	for _, name := range names {
		for _, a := range n.Attr {
			if a.Key == name && a.Val != "" {
				return a.Val
			}
		}
	}
	return ""
}

// maxRefs bounds the elements that itemref may add to items.
const maxRefs = 1000

// references adds the properties of the elements that items name by itemref.
func (r *reader) references(root *html.Node) {
	if len(r.refs) == 0 {
		return
	}
	byID := map[string]*html.Node{}
	index(root, byID)
	followed := 0
	for i := 0; i < len(r.refs); i++ { // following one may meet others
		for _, id := range r.refs[i].ids {
			n := byID[id]
			if n == nil || followed >= maxRefs {
				continue
			}
			followed++
			r.walk(n, r.refs[i].thing, "")
		}
	}
}

func index(n *html.Node, byID map[string]*html.Node) {
	if n.Type == html.ElementNode {
		for _, a := range n.Attr {
			if a.Key == "id" {
				if _, ok := byID[a.Val]; !ok {
					byID[a.Val] = n
				}
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		index(c, byID)
	}
}
