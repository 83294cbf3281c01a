package query

// Simplify brings a tree to its plainest form with the same meaning: nested
// Ands and Ors are flattened, double negations, repeats and operators with
// one operand go, and what matches everything (nil) or nothing (an empty Or)
// is carried up. It shares unchanged leaves with n and never changes n.
func Simplify(n Node) Node {
	switch n := n.(type) {
	case *And:
		return simplifyList(n.Nodes, true)
	case *Or:
		return simplifyList(n.Nodes, false)
	case *Not:
		return negate(Simplify(n.Node))
	case *Near:
		if n.A.String() == n.B.String() {
			return n.A
		}
	case *Range:
		if n.Min == nil && n.Max == nil && n.From.IsZero() && n.To.IsZero() {
			return &Term{"has", n.Field}
		}
	}
	return n
}

func negate(n Node) Node {
	switch n := n.(type) {
	case nil:
		return &Or{}
	case *Not:
		return n.Node
	case *Or:
		if len(n.Nodes) == 0 {
			return nil
		}
	}
	return &Not{n}
}

// simplifyList simplifies the operands of an And (and is true) or an Or.
func simplifyList(nodes []Node, and bool) Node {
	var out []Node
	seen := map[string]bool{}
	add := func(n Node) {
		if k := n.String(); !seen[k] {
			seen[k] = true
			out = append(out, n)
		}
	}
	for _, n := range nodes {
		n = Simplify(n)
		if n == nil {
			if and {
				continue
			}
			return nil
		}
		var inner []Node
		switch n := n.(type) {
		case *And:
			if and {
				inner = n.Nodes
			}
		case *Or:
			if !and {
				inner = n.Nodes
				if len(inner) == 0 {
					continue
				}
			} else if len(n.Nodes) == 0 {
				return &Or{}
			}
		}
		if inner == nil {
			add(n)
			continue
		}
		for _, i := range inner {
			add(i)
		}
	}
	switch {
	case len(out) == 1:
		return out[0]
	case and && len(out) == 0:
		return nil
	case and:
		return &And{out}
	}
	return &Or{out}
}
