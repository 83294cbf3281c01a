package web

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"klank/index/desk"
	"klank/index/query"
	"klank/index/watch"
	"klank/index/watch/notice"
	"klank/mention"
)

// testAlerts are rules of each kind.
func testAlerts() Alerts {
	return Alerts{FeedKey: func(name string) string { return "key-of-" + strings.ToLower(name) }, PublicURL: "https://klank.example",
		Test: func(_ context.Context, rule string) error {
			if rule == "bronnen" {
				return errors.New("e-mail: connect: <b>refused</b>")
			}
			return nil
		},
		Rules: []AlertRule{{watch.Rule{Name: "klachten", Query: "saved:slecht", When: watch.New, Edits: true}, []string{"team", "chat"}},
			{watch.Rule{Name: "cijfer", When: watch.Rating, Within: 30 * 24 * time.Hour, Drop: 0.3}, nil}, {watch.Rule{Name: "bronnen", When: watch.Sources, After: 72 * time.Hour}, []string{"team"}}}}
}

// tellAlerts gives a desk a history of alerts: of a mention, of stars, and of a
// source; sent, failed and waiting.
func tellAlerts(t testing.TB, d *desk.Store, id string) {
	t.Helper()
	facts := func(f watch.Facts) string { b, _ := json.Marshal(f); return string(b) }
	drop, was, change, low, high := 3.1, 4.0, -0.9, -1.2, -0.6
	for i, c := range []desk.AlertCheck{
		{Kind: watch.New, Facts: facts(watch.Facts{Query: "saved:slecht", Count: 1}), Subjects: []desk.AlertSubject{{ID: id}}, Channels: []desk.AlertChannel{{Name: "team"}, {Name: "chat"}}},
		{Kind: watch.Rating, Facts: facts(watch.Facts{Value: &drop, Was: &was, Change: &change, Low: &low, High: &high, N: 44, Hours: 720}), Subjects: []desk.AlertSubject{{ID: watch.Down}}},
		{Kind: notice.KindDigest, Facts: "{}", Subjects: []desk.AlertSubject{{ID: "2026-03-02T08:00:00Z"}}},
		{Kind: watch.Sources, Facts: facts(watch.Facts{Count: 1}), Subjects: []desk.AlertSubject{{ID: "silent lampentest"}}, Channels: []desk.AlertChannel{{Name: "team", NotBefore: testNow.Add(8 * time.Hour)}}},
	} {
		names := []string{"klachten", "cijfer", "digest", "bronnen"}
		c.Rule = desk.AlertRule{Name: names[i], Print: "p", Started: testNow, Checked: testNow.Add(time.Duration(i) * time.Minute)}
		if _, err := d.RaiseAlert(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{desk.AlertSent, desk.AlertFailed} {
		m, err := d.ClaimAlert(t.Context(), "test", testNow.Add(time.Hour), time.Minute)
		if err == nil {
			err = d.SettleAlert(t.Context(), m, state, map[string]string{desk.AlertFailed: "<script>alert(1)</script> 554"}[state], testNow.Add(time.Hour), time.Time{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func alertServer(t *testing.T, change func(*Config)) (*desk.Store, *httptest.Server) {
	t.Helper()
	language, err := query.NewLanguage(map[string]string{"Slecht & duur": "sentiment:negative", "slecht": "sentiment:negative"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ms := append(testMentions(40), hostileMention())
	d := newTestDesk(t)
	tellAlerts(t, d, ms[9].ID)
	cfg := Config{Index: newTestIndex(t, ms...), Language: language, Desk: d, Alerts: testAlerts()}
	if change != nil {
		change(&cfg)
	}
	_, ts := newTestServer(t, cfg)
	return d, ts
}

func got(t *testing.T, ts *httptest.Server, path string) (int, string, http.Header) {
	t.Helper()
	res, err := ts.Client().Get(ts.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func TestAlertsShowRulesWhatWasToldAndWhatWasSent(t *testing.T) {
	_, ts := alertServer(t, nil)
	for lang, wants := range map[string][]string{
		"en": {"there is a new mention or its words change", "one new mention", "change -0.9, 95 % between -1.2 and -0.6; within 30 days; n = 44; coverage unknown", "nobody; it is only shown here",
			"Send a test", "I took note", "Send again", ">failed<", ">sent<", ">waiting<", "next try at this time", "&lt;script&gt;alert(1)&lt;/script&gt; 554", "https://klank.example/feeds/Slecht%20&amp;%20duur.xml"},
		"nl": {"er een nieuwe vermelding is of de tekst ervan verandert", "één bron vraagt aandacht", "Stuur opnieuw", "wacht"},
	} {
		status, body, _ := got(t, ts, "/alerts?lang="+lang)
		if status != http.StatusOK {
			t.Fatalf("%s: %d", lang, status)
		}
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q is not on the page", lang, want)
			}
		}
		if strings.Contains(body, "/mention/2026") {
			t.Errorf("%s: the time of a digest is no mention", lang)
		}
		if strings.Contains(body, "key-of-") || strings.Contains(body, "<script>alert") {
			t.Errorf("%s: the page shows a key that nobody needs here, or a script", lang)
		}
	}
}

func posted(t *testing.T, ts *httptest.Server, form url.Values) (int, string) {
	t.Helper()
	client := *ts.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.PostForm(ts.URL+"/alerts", form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

func TestAlertsAreNotedSentAgainAndTested(t *testing.T) {
	d, ts := alertServer(t, nil)
	events, _ := d.AlertEvents(t.Context(), 10)
	messages, _ := d.AlertMessages(t.Context(), 10)
	failed := ""
	for _, m := range messages {
		if m.State == desk.AlertFailed {
			failed = m.ID
		}
	}
	for _, c := range []struct {
		do, id string
		want   int
	}{
		{"ack", events[0].ID, 303}, {"again", failed, 303}, {"again", failed, 404}, {"test", "klachten", 303}, {"test", "bronnen", 502}, {"test", "nothing", 400}, {"ack", "nothing", 404}, {"", "", 400},
	} {
		status, body := posted(t, ts, url.Values{"do": {c.do}, "id": {c.id}})
		if status != c.want {
			t.Errorf("%s %s: %d, want %d", c.do, c.id, status, c.want)
		}
		if c.want == 502 && !strings.Contains(body, "e-mail: connect: &lt;b&gt;refused") {
			t.Errorf("the page does not say why")
		}
	}
	if events, _ = d.AlertEvents(t.Context(), 10); events[0].AckedBy != localName {
		t.Errorf("noted by %q", events[0].AckedBy)
	}
	if _, body, _ := got(t, ts, "/alerts?done=ack"); !strings.Contains(body, ">Noted.<") {
		t.Error("the page does not say that it is noted")
	}
}

func TestAFeedIsValidAtomOfASavedQuery(t *testing.T) {
	_, ts := alertServer(t, nil)
	status, body, header := got(t, ts, "/feeds/Slecht%20&%20duur.xml")
	if status != http.StatusOK || header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("%d %s", status, header.Get("Content-Type"))
	}
	feed, err := gofeed.NewParser().ParseString(body)
	if err != nil || feed.FeedType != "atom" || len(feed.Items) < 5 {
		t.Fatalf("%v, %+v", err, feed)
	}
	var atom atomFeed
	if err := xml.Unmarshal([]byte(body), &atom); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, e := range append([]atomEntry{{ID: atom.ID, Title: atom.Title, Updated: atom.Updated, Links: atom.Links, Content: atomText{"text", "x"}}}, atom.Entries...) {
		if _, err := time.Parse(time.RFC3339, e.Updated); err != nil || ids[e.ID] || !strings.HasPrefix(e.ID, "urn:uuid:") || e.Title == "" || len(e.Links) == 0 || e.Content.Type != "text" {
			t.Errorf("RFC 4287 has no entry like %+v", e)
		}
		ids[e.ID] = true
		for _, l := range e.Links {
			if u, err := url.Parse(l.Href); err != nil || u.Scheme != "https" || l.Rel == "" {
				t.Errorf("it links to %q", l.Href)
			}
		}
	}
	if atom.Author != "klank" || atom.Links[0].Rel != "self" {
		t.Errorf("the feed is %+v", atom)
	}
	for _, m := range testMentions(40) {
		if m.Author != nil && m.Author.Name != "" && strings.Contains(body, m.Author.Name) {
			t.Errorf("it names %s", m.Author.Name)
		}
	}
	if strings.Contains(body, "<script") {
		t.Error("it holds a script")
	}
	req, _ := http.NewRequest(http.MethodGet, ts.URL+"/feeds/slecht%20&%20duur.xml", nil)
	_, _, again := got(t, ts, "/feeds/slecht%20&%20duur.xml")
	req.Header.Set("If-None-Match", again.Get("ETag"))
	res, err := ts.Client().Do(req)
	if err != nil || res.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %v, %v", res.Status, err)
	}
	for _, path := range []string{"/feeds/nothing.xml", "/feeds/slecht", "/feeds/.xml"} {
		if status, _, _ := got(t, ts, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestAFeedsKeyOpensThatFeedAndNothingElse(t *testing.T) {
	_, ts := alertServer(t, func(c *Config) { c.Token = "sesame" })
	for path, want := range map[string]int{
		"/feeds/slecht.xml": 401, "/feeds/slecht.xml?key=": 401, "/feeds/slecht.xml?key=wrong": 401, "/feeds/slecht.xml?key=key-of-slecht": 200,
		"/feeds/Slecht%20&%20duur.xml?key=key-of-slecht": 401, "/feeds/nothing.xml": 401, "/alerts?key=key-of-slecht": 401, "/search?key=key-of-slecht": 401,
	} {
		if status, _, _ := got(t, ts, path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if status, _ := posted(t, ts, url.Values{"do": {"test"}, "id": {"klachten"}}); status < 400 {
		t.Errorf("a stranger may send: %d", status)
	}
}

func FuzzAFeedIsXMLWhateverMentionsHold(f *testing.F) {
	f.Add("<b>&\x00\u202e]]>", "javascript:alert(1)")
	f.Fuzz(func(t *testing.T, text, link string) {
		m := &mention.Mention{ID: text, Title: text, Text: text, URL: link, Item: &mention.ItemRef{Name: text}}
		b, err := xml.Marshal(entryOf("https://klank.example", m, testNow))
		if err != nil {
			t.Fatal(err)
		}
		var e atomEntry
		if err := xml.Unmarshal(b, &e); err != nil || strings.Contains(string(b), "javascript:alert(1)\"") {
			t.Errorf("%v: %s", err, b)
		}
	})
}
