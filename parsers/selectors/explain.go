package selectors

import "klank/parsers/document"

// Hit is what one rule found on a page, as Explain tells of it.
type Hit struct {
	// Field is the name of the rule, Rule the rule as written.
	Field string `json:"field"`
	Rule  string `json:"rule"`
	// Of is in how many blocks or records a value was looked for, Found in how
	// many there was one; a field of the whole page has one place, and links
	// have as many as were found.
	Found int `json:"found"`
	Of    int `json:"of"`
	// First is the first value.
	First string `json:"first,omitempty"`
}

// Explain tells what each rule finds on a page, in the order of Rules.
func (s *Selectors) Explain(d *document.Document) []Hit {
	if !s.Detect(d) {
		return nil
	}
	p := (*page)(nil)
	if d.IsJSON() {
		p = s.parseJSON(d)
	} else {
		p = s.parseHTML(d)
	}
	var out []Hit
	if s.review != nil {
		out = append(out, Hit{Field: "review", Rule: s.review.source(), Found: p.total, Of: p.total})
	}
	for _, f := range p.fields() {
		if f.field != nil {
			out = append(out, Hit{f.name, f.field.source(), p.hits[f.name], p.total, p.first[f.name]})
		}
	}
	for _, f := range []namedField{{name: "item", field: s.item}, {name: "item_rating", field: s.itemRating}, {name: "review_count", field: s.reviewCount}, {name: "next", field: s.next}, {name: "links", field: s.links}} {
		if f.field != nil {
			out = append(out, Hit{f.name, f.field.source(), p.hits[f.name], max(1, p.hits[f.name]), p.first[f.name]})
		}
	}
	return out
}

// source is the rule as written.
func (f field) source() string {
	out := ""
	for i, a := range f {
		if i > 0 {
			out += " || "
		}
		out += a.source
	}
	return out
}
