package fetch

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
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

// pacer keeps one budget per host (Config.BudgetKey of mention.Host): while a
// request is under way the next one waits, and then goes out no sooner than the interval after
// the server had the last one. When that was only the first byte of its
// answer tells for certain. Counting from when a request was allowed (as a
// rate.Limiter that is kept does) or from when it was written leaves short
// gaps at the server wherever dialling, the line or a busy machine delayed
// the one before; so each wait has a rate.Limiter of its own, whose one token
// went when the server had the last request.
//
// A host that throttles without a Retry-After is slowed: see backoff.
//
// Its memory is a record for each host that was asked within idleAfter, or
// that is still to be left alone or slowed.
type pacer struct {
	next     http.RoundTripper
	key      func(host string) string
	least    func(key string) time.Duration // Config.BudgetInterval
	interval time.Duration                  // by the configured rate; 0 for no limit
	maxWait  time.Duration                  // for a Retry-After, and for the interval of a back-off
	jitter   func() float64

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
	why        string // it is paused
	// until is when the caller's right to ask ends; zero for never.
	until      time.Time
	interval   time.Duration // without backoff
	crawlDelay time.Duration
	backoff    backoff
	requests   int64
	bytes      int64
}

// HostStatus is the state of one host's budget. Its counts begin anew after
// the host was idle for some minutes.
type HostStatus struct {
	// Host is the budget key: mention.Host of its URLs, unless
	// Config.BudgetKey says otherwise.
	Host string `json:"host"`
	// Next is when the next request may go out.
	Next time.Time `json:"next"`
	// Interval is the spacing now in force; 0 for none.
	Interval time.Duration `json:"interval"`
	// CrawlDelay is what robots.txt asks for; 0 for nothing.
	CrawlDelay time.Duration `json:"crawl_delay,omitzero"`
	// Backoff is the part of Interval that is due to throttling without a
	// Retry-After; 0 at full pace.
	Backoff time.Duration `json:"backoff,omitzero"`
	// Requests were sent, robots.txt and tdmrep.json included; Bytes of
	// bodies came back.
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
	// PausedUntil is until when the host is left alone, after a Retry-After
	// or a used-up quota; zero for not at all.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	// Reason says why the host is paused or slowed, in words for a person.
	Reason string `json:"reason,omitzero"`
}

func newPacer(next http.RoundTripper, c Config) *pacer {
	p := &pacer{next: next, key: c.BudgetKey, least: c.BudgetInterval, maxWait: c.MaxCrawlDelay, jitter: rand.Float64, hosts: map[string]*host{}}
	if p.key == nil {
		p.key = func(host string) string { return host }
	}
	if p.least == nil {
		p.least = func(string) time.Duration { return 0 }
	}
	if c.Rate > 0 {
		p.interval = time.Duration(min(1/c.Rate, maxInterval.Seconds()) * float64(time.Second))
	}
	return p
}

func (p *pacer) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ctx := exchangeOf(req), req.Context()
	key := p.key(mention.Host(req.URL.String()))
	interval := max(p.interval, x.MinInterval, x.crawlDelay, p.least(key))
	h, slowed := p.enter(key)
	held := interval > 0 || slowed
	if held {
		select {
		case h.slot <- struct{}{}:
		case <-ctx.Done():
			p.leave(h, false)
			return nil, x.fail(Canceled, context.Cause(ctx))
		}
	}
	if pause, err := p.wait(ctx, h, interval); err != nil {
		p.leave(h, held)
		return nil, x.fail(Canceled, err)
	} else if pause > 0 {
		p.leave(h, held)
		return nil, p.pausing(h, x, pause)
	}
	if err := p.spend(ctx, key, h, x); err != nil {
		p.leave(h, held)
		return nil, err
	}
	sent := time.Now()
	res, err := p.next.RoundTrip(req.WithContext(x.trace(ctx, interval)))
	p.record(h, x, sent, interval, err)
	if s := x.stream; s != nil && s.err == nil {
		s.hold(func() {
			p.receive(h, s.raw.n.Load())
			p.leave(h, held)
		})
	} else {
		p.leave(h, held)
	}
	return res, err
}

// enter returns the record of a host, which stays until leave, and whether
// back-off slows it.
func (p *pacer) enter(key string) (h *host, slowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h = p.host(key)
	h.users++
	return h, h.backoff.lost > 0
}

// pause leaves a host alone for a while, 30 days at most. A pause under way is
// never shortened.
func (p *pacer) pause(key string, d time.Duration, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.host(key).pauseUntil(time.Now().Add(min(d, maxRetryAfter)), why)
}

func (h *host) pauseUntil(t time.Time, why string) {
	if t.After(h.paused) {
		h.paused, h.why = t, why
	}
}

// pausing is the error of a request that a pause keeps back.
func (p *pacer) pausing(h *host, x *exchange, pause time.Duration) *Error {
	p.mu.Lock()
	why := h.why
	p.mu.Unlock()
	x.retryAfter = pause
	return x.fail(Throttled, fmt.Errorf("the host is left alone for another %s: %s", pause.Round(time.Second), why))
}

// spend takes the request off its daily quota. Without a count nothing is
// asked: nobody would know when the quota is used up.
func (p *pacer) spend(ctx context.Context, key string, h *host, x *exchange) error {
	if x.Spend == nil || x.originFile {
		return nil
	}
	until, err := x.Spend(ctx, key)
	switch {
	case err != nil && ctx.Err() != nil:
		return x.fail(Canceled, context.Cause(ctx))
	case err != nil:
		return x.fail(Throttled, fmt.Errorf("the daily quota could not be counted: %w", err))
	case until.IsZero():
		return nil
	}
	p.pause(key, time.Until(until), usedUpToday)
	return p.pausing(h, x, time.Until(until))
}

// usedUpToday is the reason to leave an API alone until its day turns.
const usedUpToday = "the day's units are used up"

// slowed is how a host is slowed, and why.
func (p *pacer) slowed(key string) (time.Duration, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[key]
	if h == nil {
		return 0, ""
	}
	why := h.slow(p.maxWait)
	if why == "" {
		return 0, ""
	}
	return h.backoff.interval(h.interval, p.maxWait), why
}

// slow says why a host is slowed; empty at full pace.
func (h *host) slow(maxWait time.Duration) string {
	switch {
	case h.backoff.lost > 0:
		return "it is overloaded, or does not answer, and names no time to wait"
	case h.crawlDelay > maxWait:
		return "robots.txt asks for a Crawl-delay of " + h.crawlDelay.String()
	}
	return ""
}

// host returns the record of a host, made if need be. p.mu is held.
func (p *pacer) host(key string) *host {
	if now := time.Now(); now.Sub(p.swept) > sweepEvery {
		p.sweep(now)
	}
	h := p.hosts[key]
	if h == nil {
		h = &host{slot: make(chan struct{}, 1)}
		p.hosts[key] = h
	}
	return h
}

// leave ends a request, which may hold the slot.
func (p *pacer) leave(h *host, held bool) {
	if held {
		<-h.slot
	}
	p.mu.Lock()
	h.users--
	p.mu.Unlock()
}

// allow lets a host be asked until then only; the zero time is no bound.
func (p *pacer) allow(key string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.host(key).until = until
}

// touch has the next request wait as if one had been sent just now.
func (p *pacer) touch(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.host(key).sent = time.Now()
}

// due is when a host may be asked next; zero when nothing is known of it.
func (p *pacer) due(key string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.host(key)
	if h.paused.After(h.next) {
		return h.paused
	}
	return h.next
}

// receive counts what came after the request was recorded.
func (p *pacer) receive(h *host, bytes int64) {
	p.mu.Lock()
	h.bytes += bytes
	p.mu.Unlock()
}

// sweep drops the records that no longer hold anyone back. A request with a
// longer interval than the last one's may come later, so they are kept for a
// while.
func (p *pacer) sweep(now time.Time) {
	for key, h := range p.hosts {
		keep := max(idleAfter, p.maxWait)
		if h.backoff.lost > 0 {
			keep = max(keep, slowKept)
		}
		if h.users == 0 && h.until.IsZero() && now.After(h.next) && now.After(h.paused) && now.Sub(h.sent) > keep {
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
		spacing := max(h.backoff.interval(interval, p.maxWait), h.next.Sub(last))
		pause := h.paused.Sub(now)
		lapsed := !h.until.IsZero() && !now.Before(h.until)
		p.mu.Unlock()
		if lapsed {
			return 0, ErrLapsed
		}
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
func (p *pacer) record(h *host, x *exchange, sent time.Time, interval time.Duration, err error) {
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
	h.backoff.note(x, err, sent, now, interval, p.maxWait, p.jitter())
	h.sent, h.next = at, at.Add(h.backoff.interval(interval, p.maxWait))
	h.interval = interval
	if !x.originFile {
		h.crawlDelay = x.crawlDelay
	}
	h.requests++
	h.bytes += x.received
	if pause := max(x.retryAfter, x.quota); pause > 0 {
		why := cmp.Or(x.why, "its quota is used up until then")
		if x.why == "" && x.retryAfter > 0 {
			why = fmt.Sprintf("HTTP status %d with a Retry-After", x.status)
		}
		h.pauseUntil(now.Add(pause), why)
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
		interval := h.backoff.interval(h.interval, p.maxWait)
		s := HostStatus{
			Host: key, Next: h.next, Interval: interval, Backoff: interval - h.interval,
			CrawlDelay: h.crawlDelay, Requests: h.requests, Bytes: h.bytes, Reason: h.slow(p.maxWait),
		}
		if h.paused.After(now) {
			s.PausedUntil, s.Reason = h.paused, h.why
			if h.paused.After(s.Next) {
				s.Next = h.paused
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b HostStatus) int { return cmp.Compare(a.Host, b.Host) })
	return out
}
