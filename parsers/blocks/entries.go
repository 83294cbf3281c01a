package blocks

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// entriesOf puts an element around each entry of a definition list, a dt with
// its dd, so that it may be a block: lists of comments were long built so. The
// elements are copies that hold the children of the page's own, which stays as
// it is. It returns the first of them, or nil for lists of short values, such
// as the data of a product or a member.
func entriesOf(dl *html.Node) *html.Node {
	entries, words := 0, 0
	for c := dl.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Dt:
			entries++
		case atom.Dd:
			words += proseIn(c)
		}
	}
	if entries < 2 || words < 30*entries {
		return nil
	}
	var first, entry *html.Node
	for c := dl.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Dt && (entry == nil || entry.LastChild.DataAtom != atom.Dt) {
			next := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div, Parent: dl, PrevSibling: entry}
			if entry != nil {
				entry.NextSibling = next
			} else {
				first = next
			}
			entry = next
		}
		if entry == nil || c.Type != html.ElementNode {
			continue
		}
		part := *c
		part.Parent, part.PrevSibling, part.NextSibling = entry, entry.LastChild, nil
		if entry.LastChild != nil {
			entry.LastChild.NextSibling = &part
		} else {
			entry.FirstChild = &part
		}
		entry.LastChild = &part
	}
	return first
}

// proseIn counts the bytes of text in an element, as far as a short look goes.
func proseIn(n *html.Node) int {
	left, total := 40, 0
	var down func(n *html.Node)
	down = func(n *html.Node) {
		for c := n.FirstChild; c != nil && left > 0; c = c.NextSibling {
			left--
			if c.Type == html.TextNode {
				total += len(strings.TrimSpace(c.Data))
			}
			down(c)
		}
	}
	down(n)
	return total
}
