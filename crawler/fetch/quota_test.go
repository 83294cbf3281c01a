package fetch

import (
	"net/http"
	"testing"
	"time"
)

func TestQuotaHeaders(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	for name, c := range map[string]struct {
		h    map[string]string
		want time.Duration
	}{
		"none":                  {nil, 0},
		"some left":             {map[string]string{"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "60"}, 0},
		"seconds":               {map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}, time.Minute},
		"fractions":             {map[string]string{"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "1.5"}, 1500 * time.Millisecond},
		"epoch":                 {map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000090"}, 90 * time.Second},
		"epoch in milliseconds": {map[string]string{"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1700000002500"}, 2500 * time.Millisecond},
		"epoch in the past":     {map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1600000000"}, 0},
		"earlier draft":         {map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "7"}, 7 * time.Second},
		"one field":             {map[string]string{"RateLimit": "limit=10, remaining=0, reset=8"}, 8 * time.Second},
		"policies":              {map[string]string{"RateLimit": `"burst";r=4;t=2, "daily";r=0;t=3600`}, time.Hour},
		"policies, some left":   {map[string]string{"RateLimit": `"burst";r=4;t=2, "daily";r=9;t=3600`}, 0},
		"too long":              {map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "99999999"}, maxQuotaPause},
		"RFC 3339":              {map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2023-11-14T22:13:50Z"}, 30 * time.Second},
		"daily":                 {map[string]string{"RateLimit-Remaining": "0", "RateLimit-ResetTime": "2023-11-15T00:00:00+00:00"}, 106*time.Minute + 40*time.Second},
		"RFC 3339, in the past": {map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2023-11-14T22:13:10Z"}, 0},
		"no time":               {map[string]string{"RateLimit-Remaining": "0"}, 0},
		"no numbers":            {map[string]string{"RateLimit-Remaining": "x", "RateLimit-Reset": "NaN", "RateLimit": ";;,=,r=0;t=NaN"}, 0},
		"infinite":              {map[string]string{"RateLimit-Remaining": "-Inf", "RateLimit-Reset": "-5"}, 0},
	} {
		h := http.Header{}
		for k, v := range c.h {
			h.Set(k, v)
		}
		if got := quotaPause(h, now).Round(time.Millisecond); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestUsedUpQuotaPausesTheHost(t *testing.T) {
	url := site(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "3600")
		write("application/json", "{}")(w, r)
	})
	c := client(t, nil)
	get(t, c, url+"/a")
	if e := failure(t, c, url+"/b", Throttled); e.RetryAfter < 59*time.Minute || e.Status != 0 {
		t.Errorf("got %+v", e)
	}
	if s := state(t, c); time.Until(s.PausedUntil) < 59*time.Minute || s.Requests != 3 {
		t.Errorf("got %+v", s)
	}
}

func FuzzQuota(f *testing.F) {
	f.Add("0", "60", "limit=10, remaining=0, reset=8")
	f.Add("0.0", "1700000090", `"burst";r=0;t=2, "daily";r=0;t=1e400`)
	f.Fuzz(func(t *testing.T, remaining, reset, field string) {
		h := http.Header{"X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}, "Ratelimit": {field}}
		if d := quotaPause(h, time.Now()); d < 0 || d > maxQuotaPause {
			t.Errorf("a pause of %s", d)
		}
	})
}
