package web

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// callersMost bounds the callers that are counted at once.
const callersMost = 10_000

// limits count the requests to the API: each caller has a bucket of a minute's
// worth, which fills evenly. It is safe for concurrent use.
type limits struct {
	perMinute int // 0 is no limit
	now       func() time.Time

	mu      sync.Mutex
	callers map[string]*rate.Limiter
}

func newLimits(perMinute int, now func() time.Time) *limits {
	return &limits{perMinute: perMinute, now: now, callers: map[string]*rate.Limiter{}}
}

// take counts a request. left is how many more there may be at once, full how
// long until the bucket is full again, and wait, if not 0, how long this caller
// has to wait.
func (l *limits) take(caller string) (left int, full, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	bucket := l.callers[caller]
	if bucket == nil {
		if len(l.callers) >= callersMost {
			l.drop(now)
		}
		bucket = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.callers[caller] = bucket
	}
	ok := bucket.AllowN(now, 1)
	tokens := bucket.TokensAt(now)
	perSecond := float64(l.perMinute) / 60
	full = time.Duration((float64(l.perMinute) - tokens) / perSecond * float64(time.Second))
	if !ok {
		wait = time.Duration((1 - tokens) / perSecond * float64(time.Second))
	}
	return max(0, int(tokens)), full, wait
}

// drop forgets callers whose bucket is full, and all of them where none is: they
// begin anew, which a crowd of addresses could not be kept from anyway.
func (l *limits) drop(now time.Time) {
	for caller, bucket := range l.callers {
		if bucket.TokensAt(now) >= float64(l.perMinute) {
			delete(l.callers, caller)
		}
	}
	if len(l.callers) >= callersMost {
		clear(l.callers)
	}
}

// withinLimit counts a request to the API and says in its answer how many more
// there may be (draft-ietf-httpapi-ratelimit-headers-10); false after a problem
// was written.
func (s *Server) withinLimit(w http.ResponseWriter, r *http.Request, id *identity) bool {
	if s.limits.perMinute <= 0 {
		return true
	}
	caller := s.clientKey(r)
	if id != nil && !id.ambient && id.Name != localName {
		caller = id.Name
	}
	left, full, wait := s.limits.take(caller)
	h := w.Header()
	h.Set("RateLimit-Policy", fmt.Sprintf(`"minute";q=%d;w=60`, s.limits.perMinute))
	h.Set("RateLimit", fmt.Sprintf(`"minute";r=%d;t=%d`, left, int(math.Ceil(full.Seconds()))))
	if wait <= 0 {
		return true
	}
	retryAfter(w, wait)
	writeProblem(w, problem{Title: "too many requests", Status: http.StatusTooManyRequests,
		Detail: fmt.Sprintf("%d a minute are allowed", s.limits.perMinute)})
	return false
}
