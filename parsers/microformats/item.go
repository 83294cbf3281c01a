package microformats

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// item is a microformat: what the standard's JSON form has of it, in page
// order. Property names have no prefix.
type item struct {
	types    []string // "h-review", sorted
	id       string   // the attribute
	props    []property
	children []*item
	node     *html.Node

	classic bool   // its root is one of microformats 1
	day     string // the last date read, for times that have none
	// What must be missing for a property to be implied.
	hasText, hasURL, nested bool
}

type property struct {
	name   string
	values []value
}

// value is what one element says for a property.
type value struct {
	// prefix is that of the class: p, u, dt or e.
	prefix string
	// text is the plain value, by the standard's rules.
	text string
	// node is the element whose text the value is, and for an e-* also its
	// markup; nil where an attribute gave it.
	node *html.Node
	// alt is the text beside an image's URL; hasAlt says that there is one.
	alt    string
	hasAlt bool
	// item is the microformat that the element is.
	item *item
	// from is the element.
	from *html.Node
}

// maxProps bounds the property names of an item, maxClasses the classes of an
// element that count: real ones have a few dozen.
const (
	maxProps   = 250
	maxClasses = 200
)

func (it *item) add(name string, v value) {
	for i := range it.props {
		if it.props[i].name == name {
			it.props[i].values = append(it.props[i].values, v)
			return
		}
	}
	if len(it.props) < maxProps {
		it.props = append(it.props, property{name, []value{v}})
	}
}

// values returns the values of the first of the properties that has any.
func (it *item) values(names ...string) []value {
	for _, name := range names {
		for i := range it.props {
			if it.props[i].name == name {
				return it.props[i].values
			}
		}
	}
	return nil
}

// stated returns the first value of a property that was given with a prefix.
func (it *item) stated(prefix, name string) (value, bool) {
	for _, v := range it.values(name) {
		if v.prefix == prefix {
			return v, true
		}
	}
	return value{}, false
}

// text returns the first value of the first of the properties that has one.
func (it *item) text(names ...string) string {
	for _, name := range names {
		for _, v := range it.values(name) {
			if v.text != "" {
				return v.text
			}
		}
	}
	return ""
}

func (it *item) is(types ...string) bool {
	for _, t := range types {
		if slices.Contains(it.types, t) {
			return true
		}
	}
	return false
}

// roots returns the types that an element's classes make it: those of
// microformats 2, else those of microformats 1.
func roots(classes []string) (types []string, classic bool) {
	for _, c := range classes {
		if name, ok := strings.CutPrefix(c, "h-"); ok && proper(name) && !slices.Contains(types, c) {
			types = append(types, c)
		}
	}
	if len(types) == 0 {
		for _, c := range classes {
			if t, ok := classicRoots[c]; ok && !slices.Contains(types, t) {
				types, classic = append(types, t), true
			}
		}
	}
	slices.Sort(types)
	return types, classic
}

// proper tells whether a name may follow a prefix: words of lower case
// letters, of which the first, a vendor's, may hold digits.
func proper(name string) bool {
	words := strings.Split(name, "-")
	for i, w := range words {
		if w == "" {
			return false
		}
		for _, c := range []byte(w) {
			letter := 'a' <= c && c <= 'z'
			digit := '0' <= c && c <= '9' && i == 0 && len(words) > 1
			if !letter && !digit {
				return false
			}
		}
	}
	return true
}

// claim is a property that an element gives: its name, and the prefix that
// tells how its value is read.
type claim struct{ prefix, name string }

// claims returns the properties that an element gives the item around it.
func (it *item) claims(n *html.Node, classes []string) []claim {
	var out []claim
	add := func(class string) {
		prefix, name, ok := strings.Cut(class, "-")
		if !ok || !proper(name) {
			return
		}
		switch prefix {
		case "p", "u", "dt", "e":
			if c := (claim{prefix, name}); !it.classic || !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	if !it.classic {
		for _, c := range classes {
			add(c)
		}
		return out
	}
	for _, t := range it.types {
		for _, c := range classes {
			add(classicProps[t][c])
		}
	}
	for _, rel := range strings.Fields(strings.ToLower(attr(n, "rel"))) {
		for _, t := range it.types {
			// What a class says as well is said by that.
			if c := classicRels[t][rel]; c != "" && !slices.ContainsFunc(out, func(o claim) bool { return strings.HasSuffix(c, "-"+o.name) }) {
				add(c)
			}
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	v, _ := lookup(n, name)
	return v
}

func lookup(n *html.Node, name string) (string, bool) {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			return n.Attr[i].Val, true
		}
	}
	return "", false
}

func hasClass(n *html.Node, class string) bool { return slices.Contains(classesOf(n), class) }

// classesOf returns the classes of an element.
func classesOf(n *html.Node) []string {
	classes := strings.FieldsFunc(attr(n, "class"), func(c rune) bool { return c == ' ' || '\t' <= c && c <= '\r' && c != '\v' })
	return classes[:min(len(classes), maxClasses)]
}
