package fetch

import (
	"bytes"
	"encoding/json"
	"net/http"
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
		x.quota, x.backoffAsked = pause, true
	}
}
