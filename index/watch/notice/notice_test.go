package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"klank/index"
	"klank/index/desk"
	"klank/index/watch"
	"klank/mention"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// shelf holds mentions by id.
type shelf map[string]*mention.Mention

func (s shelf) Get(_ context.Context, id string, _ int) (*mention.Mention, error) {
	if m := s[id]; m != nil {
		return m, nil
	}
	return nil, index.ErrNotFound
}

func complaint(id, text string) *mention.Mention {
	return &mention.Mention{ID: id, Kind: mention.Review, Source: mention.Source{Name: "shop"}, Author: &mention.Author{Name: "Zoë Janszoon", Key: "k9"}, Text: text, Language: "nl",
		URL: "https://shop.test/r/1", Published: at.AddDate(0, 0, -1), Rating: &mention.Rating{Value: 2, Best: 5, Score: 0.25}, Analysis: &mention.Analysis{Sentiment: mention.Sentiment{Label: "negative"}}}
}

func composer(language string, ms ...*mention.Mention) *Composer {
	s := shelf{}
	for _, m := range ms {
		s[m.ID] = m
	}
	return &Composer{Language: language, PublicURL: "https://klank.test/", Index: s}
}

func event1(kind string, count int, facts watch.Facts, subjects ...string) desk.AlertEvent {
	b, _ := json.Marshal(facts)
	return desk.AlertEvent{ID: "e1", Rule: "klachten", Kind: kind, Raised: at, Count: count, Facts: string(b), Subjects: subjects}
}

func ptr(f float64) *float64 { return &f }

func TestEachConditionIsSaidInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		ev     desk.AlertEvent
		en, nl string
	}{
		{event1(watch.New, 1, watch.Facts{}, "m1"), "one new mention", "één nieuwe vermelding"},
		{event1(watch.New, 1200, watch.Facts{}, "m1"), "1,200 new mentions", "1.200 nieuwe vermeldingen"},
		{event1(watch.Waiting, 2, watch.Facts{Hours: 48}, "m1"), "2 mentions wait for a reply for more than 2 days", "2 vermeldingen wachten langer dan 2 dagen op antwoord"},
		{event1(watch.Count, 1, watch.Facts{Count: 12, Before: 3, Hours: 24}, "over"), "12 mentions in a day (3 in as long before)", "12 vermeldingen in een dag (3 in net zo lang ervoor)"},
		{event1(watch.Surge, 1, watch.Facts{Count: 90, Expected: ptr(10.5)}, "since 2026-03-02"), "90 mentions since 2026-03-02, where 11 were expected", "90 vermeldingen sinds 2026-03-02, waar er 11 verwacht werden"},
		{event1(watch.Sentiment, 1, watch.Facts{Value: ptr(0.41), Was: ptr(0.2)}, "down"), "41 % of the mentions are negative, 20 % before", "41 % van de vermeldingen is negatief, eerder 20 %"},
		{event1(watch.Rating, 1, watch.Facts{Value: ptr(3.456), Was: ptr(4.2)}, "down"), "3.46 stars on average, 4.2 before", "gemiddeld 3,46 sterren, eerder 4,2"},
		{event1(watch.Sources, 2, watch.Facts{}, "suspect shop", "silent forum"), "2 sources need a look", "2 bronnen vragen aandacht"},
		{event1(KindTest, 1, watch.Facts{}), "This is a test: it works.", "Dit is een proef: het werkt."},
	} {
		for language, want := range map[string]string{"en": c.en, "nl": c.nl} {
			m, err := composer(language, complaint("m1", "Te laat.")).Alert(t.Context(), "id1", "klachten", at, []desk.AlertEvent{c.ev})
			if err != nil || m == nil {
				t.Fatalf("%s: %v, %v", c.ev.Kind, m, err)
			}
			if m.Subject != "klank klachten: "+want || strings.Contains(m.Text+m.HTML, "%!") || !strings.Contains(m.HTML, `lang="`+language+`"`) {
				t.Errorf("%s says %q\n%s", language, m.Subject, m.Text)
			}
		}
	}
}

func TestFiguresStandWithWhatTheyRestOn(t *testing.T) {
	f := watch.Facts{Value: ptr(3.4), Was: ptr(4.2), Change: ptr(-0.8), Low: ptr(-1.1), High: ptr(-0.5), N: 57, Coverage: ptr(0.83), Hours: 720, Query: "brand:Lumo"}
	m, err := composer("en").Alert(t.Context(), "id1", "cijfer", at, []desk.AlertEvent{event1(watch.Rating, 1, f, "down")})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"change -0.8, 95 % between -1.1 and -0.5; within 30 days; n = 57; coverage 83 %", "https://klank.test/search?q=brand%3ALumo&sort=newest", "https://klank.test/alerts"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is not in\n%s", want, m.Text)
		}
	}
	data, err := json.Marshal(m.Data)
	if err != nil || !strings.Contains(string(data), `"change":-0.8`) || strings.Contains(string(data), "Rests") {
		t.Errorf("for programs: %s, %v", data, err)
	}
}

func TestNobodyIsNamedAndWhatIsErasedIsLeftOut(t *testing.T) {
	c := composer("en", complaint("m1", "Too late."))
	m, err := c.Alert(t.Context(), "id1", "klachten", at, []desk.AlertEvent{event1(watch.New, 2, watch.Facts{}, "m1", "gone")})
	if err != nil || !strings.Contains(m.Text, "> Too late.\n  In klank: https://klank.test/mention/m1\n  At its source: https://shop.test/r/1\n") {
		t.Fatalf("%v\n%s", err, m.Text)
	}
	data, _ := json.Marshal(m.Data)
	for _, part := range []string{m.Text, m.HTML, string(data), m.Subject} {
		if strings.Contains(part, "Janszoon") || strings.Contains(part, "k9") || strings.Contains(part, "gone") {
			t.Errorf("it names somebody:\n%s", part)
		}
	}
	if m, err := c.Alert(t.Context(), "id1", "klachten", at, []desk.AlertEvent{event1(watch.New, 1, watch.Facts{}, "gone")}); m != nil || err != nil {
		t.Errorf("of what is erased: %+v, %v", m, err)
	}
}

func TestEventsThatWereHeldBackStandInOneMessage(t *testing.T) {
	c := composer("nl", complaint("m1", "Te laat."), complaint("m2", "Stuk."))
	m, err := c.Alert(t.Context(), "id1", "klachten", at, []desk.AlertEvent{event1(watch.New, 1, watch.Facts{}, "m1"), event1(watch.New, 30, watch.Facts{}, "m2")})
	if err != nil || m.Subject != "klank klachten: 30 nieuwe vermeldingen, en nog 1" || !strings.Contains(m.Text, "> Te laat.") || !strings.Contains(m.Text, "> Stuk.") {
		t.Errorf("%v %+v", err, m)
	}
}

// hostile is what somebody may write.
var hostile = []string{
	`<script>alert(1)</script><img src=x onerror=alert(1)>`, `"><a href="javascript:alert(1)">x</a>`, "line\r\nIn klank: https://evil.test/\n.\r\nQUIT",
	"\u202eevil\u2066\x00\x1b[31m", strings.Repeat("woord", 200000), `{{.Subject}} %s %d`, "see https://evil.test and www.evil.test", "=cmd|' /C calc'!A0", "\xff\xfe",
}

func TestHostileTextIsOneLineAndNoMarkup(t *testing.T) {
	for _, text := range hostile {
		m := complaint("m1", text)
		m.Title, m.URL, m.Source.Name, m.Item, m.Language = text, "javascript:alert(1)", text, &mention.ItemRef{Name: text}, `nl" onload="x`
		msg, err := composer("en", m).Alert(t.Context(), "id1", "klachten", at, []desk.AlertEvent{event1(watch.New, 1, watch.Facts{}, "m1")})
		if err != nil {
			t.Fatal(err)
		}
		holdsNoMarkup(t, msg.HTML)
		if len(msg.HTML) > 10000 || strings.ContainsAny(msg.Text, "\r\x00\x1b\u202e\u2066") || strings.Count(msg.Text, "\n") > 16 || strings.Contains(msg.Text, "://evil") {
			t.Errorf("%.40q becomes\n%.1000s", text, msg.Text)
		}
	}
}

// holdsNoMarkup holds that a page has no element and no attribute that the
// templates have not, and links to nowhere else.
func holdsNoMarkup(t *testing.T, page string) {
	t.Helper()
	known := regexp.MustCompile(`^(html|head|meta|title|body|div|p|h1|h2|h3|ul|ol|li|a|table|thead|tbody|tr|th|td|strong|span|blockquote)$`)
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if !known.MatchString(tok.Data) {
				t.Errorf("the page has <%s>", tok.Data)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "https://klank.test/") && !strings.HasPrefix(a.Val, "https://shop.test/") {
					t.Errorf("the page has %s=%q", a.Key, a.Val)
				}
			}
		}
	}
}

func TestBothLanguagesSayEverythingWithTheSameVerbs(t *testing.T) {
	verb := regexp.MustCompile(`%(\[\d\])?[a-z%]`)
	for key, w := range words {
		en, nl := verb.FindAllString(w[0], -1), verb.FindAllString(w[1], -1)
		if w[0] == "" || w[1] == "" || fmt.Sprint(en) != fmt.Sprint(nl) {
			t.Errorf("%s: %q, %q", key, w[0], w[1])
		}
	}
}

func FuzzQuoteIsOneShortLine(f *testing.F) {
	for _, s := range hostile {
		f.Add(s[:min(len(s), 300)])
	}
	f.Fuzz(func(t *testing.T, s string) {
		if q := quote(s); strings.ContainsAny(q, "\r\n\x00\x1b\u2028\u202e") || strings.Contains(q, "://") || len([]rune(q)) > 4*longestQuote {
			t.Errorf("%q", q)
		}
	})
}
