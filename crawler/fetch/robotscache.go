package fetch

import (
	"container/list"
	"context"
	"sync"
	"time"

	"klank/crawler/robots"
)

// The cache holds at most this many origins and, of their files, about this
// many bytes.
const (
	maxOrigins    = 10_000
	maxRobotsSize = 32 << 20
)

// loadRobots fetches the rules of an origin and says how long they hold.
// spacing is the least interval between requests to the host.
type loadRobots func(ctx context.Context, origin string, spacing time.Duration) (*robots.Robots, time.Duration, *Error)

// robotsCache holds the rules of the origins asked last. However many callers
// ask for an origin at once, it is loaded once; the load goes on while any of
// them waits.
type robotsCache struct {
	load   loadRobots
	life   context.Context // ends with the client
	loads  sync.WaitGroup
	mu     sync.Mutex
	order  *list.List // of *originRules, the last used first
	byName map[string]*list.Element
	size   int
}

// originRules is what is known of one origin. It is guarded by
// robotsCache.mu.
type originRules struct {
	origin string
	// rules are nil until they could be loaded once. They stay, past
	// expires, while they cannot be loaded again.
	rules *robots.Robots
	err   *Error
	// expires is when rules, or else err, no longer hold.
	expires time.Time
	size    int
	flight  *flight
}

// flight is a load under way.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	// rules and err are set before done is closed.
	rules *robots.Robots
	err   *Error
}

func newRobotsCache(life context.Context, load loadRobots) *robotsCache {
	return &robotsCache{load: load, life: life, order: list.New(), byName: map[string]*list.Element{}}
}

// wait returns when no load is under way.
func (c *robotsCache) wait() { c.loads.Wait() }

// get returns the rules of an origin (scheme://host:port).
func (c *robotsCache) get(ctx context.Context, origin string, spacing time.Duration) (*robots.Robots, *Error) {
	c.mu.Lock()
	o := c.entry(origin)
	if time.Now().Before(o.expires) {
		defer c.mu.Unlock()
		return o.rules, o.failure()
	}
	f := o.flight
	if f == nil {
		f = c.start(o, spacing)
	}
	f.waiters++
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.rules, f.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		if o.flight == f {
			o.flight = nil
		}
	}
	return nil, &Error{Class: Canceled, Err: context.Cause(ctx)}
}

// failure is the error that holds for now, with the time that is left of it.
func (o *originRules) failure() *Error {
	if o.rules != nil || o.err == nil {
		return nil
	}
	e := *o.err
	e.RetryAfter = time.Until(o.expires)
	return &e
}

// entry returns the record of an origin, made or moved to the front.
func (c *robotsCache) entry(origin string) *originRules {
	if e := c.byName[origin]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*originRules)
	}
	o := &originRules{origin: origin}
	c.byName[origin] = c.order.PushFront(o)
	c.evict()
	return o
}

// evict drops the origins not asked for longest, until the bounds hold.
// Those being loaded stay.
func (c *robotsCache) evict() {
	for e := c.order.Back(); e != nil && (c.order.Len() > maxOrigins || c.size > maxRobotsSize); {
		o, before := e.Value.(*originRules), e.Prev()
		if o.flight == nil && before != nil {
			c.order.Remove(e)
			delete(c.byName, o.origin)
			c.size -= o.size
		}
		e = before
	}
}

// start loads the rules of an origin.
func (c *robotsCache) start(o *originRules, spacing time.Duration) *flight {
	ctx, cancel := context.WithCancel(c.life)
	f := &flight{done: make(chan struct{}), cancel: cancel}
	o.flight = f
	if o.rules != nil {
		spacing = max(spacing, o.rules.CrawlDelay(agentToken))
	}
	c.loads.Go(func() {
		defer cancel()
		rules, ttl, err := c.load(ctx, o.origin, spacing)
		c.mu.Lock()
		defer c.mu.Unlock()
		defer close(f.done)
		if o.flight == f {
			o.flight = nil
			c.keep(o, rules, ttl, err)
		}
		if f.rules, f.err = rules, err; err != nil && o.rules != nil {
			f.rules, f.err = o.rules, nil
		}
	})
	return f
}

// keep notes what a load brought. Rules that cannot be loaded again hold on
// for a while; an error is kept where robots.txt itself is the reason.
func (c *robotsCache) keep(o *originRules, rules *robots.Robots, ttl time.Duration, err *Error) {
	now := time.Now()
	switch {
	case err == nil:
		o.rules, o.err, o.expires = rules, nil, now.Add(ttl)
		c.size -= o.size
		o.size = rules.Size()
		c.size += o.size
		c.evict()
	case o.rules != nil:
		o.expires = now.Add(robotsMinTTL)
	case err.Class == Robots:
		o.err, o.expires = err, now.Add(err.RetryAfter)
	}
}
