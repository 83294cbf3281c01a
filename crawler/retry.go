package crawler

import (
	"errors"
	"math/rand/v2"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
)

// The reasons of the crawler's own to give a URL up, beside fetch.Class.
const (
	classScope    = "scope"    // no longer within the source's scope
	classRedirect = "redirect" // leads out of the source, to itself, or on and on
	classWall     = "wall"     // a consent page, captcha or login instead of content
	classSitemap  = "sitemap"  // not a sitemap, or a damaged one
	classHandler  = "handler"  // the page could not be stored
)

// tries is how often a URL is asked for in one run when it fails this way;
// other retryable classes get three. A robots.txt that cannot be read pauses
// its host between the two.
var tries = map[fetch.Class]int{fetch.DNS: 2, fetch.Robots: 2, fetch.Throttled: 8}

const (
	defaultTries = 3
	maxBackoff   = 30 * time.Minute
	// maxPause bounds a Retry-After: who asks for more is asked again anyhow.
	maxPause = 24 * time.Hour
	// A host that gives no answer to strikesOut requests in a row is left
	// alone for strikePause, and twice as long after each further one.
	strikesOut  = 5
	strikePause = 30 * time.Second
)

// seenDead are the classes of URLs that were given up with an answer: there is
// nothing behind them that this source would collect.
var seenDead = map[string]bool{string(fetch.Gone): true, string(fetch.Content): true, string(fetch.Robots): true, string(fetch.Reserved): true,
	classScope: true, classRedirect: true}

// unseen tells whether URLs were given up without having been seen.
func unseen(deadBy map[string]int) bool {
	for class, n := range deadBy {
		if n > 0 && !seenDead[class] {
			return true
		}
	}
	return false
}

// asFetchError makes any error of a Fetcher one with a class.
func asFetchError(url string, err error) *fetch.Error {
	if e, ok := errors.AsType[*fetch.Error](err); ok {
		return e
	}
	return &fetch.Error{URL: url, Class: fetch.Protocol, Err: err}
}

// verdict is what becomes of a URL after a failure.
func verdict(u frontier.URL, e *fetch.Error, backoff time.Duration, now time.Time) frontier.Result {
	r := frontier.Result{URL: u, State: frontier.Dead, Class: string(e.Class), Message: e.Error()}
	limit := tries[e.Class]
	if limit == 0 {
		limit = defaultTries
	}
	if e.Retryable() && u.Attempts+1 < limit {
		r.State = frontier.Failed
		r.Due = now.Add(max(doubled(backoff, u.Attempts), min(e.RetryAfter, maxPause)))
	}
	return r
}

// doubled is the wait after so many failures, with a quarter of jitter so
// that what failed together does not come back together.
func doubled(base time.Duration, attempts int) time.Duration {
	d := min(base<<min(attempts, 20), maxBackoff)
	return d*3/4 + rand.N(d/2+1)
}

// unreachable tells failures in which the host gave no answer at all.
func unreachable(e *fetch.Error) bool {
	switch e.Class {
	case fetch.DNS, fetch.Conn, fetch.TLS, fetch.Timeout:
		return true
	}
	return false
}

// struck is how long a host is left alone after so many failures to answer;
// 0 for not at all.
func struck(strikes int) time.Duration {
	if strikes < strikesOut {
		return 0
	}
	return min(strikePause<<min(strikes-strikesOut, 20), maxPause)
}
