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
	"cmp"
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
	defer r.release()
	found.Mentions = make([]document.Candidate, 0, r.members[len(r.nodes)])
	for m, of := range r.of {
		if of == 0 {
			continue
		}
		if c, ok := r.read(int32(m)); ok {
			found.Mentions = append(found.Mentions, c)
		}
	}
	return found
}

// Group is a set of blocks of one shape, as Explain tells of it.
type Group struct {
	Kind mention.Kind `json:"kind"`
	// Shape tells what the blocks have in common: "div.review".
	Shape   string `json:"shape"`
	Members int    `json:"members"`
	// Score is the confidence in it, 0..1, and Why its grounds.
	Score float64 `json:"score"`
	Why   string  `json:"why"`
	// Taken says that Parse reads mentions from its blocks.
	Taken bool `json:"taken"`
}

// maxExplained bounds the groups that Explain tells of.
const maxExplained = 20

// Explain tells what on the page repeats like blocks of mentions, and why
// Parse reads it or does not: first what it reads, then what came nearest.
func Explain(d *document.Document) []Group {
	if !d.IsHTML() || !hasHint(d.Body) {
		return nil
	}
	s := newScan(d, d.Root())
	defer s.release()
	all := s.groups()
	taken := s.choose(all)
	var out []Group
	for _, g := range all {
		if g.why == "" {
			continue // never judged: too few
		}
		out = append(out, Group{Kind: kindOf(g.hint, g.rated), Shape: g.key.String(), Members: len(g.members),
			Score: min(g.score, 1), Why: g.why, Taken: slices.Contains(taken, g)})
	}
	slices.SortStableFunc(out, func(a, b Group) int {
		return cmp.Or(-boolCompare(a.Taken, b.Taken), -cmp.Compare(a.Score, b.Score), -cmp.Compare(a.Members, b.Members))
	})
	return out[:min(len(out), maxExplained)]
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// look finds the groups of the page; nil when there are none.
func look(d *document.Document) *reader {
	if !d.IsHTML() || !hasHint(d.Body) {
		return nil
	}
	s := newScan(d, d.Root())
	groups := s.choose(s.groups())
	if len(groups) == 0 {
		s.release()
		return nil
	}
	return newReader(s, groups)
}

func handle(m int32) string { return "blocks:" + strconv.Itoa(int(m)) }
