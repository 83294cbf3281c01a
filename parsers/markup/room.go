package markup

import (
	"golang.org/x/net/html"
)

// makeRoom leaves out open elements that hold nothing but the next, outermost
// first; false where that would not go far.
func (b *builder) makeRoom() bool {
	b.tree.Deep, b.loose = true, true
	if b.full {
		return false
	}
	const kept = maxOpen / 4 // the innermost
	to := 3
	for i := 3; i < len(b.open); i++ {
		n := b.open[i]
		if i < len(b.open)-kept && onlyChild(n) == b.open[i+1] {
			replace(n, b.open[i+1])
			continue
		}
		b.open[to] = n
		to++
	}
	clear(b.open[to:])
	b.full = len(b.open)-to < kept/2
	b.open = b.open[:to]
	return to < maxOpen
}

// onlyChild returns the only child of n but for white space.
func onlyChild(n *html.Node) *html.Node {
	var only *html.Node
	seen := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if seen++; seen > 4 {
			return nil
		}
		switch {
		case c.Type == html.TextNode && blank(c.Data), c.Type == html.CommentNode:
		case only != nil:
			return nil
		default:
			only = c
		}
	}
	return only
}

// replace puts child in the place of its parent n.
func replace(n, child *html.Node) {
	child.Parent, child.PrevSibling, child.NextSibling = n.Parent, n.PrevSibling, n.NextSibling
	if n.PrevSibling != nil {
		n.PrevSibling.NextSibling = child
	} else {
		n.Parent.FirstChild = child
	}
	if n.NextSibling != nil {
		n.NextSibling.PrevSibling = child
	} else {
		n.Parent.LastChild = child
	}
}
