package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// freeAttempts may fail in a row at no cost; each further one doubles the
	// wait, from a second on.
	freeAttempts = 5
	// The longest waits. A user's own is short: nobody is to be kept out by
	// others who guess.
	longestForUser    = 30 * time.Second
	longestForAddress = 15 * time.Minute
	// attemptsFor is how long failures are remembered, attemptsMost for how many
	// users and addresses at once.
	attemptsFor  = time.Hour
	attemptsMost = 10_000
)

// slowdown makes guessing slow: by user, and by the address that it comes from.
// It is safe for concurrent use.
type slowdown struct {
	now func() time.Time

	mu     sync.Mutex
	failed map[string]failures
}

type failures struct {
	n    int
	last time.Time
}

func newSlowdown(now func() time.Time) *slowdown {
	return &slowdown{now: now, failed: map[string]failures{}}
}

// slowError says that too many attempts have failed.
type slowError struct{ wait time.Duration }

func (e *slowError) Error() string {
	return fmt.Sprintf("too many attempts have failed; try again in %s", e.wait.Round(time.Second))
}

// wait returns how long it is until one of the keys may be tried again.
func (s *slowdown) wait(keys ...string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest(keys)
}

// take is wait, and where there is none it counts an attempt as failed, until
// it is given back: so those at the same time count, too.
func (s *slowdown) take(keys ...string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := s.longest(keys); wait > 0 {
		return wait
	}
	for _, key := range keys {
		s.count(key)
	}
	return 0
}

// fail counts a failed attempt.
func (s *slowdown) fail(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(key)
}

// giveBack takes one attempt back that did not fail.
func (s *slowdown) giveBack(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.failed[key]; f.n > 1 {
		s.failed[key] = failures{f.n - 1, f.last}
	} else {
		delete(s.failed, key)
	}
}

// forget forgets all attempts with a key.
func (s *slowdown) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failed, key)
}

func (s *slowdown) longest(keys []string) time.Duration {
	var longest time.Duration
	for _, key := range keys {
		f := s.failed[key]
		if f.n < freeAttempts {
			continue
		}
		most := longestForAddress
		if strings.HasPrefix(key, "user:") {
			most = longestForUser
		}
		wait := min(time.Second<<min(f.n-freeAttempts, 20), most)
		longest = max(longest, f.last.Add(wait).Sub(s.now()))
	}
	return longest
}

func (s *slowdown) count(key string) {
	now := s.now()
	f := s.failed[key]
	if now.Sub(f.last) > attemptsFor {
		f.n = 0
	}
	if _, known := s.failed[key]; !known && len(s.failed) >= attemptsMost {
		s.drop(now)
	}
	s.failed[key] = failures{f.n + 1, now}
}

// drop makes room: what is over goes, or else what is oldest.
func (s *slowdown) drop(now time.Time) {
	oldest := ""
	for key, f := range s.failed {
		if now.Sub(f.last) > attemptsFor {
			delete(s.failed, key)
			continue
		}
		if oldest == "" || f.last.Before(s.failed[oldest].last) {
			oldest = key
		}
	}
	if len(s.failed) >= attemptsMost {
		delete(s.failed, oldest)
	}
}

// retryAfter says when to come again (RFC 9110, section 10.2.3).
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}
