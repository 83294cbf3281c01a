package render

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	cdpfetch "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"klank/crawler/fetch"
	"klank/mention"
)

// policy goes with the document: frames and workers may run in processes of
// their own, whose requests are not paused, and nothing in them is read.
const policy = "frame-src 'none'; worker-src 'none'; object-src 'none'"

// verdict is what is to be done about a paused request.
type verdict int

const (
	refuse verdict = iota
	inline         // holds its own data: nothing is fetched
	document
	same // the document anew: nothing would change
	elsewhere
	allow
)

// verdict decides about a request of a page by its kind, method and origin.
func (t *tab) verdict(ev *cdpfetch.EventRequestPaused) verdict {
	target := ev.Request.URL
	if strings.HasPrefix(target, "data:") || strings.HasPrefix(target, "blob:") {
		return inline
	}
	if ev.Request.Method != http.MethodGet {
		return refuse
	}
	switch ev.ResourceType {
	case network.ResourceTypeDocument:
		canonical, err := mention.CanonicalURL("", target)
		switch {
		case ev.FrameID != t.main || err != nil:
			return refuse
		case t.shown == "":
			t.shown = canonical
			return document
		case t.shown == canonical:
			return same
		}
		return elsewhere
	case network.ResourceTypeScript, network.ResourceTypeXHR, network.ResourceTypeFetch:
		// Prefetches and event streams come under these kinds, too: one is
		// for a page that nobody opens, the other has no end.
		h := ev.Request.Headers
		if headerOf(h, "Sec-Purpose")+headerOf(h, "Purpose") != "" || headerOf(h, "Accept") == "text/event-stream" {
			return refuse
		}
		if sameOrigin(t.shown, target) && t.asked < t.MaxRequests {
			return allow
		}
	}
	return refuse
}

// sameOrigin tells whether two URLs have the same scheme, host and port.
// Others of the same host could not be read by the page either, as the
// headers that would allow it are not handed on.
func sameOrigin(a, b string) bool {
	u, err := url.Parse(a)
	if err != nil {
		return false
	}
	v, err := url.Parse(b)
	return err == nil && u.Scheme == v.Scheme && u.Host != "" && strings.EqualFold(u.Host, v.Host)
}

// judge decides about the page's requests in their order, and sends dialogs
// away, until ctx ends.
func (t *tab) judge(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-t.events:
			switch ev := ev.(type) {
			case *cdpfetch.EventRequestPaused:
				t.decide(ctx, ev)
			case *page.EventJavascriptDialogOpening:
				// A tab that is closing needs no answer.
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{
					Accept: ev.Type == page.DialogTypeBeforeunload})
			}
		}
	}
}

func (t *tab) decide(ctx context.Context, ev *cdpfetch.EventRequestPaused) {
	t.mu.Lock()
	v := t.verdict(ev)
	delete(t.announced, ev.NetworkID)
	switch v {
	case document:
		t.last = time.Now()
	case allow:
		t.asked++
		t.pending++
		t.last = time.Now()
	}
	t.mu.Unlock()
	switch v {
	case allow:
		t.queue <- ev // has room for all that can be allowed
	case document:
		t.fulfil(ctx, ev, http.StatusOK, header("Content-Type", t.doc.ContentType, "Content-Security-Policy", policy), t.doc.Body)
	case inline:
		_, _ = chromedp.Call(ctx, cdpfetch.ContinueRequest, cdpfetch.ContinueRequestParams{RequestID: ev.RequestID})
	case elsewhere:
		target, _ := mention.CanonicalURL("", ev.Request.URL) // as in verdict
		t.finish(outcome{redirect: target})
	case same:
		t.fail(ctx, ev, network.ErrorReasonAborted)
	case refuse:
		t.blocked.Add(1)
		t.fail(ctx, ev, network.ErrorReasonBlockedByClient)
	}
}

// serve fetches what the page may have, one after the other, until ctx ends.
func (t *tab) serve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-t.queue:
			t.answer(ctx, ev)
			t.mu.Lock()
			t.pending--
			t.last = time.Now()
			t.mu.Unlock()
		}
	}
}

// answer fetches one request of a script, as klank would any URL, and hands
// in what came.
func (t *tab) answer(ctx context.Context, ev *cdpfetch.EventRequestPaused) {
	target, err := mention.CanonicalURL("", ev.Request.URL)
	if err != nil {
		t.failed.Add(1)
		t.fail(ctx, ev, network.ErrorReasonFailed)
		return
	}
	req := fetch.Request{
		URL: target, Source: t.req.Source, MinInterval: t.req.MinInterval,
		Accept: acceptOf(ev.Request.Headers), Header: headersOf(ev.Request.Headers),
		Scripts: ev.ResourceType == network.ResourceTypeScript,
	}
	if t.req.Access == fetch.AccessIgnore { // the source's; a key's permission stays with the key
		req.Access, req.Reason = t.req.Access, t.req.Reason
	}
	t.requests.Add(1)
	res, err := t.Fetcher.Fetch(ctx, req)
	if err != nil {
		t.refused(ctx, ev, err)
		return
	}
	t.mu.Lock()
	t.bytes += res.Bytes
	t.mu.Unlock()
	switch {
	case res.Redirect != "": // comes back as a request, and is judged
		t.fulfil(ctx, ev, http.StatusFound, header("Location", res.Redirect), nil)
	case res.Page != nil:
		t.fulfil(ctx, ev, int64(res.Page.Status), header("Content-Type", res.Page.ContentType), res.Page.Body)
	default:
		t.failed.Add(1)
		t.fail(ctx, ev, network.ErrorReasonFailed)
	}
}

// refused tells the page that a request failed. A host that asks to be left
// alone ends the rendering: what would be read is not complete, and all of it
// is due again later.
func (t *tab) refused(ctx context.Context, ev *cdpfetch.EventRequestPaused, err error) {
	var failed *fetch.Error
	if !errors.As(err, &failed) {
		failed = &fetch.Error{Class: fetch.Protocol}
	}
	switch {
	case failed.Class == fetch.Throttled:
		failed := *failed
		failed.URL, failed.Err = t.doc.URL, fmt.Errorf("render: a script's request for %s: %w", failed.URL, failed.Err)
		t.finish(outcome{err: &failed})
	case failed.Class == fetch.Robots:
		t.robots.Add(1)
		t.fail(ctx, ev, network.ErrorReasonBlockedByClient)
	case failed.Status >= http.StatusBadRequest:
		t.failed.Add(1)
		t.fulfil(ctx, ev, int64(failed.Status), header("Content-Type", "text/plain"), nil)
	default:
		t.failed.Add(1)
		t.fail(ctx, ev, network.ErrorReasonFailed)
	}
}

// headerOf returns a header of a script's request.
func headerOf(h network.Headers, name string) string {
	for n, value := range h {
		if text, ok := value.(string); ok && strings.EqualFold(n, name) {
			return text
		}
	}
	return ""
}

// headersOf returns what of a script's headers travels on: the one that many
// sites tell their scripts by. Keys of the source do not, as the script does
// not know them; others could make a GET more than that.
func headersOf(h network.Headers) http.Header {
	const name = "X-Requested-With"
	if strings.EqualFold(headerOf(h, name), "XMLHttpRequest") {
		return http.Header{name: {"XMLHttpRequest"}}
	}
	return nil
}

// acceptOf returns the Accept header that a script chose, where it can be
// sent as it is.
func acceptOf(h network.Headers) string {
	accept := headerOf(h, "Accept")
	if accept == "" || len(accept) > 1024 || strings.ContainsFunc(accept, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "*/*"
	}
	return accept
}

// header returns names and values in turn, without those that are empty.
func header(pairs ...string) []*cdpfetch.HeaderEntry {
	var out []*cdpfetch.HeaderEntry
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, &cdpfetch.HeaderEntry{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return out
}

// fulfil and fail answer a paused request. A page that is gone by now needs
// no answer, so their errors say nothing.
func (t *tab) fulfil(ctx context.Context, ev *cdpfetch.EventRequestPaused, status int64, h []*cdpfetch.HeaderEntry, body []byte) {
	_, _ = chromedp.Call(ctx, cdpfetch.FulfillRequest, cdpfetch.FulfillRequestParams{
		RequestID: ev.RequestID, ResponseCode: status, ResponseHeaders: h, Body: body})
}

func (t *tab) fail(ctx context.Context, ev *cdpfetch.EventRequestPaused, reason network.ErrorReason) {
	_, _ = chromedp.Call(ctx, cdpfetch.FailRequest, cdpfetch.FailRequestParams{RequestID: ev.RequestID, ErrorReason: reason})
}
