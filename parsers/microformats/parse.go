package microformats

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// reader reads the microformats of a tree after
// https://microformats.org/wiki/microformats2-parsing
type reader struct {
	base  *url.URL // what references resolve against; nil when unknown
	items []*item
	told  map[*item]bool // by the adapter
	// What is read for several items: all elements by their id, those being
	// read, how many have been.
	root     *html.Node
	byID     map[string]*html.Node
	open     map[*html.Node]bool
	includes int
	// budget is how many bytes of text and elements may still be read.
	// Properties nest, so the same text may be part of many.
	budget int
}

// walk reads n and what is below it, as part of the item around it.
func (r *reader) walk(n *html.Node, in *item) {
	if r.budget < 0 || n.DataAtom == atom.Template {
		return
	}
	if n.Type == html.ElementNode {
		r.budget--
		if next, whole := r.element(n, in); !whole {
			in = next
		} else {
			return
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c, in)
	}
}

// element reads an element; it returns the item that its children belong to,
// or that they have been read.
func (r *reader) element(n *html.Node, in *item) (next *item, whole bool) {
	classes := classesOf(n)
	if len(classes) == 0 && (in == nil || !in.classic) {
		return in, false
	}
	types, classic := roots(classes)
	var claims []claim
	if in != nil {
		claims = in.claims(n, classes)
		if len(types) == 0 && in.is("h-review", "h-review-aggregate") && slices.Contains(claims, claim{"p", "item"}) && in.classic {
			types, classic = []string{"h-item"}, true
		}
	}
	if in != nil && in.classic && len(types) == 0 && slices.Contains(classes, "include") {
		r.include(n, in)
	}
	if len(types) > 0 {
		r.item(n, &item{types: types, classic: classic, id: attr(n, "id"), node: n}, in, claims)
		return nil, true
	}
	r.claim(n, in, claims, nil)
	return in, false
}

// item reads a microformat and gives it to the one around it.
func (r *reader) item(n *html.Node, it, in *item, claims []claim) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c, it)
	}
	if it.classic {
		r.include(n, it)
	} else {
		r.imply(it)
	}
	switch {
	case in == nil:
		r.items = append(r.items, it)
		return
	case len(claims) == 0:
		in.children = append(in.children, it)
	default:
		r.claim(n, in, claims, it)
	}
	in.nested = true
}

// claim adds the properties that an element gives; nested is the microformat
// that it is, if any.
func (r *reader) claim(n *html.Node, in *item, claims []claim, nested *item) {
	read := map[string]value{} // by prefix: an element may give a thousand
	for _, c := range claims {
		v, ok := read[c.prefix]
		if !ok {
			v = r.value(n, in, c, nested)
			read[c.prefix] = v
		}
		switch c.prefix {
		case "p", "e":
			in.hasText = true
		case "u":
			in.hasURL = true
		}
		if c.prefix == "p" && c.name == "category" && in.classic && nested == nil && n.DataAtom == atom.A && !hasClass(n, "category") {
			v = value{text: tag(attr(n, "href"))}
		}
		in.add(c.name, v)
	}
}

// tag is the last part of a rel-tag's path: the tag itself.
func tag(href string) string {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return ""
	}
	return path.Base(strings.TrimRight(u.Path, "/"))
}

func (r *reader) value(n *html.Node, in *item, c claim, nested *item) value {
	var v value
	of := in // whose properties are not part of the value
	if nested != nil {
		of = nested
	}
	switch c.prefix {
	case "p":
		v = r.standing(n, of, "p", "name")
	case "u":
		v = r.standing(n, of, "u", "url")
		v.hasAlt = v.hasAlt && !in.classic // they know no such thing
	case "dt":
		v.text = r.date(n, in)
	case "e":
		v = value{text: r.text(n, true), node: n}
	}
	v.prefix, v.item, v.from = c.prefix, nested, n
	return v
}

// standing is the property of a microformat that stands for it, else what its
// element says.
func (r *reader) standing(n *html.Node, of *item, prefix, name string) value {
	if of.node == n {
		if v, ok := of.stated(prefix, name); ok {
			return value{text: v.text, alt: v.alt, hasAlt: v.hasAlt}
		}
	}
	if prefix == "u" {
		return r.url(n, of)
	}
	return r.plain(n, of)
}

// plain reads a p-*.
func (r *reader) plain(n *html.Node, in *item) value {
	if parts := r.valueClass(n, in, false); parts != nil {
		return value{text: strings.Join(parts, "")}
	}
	if s, ok := stated(n); ok {
		return value{text: s}
	}
	return value{text: r.text(n, true), node: n}
}

// stated is the text that an element gives in an attribute.
func stated(n *html.Node) (string, bool) {
	switch n.DataAtom {
	case atom.Abbr, atom.Link:
		return lookup(n, "title")
	case atom.Data, atom.Input:
		return lookup(n, "value")
	case atom.Img, atom.Area:
		return lookup(n, "alt")
	}
	return "", false
}

// url reads a u-*.
func (r *reader) url(n *html.Node, in *item) value {
	if ref, ok := reference(n); ok {
		v := value{text: r.abs(ref)}
		if n.DataAtom == atom.Img {
			v.alt, v.hasAlt = lookup(n, "alt")
		}
		return v
	}
	if parts := r.valueClass(n, in, false); parts != nil {
		return value{text: r.abs(strings.Join(parts, ""))}
	}
	if n.DataAtom != atom.Img && n.DataAtom != atom.Area {
		if s, ok := stated(n); ok {
			return value{text: r.abs(s)}
		}
	}
	return value{text: r.abs(r.text(n, true))}
}

// reference is the address that an element leads to.
func reference(n *html.Node) (string, bool) {
	switch n.DataAtom {
	case atom.A, atom.Area, atom.Link:
		return lookup(n, "href")
	case atom.Img, atom.Audio, atom.Source, atom.Iframe:
		return lookup(n, "src")
	case atom.Video:
		if s, ok := lookup(n, "src"); ok {
			return s, true
		}
		return lookup(n, "poster")
	case atom.Object:
		return lookup(n, "data")
	}
	return "", false
}

// abs resolves a reference as the standard wants it: no more canonical than
// it is written.
func (r *reader) abs(ref string) string {
	ref = strings.TrimSpace(ref)
	if r.base == nil {
		return ref
	}
	u, err := r.base.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// text is the text of an element: images stand for their alt, and with
// sources for their address.
func (r *reader) text(n *html.Node, sources bool) string {
	if r.budget < 0 {
		return ""
	}
	var b strings.Builder
	r.writeText(&b, n, sources)
	r.budget -= b.Len() + 30 // what reading it costs at least
	return strings.TrimSpace(b.String())
}

func (r *reader) writeText(b *strings.Builder, n *html.Node, sources bool) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
		if c.Type != html.ElementNode {
			continue
		}
		r.budget--
		switch c.DataAtom {
		case atom.Script, atom.Style, atom.Template:
		case atom.Img:
			if alt, ok := lookup(c, "alt"); ok {
				b.WriteString(alt)
			} else if src, ok := lookup(c, "src"); ok && sources {
				b.WriteString(" " + r.abs(src) + " ")
			}
		default:
			r.writeText(b, c, sources)
		}
	}
}

// valueClass returns the parts of a value that is given by elements within,
// after https://microformats.org/wiki/value-class-pattern; nil where it is
// not.
func (r *reader) valueClass(n *html.Node, in *item, date bool) []string {
	var out []string
	for c := n.FirstChild; c != nil && r.budget >= 0; c = c.NextSibling {
		if c.Type != html.ElementNode || c.DataAtom == atom.Template {
			continue
		}
		r.budget--
		classes := classesOf(c)
		switch {
		case slices.Contains(classes, "value-title"):
			out = append(out, attr(c, "title"))
		case slices.Contains(classes, "value"):
			s, ok := stated(c)
			if date && !ok {
				s, ok = datetime(c)
			}
			if !ok {
				s = r.text(c, false)
			}
			out = append(out, s)
		case len(in.claims(c, classes)) == 0 && !isRoot(c):
			out = append(out, r.valueClass(c, in, date)...)
		}
	}
	return out
}
