// Package selectors reads mentions off pages by a source's own CSS selectors,
// and off JSON answers by JSON paths: the way for sites without markup whose
// operator of klank knows the page.
//
// It is not for guessing; package blocks does that.
package selectors

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"klank/mention"
	"klank/parsers/document"
)

// Rules are a source's own selectors. Each field is a CSS selector relative
// to Review, optionally followed by "@attr" for an attribute instead of the
// text ("@attr" alone: of the block itself), e.g. ".stars@aria-label".
// Alternatives are separated by " || ": the first that gives a value counts.
//
// An alternative that begins with $ is a JSON path, for answers that are JSON:
// names, ['names in quotes'], [numbers] and [*] of RFC 9535. Review then leads
// to the records ("$.data.reviews[*]"), and $ in the other fields is one of
// them ("$.author.name"); in Item and the rest it is the whole answer. HTML
// pages do not see JSON paths, nor JSON answers CSS selectors.
//
// State that a page carries in a script is reached by a selector of the script
// with a path behind it, in Review, Item and the rest:
// "script#__NEXT_DATA__ $.props.pageProps.reviews[*]"; the other fields are
// then paths within a record, as in an answer that is JSON.
//
// Behind any alternative, " ~ /…/" is a regular expression (syntax of RE2) of
// which the first group, or else the whole match, is the value:
// ".stars@class ~ /stars-(\\d)/".
type Rules struct {
	// Review selects the repeated block of one mention. Blocks may nest: the
	// inner then is a reply to the outer.
	Review string `yaml:"review" json:"review"`
	// Kind is the kind of the mentions; empty means review.
	Kind   mention.Kind `yaml:"kind,omitempty" json:"kind,omitempty"`
	ID     string       `yaml:"id,omitempty" json:"id,omitempty"`
	Author string       `yaml:"author,omitempty" json:"author,omitempty"`
	Title  string       `yaml:"title,omitempty" json:"title,omitempty"`
	Text   string       `yaml:"text,omitempty" json:"text,omitempty"`
	Rating string       `yaml:"rating,omitempty" json:"rating,omitempty"`
	Date   string       `yaml:"date,omitempty" json:"date,omitempty"`
	URL    string       `yaml:"url,omitempty" json:"url,omitempty"`
	Reply  string       `yaml:"reply,omitempty" json:"reply,omitempty"`
	// Item and the rest are looked up on the whole page.
	Item        string `yaml:"item,omitempty" json:"item,omitempty"`
	ItemRating  string `yaml:"item_rating,omitempty" json:"item_rating,omitempty"`
	ReviewCount string `yaml:"review_count,omitempty" json:"review_count,omitempty"`
	// Next and Links select pagination and detail links to follow.
	Next  string `yaml:"next,omitempty" json:"next,omitempty"`
	Links string `yaml:"links,omitempty" json:"links,omitempty"`
}

// Selectors are compiled Rules, safe for concurrent use.
type Selectors struct {
	review                                            field
	kind                                              mention.Kind
	id, author, title, text, rating, date, url, reply field
	item, itemRating, reviewCount, next, links        field
	// css and json say what the rules are for.
	css, json bool
}

// field is one compiled rule: its alternatives in order.
type field []alternative

type alternative struct {
	source string
	// match is nil for "@attr" alone, which means the block itself.
	match cascadia.Sel
	attr  string
	// json says that it is a path, and nothing for HTML, unless match selects
	// the scripts that it begins in.
	json bool
	path path
	re   *regexp.Regexp // nil: the value is taken whole
}

// embedded tells a path into what scripts hold.
func (a alternative) embedded() bool { return a.json && a.match != nil }

// onHTML tells whether the alternative selects anything on HTML pages.
func (a alternative) onHTML() bool { return !a.json || a.embedded() }

// pick takes from a value what the regular expression wants of it.
func (a alternative) pick(v string) string {
	if a.re == nil || v == "" {
		return v
	}
	m := a.re.FindStringSubmatch(v)
	switch len(m) {
	case 0:
		return ""
	case 1:
		return m[0]
	}
	return m[1]
}

// Error says which rule does not compile and why.
type Error struct {
	Field, Selector, Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("selectors: %s: %q: %s", e.Field, e.Selector, e.Reason)
}

// maxSelector bounds a rule's length; maxAlternatives its alternatives.
const (
	maxSelector     = 1000
	maxAlternatives = 10
)

// Compile checks the rules. Its errors are *Error: they name the field, the
// selector and the reason.
func Compile(r Rules) (*Selectors, error) {
	s := &Selectors{kind: r.Kind}
	if s.kind == "" {
		s.kind = mention.Review
	}
	if !slices.Contains(mention.Kinds, s.kind) {
		return nil, &Error{"kind", string(s.kind), "not one of " + kinds()}
	}
	if strings.TrimSpace(r.Review) == "" && (r.Next == "" && r.Links == "" && r.Item == "") {
		return nil, &Error{"review", "", "nothing to select: give the selector of one block"}
	}
	for _, f := range []struct {
		name, rule string
		to         *field
		element    bool // selects elements, "@attr" means nothing
		ofBlock    bool // is looked for in a block, not on the page
	}{
		{"review", r.Review, &s.review, true, false},
		{"id", r.ID, &s.id, false, true},
		{"author", r.Author, &s.author, false, true},
		{"title", r.Title, &s.title, false, true},
		{"text", r.Text, &s.text, false, true},
		{"rating", r.Rating, &s.rating, false, true},
		{"date", r.Date, &s.date, false, true},
		{"url", r.URL, &s.url, false, true},
		{"reply", r.Reply, &s.reply, false, true},
		{"item", r.Item, &s.item, false, false},
		{"item_rating", r.ItemRating, &s.itemRating, false, false},
		{"review_count", r.ReviewCount, &s.reviewCount, false, false},
		{"next", r.Next, &s.next, false, false},
		{"links", r.Links, &s.links, false, false},
	} {
		if strings.TrimSpace(f.rule) == "" {
			continue
		}
		compiled, err := compileField(f.name, f.rule)
		if err != nil {
			return nil, err
		}
		for _, a := range compiled {
			s.css, s.json = s.css || a.onHTML(), s.json || a.json && !a.embedded()
			switch {
			case f.element && a.attr != "":
				return nil, &Error{f.name, a.source, "selects blocks, so @" + a.attr + " has no meaning"}
			case f.element && a.re != nil:
				return nil, &Error{f.name, a.source, "selects blocks, so a regular expression has no meaning"}
			case a.embedded() && f.ofBlock:
				return nil, &Error{f.name, a.source, "a path into a script belongs to review; here it goes on from there: write " + pathOf(a.source)}
			}
		}
		*f.to = compiled
	}
	return s, nil
}

func compileField(name, rule string) (field, error) {
	if len(rule) > maxSelector {
		return nil, &Error{name, rule[:40] + "…", fmt.Sprintf("longer than %d characters", maxSelector)}
	}
	parts := strings.Split(rule, " || ")
	if len(parts) > maxAlternatives {
		return nil, &Error{name, rule, fmt.Sprintf("more than %d alternatives", maxAlternatives)}
	}
	var out field
	for _, part := range parts {
		a, err := compileAlternative(strings.TrimSpace(part))
		if err != nil {
			return nil, &Error{name, strings.TrimSpace(part), err.Error()}
		}
		out = append(out, a)
	}
	return out, nil
}

// compileAlternative reads a selector or a path, and what stands behind it.
func compileAlternative(part string) (alternative, error) {
	a := alternative{source: part}
	if i := strings.LastIndex(part, " ~ /"); i >= 0 {
		re, closed := strings.CutSuffix(part[i+len(" ~ /"):], "/")
		if !closed {
			return a, errors.New("the regular expression lacks its closing slash")
		}
		var err error
		if a.re, err = regexp.Compile(re); err != nil {
			return a, fmt.Errorf("the regular expression is wrong: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		part = strings.TrimSpace(part[:i])
	}
	css := part
	if p := pathOf(part); p != "" {
		var err error
		if a.path, err = parsePath(p); err != nil {
			return a, err
		}
		a.json = true
		if css = strings.TrimSpace(strings.TrimSuffix(part, p)); css == "" {
			return a, nil
		}
	} else if i := strings.LastIndexByte(part, '@'); i >= 0 && attrName(part[i+1:]) {
		css, a.attr = strings.TrimSpace(part[:i]), strings.ToLower(part[i+1:])
	}
	if css == "" {
		if a.attr == "" {
			return a, errors.New("an empty alternative")
		}
		return a, nil
	}
	sel, err := cascadia.Parse(css)
	if err != nil {
		return a, errors.New(strings.TrimPrefix(err.Error(), "cascadia: "))
	}
	if sel.PseudoElement() != "" {
		return a, errors.New("pseudo-elements select nothing on a saved page")
	}
	a.match = sel
	return a, nil
}

// pathOf returns the JSON path that an alternative is or ends in; "" where it
// has none. In CSS a $ stands before "=" or in quotes only.
func pathOf(part string) string {
	if isPath(part) {
		return part
	}
	for _, begin := range []string{" $.", " $["} {
		if i := strings.Index(part, begin); i >= 0 {
			return part[i+1:]
		}
	}
	return ""
}

func attrName(s string) bool {
	for _, c := range s {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_:.", c)) {
			return false
		}
	}
	return s != ""
}

func kinds() string {
	var names []string
	for _, k := range mention.Kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// onHTML tells whether the field selects anything on HTML pages.
func (f field) onHTML() bool { return slices.ContainsFunc(f, alternative.onHTML) }

// onElements tells whether it selects any of their elements.
func (f field) onElements() bool {
	return slices.ContainsFunc(f, func(a alternative) bool { return !a.json })
}

// elements returns what the field selects below (or, for "@attr", is) n, by
// the first alternative that selects anything; skip cuts subtrees off.
func (f field) elements(n *html.Node, skip map[*html.Node]bool) ([]*html.Node, alternative) {
	for _, a := range f {
		if a.json {
			continue
		}
		if a.match == nil {
			return []*html.Node{n}, a
		}
		if found := query(n, a.match, skip); len(found) > 0 {
			return found, a
		}
	}
	return nil, alternative{}
}

// query returns the elements below n that match, in document order, without
// those in skipped subtrees.
func query(n *html.Node, m cascadia.Matcher, skip map[*html.Node]bool) []*html.Node {
	var out []*html.Node
	var down func(n *html.Node)
	down = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode || skip[c] {
				continue
			}
			if m.Match(c) {
				out = append(out, c)
			}
			down(c)
		}
	}
	down(n)
	return out
}

// Field is a compiled rule for one value of a whole page, in the syntax of
// Rules; safe for concurrent use.
type Field struct{ field field }

// CompileField checks a rule; name is the field's name in its *Error.
func CompileField(name, rule string) (Field, error) {
	f, err := compileField(name, rule)
	return Field{f}, err
}

// Value returns the first value that the rule gives on the page, without the
// space around it; "" where it gives none.
func (f Field) Value(d *document.Document) string {
	if d.IsJSON() {
		if v, err := readJSON(d.Body); err == nil {
			return strings.TrimSpace(f.field.scalar(v))
		}
		return ""
	}
	if !d.IsHTML() || !f.field.onHTML() {
		return ""
	}
	p := &page{d: d}
	return strings.TrimSpace(p.whole(f.field, d.Root()))
}
