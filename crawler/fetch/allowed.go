package fetch

import (
	"context"
	"net/http"
)

// Allowed tells whether a URL may be asked for, without asking for it: nil where
// robots.txt allows it and tdmrep.json reserves nothing, else an *Error of class
// Robots or Reserved, or of another class where the origin cannot be asked. Both
// files are fetched as for a request, and kept.
func (c *Client) Allowed(ctx context.Context, rawURL string) error {
	x := &exchange{Request: Request{URL: rawURL}}
	if err := x.check(ctx); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(withExchange(ctx, x), http.MethodGet, rawURL, nil)
	if err != nil {
		return x.fail(Protocol, err)
	}
	origin := req.URL.Scheme + "://" + req.URL.Host
	rules, err := c.robots.allowed(req, x, origin)
	if err != nil || !rules.Allowed(agentToken, tdmPath) {
		return err
	}
	return c.robots.reserved(req, x, origin)
}
