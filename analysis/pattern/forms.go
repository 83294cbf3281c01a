package pattern

// forms is a tree of letters that gives the terms a word belongs to.
type forms struct {
	nodes []formNode
	first [256]int32 // children of the root
}

type formNode struct {
	child, sibling int32
	letter         byte
	whole, start   []int32 // terms of the word that ends here, and of words that go on
}

func (f *forms) add(word string, term int32, start bool) {
	if len(f.nodes) == 0 {
		f.nodes = make([]formNode, 1)
	}
	at := int32(0)
	for i := 0; i < len(word); i++ {
		next := f.step(at, word[i])
		if next == 0 {
			next = int32(len(f.nodes))
			n := formNode{letter: word[i]}
			if at == 0 {
				f.first[word[i]] = next
			} else {
				n.sibling = f.nodes[at].child
				f.nodes[at].child = next
			}
			f.nodes = append(f.nodes, n)
		}
		at = next
	}
	n := &f.nodes[at]
	if start {
		n.start = append(n.start, term)
	} else {
		n.whole = append(n.whole, term)
	}
}

func (f *forms) step(at int32, letter byte) int32 {
	if at == 0 {
		return f.first[letter]
	}
	n := f.nodes[at].child
	for n != 0 && f.nodes[n].letter != letter {
		n = f.nodes[n].sibling
	}
	return n
}

// find appends the terms of a word, read from its start or from its end.
func (f *forms) find(dst []int32, word string, backwards bool) []int32 {
	at := int32(0)
	for i := 0; i < len(word); i++ {
		c := word[i]
		if backwards {
			c = word[len(word)-1-i]
		}
		if at = f.step(at, c); at == 0 {
			return dst
		}
		if n := &f.nodes[at]; len(n.start) > 0 {
			dst = append(dst, n.start...)
		}
	}
	if at != 0 {
		dst = append(dst, f.nodes[at].whole...)
	}
	return dst
}
