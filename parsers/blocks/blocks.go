// Package blocks finds reviews, comments and posts on pages that have no
// markup for them: blocks of the same shape that repeat, each with some text
// and, near it, an author, a date or a grade.
//
// It goes by the words of class names and ids, in several languages, by how
// widespread publishing and forum software marks its pages, and by what
// elements show; not by rules for single sites. Precision comes first: of
// tiles of products, menus, tables and teasers it makes nothing. It is for
// pages on which parsers of structured data found no mentions, and not for
// pages whose operator can give selectors.
package blocks

import (
	"slices"
	"strconv"

	"klank/mention"
	"klank/parsers/document"
)

// Parse finds the blocks of the page. The cost is linear in the page, and
// small where no name on it hints at blocks.
func Parse(d *document.Document) document.Found {
	var found document.Found
	r := look(d)
	if r == nil {
		return found
	}
	var order []int32
	for m := range r.member {
		order = append(order, m)
	}
	slices.Sort(order)
	for _, m := range order {
		if c, ok := r.read(m); ok {
			found.Mentions = append(found.Mentions, c)
		}
	}
	return found
}

// Group is a set of blocks on a page as Explain tells of it.
type Group struct {
	Kind    mention.Kind
	Members int
	// Score is the confidence in it, 0..1, and Why its grounds.
	Score float64
	Why   string
}

// Explain tells which groups of blocks Parse reads on the page and why: for
// those who wonder what was found, or why nothing was.
func Explain(d *document.Document) []Group {
	r := look(d)
	if r == nil {
		return nil
	}
	var out []Group
	for _, g := range r.groups {
		out = append(out, Group{kindOf(g.hint, g.rated), len(g.members), g.score, g.why})
	}
	return out
}

// look finds the groups of the page; nil when there are none.
func look(d *document.Document) *reader {
	if !d.IsHTML() || !hasHint(d.Body) {
		return nil
	}
	s := newScan(d, d.Root())
	groups := s.choose(s.groups())
	if len(groups) == 0 {
		return nil
	}
	return newReader(s, groups)
}

func handle(m int32) string { return "blocks:" + strconv.Itoa(int(m)) }
