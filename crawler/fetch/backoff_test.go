package fetch

import (
	"context"
	"math"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// troubled serves a page, or the status that is set.
func troubled(t *testing.T) (url string, status *atomic.Int32, a *arrivals) {
	status, a = &atomic.Int32{}, &arrivals{}
	return site(t, func(w http.ResponseWriter, r *http.Request) {
		a.note()
		if s := int(status.Load()); s != 0 {
			w.WriteHeader(s)
			return
		}
		write("text/html", "x")(w, r)
	}), status, a
}

func state(t *testing.T, c *Client) HostStatus {
	t.Helper()
	s := c.Hosts()
	if len(s) != 1 {
		t.Fatalf("got %+v", s)
	}
	return s[0]
}

func TestThrottlingWithoutRetryAfterSlowsTheHostAndGoodAnswersSpeedItUp(t *testing.T) {
	for status, class := range map[int]Class{http.StatusTooManyRequests: Throttled, http.StatusServiceUnavailable: Server} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			url, answer, a := troubled(t)
			c := client(t, func(c *Config) { c.Rate = 100 })
			c.pacer.jitter = func() float64 { return 0 }
			answer.Store(int32(status))
			for _, want := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond} {
				failure(t, c, url+"/", class)
				if s := state(t, c); s.Interval != want || s.Backoff != want-10*time.Millisecond {
					t.Fatalf("got %+v, want an interval of %s", s, want)
				}
			}
			answer.Store(0)
			before := state(t, c).Interval
			for range 3 {
				get(t, c, url+"/")
				now := state(t, c).Interval
				if now >= before || now <= 100*time.Millisecond {
					t.Errorf("an interval of %s after one of %s", now, before)
				}
				before = now
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			if gap := a.times[1].Sub(a.times[0]); gap < 190*time.Millisecond {
				t.Errorf("asked again after %s", gap)
			}
			if gap := a.times[2].Sub(a.times[1]); gap < 380*time.Millisecond {
				t.Errorf("asked again after %s", gap)
			}
		})
	}
}

func TestBackOffHoldsWithoutAnyRate(t *testing.T) {
	url, answer, a := troubled(t)
	c := client(t, nil)
	answer.Store(503)
	failure(t, c, url+"/", Server)
	answer.Store(0)
	get(t, c, url+"/")
	if _, gap := a.gaps(); gap < 190*time.Millisecond {
		t.Errorf("asked again after %s", gap)
	}
}

func TestBackOffIsBounded(t *testing.T) {
	const base, limit = time.Second, 10 * time.Second
	for _, jitter := range []float64{0, 0.5, 0.999} {
		var b backoff
		x, now := &exchange{status: 429}, time.Now()
		before := base
		for range 20 {
			now = now.Add(time.Minute)
			b.note(x, nil, now, now, base, limit, jitter)
			got := b.interval(base, limit)
			if got > limit || got < min(2*before, limit)-time.Microsecond || float64(got) > 2.5*float64(before)+1e3 {
				t.Errorf("%s after %s", got, before)
			}
			before = got
		}
		x.status = 200
		for n := 1; b.lost > 0; n++ {
			if n > 16 {
				t.Fatal("does not recover")
			}
			b.note(x, nil, now, now, base, limit, jitter)
			if got := b.interval(base, limit); got > before || got < base {
				t.Errorf("%s after %s", got, before)
			}
		}
		if b.interval(0, limit) != 0 || math.Signbit(b.lost) {
			t.Errorf("got %+v", b)
		}
	}
	slow := backoff{}
	slow.note(&exchange{status: 429}, nil, time.Now(), time.Now(), time.Minute, limit, 0)
	if got := slow.interval(time.Minute, limit); got != time.Minute {
		t.Errorf("an interval over the limit became %s", got)
	}
}

// TestASingleThrottledAnswerCostsAFewIntervals: what one overloaded moment adds
// to a crawl, against what trouble again and again does.
func TestASingleThrottledAnswerCostsAFewIntervals(t *testing.T) {
	const base = time.Second
	for _, jitter := range []float64{0, 0.5, 0.999} {
		var b backoff
		now := time.Now()
		lost := func(failures int) (cost time.Duration, answers int) {
			for range failures {
				now = now.Add(time.Minute)
				b.note(&exchange{status: 503}, nil, now, now, base, time.Hour, jitter)
			}
			for b.lost > 0 {
				cost += b.interval(base, time.Hour) - base
				b.note(&exchange{status: 200}, nil, now, now, base, time.Hour, jitter)
				answers++
			}
			return cost, answers
		}
		if cost, answers := lost(1); cost > 4*base || answers > 5 {
			t.Errorf("one failure costs %s, whole after %d answers", cost, answers)
		}
		if _, answers := lost(2); answers < 12 {
			t.Errorf("two failures are forgotten after %d answers", answers)
		}
		if cost, _ := lost(1); cost > 4*base {
			t.Errorf("a failure costs %s after the pace was whole again", cost)
		}
	}
}

func TestAnswersToEarlierRequestsDoNotSlowAgain(t *testing.T) {
	var b backoff
	sent := time.Now()
	for range 5 { // sent at once
		b.note(&exchange{status: 503}, nil, sent, sent.Add(time.Second), time.Second, time.Hour, 0)
	}
	if got := b.interval(time.Second, time.Hour); got != 2*time.Second {
		t.Errorf("an interval of %s", got)
	}
}

func TestHostThatDoesNotAnswerAgainAndAgainIsSlowed(t *testing.T) {
	url, _, _ := troubled(t)
	for name, fail := range map[string]struct {
		class Class
		set   func(*Client)
	}{
		"refused": {Conn, func(c *Client) { c.transport.DialContext = refuse }},
		"timeout": {Timeout, func(c *Client) {
			c.robots.next.(*pacer).next.(*limits).timeout = time.Millisecond
			c.transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, func(c *Config) { c.Rate = 1000 })
			get(t, c, url+"/")
			fail.set(c)
			c.transport.CloseIdleConnections()
			for n := 1; n <= strikesOut; n++ {
				failure(t, c, url+"/", fail.class)
				if s := state(t, c); (s.Backoff > 0) != (n == strikesOut) {
					t.Errorf("after %d failures: %+v", n, s)
				}
			}
		})
	}
}

func TestOtherFailuresDoNotSlow(t *testing.T) {
	url, answer, _ := troubled(t)
	c := client(t, nil)
	for _, s := range []int32{404, 500, 403, 502} {
		answer.Store(s)
		if _, err := c.Fetch(t.Context(), Request{URL: url + "/"}); err == nil {
			t.Error("no error")
		}
	}
	if s := state(t, c); s.Backoff != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestPauseLeavesTheHostAlone(t *testing.T) {
	url, _, _ := troubled(t)
	c := client(t, nil)
	host := strings.TrimPrefix(url, "http://")
	c.pacer.pause(host, time.Hour, "because")
	c.pacer.pause(host, time.Second, "") // does not shorten it
	if e := failure(t, c, url+"/", Throttled); e.RetryAfter < 59*time.Minute {
		t.Errorf("got %+v", e)
	}
}

func TestHostsWithOneBudgetKeyShareTheBudget(t *testing.T) {
	const interval = 100 * time.Millisecond
	a := &arrivals{}
	handler := func(w http.ResponseWriter, r *http.Request) {
		a.note()
		write("text/html", "x")(w, r)
	}
	one, two := site(t, handler), site(t, handler)
	c := client(t, func(c *Config) {
		c.Rate = float64(time.Second / interval)
		c.BudgetKey = func(string) string { return "shared" }
	})
	for range 2 {
		get(t, c, one+"/")
		get(t, c, two+"/")
	}
	if n, shortest := a.gaps(); n != 4 || shortest < interval*95/100 {
		t.Errorf("%d requests, the shortest gap %s", n, shortest)
	}
	if s := state(t, c); s.Host != "shared" {
		t.Errorf("got %+v", s)
	}
	c.pacer.pause("shared", time.Hour, "because")
	failure(t, c, one+"/", Throttled)
	failure(t, c, two+"/", Throttled)
}

func TestABudgetHasASpacingOfItsOwn(t *testing.T) {
	const interval = 100 * time.Millisecond
	a := &arrivals{}
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		a.note()
		write("text/html", "x")(w, r)
	})
	c := client(t, func(c *Config) {
		c.BudgetKey = func(string) string { return "shared" }
		c.BudgetInterval = func(key string) time.Duration {
			if key == "shared" {
				return interval
			}
			return 0
		}
	})
	for range 3 {
		get(t, c, url+"/")
	}
	if n, shortest := a.gaps(); n != 3 || shortest < interval*95/100 {
		t.Errorf("%d requests, the shortest gap %s", n, shortest)
	}
}

func TestWhyAHostIsHeldUpIsSaid(t *testing.T) {
	url, answer, _ := troubled(t)
	c := client(t, nil)
	host := strings.TrimPrefix(url, "http://")
	get(t, c, url+"/")
	if spacing, why := c.Slowed(host); spacing != 0 || why != "" {
		t.Errorf("at full pace: %s, %q", spacing, why)
	}
	answer.Store(503)
	failure(t, c, url+"/", Server)
	spacing, why := c.Slowed(host)
	if s := state(t, c); spacing == 0 || why == "" || s.Reason != why || s.Interval != spacing {
		t.Errorf("slowed to %s, %q; %+v", spacing, why, s)
	}
	c.pacer.pause(host, time.Hour, "because")
	if s := state(t, c); s.Reason != "because" {
		t.Errorf("%+v", s)
	}
}
