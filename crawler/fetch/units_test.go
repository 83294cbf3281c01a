package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// spender counts units, and says until when none are left.
type spender struct {
	left  int
	err   error
	until time.Time
	keys  []string
}

func (s *spender) spend(_ context.Context, key string) (time.Time, error) {
	s.keys = append(s.keys, key)
	if s.err != nil {
		return time.Time{}, s.err
	}
	if s.left--; s.left < 0 {
		return s.until, nil
	}
	return time.Time{}, nil
}

func TestAUsedUpDayLeavesTheHostAlone(t *testing.T) {
	asked := 0
	u := site(t, func(w http.ResponseWriter, r *http.Request) { asked++; write("application/json", "{}")(w, r) })
	s := &spender{left: 2, until: time.Now().Add(5 * time.Hour)}
	c := client(t, nil)
	host := strings.TrimPrefix(u, "http://")
	ask := func() error {
		_, err := c.Fetch(t.Context(), Request{URL: u + "/", Access: AccessAPI, Spend: s.spend})
		return err
	}
	for range 2 {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		var e *Error
		if err := ask(); !errors.As(err, &e) || e.Class != Throttled || !e.Retryable() || e.RetryAfter < 4*time.Hour || !strings.Contains(e.Error(), usedUpToday) {
			t.Fatalf("got %v", err)
		}
	}
	if asked != 2 || len(s.keys) != 3 || s.keys[0] != host {
		t.Errorf("asked %d times, spent on %q", asked, s.keys)
	}
	if st := state(t, c); st.Reason != usedUpToday || st.PausedUntil.IsZero() {
		t.Errorf("%+v", st)
	}
}

func TestNothingIsAskedThatCannotBeCounted(t *testing.T) {
	asked := 0
	u := site(t, func(w http.ResponseWriter, r *http.Request) { asked++ })
	s := &spender{err: errors.New("the database is away")}
	_, err := client(t, nil).Fetch(t.Context(), Request{URL: u + "/", Access: AccessAPI, Spend: s.spend})
	var e *Error
	if !errors.As(err, &e) || !e.Retryable() || asked != 0 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestQuotaInTheBodyLeavesTheHostAlone(t *testing.T) {
	for body, alone := range map[string]bool{
		`{"items": [{"backoff": 9}], "backoff": 600, "quota_max": 300, "quota_remaining": 12}`: true,
		`{"items": [], "quota_max": 300, "quota_remaining": 0}`:                                true,
		`{"items": [], "quota_max": 300, "quota_remaining": 12}`:                               false,
		`{"items": [], "backoff": -5, "quota_max": 300, "quota_remaining": 12}`:                false,
		`{"backoff": 600}`: false, // not that wrapper
		`{"items": [{"quota_remaining": 0, "quota_max": 1}]}`: false,
		`{"backoff": 600, "quota_remaining": `:                false,
	} {
		u := site(t, write("application/json", body))
		c := client(t, nil)
		get(t, c, u+"/")
		if !alone {
			get(t, c, u+"/")
			continue
		}
		// Less than a minute before midnight UTC the pause may be waited for.
		if left := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)); left < 2*time.Minute && !strings.Contains(body, "600") {
			continue
		}
		if e := failure(t, c, u+"/", Throttled); e.RetryAfter < time.Minute || state(t, c).Reason == "" {
			t.Errorf("%s: %v", body, e)
		}
	}
}

func FuzzQuotasInBodiesAreBounded(f *testing.F) {
	f.Add([]byte(`{"backoff":1e300,"quota_max":1,"quota_remaining":-1}`))
	f.Add([]byte(`{"error_name":"throttle_violation","error_message":"available in 5 seconds"}`))
	f.Add([]byte(`{"error":{"errors":[{"reason":"quotaExceeded"}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := &exchange{body: b, status: 403}
		x.bodyQuota(time.Now())
		x.refused(b, time.Now())
		if x.quota < 0 || x.quota > maxQuotaPause || x.retryAfter < 0 || x.retryAfter > 25*time.Hour {
			t.Errorf("left alone for %s and %s", x.quota, x.retryAfter)
		}
	})
}

func TestRefusalsForAQuotaPauseTheHostWhateverTheirStatus(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		contentType string
		body        string
		at          time.Duration // 0: an ordinary refusal
	}{
		"stack exchange":  {400, "application/json; charset=utf-8", `{"error_id":502,"error_name":"throttle_violation","error_message":"too many requests from this IP, more requests available in 7200 seconds"}`, 2 * time.Hour},
		"without a time":  {400, "application/json", `{"error_name":"throttle_violation"}`, shortRefusal},
		"too long":        {400, "application/json", `{"error_name":"throttle_violation","error_message":"available in 99999999 seconds"}`, maxQuotaPause},
		"google, a day":   {403, "application/json", `{"error":{"code":403,"errors":[{"domain":"youtube.quota","reason":"quotaExceeded"}]}}`, -1},
		"google, a while": {403, "application/json", `{"error":{"errors":[{"reason":"rateLimitExceeded"}]}}`, shortRefusal},
		"forbidden":       {403, "application/json", `{"error":{"errors":[{"reason":"forbidden"}]}}`, 0},
		"other error":     {400, "application/json", `{"error_name":"bad_parameter","error_message":"available in 60 seconds"}`, 0},
		"no object":       {400, "application/json", `["throttle_violation"]`, 0},
		"a page":          {403, "text/html", `{"error_name":"throttle_violation"}`, 0},
	} {
		u := site(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		if c.at < 0 {
			c.at = untilPacificMidnight(time.Now())
		}
		want := Rejected
		if c.at != 0 {
			want = Throttled
		}
		e := failure(t, client(t, nil), u+"/", want)
		if d := e.RetryAfter - c.at; d < -2*time.Second || d > 2*time.Second || e.Status != c.status {
			t.Errorf("%s: %v, left alone for %s", name, e, e.RetryAfter)
		}
	}
}

func TestCrawlDelaysOverTheLimitAreReported(t *testing.T) {
	robots := func(delay string) string {
		mux := http.NewServeMux()
		mux.HandleFunc("/robots.txt", write("text/plain", "User-agent: *\nCrawl-delay: "+delay))
		mux.HandleFunc("/", write("text/html", "x"))
		return serve(t, mux)
	}
	for over, want := range map[OverDelay]string{OverDelaySkip: "2 0", OverDelaySlow: "0 2"} {
		u := robots("0.2")
		c := client(t, func(c *Config) { c.MaxCrawlDelay, c.OverDelay = 100*time.Millisecond, over })
		for range 2 {
			_, err := c.Fetch(t.Context(), Request{URL: u + "/"})
			if (err == nil) != (over == OverDelaySlow) {
				t.Errorf("%s: %v", over, err)
			}
		}
		d := c.Delayed()
		if len(d) != 1 || d[0].Host != strings.TrimPrefix(u, "http://") || d[0].CrawlDelay != 200*time.Millisecond || fmt.Sprint(d[0].Skipped, d[0].Slowed) != want {
			t.Errorf("%s: %+v", over, d)
		}
		if _, why := c.Slowed(d[0].Host); (why != "") != (over == OverDelaySlow) {
			t.Errorf("%s: slowed: %q", over, why)
		}
	}
	c := client(t, nil)
	get(t, c, robots("0.01")+"/")
	if d := c.Delayed(); len(d) != 0 {
		t.Errorf("%+v", d)
	}
}
