package fetch

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"120", "", 2 * time.Minute},
		{" 1 ", "", time.Second},
		{"0", "", 0},
		{"-5", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
		{"99999999999999999999", "", maxRetryAfter},
		{"9223372036854775807", "", maxRetryAfter},
		{"Sun, 01 Jun 2025 12:01:00 GMT", "", time.Minute},
		{"Sunday, 01-Jun-25 12:01:00 GMT", "", time.Minute},
		{"Sun, 01 Jun 2025 11:00:00 GMT", "", 0},
		{"Sun, 01 Jun 3025 11:00:00 GMT", "", maxRetryAfter},
		{"Sun, 01 Jun 2025 10:01:00 GMT", "Sun, 01 Jun 2025 10:00:30 GMT", 30 * time.Second}, // a clock that is slow
	} {
		h := http.Header{"Retry-After": {c.value}, "Date": {c.date}}
		if got := retryAfter(h, now); got != c.want {
			t.Errorf("%q at %q gave %s, want %s", c.value, c.date, got, c.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "")
	f.Add("Sun, 01 Jun 2025 12:01:00 GMT", "Sun, 01 Jun 2025 10:00:30 GMT")
	f.Fuzz(func(t *testing.T, value, date string) {
		got := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Now())
		if got < 0 || got > maxRetryAfter {
			t.Fatalf("%q gave %s", value, got)
		}
	})
}
