// Package query is klank's question language: text in, a small tree out. The
// back-ends compile the tree; nothing else knows how a question is spelled.
//
//	levering AND (traag OR "te laat") NOT brand:acme rating:<3 published:2026-01..2026-03
package query

import "time"

// Node is a query tree: *And, *Or, *Not, *Text, *Term or *Range. A nil Node
// matches everything.
type Node interface{ String() string }

// And matches when all of its nodes do, Or when at least one does, Not when
// its node does not.
type (
	And struct{ Nodes []Node }
	Or  struct{ Nodes []Node }
	Not struct{ Node Node }
)

// Text matches words in the title or the text. Several words are a phrase.
// Words match by their Dutch or English stem unless Prefix is set, which
// matches the last word as written and as a prefix.
type Text struct {
	Words  []string
	Prefix bool
}

// Term matches a field's value exactly (case folded for names).
type Term struct {
	Field, Value string
}

// Range matches a numeric or date field in a half-open or open-ended range.
// Numeric fields use Min and Max, dates From and To; nil or zero is open.
type Range struct {
	Field        string
	Min, Max     *float64
	ExMin, ExMax bool // exclusive bounds
	From, To     time.Time
}

// func Parse(text string, now time.Time) (Node, error)  // *SyntaxError with Offset (bytes) and a hint
// func Simplify(n Node) Node
// Fields describes every field: name, type (keyword, number, date, presence), and a line of help.
