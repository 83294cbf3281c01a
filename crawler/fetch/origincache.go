package fetch

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// A cache holds at most this many origins and, of their files, about this
// many bytes.
const (
	maxOrigins    = 10_000
	maxOriginSize = 32 << 20
)

// originFile is what a file says that speaks for a whole origin. The zero
// value stands for none known.
type originFile interface {
	comparable
	Size() int
}

// originCache holds the files of the origins (scheme://host:port) asked last.
// However many callers ask for an origin at once, it is loaded once; the load
// goes on while any of them waits.
type originCache[T originFile] struct {
	// load fetches the file of an origin and says how long it holds. spacing
	// is the least interval between requests to the host.
	load func(ctx context.Context, origin string, spacing time.Duration) (T, time.Duration, *Error)
	// delay is the spacing that a file asks for itself; nil for none.
	delay func(T) time.Duration

	life   context.Context // ends with the client
	loads  sync.WaitGroup
	mu     sync.Mutex
	order  *list.List // of *originEntry[T], the last used first
	byName map[string]*list.Element
	size   int
}

// originEntry is what is known of one origin. It is guarded by
// originCache.mu.
type originEntry[T originFile] struct {
	origin string
	// rules are the zero T until they could be loaded once. They stay, past
	// expires, while they cannot be loaded again.
	rules T
	err   *Error
	// expires is when rules, or else err, no longer hold.
	expires time.Time
	size    int
	flight  *flight[T]
}

// flight is a load under way.
type flight[T originFile] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	// rules and err are set before done is closed.
	rules T
	err   *Error
}

func newOriginCache[T originFile](life context.Context, load func(context.Context, string, time.Duration) (T, time.Duration, *Error)) *originCache[T] {
	return &originCache[T]{load: load, life: life, order: list.New(), byName: map[string]*list.Element{}}
}

// wait returns when no load is under way.
func (c *originCache[T]) wait() { c.loads.Wait() }

// get returns the file of an origin.
func (c *originCache[T]) get(ctx context.Context, origin string, spacing time.Duration) (T, *Error) {
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
	var none T
	return none, &Error{Class: Canceled, Err: context.Cause(ctx)}
}

// failure is the error that holds for now, with the time that is left of it.
func (o *originEntry[T]) failure() *Error {
	var none T
	if o.rules != none || o.err == nil {
		return nil
	}
	e := *o.err
	e.RetryAfter = time.Until(o.expires)
	return &e
}

// entry returns the record of an origin, made or moved to the front.
func (c *originCache[T]) entry(origin string) *originEntry[T] {
	if e := c.byName[origin]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*originEntry[T])
	}
	o := &originEntry[T]{origin: origin}
	c.byName[origin] = c.order.PushFront(o)
	c.evict()
	return o
}

// evict drops the origins not asked for longest, until the bounds hold.
// Those being loaded stay.
func (c *originCache[T]) evict() {
	for e := c.order.Back(); e != nil && (c.order.Len() > maxOrigins || c.size > maxOriginSize); {
		o, before := e.Value.(*originEntry[T]), e.Prev()
		if o.flight == nil && before != nil {
			c.order.Remove(e)
			delete(c.byName, o.origin)
			c.size -= o.size
		}
		e = before
	}
}

// start loads the rules of an origin.
func (c *originCache[T]) start(o *originEntry[T], spacing time.Duration) *flight[T] {
	ctx, cancel := context.WithCancel(c.life)
	f := &flight[T]{done: make(chan struct{}), cancel: cancel}
	o.flight = f
	var none T
	if o.rules != none && c.delay != nil {
		spacing = max(spacing, c.delay(o.rules))
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
		if f.rules, f.err = rules, err; err != nil && o.rules != none {
			f.rules, f.err = o.rules, nil
		}
	})
	return f
}

// keep notes what a load brought. Rules that cannot be loaded again hold on
// for a while; an error is kept where robots.txt itself is the reason.
func (c *originCache[T]) keep(o *originEntry[T], rules T, ttl time.Duration, err *Error) {
	var none T
	now := time.Now()
	switch {
	case err == nil:
		o.rules, o.err, o.expires = rules, nil, now.Add(ttl)
		c.size -= o.size
		o.size = rules.Size()
		c.size += o.size
		c.evict()
	case o.rules != none:
		o.expires = now.Add(robotsMinTTL)
	case err.Class == Robots:
		o.err, o.expires = err, now.Add(err.RetryAfter)
	}
}
