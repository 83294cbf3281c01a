package pattern

import (
	"cmp"
	"math/bits"
	"slices"
)

// forms is a tree of letters that gives the terms a word belongs to. It lies
// flat: the children of a node stand side by side, those by the letters a to z
// first and in their order, so that a step reads one place of memory and searches
// nothing.
type forms struct {
	nodes   []formNode
	letters []byte // by which each node is reached
	terms   []int32
	first   [256]int32 // children of the root, 0 for none
}

// formNode has its children at nodes[child:last], and the terms of words that go
// on and of the word that ends here in terms[start:whole] and terms[whole:end].
type formNode struct {
	common            uint32 // a bit for each of the letters a to z that has a child
	child, last       int32
	start, whole, end int32
}

// letters is how many there are from a to z.
const letters = 'z' - 'a' + 1

// find appends the terms of a word, read from its start or from its end.
func (f *forms) find(dst []int32, word string, backwards bool) []int32 {
	at := int32(0)
	for i := 0; i < len(word); i++ {
		c := word[i]
		if backwards {
			c = word[len(word)-1-i]
		}
		if i == 0 {
			at = f.first[c]
		} else {
			at = f.step(&f.nodes[at], c)
		}
		if at == 0 {
			return dst
		}
		if n := &f.nodes[at]; n.start < n.whole {
			dst = append(dst, f.terms[n.start:n.whole]...)
		}
	}
	if at != 0 {
		dst = append(dst, f.terms[f.nodes[at].whole:f.nodes[at].end]...)
	}
	return dst
}

// step returns the child of a node by a letter, 0 for none.
func (f *forms) step(n *formNode, letter byte) int32 {
	if at := letter - 'a'; at < letters {
		if n.common>>at&1 == 0 {
			return 0
		}
		return n.child + int32(bits.OnesCount32(n.common&(1<<at-1)))
	}
	for i := n.child + int32(bits.OnesCount32(n.common)); i < n.last; i++ {
		if f.letters[i] == letter {
			return i
		}
	}
	return 0
}

// formTree is forms while they are added to: nodes and terms in lists that are
// linked by their places, for there are tens of thousands.
type formTree struct {
	nodes []formDraft
	terms lists
	first [256]int32 // children of the root
}

// formDraft is a node; 0 is none of anything.
type formDraft struct {
	letter         byte // by which it is reached
	child, sibling int32
	whole, start   list // terms of the word that ends here, and of words that go on
}

// lists holds lists of numbers, each as a chain of places; the first is none.
type lists []struct{ number, next int32 }

// list is where one begins and ends.
type list struct{ first, last int32 }

// add adds a number to the end of a list.
func (l *lists) add(to *list, number int32) {
	if len(*l) == 0 {
		*l = append(*l, struct{ number, next int32 }{})
	}
	n := int32(len(*l))
	*l = append(*l, struct{ number, next int32 }{number: number})
	if to.first == 0 {
		to.first = n
	} else {
		(*l)[to.last].next = n
	}
	to.last = n
}

// appendTo appends the numbers of a list.
func (l lists) appendTo(dst []int32, from list) []int32 {
	for at := from.first; at != 0; at = l[at].next {
		dst = append(dst, l[at].number)
	}
	return dst
}

func (t *formTree) add(word string, term int32, start bool) {
	if len(t.nodes) == 0 {
		t.nodes = make([]formDraft, 1, 1<<12)
	}
	at := int32(0)
	for i := 0; i < len(word); i++ {
		if i == 0 && t.first[word[0]] != 0 {
			at = t.first[word[0]]
			continue
		}
		next := t.child(at, word[i])
		if i == 0 {
			t.first[word[0]] = next
		}
		at = next
	}
	if start {
		t.terms.add(&t.nodes[at].start, term)
	} else {
		t.terms.add(&t.nodes[at].whole, term)
	}
}

// child returns the child of a node by a letter; it makes one if there is none.
func (t *formTree) child(at int32, letter byte) int32 {
	last := int32(0)
	for c := t.nodes[at].child; c != 0; c = t.nodes[c].sibling {
		if t.nodes[c].letter == letter {
			return c
		}
		last = c
	}
	n := int32(len(t.nodes))
	t.nodes = append(t.nodes, formDraft{letter: letter})
	if last == 0 {
		t.nodes[at].child = n
	} else {
		t.nodes[last].sibling = n
	}
	return n
}

// pack lays the tree flat, level by level.
func (t *formTree) pack() forms {
	if len(t.nodes) == 0 {
		return forms{nodes: make([]formNode, 1), letters: make([]byte, 1)}
	}
	f := forms{nodes: make([]formNode, 0, len(t.nodes)), letters: make([]byte, 1, len(t.nodes)), terms: make([]int32, 0, len(t.terms))}
	level := make([]int32, 1, len(t.nodes)) // places among the drafts
	for i := 0; i < len(level); i++ {
		d := &t.nodes[level[i]]
		n := formNode{child: int32(len(level)), start: int32(len(f.terms))}
		f.terms = t.terms.appendTo(f.terms, d.start)
		n.whole = int32(len(f.terms))
		f.terms = t.terms.appendTo(f.terms, d.whole)
		n.end = int32(len(f.terms))
		for c := d.child; c != 0; c = t.nodes[c].sibling {
			level = append(level, c)
		}
		n.last = int32(len(level))
		children := level[n.child:]
		slices.SortFunc(children, func(a, b int32) int {
			return cmp.Compare(t.nodes[a].letter-'a', t.nodes[b].letter-'a') // what is before a wraps around
		})
		for at, c := range children {
			letter := t.nodes[c].letter
			if i == 0 {
				f.first[letter] = n.child + int32(at)
			}
			if letter-'a' < letters {
				n.common |= 1 << (letter - 'a')
			}
			f.letters = append(f.letters, letter)
		}
		f.nodes = append(f.nodes, n)
	}
	return f
}
