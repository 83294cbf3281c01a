package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"klank/index/desk"
	"klank/mention"
	"klank/web/browsertest"
)

func TestTheQueueIsWorkedThroughByKeys(t *testing.T) {
	tab := newTab(t, browsertest.Open(t), desktop)
	first, second, third := complaint(1), complaint(2), complaint(3)
	b := newBench(t, first, second, third)
	focused := func(want string) {
		t.Helper()
		const where = `document.activeElement.closest("ol.queue > li") ? document.activeElement.closest("ol.queue > li").id : document.activeElement.tagName`
		deadline := time.Now().Add(20 * time.Second)
		for got := read(tab, chromedp.Evaluate[string](where)); got != want; got = read(tab, chromedp.Evaluate[string](where)) {
			if time.Now().After(deadline) {
				t.Fatalf("the focus is on %s, want %s", got, want)
			}
		}
	}
	// press sends a form by keys and waits for the page that it leads to.
	press := func(keys string) {
		t.Helper()
		tab.run(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = "yes"`))
		reach, text, _ := strings.Cut(keys, " ")
		// Without the letter that a page which takes the key keeps from its field.
		_, err := chromedp.Call(tab.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: reach})
		if err != nil {
			t.Fatal(err)
		}
		if text != "" {
			tab.run(chromedp.KeyEvent(text), chromedp.KeyEvent(kb.Enter))
		}
		tab.run(chromedp.WaitReady("html:not([data-before]) footer"))
	}
	tab.open(b.ts.URL + "/queue?lang=en")
	tab.run(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	focused("q-" + second.ID)
	tab.run(chromedp.KeyEvent("k"))
	focused("q-" + first.ID)
	press("a Anna")
	focused("q-" + second.ID)
	press("n wait")
	focused("q-" + third.ID)
	press("i")
	focused("q-" + second.ID) // the last of those left
	if got := strings.Join(b.queued(t, "/queue"), " "); got != first.ID+" "+second.ID {
		t.Errorf("left is %s", got)
	}
	tab.run(chromedp.KeyEvent("k"))
	press("e")
	cases, err := b.desk.CasesOf(t.Context(), b.ix)
	if err != nil || cases[first.ID].State != desk.StateAnswered || cases[second.ID].Note != "wait" || cases[third.ID].State != desk.StateIgnored {
		t.Errorf("the desk has %+v, %v", cases, err)
	}
	press("o")
	if got := read(tab, chromedp.Location()); !strings.HasSuffix(got, "/mention/"+second.ID) {
		t.Errorf("opened is %s", got)
	}
	tab.calm()
}

func TestSuggestionsCompleteTheQuery(t *testing.T) {
	tab := newTab(t, browsertest.Open(t), desktop)
	b := newBench(t, testMentions(20)...)
	tab.open(b.ts.URL + "/search?lang=en")
	tab.run(chromedp.SendKeys("#find", "lamp touchp"), chromedp.WaitReady("#suggestions option"))
	if got := read(tab, chromedp.Evaluate[string](`document.querySelector("#suggestions option").value`)); got != "lamp touchpoint:" {
		t.Errorf("suggested is %q", got)
	}
	tab.calm()
}

func TestTheDeskIsReadableAndFitsEveryScreen(t *testing.T) {
	b := browsertest.Open(t)
	_, ts := wholeServer(t)
	for i, s := range []screen{desktop, night, phone} {
		t.Run(s.name, func(t *testing.T) {
			tab := newTab(t, b, s)
			for name, path := range map[string]string{"queue": "/queue", "queue-assigned": "/queue?state=assigned",
				"mention-work": "/mention/MENTION?in=lamp&fix=FIX&why=1&similar=1", "mention-whole": "/mention/MENTION?fix=whole", "search-saved": "/search?q=lamp"} {
				tab.open(at(ts, path, languages[i%2]))
				tab.run(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
				if wide := read(tab, chromedp.Evaluate[[]string](tooWide)); len(wide) > 0 {
					t.Errorf("%s scrolls sideways at %d px: %q", path, s.width, wide)
				}
				if faint := read(tab, chromedp.Evaluate[[]string](lowContrast)); len(faint) > 0 {
					t.Errorf("%s has faint text: %q", path, faint)
				}
				tab.shoot(name + "-" + languages[i%2] + "-" + s.name)
			}
			tab.calm()
		})
	}
}

func TestNothingHostileHappensOnTheDesk(t *testing.T) {
	tab := newTab(t, browsertest.Open(t), desktop)
	hostile := hostileMention()
	b := newBench(t, append(testMentions(4), hostile)...)
	const attack = `"><script>alert('desk')</script><img src=x onerror=alert(1)> {{.}} javascript:alert(2)`
	name := attack[:desk.MaxName]
	_, err := b.desk.SetCase(t.Context(), desk.Case{Mention: hostile.ID, State: desk.StateAssigned, Assignee: name, Note: attack, By: name, At: testNow, Revision: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.desk.SaveQuery(t.Context(), desk.Query{Name: "attack", Query: attack, By: name, At: testNow}, false); err != nil {
		t.Fatal(err)
	}
	hostile.Text, hostile.Evidence.Fetched = attack+hostile.Text, testNow
	if _, err := b.ix.Put(t.Context(), []mention.Mention{hostile}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/queue", "/queue?state=assigned&assignee=" + url.QueryEscape(name), "/queue?brand=" + url.QueryEscape(attack) + "#q-" + attack,
		mentionURL(hostile.ID) + "?fix=whole&why=1&similar=1&in=" + url.QueryEscape("alert OR script"), mentionURL(hostile.ID) + "?fix=" + url.QueryEscape(attack),
		mentionURL(hostile.ID) + "?revision=1", "/search?q=alert", "/suggest?q=" + url.QueryEscape(attack)} {
		tab.run(chromedp.Navigate(b.ts.URL+path), chromedp.WaitReady("body"))
		if got := read(tab, chromedp.Evaluate[int](`document.querySelectorAll("main script, main img, [onerror], a[href^='javascript:'], a[href^='data:']").length`)); got != 0 {
			t.Errorf("%s has %d hostile elements", path, got)
		}
	}
	said := b.send(t, "/queue/"+hostile.ID, url.Values{"do": {"note"}, "note": {attack}, "back": {attack}}, http.StatusConflict)
	if strings.Contains(said, "<script>alert") || strings.Contains(said, "<img") {
		t.Errorf("the page of a conflict has %s", said)
	}
	if errs := tab.unexpected("favicon.ico"); len(errs) > 0 { // which JSON does not name
		t.Errorf("the desk is not calm: %q", errs)
	}
}
