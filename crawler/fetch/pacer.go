package fetch

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"klank/mention"
)

const (
	// idleAfter is how long a host that is asked nothing keeps its record,
	// at least; sweepEvery is how often records are dropped.
	idleAfter  = time.Minute
	sweepEvery = time.Minute
	// maxInterval keeps the tiniest rate a duration.
	maxInterval = 365 * 24 * time.Hour
)

// pacer keeps one budget per host (mention.Host): while a request is under
// way the next one waits, and then goes out no sooner than the interval after
// the server had the last one. When that was only the first byte of its
// answer tells for certain. Counting from when a request was allowed (as a
// rate.Limiter that is kept does) or from when it was written leaves short
// gaps at the server wherever dialling, the line or a busy machine delayed
// the one before; so each wait has a rate.Limiter of its own, whose one token
// went when the server had the last request.
//
// Its memory is a record for each host that was asked within idleAfter, or
// that is still to be left alone.
type pacer struct {
	next     http.RoundTripper
	interval time.Duration // by the configured rate; 0 for no limit
	maxWait  time.Duration // for a Retry-After

	mu    sync.Mutex
	hosts map[string]*host
	swept time.Time
}

// host is the state of one budget. All but slot is guarded by pacer.mu.
type host struct {
	// slot is held (sent to) by the request under way.
	slot chan struct{}
	// users counts the requests under way and waiting.
	users int
	// sent is when the server had the last request at the latest, next when
	// its interval ends.
	sent, next time.Time
	paused     time.Time
	interval   time.Duration
	requests   int64
	bytes      int64
}

// HostStatus is the state of one host's budget. Its counts begin anew after
// the host was idle for some minutes.
type HostStatus struct {
	// Host is the budget key: mention.Host of its URLs.
	Host string `json:"host"`
	// Next is when the next request may go out.
	Next time.Time `json:"next"`
	// Interval is the spacing now in force; 0 for none.
	Interval time.Duration `json:"interval"`
	// Requests were sent, robots.txt included; Bytes of bodies came back.
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
	// PausedUntil is what the last Retry-After asked for; zero for none.
	PausedUntil time.Time `json:"paused_until,omitzero"`
}

func newPacer(next http.RoundTripper, c Config) *pacer {
	p := &pacer{next: next, maxWait: c.MaxCrawlDelay, hosts: map[string]*host{}}
	if c.Rate > 0 {
		p.interval = time.Duration(min(1/c.Rate, maxInterval.Seconds()) * float64(time.Second))
	}
	return p
}

func (p *pacer) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ctx := exchangeOf(req), req.Context()
	interval := max(p.interval, x.MinInterval, x.crawlDelay)
	h := p.enter(mention.Host(req.URL.String()))
	defer p.leave(h)
	if interval > 0 {
		select {
		case h.slot <- struct{}{}:
			defer func() { <-h.slot }()
		case <-ctx.Done():
			return nil, x.fail(Canceled, context.Cause(ctx))
		}
	}
	if pause, err := p.wait(ctx, h, interval); err != nil {
		return nil, x.fail(Canceled, err)
	} else if pause > 0 {
		x.retryAfter = pause
		return nil, x.fail(Throttled, fmt.Errorf("the host asked to be left alone for another %s", pause.Round(time.Second)))
	}
	res, err := p.next.RoundTrip(req.WithContext(x.trace(ctx)))
	p.record(h, x, interval, err)
	return res, err
}

// enter returns the record of a host, which stays until leave.
func (p *pacer) enter(key string) *host {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.swept) > sweepEvery {
		p.sweep(now)
	}
	h := p.hosts[key]
	if h == nil {
		h = &host{slot: make(chan struct{}, 1)}
		p.hosts[key] = h
	}
	h.users++
	return h
}

func (p *pacer) leave(h *host) {
	p.mu.Lock()
	h.users--
	p.mu.Unlock()
}

// sweep drops the records that no longer hold anyone back. A request with a
// longer interval than the last one's may come later, so they are kept for a
// while.
func (p *pacer) sweep(now time.Time) {
	keep := max(idleAfter, p.maxWait)
	for key, h := range p.hosts {
		if h.users == 0 && now.After(h.next) && now.After(h.paused) && now.Sub(h.sent) > keep {
			delete(p.hosts, key)
		}
	}
	p.swept = now
}

// wait waits for the host's next turn. Where the host asked for a pause that
// is too long to wait for, it returns what is left of it at once.
func (p *pacer) wait(ctx context.Context, h *host, interval time.Duration) (pause time.Duration, err error) {
	for {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		p.mu.Lock()
		now, last := time.Now(), h.sent
		spacing := max(interval, h.next.Sub(last))
		pause := h.paused.Sub(now)
		p.mu.Unlock()
		if pause > p.maxWait {
			return pause, nil
		}
		if pause > spacing-now.Sub(last) {
			last, spacing = now, pause
		}
		if now.Sub(last) >= spacing {
			return 0, nil
		}
		turn := rate.NewLimiter(rate.Every(spacing), 1)
		turn.AllowN(last, 1)
		if err := turn.Wait(ctx); err != nil {
			return 0, cmp.Or(context.Cause(ctx), err)
		}
	}
}

// record notes that a request reached the host.
func (p *pacer) record(h *host, x *exchange, interval time.Duration, err error) {
	if !x.connected.Load() && neverArrived(err) {
		return
	}
	now := time.Now()
	at := now
	if answered := x.answered.Load(); answered != nil {
		at = *answered
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h.sent, h.next, h.interval = at, at.Add(interval), interval
	h.requests++
	h.bytes += x.received
	if x.retryAfter > 0 {
		if until := now.Add(x.retryAfter); until.After(h.paused) {
			h.paused = until
		}
	}
}

// neverArrived tells failures that the host cannot have noticed. A refused
// connection it did notice, so that one takes a turn.
func neverArrived(err error) bool {
	failed, ok := err.(*Error)
	return ok && (failed.Class == Canceled || failed.Class == Address || failed.Class == DNS)
}

func (p *pacer) status() []HostStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]HostStatus, 0, len(p.hosts))
	now := time.Now()
	for key, h := range p.hosts {
		s := HostStatus{Host: key, Next: h.next, Interval: h.interval, Requests: h.requests, Bytes: h.bytes}
		if h.paused.After(now) {
			s.PausedUntil = h.paused
			if h.paused.After(s.Next) {
				s.Next = h.paused
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b HostStatus) int { return cmp.Compare(a.Host, b.Host) })
	return out
}
