package selectors

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
)

// embedded returns what the first path into a script leads to that leads
// anywhere.
func (p *page) embedded(f field, root *html.Node) []any {
	for _, a := range f {
		if !a.embedded() {
			continue
		}
		var out []any
		for _, script := range query(root, a.match, nil) {
			out = append(out, a.path.of(p.stateIn(script))...)
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// stateOf returns the first value that a path into a script leads to.
func (p *page) stateOf(f field, root *html.Node) string {
	for _, a := range f {
		for _, v := range p.embedded(field{a}, root) {
			if t := a.pick(scalar(v)); strings.TrimSpace(t) != "" {
				return t
			}
		}
	}
	return ""
}

// whole returns the first value that a field of the whole page gives.
func (p *page) whole(f field, root *html.Node) string {
	for _, a := range f {
		v := ""
		if a.embedded() {
			v = p.stateOf(field{a}, root)
		} else {
			v = value(field{a}, root, nil)
		}
		if v != "" {
			return v
		}
	}
	return ""
}

// stateIn reads the state in a script once.
func (p *page) stateIn(script *html.Node) any {
	if v, ok := p.state[script]; ok {
		return v
	}
	if p.state == nil {
		p.state = map[*html.Node]any{}
	}
	var b strings.Builder
	for c := script.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(c.Data)
	}
	v := readState(b.String())
	p.state[script] = v
	return v
}

// readState reads the JSON of a script: all that it holds, or what it assigns
// first ("window.__STATE__ = {…};"), also by JSON.parse of a string. It is nil
// where there is none.
func readState(s string) any {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	if s[0] != '{' && s[0] != '[' {
		at := strings.IndexByte(s, '=')
		if at < 0 {
			return nil
		}
		s = strings.TrimSpace(s[at+1:])
	}
	if rest, ok := strings.CutPrefix(s, "JSON.parse("); ok {
		var inner string
		if json.NewDecoder(strings.NewReader(rest)).Decode(&inner) != nil {
			return nil
		}
		s = inner
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil
	}
	return v
}
