// Package jsonld reads the JSON-LD scripts of a page, or a page that is JSON-LD
// itself, into mentions and items.
//
// It takes JSON-LD as pages write it, not as https://www.w3.org/TR/json-ld11/
// would have it: contexts are taken for schema.org, and JSON that a strict
// reader refuses is read as far as it makes sense. It is not for JSON APIs.
package jsonld

import (
	"bytes"
	"fmt"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/schemaorg"
)

// words are what at least one block must contain for the page's blocks to be
// worth reading; they are parts of type and property names.
var words = []string{"eview", "ating", "omment", "Posting", "Question", "Product", "Business", "Book", "Movie", "Hotel", "Restaurant", "Application",
	"Vehicle", "Recipe", "Course", "Event", "Game", "Series"}

// Present tells cheaply whether a page can have JSON-LD of schema.org.
func Present(d *document.Document) bool {
	return d.IsHTML() || d.IsJSON() && bytes.Contains(d.Body, []byte(`"@context"`)) && bytes.Contains(d.Body, []byte("schema.org"))
}

// Parse returns what the page's JSON-LD says. References by @id resolve
// across all blocks of the page.
func Parse(d *document.Document) document.Found {
	blocks := d.Outline().LD
	if d.IsJSON() {
		blocks = []string{string(d.Body)}
	}
	if !worthwhile(blocks) {
		return document.Found{}
	}
	var roots []*schemaorg.Thing
	var problems []mention.Problem
	for i, b := range blocks {
		things, fault := decode(b)
		roots = append(roots, things...)
		if fault != "" {
			problems = append(problems, mention.Problem{Where: fmt.Sprintf("jsonld: block %d", i+1), What: fault})
		}
	}
	out := schemaorg.Read(d, roots, "jsonld")
	out.Problems = problems
	return out
}

func worthwhile(blocks []string) bool {
	for _, b := range blocks {
		for _, w := range words {
			if strings.Contains(b, w) {
				return true
			}
		}
	}
	return false
}
