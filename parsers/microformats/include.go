package microformats

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxIncludes bounds the elements that may be read once more as parts of
// items that name them.
const maxIncludes = 1000

// include reads elements from elsewhere on the page that n names as parts of
// an item: by the include pattern of microformats 1
// (https://microformats.org/wiki/include-pattern), by the headers of a table
// cell, and by itemref where n is the item itself.
func (r *reader) include(n *html.Node, in *item) {
	ids := ""
	if in.node == n {
		ids = attr(n, "itemref")
		if n.DataAtom == atom.Td {
			ids += " " + attr(n, "headers")
		}
	} else if ref, _ := reference(n); strings.HasPrefix(ref, "#") {
		ids = ref[1:]
	}
	for id := range strings.FieldsSeq(ids) {
		if r.byID == nil {
			r.byID = map[string]*html.Node{}
			r.index(r.root)
		}
		if to := r.byID[id]; to != nil && !r.open[to] && r.includes < maxIncludes {
			r.includes++
			r.open[to] = true // it may name itself
			before := r.budget
			r.walk(to, in)
			r.budget -= 10 * (before - r.budget) // small parts are what this is for
			delete(r.open, to)
		}
	}
}

func (r *reader) index(n *html.Node) {
	if id := attr(n, "id"); id != "" && r.byID[id] == nil {
		r.byID[id] = n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.index(c)
	}
}
