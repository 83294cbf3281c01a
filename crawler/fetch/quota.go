package fetch

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxQuotaPause bounds the pause after a quota is used up: none in use is
// longer than a day.
const maxQuotaPause = 24 * time.Hour

// quotaHeaders are the pairs of headers, in the spelling of http.Header, that
// say how many requests are left and when there are more: those of earlier
// drafts of draft-ietf-httpapi-ratelimit-headers, and what APIs made up
// before it.
var quotaHeaders = [...]struct{ remaining, reset string }{
	{"Ratelimit-Remaining", "Ratelimit-Reset"},
	{"X-Ratelimit-Remaining", "X-Ratelimit-Reset"},
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	{"Ratelimit-Remaining", "Ratelimit-Resettime"},
}

// quotaPause is how long to wait because the server says that no request is
// left; 0 where one is left, or where it does not say.
func quotaPause(h http.Header, now time.Time) time.Duration {
	var pause time.Duration
	for _, name := range quotaHeaders {
		remaining, reset := h[name.remaining], h[name.reset]
		if len(remaining) > 0 && len(reset) > 0 && usedUp(remaining[0]) {
			pause = max(pause, untilReset(reset[0], now))
		}
	}
	for _, value := range h["Ratelimit"] {
		pause = max(pause, quotaField(value, now))
	}
	return min(pause, maxQuotaPause)
}

// quotaField reads the RateLimit field in the forms of the drafts:
//
//	limit=100, remaining=0, reset=30
//	"default";r=0;t=30, "daily";r=12;t=3600
func quotaField(value string, now time.Time) time.Duration {
	var pause time.Duration
	// In the older form the commas stand between the parts of one quota.
	if !strings.Contains(value, ";") {
		value = strings.ReplaceAll(value, ",", ";")
	}
	for quota := range strings.SplitSeq(value, ",") {
		var remaining, reset string
		for part := range strings.SplitSeq(quota, ";") {
			name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch strings.ToLower(name) {
			case "r", "remaining":
				remaining = v
			case "t", "reset":
				reset = v
			}
		}
		if usedUp(remaining) {
			pause = max(pause, untilReset(reset, now))
		}
	}
	return pause
}

func usedUp(remaining string) bool {
	n, err := strconv.ParseFloat(strings.TrimSpace(remaining), 64)
	return err == nil && n <= 0
}

// untilReset reads seconds from now, a time in seconds or milliseconds since
// 1970 (no quota lasts for years, so the size tells), or one as RFC 3339 has it.
func untilReset(reset string, now time.Time) time.Duration {
	if at, err := time.Parse(time.RFC3339, strings.TrimSpace(reset)); err == nil {
		return min(max(at.Sub(now), 0), maxQuotaPause)
	}
	s, err := strconv.ParseFloat(strings.TrimSpace(reset), 64)
	if err != nil || !(s > 0) {
		return 0
	}
	switch {
	case s >= 1e11:
		s = s/1e3 - float64(now.UnixMilli())/1e3
	case s >= 1e8:
		s -= float64(now.UnixMilli()) / 1e3
	}
	return time.Duration(min(max(s, 0), maxQuotaPause.Seconds()) * float64(time.Second))
}

// wrapper is what the Stack Exchange API puts around every answer
// (https://api.stackexchange.com/docs/wrapper): the seconds for which the same
// method is to be left alone, and what is left of the day's quota.
type wrapper struct {
	Backoff        float64 `json:"backoff"`
	QuotaMax       *int64  `json:"quota_max"`
	QuotaRemaining *int64  `json:"quota_remaining"`
}

// bodyQuota reads the quota that stands in the body itself. The whole host is
// left alone, where one method would do. The day of that quota turns at
// midnight UTC.
func (x *exchange) bodyQuota(now time.Time) {
	if !bytes.Contains(x.body, []byte(`"quota_remaining"`)) {
		return
	}
	var w wrapper
	if err := json.Unmarshal(x.body, &w); err != nil || w.QuotaMax == nil || w.QuotaRemaining == nil {
		return
	}
	pause := time.Duration(min(max(w.Backoff, 0), maxQuotaPause.Seconds()) * float64(time.Second))
	if *w.QuotaRemaining <= 0 {
		pause = max(pause, now.UTC().Truncate(24*time.Hour).Add(24*time.Hour).Sub(now))
	}
	if pause > x.quota {
		x.quota, x.why = pause, "its answer asked for a back-off"
		if *w.QuotaRemaining <= 0 {
			x.why = usedUpToday
		}
	}
}

// refusal is what APIs answer when a quota is used up, with a status that says
// something else (400, 403): Stack Exchange
// (https://api.stackexchange.com/docs/error-handling) and Google's
// (https://developers.google.com/youtube/v3/docs/errors).
type refusal struct {
	ErrorName    string `json:"error_name"`
	ErrorMessage string `json:"error_message"`
	Error        struct {
		Errors []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
	} `json:"error"`
}

// shortRefusal is how long a host is left alone that refuses for a quota and
// names no time.
const shortRefusal = time.Minute

// availableIn is where Stack Exchange writes when there is more.
var availableIn = regexp.MustCompile(`available in ([0-9]{1,8}) seconds`)

// refused reads the body of a refusal.
func (x *exchange) refused(body []byte, now time.Time) {
	var r refusal
	if x.status < 400 || x.status >= 500 || json.Unmarshal(body, &r) != nil {
		return
	}
	pause := time.Duration(0)
	if r.ErrorName == "throttle_violation" {
		pause = shortRefusal
		if m := availableIn.FindStringSubmatch(r.ErrorMessage); m != nil {
			s, _ := strconv.Atoi(m[1]) // digits
			pause = min(time.Duration(s)*time.Second, maxQuotaPause)
		}
	}
	for _, e := range r.Error.Errors {
		switch e.Reason {
		case "quotaExceeded", "dailyLimitExceeded":
			pause = max(pause, untilPacificMidnight(now))
		case "rateLimitExceeded", "userRateLimitExceeded":
			pause = max(pause, shortRefusal)
		}
	}
	if pause > 0 {
		x.spent, x.why, x.retryAfter = true, "its quota is used up", max(x.retryAfter, pause)
	}
}

// untilPacificMidnight is when the quotas of Google's APIs turn.
func untilPacificMidnight(now time.Time) time.Duration {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		return maxQuotaPause
	}
	day := now.In(zone)
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone).Sub(now)
}
