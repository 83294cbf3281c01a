package query

import (
	"strings"

	"klank/mention"
)

// Type says what values a field takes.
type Type string

// The types of fields.
const (
	Keyword  Type = "keyword"  // exact values; facets
	Number   Type = "number"   // ranges of numbers
	Date     Type = "date"     // ranges of dates, in UTC
	Presence Type = "presence" // has:
)

// Field describes one field of the language.
type Field struct {
	Name string
	Type Type
	// Values lists all values where they are known beforehand.
	Values []string
	// Facet tells whether counts per value can be asked for.
	Facet bool
	// Help is one line for a person.
	Help string
}

// Fields describes every field, in the order in which help shows them. The
// caller must not change it.
var Fields = []Field{
	{"kind", Keyword, kinds(), true, "review, post, comment, question, answer or survey"},
	{"source", Keyword, nil, true, "the source as configured"},
	{"type", Keyword, nil, true, "the type of source: site, feed, mastodon, …"},
	{"host", Keyword, nil, true, "the host name it was published on"},
	{"brand", Keyword, nil, true, "a configured brand it is about or mentions"},
	{"item", Keyword, nil, true, "the name of the thing it is about (its URL where it has no name)"},
	{"language", Keyword, nil, true, "the primary language: nl, en, …"},
	{"sentiment", Keyword, sentiments, true, "the label: negative, neutral or positive"},
	{"score", Number, nil, false, "the sentiment, -1..1"},
	{"rating", Number, nil, false, "the published grade, brought to 1..5 stars"},
	{"stars", Number, nil, false, "the stars estimated from the text, 1..5"},
	{"published", Date, nil, false, "when it was published"},
	{"collected", Date, nil, false, "when it was collected"},
	{"removed", Date, nil, false, "when it was found to have vanished"},
	{"moment", Keyword, mention.Moments, true, "a moment of truth it speaks of"},
	{"touchpoint", Keyword, touchpoints(), true, "a touchpoint it speaks of"},
	{"care", Keyword, mention.CareLenses, true, "a lens on what the company did"},
	{"signal", Keyword, mention.Signals, true, "a signal of the whole text"},
	{"moment_sentiment", Keyword, momentSentiments(), true, "a moment with the sentiment of a sentence on it, e.g. smot:negative"},
	{"flag", Keyword, nil, true, "rating_mismatch, duplicate, suspect"},
	{"verified", Keyword, booleans, true, "true or false, where the source says so"},
	{"invited", Keyword, booleans, true, "true or false, where the source says so"},
	{"parser", Keyword, nil, true, "the parser that read it"},
	{"author", Keyword, nil, true, "the author's key"},
	{"thread", Keyword, nil, true, "the id of the thread it belongs to"},
	{"parent", Keyword, nil, false, "the id of what it answers"},
	{"url", Keyword, nil, false, "where it can be read"},
	{"page", Keyword, nil, false, "the page it was found on"},
	{"id", Keyword, nil, false, "its id"},
	{"has", Presence, Presences, false, "mentions that have such a part"},
}

// Presences lists the values of has, in the order of their help.
var Presences = []string{
	"title", "text", "author", "item", "brand", "language", "url", "rating", "ratings", "published", "reply", "engagement",
	"verified", "invited", "parent", "thread", "removed", "duplicate", "flag", "sentiment", "stars",
	"moment", "touchpoint", "care", "signal", "collected", "score",
}

var (
	sentiments = []string{mention.Negative, mention.Neutral, mention.Positive}
	booleans   = []string{"true", "false"}
)

// Lookup finds a field by its name.
func Lookup(name string) (Field, bool) {
	for _, f := range Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func kinds() []string {
	var out []string
	for _, k := range mention.Kinds {
		out = append(out, string(k))
	}
	return out
}

func touchpoints() []string {
	var out []string
	for _, m := range mention.Moments {
		out = append(out, mention.Touchpoints[m]...)
	}
	return out
}

func momentSentiments() []string {
	var out []string
	for _, m := range mention.Moments {
		for _, s := range sentiments {
			out = append(out, m+":"+s)
		}
	}
	return out
}

// Nearest returns the candidate with the smallest edit distance to s, or ""
// when none is near enough to be a typing error.
func Nearest(s string, candidates []string) string {
	best, dist := "", 1+len(s)/3
	if len(s) > 40 {
		return ""
	}
	for _, c := range candidates {
		if strings.HasPrefix(c, s) && len(s) >= 3 {
			return c
		}
		if d := editDistance(s, c); d <= dist {
			if d < dist || best == "" {
				best, dist = c, d
			}
		}
	}
	return best
}

// editDistance is the optimal string alignment distance: insertions,
// deletions, replacements and swaps of neighbours count one each.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}
