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
	"klank/mention"
)

const (
	robotsTTL      = 24 * time.Hour   // RFC 9309, 2.4
	robotsMinTTL   = 5 * time.Minute  // whatever Cache-Control says
	robotsRetry    = 30 * time.Second // after robots.txt could not be read
	robotsRedirect = 5                // RFC 9309, 2.3.1.2

	// longestDelay is the longest Crawl-delay that is waited for at all.
	longestDelay = 24 * time.Hour

	tdmPath  = "/.well-known/tdmrep.json"
	tdmRetry = time.Hour // after it could not be read
)

// robotsLayer lets pass what robots.txt of the origin allows (or what has
// another permission: see Access) and its tdmrep.json does not reserve, and
// tells the pacer the Crawl-delay.
type robotsLayer struct {
	next     http.RoundTripper
	maxDelay time.Duration
	header   func(*Request) http.Header
	rules    *originCache[*robots.Robots]
	tdm      *originCache[*robots.Reservations]
	exempt   exemptions
	delayed  delays
}

func newRobotsLayer(life context.Context, next http.RoundTripper, c Config, header func(*Request) http.Header) *robotsLayer {
	l := &robotsLayer{next: next, maxDelay: c.MaxCrawlDelay, header: header}
	l.delayed.over, l.delayed.hosts = c.MaxCrawlDelay, map[string]Delayed{}
	if c.OverDelay == OverDelaySlow {
		l.maxDelay = max(l.maxDelay, longestDelay)
	}
	l.exempt.counts = map[Exemption]int64{}
	l.rules = newOriginCache(life, l.load)
	l.rules.delay = func(r *robots.Robots) time.Duration { return r.CrawlDelay(agentToken) }
	l.tdm = newOriginCache(life, l.loadTDM)
	return l
}

// wait returns when no load is under way.
func (l *robotsLayer) wait() {
	l.rules.wait()
	l.tdm.wait()
}

func (l *robotsLayer) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req)
	origin := req.URL.Scheme + "://" + req.URL.Host
	mayAskTDM := x.Access != AccessAPI
	if x.Access == AccessAPI || x.Access == AccessIgnore {
		l.exempt.count(mention.Host(x.URL), x)
	} else {
		rules, err := l.allowed(req, x, origin)
		if err != nil {
			return nil, err
		}
		mayAskTDM = rules.Allowed(agentToken, tdmPath)
	}
	if mayAskTDM {
		if err := l.reserved(req, x, origin); err != nil {
			return nil, err
		}
	}
	return l.next.RoundTrip(req)
}

// allowed returns the rules of the origin where they let the request pass.
func (l *robotsLayer) allowed(req *http.Request, x *exchange, origin string) (*robots.Robots, error) {
	rules, err := l.rules.get(req.Context(), origin, x.MinInterval)
	if err != nil {
		e := *err
		e.URL = x.URL
		return nil, &e
	}
	if rule, ok := rules.Rule(agentToken, req.URL.String()); ok && !rule.Allow {
		return nil, x.fail(Robots, fmt.Errorf("robots.txt forbids it in line %d: %s", rule.Line, rule))
	}
	x.crawlDelay = rules.CrawlDelay(agentToken)
	l.delayed.count(mention.Host(x.URL), x.crawlDelay, x.crawlDelay > l.maxDelay)
	if x.crawlDelay > l.maxDelay {
		return nil, x.fail(Robots, fmt.Errorf("robots.txt asks for a Crawl-delay of %s, more than the limit of %s, so the host is skipped", x.crawlDelay, l.maxDelay))
	}
	return rules, nil
}

// reserved returns an error where tdmrep.json of the origin reserves the URL.
// A file that cannot be read reserves nothing. What the answer's own header
// would say is not waited for: the page is not asked for at all.
func (l *robotsLayer) reserved(req *http.Request, x *exchange, origin string) error {
	reservations, err := l.tdm.get(req.Context(), origin, max(x.MinInterval, x.crawlDelay))
	if err != nil {
		if err.Class == Canceled {
			return x.fail(Canceled, err.Err)
		}
		return nil
	}
	policy, reserved := reservations.Reserved(req.URL.String())
	switch {
	case !reserved:
		return nil
	case policy == "":
		return x.fail(Reserved, fmt.Errorf("the site reserves text and data mining (%s)", tdmPath))
	}
	return x.fail(Reserved, fmt.Errorf("the site reserves text and data mining (%s); its policy is %.200q", tdmPath, policy))
}

// load fetches and reads robots.txt of an origin. A status of 4xx means that
// there are no rules; what cannot be read (5xx, 429, no answer) forbids
// everything for the time being: a temporary error.
func (l *robotsLayer) load(ctx context.Context, origin string, spacing time.Duration) (*robots.Robots, time.Duration, *Error) {
	x, hop, err := l.ask(ctx, origin+"/robots.txt", "text/plain,*/*;q=0.5", spacing)
	switch {
	case err != nil:
		return nil, 0, unreadable(x, hop, err)
	case isPage(x.status):
		return robots.Parse(x.body), robotsLifetime(x.header), nil
	case isRedirect(x.status): // RFC 9309, 2.3.1.2: may be taken for missing
		return &robots.Robots{}, robotsTTL, nil
	case x.status == http.StatusTooManyRequests, x.status < 400, x.status >= 500:
		return nil, 0, unreadable(x, hop, statusError(x.status, x.retryAfter))
	}
	return &robots.Robots{}, robotsLifetime(x.header), nil
}

// loadTDM fetches and reads tdmrep.json of an origin.
func (l *robotsLayer) loadTDM(ctx context.Context, origin string, spacing time.Duration) (*robots.Reservations, time.Duration, *Error) {
	x, _, err := l.ask(ctx, origin+tdmPath, "application/json,*/*;q=0.5", spacing)
	var failed *Error
	switch {
	case errors.As(err, &failed) && (failed.Class == Canceled || failed.Class == Throttled):
		return nil, 0, failed
	case err != nil, x.status >= 500, x.status == http.StatusTooManyRequests:
		return nil, 0, &Error{Class: Robots, Temporary: true, RetryAfter: tdmRetry, Err: err}
	case isPage(x.status):
		return robots.ParseTDM(x.body), robotsLifetime(x.header), nil
	}
	return &robots.Reservations{}, robotsLifetime(x.header), nil
}

// ask fetches a file that speaks for an origin. It follows redirects, up to
// five; hop counts them. The exchange has the status of the last answer.
func (l *robotsLayer) ask(ctx context.Context, target, accept string, spacing time.Duration) (x *exchange, hop int, err error) {
	for ; hop <= robotsRedirect; hop++ {
		x = &exchange{Request: Request{URL: target, MinInterval: spacing, Accept: accept}, originFile: true}
		req, err := http.NewRequestWithContext(withExchange(ctx, x), http.MethodGet, target, nil)
		if err != nil {
			return x, hop, x.fail(Protocol, err)
		}
		req.Header = l.header(&x.Request)
		if _, err = l.next.RoundTrip(req); err != nil {
			return x, hop, err
		}
		if !isRedirect(x.status) {
			break
		}
		if target, err = redirectTarget(target, x.header); err != nil {
			break // nowhere to go
		}
	}
	return x, hop, nil
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
