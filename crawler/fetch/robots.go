package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"klank/crawler/robots"
)

const (
	robotsTTL      = 24 * time.Hour   // RFC 9309, 2.4
	robotsMinTTL   = 5 * time.Minute  // whatever Cache-Control says
	robotsRetry    = 30 * time.Second // after robots.txt could not be read
	robotsRedirect = 5                // RFC 9309, 2.3.1.2
)

// robotsLayer lets pass what robots.txt of the origin allows, and tells the
// pacer its Crawl-delay.
type robotsLayer struct {
	next     http.RoundTripper
	maxDelay time.Duration
	header   func(*Request) http.Header
	*robotsCache
}

func newRobotsLayer(life context.Context, next http.RoundTripper, maxDelay time.Duration, header func(*Request) http.Header) *robotsLayer {
	l := &robotsLayer{next: next, maxDelay: maxDelay, header: header}
	l.robotsCache = newRobotsCache(life, l.load)
	return l
}

func (l *robotsLayer) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req)
	rules, err := l.get(req.Context(), req.URL.Scheme+"://"+req.URL.Host, x.MinInterval)
	if err != nil {
		e := *err
		e.URL = x.URL
		return nil, &e
	}
	if rule, ok := rules.Rule(agentToken, req.URL.String()); ok && !rule.Allow {
		return nil, x.fail(Robots, fmt.Errorf("robots.txt forbids it in line %d: %s", rule.Line, rule))
	}
	x.crawlDelay = rules.CrawlDelay(agentToken)
	if x.crawlDelay > l.maxDelay {
		return nil, x.fail(Robots, fmt.Errorf("robots.txt asks for a Crawl-delay of %s, more than the limit of %s", x.crawlDelay, l.maxDelay))
	}
	return l.next.RoundTrip(req)
}

// load fetches and reads robots.txt of an origin (scheme://host:port). A
// status of 4xx means that there are no rules; what cannot be read (5xx, 429,
// no answer) forbids everything for the time being: a temporary error.
func (l *robotsLayer) load(ctx context.Context, origin string, spacing time.Duration) (*robots.Robots, time.Duration, *Error) {
	none := &robots.Robots{}
	target := origin + "/robots.txt"
	for hop := 0; hop <= robotsRedirect; hop++ {
		x := &exchange{Request: Request{URL: target, MinInterval: spacing, Accept: "text/plain,*/*;q=0.5"}, robotsFile: true}
		req, err := http.NewRequestWithContext(withExchange(ctx, x), http.MethodGet, target, nil)
		if err != nil {
			return nil, 0, x.fail(Protocol, err)
		}
		req.Header = l.header(&x.Request)
		_, err = l.next.RoundTrip(req)
		switch {
		case err != nil:
			return nil, 0, unreadable(x, hop, err)
		case isPage(x.status):
			return robots.Parse(x.body), robotsLifetime(x.header), nil
		case isRedirect(x.status):
			if target, err = redirectTarget(target, x.header); err != nil {
				return none, robotsTTL, nil // nowhere to go: there is none
			}
		case x.status == http.StatusTooManyRequests, x.status < 400, x.status >= 500:
			return nil, 0, unreadable(x, hop, statusError(x.status, x.retryAfter))
		default:
			return none, robotsLifetime(x.header), nil
		}
	}
	return none, robotsTTL, nil // RFC 9309, 2.3.1.2: may be taken for missing
}

// unreadable words why robots.txt could not be read. Where the host could not
// be asked at all the reason stays what it is, as it would be the page's.
func unreadable(x *exchange, hop int, err error) *Error {
	var failed *Error
	if errors.As(err, &failed) {
		if failed.Class == Canceled || failed.Class == Throttled || (hop == 0 && !x.connected.Load()) {
			return failed
		}
		err = failed.Err
	}
	return &Error{
		Class: Robots, Temporary: true, RetryAfter: cmp.Or(x.retryAfter, robotsRetry),
		Err: fmt.Errorf("robots.txt could not be read, which forbids everything until it can: %s: %w", x.URL, err),
	}
}

// robotsLifetime is how long a robots.txt holds: Cache-Control may shorten
// it, within reason.
func robotsLifetime(h http.Header) time.Duration {
	for d := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		switch name {
		case "no-store", "no-cache":
			return robotsMinTTL
		case "max-age":
			if s, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				return min(max(time.Duration(s)*time.Second, robotsMinTTL), robotsTTL)
			}
		}
	}
	return robotsTTL
}
