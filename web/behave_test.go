package web

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"klank/mention"
	"klank/web/browsertest"
)

func TestHostileMentionsDoNotRunInABrowser(t *testing.T) {
	b := browsertest.Open(t)
	hostile := hostileMention()
	answer := mention.Mention{NativeID: "reply", Kind: mention.Comment, Title: hostile.Title, Text: hostile.Text, Source: hostile.Source,
		Parent: hostile.ID, Thread: hostile.ID, Published: hostile.Published}
	answer.SetID("")
	ix := newTestIndex(t, append(testMentions(4), hostile, answer)...)
	_, ts := newTestServer(t, Config{Index: ix, Brands: hostile.Brands, Snapshot: testSnapshot, Status: testStatus})
	tab := newTab(t, b, desktop)
	attack := url.QueryEscape(`"><script>alert('query')</script>`)
	for _, path := range []string{
		"/", "/?brand=" + url.QueryEscape(hostile.Brands[0]), "/?brand=" + attack, "/?period=" + attack,
		"/search", "/search?q=end+of+text", "/search?q=" + attack, "/search?q=" + url.QueryEscape(`sentiment:"><script>alert(1)</script>`), "/search?sort=" + attack,
		mentionURL(hostile.ID), mentionURL(answer.ID), "/mention/" + url.PathEscape(`<script>alert(1)</script>`),
		"/report/overview", "/report/compare?against=" + attack + "&brand=" + attack, "/report/moments", "/report/respond?lang=nl", "/report/ambassadors", "/report/trend?from=" + attack,
		"/snapshot/some.warc.gz:12", "/snapshot/some.warc.gz:12?raw=1", "/status", "/<script>alert(1)</script>",
		"/api/v1/mentions/" + hostile.ID, "/api/v1/search?q=" + attack,
	} {
		tab.run(chromedp.Navigate(ts.URL + path))
		if strings.HasPrefix(path, "/api/") || strings.Contains(path, "raw=1") {
			continue // Chromium wraps JSON and text in a page of its own
		}
		// Whatever reacts to a pointer must stay quiet as well.
		foreign := read(tab, chromedp.Evaluate[[]string](`(() => {
		  for (const e of document.querySelectorAll('main *')) e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
		  return Array.from(document.querySelectorAll('script, iframe, object, embed, img, [onload], [onerror], [onmouseover], a[href^="javascript"], a[href^="data"]'))
		    .filter(e => !(e.tagName === 'SCRIPT' && (e.type === 'application/json' || e.parentElement.tagName === 'HEAD' && new URL(e.src).origin === location.origin && new URL(e.src).pathname.startsWith('/assets/')))).map(e => e.outerHTML);
		})()`))
		if len(foreign) > 0 {
			t.Errorf("%s holds foreign elements: %q", path, foreign)
		}
	}
	if errs := tab.unexpected("400 (Bad Request)", "404 (Not Found)"); len(errs) > 0 {
		t.Errorf("not calm: %q", errs)
	}
	tab.open(ts.URL + mentionURL(hostile.ID))
	text := read(tab, chromedp.Text(".prose"))
	for _, part := range []string{`<script>alert("text")</script>`, `=cmd|' /C calc'!A0`, "javascript:alert(2)", "␛[31mred␇", "�gnp.exe�", "{{.}}", "end of text"} {
		if !strings.Contains(text, part) {
			t.Errorf("the text lacks %q: %s", part, text)
		}
	}
	tab.shoot("hostile")
}

func TestTheContrastCheckSeesFaintText(t *testing.T) {
	tab := newTab(t, browsertest.Open(t), desktop)
	_, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	tab.open(ts.URL + "/?lang=en")
	tab.run(chromedp.Evaluate[chromedp.Void](`document.querySelector('h1').style.setProperty('color', '#bbb'); document.querySelector('.steps').style.setProperty('width', '3000px')`))
	if faint := read(tab, chromedp.Evaluate[[]string](lowContrast)); len(faint) != 1 {
		t.Errorf("faint: %q", faint)
	}
	if wide := read(tab, chromedp.Evaluate[[]string](tooWide)); len(wide) == 0 {
		t.Error("a wide element goes unseen")
	}
}

func TestTheDarkThemeIsDarkAndTheLightOneLight(t *testing.T) {
	b := browsertest.Open(t)
	_, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	const lightness = `getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((a, b) => a + b) / 3`
	for s, dark := range map[screen]bool{desktop: false, night: true} {
		tab := newTab(t, b, s)
		tab.open(ts.URL + "/")
		if got := read(tab, chromedp.Evaluate[float64](lightness)); (got < 60) != dark {
			t.Errorf("%s: the background is %v light", s.name, got)
		}
	}
}

func TestTheKeyboardReachesAndShowsEverything(t *testing.T) {
	b := browsertest.Open(t)
	ms := testMentions(64)
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, ms...), Brands: testBrands})
	tab := newTab(t, b, desktop)
	const focused = `(() => { const e = document.activeElement; return e.id || (e.closest('.hit') ? 'hit ' + Array.from(document.querySelectorAll('.hit')).indexOf(e.closest('.hit')) : e.className || e.tagName) })()`
	at := func() string { return read(tab, chromedp.Evaluate[string](focused)) }

	tab.open(ts.URL + "/search?lang=en&q=lamp")
	tab.run(chromedp.KeyEvent(kb.Tab))
	if got := at(); got != "skip" {
		t.Errorf("the first stop is %s", got)
	}
	if top := read(tab, chromedp.Evaluate[float64](`document.querySelector('.skip').getBoundingClientRect().top`)); top < 0 {
		t.Errorf("the skip link is out of sight at %v", top)
	}
	tab.run(chromedp.KeyEvent(kb.Enter))
	if got := at(); got != "main" {
		t.Errorf("the skip link leads to %s", got)
	}
	for _, step := range []struct{ key, want string }{
		{"j", "hit 0"}, {"j", "hit 1"}, {"j", "hit 2"}, {"k", "hit 1"}, {"/", "find"}, {"j", "find"}, {kb.Escape, "page-search"}, {"k", "hit 19"}, {"j", "hit 19"},
	} {
		tab.run(chromedp.KeyEvent(step.key))
		if got := at(); got != step.want {
			t.Errorf("%q leads to %s, want %s", step.key, got, step.want)
		}
	}

	// Every stop on the way through a page shows where it is.
	for _, path := range []string{"/?lang=en", "/search?lang=en&q=lamp", mentionURL(ms[4].ID)} {
		tab.open(ts.URL + path)
		stops := read(tab, chromedp.Evaluate[int](`Array.from(document.querySelectorAll('a[href]:not([tabindex="-1"]), button, input:not([type=hidden]), select, summary, [tabindex="0"]')).filter(e => e.checkVisibility()).length`))
		seen := map[string]bool{}
		for range stops + 3 {
			tab.run(chromedp.KeyEvent(kb.Tab))
			where := read(tab, chromedp.Evaluate[string](`(() => { const e = document.activeElement; if (e === document.body) return '';
			  const s = getComputedStyle(e), all = Array.from(document.querySelectorAll('*'));
			  return all.indexOf(e) + ' ' + (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 ? '' : 'unseen ') + e.outerHTML.slice(0, 80); })()`))
			if strings.Contains(where, " unseen ") {
				t.Errorf("%s: focus cannot be seen on %s", path, where)
			}
			if where != "" {
				seen[where] = true
			}
		}
		if len(seen) != stops {
			t.Errorf("%s: %d of %d stops reached", path, len(seen), stops)
		}
	}
	tab.calm()
}

func TestAChoiceIsShownAtOnceAndWithoutScriptsByAButton(t *testing.T) {
	b := browsertest.Open(t)
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(64)...), Brands: testBrands})
	tab := newTab(t, b, phone)
	tab.open(ts.URL + "/?lang=en")
	tab.run(chromedp.SendKeys("select[name=brand]", "L"), chromedp.WaitVisible(`//h1[contains(., "Lumara")]`))
	tab.calm()

	plain := newTab(t, b, phone)
	if _, err := chromedp.Call(plain.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	plain.open(ts.URL + "/?lang=en")
	plain.run(chromedp.SendKeys("select[name=brand]", "N"), chromedp.Click("button.nojs"), chromedp.WaitVisible(`//h1[contains(., "Noorderlicht")]`))
	plain.run(chromedp.SendKeys("#find", "lamp"+kb.Enter), chromedp.WaitVisible("mark"))
	plain.calm()
}
