package pattern

import (
	"strings"

	"klank/analysis/text"
)

// Hit is a pattern found in tokens First to Last (half open).
type Hit struct {
	Rule        int
	First, Last int
}

// Matcher finds the patterns of a Set; it owns the memory for that, so each
// goroutine needs its own.
type Matcher struct {
	terms []int32
	marks []mark
	hits  []Hit
	nots  []Hit
}

// mark is what a Matcher knows of a token.
type mark struct {
	sieve       uint64 // of its terms, see node
	first, last int32  // its terms in Matcher.terms, half open
	bars        bars
}

// bars tells which gaps a token ends: a bit for each of gapWidth.
type bars uint8

// Find returns the hits in one sentence of d, in the order of their first
// token. The result is valid until the next call. A pattern with gaps counts
// once for each first token, at its shortest.
func (m *Matcher) Find(s *Set, d *text.Doc, sent text.Sentence) []Hit {
	m.hits, m.terms, m.marks = m.hits[:0], m.terms[:0], m.marks[:0]
	tokens := d.Tokens[sent.First:sent.Last]
	for i := range tokens {
		k := mark{first: int32(len(m.terms)), bars: barsOf(&tokens[i])}
		m.terms = s.termsOf(m.terms, &tokens[i])
		k.last = int32(len(m.terms))
		for _, t := range m.terms[k.first:] {
			k.sieve |= sieveOf(t)
		}
		m.marks = append(m.marks, k)
	}
	w := walk{m: m, set: s, tokens: tokens, base: sent.First}
	if n := s.root[termStart]; n != 0 {
		w.first = 0
		w.visit(n, 0)
	}
	for i := range m.marks {
		w.first = i
		for _, t := range m.terms[m.marks[i].first:m.marks[i].last] {
			if n := s.root[t]; n != 0 {
				w.visit(n, i+1)
			}
		}
	}
	if s.excludes {
		m.exclude(s)
	}
	return m.hits
}

// barsOf tells which gaps a token ends: those of "..." reach over commas, and
// all over quotes.
func barsOf(t *text.Token) bars {
	switch {
	case t.Kind == text.Stop, t.Kind == text.Punct && t.Norm != "," && t.Norm != "\"":
		return 1<<len(gapWidth) - 1
	case t.Kind == text.Punct && t.Norm == ",":
		return 1
	}
	return 0
}

// termsOf appends the terms that a token can stand for.
func (s *Set) termsOf(dst []int32, t *text.Token) []int32 {
	switch t.Kind {
	case text.Word, text.Hashtag:
		if len(t.Norm) > 64 {
			return dst
		}
		dst = s.words.find(dst, t.Norm, false)
		dst = s.ends.find(dst, t.Norm, true)
		if t.Has(text.Elongated) {
			single := t.Single()
			dst = s.words.find(dst, single, false)
		}
	case text.Number:
		dst = append(dst, s.number...)
		dst = s.words.find(dst, t.Norm, false)
	case text.Stop:
		if strings.Contains(t.Norm, "?") {
			dst = append(dst, s.question...)
		}
	case text.Punct, text.Emoji:
		dst = s.words.find(dst, t.Norm, false)
	}
	return dst
}

// walk follows the automaton from one first token.
type walk struct {
	m      *Matcher
	set    *Set
	tokens []text.Token
	base   int
	first  int
}

// visit records what is complete at node n before token i and goes on. Its
// depth is bounded by the longest pattern, its width by the gaps.
func (w *walk) visit(n int32, i int) {
	node := &w.set.nodes[n]
	for _, r := range node.rules {
		w.hit(r, i)
	}
	if len(node.closed) > 0 && w.ended(i) {
		for _, r := range node.closed {
			w.hit(r, i)
		}
	}
	if i >= len(w.tokens) {
		return
	}
	w.read(node, i)
	for g, after := range node.gaps {
		if after == 0 {
			continue
		}
		gapNode := &w.set.nodes[after]
		for j := i; j < len(w.tokens) && j <= i+gapWidth[g]; j++ {
			w.read(gapNode, j)
			if w.m.marks[j].bars&(1<<g) != 0 {
				break
			}
		}
	}
}

// read goes on from a node by the terms of token i.
func (w *walk) read(n *node, i int) {
	k := &w.m.marks[i]
	if n.sieve&k.sieve == 0 {
		return
	}
	for _, t := range w.m.terms[k.first:k.last] {
		if n.sieve&sieveOf(t) == 0 {
			continue
		}
		for _, e := range n.next {
			if e.term == t {
				w.visit(e.node, i+1)
				break
			}
		}
	}
}

// ended tells whether no word follows token i.
func (w *walk) ended(i int) bool {
	for ; i < len(w.tokens); i++ {
		if k := w.tokens[i].Kind; k == text.Word || k == text.Number || k == text.Hashtag {
			return false
		}
	}
	return true
}

func (w *walk) hit(rule int32, last int) {
	h := Hit{Rule: int(rule), First: w.base + w.first, Last: w.base + last}
	hits := w.m.hits
	for i := len(hits) - 1; i >= 0 && hits[i].First == h.First; i-- {
		if hits[i].Rule == h.Rule {
			hits[i].Last = min(hits[i].Last, h.Last)
			return
		}
	}
	w.m.hits = append(hits, h)
}

// exclude drops the hits that a "!" pattern of their section overlaps, and
// the "!" hits themselves.
func (m *Matcher) exclude(s *Set) {
	m.nots = m.nots[:0]
	for _, h := range m.hits {
		if s.Rules[h.Rule].not {
			m.nots = append(m.nots, h)
		}
	}
	kept, near := m.hits[:0], 0
	for _, h := range m.hits {
		for near < len(m.nots) && m.nots[near].First < h.First-maxSpan {
			near++
		}
		if !s.Rules[h.Rule].not && !m.cancelled(s, h, near) {
			kept = append(kept, h)
		}
	}
	m.hits = kept
}

// cancelled tells whether one of the "!" hits from near on overlaps h.
func (m *Matcher) cancelled(s *Set, h Hit, near int) bool {
	section := s.Sections[s.Rules[h.Rule].Section]
	for _, x := range m.nots[near:] {
		if x.First >= h.Last {
			return false
		}
		if x.Last > h.First && s.Sections[s.Rules[x.Rule].Section] == section {
			return true
		}
	}
	return false
}
