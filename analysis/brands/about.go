package brands

import (
	"slices"
	"strings"

	"klank/analysis/text"
)

// About returns the places of the brands that are known beforehand to be
// meant: the one that the source is configured for, the item's brand, and
// those that the item's name mentions. Empty strings are passed over.
func (m *Matcher) About(source, itemBrand, itemName string) []int {
	var out []int
	add := func(b int) {
		if !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	if i := slices.Index(m.names, source); i >= 0 {
		add(i)
	}
	if len(m.byFirst) == 0 {
		return out
	}
	if ts := tokens(itemBrand); len(ts) > 0 {
		for i := range m.variants {
			if v := &m.variants[i]; strings.Join(v.tokens, "") == strings.Join(ts, "") {
				add(int(v.brand))
			}
		}
	}
	for _, s := range [2]string{itemBrand, itemName} {
		if s == "" {
			continue
		}
		var w Work
		var none, d text.Doc
		d.Parse(s)
		for _, f := range m.Find(&w, &none, &d, "", nil) {
			add(f.Brand)
		}
	}
	return out
}

// Match returns the names of the brands that a text is about (About) or
// mentions, in the order of the configuration.
func (m *Matcher) Match(title, body, language string, about []int) []string {
	if len(m.names) == 0 {
		return nil
	}
	var w Work
	var t, b text.Doc
	t.Parse(title)
	b.Parse(body)
	hit := make([]bool, len(m.names))
	for _, n := range about {
		hit[n] = true
	}
	for _, f := range m.Find(&w, &t, &b, language, about) {
		hit[f.Brand] = true
	}
	var out []string
	for n, yes := range hit {
		if yes {
			out = append(out, m.names[n])
		}
	}
	return out
}
