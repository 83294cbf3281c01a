package fetch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gocolly/colly/v2"
)

// agentToken is the product token that robots.txt and X-Robots-Tag know klank
// by.
const agentToken = "klank"

const (
	defaultMaxBody       = 16 << 20
	defaultTimeout       = 30 * time.Second
	defaultMaxCrawlDelay = 60 * time.Second
	defaultAccept        = "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8"
)

// Client fetches URLs. It is safe for concurrent use; all its requests share
// one budget per host, and one cache of robots.txt and tdmrep.json files.
//
// Its memory is bounded by that cache (see originCache), the idle connections
// (maxIdleConns), a small record for each host that was asked within the last
// minutes or is paused or slowed, and a body for each Fetch under way.
type Client struct {
	collector *colly.Collector
	transport *http.Transport
	pacer     *pacer
	robots    *robotsLayer
	userAgent string
	close     func()
}

// New returns a client with the settings of c. It fails on settings that make
// no sense. The client is to be closed.
func New(c Config) (*Client, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return newClient(c, &net.Dialer{}), nil
}

// newClient joins the layers over a dialer, which gets the guard.
func newClient(c Config, dialer *net.Dialer) *Client {
	c = c.withDefaults()
	life, cancel := context.WithCancel(context.Background())
	cl := &Client{transport: newTransport(c, dialer), userAgent: c.userAgent()}
	cl.pacer = newPacer(newLimits(cl.transport, c), c)
	cl.robots = newRobotsLayer(life, cl.pacer, c, cl.header)
	cl.collector = newCollector(cl.robots)
	cl.close = sync.OnceFunc(func() {
		cancel()
		cl.robots.wait()
		cl.transport.CloseIdleConnections()
	})
	return cl
}

// newCollector returns a collector that does nothing but dispatch: rules,
// spacing, cookies, redirects, limits and charsets are decided elsewhere or
// not at all. Init, unlike colly.NewCollector, does not let COLLY_* variables
// of the environment have a say. With AllowURLRevisit colly's visited store
// stays empty, so memory does not grow with the URLs.
func newCollector(stack http.RoundTripper) *colly.Collector {
	c := &colly.Collector{}
	c.Init()
	c.AllowURLRevisit = true
	c.IgnoreRobotsTxt = true
	c.ParseHTTPErrorResponse = true
	c.MaxBodySize = 0
	c.SetClient(&http.Client{
		Transport:     stack,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	return c
}

func (c Config) check() error {
	switch {
	case math.IsNaN(c.Rate) || math.IsInf(c.Rate, 0):
		return fmt.Errorf("fetch: rate %v is not a number of requests per second", c.Rate)
	case c.MaxBody < 0:
		return fmt.Errorf("fetch: max body %d is negative", c.MaxBody)
	case c.MaxStream < 0:
		return fmt.Errorf("fetch: max stream %d is negative", c.MaxStream)
	case c.Timeout < 0:
		return fmt.Errorf("fetch: timeout %s is negative", c.Timeout)
	case c.MaxCrawlDelay < 0:
		return fmt.Errorf("fetch: max crawl delay %s is negative", c.MaxCrawlDelay)
	case !isHeaderWord(c.Contact):
		return fmt.Errorf("fetch: contact %q: want a URL or an e-mail address without blanks or brackets", c.Contact)
	case !isHeaderWord(c.Version):
		return fmt.Errorf("fetch: version %q: want a word without blanks or brackets", c.Version)
	}
	return c.OverDelay.check()
}

// isHeaderWord tells whether s can stand in the User-Agent as it is.
func isHeaderWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>\"`, r)
	})
}

func (c Config) withDefaults() Config {
	if c.Rate == 0 {
		c.Rate = 1
	}
	if c.MaxBody == 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.MaxStream == 0 {
		c.MaxStream = sitemapSize
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxCrawlDelay == 0 {
		c.MaxCrawlDelay = defaultMaxCrawlDelay
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	return c
}

func (c Config) userAgent() string {
	ua := "klank/" + c.Version
	if c.Contact != "" {
		ua += " (+" + c.Contact + ")"
	}
	return ua
}

// header returns what klank says with a request.
func (c *Client) header(r *Request) http.Header {
	accept := r.Accept
	if accept == "" {
		accept = defaultAccept
	}
	h := http.Header{
		"User-Agent":      {c.userAgent},
		"Accept":          {accept},
		"Accept-Encoding": {acceptEncoding},
	}
	if r.ETag != "" {
		h["If-None-Match"] = []string{r.ETag}
	}
	if r.LastModified != "" {
		h["If-Modified-Since"] = []string{r.LastModified}
	}
	for name, values := range r.Header {
		name = http.CanonicalHeaderKey(name)
		if _, ours := h[name]; !ours && name != "Host" {
			h[name] = values
		}
	}
	return h
}

// Fetch asks for one URL: it waits for the host's turn, and returns what the
// URL answered. Errors are of type *Error. It returns promptly when ctx ends,
// whatever it is waiting for.
func (c *Client) Fetch(ctx context.Context, r Request) (*Response, error) {
	x := &exchange{Request: r}
	if err := x.check(ctx); err != nil {
		return nil, err
	}
	// A clone carries the context, which colly knows per collector only.
	// It shares the HTTP client, and has no callbacks: the layers leave the
	// answer in x, and nothing for colly to read, decode or parse.
	dispatch := c.collector.Clone()
	dispatch.Context = withExchange(ctx, x)
	err := dispatch.Request(http.MethodGet, r.URL, nil, nil, c.header(&r))
	var failed *Error
	switch {
	case errors.As(err, &failed):
		return nil, failed
	case x.status == 0: // never sent: not a URL that colly or net/http takes
		return nil, x.fail(Protocol, err)
	}
	// Any other error of colly is about a redirect that it cannot follow;
	// nobody asked it to.
	return x.response()
}

// Hosts returns the state of the hosts asked of late, ordered by name.
func (c *Client) Hosts() []HostStatus { return c.pacer.status() }

// Exemptions returns which hosts were asked without asking robots.txt since
// the client was made, and why; ordered by host, access and reason.
func (c *Client) Exemptions() []Exemption { return c.robots.exempt.list() }

// Delayed returns the hosts whose robots.txt asks for a Crawl-delay over
// Config.MaxCrawlDelay, ordered by name, and what became of requests to them.
func (c *Client) Delayed() []Delayed { return c.robots.delayed.list() }

// Slowed is the spacing of requests to the hosts of a budget key where it is
// longer than it should be, and why; 0 at full pace.
func (c *Client) Slowed(key string) (spacing time.Duration, why string) { return c.pacer.slowed(key) }

// Allow has the hosts of a budget key asked until then only, robots.txt
// included, and after it fail with ErrLapsed and class Canceled; the zero time
// takes the bound away. It is for a caller whose right to ask them can end
// while the process is stopped: what is looked at is the clock, directly before
// a request goes out.
func (c *Client) Allow(key string, until time.Time) { c.pacer.allow(key, until) }

// Touch has the next request to the hosts of a budget key wait for its interval
// from now on: another process may have asked them a moment ago.
func (c *Client) Touch(key string) { c.pacer.touch(key) }

// Next is when the hosts of a budget key may be asked next; zero or in the past
// for at once.
func (c *Client) Next(key string) time.Time { return c.pacer.due(key) }

// Close ends what the client does on its own and closes idle connections. It
// may be called more than once, but not before every Fetch has returned.
func (c *Client) Close() { c.close() }
