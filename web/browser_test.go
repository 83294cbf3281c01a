package web

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"klank/web/browsertest"
)

// tab is one page in the browser, and what went wrong on it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	troubles []string
}

// screen is how a page is looked at.
type screen struct {
	name          string
	width, height int64
	dark          bool
}

var (
	desktop = screen{"desktop", 1280, 900, false}
	night   = screen{"dark", 1280, 900, true}
	phone   = screen{"phone", 375, 812, false}
)

func newTab(t *testing.T, browser context.Context, s screen) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *cdppage.EventJavascriptDialogOpening:
			b.trouble("a dialog opened: " + ev.Message)
			go chromedp.Call(ctx, cdppage.HandleJavaScriptDialog, cdppage.HandleJavaScriptDialogParams{})
		case *cdpruntime.EventExceptionThrown:
			b.trouble("exception: " + ev.ExceptionDetails.Text)
		case *cdpruntime.EventConsoleAPICalled:
			b.trouble(fmt.Sprint("console.", ev.Type))
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
				b.trouble("log: " + ev.Entry.Text + " " + ev.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	b.run(chromedp.EmulateViewport(s.width, s.height))
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) trouble(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, what)
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
}

// read runs an action and returns its value.
func read[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	return v
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url), chromedp.WaitReady("main"))
}

// calm fails the test when anything went wrong on the page so far.
func (b *tab) calm() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.troubles) > 0 {
		b.t.Errorf("the page is not calm:\n%s", strings.Join(b.troubles, "\n"))
	}
}

// shoot keeps a picture of the whole page in KLANK_SCREENSHOTS, when that is
// set, and proves otherwise that one can be made.
func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("KLANK_SCREENSHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	png := read(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// lowContrast lists the visible texts whose colour is too near to what is
// behind it (WCAG 2.2, 1.4.3: 4.5:1, or 3:1 for large letters).
const lowContrast = `(() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  const rgba = (c) => { pen.clearRect(0,0,1,1); pen.fillStyle = c; pen.fillRect(0,0,1,1);
    const d = pen.getImageData(0,0,1,1).data; return [d[0], d[1], d[2], d[3]/255]; };
  const over = (a, b) => [0,1,2].map(i => a[i]*a[3] + b[i]*(1-a[3])).concat(1);
  const behind = (e) => { const layers = [];
    for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] === 1) break; }
    return layers.reverse().reduce((under, c) => over(c, under), [255,255,255,1]); };
  const light = (c) => { const f = c.slice(0,3).map(v => { v /= 255; return v <= .03928 ? v/12.92 : Math.pow((v+.055)/1.055, 2.4); });
    return .2126*f[0] + .7152*f[1] + .0722*f[2]; };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!text || !e.checkVisibility() || e.closest('.vh, .skip, .empty, script, title, option')) continue;
    const style = getComputedStyle(e), back = behind(e);
    const ink = rgba(e instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(over(ink, back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(ratio.toFixed(2) + ' ' + e.tagName + '.' + (e.getAttribute('class')||'') + ': ' + text.slice(0, 40));
  }
  return bad;
})()`

// tooWide lists the elements that reach past the right edge of the window,
// but for those inside a box that scrolls by itself.
const tooWide = `(() => {
  const width = document.documentElement.clientWidth, out = [];
  if (document.documentElement.scrollWidth <= width) return out;
  for (const e of document.querySelectorAll('main *, header *, footer *')) {
    if (e.closest('.scroll') || e.closest('.vh')) continue;
    const r = e.getBoundingClientRect();
    if (r.width && r.right > width + 1) out.push(e.tagName + '.' + (e.getAttribute('class')||'') + ' ' + Math.round(r.right));
  }
  return out.length ? out : ['scrollWidth ' + document.documentElement.scrollWidth];
})()`

func TestPagesAreCalmReadableAndFitEveryScreen(t *testing.T) {
	b := browsertest.Open(t)
	ms := testMentions(64)
	ix := newTestIndex(t, ms...)
	fill(t, ix)
	_, ts := newTestServer(t, Config{Index: ix, Brands: testBrands, Snapshot: testSnapshot, Status: testStatus})
	_, bare := newTestServer(t, Config{Index: newTestIndex(t)})
	_, guarded := newTestServer(t, Config{Index: ix, Token: "sesame"})
	pages := []struct{ name, url string }{
		{"overview", ts.URL + "/?lang=en"},
		{"overview-nl", ts.URL + "/?lang=nl&brand=Lumara&period=12m"},
		{"search", ts.URL + "/search?lang=en&q=" + "lamp+sentiment%3Anegative"},
		{"search-error", ts.URL + "/search?lang=en&q=%28lamp+sentiment%3Aangry"},
		{"mention", ts.URL + "/mention/" + ms[9].ID + "?lang=en"},
		{"mention-nl", ts.URL + "/mention/" + ms[4].ID + "?lang=nl"},
		{"snapshot", ts.URL + "/snapshot/some.warc.gz:12?lang=en"},
		{"status", ts.URL + "/status?lang=en"},
		{"empty", bare.URL + "/?lang=en"},
		{"missing", ts.URL + "/nowhere?lang=en"},
		{"login", guarded.URL + "/login?lang=en"},
	}
	for _, s := range []screen{desktop, night, phone} {
		t.Run(s.name, func(t *testing.T) {
			tab := newTab(t, b, s)
			for _, p := range pages {
				tab.open(p.url)
				wide := read(tab, chromedp.Evaluate[[]string](tooWide))
				faint := read(tab, chromedp.Evaluate[[]string](lowContrast))
				if len(wide) > 0 {
					t.Errorf("%s scrolls sideways at %d px: %q", p.name, s.width, wide)
				}
				if len(faint) > 0 {
					t.Errorf("%s has faint text: %q", p.name, faint)
				}
				tab.shoot(p.name + "-" + s.name)
			}
			if errs := tab.unexpected("400 (Bad Request)", "404 (Not Found)"); len(errs) > 0 {
				t.Errorf("the pages are not calm: %q", errs)
			}
		})
	}
}

// unexpected lists the troubles that hold none of the texts.
func (b *tab) unexpected(texts ...string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
next:
	for _, what := range b.troubles {
		for _, text := range texts {
			if strings.Contains(what, text) {
				continue next
			}
		}
		out = append(out, what)
	}
	return out
}
