package pattern

import (
	"cmp"
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
	places []int32 // of the marks of the tokens of a sentence
	sieves []sieve // of the same, and of what stands behind the last: nothing
	events []event // of the sentence
	last   walk    // over it
	hits   []Hit
	nots   []Hit
}

// known is what a Matcher knows of the words that it has met, for one Set.
type known struct {
	set   *Set
	words text.Facts[int32] // places of their marks
	// marks are those of all words that mean something, after that of those that
	// do not, and terms their terms and roots; and then those of tokens without a
	// number, beyond the first so many.
	marks                []mark
	terms                []int32
	keptMarks, keptTerms int
}

// mark is what a token means to a Set.
type mark struct {
	// sieve has the bits of the terms that the token can stand for, see node;
	// lead those of the terms that go on from its roots. What has none of them
	// in common with the token that follows is passed over, but for the roots
	// that ask for no term: the eager ones.
	sieve, lead sieve
	// The terms, the roots and the eager ones of them begin here in the terms of
	// known, up to end.
	term, root, eager, end int32
	bars                   bars
}

// event is a pattern that is complete before token last; one that is closed
// counts where no word follows.
type event struct {
	rule, first, last int32
	closed            bool
}

// bars tell which gaps a token ends: a bit for each of gapWidth.
type bars uint8

// Find returns the hits in one sentence of d, in the order of their first
// token. The result is valid until the next call. A pattern with gaps counts
// once for each first token, at its shortest.
func (m *Matcher) Find(s *Set, d *text.Doc, sent text.Sentence) []Hit {
	tokens := d.Tokens[sent.First:sent.Last]
	known := m.mark(s, d, tokens)
	m.events = m.events[:0]
	m.last = walk{m: m, set: s, marks: known.marks, terms: known.terms, tokens: tokens, base: sent.First}
	m.last.start(0)
	for i, place := range m.places {
		if place != nothing {
			m.last.begin(i)
		}
	}
	return m.gather(0, len(tokens), m.events)
}

// Part returns the hits in a part of the sentence that Find was last asked for,
// as if the part was a sentence: of tokens first to last of the Doc. It is valid
// until the next call.
func (m *Matcher) Part(first, last int) []Hit {
	w := &m.last
	first, last = first-w.base, last-w.base
	from, _ := slices.BinarySearchFunc(m.events, int32(first), func(e event, first int32) int { return cmp.Compare(e.first, first) })
	all := len(m.events)
	if first > 0 {
		w.start(first)
	}
	hits := m.gather(first, last, m.events[all:], m.events[from:all])
	m.events = m.events[:all]
	return hits
}

// gather returns the hits in tokens first to last among events, of which those
// of the start come first.
func (m *Matcher) gather(first, last int, events ...[]event) []Hit {
	m.hits = m.hits[:0]
	w := &m.last
	open := w.openEnd(first, last)
	for _, some := range events {
		for _, e := range some {
			if int(e.first) >= last {
				break
			}
			if int(e.last) > last || e.closed && int(e.last) < open {
				continue
			}
			m.hit(Hit{Rule: int(e.rule), First: w.base + int(e.first), Last: w.base + int(e.last)})
		}
	}
	if w.set.excludes {
		m.exclude(w.set)
	}
	return m.hits
}

// hit adds a hit, or makes the one of its rule and first token shorter.
func (m *Matcher) hit(h Hit) {
	for i := len(m.hits) - 1; i >= 0 && m.hits[i].First == h.First; i-- {
		if x := &m.hits[i]; x.Rule == h.Rule {
			x.Last = min(x.Last, h.Last)
			return
		}
	}
	m.hits = append(m.hits, h)
}

// mark fills m.places and m.sieves for the tokens of a sentence, and returns
// what the places point to.
func (m *Matcher) mark(s *Set, d *text.Doc, tokens []text.Token) *known {
	known := m.knownOf(s)
	if known.words.Begin(d.Words, s) {
		known.keptMarks, known.keptTerms = 1, 0
	}
	known.marks, known.terms = known.marks[:known.keptMarks], known.terms[:known.keptTerms]
	n := len(tokens)
	m.places = slices.Grow(m.places[:0], n)[:n]
	m.sieves = slices.Grow(m.sieves[:0], n+widest)[:n+widest]
	clear(m.sieves[n:])
	others := false
	for i := range tokens {
		t := &tokens[i]
		place := known.words.Find(t.Word)
		if place == nil {
			place = known.words.Add(t.Word)
			if t.Word == 0 {
				others = true
			} else {
				*place = known.learn(t)
			}
		}
		m.places[i] = *place
		m.sieves[i] = known.marks[*place].sieve
	}
	known.keptMarks, known.keptTerms = len(known.marks), len(known.terms)
	for i := range tokens {
		if others && tokens[i].Word == 0 {
			m.places[i] = known.learn(&tokens[i])
			m.sieves[i] = known.marks[m.places[i]].sieve
		}
	}
	return known
}

// nothing is the place of the mark of tokens that mean nothing, as most words
// do.
const nothing = 0

// learn adds the mark of a token and returns its place.
func (k *known) learn(t *text.Token) int32 {
	var x mark
	k.terms = k.set.mark(&x, k.terms, t)
	if x.term == x.end && x.bars == 0 {
		return nothing
	}
	k.marks = append(k.marks, x)
	return int32(len(k.marks) - 1)
}

// knownOf returns what is known of words for a Set.
func (m *Matcher) knownOf(s *Set) *known {
	for i := range m.known {
		if m.known[i].set == s {
			return &m.known[i]
		}
	}
	m.known = append(m.known, known{set: s, marks: make([]mark, 1), keptMarks: 1})
	return &m.known[len(m.known)-1]
}

// mark fills in what a token means, its numbers at the end of into, which it
// returns.
func (s *Set) mark(k *mark, into []int32, t *text.Token) []int32 {
	k.term = int32(len(into))
	into = s.termsOf(into, t)
	k.root = int32(len(into))
	for _, term := range into[k.term:k.root] {
		k.sieve.add(sieveOf(term))
		if n := s.root[term]; n != 0 {
			into = append(into, n)
		}
	}
	k.eager = int32(len(into))
	for _, n := range into[k.root:k.eager] {
		k.lead.add(s.nodes[n].sieve)
		if s.eager(n) {
			into = append(into, n)
		}
	}
	k.end, k.bars = int32(len(into)), barsOf(t)
	return into
}

// eager tells whether a node asks for no term to follow.
func (s *Set) eager(n int32) bool {
	x := &s.nodes[n]
	return x.rule < s.nodes[n+1].rule || x.gaps != [2]int32{}
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
	marks  []mark
	terms  []int32 // of the marks
	tokens []text.Token
	base   int
	first  int
}

// start follows the patterns of which the sentence begins at token i.
func (w *walk) start(i int) {
	if n := w.set.root[termStart]; n != 0 {
		w.first = i
		w.visit(n, i)
	}
}

// begin follows the patterns that begin with token i.
func (w *walk) begin(i int) {
	k := &w.marks[w.m.places[i]]
	roots := w.terms[k.root:k.eager]
	if !k.lead.meets(w.m.sieves[i+1]) {
		roots = w.terms[k.eager:k.end]
	}
	w.first = i
	for _, n := range roots {
		w.visit(n, i+1)
	}
}

// visit records what is complete at node n before token i and goes on. Its
// depth is bounded by the longest pattern, its width by the gaps.
func (w *walk) visit(n int32, i int) {
	node, next := &w.set.nodes[n], &w.set.nodes[n+1]
	for at := node.rule; at < next.rule; at++ {
		w.m.events = append(w.m.events, event{w.set.complete[at], int32(w.first), int32(i), at >= node.closed})
	}
	if i >= len(w.tokens) {
		return
	}
	if node.sieve.meets(w.m.sieves[i]) {
		w.read(n, i)
	}
	for g, after := range node.gaps {
		if after == 0 {
			continue
		}
		sieve := w.set.nodes[after].sieve
		reach := w.m.sieves[i : i+gapWidth[g]+1]
		if !sieve.meets(union(reach)) {
			continue
		}
		for j := i; j < len(w.tokens) && j < i+len(reach); j++ {
			if sieve.meets(w.m.sieves[j]) {
				w.read(after, j)
			}
			if w.marks[w.m.places[j]].bars&(1<<g) != 0 {
				break
			}
		}
	}
}

// union gives the bits of some sieves.
func union(of []sieve) (all sieve) {
	for _, s := range of {
		all.add(s)
	}
	return all
}

// read goes on from a node by the terms of token i, in their order. A node leads
// on by few terms and a word stands for many: so it looks from the node's side,
// and nearly always finds one way at most.
func (w *walk) read(n int32, i int) {
	node, k := &w.set.nodes[n], &w.marks[w.m.places[i]]
	edges, terms := w.set.edges[node.edge:w.set.nodes[n+1].edge], w.terms[k.term:k.root]
	ways, way := 0, int32(0)
	for _, e := range edges {
		if k.sieve.meets(sieveOf(e.term)) && slices.Contains(terms, e.term) {
			ways, way = ways+1, e.node
		}
	}
	if ways == 1 {
		w.visit(way, i+1)
	}
	if ways <= 1 {
		return
	}
	for _, t := range terms {
		for _, e := range edges {
			if e.term == t {
				w.visit(e.node, i+1)
			}
		}
	}
}

// openEnd is the place after the last word of tokens first to last: before it a
// word follows still.
func (w *walk) openEnd(first, last int) int {
	for i := last; i > first; i-- {
		if k := w.tokens[i-1].Kind; k == text.Word || k == text.Number || k == text.Hashtag {
			return i
		}
	}
	return first
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
	if len(m.nots) == 0 {
		return // as most often
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
	heading := s.Rules[h.Rule].heading
	for _, x := range m.nots[near:] {
		if x.First >= h.Last {
			return false
		}
		if x.Last > h.First && s.Rules[x.Rule].heading == heading {
			return true
		}
	}
	return false
}
