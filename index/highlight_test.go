package index_test

import (
	"testing"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// FuzzHighlights: whatever the text and the query are, the spans stand in
// order within the title and the text.
func FuzzHighlights(f *testing.F) {
	f.Add("Levering", "De levering was te laat, wéér.", "nl", `levering OR "te laat" lev* -"was te"`)
	f.Add("", "foto’s \xff e\u0301 👍", "", `foto's 👍 "e"* é`)
	f.Fuzz(func(t *testing.T, title, text, language, q string) {
		n, err := query.Parse(q, time.Time{})
		if err != nil {
			return
		}
		m := &mention.Mention{Title: title, Text: text, Language: language}
		last := mention.Span{In: "title"}
		for _, s := range index.Highlights(m, n) {
			from := map[string]string{"title": title, "text": text}[s.In]
			if s.In != last.In {
				last = mention.Span{In: "text"}
			}
			if s.In != last.In || s.Start < last.End || s.End <= s.Start || s.End > len(from) {
				t.Fatalf("span %+v after %+v in %q", s, last, from)
			}
			last = s
		}
	})
}
