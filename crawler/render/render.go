// Package render fetches pages that show their text only after their scripts
// ran. An installed Chromium runs the scripts; every byte it gets was fetched
// by klank's own polite client, so robots.txt, the host's budget, the guard
// against private addresses and all limits hold for the document and for each
// request of its scripts.
//
// It is not for logging in, clicking, scrolling, or for getting past a wall
// meant for robots: the page is loaded once, by GET requests of its own
// origin, and read as it then stands.
//
// The browser never opens a connection for a page:
//
//   - Each request of a page is paused (DevTools, domain Fetch) and judged.
//     Scripts, XHR and fetch of the document's own origin are asked for by the
//     Fetcher and handed in; images, media, fonts, style sheets, frames,
//     third parties and everything that is not a GET fail.
//   - What cannot be paused (WebSockets, workers, popups, the browser's own
//     errands) finds a proxy that refuses everything, and no DNS.
//
// Every page gets a browser context (cookies, storage, cache) of its own.
package render

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"klank/crawler/fetch"
	"klank/mention"
)

// contentType is that of every rendered page, whatever the document's was:
// browsers decode to Unicode.
const contentType = "text/html; charset=utf-8"

// Fetcher asks for one URL, politely; fetch.Client is one. For one page it is
// called from one goroutine at a time. Its errors are of type *fetch.Error.
type Fetcher interface {
	Fetch(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// Config holds the settings of a Renderer. Fetcher is needed; the zero value
// of any other field means its default.
type Config struct {
	// Fetcher asks for all that a page needs.
	Fetcher Fetcher
	// Path is the browser's binary; empty means the first of chromium,
	// chromium-browser and google-chrome in PATH.
	Path string
	// Tabs bounds the pages that are rendered at the same time; 0 means 2.
	Tabs int
	// MaxRequests bounds the requests for one page, its document included;
	// 0 means 20. Those after it fail, and the page is read without them.
	MaxRequests int
	// Timeout bounds the time from the document's arrival until the page is
	// read, waits for the host's turn included; 0 means 60 s. A page that is
	// still busy then is read as it stands.
	Timeout time.Duration
	// Quiet is how long a loaded page must have asked for nothing before it
	// is taken for complete; 0 means 1 s.
	Quiet time.Duration
	// MaxBody is the most bytes of a rendered page; 0 means 16 MiB.
	MaxBody int
}

// Renderer fetches and renders pages. It is safe for concurrent use. All its
// pages share one browser, which starts with the first of them.
//
// Its memory is the browser's: per tab at most the script heap (see
// maxHeap), the document, and one answer on its way in.
type Renderer struct {
	Config
	proxy *proxy
	// life ends with Close, and ends the browser and all tabs.
	life context.Context
	end  context.CancelFunc
	// slots holds one value for each tab that is not yet closed; Close keeps
	// them all.
	slots chan struct{}
	close func()

	// starting is held (sent to) while browser is looked at or replaced.
	starting chan struct{}
	browser  *process

	pages, requests, blocked, robots, failed, starts atomic.Int64
}

// Stats counts what a Renderer did since New.
type Stats struct {
	// Pages were rendered.
	Pages int64 `json:"pages"`
	// Requests were handed to the Fetcher, those for documents included.
	Requests int64 `json:"requests"`
	// Blocked requests of pages were refused: of another origin, of a kind
	// that holds no text, not a GET, or over MaxRequests.
	Blocked int64 `json:"blocked"`
	// Robots counts requests of scripts that robots.txt forbids.
	Robots int64 `json:"robots"`
	// Failed requests of scripts got no usable answer.
	Failed int64 `json:"failed"`
	// Proxied counts what the browser tried past the pause, errands of its
	// own (updates) among it: the proxy refused all of it.
	Proxied int64 `json:"proxied"`
	// Starts of the browser; more than one means that it crashed.
	Starts int64 `json:"starts"`
}

// New returns a Renderer that fetches with c.Fetcher. It fails when no
// Chromium is installed. The Renderer is to be closed, before the Fetcher is.
func New(c Config) (*Renderer, error) {
	switch {
	case c.Fetcher == nil:
		return nil, errors.New("render: a fetcher is needed")
	case c.Tabs < 0 || c.MaxRequests < 0 || c.Timeout < 0 || c.Quiet < 0 || c.MaxBody < 0:
		return nil, errors.New("render: a limit is negative")
	}
	path, err := findBrowser(c.Path)
	if err != nil {
		return nil, err
	}
	c.Path = path
	c.Tabs = cmp.Or(c.Tabs, 2)
	c.MaxRequests = cmp.Or(c.MaxRequests, 20)
	c.Timeout = cmp.Or(c.Timeout, time.Minute)
	c.Quiet = cmp.Or(c.Quiet, time.Second)
	c.MaxBody = cmp.Or(c.MaxBody, 16<<20)
	p, err := newProxy()
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	r := &Renderer{
		Config: c, proxy: p, life: life, end: end,
		slots: make(chan struct{}, c.Tabs), starting: make(chan struct{}, 1),
	}
	r.close = sync.OnceFunc(r.shut)
	return r, nil
}

func findBrowser(path string) (string, error) {
	if path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("render: render: true needs Chromium, and %s is not a program: %w", path, err)
		}
		return found, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("render: render: true needs Chromium: install the package chromium, or give the path of its binary")
}

// Stats returns the counts so far.
func (r *Renderer) Stats() Stats {
	return Stats{
		Pages: r.pages.Load(), Requests: r.requests.Load(), Blocked: r.blocked.Load(), Robots: r.robots.Load(),
		Failed: r.failed.Load(), Proxied: r.proxy.refused.Load(), Starts: r.starts.Load(),
	}
}

// Close ends the browser and removes its profile. It may be called more than
// once; a Fetch under way, and any later one, returns an error of class
// Canceled.
func (r *Renderer) Close() { r.close() }

func (r *Renderer) shut() {
	r.end()
	closing, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	for range cap(r.slots) {
		select {
		case r.slots <- struct{}{}:
		case <-closing.Done(): // a tab that hangs goes with its browser
		}
	}
	r.starting <- struct{}{} // kept: no browser starts any more
	if r.browser != nil {
		r.browser.close()
	}
	r.proxy.close()
}

// Fetch asks for one URL, lets the page's scripts run, and returns the page
// as it then stands: with the document's status, headers and directives, but
// without validators, as a rendered body has none; the request's are not
// sent. What is not an HTML page comes back as the Fetcher gave it. A script
// that leads to another URL is a Redirect. Errors are of type *fetch.Error;
// it returns promptly when ctx ends.
func (r *Renderer) Fetch(ctx context.Context, req fetch.Request) (*fetch.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.life, cancel)()
	req.ETag, req.LastModified = "", ""
	r.requests.Add(1)
	res, err := r.Fetcher.Fetch(ctx, req)
	if err != nil || res.Page == nil || !isHTML(res.Page.ContentType) {
		return res, err
	}
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, failure(req.URL, fetch.Canceled, context.Cause(ctx))
	}
	out, err := r.render(ctx, req, res.Page)
	if err != nil {
		return nil, err
	}
	out.Bytes += res.Bytes
	return out, nil
}

// isHTML tells whether a browser would take a body of this type for a page
// that can have scripts.
func isHTML(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case "text/html", "application/xhtml+xml":
		return true
	}
	return false
}

// render renders a document in a tab. It gives the slot back, after the tab
// is closed. When the browser dies under it, a new one gets one try.
func (r *Renderer) render(ctx context.Context, req fetch.Request, doc *mention.Page) (*fetch.Response, error) {
	for try := 1; ; try++ {
		b, err := r.running(ctx)
		if err != nil {
			<-r.slots
			if ctx.Err() != nil {
				return nil, failure(req.URL, fetch.Canceled, context.Cause(ctx))
			}
			return nil, failure(req.URL, fetch.Conn, err)
		}
		t := newTab(r, req, doc)
		out, err := t.run(ctx, b)
		if errors.Is(err, errNoTab) && ctx.Err() == nil {
			r.retire(b)
		}
		if err != nil && b.dead() && ctx.Err() == nil && try == 1 {
			t.close()
			continue
		}
		// Closing takes a moment, or more with a page that hangs.
		go func() {
			t.close()
			<-r.slots
		}()
		switch {
		case ctx.Err() != nil:
			return nil, failure(req.URL, fetch.Canceled, context.Cause(ctx))
		case err != nil:
			return nil, failure(req.URL, fetch.Protocol, err)
		case out.redirect != "":
			return &fetch.Response{Redirect: out.redirect, Bytes: out.bytes}, nil
		case fetch.MarkupReserved([]byte(out.html)): // by a script of the page
			return nil, failure(req.URL, fetch.Reserved, errors.New("the page reserves text and data mining"))
		}
		r.pages.Add(1)
		return &fetch.Response{Page: rendered(doc, out.html), Bytes: out.bytes}, nil
	}
}

// rendered returns the page that the document became.
func rendered(doc *mention.Page, html string) *mention.Page {
	p := *doc
	p.Body = []byte(html)
	sum := sha256.Sum256(p.Body)
	p.SHA256 = hex.EncodeToString(sum[:])
	p.ContentType, p.ETag, p.LastModified = contentType, "", ""
	return &p
}

// failure returns err as a *fetch.Error, which it may be already.
func failure(url string, class fetch.Class, err error) *fetch.Error {
	var failed *fetch.Error
	if errors.As(err, &failed) {
		return failed
	}
	return &fetch.Error{URL: url, Class: class, Err: fmt.Errorf("render: %w", err)}
}
