// Package microformats reads the microformats of a page into mentions and
// items: reviews and their averages (h-review, h-review-aggregate, hReview,
// hreview-aggregate, also within products), and the posts, replies and
// comments of h-entry and h-cite.
//
// It has two layers: a parser of all microformats, 2 and 1, after
// https://microformats.org/wiki/microformats2-parsing, and an adapter that
// tells the reading of schema.org what reviews and posts they hold. It is not
// for people, addresses and events by themselves, nor for link relations.
package microformats

import (
	"net/url"

	"golang.org/x/net/html"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/schemaorg"
)

// Present tells cheaply whether a page can have microformats that hold
// mentions.
func Present(d *document.Document) bool { return d.Outline().Microformats }

// Parse returns what the page's microformats say.
func Parse(d *document.Document) document.Found {
	r := read(d.Root(), d.Base(), 4*len(d.Body)+1<<16)
	var roots []*schemaorg.Thing
	for _, it := range r.items {
		roots = append(roots, r.things(it, nil)...)
	}
	out := schemaorg.Read(d, roots, "microformats")
	if r.budget < 0 {
		out.Problems = append(out.Problems, mention.Problem{Where: "microformats", What: "properties nested in each other are too long; the rest is left out"})
	}
	return out
}

// read reads the microformats of a tree; budget bounds what that may cost, see
// reader.
func read(root *html.Node, base string, budget int) *reader {
	r := &reader{root: root, budget: budget, told: map[*item]bool{}, open: map[*html.Node]bool{}}
	if u, err := url.Parse(base); err == nil && u.IsAbs() {
		r.base = u
	}
	r.walk(root, nil)
	return r
}
