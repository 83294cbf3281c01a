package pattern

import (
	"slices"
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
	known  []known
	marks  []*mark  // of the tokens of a sentence
	sieves []uint64 // of the same, and of what stands behind the last: nothing
	ahead  []ahead
	spare  []mark  // of those without a number
	terms  []int32 // of these
	hits   []Hit
	nots   []Hit
}

// known is what a Matcher knows of the words that it has met, for one Set.
type known struct {
	set   *Set
	words text.Facts[mark]
	terms []int32 // and roots of all of them
}

// mark is what a token means to a Set.
type mark struct {
	// sieve has the bits of the terms that the token can stand for, see node;
	// lead those of the terms that go on from its roots. What has none of them
	// in common with the token that follows is passed over, but for the roots
	// that ask for no term: the eager ones.
	sieve, lead uint64
	terms       []int32 // then the roots, and the eager ones of them
	root, eager int32   // where these begin
	bars        bars
}

// ahead has the bits of the terms within the reach of each of gapWidth from a
// token on, bars aside.
type ahead [len(gapWidth)]uint64

// bars tell which gaps a token ends: a bit for each of gapWidth.
type bars uint8

// Find returns the hits in one sentence of d, in the order of their first
// token. The result is valid until the next call. A pattern with gaps counts
// once for each first token, at its shortest.
func (m *Matcher) Find(s *Set, d *text.Doc, sent text.Sentence) []Hit {
	m.hits = m.hits[:0]
	tokens := d.Tokens[sent.First:sent.Last]
	m.mark(s, d, tokens)
	m.look()
	w := walk{m: m, set: s, tokens: tokens, base: sent.First}
	if n := s.root[termStart]; n != 0 {
		w.first = 0
		w.visit(n, 0)
	}
	for i, k := range m.marks {
		roots := k.terms[k.root:k.eager]
		if k.lead&m.sieves[i+1] == 0 {
			roots = k.terms[k.eager:]
		}
		w.first = i
		for _, n := range roots {
			w.visit(n, i+1)
		}
	}
	if s.excludes {
		m.exclude(s)
	}
	return m.hits
}

// mark fills m.marks for the tokens of a sentence.
func (m *Matcher) mark(s *Set, d *text.Doc, tokens []text.Token) {
	known := m.knownOf(s)
	if known.words.Begin(d.Words, s) {
		known.terms = known.terms[:0]
	}
	m.marks, m.spare, m.terms = m.marks[:0], m.spare[:0], m.terms[:0]
	for i := range tokens {
		t := &tokens[i]
		if t.Word == 0 {
			m.spare = append(m.spare, mark{})
			k := &m.spare[len(m.spare)-1]
			m.terms = s.mark(k, m.terms, t)
			m.marks = append(m.marks, k)
			continue
		}
		k, ok := known.words.At(t.Word)
		if !ok {
			known.terms = s.mark(k, known.terms, t)
		}
		m.marks = append(m.marks, k)
	}
}

// look fills m.sieves and m.ahead.
func (m *Matcher) look() {
	const near, wide = 3, 8 // as gapWidth has them
	n := len(m.marks)
	m.sieves = slices.Grow(m.sieves[:0], n+wide)[:n+wide]
	m.ahead = slices.Grow(m.ahead[:0], n+wide)[:n+wide]
	clear(m.sieves[n:])
	clear(m.ahead[n:])
	for i := n - 1; i >= 0; i-- {
		s := m.sieves[i : i+wide+1]
		s[0] = m.marks[i].sieve
		m.ahead[i][0] = s[0] | s[1] | s[2] | s[near]
		m.ahead[i][1] = m.ahead[i][0] | m.ahead[i+near+1][0] | s[wide]
	}
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
	terms := into[from:]
	for _, term := range terms {
		k.sieve |= sieveOf(term)
		if n := s.root[term]; n != 0 {
			into = append(into, n)
		}
	}
	k.root, k.eager = int32(len(terms)), int32(len(into)-from)
	for _, n := range into[from+len(terms):] {
		x := &s.nodes[n]
		k.lead |= x.sieve
		if x.rules != nil || x.closed != nil || x.gaps != [2]int32{} {
			into = append(into, n)
		}
	}
	k.terms, k.bars = into[from:len(into):len(into)], barsOf(t)
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
	if node.sieve&w.m.sieves[i] != 0 {
		w.read(node, i)
	}
	for g, after := range node.gaps {
		if after == 0 {
			continue
		}
		gapNode := &w.set.nodes[after]
		if gapNode.sieve&w.m.ahead[i][g] == 0 {
			continue
		}
		for j := i; j < len(w.tokens) && j <= i+gapWidth[g]; j++ {
			if gapNode.sieve&w.m.sieves[j] != 0 {
				w.read(gapNode, j)
			}
			if w.m.marks[j].bars&(1<<g) != 0 {
				break
			}
		}
	}
}

// read goes on from a node by the terms of token i.
func (w *walk) read(n *node, i int) {
	k := w.m.marks[i]
	for _, t := range k.terms[:k.root] {
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
