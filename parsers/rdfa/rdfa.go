// Package rdfa reads the RDFa Lite of a page (https://www.w3.org/TR/rdfa-lite/)
// into mentions and items.
//
// Vocabularies and prefixes are taken for schema.org, as pages mean them; of
// RDFa 1.0 the rel attribute is read where it has a prefix. It is not for RDF, nor for the Open Graph properties that stand in a page's
// head without a type.
package rdfa

import (
	"strings"

	"golang.org/x/net/html"

	"klank/parsers/document"
	"klank/parsers/microdata"
)

// Present tells cheaply whether a page can have RDFa with types at all.
func Present(d *document.Document) bool {
	return d.Outline().Typeof && d.Outline().Property
}

// Parse returns what the page's RDFa says.
func Parse(d *document.Document) document.Found { return microdata.Read(d, "rdfa", attributes) }

func attributes(n *html.Node) microdata.Attributes {
	var m microdata.Attributes
	resource, rel := "", ""
	for i := range n.Attr {
		v := n.Attr[i].Val
		switch n.Attr[i].Key {
		case "typeof":
			m.Scope, m.Type = true, v
		case "property":
			m.Prop = v
		case "rel":
			rel = v
		case "resource", "about":
			resource = strings.TrimSpace(v)
		case "content":
			m.Content, m.HasContent = v, true
		case "id":
			m.Anchor = v
		case "href":
			m.Href = v
		}
	}
	if strings.Contains(rel, ":") { // RDFa 1.0; without a prefix it is of HTML
		if m.Scope && m.Prop == "" {
			m.Prop = rel
		} else {
			m.Within = rel
		}
	}
	switch {
	case m.Scope:
		m.ID = resource
	case resource != "" && !m.HasContent:
		m.Content, m.HasContent = resource, true
	}
	return m
}
