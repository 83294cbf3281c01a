package notice

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"klank/index/research"
	"klank/index/research/layout"
	"klank/index/sqlite"
	"klank/mention"
)

// digestOf makes the digest of some mentions.
func digestOf(t *testing.T, language string, ms ...mention.Mention) (subject, text, page, data string) {
	t.Helper()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ix.Close() })
	if _, err := ix.Put(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	declared := 400
	if err := ix.PutRun(t.Context(), mention.Run{ID: "r1", Source: "shop", Started: at, Ended: at, Status: "suspect", Reason: "found less"}, []mention.Coverage{{Run: "r1", Source: "shop", Declared: &declared, Collected: 100}}); err != nil {
		t.Fatal(err)
	}
	c := &Composer{Language: language, PublicURL: "https://klank.test", Index: ix}
	m, err := c.Digest(t.Context(), Digest{Research: research.Config{Index: ix}, Speech: layout.English{}, Days: 7}, "id1", at)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(m.Data)
	if err != nil {
		t.Fatal(err)
	}
	return m.Subject, m.Text, m.HTML, string(b)
}

// weeks are complaints about delivery: 40 in the last week, 30 in the one
// before, of which fewer are negative.
func weeks() []mention.Mention {
	var out []mention.Mention
	for i := range 70 {
		m := *complaint(fmt.Sprintf("m%02d", i), fmt.Sprintf("Te laat bezorgd, alweer, nummer %d.", i))
		m.Published = at.AddDate(0, 0, -1-i/40*8)
		m.Analysis = &mention.Analysis{Sentiment: mention.Sentiment{Label: "negative", Score: -0.6}, Signals: []string{"needs_response"}, Touchpoints: []string{"delivery"}, Moments: []string{"smot"},
			Sentences: []mention.Sentence{{Span: mention.Span{In: "text", Start: 0, End: 15}, Score: -0.6, Touchpoints: []string{"delivery"}, Moments: []string{"smot"}}}}
		if i >= 40 && i%3 > 0 {
			m.Analysis = &mention.Analysis{Sentiment: mention.Sentiment{Label: "positive", Score: 0.6}}
			m.Rating = &mention.Rating{Value: 5, Best: 5, Score: 1}
		}
		out = append(out, m)
	}
	return out
}

func TestADigestTellsWhatChangedWithNumbersThatCanBeChecked(t *testing.T) {
	subject, text, page, data := digestOf(t, "en", weeks()...)
	if subject != "klank: The last 7 days" {
		t.Errorf("subject %q", subject)
	}
	for _, want := range []string{
		"(2026-02-23 – 2026-03-02)", "the last 7 days: 40; the 7 days before: 30", "100 % (91 to 100, n 40)", "+67 points (", "Coverage 25 %.",
		"== Spoken of most", "* delivery\n  mentions: 40; praised: 0 % (0 to 9, n 40); blamed: 100 %", "== Answer these first", "https://klank.test/mention/m", "waits: ",
		"== The sources", "* shop\n  mentions: 70; coverage: 25 %", "suspect", "found less", "https://klank.test/status",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Count(text, "Te laat") != digestQueue {
		t.Errorf("the queue is not of %d:\n%s", digestQueue, text)
	}
	for _, part := range []string{text, page, data} {
		if strings.Contains(part, "Janszoon") {
			t.Error("it names somebody")
		}
	}
	holdsNoMarkup(t, page)
	if !strings.Contains(page, `href="https://klank.test/search?q=`) {
		t.Errorf("numbers lead nowhere:\n%s", page)
	}
	if subject, text, _, _ := digestOf(t, "nl"); subject != "klank: De afgelopen 7 dagen" || !strings.Contains(text, "Niemand wacht op antwoord.") || strings.Contains(text, "%!") {
		t.Errorf("of nothing it says %s\n%s", subject, text)
	}
}

func TestADigestShowsHostileTextAsText(t *testing.T) {
	ms := weeks()
	for i := range ms {
		text := hostile[i%len(hostile)]
		ms[i].Text, ms[i].Title, ms[i].URL = fmt.Sprint(text[:min(len(text), 5000)], i), text[:min(len(text), 5000)], "javascript:alert(1)"
	}
	_, plain, page, _ := digestOf(t, "en", ms...)
	holdsNoMarkup(t, page)
	if strings.ContainsAny(plain, "\r\x00\x1b\u202e\u2066") || strings.Contains(plain, "://evil") || len(page) > 100_000 {
		t.Errorf("%d bytes\n%.2000s", len(page), plain)
	}
}
