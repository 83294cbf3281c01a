package fetch

import (
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

// untilReset reads seconds from now, or a time in seconds or milliseconds
// since 1970: no quota lasts for years, so the size tells.
func untilReset(reset string, now time.Time) time.Duration {
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
