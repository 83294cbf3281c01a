package blocks

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
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
	return wrapped(dl, func(c, before *html.Node) bool {
		return c.DataAtom == atom.Dt && (before == nil || before.DataAtom != atom.Dt)
	})
}

// rowEntriesOf does the same for a table whose rows take turns, as those of old
// guestbooks do: one short with a date, then one or more with what was written.
// Rows that are called something may be blocks by themselves.
func rowEntriesOf(rows *html.Node) *html.Node {
	heads, words, bare := 0, 0, 0
	for c := rows.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type != html.ElementNode:
		case c.DataAtom != atom.Tr || element.Attr(c, "class") != "" || element.Attr(c, "id") != "":
			return nil
		case headRow(c):
			if heads++; bare != 0 {
				return nil // one after the other
			}
			bare++
		case heads > 0:
			bare = 0
			words += proseIn(c)
		}
	}
	if heads < 2 || bare != 0 || words < 30*heads {
		return nil
	}
	return wrapped(rows, func(c, _ *html.Node) bool { return headRow(c) })
}

// longestHead is how long the text of a row with a date is at most that stands
// above another.
const longestHead = 160

func headRow(tr *html.Node) bool {
	t := element.Text(tr, longestHead)
	return t != "" && len(t) < longestHead && dateWithin(t)
}

// dateWithin tells whether a short text has something like a date in it.
func dateWithin(t string) bool {
	for part := range strings.SplitSeq(t, ": ") {
		if mayBeDate(part) {
			return true
		}
	}
	return false
}

// wrapped puts an element around each entry of a list, of which those children
// are the first that begins tells, given the one before them in the entry.
func wrapped(list *html.Node, begins func(c, before *html.Node) bool) *html.Node {
	var first, entry *html.Node
	for c := list.FirstChild; c != nil; c = c.NextSibling {
		var before *html.Node
		if entry != nil {
			before = entry.LastChild
		}
		if begins(c, before) {
			next := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div, Parent: list, PrevSibling: entry}
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
