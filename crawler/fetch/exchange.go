package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"klank/mention"
)

// exchange is one request and its answer on their way through the layers. It
// travels in the request's context, because colly stands between Fetch and
// the layers.
type exchange struct {
	Request
	// originFile marks a fetch of robots.txt or tdmrep.json: of any content
	// type, and cut at the limit instead of refused.
	originFile bool
	// stream is set where the body is to be handed on while it comes.
	stream *stream
	// crawlDelay is what robots.txt asks for; set above the pacer.
	crawlDelay time.Duration

	// connected tells that there was a connection to send on, answered is
	// when the first byte came back; the transport's goroutines set them.
	connected atomic.Bool
	answered  atomic.Pointer[time.Time]

	status     int
	header     http.Header
	fetched    time.Time
	retryAfter time.Duration
	// quota is how long the host is to be left alone although it answered,
	// as no request is left until then.
	quota time.Duration
	// spent says that the answer is a refusal because the quota is used up,
	// whatever its status; why is the reason for the pause, where it stands in
	// the body.
	spent bool
	why   string
	// body is complete and decompressed; received counts it as it came.
	body     []byte
	received int64
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(req *http.Request) *exchange {
	return req.Context().Value(exchangeKey{}).(*exchange)
}

// trace notes how far the request comes. net/http sends a request again where
// a connection breaks that was used before; not without the interval.
func (x *exchange) trace(ctx context.Context, interval time.Duration) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if !x.connected.Swap(true) || interval == 0 {
				return
			}
			select {
			case <-time.After(interval):
			case <-ctx.Done():
			}
		},
		GotFirstResponseByte: func() {
			now := time.Now()
			x.answered.Store(&now)
		},
	})
}

// check refuses what cannot be asked for.
func (x *exchange) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return x.fail(Canceled, err)
	}
	if !strings.HasPrefix(x.URL, "http://") && !strings.HasPrefix(x.URL, "https://") {
		return x.fail(Protocol, mention.ErrScheme)
	}
	if err := x.checkAccess(); err != nil {
		return x.fail(Protocol, err)
	}
	return nil
}

func (x *exchange) fail(class Class, err error) *Error {
	return &Error{URL: x.URL, Class: class, Status: x.status, RetryAfter: x.retryAfter, Err: x.strikeError(err)}
}

// response makes a Response or an *Error of what came.
func (x *exchange) response() (*Response, error) {
	switch {
	case isPage(x.status):
		return &Response{Page: x.page(), Bytes: x.received}, nil
	case x.status == http.StatusNotModified:
		if x.ETag == "" && x.LastModified == "" {
			return nil, x.fail(Protocol, errors.New("HTTP status 304 to a request without validators"))
		}
		return &Response{NotModified: true}, nil
	case isRedirect(x.status):
		target, err := redirectTarget(x.URL, x.header)
		if err == nil {
			target, err = x.strikeURL(target)
		}
		if err != nil {
			return nil, x.fail(Protocol, err)
		}
		permanent := x.status == http.StatusMovedPermanently || x.status == http.StatusPermanentRedirect
		return &Response{Redirect: target, Permanent: permanent}, nil
	}
	if x.spent {
		return nil, x.fail(Throttled, fmt.Errorf("%w: %s", statusError(x.status, x.retryAfter), x.why))
	}
	return nil, x.fail(statusClass(x.status, x.retryAfter), statusError(x.status, x.retryAfter))
}

// isPage tells whether the body is the resource: 203 is 200 by way of a
// proxy that changed something.
func isPage(status int) bool {
	return status == http.StatusOK || status == http.StatusNonAuthoritativeInfo
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func redirectTarget(from string, h http.Header) (string, error) {
	location := h.Get("Location")
	if location == "" {
		return "", errors.New("redirect without a Location")
	}
	target, err := mention.CanonicalURL(from, location)
	if err != nil {
		return "", fmt.Errorf("redirect to %q: %w", location, err)
	}
	return target, nil
}

// statusClass classifies the statuses that carry no page.
func statusClass(status int, retryAfter time.Duration) Class {
	switch {
	case status == http.StatusTooManyRequests,
		status == http.StatusServiceUnavailable && retryAfter > 0:
		return Throttled
	case status == http.StatusNotFound, status == http.StatusGone:
		return Gone
	case status >= 500:
		return Server
	case status >= 400:
		return Rejected
	}
	return Protocol
}

func statusError(status int, retryAfter time.Duration) error {
	text := http.StatusText(status)
	if text == "" {
		text = "unknown"
	}
	if retryAfter > 0 {
		return fmt.Errorf("HTTP status %d (%s); the server asks to wait %s", status, text, retryAfter)
	}
	return fmt.Errorf("HTTP status %d (%s)", status, text)
}

func (x *exchange) page() *mention.Page {
	x.body = x.strike(x.body)
	sum := sha256.Sum256(x.body)
	return &mention.Page{
		URL:          x.URL,
		Source:       x.Source,
		Status:       x.status,
		ContentType:  x.header.Get("Content-Type"),
		Body:         x.body,
		Link:         x.strikeAll(x.header.Values("Link")),
		Language:     x.header.Get("Content-Language"),
		Fetched:      x.fetched,
		ETag:         x.withoutSecret(x.header.Get("ETag")),
		LastModified: x.header.Get("Last-Modified"),
		SHA256:       hex.EncodeToString(sum[:]),
		Directives:   robotsTag(x.header.Values("X-Robots-Tag")),
	}
}
