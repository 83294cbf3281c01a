package index

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// Keywords returns the values of a keyword field (or of has) that a mention
// carries, without repeats and sorted (those of has as query.Presences lists
// them): what back-ends store and count. See query.Fields.
func Keywords(m *mention.Mention, field string) []string { return AppendKeywords(nil, m, field) }

// AppendKeywords appends to values what Keywords returns.
func AppendKeywords(values []string, m *mention.Mention, field string) []string {
	switch field {
	case "id":
		return unique(values, m.ID)
	case "kind":
		return unique(values, string(m.Kind))
	case "source":
		return unique(values, m.Source.Name)
	case "type":
		return unique(values, m.Source.Type)
	case "host":
		return unique(values, m.Source.Host)
	case "brand":
		return unique(values, m.Brands...)
	case "item":
		return unique(values, itemName(m.Item))
	case "language":
		return unique(values, Language(m))
	case "flag":
		from := len(values)
		for _, f := range m.Flags {
			values = insert(values, from, f.Name, "")
		}
		return values
	case "verified":
		return boolean(values, m.Verified)
	case "invited":
		return boolean(values, m.Invited)
	case "parser":
		return unique(values, m.Evidence.Parser)
	case "author":
		return unique(values, Author(m))
	case "thread":
		return unique(values, m.Thread)
	case "parent":
		return unique(values, m.Parent)
	case "url":
		return unique(values, m.URL)
	case "page":
		return unique(values, m.Page)
	case "has":
		return presences(values, m)
	}
	if m.Analysis == nil {
		return values
	}
	switch a := m.Analysis; field {
	case "sentiment":
		return unique(values, a.Sentiment.Label)
	case "moment":
		return unique(values, a.Moments...)
	case "touchpoint":
		return unique(values, a.Touchpoints...)
	case "care":
		return unique(values, a.Care...)
	case "signal":
		return unique(values, a.Signals...)
	case "moment_sentiment":
		return labelled(values, a.Sentences, func(s *mention.Sentence) []string { return s.Moments })
	case "touchpoint_sentiment":
		return labelled(values, a.Sentences, func(s *mention.Sentence) []string { return s.Touchpoints })
	case "care_sentiment":
		return labelled(values, a.Sentences, func(s *mention.Sentence) []string { return s.Care })
	case "brand_sentiment":
		return brandSentiments(values, m)
	}
	return values
}

// Language is the primary language a mention is filed and stemmed under: its
// own, else what the analysis found.
func Language(m *mention.Mention) string {
	if m.Language == "" && m.Analysis != nil {
		return text.Primary(m.Analysis.Language)
	}
	return text.Primary(m.Language)
}

// Author is what tells authors apart: the key, or the name where there is
// none.
func Author(m *mention.Mention) string {
	switch {
	case m.Author == nil:
		return ""
	case m.Author.Key != "":
		return m.Author.Key
	}
	return m.Author.Name
}

func itemName(i *mention.ItemRef) string {
	switch {
	case i == nil:
		return ""
	case i.Name != "":
		return i.Name
	case i.URL != "":
		return i.URL
	}
	return i.GTIN
}

// Number returns the value of a number field, if the mention has it. rating
// is the published grade as stars, 1 + 4 × score, to six decimals; rank the
// place on the first page of the source's own list.
func Number(m *mention.Mention, field string) (float64, bool) {
	switch {
	case field == "rating" && m.Rating != nil:
		return math.Round((1+4*m.Rating.Score)*1e6) / 1e6, true
	case field == "score" && m.Analysis != nil && m.Analysis.Sentiment.Label != "":
		return m.Analysis.Sentiment.Score, true
	case field == "stars" && m.Analysis != nil && m.Analysis.Stars != 0:
		return m.Analysis.Stars, true
	case field == "rank" && m.Evidence.Rank > 0 && isFirstPage(m.Evidence.List):
		return float64(m.Evidence.Rank), true
	}
	return 0, false
}

// isFirstPage tells from a list's address whether it is where the list begins:
// nothing in it counts pages, skips entries or goes on from one.
func isFirstPage(list string) bool {
	u, err := url.Parse(list)
	if list == "" || err != nil {
		return false
	}
	for key, values := range u.Query() {
		switch strings.ToLower(key) {
		case "page", "pagina", "blz", "bladzijde", "paged", "pg", "p", "seite", "pagenumber", "currentpage":
			if values[0] != "" && values[0] != "0" && values[0] != "1" {
				return false
			}
		case "offset", "start", "skip", "from", "cursor", "after", "before", "max_id", "page_token", "pagetoken":
			if values[0] != "" && values[0] != "0" {
				return false
			}
		}
	}
	steps := strings.Split(strings.ToLower(u.Path), "/")
	for i, step := range steps[1:] {
		if before := steps[i]; (before == "page" || before == "pagina" || before == "seite") && step != "0" && step != "1" && step != "" {
			return false
		}
	}
	return true
}

// ToUTC brings the times of m to UTC, as the record asks. Back-ends store them so.
func ToUTC(m *mention.Mention) {
	for _, t := range []*time.Time{&m.Published, &m.Updated, &m.Collected, &m.Removed, &m.Evidence.Fetched} {
		if !t.IsZero() {
			*t = t.UTC()
		}
	}
	if m.Reply != nil && !m.Reply.Published.IsZero() {
		r := *m.Reply
		r.Published = r.Published.UTC()
		m.Reply = &r
	}
}

// Date returns the value of a date field; zero where the mention has none.
func Date(m *mention.Mention, field string) time.Time {
	switch field {
	case "published":
		return m.Published
	case "collected":
		return m.Collected
	case "removed":
		return m.Removed
	}
	return time.Time{}
}

// SentenceLabel is the label of one sentence's score: negative below -0.1,
// positive above 0.1, as the taxonomy draws the line for whole texts.
func SentenceLabel(score float64) string {
	switch {
	case score < -0.1:
		return mention.Negative
	case score > 0.1:
		return mention.Positive
	}
	return mention.Neutral
}

// labelled appends the labels that of gives of every sentence, each joined with
// the sentence's sentiment, so that a text that praises the shop and damns the
// delivery counts in both.
func labelled(values []string, ss []mention.Sentence, of func(*mention.Sentence) []string) []string {
	from := len(values)
	for i := range ss {
		for _, label := range of(&ss[i]) {
			values = insert(values, from, label, SentenceLabel(ss[i].Score))
		}
	}
	return values
}

// brandSentiments appends every brand joined with the attitude to it: that of
// the clauses about it, and where the analysis does not tell them apart that of
// the whole text.
func brandSentiments(values []string, m *mention.Mention) []string {
	from := len(values)
	for _, b := range m.Brands {
		label := m.Analysis.Sentiment.Label
		for _, own := range m.Analysis.Brands {
			if strings.EqualFold(own.Name, b) {
				label = SentenceLabel(own.Score)
			}
		}
		if label != "" {
			values = insert(values, from, b, label)
		}
	}
	return values
}

func presences(values []string, m *mention.Mention) []string {
	for _, p := range query.Presences {
		if present(values, m, p) {
			values = append(values, p)
		}
	}
	return values
}

// present tells whether a mention has a part. What stands in the array behind
// values may be overwritten: looking takes no memory then.
func present(values []string, m *mention.Mention, part string) bool {
	switch part {
	case "title":
		return m.Title != ""
	case "text":
		return m.Text != ""
	case "ratings":
		return len(m.Ratings) > 0
	case "reply":
		return m.Reply != nil
	case "engagement":
		return m.Engagement != nil
	case "duplicate":
		return m.DuplicateOf != ""
	}
	f, _ := query.Lookup(part)
	switch f.Type {
	case query.Number:
		_, ok := Number(m, part)
		return ok
	case query.Date:
		return !Date(m, part).IsZero()
	}
	return len(AppendKeywords(values, m, part)) > len(values)
}

func boolean(values []string, b *bool) []string {
	switch {
	case b == nil:
		return values
	case *b:
		return append(values, "true")
	}
	return append(values, "false")
}

// unique appends the non-empty values of list, sorted and without repeats.
func unique(values []string, list ...string) []string {
	from := len(values)
	for _, v := range list {
		values = insert(values, from, v, "")
	}
	return values
}

// insert puts a value, joined with a label where there is one, among the sorted
// values from the given place on, unless it is empty or there. They are few, and
// mostly there: no string is made to find that out.
func insert(values []string, from int, value, label string) []string {
	if value == "" {
		return values
	}
	value = strings.ToValidUTF8(value, "\uFFFD")
	for _, have := range values[from:] {
		if isJoined(have, value, label) {
			return values
		}
	}
	if label != "" {
		value += ":" + label
	}
	at, _ := slices.BinarySearch(values[from:], value)
	return slices.Insert(values, from+at, value)
}

// isJoined tells whether a string is value + ":" + label, or value alone where
// there is no label.
func isJoined(s, value, label string) bool {
	if label == "" {
		return s == value
	}
	n := len(value)
	return len(s) == n+1+len(label) && s[n] == ':' && s[n+1:] == label && s[:n] == value
}
