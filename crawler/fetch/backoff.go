package fetch

import (
	"errors"
	"net/http"
	"time"
)

const (
	// minSlow is the interval that back-off starts to double at least.
	minSlow = 100 * time.Millisecond
	// recovery is the share of the full pace that each good answer gives back
	// to a host that throttled again before it was nearly there; after a single
	// time it is twice as much, so that one overloaded moment costs about two
	// intervals and a host that is overloaded again and again stays slow.
	recovery = 1.0 / 16
	// strikesOut is how many requests in a row get no answer at all before
	// the host is taken to be overloaded.
	strikesOut = 3
	// slowKept is how long the record of a slowed host stays when idle.
	slowKept = 30 * time.Minute
)

// backoff slows a host down that is throttling without naming a time: each
// such answer takes more than half of its pace (multiplicative decrease),
// each good one gives a fixed share of the full pace back (additive increase).
type backoff struct {
	// lost is the share of the full pace that is lost, below 1.
	lost float64
	// since is when the pace fell last. Answers to requests sent before then
	// do not count again.
	since   time.Time
	strikes int
	// again is set when the pace fell a second time before it was nearly whole.
	again bool
}

// interval is the spacing in force where it is base at full pace; limit is
// the longest that back-off leads to.
func (b *backoff) interval(base, limit time.Duration) time.Duration {
	if b.lost == 0 {
		return base
	}
	slowed := float64(max(base, minSlow)) / (1 - b.lost)
	return max(base, time.Duration(min(slowed, float64(limit))))
}

// note takes the outcome of a request sent at the given time into account.
// jitter is in [0, 1).
func (b *backoff) note(x *exchange, err error, sent, now time.Time, base, limit time.Duration, jitter float64) {
	switch burden(x, err) {
	case unburdened:
		b.strikes = 0
		b.recover()
		return
	case unanswered:
		if b.strikes++; b.strikes < strikesOut {
			return
		}
	case throttled:
		b.strikes = 0
	default:
		return
	}
	if sent.Before(b.since) {
		return
	}
	b.again = b.lost > 1.0/4
	floor := min(1, float64(max(base, minSlow))/float64(max(limit, minSlow)))
	b.lost = 1 - max((1-b.lost)/(2+jitter/2), floor)
	b.since = now
}

// recover gives some of the pace back.
func (b *backoff) recover() {
	step := 2 * recovery
	if b.again {
		step = recovery
	}
	if b.lost = max(0, b.lost-step); b.lost == 0 {
		b.again = false
	}
}

// What an outcome says about the burden on a host.
const (
	unclear = iota
	unburdened
	unanswered
	throttled
)

func burden(x *exchange, err error) int {
	var failed *Error
	if errors.As(err, &failed) && (failed.Class == Conn || failed.Class == Timeout) {
		return unanswered
	}
	switch {
	case x.status == http.StatusTooManyRequests, x.status == http.StatusServiceUnavailable:
		if x.retryAfter > 0 {
			return unclear // the pause it asked for is enough
		}
		return throttled
	case x.status == 0, x.status >= 500:
		return unclear
	}
	return unburdened
}
