// Package loadmore finds the rest of lists that a page shows only in part:
// the answers, JSON or HTML, that its "load more" button asks for.
//
// The operator says where such a list is and what is asked for; the package
// makes the URL of the first answer from the page, and of each next one from
// the answer before. It is not for reading the mentions of an answer (see
// package selectors) nor for finding out how a site's button works.
package loadmore

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/selectors"
)

// Rule describes a list as it is configured.
type Rule struct {
	// On is a regular expression on the URLs of the pages that have the list.
	// Its named groups are variables.
	On string `yaml:"on" json:"on"`
	// Find names variables that are taken from the page: each is a CSS
	// selector with "@attr" or a JSON path, as in selectors.Rules.
	Find map[string]string `yaml:"find,omitempty" json:"find,omitempty"`
	// URL is what is asked for, with variables in braces: {page} or {offset}
	// (see First), {cursor} (see Cursor), and those of On and Find. Values are
	// encoded. Its host counts as the source's.
	URL string `yaml:"url" json:"url"`
	// First is the first {page} or {offset} that is asked for, and Step what
	// is added for the next. A page counts from 2 in steps of 1; an offset
	// needs a step, and counts from it.
	First *int `yaml:"first,omitempty" json:"first,omitempty"`
	Step  int  `yaml:"step,omitempty" json:"step,omitempty"`
	// Cursor is where in an answer the next one's {cursor} stands: a JSON
	// path, or a CSS selector with "@attr". The first answer is asked for with
	// the one that Find has under the name cursor, else with an empty one. An
	// answer without a cursor is the last.
	Cursor string `yaml:"cursor,omitempty" json:"cursor,omitempty"`
	// HTML is the JSON path to the markup in answers that are JSON around a
	// piece of HTML; empty for all others.
	HTML string `yaml:"html,omitempty" json:"html,omitempty"`
}

// Error says which field of a rule is wrong and why.
type Error struct{ Field, Value, Reason string }

func (e *Error) Error() string {
	return fmt.Sprintf("load_more: %s: %q: %s", e.Field, e.Value, e.Reason)
}

// List is a compiled Rule, safe for concurrent use.
type List struct {
	on     *regexp.Regexp
	find   map[string]selectors.Field
	url    *template
	cursor *selectors.Field
	html   *selectors.Field
	// counter is page, offset or empty.
	counter     string
	first, step int
}

// Compile checks a rule. Its errors are *Error.
func Compile(r Rule) (*List, error) {
	l := &List{find: map[string]selectors.Field{}}
	var err error
	if r.On == "" {
		return nil, &Error{"on", "", "missing; give a regular expression for the pages that have the list"}
	}
	if l.on, err = regexp.Compile(r.On); err != nil {
		return nil, &Error{"on", r.On, "not a regular expression: " + err.Error()}
	}
	if r.URL == "" {
		return nil, &Error{"url", "", "missing; give what is asked for, e.g. https://shop.example/api/reviews?sku={sku}&page={page}"}
	}
	if l.url, err = parseTemplate(r.URL); err != nil {
		return nil, &Error{"url", r.URL, err.Error()}
	}
	if err := l.fields(r); err != nil {
		return nil, err
	}
	if err := l.variables(r); err != nil {
		return nil, err
	}
	return l, l.count(r)
}

// fields compiles what is looked up on pages and answers.
func (l *List) fields(r Rule) error {
	for name, rule := range r.Find {
		f, err := selectors.CompileField("find."+name, rule)
		if err != nil {
			return fieldError(err)
		}
		l.find[name] = f
	}
	for _, x := range []struct {
		name, rule string
		to         **selectors.Field
	}{{"cursor", r.Cursor, &l.cursor}, {"html", r.HTML, &l.html}} {
		if x.rule == "" {
			continue
		}
		f, err := selectors.CompileField(x.name, x.rule)
		if err != nil {
			return fieldError(err)
		}
		*x.to = &f
	}
	if r.HTML != "" && !strings.HasPrefix(r.HTML, "$") {
		return &Error{"html", r.HTML, "give the JSON path to the markup, e.g. $.html"}
	}
	return nil
}

func fieldError(err error) error {
	if e, ok := err.(*selectors.Error); ok {
		return &Error{e.Field, e.Selector, e.Reason}
	}
	return err
}

// variables checks that every variable has a value and every value a use.
func (l *List) variables(r Rule) error {
	groups := slices.DeleteFunc(slices.Clone(l.on.SubexpNames()), func(s string) bool { return s == "" })
	used := l.url.variables()
	known := slices.Concat([]string{"page", "offset", "cursor"}, groups)
	for name := range r.Find {
		switch {
		case name == "page" || name == "offset":
			return &Error{"find", name, "is counted, and not found on the page; see first"}
		case slices.Contains(groups, name):
			return &Error{"find", name, "is the name of a group of on too"}
		case !slices.Contains(used, name):
			return &Error{"find", name, "is not used; write {" + name + "} in url"}
		}
		known = append(known, name)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range used {
		if !slices.Contains(known, name) {
			return &Error{"url", r.URL, fmt.Sprintf("{%s} has no value; there are {%s}, and what find and named groups of on, (?P<%s>…), say", name, strings.Join(known, "}, {"), name)}
		}
	}
	for _, name := range groups {
		if slices.Contains([]string{"page", "offset", "cursor"}, name) {
			return &Error{"on", r.On, "the name " + name + " is taken; call the group something else"}
		}
	}
	if has := slices.Contains(used, "cursor"); has && l.cursor == nil {
		return &Error{"cursor", "", "missing; say where in an answer the next {cursor} stands, e.g. $.next"}
	} else if !has && l.cursor != nil {
		return &Error{"cursor", r.Cursor, "is not used; write {cursor} in url"}
	}
	return nil
}

// count checks how the answers are numbered.
func (l *List) count(r Rule) error {
	used := l.url.variables()
	page, offset := slices.Contains(used, "page"), slices.Contains(used, "offset")
	switch {
	case page && offset:
		return &Error{"url", r.URL, "has both {page} and {offset}; one of them counts"}
	case page:
		l.counter, l.first, l.step = "page", 2, 1
	case offset:
		if r.Step == 0 {
			return &Error{"step", "", "missing; say by how much {offset} grows, as a rule the number of reviews of an answer"}
		}
		l.counter, l.first = "offset", r.Step
	case l.cursor == nil:
		return &Error{"url", r.URL, "has neither {page} nor {offset} nor {cursor}: every answer would be the same"}
	case r.First != nil:
		return &Error{"first", strconv.Itoa(*r.First), "is for {page} and {offset}"}
	case r.Step != 0:
		return &Error{"step", strconv.Itoa(r.Step), "is for {page} and {offset}"}
	}
	if r.Step < 0 || r.Step > maxCount {
		return &Error{"step", strconv.Itoa(r.Step), "give a number above 0"}
	}
	if r.Step > 0 {
		l.step = r.Step
	}
	if r.First != nil {
		if l.first = *r.First; l.first < 0 || l.first > maxCount {
			return &Error{"first", strconv.Itoa(l.first), "give 0 or a number above it"}
		}
	}
	return nil
}

// maxCount bounds {page} and {offset}: no list is longer.
const maxCount = 1_000_000

// Endpoint matches the URLs of the list's answers.
func (l *List) Endpoint() *regexp.Regexp { return l.url.answers }

// Answers tells whether a canonical URL is that of an answer of the list.
func (l *List) Answers(u string) bool { return l.url.answers.MatchString(u) }

// First returns the URL of the list's first answer; "" for a page without the
// list. The error says what the page should have and has not.
func (l *List) First(d *document.Document) (string, error) {
	m := l.on.FindStringSubmatch(d.URL)
	if m == nil {
		return "", nil
	}
	values := map[string]string{}
	for i, name := range l.on.SubexpNames() {
		if name != "" {
			values[name] = l.url.encode(name, unescape(m[i]))
		}
	}
	for name, field := range l.find {
		v := field.Value(d)
		if v == "" && name == "cursor" {
			return "", nil // the page shows all
		}
		values[name] = l.url.encode(name, v)
	}
	for _, name := range l.url.variables() {
		if values[name] == "" && name != "cursor" && name != l.counter {
			return "", fmt.Errorf("there is no value for {%s} on the page", name)
		}
	}
	if l.counter != "" {
		values[l.counter] = strconv.Itoa(l.first)
	}
	return l.url.expand(values)
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// Next returns the URL of the answer that follows an answer with so many
// mentions; "" when it is the last.
func (l *List) Next(d *document.Document, mentions int) (string, error) {
	values := l.url.values(d.URL)
	if values == nil || mentions == 0 {
		return "", nil
	}
	if l.counter != "" {
		n, err := strconv.Atoi(values[l.counter])
		if err != nil || n+l.step > maxCount {
			return "", nil
		}
		values[l.counter] = strconv.Itoa(n + l.step)
	}
	if l.cursor != nil {
		v := l.cursor.Value(d)
		if v == "" {
			return "", nil
		}
		values["cursor"] = l.url.encode("cursor", v)
	}
	return l.url.expand(values)
}

// Markup returns the page that stands within an answer (see Rule.HTML); the
// page itself where there is none.
func (l *List) Markup(d *document.Document) *mention.Page {
	if l.html == nil || !d.IsJSON() {
		return d.Page
	}
	inner := *d.Page
	inner.Body, inner.ContentType = []byte(l.html.Value(d)), "text/html; charset=utf-8"
	return &inner
}
