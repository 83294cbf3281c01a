package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"klank/web/browsertest"
)

// setupStub is a set-up without a file or a web: it finds what it is given.
type setupStub struct {
	mu      sync.Mutex
	found   []Place
	started []string
	fail    error
}

func (s *setupStub) setup() *Setup {
	return &Setup{
		File: "/home/anna/klank.yaml",
		Find: func(_ context.Context, u string) (*Found, error) {
			if strings.Contains(u, "broken") {
				return nil, errors.New("fetch <b>broken: no answer")
			}
			return &Found{URL: u, Mentions: 3, Places: s.found}, nil
		},
		Draft: func(a Answers) (string, error) {
			text := fmt.Sprintf("# %s\nbrand: %q %q %q\ncontact: %q\nevery: %q\n", a.Language, a.Brand, a.Aliases, a.Rivals, a.Contact, a.Every)
			for _, p := range a.Places {
				text += fmt.Sprintf("place: %q %v\n", p.URL, p.Own)
			}
			return text, nil
		},
		Start: func(text string) (http.Handler, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.fail != nil {
				return nil, s.fail
			}
			s.started = append(s.started, text)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the service at ", r.URL.Path) }), nil
		},
	}
}

func newSetupStub() *setupStub {
	return &setupStub{found: []Place{
		{URL: "https://lumara.example/reviews", Kind: PlacePage, Type: "site", May: MayYes, Chosen: true},
		{URL: "https://lumara.example/account", Kind: PlaceReviews, Type: "site", May: MayNo, Why: "robots.txt forbids it in line 2: Disallow: /account"},
		{URL: "https://nl.trustpilot.com/review/lumara.example", Kind: PlacePlatform, Type: "trustpilot", Platform: "Trustpilot", May: MayKey},
		{URL: "https://www.facebook.com/lumara", Kind: PlacePlatform, Platform: "Facebook", May: MayNever},
		{URL: "https://lumara.example/feed.xml", Kind: PlaceFeed, Type: "feed", May: MayUnknown},
	}}
}

func setupServer(t *testing.T, cfg Config) (*setupStub, *httptest.Server) {
	t.Helper()
	stub := newSetupStub()
	cfg.Setup = stub.setup()
	_, ts := newTestServer(t, cfg)
	return stub, ts
}

// where follows no redirect: it returns the status and where that leads.
func where(t *testing.T, ts *httptest.Server, path string, form url.Values) (int, string) {
	t.Helper()
	if form != nil {
		res, _ := send(t, ts, path, form)
		return res.StatusCode, res.Header.Get("Location")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(ts.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

var setupForms = []struct {
	path string
	form url.Values
	next string
}{
	{"/setup?lang=en", url.Values{"brand": {" Lumara "}, "aliases": {"lumara.nl, @lumara,"}, "rivals": {"Noorderlicht\r\nVuurtoren & Zn.\r\n"}}, "/setup/places"},
	{"/setup/places", url.Values{"do": {"find"}, "url": {"https://lumara.example/reviews"}, "about": {"own"}}, ""},
	{"/setup/places", url.Values{"do": {"next"}, "place": {"https://lumara.example/reviews", "https://lumara.example/account", "https://nl.trustpilot.com/review/lumara.example", "https://evil.example/"}}, "/setup/rhythm"},
	{"/setup/rhythm", url.Values{"contact": {"anna@lumara.example"}, "every": {"every 24h"}}, "/setup/review"},
}

// answerSetup goes through all steps but the last, and returns the page that
// shows the configuration.
func answerSetup(t *testing.T, ts *httptest.Server) (draft, seen string) {
	t.Helper()
	for _, f := range setupForms {
		status, next := where(t, ts, f.path, f.form)
		if next != f.next || f.next == "" && status != http.StatusOK {
			t.Fatalf("%s: %d to %q", f.path, status, next)
		}
	}
	doc := document(t, ts, "/setup/review?lang=en")
	return doc.Find("pre").Text(), doc.Find("input[name=seen]").AttrOr("value", "")
}

func TestTheSetupLeadsToTheConfigurationAndHandsOver(t *testing.T) {
	stub, ts := setupServer(t, Config{})
	draft, seen := answerSetup(t, ts)
	const want = `# en
brand: "Lumara" ["lumara.nl" "@lumara"] ["Noorderlicht" "Vuurtoren & Zn."]
contact: "anna@lumara.example"
every: "every 24h"
place: "https://lumara.example/reviews" true
place: "https://nl.trustpilot.com/review/lumara.example" false
`
	if draft != want {
		t.Errorf("shown is\n%s", draft)
	}
	for range 2 { // a second click changes nothing
		if status, next := where(t, ts, "/setup/review", url.Values{"seen": {seen}}); status != http.StatusSeeOther && status != http.StatusOK || next != "/progress" && status != http.StatusOK {
			t.Fatalf("start: %d to %q", status, next)
		}
	}
	if len(stub.started) != 1 || stub.started[0] != want {
		t.Errorf("started with %q", stub.started)
	}
	if _, body := get(t, ts, "/progress"); body != "the service at /progress" {
		t.Errorf("after the set-up: %s", body)
	}
}

func TestBeforeTheSetupThereIsNothingElse(t *testing.T) {
	_, ts := setupServer(t, Config{})
	for _, path := range []string{"/", "/search?q=lamp", "/status", "/mention/x"} {
		if status, next := where(t, ts, path, nil); status != http.StatusSeeOther || next != "/setup" {
			t.Errorf("%s: %d to %q", path, status, next)
		}
	}
	if status, _ := where(t, ts, "/api/v1/search", nil); status != http.StatusServiceUnavailable {
		t.Errorf("the API: %d", status)
	}
	for path, first := range map[string]string{"/setup/places": "/setup", "/setup/rhythm": "/setup", "/setup/review": "/setup"} {
		if status, next := where(t, ts, path, nil); status != http.StatusSeeOther || next != first {
			t.Errorf("%s with no answers: %d to %q", path, status, next)
		}
	}
	if status, next := where(t, ts, "/setup/review", url.Values{}); status != http.StatusSeeOther || next != "/setup" {
		t.Errorf("starting with no answers: %d to %q", status, next)
	}
}

func TestAnswersThatCannotBeTakenAreToldAndKept(t *testing.T) {
	_, ts := setupServer(t, Config{})
	for _, c := range []struct {
		path string
		form url.Values
		want []string
	}{
		{"/setup", url.Values{"brand": {" "}, "rivals": {"Noorderlicht"}}, []string{"Give the name of your brand.", "Noorderlicht"}},
		{"/setup", url.Values{"brand": {"Lumara"}, "rivals": {"Lumara"}}, []string{"not its own rival", `value="Lumara"`}},
		{"/setup", url.Values{"brand": {strings.Repeat("x", 101)}}, []string{"at most 100 characters"}},
		{"/setup", url.Values{"brand": {"a\x1bb"}}, []string{"at most 100 characters", "a␛b"}},
	} {
		res, body := send(t, ts, c.path+"?lang=en", c.form)
		for _, part := range c.want {
			if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, part) {
				t.Errorf("%v: %d without %q", c.form, res.StatusCode, part)
			}
		}
	}
	where(t, ts, "/setup", url.Values{"brand": {"Lumara"}})
	for want, form := range map[string]url.Values{
		"Paste an address first":           {"do": {"find"}},
		"fetch &lt;b&gt;broken: no answer": {"do": {"find"}, "url": {"https://broken.example/"}},
		"Choose at least one place":        {"do": {"next"}},
	} {
		if res, body := send(t, ts, "/setup/places?lang=en", form); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
			t.Errorf("%v: %d without %q", form, res.StatusCode, want)
		}
	}
	answerSetup(t, ts)
	for _, contact := range []string{"", "anna", "anna@lumara.example (me)", "ftp://lumara.example", "a@b.c\nX-Evil: 1"} {
		if status, _ := where(t, ts, "/setup/rhythm", url.Values{"contact": {contact}, "every": {"every 24h"}}); status != http.StatusUnprocessableEntity {
			t.Errorf("the contact %q: %d", contact, status)
		}
	}
	if status, _ := where(t, ts, "/setup/rhythm", url.Values{"contact": {"https://lumara.example/about"}, "every": {"every 1s\nsources: []"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a schedule of one's own: %d", status)
	}
}

func TestWhatIsWrittenIsWhatWasShown(t *testing.T) {
	stub, ts := setupServer(t, Config{})
	_, seen := answerSetup(t, ts)
	where(t, ts, "/setup", url.Values{"brand": {"Noorderlicht"}}) // in another window
	if status, _ := where(t, ts, "/setup/review", url.Values{"seen": {seen}}); status != http.StatusConflict || len(stub.started) > 0 {
		t.Errorf("%d, started with %q", status, stub.started)
	}
	_, seen = answerSetup(t, ts)
	stub.fail = fmt.Errorf("set-up: %w", fs.ErrExist)
	res, body := send(t, ts, "/setup/review?lang=en", url.Values{"seen": {seen}})
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "klank overwrites none") {
		t.Errorf("over a file: %d", res.StatusCode)
	}
	stub.fail = errors.New("klank.yaml is written, but: <no> disk")
	res, body = send(t, ts, "/setup/review?lang=en", url.Values{"seen": {seen}})
	if res.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "is written, but: &lt;no&gt; disk") {
		t.Errorf("without a disk: %d", res.StatusCode)
	}
}

func TestOnlyThisMachineOrTheOperatorSetsUp(t *testing.T) {
	stub := newSetupStub()
	s, err := New(Config{Setup: stub.setup(), Addr: "127.0.0.1:8417"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(s *Server, from, path string, headers ...string) int {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Host, req.RemoteAddr = "127.0.0.1:8417", from
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, req)
		return rec.Code
	}
	if got := ask(s, "127.0.0.1:50000", "/setup"); got != http.StatusOK {
		t.Errorf("from here: %d", got)
	}
	if got := ask(s, "192.0.2.7:50000", "/setup"); got != http.StatusForbidden {
		t.Errorf("from elsewhere: %d", got)
	}
	guarded, err := New(Config{Setup: stub.setup(), Token: "sesame", Addr: "0.0.0.0:8417"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(guarded, "192.0.2.7:50000", "/setup"); got != http.StatusUnauthorized {
		t.Errorf("without the token: %d", got)
	}
	if got := ask(guarded, "192.0.2.7:50000", "/setup", "Authorization", "Bearer sesame"); got != http.StatusOK {
		t.Errorf("with the token: %d", got)
	}
	_, ts := setupServer(t, Config{})
	if res, _ := send(t, ts, "/setup", url.Values{"brand": {"Lumara"}}, "Sec-Fetch-Site", "cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", res.StatusCode)
	}
}

func TestHostilePlacesAreTextOnly(t *testing.T) {
	stub, ts := setupServer(t, Config{})
	stub.found = []Place{{URL: `https://lumara.example/"><script>alert(1)</script>`, Kind: PlacePage, May: MayNo, Why: "<img src=x onerror=alert(2)>", Platform: "<b>bold"}}
	where(t, ts, "/setup", url.Values{"brand": {"<script>alert(3)</script>"}})
	_, body := send(t, ts, "/setup/places", url.Values{"do": {"find"}, "url": {"https://lumara.example/"}})
	for _, part := range []string{"<script>alert", "<img src=x", "<b>bold"} {
		if strings.Contains(body, part) {
			t.Errorf("the page holds %q", part)
		}
	}
}

func TestTheSetupIsCalmReadableAndFitsEveryScreenWithoutScripts(t *testing.T) {
	b := browsertest.Open(t)
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []screen{desktop, night, phone} {
		_, ts := setupServer(t, Config{})
		lang := languages[i%2]
		tab := newTab(t, b, s)
		look := func(name string) {
			t.Helper()
			if wide := read(tab, chromedp.Evaluate[[]string](tooWide)); len(wide) > 0 {
				t.Errorf("%s scrolls sideways at %d px: %q", name, s.width, wide)
			}
			if faint := read(tab, chromedp.Evaluate[[]string](lowContrast)); len(faint) > 0 {
				t.Errorf("%s has faint text: %q", name, faint)
			}
			read(tab, chromedp.Evaluate[bool](string(axe)+";true"))
			var found []violation
			if err := json.Unmarshal([]byte(read(tab, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))), &found); err != nil {
				t.Fatal(err)
			}
			for _, v := range found {
				t.Errorf("%s: %s: %s %s", name, v.ID, v.Help, v.Nodes[0].HTML)
			}
			tab.shoot("setup-" + name + "-" + s.name)
		}
		scripts := func(off bool) {
			t.Helper()
			if _, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
				t.Fatal(err)
			}
		}
		tab.open(ts.URL + "/?lang=" + lang)
		tab.open(ts.URL + "/setup?lang=" + lang)
		look("brand")
		scripts(true)
		tab.run(chromedp.SendKeys("#brand", "Lumara"), chromedp.SendKeys("#rivals", "Noorderlicht"), chromedp.Click(".primary"), chromedp.WaitVisible("#url"),
			chromedp.SendKeys("#url", "https://lumara.example/reviews"), chromedp.Click(`button[value=find]`), chromedp.WaitVisible(".places"))
		scripts(false)
		look("places")
		scripts(true)
		tab.run(chromedp.Click(`button[value=next]`), chromedp.WaitVisible("#contact"))
		scripts(false)
		look("rhythm")
		scripts(true)
		tab.run(chromedp.SendKeys("#contact", "anna@lumara.example"), chromedp.Click(".primary"), chromedp.WaitVisible("pre.source"))
		scripts(false)
		look("review")
		tab.calm()
	}
}
