// Package fetch asks for one URL at a time, politely. colly dispatches; the
// RoundTrippers of this package decide: dial-time guard against private
// addresses, robots.txt, one rate budget per host spaced as the server sees
// it, conditional requests, and limits on size, time and decompression.
//
// It is not for deciding what to fetch or when to try again: that is the
// frontier's work, and every outcome here says what a frontier needs to know.
//
// A request passes these layers, each an http.RoundTripper over the next:
//
//	robots   robots.txt of the origin, cached: its rules and Crawl-delay; and
//	         /.well-known/tdmrep.json, which may reserve text and data mining
//	pacer    one budget per host: spacing, one request at a time, Retry-After,
//	         quotas, back-off
//	limits   time, content type, decompression, size, a page's own reservation
//	         of text and data mining; errors get their class
//	guard    the transport, which dials public addresses only
//
// robots.txt and tdmrep.json are fetched through the pacer and what lies below.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"klank/mention"
)

// Config holds the settings of a Client. The zero value of a field means its
// default.
type Config struct {
	// Contact is a URL or e-mail address of the operator; it stands in the
	// User-Agent "klank/VERSION (+CONTACT)".
	Contact string
	// Version is klank's version for the User-Agent.
	Version string
	// Rate is the most requests per second to one host; 0 means 1, negative
	// means no limit (the caller has checked that every host is loopback).
	Rate float64
	// AllowPrivate permits loopback, private and link-local addresses.
	AllowPrivate bool
	// MaxBody is the most bytes of a decompressed body; 0 means 16 MiB.
	MaxBody int64
	// MaxStream is the most bytes of a decompressed stream; 0 means 50 MiB.
	MaxStream int64
	// Timeout bounds one request from dial to the last byte; 0 means 30 s.
	Timeout time.Duration
	// MaxCrawlDelay caps the Crawl-delay that is waited for; OverDelay says
	// what becomes of a host that asks for more. It also caps the wait
	// for a Retry-After; over it Fetch returns an error of class Throttled
	// at once, so that the caller can reschedule. And it caps the interval
	// that back-off leads to. 0 means 60 s.
	MaxCrawlDelay time.Duration
	// OverDelay is OverDelaySkip, also when empty, or OverDelaySlow.
	OverDelay OverDelay
	// BudgetKey names the budget that a host (mention.Host) draws on, so that
	// several hosts can share one; nil gives each host its own. It must be
	// safe for concurrent use, and always answer the same.
	BudgetKey func(host string) string
	// BudgetInterval is the spacing of requests on a budget, at least, over
	// all hosts that share it; nil is none.
	BudgetInterval func(key string) time.Duration
}

// Request is one URL to ask for. URL must be canonical (mention.CanonicalURL).
type Request struct {
	URL string
	// Source travels to Page.Source.
	Source mention.Source
	// ETag and LastModified make the request conditional when set.
	ETag, LastModified string
	// MinInterval is the source's own spacing of requests to the host; the
	// longest of it, the client's rate and robots.txt's Crawl-delay holds.
	MinInterval time.Duration
	// Accept is the Accept header; empty means HTML first, then anything.
	Accept string
	// Scripts also takes bodies that are JavaScript, which a browser needs to
	// build a page (WHATWG MIME Sniffing, 4.6).
	Scripts bool
	// Access is the permission to ask; empty means AccessRobots. Reason says
	// why it is another one, and must with AccessIgnore: see Exemptions.
	Access Access
	Reason string
	// Header is sent with this request only, so that a key reaches no other
	// host and no robots.txt. It is in no error. What klank itself says
	// (User-Agent, Accept, Accept-Encoding, the validators) and Host stay.
	Header http.Header
	// Query is added to the URL when the request goes out, in the place of
	// parameters of the same names: for keys, which are to be in no URL that
	// anybody sees.
	Query url.Values
	// Secrets are struck out of whatever comes back, redirects and errors
	// included: an answer may repeat the key that it was asked with. Stream
	// takes none.
	Secrets []string
	// Spend takes the request off a daily quota of its budget, when its turn
	// has come. A time says that nothing is left until then: the budget's
	// hosts are left alone so long. nil is no quota.
	Spend func(ctx context.Context, key string) (until time.Time, err error)
	// Hold waits until there is room for a body of about so many bytes. It is
	// called when the head of a page has come, before its body is read, at most
	// once; the time it takes is not the answer's. nil is room for everything.
	// Stream takes none: it keeps no body.
	Hold func(ctx context.Context, bytes int64) error
}

// Response is what a URL answered: exactly one of Page, NotModified and
// Redirect is set.
type Response struct {
	// Page is a complete 200 response.
	Page *mention.Page
	// NotModified says that the validators still hold (304).
	NotModified bool
	// Redirect is the canonical target of a 3xx; it is not followed here,
	// so that it passes the same rules as any other URL.
	Redirect string
	// Permanent is set with Redirect for 301 and 308.
	Permanent bool
	// Bytes is the size of the body as received.
	Bytes int64
}

// Class says what kind of failure an Error is, so that a frontier can decide
// about a retry.
type Class string

// The classes of fetch errors. Only those of Retryable are worth another try.
const (
	Canceled  Class = "canceled"   // the context ended: not the URL's fault
	Address   Class = "address"    // refused by the guard: private or metadata address
	DNS       Class = "dns"        // the host does not resolve
	TLS       Class = "tls"        // certificate or handshake
	Conn      Class = "connection" // refused, reset
	Timeout   Class = "timeout"    // took longer than Config.Timeout
	Truncated Class = "truncated"  // fewer bytes than announced, or broken compression
	TooLarge  Class = "too_large"  // over Config.MaxBody, or a decompression bomb
	Robots    Class = "robots"     // robots.txt forbids it or could not be read
	Throttled Class = "throttled"  // 429, or 503 with Retry-After
	Server    Class = "server"     // 5xx
	Gone      Class = "gone"       // 404, 410
	Rejected  Class = "client"     // any other 4xx
	Reserved  Class = "reserved"   // text and data mining is reserved (TDM)
	Content   Class = "content"    // a content type that holds no text (image, video, archive)
	Protocol  Class = "protocol"   // malformed HTTP, bad redirect
)

// ErrLapsed is within an Error of class Canceled when the time has passed until
// which the host may be asked; see Client.Allow.
var ErrLapsed = errors.New("the time until which the host may be asked has passed")

// Retryable tells whether trying the same URL later can help.
func (c Class) Retryable() bool {
	switch c {
	case DNS, Conn, Timeout, Truncated, Throttled, Server:
		return true
	}
	return false
}

// Error is a failed fetch. Its message says what happened and, where the
// reader can do something, what to do.
type Error struct {
	URL   string
	Class Class
	// Status is the HTTP status, 0 when there was none.
	Status int
	// RetryAfter is how long the whole host is to be left alone; 0 when the
	// server named no time.
	RetryAfter time.Duration
	// Temporary marks a Robots error that is worth another try: robots.txt
	// answered 5xx or could not be reached.
	Temporary bool
	Err       error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("fetch %s: %s: HTTP status %d", e.URL, e.Class, e.Status)
	}
	return fmt.Sprintf("fetch %s: %s: %v", e.URL, e.Class, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Retryable tells whether trying the same URL later can help.
func (e *Error) Retryable() bool { return e.Temporary || e.Class.Retryable() }
