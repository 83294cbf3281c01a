package blocks

import (
	"strings"

	"klank/mention"
)

// hintOf returns the hint of one block: on pages of questions and answers
// both may be posts by their first name.
func (s *scan) hintOf(m int32, g *group) hint {
	if g.key.by == byRow && g.hint == questionHint {
		return s.turnOf(m)
	}
	if g.hint != postHint {
		return g.hint
	}
	for i, up := m, 0; i >= 0 && up < 2 && s.nodes[i].text*10 <= s.nodes[m].text*11; i, up = s.nodes[i].parent, up+1 {
		if h := s.nodes[i].name.hint; h == questionHint || h == answerHint {
			return h
		}
	}
	return g.hint
}

// turnOf tells whether a row below a heading of questions asks or answers.
func (s *scan) turnOf(m int32) hint {
	begin := strings.ToLower(lead(s.nodes[m].n, 20))
	if begin == "" && m+1 < s.nodes[m].end {
		begin = strings.ToLower(lead(s.nodes[m+1].n, 20))
	}
	for _, w := range []string{"antw", "answer", "a:", "beantwoord"} {
		if strings.HasPrefix(begin, w) {
			return answerHint
		}
	}
	return questionHint
}

// questionBefore returns what an answer answers: the page's only question, or
// the one above it in the same list; -1 where there is none.
func (r *reader) questionBefore(m int32) int32 {
	if r.question >= 0 {
		return r.question
	}
	out := int32(-1)
	if g := r.member(m); g.key.by == byRow {
		for _, q := range g.members {
			if q < m && r.hintOf(q, g) == questionHint {
				out = q
			}
		}
	}
	return out
}

// kindOf returns what a group's hint makes of its mentions: comments most of
// which give a grade are reviews.
func kindOf(h hint, rated bool) mention.Kind {
	switch {
	case h == postHint:
		return mention.Post
	case h == questionHint:
		return mention.Question
	case h == answerHint:
		return mention.Answer
	case h == commentHint && !rated:
		return mention.Comment
	}
	return mention.Review
}
