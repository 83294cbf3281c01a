package microformats

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// imply adds the properties that an item of microformats 2 has without saying
// so.
func (r *reader) imply(it *item) {
	if it.values("name") == nil && !it.hasText && !it.nested {
		it.add("name", value{prefix: "p", text: r.impliedName(it.node)})
	}
	if it.hasURL || it.nested {
		return
	}
	if it.values("photo") == nil {
		if n := implied(it.node, photo); n != nil {
			it.add("photo", r.impliedURL(n, it))
		}
	}
	if it.values("url") == nil {
		if n := implied(it.node, link); n != nil {
			it.add("url", r.impliedURL(n, it))
		}
	}
}

func (r *reader) impliedURL(n *html.Node, it *item) value {
	v := r.url(n, it)
	v.prefix = "u"
	return v
}

// impliedName is what the root says in an attribute, or an only child or
// grandchild does, else the text.
func (r *reader) impliedName(root *html.Node) string {
	n := root
	for depth := 0; n != nil && depth < 3; depth++ {
		if depth > 0 && isRoot(n) {
			break
		}
		if n.DataAtom == atom.Img || n.DataAtom == atom.Area || n.DataAtom == atom.Abbr {
			if s, ok := stated(n); ok && (depth == 0 || s != "") {
				return strings.TrimSpace(s)
			}
		}
		n = onlyChild(n)
	}
	return r.text(root, false)
}

// photo and link tell whether an element can be an implied photo or url.
func photo(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Img:
		_, ok := lookup(n, "src")
		return ok
	case atom.Object:
		_, ok := lookup(n, "data")
		return ok
	}
	return false
}

func link(n *html.Node) bool {
	_, ok := lookup(n, "href")
	return ok && (n.DataAtom == atom.A || n.DataAtom == atom.Area)
}

// implied returns the element that stands for an item's photo or url: the
// root, else the only one of its kind in it, else in the root's only child.
func implied(root *html.Node, fits func(*html.Node) bool) *html.Node {
	if fits(root) {
		return root
	}
	if n := onlyOfType(root, fits); n != nil {
		return n
	}
	if only := onlyChild(root); only != nil && !isRoot(only) {
		return onlyOfType(only, fits)
	}
	return nil
}

func isRoot(n *html.Node) bool {
	types, _ := roots(classesOf(n))
	return len(types) > 0
}

// onlyChild returns the only element in n.
func onlyChild(n *html.Node) *html.Node {
	var only *html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			if only != nil {
				return nil
			}
			only = c
		}
	}
	return only
}

// onlyOfType returns the child of n that fits and is the only element of its
// name.
func onlyOfType(n *html.Node, fits func(*html.Node) bool) *html.Node {
	count := map[atom.Atom]int{}
	var first *html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		count[c.DataAtom]++
		if first == nil && fits(c) && !isRoot(c) {
			first = c
		}
	}
	if first == nil || count[first.DataAtom] > 1 {
		return nil
	}
	return first
}
