package blocks

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
)

// maxID bounds what is taken for an id.
const maxID = 100

// blockID returns what in an element's attributes may be the id of a block:
// best an attribute that says so (data-review-id), then any for ids, then
// the element's own id where it has a number.
func blockID(n *html.Node) string {
	best, rank := "", 0
	for _, a := range n.Attr {
		v := strings.TrimSpace(a.Val)
		if v == "" || len(v) > maxID || strings.ContainsAny(v, " \t\n<>{}\"") {
			continue
		}
		r := 0
		switch {
		case idAttr(a.Key) && unitHint(a.Key[5:]) != noHint:
			r = 3
		case idAttr(a.Key) && strings.ContainsAny(v, "0123456789"):
			r = 1
		case a.Key == "id" && stem(v) != v:
			r = 2
		}
		if r > rank {
			if id := bare(a.Key, v); id != "" {
				rank, best = r, id
			}
		}
	}
	return best
}

// marked tells whether an element carries an id that a block may have, be it
// too short to be of use.
func marked(n *html.Node) bool {
	id := element.Attr(n, "id")
	return blockID(n) != "" || id != "" && len(id) <= maxID && stem(id) != id && unitHint(stem(id)) != noHint
}

// bare drops the word before the number of an element id: comment-1234 is
// 1234, for that is what the software and its API call it. Short numbers of
// element ids may count the blocks of a page, and give none.
func bare(attr, v string) string {
	if attr != "id" && attr != "name" {
		return v
	}
	i := strings.IndexAny(v, "0123456789")
	if i < 0 || strings.Trim(v[i:], "0123456789") != "" {
		return v
	}
	if len(v)-i < 4 {
		return ""
	}
	return v[i:]
}

// findIDs finds the native ids of a group's blocks: on the blocks, or for
// all of them at the same place around or within them.
func (r *reader) findIDs(g *group) {
	ids := make([]string, len(g.members))
	missing := 0
	for i, m := range g.members {
		if ids[i] = blockID(r.nodes[m].n); ids[i] == "" {
			missing++
		}
	}
	if missing*2 > len(ids) {
		ids = r.innerIDs(g)
	}
	if len(ids) == 0 || ordinals(ids) {
		return
	}
	count := map[string]int{}
	for _, id := range ids {
		count[id]++
	}
	for i, m := range g.members {
		if ids[i] != "" && count[ids[i]] == 1 {
			r.ids[m] = ids[i]
		}
	}
}

// innerIDs looks for ids on what stands just within the blocks: anchors with
// a name, elements with an id, of the same stem in all.
func (r *reader) innerIDs(g *group) []string {
	found := map[string][]string{}
	var stems []string
	for k, m := range g.members {
		seen := 0
		r.own(m, func(i int32) bool {
			if seen++; seen > 30 {
				return false
			}
			n := r.nodes[i].n
			for _, a := range n.Attr {
				if a.Key != "id" && (a.Key != "name" || n.DataAtom != atom.A) && !(idAttr(a.Key) && unitHint(a.Key[5:]) != noHint) {
					continue
				}
				st := a.Key + " " + stem(a.Val)
				if len(a.Val) > maxID || !strings.ContainsAny(a.Val, "0123456789") {
					continue
				}
				if len(found[st]) == 0 && k == 0 {
					stems = append(stems, st)
				}
				if id := bare(a.Key, a.Val); len(found[st]) == k && id != "" {
					found[st] = append(found[st], id)
				}
			}
			return true
		})
	}
	var first []string
	for _, st := range stems {
		ids := found[st]
		if len(ids) != len(g.members) || len(ids) < 2 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) {
			continue
		}
		if strings.Trim(ids[0], "0123456789") == "" {
			return ids // the number itself, not the name of a part of the block
		}
		if first == nil {
			first = ids
		}
	}
	return first
}

// ordinals tells whether ids are numbers one after the other, as of things
// that are only counted: post 21, 22, 23 of a thread. Few may be so by chance.
func ordinals(ids []string) bool {
	if len(ids) < 5 {
		return false
	}
	last := 0
	for i, id := range ids {
		n, err := strconv.Atoi(id)
		if err != nil || i > 0 && n != last+1 {
			return false
		}
		last = n
	}
	return true
}
