// Package pattern reads files of word patterns and finds them in tokens. The
// files are meant to be read and extended by people who know the field and
// not the code:
//
//	# a comment
//	@staff = medewerker* monteur* (man achter .. balie)   a class of words and phrases
//	[touchpoint:delivery care:service]              a section; its meaning is the reader's
//	bezorgd                                         a word
//	bezorg*  *bezorger                              words that start or end so
//	op (tijd|schema)                                one of several words or classes
//	(op tijd|stipt|binnen .. dagen)                 or of several phrases
//	zeer? snel geleverd                             an optional word
//	pakket .. kwijt                                 up to three words between
//	pakket ... kwijt                                up to eight, commas included
//	@staff .. <number> (euro|minuten)               a class; a number in digits
//	^ top $                                         at the start, at the end of a sentence
//	wanneer ... ?                                   a question mark
//	! niet bezorgd                                  cancels this section's matches it overlaps
//
// Words are written in any case and are compared in the normal form of
// package text. A pattern never reaches over the end of a sentence.
//
// All patterns of a file become one automaton; finding costs a walk over each
// token's letters, whatever the number of patterns. It is not a replacement
// for regular expressions: it knows tokens, not characters.
package pattern

import (
	"fmt"
	"slices"
	"strings"

	"klank/analysis/text"
)

// Rule is one pattern of a file.
type Rule struct {
	// Section indexes Set.Sections.
	Section int
	// Source is the pattern as written.
	Source string
	// heading is the first section of the same text.
	heading int32
	not     bool
}

// Set is the compiled form of a file. It is read-only and safe for
// concurrent use.
type Set struct {
	// Sections are the texts between [ and ] in the order of the file; a
	// section may occur more than once.
	Sections []string
	Rules    []Rule

	words    forms // exact words and starts
	ends     forms // ends, read backwards
	number   []int32
	question []int32
	root     []int32 // by term: node, or 0
	nodes    []node  // and one that begins where the last one ends
	edges    []edge
	complete []int32 // patterns
	excludes bool
}

// node is a state of the automaton: a part of one or more patterns has been
// read. What it has ends where that of the next node begins.
type node struct {
	// sieve has the bits of the terms that lead on from here: what has none of
	// them in common, which is most, is told without a search.
	sieve sieve
	gaps  [2]int32 // nodes after a gap of up to 3 and up to 8 tokens, or 0
	edge  int32    // its edges begin here
	// The patterns that are complete here begin at rule, those of them that are
	// so only if the sentence ends at closed.
	rule, closed int32
}

// edge leads to a node by a term; a node has at most one for a term.
type edge struct{ term, node int32 }

// sieve has a bit in either of its halves for each of some terms. The halves go
// by different bits of a term, so that few terms that have nothing to do with
// each other have both in common.
type sieve struct{ a, b uint64 }

// sieveOf gives the bits of a term.
func sieveOf(term int32) sieve {
	return sieve{1 << (term & 63), 1 << (uint32(term) * 0x9e3779b1 >> 26)}
}

// add adds the bits of other terms.
func (s *sieve) add(t sieve) { s.a, s.b = s.a|t.a, s.b|t.b }

// meets tells whether some terms of two may be the same.
func (s sieve) meets(t sieve) bool { return s.a&t.a != 0 && s.b&t.b != 0 }

// The tokens that one pattern can reach over, and its gaps, are bounded, and
// so is the work for each token of a text.
const (
	maxSpan = 64
	maxGaps = 3
	maxWays = 256
)

// The widest gaps, in tokens, of ".." and "...".
var gapWidth = [2]int{3, widest}

const widest = 8

// compiler holds what only compiling needs.
type compiler struct {
	set     *Set
	terms   map[string]int32
	classes map[string]class
	choices map[string]choice // what elements stand for, as the classes are now
	nTerms  int32
	nodes   []draft
	done    lists   // patterns that are complete at nodes
	roots   []int32 // by term: the node after the first one, or 0
	words   formTree
	ends    formTree
}

// draft is a node while it is added to; 0 is none of anything.
type draft struct {
	term           int32 // by which it is reached from the node of which it is a child
	child, sibling int32
	gaps           [2]int32
	rules, closed  list
}

// choice is what an element stands for: a term, unless it is termNone, and
// phrases.
type choice struct {
	term    int32
	phrases [][]string
}

// class is a named choice of words and phrases.
type class struct {
	words   []string
	phrases [][]string
}

// The terms that are not made of words.
const (
	termNone int32 = iota
	termStart
	firstTerm
)

// Compile reads a pattern file; name is used in errors only, which give the
// line.
func Compile(name, source string) (*Set, error) {
	c := &compiler{
		set: &Set{}, nodes: make([]draft, 2), terms: make(map[string]int32, 1<<10), classes: map[string]class{}, choices: make(map[string]choice, 1<<10), nTerms: firstTerm,
	}
	n := 0
	for line := range strings.Lines(source) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := c.line(line); err != nil {
			return nil, fmt.Errorf("pattern: %s:%d: %w", name, n, err)
		}
	}
	c.set.root = make([]int32, c.nTerms)
	copy(c.set.root, c.roots)
	c.pack()
	c.set.words, c.set.ends = c.words.pack(), c.ends.pack()
	return c.set, nil
}

// pack lays the nodes flat.
func (c *compiler) pack() {
	s := c.set
	s.nodes, s.edges = make([]node, 0, len(c.nodes)+1), make([]edge, 0, len(c.nodes))
	s.complete = make([]int32, 0, len(c.done))
	for i := range c.nodes {
		d := &c.nodes[i]
		n := node{gaps: d.gaps, edge: int32(len(s.edges)), rule: int32(len(s.complete))}
		for at := d.child; at != 0; at = c.nodes[at].sibling {
			n.sieve.add(sieveOf(c.nodes[at].term))
			s.edges = append(s.edges, edge{c.nodes[at].term, at})
		}
		s.complete = c.done.appendTo(s.complete, d.rules)
		n.closed = int32(len(s.complete))
		s.complete = c.done.appendTo(s.complete, d.closed)
		s.nodes = append(s.nodes, n)
	}
	s.nodes = append(s.nodes, node{edge: int32(len(s.edges)), rule: int32(len(s.complete))})
}

func (c *compiler) line(line string) error {
	switch {
	case line[0] == '[':
		if !strings.HasSuffix(line, "]") {
			return fmt.Errorf("section %q does not end with ]", line)
		}
		c.set.Sections = append(c.set.Sections, strings.TrimSpace(line[1:len(line)-1]))
		return nil
	case line[0] == '@' && strings.Contains(line, "="):
		name, members, _ := strings.Cut(line[1:], "=")
		fields, err := elements(members)
		if err != nil {
			return err
		}
		words, phrases, err := c.expand(fields)
		if err != nil {
			return err
		}
		c.classes[strings.TrimSpace(name)] = class{words, phrases}
		clear(c.choices)
		return nil
	case len(c.set.Sections) == 0:
		return fmt.Errorf("pattern %q stands before the first section", line)
	}
	return c.rule(line)
}

// rule adds one pattern to the automaton.
func (c *compiler) rule(line string) error {
	section := len(c.set.Sections) - 1
	r := Rule{Section: section, Source: line, heading: int32(slices.Index(c.set.Sections, c.set.Sections[section]))}
	fields, err := elements(line)
	if err != nil {
		return err
	}
	if fields[0] == "!" {
		r.not, c.set.excludes, fields = true, true, fields[1:]
	}
	closed := false
	if n := len(fields); n > 0 && fields[n-1] == "$" {
		closed, fields = true, fields[:n-1]
	}
	at := []int32{1}
	if len(fields) > 0 && fields[0] == "^" {
		at, fields = []int32{c.step(1, termStart)}, fields[1:]
	}
	if n := len(fields); n > 0 && (isGap(fields[0]) || isGap(fields[n-1])) {
		return fmt.Errorf("pattern %q: a gap needs a word on both sides", line)
	}
	path, err := c.follow(path{at: at}, fields)
	if err != nil {
		return fmt.Errorf("pattern %q: %w", line, err)
	}
	if path.least == 0 {
		return fmt.Errorf("pattern %q has no word that must be there", line)
	}
	if path.span > maxSpan || path.gaps > maxGaps || len(path.at) > maxWays {
		return fmt.Errorf("pattern %q is longer than %d words, or has more than %d gaps or %d ways", line, maxSpan, maxGaps, maxWays)
	}
	id := int32(len(c.set.Rules))
	c.set.Rules = append(c.set.Rules, r)
	for _, a := range path.at {
		if closed {
			c.done.add(&c.nodes[a].closed, id)
		} else {
			c.done.add(&c.nodes[a].rules, id)
		}
	}
	return nil
}

// path is where a part of a pattern ends: the nodes, the words there are at
// least and the tokens there are at most on the way to them.
type path struct {
	at                []int32
	least, span, gaps int
}

// follow reads elements from p on.
func (c *compiler) follow(p path, fields []string) (path, error) {
	for _, f := range fields {
		if isGap(f) {
			wide := len(f) - 2
			for i, a := range p.at {
				p.at[i] = c.gap(a, wide)
			}
			p.span += gapWidth[wide]
			p.gaps++
			continue
		}
		next, err := c.element(p, strings.TrimSuffix(f, "?"), f)
		if err != nil {
			return p, err
		}
		if len(f) > 1 && strings.HasSuffix(f, "?") {
			next.at = append(next.at, p.at...)
			next.least = p.least
		}
		if p = next; len(p.at) > maxWays {
			break
		}
	}
	return p, nil
}

// element reads one word, class or choice; body is the field without the sign
// of an optional one.
func (c *compiler) element(p path, body, field string) (path, error) {
	if field == "?" {
		body = field // which is no optional word without a name
	}
	choice, err := c.choice(body)
	if err != nil {
		return p, err
	}
	out := path{least: p.least + maxSpan, span: p.span, gaps: p.gaps}
	join := func(q path) {
		out.at = append(out.at, q.at...)
		out.least, out.span, out.gaps = min(out.least, q.least), max(out.span, q.span), max(out.gaps, q.gaps)
	}
	if choice.term != termNone {
		q := path{at: make([]int32, 0, len(p.at)), least: p.least + 1, span: p.span + 1, gaps: p.gaps}
		for _, a := range p.at {
			q.at = append(q.at, c.step(a, choice.term))
		}
		join(q)
	}
	for _, phrase := range choice.phrases {
		if isGap(phrase[0]) || isGap(phrase[len(phrase)-1]) {
			return p, fmt.Errorf("a gap needs a word on both sides in %q", field)
		}
		q, err := c.follow(path{append([]int32(nil), p.at...), p.least, p.span, p.gaps}, phrase)
		if err != nil {
			return p, err
		}
		join(q)
	}
	return out, nil
}

// step returns the node after reading term at node a.
func (c *compiler) step(a, term int32) int32 {
	if a == 1 { // which has thousands
		for int(term) >= len(c.roots) {
			c.roots = append(c.roots, 0)
		}
		if c.roots[term] == 0 {
			c.roots[term] = c.newNode()
		}
		return c.roots[term]
	}
	last := int32(0)
	for at := c.nodes[a].child; at != 0; at = c.nodes[at].sibling {
		if c.nodes[at].term == term {
			return at
		}
		last = at
	}
	n := c.newNode()
	c.nodes[n].term = term
	if last == 0 {
		c.nodes[a].child = n
	} else {
		c.nodes[last].sibling = n
	}
	return n
}

func (c *compiler) gap(a int32, width int) int32 {
	if n := c.nodes[a].gaps[width]; n != 0 {
		return n
	}
	n := c.newNode()
	c.nodes[a].gaps[width] = n
	return n
}

func (c *compiler) newNode() int32 {
	c.nodes = append(c.nodes, draft{})
	return int32(len(c.nodes) - 1)
}

// term returns the number that stands for any of the words.
func (c *compiler) term(words []string) (int32, error) {
	key := strings.Join(words, "|")
	if t, ok := c.terms[key]; ok {
		return t, nil
	}
	t := c.nTerms
	for _, w := range words {
		switch w {
		case "?":
			c.set.question = append(c.set.question, t)
		case "<number>":
			c.set.number = append(c.set.number, t)
		default:
			if err := c.word(w, t); err != nil {
				return 0, err
			}
		}
	}
	c.nTerms++
	c.terms[key] = t
	return t, nil
}

// word puts one word, start or end into the forms.
func (c *compiler) word(w string, term int32) error {
	stem, isStem := strings.CutSuffix(w, "*")
	end, isEnd := strings.CutPrefix(w, "*")
	if strings.ContainsAny(strings.Trim(w, "*"), "*()|[]^!\"") || isStem && isEnd || strings.Trim(w, "*") == "" {
		return fmt.Errorf("%q is not a word: write word, start* or *end", w)
	}
	switch {
	case isStem:
		c.words.add(text.Normalize(stem), term, true)
	case isEnd:
		c.ends.add(reverse(text.Normalize(end)), term, true)
	default:
		c.words.add(text.Normalize(w), term, false)
	}
	return nil
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
