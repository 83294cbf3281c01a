// Package wire holds what the parsers of JSON APIs share: decoding in which a
// value of a wrong type costs its own field and nothing else, the few types
// that APIs spell differently from server to server, and the URL of the next
// page of a list.
//
// It knows no API; each has a package of its own beside it.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// Holds tells whether body looks like a JSON object or array and has all the
// keys somewhere: a cheap first test.
func Holds(body []byte, keys ...string) bool {
	b := bytes.TrimSpace(body)
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return false
	}
	for _, k := range keys {
		if !bytes.Contains(b, []byte(`"`+k+`"`)) {
			return false
		}
	}
	return true
}

// maxObjects bounds the memory that a page of empty objects takes: real
// answers have a few thousand.
const maxObjects = 200_000

// Decode reads JSON into v as far as it can: a missing, null or wrongly typed
// value leaves its own field empty. Only text that is no JSON, or holds more
// objects than any answer does, is an error. Time and memory are linear in
// the body when the types of v that nest have no UnmarshalJSON of their own.
func Decode(body []byte, v any) error {
	if n := bytes.Count(body, []byte("{")); n > maxObjects {
		return fmt.Errorf("%d objects; more than %d are not read", n, maxObjects)
	}
	err := json.Unmarshal(body, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return nil
	}
	return err
}

// IsArray tells whether body is a JSON array.
func IsArray(body []byte) bool {
	b := bytes.TrimSpace(body)
	return len(b) > 0 && b[0] == '['
}

// ID is an id that is a string on some servers and a number on others. It
// never contains white space; what else it could be leaves it empty.
type ID string

// UnmarshalJSON never fails.
func (v *ID) UnmarshalJSON(b []byte) error {
	*v = ""
	if s := scalar(b); !strings.ContainsAny(s, " \t\r\n") && s != "true" && s != "false" {
		*v = ID(s)
	}
	return nil
}

// Count is a number of things, also where it is written as a string. What is
// none, or below zero, is 0.
type Count int

// UnmarshalJSON never fails.
func (v *Count) UnmarshalJSON(b []byte) error {
	*v = 0
	if f, err := strconv.ParseFloat(scalar(b), 64); err == nil && f > 0 && f < math.MaxInt32 {
		*v = Count(f)
	}
	return nil
}

// Unix is a time in seconds since 1970, also with a fraction or as a string;
// zero when it is none.
type Unix struct{ time.Time }

// maxUnix is the end of the year 9999.
const maxUnix = 253402300799

// UnmarshalJSON never fails.
func (v *Unix) UnmarshalJSON(b []byte) error {
	v.Time = time.Time{}
	if f, err := strconv.ParseFloat(scalar(b), 64); err == nil && f >= 1 && f <= maxUnix {
		v.Time = time.Unix(int64(f), 0).UTC()
	}
	return nil
}

// Publish makes it the published time of m, to the second, unless it is zero.
func (v Unix) Publish(m *mention.Mention) {
	if !v.IsZero() {
		m.Published, m.PublishedPrecision = v.Time, mention.Second
	}
}

// scalar returns the string or number that b is, else "".
func scalar(b []byte) string {
	if len(b) == 0 || b[0] == '{' || b[0] == '[' || b[0] == 'n' {
		return ""
	}
	if b[0] != '"' {
		return string(b)
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// Publish makes the date s the published time of m, when it is one: in the
// language of the answer, where that matters.
func Publish(m *mention.Mention, s string, d *document.Document) {
	if t, p, ok := normalize.Date(s, d.Language, d.Page.Fetched); ok {
		m.Published, m.PublishedPrecision = t, p
	}
}

// Update makes the date s the time of m's last change, when it is one and
// later than the published time.
func Update(m *mention.Mention, s string, d *document.Document) {
	if t, _, ok := normalize.Date(s, d.Language, d.Page.Fetched); ok && t.After(m.Published) {
		m.Updated = t
	}
}

// Author is an author by name, or nil without one.
func Author(name, url string) *mention.Author {
	if name = normalize.Line(name); name == "" {
		return nil
	}
	return &mention.Author{Name: name, URL: url}
}

// Engagement is nil where nothing was counted.
func Engagement(e mention.Engagement) *mention.Engagement {
	if e == (mention.Engagement{}) {
		return nil
	}
	return &e
}

// First returns the first value that is not blank.
func First(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// With is the page's own URL with the query parameter name set to value, or
// "" for a page without URL. The other parameters keep their places.
func With(d *document.Document, name, value string) string {
	if d.URL == "" {
		return ""
	}
	base, query, _ := strings.Cut(d.URL, "?")
	set := url.QueryEscape(name) + "=" + url.QueryEscape(value)
	var params []string
	found := false
	for p := range strings.SplitSeq(query, "&") {
		switch k, ok := paramName(p); {
		case p == "":
		case ok && k == name:
			if !found {
				params, found = append(params, set), true
			}
		default:
			params = append(params, p)
		}
	}
	if !found {
		params = append(params, set)
	}
	return d.Abs(base + "?" + strings.Join(params, "&"))
}

// Param is the value of a query parameter of the page's URL, "" without it.
func Param(d *document.Document, name string) string {
	_, query, _ := strings.Cut(d.URL, "?")
	for p := range strings.SplitSeq(query, "&") {
		if k, ok := paramName(p); ok && k == name {
			_, v, _ := strings.Cut(p, "=")
			if v, err := url.QueryUnescape(v); err == nil {
				return v
			}
		}
	}
	return ""
}

func paramName(p string) (string, bool) {
	k, _, _ := strings.Cut(p, "=")
	k, err := url.QueryUnescape(k)
	return k, err == nil
}

// Page is the number that a query parameter of the page's URL gives, or first
// where it gives none.
func Page(d *document.Document, name string, first int) int {
	if n, err := strconv.Atoi(Param(d, name)); err == nil && n >= 0 && n < 1e7 {
		return n
	}
	return first
}

// Path is the path of the page's URL, "" without one.
func Path(d *document.Document) string {
	u, err := url.Parse(d.URL)
	if err != nil {
		return ""
	}
	return u.Path
}

// Next adds the URL of the next page of the list, unless it is empty or the
// page's own.
func Next(f *document.Found, d *document.Document, u string) { add(f, d, u, mention.LinkNext) }

// Item adds the URL of a thing that carries mentions of its own.
func Item(f *document.Found, d *document.Document, u string) { add(f, d, u, mention.LinkItem) }

// maxLinks bounds the links of a page: lists of ids have a few hundred.
const maxLinks = 20_000

func add(f *document.Found, d *document.Document, u string, kind mention.LinkKind) {
	if u != "" && u != d.URL && len(f.Links) < maxLinks {
		f.Links = append(f.Links, mention.Link{URL: u, Kind: kind})
	}
}

// Problem adds a problem of the named parser.
func Problem(f *document.Found, where, what string) {
	f.Problems = append(f.Problems, mention.Problem{Where: where, What: what})
}
