// Package query is klank's question language: text in, a small tree out. The
// back-ends compile the tree; nothing else knows how a question is spelled.
//
//	levering AND (traag OR "te laat") NOT brand:acme rating:<3 published:2026-01..2026-03
//
// # Words
//
// Words stand side by side or are joined with AND, OR and NOT (in capitals;
// -word is short for NOT word). AND binds tighter than OR; parentheses group.
// "Words in quotes" are a phrase, lever* is a prefix, "te lev"* a phrase whose
// last word is one. Words match the title or the text by their Dutch or
// English stem. * alone matches everything.
//
//	lever~  lever~2         words one (two) typing errors away; see Text
//	traag NEAR/5 levering   both, in any order, at most five words between them
//
// NEAR joins words and phrases and binds tightest; a title and its text count
// as one stretch of words with one between them.
//
// # Fields
//
// field:value, field:"a value" and field:(a OR b) match a field exactly,
// capitals aside; Fields lists them. Numbers and dates take ranges:
//
//	rating:4  rating:<3  rating:>=4  rating:1..3  rating:1..<3
//	published:2026-05  published:2026-01..2026-03  published:>2026-01-01
//	published:30d  (the last 30 days; also h, w, m, y)
//
// Dates are in UTC. A range of dates runs to the end of the day, month or year
// it names, and up to a time of day exactly. rating is the published grade
// brought to 1..5 stars (1 + 4 × score), whatever its own scale was.
//
// saved:name stands for the query that is saved under that name (see Language).
//
// The package is not for running questions, and it knows nothing of SQL.
package query

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"klank/index/text"
)

// Node is a query tree: *And, *Or, *Not, *Text, *Near, *Term or *Range. A nil Node
// matches everything. String gives it back in the language of Parse.
type Node interface{ String() string }

// And matches when all of its nodes do, Or when at least one does, Not when
// its node does not. An And of nothing matches everything, an Or of nothing
// matches nothing.
type (
	And struct{ Nodes []Node }
	Or  struct{ Nodes []Node }
	Not struct{ Node Node }
)

// Text matches words in the title or the text. Several words are a phrase.
// Words match by their Dutch or English stem unless Prefix is set, which
// matches the words as written and the last one as a prefix. Fuzzy (1 or 2) is
// for one word, and matches words as written that are so many letters added,
// left out, replaced or swapped away and begin with the same letter: of those
// in the index the nearest MaxSpellings.
type Text struct {
	Words  []string
	Prefix bool
	Fuzzy  int
}

// MaxSpellings bounds the words that one fuzzy word stands for.
const MaxSpellings = 500

// Near matches where both texts stand with at most Distance words between
// them, in either order. Neither is a prefix or fuzzy.
type Near struct {
	A, B     *Text
	Distance int
}

// Term matches a field's value exactly: id, url, page and parent to the
// letter, all others with case folded.
type Term struct {
	Field, Value string
}

// Range matches a numeric or date field in a half-open or open-ended range.
// Numeric fields use Min and Max, dates From (inclusive) and To (exclusive);
// nil or zero is open. A mention without the field is never in the range.
type Range struct {
	Field        string
	Min, Max     *float64
	ExMin, ExMax bool // exclusive bounds
	From, To     time.Time
}

// String spells n in the language of Parse; nil is the empty string.
func String(n Node) string {
	if n == nil {
		return ""
	}
	return n.String()
}

func (n *And) String() string { return join(n.Nodes, " AND ", "*") }

func (n *Or) String() string { return join(n.Nodes, " OR ", "NOT *") }

func (n *Not) String() string { return "NOT " + operand(n.Node) }

func join(nodes []Node, op, empty string) string {
	if len(nodes) == 0 {
		return empty
	}
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = operand(n)
	}
	return strings.Join(parts, op)
}

// operand spells a node so that any operator can stand before or after it.
func operand(n Node) string {
	switch n := n.(type) {
	case nil:
		return "*"
	case *And, *Or:
		return "(" + n.String() + ")"
	}
	return n.String()
}

func (n *Text) String() string {
	s := strings.Join(n.Words, " ")
	if len(n.Words) != 1 || !isBare(s) {
		s = quote(s)
	}
	switch {
	case n.Prefix:
		s += "*"
	case n.Fuzzy > 0:
		s += "~" + strconv.Itoa(n.Fuzzy)
	}
	return s
}

func (n *Near) String() string {
	return n.A.String() + " NEAR/" + strconv.Itoa(n.Distance) + " " + n.B.String()
}

func (n *Term) String() string {
	if isBareValue(n.Value) {
		return n.Field + ":" + n.Value
	}
	return n.Field + ":" + quote(n.Value)
}

func (n *Range) String() string {
	p := n.Field + ":"
	if n.Min == nil && n.Max == nil {
		return p + dateRange(n.From, n.To)
	}
	return p + numberRange(n)
}

func numberRange(n *Range) string {
	switch {
	case n.Max == nil && n.ExMin:
		return ">" + number(*n.Min)
	case n.Max == nil:
		return ">=" + number(*n.Min)
	case n.Min == nil && n.ExMax:
		return "<" + number(*n.Max)
	case n.Min == nil:
		return "<=" + number(*n.Max)
	case *n.Min == *n.Max && !n.ExMin && !n.ExMax:
		return number(*n.Min)
	}
	var b strings.Builder
	if n.ExMin {
		b.WriteByte('>')
	}
	b.WriteString(number(*n.Min) + "..")
	if n.ExMax {
		b.WriteByte('<')
	}
	b.WriteString(number(*n.Max))
	return b.String()
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func dateRange(from, to time.Time) string {
	switch {
	case from.IsZero() && to.IsZero():
		return "*"
	case to.IsZero():
		return ">=" + date(from)
	case from.IsZero():
		return "<" + date(to)
	}
	if midnight(to) {
		to = to.UTC().AddDate(0, 0, -1)
	}
	return date(from) + ".." + date(to)
}

func midnight(t time.Time) bool { return t.UTC().Equal(day(t)) }

// day is the start of t's day in UTC.
func day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func date(t time.Time) string {
	if midnight(t) {
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// isBare tells whether a word can be spelled without quotes.
func isBare(s string) bool {
	if s == "" || s == "AND" || s == "OR" || s == "NOT" || s == "NEAR" {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			return false
		}
	}
	return len(text.Words(s)) == 1
}

// isBareValue tells whether a field's value can be spelled without quotes.
func isBareValue(s string) bool {
	if s == "" || s == "*" || s[0] == '-' {
		return false
	}
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
		case strings.ContainsRune("-_./:@+~%#&=?", r):
		default:
			return false
		}
	}
	return true
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "“", `\“`, "”", `\”`, "„", `\„`)

func quote(s string) string { return `"` + quoter.Replace(s) + `"` }
