package blocks

import (
	"math"
	"slices"
)

func (g *group) believed() bool {
	if len(g.members) == 1 {
		return g.score >= minimumAlone && g.hint != noHint
	}
	return g.score >= minimum
}

// weight orders groups by how much they explain, in steps of a tenth, so that
// little differences leave room for other reasons.
func (g *group) weight() int { return int(10 * math.Log(g.score*float64(len(g.members)))) }

// choose returns the believed groups that do not overlap, the best first: of
// groups that tell the same blocks the one with the most members, then the
// outermost, since ids stand on the outside. Members of a chosen group may
// nest in each other (replies), those of another group not.
func (s *scan) choose(groups []*group) []*group {
	var good []*group
	for _, g := range groups {
		if len(g.members) >= 2 || g.key.by == byID || g.key.by == byData || g.key.by == byUnit {
			s.judge(g)
			if !g.believed() {
				s.lift(g)
			}
			if g.believed() {
				s.complete(g)
				good = append(good, g)
			}
		}
	}
	slices.SortStableFunc(good, func(a, b *group) int {
		if d := b.weight() - a.weight(); d != 0 {
			return d
		}
		return int(s.nodes[a.members[0]].depth - s.nodes[b.members[0]].depth)
	})
	taken := make([]bool, len(s.nodes)) // is in, or holds, a member of a chosen group
	var out []*group
	for _, g := range good {
		free := slices.DeleteFunc(slices.Clone(g.members), func(m int32) bool { return taken[m] })
		if s.within(g, out) {
			out = append(out, g)
			continue
		}
		if len(free)*2 < len(g.members) {
			g.why = "overlaps what is taken: " + g.why
			continue
		}
		g.members = free
		s.take(free, taken)
		out = append(out, g)
	}
	return out
}

// complete adds to blocks around grades those among them that show none or hold
// little prose: not all who write give a grade, or many words, and not every
// grade can be read. They stay out where the whole would not be believed.
func (s *scan) complete(g *group) {
	if g.key.by != byRating && g.key.by != byUnsigned || len(g.members) < 2 {
		return
	}
	first, last := g.members[0], g.members[len(g.members)-1]
	list := s.nodes[first].parent // or what holds its entries
	for up := 0; up < 2 && list >= 0 && s.nodes[list].end <= last; up++ {
		list = s.nodes[list].parent
	}
	if list < 0 || s.nodes[list].end <= last {
		return
	}
	var all []int32
	depth := s.nodes[first].depth
	for i := list + 1; i < s.nodes[list].end && s.step(); {
		n := &s.nodes[i]
		if n.depth < depth {
			i++
			continue
		}
		if t := s.in(i); n.depth == depth && n.n.DataAtom == g.key.tag && n.name.shape == g.key.name && t.date > 0 && t.prose >= 2 {
			all = append(all, i)
		}
		i = n.end
	}
	if len(all) <= len(g.members) {
		return
	}
	larger := *g
	larger.members = all
	if s.judge(&larger); larger.believed() {
		*g = larger
	}
}

// lift makes the blocks of a group larger where that makes it believed: a name
// or number may be that of a part of the block, with who wrote it beside it.
// Each block becomes what holds it and no other.
func (s *scan) lift(g *group) {
	if len(g.members) < 2 || g.hint == noHint || g.key.by != byUnit && g.key.by != byData && g.key.by != byID {
		return
	}
	larger := *g
	larger.members = nil
	for k, m := range g.members {
		top := m
		for up := s.nodes[m].parent; up >= 0; up = s.nodes[up].parent {
			if k > 0 && g.members[k-1] >= up || k+1 < len(g.members) && g.members[k+1] < s.nodes[up].end {
				break
			}
			top = up
		}
		if top == m || k > 0 && (s.nodes[top].n.DataAtom != s.nodes[larger.members[0]].n.DataAtom || s.nodes[top].name.shape != s.nodes[larger.members[0]].name.shape) {
			return
		}
		larger.members = append(larger.members, top)
	}
	if s.judge(&larger); larger.believed() {
		larger.why = "around " + g.key.String() + ": " + larger.why
		*g = larger
	}
}

// within tells whether a group's blocks are answers or comments that stand each
// in a block of another kind: the answers to a question, the comments on a
// review.
func (s *scan) within(g *group, chosen []*group) bool {
	for _, around := range chosen {
		if g.hint == around.hint || g.hint != answerHint && g.hint != commentHint || g.hint == answerHint && around.hint != questionHint {
			continue
		}
		k, inside := 0, true
		for _, m := range g.members {
			for k < len(around.members) && s.nodes[around.members[k]].end <= m {
				k++
			}
			if k == len(around.members) || around.members[k] >= m || s.in(around.members[k]).prose < s.in(m).prose+20 {
				inside = false
				break
			}
		}
		if inside {
			return true
		}
	}
	return false
}

// take marks the members, what is in them and what holds them.
func (s *scan) take(members []int32, taken []bool) {
	done := int32(0)
	for _, m := range members {
		for i := max(m, done); i < s.nodes[m].end; i++ {
			taken[i] = true
		}
		done = max(done, s.nodes[m].end)
		for up := s.nodes[m].parent; up >= 0 && !taken[up]; up = s.nodes[up].parent {
			taken[up] = true
		}
	}
}
