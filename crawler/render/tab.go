package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	cdpfetch "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"klank/crawler/fetch"
	"klank/mention"
)

const (
	// maxWaiting bounds the events of a page that wait to be judged; a page
	// that asks faster gets no answer to the rest.
	maxWaiting = 1024
	// readTimeout bounds reading a page that is not busy any more, and what
	// is left of one that ran into the timeout.
	readTimeout = 5 * time.Second
	// lookEvery is how often it is looked whether a page has become quiet.
	lookEvery = 50 * time.Millisecond
)

// withoutPeers takes away what can send past a proxy.
const withoutPeers = `for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete globalThis[name]`

// readScript gives the page as it stands, or its size only where it is too
// large.
const readScript = `(() => {
	const root = document.documentElement, html = root ? root.outerHTML : "";
	return {url: location.href, size: html.length, html: html.length > %d ? "" : html};
})()`

// errNoTab says that a browser does not do its work, whatever the page.
var errNoTab = errors.New("the browser's tab did not open")

// outcome is what came of a page: its text, or where it leads.
type outcome struct {
	html, redirect string
	err            error
	bytes          int64
}

// tab renders one document. The browser tells what happens to heard, judge
// decides about each request in turn, and serve fetches what is allowed, one
// after the other.
type tab struct {
	*Renderer
	req  fetch.Request
	doc  *mention.Page
	main cdp.FrameID
	// done closes the browser's tab; nil before there is one.
	done context.CancelFunc
	work sync.WaitGroup

	events chan any
	queue  chan *cdpfetch.EventRequestPaused
	ended  chan outcome

	mu sync.Mutex
	// shown is the document's URL as the browser spells it, once it has asked
	// for it; loaded says that it has all that the markup asks for.
	shown  string
	loaded bool
	// asked counts the requests of the page, pending those not answered yet;
	// announced are those that the page has made and that are not here to be
	// judged yet.
	asked, pending int
	announced      map[network.RequestID]struct{}
	// last is when the page was loaded, or later had to do with a request.
	last  time.Time
	bytes int64
}

func newTab(r *Renderer, req fetch.Request, doc *mention.Page) *tab {
	return &tab{
		Renderer: r, req: req, doc: doc, asked: 1, announced: map[network.RequestID]struct{}{},
		events: make(chan any, maxWaiting),
		queue:  make(chan *cdpfetch.EventRequestPaused, r.MaxRequests),
		ended:  make(chan outcome, 1),
	}
}

// close closes the browser's tab and waits until it is.
func (t *tab) close() {
	if t.done != nil {
		t.done()
	}
	t.work.Wait()
}

// run renders the document. The tab is to be closed afterwards.
func (t *tab) run(ctx context.Context, b *process) (outcome, error) {
	tctx, closeTab := chromedp.NewContext(b.ctx, fresh(t.proxy.address), chromedp.WithListener(t.heard))
	t.done = closeTab
	defer context.AfterFunc(ctx, closeTab)()
	tctx, cancel := context.WithTimeout(tctx, t.Timeout+readTimeout)
	defer cancel()
	if err := t.open(tctx); err != nil {
		return outcome{}, fmt.Errorf("%w: %w", errNoTab, err)
	}
	busy, stop := context.WithTimeout(tctx, t.Timeout)
	t.work.Go(func() { t.judge(busy) })
	t.work.Go(func() { t.serve(busy) })
	out, err := t.load(tctx, busy)
	stop()
	t.mu.Lock()
	out.bytes = t.bytes
	t.mu.Unlock()
	return out, err
}

// open opens the tab and closes its ways out, before it is led anywhere.
func (t *tab) open(ctx context.Context) error {
	if err := chromedp.Do(ctx); err != nil {
		return err
	}
	c := chromedp.FromContext(ctx)
	t.main = cdp.FrameID(c.Target.TargetID) // DevTools: a page's target has the id of its main frame
	if _, err := chromedp.Call(ctx, cdpfetch.Enable, cdpfetch.EnableParams{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}); err != nil {
		return err
	}
	deny := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: c.BrowserContextID}
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, deny); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: withoutPeers})
	return err
}

// load leads the tab to the document, waits until the page is quiet or busy
// ends, and reads it.
func (t *tab) load(ctx, busy context.Context) (outcome, error) {
	led := make(chan error, 1)
	t.work.Go(func() { // a page may never let it return
		res, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: t.doc.URL})
		if err == nil && res.ErrorText != "" {
			err = fmt.Errorf("the browser could not load the document: %s", res.ErrorText)
		}
		led <- err
	})
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case out := <-t.ended:
			return out, out.err
		case err := <-led:
			if err != nil {
				return outcome{}, err
			}
			led = nil
		case <-busy.Done():
			return t.read(ctx)
		case <-look.C:
			if led != nil || !t.quiet() {
				continue
			}
			select {
			case out := <-t.ended: // both may have come since the last look
				return out, out.err
			default:
				return t.read(ctx)
			}
		}
	}
}

// heard is told what happens in the tab. It must not block.
func (t *tab) heard(ev any) {
	switch ev := ev.(type) {
	case *cdpfetch.EventRequestPaused, *page.EventJavascriptDialogOpening:
		select {
		case t.events <- ev:
		default:
			t.blocked.Add(1)
			if ev, ok := ev.(*cdpfetch.EventRequestPaused); ok {
				t.settled(ev.NetworkID)
			}
		}
	case *network.EventRequestWillBeSent:
		t.mu.Lock()
		t.announced[ev.RequestID] = struct{}{}
		t.mu.Unlock()
	case *network.EventLoadingFinished:
		t.settled(ev.RequestID)
	case *network.EventLoadingFailed:
		t.settled(ev.RequestID)
	case *page.EventLoadEventFired:
		t.mu.Lock()
		t.loaded, t.last = t.shown != "", time.Now()
		t.mu.Unlock()
	case *inspector.EventTargetCrashed:
		t.finish(outcome{err: errors.New("the page crashed its tab: too much memory, or a fault of the browser")})
	}
}

// settled says that a request is not waited for any more.
func (t *tab) settled(id network.RequestID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.announced, id)
}

// finish ends the rendering; the first outcome holds.
func (t *tab) finish(o outcome) {
	select {
	case t.ended <- o:
	default:
	}
}

// quiet tells whether the page has all it asked for, for a while.
func (t *tab) quiet() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.loaded && t.pending == 0 && len(t.announced) == 0 && time.Since(t.last) >= t.Quiet
}

// read takes the page as it stands, in a world that its scripts cannot touch.
func (t *tab) read(ctx context.Context) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	world, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: t.main})
	if err != nil {
		return outcome{}, t.unread(err)
	}
	byValue := true
	res, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: fmt.Sprintf(readScript, t.MaxBody), ContextID: world.ExecutionContextID, ReturnByValue: &byValue,
	})
	switch {
	case err != nil:
		return outcome{}, t.unread(err)
	case res.ExceptionDetails != nil || res.Result == nil:
		return outcome{}, errors.New("the page could not be read: it changes under the reader")
	}
	var got struct {
		URL  string `json:"url"`
		Size int    `json:"size"`
		HTML string `json:"html"`
	}
	if err := json.Unmarshal(res.Result.Value, &got); err != nil {
		return outcome{}, fmt.Errorf("the page could not be read: %w", err)
	}
	switch {
	case !sameOrigin(t.shown, got.URL):
		return outcome{}, fmt.Errorf("the page left its own site, for %.80q", got.URL)
	case got.Size > t.MaxBody || len(got.HTML) > t.MaxBody:
		return outcome{}, &fetch.Error{URL: t.doc.URL, Class: fetch.TooLarge,
			Err: fmt.Errorf("render: the page grew to %d characters, more than the limit of %d bytes", got.Size, t.MaxBody)}
	}
	return outcome{html: "<!DOCTYPE html>\n" + got.HTML}, nil
}

// unread words why a page could not be read; scripts that never pause are
// the usual reason.
func (t *tab) unread(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &fetch.Error{URL: t.doc.URL, Class: fetch.Timeout,
			Err: fmt.Errorf("render: the page's scripts did not let it be read within %s", readTimeout)}
	}
	return fmt.Errorf("the page could not be read: %w", err)
}
