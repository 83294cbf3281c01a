package query

import (
	"strings"

	"klank/index/text"
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
	{"rank", Number, nil, false, "the place on the first page of the source's own list, from 1"},
	{"published", Date, nil, false, "when it was published"},
	{"collected", Date, nil, false, "when it was collected"},
	{"removed", Date, nil, false, "when it was found to have vanished"},
	{"moment", Keyword, mention.Moments, true, "a moment of truth it speaks of"},
	{"touchpoint", Keyword, mention.Journey, true, "a touchpoint it speaks of"},
	{"care", Keyword, mention.CareLenses, true, "a lens on what the company did"},
	{"signal", Keyword, mention.Signals, true, "a signal of the whole text"},
	{"moment_sentiment", Keyword, withSentiments(mention.Moments), true, "a moment with the sentiment of a sentence on it, e.g. smot:negative"},
	{"touchpoint_sentiment", Keyword, withSentiments(mention.Journey), true, "a touchpoint with the sentiment of a sentence on it, e.g. delivery:negative"},
	{"care_sentiment", Keyword, withSentiments(mention.CareLenses), true, "a care lens with the sentiment of a sentence on it, e.g. service:positive"},
	{"brand_sentiment", Keyword, nil, true, "a brand with the attitude to it, e.g. \"Acme:negative\""},
	{"flag", Keyword, nil, true, "rating_mismatch, duplicate, suspect, corrected"},
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

// withSentiments joins every label with every sentiment.
func withSentiments(labels []string) []string {
	var out []string
	for _, l := range labels {
		for _, s := range sentiments {
			out = append(out, l+":"+s)
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
		if d := text.Distance(s, c); d <= dist {
			if d < dist || best == "" {
				best, dist = c, d
			}
		}
	}
	return best
}
