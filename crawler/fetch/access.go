package fetch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Access is the permission that a URL is asked for by.
type Access string

// The permissions. Whatever it is, the host's budget holds, and so does a
// reservation in the answer's header.
const (
	// AccessRobots is that of robots.txt and tdmrep.json. It is the default.
	AccessRobots Access = "robots"
	// AccessAPI is a key to an official API: its terms are what was agreed
	// on, so robots.txt and tdmrep.json are not asked.
	AccessAPI Access = "api"
	// AccessIgnore is the operator's own word, with a reason: robots.txt is
	// not asked, nor is its Crawl-delay known. tdmrep.json is obeyed.
	AccessIgnore Access = "ignore"
)

// OverDelay is what becomes of a host with a Crawl-delay over the limit.
type OverDelay string

// What may become of it. No Crawl-delay is ever cut short.
const (
	// OverDelaySkip fails with class Robots. It is the default.
	OverDelaySkip OverDelay = "skip"
	// OverDelaySlow waits for each turn as long as robots.txt asks, within
	// Fetch, up to a day; over that the host is skipped after all.
	OverDelaySlow OverDelay = "slow"
)

// Exemption says how many requests to a host did not ask robots.txt, and why.
type Exemption struct {
	// Host is mention.Host of the URLs; empty for all hosts beyond the first
	// 10,000.
	Host   string `json:"host,omitzero"`
	Access Access `json:"access"`
	// Reason is that of the requests; empty for APIs without one.
	Reason   string `json:"reason,omitzero"`
	Requests int64  `json:"requests"`
}

// maxExemptions bounds the record of exemptions.
const maxExemptions = 10_000

// exemptions counts requests by host, access and reason.
type exemptions struct {
	mu     sync.Mutex
	counts map[Exemption]int64
}

func (e *exemptions) count(host string, x *exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := Exemption{Host: host, Access: x.Access, Reason: x.Reason}
	if _, known := e.counts[key]; !known && len(e.counts) >= maxExemptions {
		key.Host = ""
	}
	e.counts[key]++
}

func (e *exemptions) list() []Exemption {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Exemption, 0, len(e.counts))
	for x, n := range e.counts {
		x.Requests = n
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Exemption) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Access, b.Access), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// Delayed says what became of the requests to a host whose robots.txt asks for
// a Crawl-delay over the limit.
type Delayed struct {
	// Host is mention.Host of the URLs.
	Host       string        `json:"host"`
	CrawlDelay time.Duration `json:"crawl_delay"`
	// Skipped requests were not sent, Slowed ones were, so far apart.
	Skipped int64 `json:"skipped,omitzero"`
	Slowed  int64 `json:"slowed,omitzero"`
}

// delays keeps at most maxExemptions hosts; those beyond are not reported.
type delays struct {
	over  time.Duration
	mu    sync.Mutex
	hosts map[string]Delayed
}

func (d *delays) count(host string, delay time.Duration, skipped bool) {
	if delay <= d.over {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	h, known := d.hosts[host]
	if !known && len(d.hosts) >= maxExemptions {
		return
	}
	h.Host, h.CrawlDelay = host, delay
	if skipped {
		h.Skipped++
	} else {
		h.Slowed++
	}
	d.hosts[host] = h
}

func (d *delays) list() []Delayed {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.SortedFunc(maps.Values(d.hosts), func(a, b Delayed) int { return cmp.Compare(a.Host, b.Host) })
}

// checkAccess refuses permissions that are none.
func (r *Request) checkAccess() error {
	switch r.Access {
	case "", AccessRobots, AccessAPI:
		return nil
	case AccessIgnore:
		if r.Reason == "" {
			return errors.New("robots.txt may be ignored with a written reason only")
		}
		return nil
	}
	return fmt.Errorf("access %q: want robots, api or ignore", r.Access)
}

func (o OverDelay) check() error {
	switch o {
	case "", OverDelaySkip, OverDelaySlow:
		return nil
	}
	return fmt.Errorf("fetch: over delay %q: want skip or slow", o)
}
