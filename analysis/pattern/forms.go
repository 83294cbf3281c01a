package pattern

import "bytes"

// forms is a tree of letters that gives the terms a word belongs to. It lies
// flat: the children of a node stand side by side, their letters in a row of
// bytes, so that a step reads one place of memory instead of following links.
type forms struct {
	nodes   []formNode
	letters []byte // by which each node is reached
	terms   []int32
	first   [256]int32 // children of the root, 0 for none
}

// formNode has its children at nodes[child:child+children], and the terms of
// words that go on and of the word that ends here in
// terms[start:whole] and terms[whole:end].
type formNode struct {
	child, children   int32
	start, whole, end int32
}

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
	for i := n.child; i < n.child+n.children; i++ {
		if f.letters[i] == letter {
			return i
		}
	}
	return 0
}

// formTree is forms while they are added to.
type formTree struct {
	letters      []byte // of children
	children     []*formTree
	whole, start []int32 // terms of the word that ends here, and of words that go on
}

func (t *formTree) add(word string, term int32, start bool) {
	for i := 0; i < len(word); i++ {
		at := bytes.IndexByte(t.letters, word[i])
		if at < 0 {
			at = len(t.letters)
			t.letters, t.children = append(t.letters, word[i]), append(t.children, &formTree{})
		}
		t = t.children[at]
	}
	if start {
		t.start = append(t.start, term)
	} else {
		t.whole = append(t.whole, term)
	}
}

// pack lays the tree flat, level by level.
func (t *formTree) pack() forms {
	var f forms
	level := []*formTree{t}
	f.nodes, f.letters = make([]formNode, 1), make([]byte, 1)
	for i := 0; i < len(level); i++ {
		t, n := level[i], formNode{}
		n.child, n.children = int32(len(level)), int32(len(t.children))
		n.start = int32(len(f.terms))
		f.terms = append(f.terms, t.start...)
		n.whole = int32(len(f.terms))
		f.terms = append(f.terms, t.whole...)
		n.end = int32(len(f.terms))
		f.nodes[i] = n
		for k, c := range t.letters {
			if i == 0 {
				f.first[c] = int32(len(level))
			}
			level = append(level, t.children[k])
		}
		f.letters = append(f.letters, t.letters...)
		f.nodes = append(f.nodes, make([]formNode, len(t.children))...)
	}
	return f
}
