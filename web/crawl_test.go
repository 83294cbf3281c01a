package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"klank/mention"
	"klank/web/browsertest"
)

// crawlStub stands for the collecting side: it remembers what it was asked to
// do.
type crawlStub struct {
	mu      sync.Mutex
	calls   []string
	working bool
	letters []DeadLetter
	fail    error
	tried   *Tried
}

func (c *crawlStub) did(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, what)
	return c.fail
}

// last is what was asked for last.
func (c *crawlStub) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.calls) == 0 {
		return ""
	}
	return c.calls[len(c.calls)-1]
}

func (c *crawlStub) set(working bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working = working
}

func newCrawlStub() *crawlStub {
	return &crawlStub{letters: []DeadLetter{
		{URL: "https://lampentest.example/p/9", Source: "lampentest", Class: "server", Reason: "HTTP status 503", Attempts: 6, Since: testNow.Add(-time.Hour)},
		{URL: "https://lampentest.example/cart", Source: "lampentest", Class: "robots", Reason: "robots.txt forbids it in line 3: Disallow: /cart", Since: testNow.Add(-2 * time.Hour)},
		{URL: "https://oud.example/", Source: "oude winkel", Class: "dns", Reason: hostileText, Attempts: 6, Since: testNow.Add(-3 * time.Hour)},
	}}
}

func (c *crawlStub) status(context.Context) (*Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	run := func(source, status string) mention.Run {
		return mention.Run{ID: source, Source: source, Started: testNow.Add(-2 * time.Hour), Ended: testNow.Add(-time.Hour), Status: status, Pages: 12, Bytes: 480_000, Errors: 2}
	}
	under := run("lampentest", "running")
	under.Ended = time.Time{}
	st := &Status{Sources: []SourceStatus{
		{Name: "lampentest", Type: "site", Configured: true, Pending: 12, Fetched: 1, Done: 31, Dead: 2, KeptOut: 1, DeadBy: map[string]int{"server": 1, "robots": 1},
			Run: run("lampentest", "done"), LastGood: testNow.Add(-time.Hour), NextDue: testNow.Add(6 * time.Hour), Schedule: "every 6h", Keys: []string{"lampentest.example"}},
		{Name: "licht.social", Type: "mastodon", Configured: true, Done: 4, Run: run("licht.social", "suspect"), Problem: "the layout has probably changed: no ratings"},
		{Name: "gesloten", Type: "site", Configured: true, Dead: 3, KeptOut: 3, Run: run("gesloten", "done")},
		{Name: "verhuist", Type: "site", Configured: true, Run: run("verhuist", "interrupted"), Paused: &Paused{Since: testNow.Add(-time.Hour), Reason: "moves house"}},
		{Name: "oude winkel", Type: "site", Dead: 1, DeadBy: map[string]int{"dns": 1}, Run: run("oude winkel", "failed"), Problem: "no address"},
		{Name: "nieuw", Type: "feed", Configured: true, Schedule: "every 1h"},
	}, KeptClasses: []string{"robots", "reserved"}, DeadLetters: c.letters, DeadTotal: 3, Hosts: []HostStatus{
		{Host: "lampentest.example", Interval: 2 * time.Second, CrawlDelay: 2 * time.Second, Requests: 44},
		{Host: "gesloten.example", Interval: time.Second, KeptOut: 3},
		{Host: "licht.social", Interval: 8 * time.Second, Backoff: 7 * time.Second, PausedUntil: testNow.Add(time.Minute), Reason: "HTTP status 429 with a Retry-After"},
	}}
	if c.working {
		st.Sources[0].Working, st.Sources[0].Run = true, under
	}
	return st, nil
}

func (c *crawlStub) crawl() *Crawl {
	return &Crawl{
		Pause: func(_ context.Context, source string, paused bool, reason string) error {
			if paused {
				return c.did("pause " + source + ": " + reason)
			}
			return c.did("resume " + source)
		},
		Dead: func(_ context.Context, f DeadFilter, limit int) ([]DeadLetter, error) {
			var out []DeadLetter
			for _, l := range c.letters {
				if (f.Source == "" || f.Source == l.Source) && (f.Class == "" || f.Class == l.Class) && len(out) < limit {
					out = append(out, l)
				}
			}
			return out, c.fail
		},
		Requeue: func(_ context.Context, f DeadFilter) (int, error) {
			return 1, c.did("requeue " + f.Source + " " + f.Class + " " + f.URL)
		},
		Start: func(_ context.Context, source string) error { return c.did("start " + source) },
		Try: func(_ context.Context, r TryRequest) (*Tried, error) {
			return c.tried, c.did("try " + r.URL + " " + r.Parser + " " + r.Source + " " + r.Body)
		},
		Parsers: []string{"jsonld", "microdata"},
	}
}

// crawlServer serves the pages about collecting of a stub.
func crawlServer(t *testing.T) (*crawlStub, *httptest.Server) {
	t.Helper()
	c := newCrawlStub()
	ix := newTestIndex(t, testMentions(40)...)
	fill(t, ix)
	_, ts := newTestServer(t, Config{Index: ix, Status: c.status, Crawl: c.crawl()})
	return c, ts
}

// send posts a form, and returns the answer without following it.
func send(t *testing.T, ts *httptest.Server, path string, form url.Values, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, ts.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return res, b.String()
		}
	}
}

func TestSourcesSayHowTheyAreAndWhyWhatNeedsSomebodyFirst(t *testing.T) {
	_, ts := crawlServer(t)
	doc := document(t, ts, "/status?lang=en")
	text := words(doc.Find("main"))
	for _, part := range []string{
		"One source failed · One source is blocked · One source is suspect",
		"suspectthe layout has probably changed: no ratings", "pausedsince 15 Jun 2026, 11:00 UTC: moves house", "not run yet",
		"one page is kept out by the site", "every 6h", "asks for 2 s between requests", "obeyedkeeps 3 pages out", "one request in 8 s, at most", "by 7 s, as the host is overloaded",
		"HTTP status 429 with a Retry-After",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %q: %s", part, text)
		}
	}
	var order []string
	for _, row := range doc.Find("table.sources tbody tr").EachIter() {
		order = append(order, words(row.Find("th bdi")))
	}
	if want := []string{"oude winkel", "gesloten", "licht.social", "lampentest", "verhuist", "nieuw", "kijk en vergelijk"}; !slices.Equal(order, want) {
		t.Errorf("in the order %q", order)
	}
}

func TestASourceIsSilentOnceItHasGoneQuietAndNotBefore(t *testing.T) {
	done := SourceStatus{Run: mention.Run{ID: "r", Status: "done", Ended: testNow}, Done: 3}
	for _, c := range []struct {
		fresh, before int
		want          string
	}{{0, 29, healthGood}, {0, 30, healthSilent}, {1, 300, healthGood}, {0, 0, healthGood}} {
		if got := done.health(testNow, c.fresh, c.before); got != c.want {
			t.Errorf("%d in a month after %d in half a year: %s", c.fresh, c.before, got)
		}
	}
	done.LastGood = testNow.AddDate(0, 0, -31)
	if got := done.health(testNow, 5, 30); got != healthSilent {
		t.Errorf("without a good run for a month: %s", got)
	}
}

func TestTheSourcePageShowsItsRunsItemsAndLetters(t *testing.T) {
	_, ts := crawlServer(t)
	text := words(document(t, ts, "/sources/lampentest?lang=en").Find("main"))
	for _, part := range []string{"31 done, 12 waiting, 1 given up.", "1.5 MB", "Lumara leeslamp", "64%", "HTTP status 503", "Crawl now", "Pause"} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %q: %s", part, text)
		}
	}
	if strings.Contains(text, "oud.example") {
		t.Error("the page shows letters of another source")
	}
	if res, _ := get(t, ts, "/sources/nobody"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown source: %d", res.StatusCode)
	}
}

func TestFormsPauseResumeStartAndPutBack(t *testing.T) {
	c, ts := crawlServer(t)
	for _, f := range []struct {
		path       string
		form       url.Values
		call, next string
	}{
		{"/sources/lampentest", url.Values{"do": {"pause"}, "reason": {"moves house\x1b"}}, "pause lampentest: moves house␛", "/sources/lampentest?done=paused"},
		{"/sources/verhuist", url.Values{"do": {"resume"}}, "resume verhuist", "/sources/verhuist?done=resumed"},
		{"/sources/oude%20winkel", url.Values{"do": {"start"}}, "start oude winkel", "/sources/oude%20winkel?done=started"},
		{"/dead", url.Values{"url": {"https://lampentest.example/p/9"}, "source": {"lampentest"}, "class": {"server"}}, "requeue lampentest server https://lampentest.example/p/9", "/dead?done=requeued&source=lampentest"},
		{"/dead", url.Values{"class": {"server"}, "shown": {"server"}}, "requeue  server ", "/dead?class=server&done=requeued"},
	} {
		res, _ := send(t, ts, f.path, f.form)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != f.next || c.last() != f.call {
			t.Errorf("%s %v: %d to %q after %q", f.path, f.form, res.StatusCode, res.Header.Get("Location"), c.last())
		}
		if text := words(document(t, ts, f.next+"&lang=en").Find("[role=status]")); text == "" {
			t.Errorf("%s does not say what was done", f.next)
		}
	}
	calls := len(c.calls)
	if res, _ := send(t, ts, "/sources/lampentest", url.Values{"do": {"explode"}}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %d", res.StatusCode)
	}
	if res, _ := send(t, ts, "/dead", url.Values{}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", res.StatusCode)
	}
	c.fail = ErrUnknownSource
	if res, _ := send(t, ts, "/sources/nobody", url.Values{"do": {"pause"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown source: %d", res.StatusCode)
	}
	if len(c.calls) != calls+1 {
		t.Errorf("%q", c.calls[calls:])
	}
}

func TestReadersAreShownNoButtonsThatTheyMayNotPress(t *testing.T) {
	c := newCrawlStub()
	_, ts := newCheapServer(t, Config{Status: c.status, Crawl: c.crawl(), Desk: newTestDesk(t, anna, olga)})
	for name, buttons := range map[string]bool{"anna": false, "olga": true} {
		cookie := logIn(t, ts, name)
		for path, button := range map[string]string{"/status?lang=en": `href="/try"`, "/sources/lampentest?lang=en": `action="/sources/`, "/dead?lang=en": `action="/dead"><input`} {
			res, body := get(t, ts, path, "Cookie", cookie)
			if res.StatusCode != http.StatusOK || strings.Contains(body, button) != buttons {
				t.Errorf("%s at %s: %d, buttons %t", name, path, res.StatusCode, !buttons)
			}
		}
	}
}

func TestDeadLettersAreChosenBySourceAndKind(t *testing.T) {
	_, ts := crawlServer(t)
	for path, want := range map[string][]string{
		"/dead?lang=en":                   {"3 pages", "https://lampentest.example/p/9", "https://lampentest.example/cart", "https://oud.example/", "Put all of these back"},
		"/dead?lang=en&source=lampentest": {"2 pages", "https://lampentest.example/p/9", "https://lampentest.example/cart"},
		"/dead?lang=en&class=dns":         {"One page", "https://oud.example/"},
	} {
		text := words(document(t, ts, path).Find("section.card"))
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q: %s", path, part, text)
			}
		}
	}
	if text := words(document(t, ts, "/dead?lang=en&class=robots").Find("section.card")); strings.Contains(text, "Put all") {
		t.Errorf("what a site keeps out is offered to be put back as if it had failed: %s", text)
	}
}

func TestAProcessThatOnlyServesSaysHowToCollectNow(t *testing.T) {
	c := newCrawlStub()
	can := c.crawl()
	can.Start = nil
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Status: c.status, Crawl: can})
	doc := document(t, ts, "/sources/lampentest?lang=en")
	if text := words(doc.Find("main")); !strings.Contains(text, "klank crawl --source lampentest") || doc.Find(`input[value=start]`).Length() > 0 {
		t.Errorf("%s", text)
	}
	if res, _ := send(t, ts, "/sources/lampentest", url.Values{"do": {"start"}}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("start: %d", res.StatusCode)
	}
}

func TestTryShowsWhatWasFoundAsTextOnly(t *testing.T) {
	c, ts := crawlServer(t)
	hostile := hostileMention()
	c.tried = &Tried{URL: "javascript:alert(1)", ContentType: `text/html"><script>`, Bytes: 5, Mentions: []mention.Mention{hostile},
		Items: []mention.Item{{ItemRef: mention.ItemRef{Name: `<script>alert(1)</script>`}}}, Links: []mention.Link{{URL: `javascript:alert(2)`, Kind: mention.LinkNext}, {URL: "https://lampentest.example/2", Kind: mention.LinkPage, NoFollow: true}},
		Problems: []mention.Problem{{Where: "<b>jsonld", What: `<img src=x onerror=alert(3)>`}}, Directives: mention.Directives{NoIndex: true, TDMReserved: true},
		Blocked: "<i>consent", Canonical: "data:text/html,x", Rules: []TriedRule{{Field: "review", Rule: "<u>", Found: 1, Of: 2, First: "<s>"}},
		Blocks: []TriedBlock{{Shape: "<li>", Kind: "review", Why: "<p>", Members: 3, Score: .5, Taken: true}}}
	res, body := send(t, ts, "/try?lang=en", url.Values{"url": {" https://lampentest.example/p/1 "}, "parser": {"jsonld"}, "source": {"lampentest"}, "body": {"<title>x</title>"}})
	if res.StatusCode != http.StatusOK || c.last() != "try https://lampentest.example/p/1 jsonld lampentest <title>x</title>" {
		t.Errorf("%d after %q", res.StatusCode, c.last())
	}
	for _, part := range []string{"noindex: the page asks", "tdm-reservation", "&lt;script&gt;alert(&#34;text&#34;)&lt;/script&gt;", "&lt;li&gt;", "<b>taken</b>", "nofollow", "One mention · One item · 2 links"} {
		if !strings.Contains(body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	for _, part := range []string{"<script>alert", "<img src=x", `href="javascript`, `href="data:`, "<s>"} {
		if strings.Contains(body, part) {
			t.Errorf("the page holds %q", part)
		}
	}
	c.fail = errors.New("fetch https://x.example/: robots: <b>robots.txt forbids it")
	if res, body := send(t, ts, "/try?lang=en", url.Values{"url": {"https://x.example/"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "&lt;b&gt;robots.txt forbids it") {
		t.Errorf("a refusal: %d", res.StatusCode)
	}
	if res, body := send(t, ts, "/try?lang=en", url.Values{"url": {" "}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Give an address") {
		t.Errorf("nothing: %d", res.StatusCode)
	}
	if res, _ := send(t, ts, "/try", url.Values{"body": {strings.Repeat("x", maxPaste)}}); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too much: %d", res.StatusCode)
	}
	_, bare := newTestServer(t, Config{Index: newTestIndex(t)})
	for _, path := range []string{"/try", "/dead"} {
		if res, _ := get(t, bare, path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s without a collecting side: %d", path, res.StatusCode)
		}
	}
}

func TestProgressIsFollowedUntilNothingRuns(t *testing.T) {
	c, ts := crawlServer(t)
	c.set(true)
	b := browsertest.Open(t)
	tab := newTab(t, b, desktop)
	tab.open(ts.URL + "/progress?lang=en")
	tab.run(chromedp.WaitVisible(`//*[contains(@class, "health") and contains(., "collecting now")]`))
	c.set(false)
	tab.run(chromedp.WaitNotPresent(`.health.running`), chromedp.WaitVisible(`#live[data-live="true"]`)) // a new source waits still
	tab.open(ts.URL + "/sources/lampentest?lang=en&live=0")
	tab.run(chromedp.WaitNotPresent(".liveline"))
	tab.calm()

	plain := newTab(t, b, phone)
	if _, err := chromedp.Call(plain.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	c.set(true)
	plain.open(ts.URL + "/sources/lampentest?lang=en")
	plain.run(chromedp.WaitVisible(".health.running"))
	c.set(false)
	plain.run(chromedp.WaitVisible(".health.good")) // the page reloads by itself
	plain.run(chromedp.SendKeys("#reason", "moves house"), chromedp.Click(`//button[.="Pause"]`), chromedp.WaitVisible(".said-done"))
	if got := c.last(); got != "pause lampentest: moves house" {
		t.Errorf("without scripts: %q", got)
	}
	plain.open(ts.URL + "/dead?lang=en")
	plain.run(chromedp.Click(`//tr[contains(., "p/9")]//button`), chromedp.WaitVisible(".said-done"))
	if got := c.last(); got != "requeue lampentest server https://lampentest.example/p/9" {
		t.Errorf("without scripts: %q", got)
	}
	plain.calm()
}

func TestProgressEndsWhereNothingIsAboutToBegin(t *testing.T) {
	for _, collects := range []bool{true, false} {
		c := newCrawlStub()
		can := c.crawl()
		if !collects { // whoever does, in another process, shows as working
			can.Start = nil
		}
		_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(3)...), Status: c.status, Crawl: can})
		doc := document(t, ts, "/progress?lang=en")
		if ended := doc.Find("#live[data-ended]").Length() == 1; ended == collects {
			t.Errorf("a process that collects (%t) and has a new source: ended %t", collects, ended)
		}
		if text := words(doc.Find("main")); !strings.Contains(text, "3 mentions") {
			t.Error(text)
		}
	}
}

func TestCrawlPagesAreCalmReadableAndFitEveryScreen(t *testing.T) {
	b := browsertest.Open(t)
	c, ts := crawlServer(t)
	c.set(true)
	c.tried = &Tried{URL: "https://lampentest.example/p/1", ContentType: "text/html; charset=utf-8", Bytes: 48_000, Mentions: testMentions(5),
		Items:    []mention.Item{{ItemRef: mention.ItemRef{Name: "Lumara leeslamp", Brand: "Lumara"}, Rating: &mention.Rating{Value: 4.2, Best: 5}}},
		Links:    []mention.Link{{URL: "https://lampentest.example/p/1?page=2", Kind: mention.LinkNext}, {URL: "https://lampentest.example/p/2", Kind: mention.LinkItem}},
		Problems: []mention.Problem{{Where: "jsonld: block 2", What: "is no JSON: unexpected end"}},
		Blocks:   []TriedBlock{{Shape: "div.review > p", Kind: "review", Why: "names, dates and grades repeat", Members: 5, Score: .91, Taken: true}}}
	for _, s := range []screen{desktop, night, phone} {
		tab := newTab(t, b, s)
		for _, p := range []struct{ name, path string }{
			{"sources", "/status?lang=en"}, {"source", "/sources/lampentest?lang=en"}, {"source-paused", "/sources/verhuist?lang=nl"}, {"dead", "/dead?lang=en"},
			{"progress", "/progress?lang=nl"}, {"try", "/try?lang=nl"}, {"tried", ""},
		} {
			if p.path != "" {
				tab.open(ts.URL + p.path)
			} else {
				tab.open(ts.URL + "/try?lang=en")
				tab.run(chromedp.SendKeys("#url", "https://lampentest.example/p/1"), chromedp.Click(".tryform button"), chromedp.WaitVisible("#h-mentions"))
			}
			if wide := read(tab, chromedp.Evaluate[[]string](tooWide)); len(wide) > 0 {
				t.Errorf("%s scrolls sideways at %d px: %q", p.name, s.width, wide)
			}
			if faint := read(tab, chromedp.Evaluate[[]string](lowContrast)); len(faint) > 0 {
				t.Errorf("%s has faint text: %q", p.name, faint)
			}
			tab.shoot("crawl-" + p.name + "-" + s.name)
		}
		tab.calm()
	}
}
