package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a server can ask for.
const maxRetryAfter = 30 * 24 * time.Hour

// retryAfter reads Retry-After (RFC 9110, 10.2.3): seconds or a date. A date
// is taken by the server's own clock where it sends one. 0 means that the
// server names no time, or one that has passed.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		s, err := strconv.ParseInt(value, 10, 64)
		if err != nil || s > int64(maxRetryAfter/time.Second) { // out of range is long, too
			return maxRetryAfter
		}
		return time.Duration(s) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
