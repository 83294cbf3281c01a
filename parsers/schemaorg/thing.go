// Package schemaorg turns a graph of schema.org things into mentions and
// items, whatever syntax the graph was written in: JSON-LD, microdata and
// RDFa share it.
//
// It follows https://schema.org as pages use it, with the properties of the
// older data-vocabulary.org beside it. It is not for reading a syntax, nor
// for merging what several syntaxes say.
package schemaorg

import (
	"slices"
	"strings"

	"klank/parsers/normalize"
)

// Thing is a node of the graph. Types and property names are bare: neither
// prefix nor vocabulary URL.
type Thing struct {
	// ID is the global identifier as written (@id, itemid), or "".
	ID    string
	Types []string
	Props []Prop
	// Anchor is the id attribute of the element, where the syntax has one.
	Anchor string
	// first is the room of the properties' first values.
	first []Value
	// place is where the thing stands in its graph; a reference counts as a
	// place too when the thing itself stands nowhere more telling.
	place node
}

// Prop is a property with all its values in page order.
type Prop struct {
	Name   string
	Values []Value
}

// Value is a text or a thing: Thing is nil for a text.
type Value struct {
	Text  string
	Thing *Thing
}

// maxProps bounds the properties of a thing; real ones have a few dozen.
const maxProps = 250

// Add appends a value to a property. A thing with absurdly many properties
// gets no more of them.
func (t *Thing) Add(name string, v Value) {
	for i := range t.Props {
		if t.Props[i].Name == name {
			t.Props[i].Values = append(t.Props[i].Values, v)
			return
		}
	}
	if len(t.Props) >= maxProps {
		return
	}
	if n := len(t.Props); n == cap(t.Props) {
		t.Props = slices.Grow(t.Props, further(n))
	}
	n := len(t.first)
	if n == cap(t.first) { // whose values stay where they are
		n, t.first = 0, make([]Value, 0, further(n))
	}
	t.first = append(t.first, v)
	t.Props = append(t.Props, Prop{name, t.first[n : n+1 : n+1]})
}

// further is how many properties to expect beyond n: things have one or two, or
// several.
func further(n int) int {
	if n == 0 {
		return 2
	}
	return 6
}

// Bare strips prefix or vocabulary URL from a type or property name:
// "schema:Review" and "https://schema.org/Review" are both "Review". Prefixes
// are those that pages use for schema.org and data-vocabulary.org.
func Bare(name string) string {
	name = strings.TrimSpace(name)
	if prefix, rest, ok := strings.Cut(name, ":"); ok {
		switch prefix {
		case "schema", "schemaorg", "sdo", "so", "s", "v":
			return rest
		}
	}
	if strings.Contains(name, "://") || strings.HasPrefix(name, "//") || strings.HasPrefix(name, "schema.org/") || strings.HasPrefix(name, "www.schema.org/") {
		name = strings.TrimRight(name, "/#")
		return name[strings.LastIndexAny(name, "/#")+1:]
	}
	return name
}

// isRef tells whether t only names another node.
func (t *Thing) isRef() bool { return t.ID != "" && len(t.Props) == 0 }

// is tells whether t has one of the types.
func (t *Thing) is(types ...string) bool {
	for _, have := range t.Types {
		for _, want := range types {
			if strings.EqualFold(have, want) {
				return true
			}
		}
	}
	return false
}

// values returns the values of the first of the properties that has any.
func (t *Thing) values(names ...string) []Value {
	for _, name := range names {
		for i := range t.Props {
			if p := &t.Props[i]; len(p.Name) == len(name) && len(p.Values) > 0 && strings.EqualFold(p.Name, name) {
				return t.Props[i].Values
			}
		}
	}
	return nil
}

// text returns the first text among the properties, in their order: raw, as
// the page has it. A thing given where a text belongs answers with its name
// or value.
func (t *Thing) text(names ...string) string {
	for _, name := range names {
		for _, v := range t.values(name) {
			s := v.Text
			if v.Thing != nil && name != "name" {
				s = v.Thing.own("name", "value", "text", "ratingValue")
			}
			if strings.TrimSpace(s) != "" {
				return s
			}
		}
	}
	return ""
}

// own is text without looking into further things: things may be part of
// each other.
func (t *Thing) own(names ...string) string {
	for _, name := range names {
		for _, v := range t.values(name) {
			if v.Thing == nil && strings.TrimSpace(v.Text) != "" {
				return v.Text
			}
		}
	}
	return ""
}

// body returns all texts of the first of the properties that has one, as
// paragraphs: some pages mark up each paragraph by itself.
func (t *Thing) body(names ...string) string {
	for _, name := range names {
		var parts []string
		for _, v := range t.values(name) {
			s := v.Text
			if v.Thing != nil {
				s = v.Thing.own("text", "name", "value")
			}
			s = normalize.Text(s)
			if n := len(parts); s != "" && (n == 0 || parts[n-1] != s) {
				parts = append(parts, s)
			}
		}
		if len(parts) > 0 {
			return strings.Join(parts, "\n\n")
		}
	}
	return ""
}

// line returns text as a single plain line.
func (t *Thing) line(names ...string) string { return normalize.Line(t.text(names...)) }

// thing returns the first thing among the properties.
func (t *Thing) thing(names ...string) *Thing {
	for _, name := range names {
		for _, v := range t.values(name) {
			if v.Thing != nil {
				return v.Thing
			}
		}
	}
	return nil
}
