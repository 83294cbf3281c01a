package loadmore

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"klank/mention"
)

// template is the URL of an endpoint with variables in braces. What it makes
// can be taken apart again, so that the next answer's URL follows from the
// URL of the one before.
type template struct {
	parts []part
	// answers matches the URLs it makes, with a group for each variable.
	answers *regexp.Regexp
}

// part is a piece of a template: text, or a variable.
type part struct {
	text, variable string
	query          bool // it stands behind the question mark
}

// maxTemplate bounds a template's length in bytes.
const maxTemplate = 1000

var (
	variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	beginning    = regexp.MustCompile(`^(?i:https?)://[^/{}?#\\]+/`)
)

// parseTemplate reads a template; its errors are for a person.
func parseTemplate(s string) (*template, error) {
	switch {
	case len(s) > maxTemplate:
		return nil, fmt.Errorf("longer than %d bytes", maxTemplate)
	case !beginning.MatchString(s):
		return nil, fmt.Errorf("write it in full, with the host in it, e.g. https://shop.example/api/reviews?sku={sku}&page={page}")
	case strings.Contains(s, "#"):
		return nil, fmt.Errorf("a URL that is asked for has no #")
	}
	t := &template{}
	query := false
	for rest := s; rest != ""; {
		text, after, variable := strings.Cut(rest, "{")
		if strings.Contains(text, "}") {
			return nil, fmt.Errorf("a } without its {")
		}
		query = query || strings.Contains(text, "?")
		if text != "" {
			t.parts = append(t.parts, part{text: text})
		} else if variable {
			return nil, fmt.Errorf("something must stand between two variables, so that they can be told apart")
		}
		if !variable {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || !variableName.MatchString(name) {
			return nil, fmt.Errorf("{%s is not the name of a variable in braces, such as {page}", shorten(after))
		}
		if slices.Contains(t.variables(), name) {
			return nil, fmt.Errorf("{%s} stands twice", name)
		}
		t.parts = append(t.parts, part{variable: name, query: query})
		rest = tail
	}
	return t, t.compile()
}

func shorten(s string) string {
	if len(s) > 30 {
		return strings.ToValidUTF8(s[:30], "") + "…"
	}
	return s
}

// variables are the names in the template, in its order.
func (t *template) variables() []string {
	var names []string
	for _, p := range t.parts {
		if p.variable != "" {
			names = append(names, p.variable)
		}
	}
	return names
}

// compile makes the expression for what the template makes, in canonical form.
func (t *template) compile() error {
	marks := map[string]string{}
	for i, name := range t.variables() {
		marks[name] = "klankvariable" + strconv.Itoa(i) + "x"
	}
	rest, err := mention.CanonicalURL("", t.fill(marks))
	if err != nil {
		return err
	}
	if _, err := url.Parse(rest); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("^")
	for _, p := range t.parts {
		if p.variable == "" {
			continue
		}
		before, after, ok := strings.Cut(rest, marks[p.variable])
		if !ok {
			return fmt.Errorf("{%s} stands where it is dropped from every URL, in a parameter for tracking or sessions", p.variable)
		}
		b.WriteString(regexp.QuoteMeta(before))
		switch {
		case p.variable == "page" || p.variable == "offset":
			b.WriteString(`([0-9]{1,9})`)
		case p.query:
			b.WriteString(`([^&#]*)`)
		default:
			b.WriteString(`([^/?#]+)`)
		}
		rest = after
	}
	b.WriteString(regexp.QuoteMeta(rest) + "$")
	t.answers, err = regexp.Compile(b.String())
	return err
}

// fill puts values that are encoded already into the template.
func (t *template) fill(values map[string]string) string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		b.WriteString(values[p.variable])
	}
	return b.String()
}

// encode makes a value fit for the place of its variable.
func (t *template) encode(name, value string) string {
	for _, p := range t.parts {
		if p.variable == name && p.query {
			return url.QueryEscape(value)
		}
	}
	return url.PathEscape(value)
}

// expand makes the canonical URL for encoded values. It fails where a value
// would change more of the URL than its own place ("..").
func (t *template) expand(values map[string]string) (string, error) {
	u, err := mention.CanonicalURL("", t.fill(values))
	if err == nil && !t.answers.MatchString(u) {
		err = fmt.Errorf("%s is not what the template means", u)
	}
	return u, err
}

// values takes a URL that the template made apart; nil for any other. They
// are encoded.
func (t *template) values(u string) map[string]string {
	m := t.answers.FindStringSubmatch(u)
	if m == nil {
		return nil
	}
	values := map[string]string{}
	for i, name := range t.variables() {
		values[name] = m[i+1]
	}
	return values
}
