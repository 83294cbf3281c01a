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
// carries, without repeats: what back-ends store and count. See query.Fields.
func Keywords(m *mention.Mention, field string) []string {
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{strings.ToValidUTF8(s, "\uFFFD")}
	}
	if values, ok := listed(m, field); ok {
		return unique(values)
	}
	switch field {
	case "id":
		return one(m.ID)
	case "kind":
		return one(string(m.Kind))
	case "source":
		return one(m.Source.Name)
	case "type":
		return one(m.Source.Type)
	case "host":
		return one(m.Source.Host)
	case "item":
		return one(itemName(m.Item))
	case "language":
		return one(Language(m))
	case "flag":
		var out []string
		for _, f := range m.Flags {
			out = append(out, f.Name)
		}
		return unique(out)
	case "verified":
		return boolean(m.Verified)
	case "invited":
		return boolean(m.Invited)
	case "parser":
		return one(m.Evidence.Parser)
	case "author":
		return one(Author(m))
	case "thread":
		return one(m.Thread)
	case "parent":
		return one(m.Parent)
	case "url":
		return one(m.URL)
	case "page":
		return one(m.Page)
	case "has":
		return presences(m)
	}
	if m.Analysis == nil {
		return nil
	}
	switch a := m.Analysis; field {
	case "sentiment":
		return one(a.Sentiment.Label)
	case "moment_sentiment":
		return labelled(a.Sentences, func(s *mention.Sentence) []string { return s.Moments })
	case "touchpoint_sentiment":
		return labelled(a.Sentences, func(s *mention.Sentence) []string { return s.Touchpoints })
	case "care_sentiment":
		return labelled(a.Sentences, func(s *mention.Sentence) []string { return s.Care })
	case "brand_sentiment":
		return brandSentiments(m)
	}
	return nil
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

// labelled joins the labels that of gives of every sentence with that of its
// sentiment, so that a text that praises the shop and damns the delivery counts
// in both.
func labelled(ss []mention.Sentence, of func(*mention.Sentence) []string) []string {
	var out []string
	for i := range ss {
		for _, label := range of(&ss[i]) {
			out = append(out, label+":"+SentenceLabel(ss[i].Score))
		}
	}
	return unique(out)
}

// brandSentiments joins every brand with the attitude to it: that of the
// clauses about it, and where the analysis does not tell them apart that of
// the whole text.
func brandSentiments(m *mention.Mention) []string {
	var out []string
	for _, b := range m.Brands {
		label := m.Analysis.Sentiment.Label
		for _, own := range m.Analysis.Brands {
			if strings.EqualFold(own.Name, b) {
				label = SentenceLabel(own.Score)
			}
		}
		if b != "" && label != "" {
			out = append(out, b+":"+label)
		}
	}
	return unique(out)
}

func presences(m *mention.Mention) []string {
	var out []string
	for _, p := range query.Presences {
		if present(m, p) {
			out = append(out, p)
		}
	}
	return out
}

func present(m *mention.Mention, part string) bool {
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
	if values, ok := listed(m, part); ok {
		return slices.ContainsFunc(values, func(v string) bool { return v != "" })
	}
	f, _ := query.Lookup(part)
	switch f.Type {
	case query.Number:
		_, ok := Number(m, part)
		return ok
	case query.Date:
		return !Date(m, part).IsZero()
	}
	return len(Keywords(m, part)) > 0
}

// listed are the values of a field that is a list, as they stand: to see whether
// there are any takes no sorting.
func listed(m *mention.Mention, field string) (values []string, ok bool) {
	a := m.Analysis
	if a == nil {
		a = &mention.Analysis{}
	}
	switch field {
	case "brand":
		return m.Brands, true
	case "moment":
		return a.Moments, true
	case "touchpoint":
		return a.Touchpoints, true
	case "care":
		return a.Care, true
	case "signal":
		return a.Signals, true
	}
	return nil, false
}

func boolean(b *bool) []string {
	switch {
	case b == nil:
		return nil
	case *b:
		return []string{"true"}
	}
	return []string{"false"}
}

// unique returns the non-empty values, sorted and without repeats.
func unique(values []string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		if v != "" {
			out = append(out, strings.ToValidUTF8(v, "\uFFFD"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
