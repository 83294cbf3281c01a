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

// Matcher finds the patterns of Sets; it owns the memory for that, so each
// goroutine needs its own.
type Matcher struct {
	known []known
	marks []mark
	spare []int32 // terms and roots of words without a number
	hits  []Hit
	nots  []Hit
}

// known is what a Matcher knows of the words that it has met, for one Set.
type known struct {
	set   *Set
	words text.Facts[mark]
	terms []int32 // and roots of all of them
}

// mark is what a token means to a Set: the terms that it can stand for, their
// bits (see node), the nodes that they lead to from the root, and the gaps that
// it ends.
type mark struct {
	sieve        uint64
	terms, roots []int32
	bars         bars
}

// bars tell which gaps a token ends: a bit for each of gapWidth.
type bars uint8

// Find returns the hits in one sentence of d, in the order of their first
// token. The result is valid until the next call. A pattern with gaps counts
// once for each first token, at its shortest.
func (m *Matcher) Find(s *Set, d *text.Doc, sent text.Sentence) []Hit {
	m.hits, m.marks, m.spare = m.hits[:0], m.marks[:0], m.spare[:0]
	tokens := d.Tokens[sent.First:sent.Last]
	known := m.knownOf(s)
	if known.words.Begin(d.Words, s) {
		known.terms = known.terms[:0]
	}
	for i := range tokens {
		t := &tokens[i]
		k, ok := known.words.At(t.Word)
		switch {
		case ok:
		case t.Word != 0:
			known.terms = s.mark(k, known.terms, t)
		default:
			m.spare = s.mark(k, m.spare, t)
		}
		m.marks = append(m.marks, *k)
	}
	w := walk{m: m, set: s, tokens: tokens, base: sent.First}
	if n := s.root[termStart]; n != 0 {
		w.first = 0
		w.visit(n, 0)
	}
	for i := range m.marks {
		w.first = i
		for _, n := range m.marks[i].roots {
			w.visit(n, i+1)
		}
	}
	if s.excludes {
		m.exclude(s)
	}
	return m.hits
}

// knownOf returns what is known of words for a Set.
func (m *Matcher) knownOf(s *Set) *known {
	for i := range m.known {
		if m.known[i].set == s {
			return &m.known[i]
		}
	}
	m.known = append(m.known, known{set: s})
	return &m.known[len(m.known)-1]
}

// mark fills in what a token means, its numbers at the end of into, which it
// returns.
func (s *Set) mark(k *mark, into []int32, t *text.Token) []int32 {
	from := len(into)
	into = s.termsOf(into, t)
	to := len(into)
	for _, term := range into[from:to] {
		k.sieve |= sieveOf(term)
		if n := s.root[term]; n != 0 {
			into = append(into, n)
		}
	}
	k.terms, k.roots, k.bars = into[from:to:to], into[to:len(into):len(into)], barsOf(t)
	return into
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
	for _, t := range k.terms {
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
