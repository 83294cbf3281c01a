package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func parse(t testing.TB, spec, zoneName string) Schedule {
	t.Helper()
	s, err := Parse(spec, zone(t, zoneName))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNextInAmsterdam(t *testing.T) {
	for _, c := range []struct{ what, spec, after, want string }{
		{"winter", "30 3 * * *", "2026-01-10T12:00:00Z", "2026-01-11T02:30:00Z"},
		{"summer", "30 3 * * *", "2026-07-10T12:00:00Z", "2026-07-11T01:30:00Z"},
		{"not the time itself", "30 3 * * *", "2026-07-11T01:30:00Z", "2026-07-12T01:30:00Z"},
		{"mondays", "0 6 * * mon", "2026-07-10T12:00:00Z", "2026-07-13T04:00:00Z"},
		{"descriptor", "@daily", "2026-07-10T12:00:00Z", "2026-07-10T22:00:00Z"},
		{"a leap day", "0 0 29 2 *", "2026-07-10T12:00:00Z", "2028-02-28T23:00:00Z"},

		// 29 March 2026: 02:00 CET becomes 03:00 CEST (01:00 UTC).
		{"a skipped time comes an hour later", "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
		{"and once", "30 2 * * *", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
		{"the hour after it", "30 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
		{"every hour over the gap", "0 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
		{"every second hour over the gap", "0 */2 * * *", "2026-03-28T23:30:00Z", "2026-03-29T01:00:00Z"},

		// 25 October 2026: 03:00 CEST becomes 02:00 CET (01:00 UTC).
		{"the first of two", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"not the second", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"not the second, asked in between", "30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z"},
		{"after the doubled hour", "30 3 * * *", "2026-10-24T12:00:00Z", "2026-10-25T02:30:00Z"},
		{"every hour is an hour", "0 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		{"and the next", "0 * * * *", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
	} {
		if got := parse(t, c.spec, "Europe/Amsterdam").Next(at(t, c.after)); !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %q after %s: %s, want %s", c.what, c.spec, c.after, got.UTC().Format(time.RFC3339), c.want)
		}
	}
}

func TestASkippedTimeComesLaterWestOfGreenwichToo(t *testing.T) {
	// 8 March 2026: 02:00 EST becomes 03:00 EDT (07:00 UTC).
	got := parse(t, "30 2 * * *", "America/New_York").Next(at(t, "2026-03-08T06:45:00Z"))
	if want := at(t, "2026-03-08T07:30:00Z"); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestADailyRunComesOnceADayForThreeYearsInEveryZone(t *testing.T) {
	for _, name := range []string{"Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"} {
		z := zone(t, name)
		for _, spec := range []string{"30 2 * * *", "0 0 * * *", "15 1 * * *"} {
			s := parse(t, spec, name).For("shop")
			last := time.Date(2025, 1, 1, 12, 0, 0, 0, z)
			for range 3 * 365 {
				next := s.Next(last)
				if d := next.Sub(last); d <= 0 || next.In(z).YearDay() == last.In(z).YearDay() && d < 20*time.Hour || d > 26*time.Hour {
					t.Fatalf("%s in %s: %s after %s", spec, name, next.In(z), last.In(z))
				}
				last = next
			}
		}
	}
}

func TestAnIntervalCountsFromTheLastRun(t *testing.T) {
	for spec, want := range map[string]time.Duration{
		"every 6h": 6 * time.Hour, "every 90m": 90 * time.Minute, "every  2d": 48 * time.Hour, "every 1w": 7 * 24 * time.Hour, "every 1s": time.Second,
	} {
		last := at(t, "2026-03-28T22:15:00Z")
		if got := parse(t, spec, "Europe/Amsterdam").Next(last).Sub(last); got != want {
			t.Errorf("%s: %s", spec, got)
		}
	}
}

func TestWhatIsMissedIsCaughtUpOnce(t *testing.T) {
	for _, spec := range []string{"0 3 * * *", "every 1d"} {
		s := parse(t, spec, "UTC").For("shop")
		last, now := at(t, "2026-05-01T03:20:00Z"), at(t, "2026-05-09T12:00:00Z")
		if !s.Due(last, now) {
			t.Errorf("%s: eight missed runs are not due", spec)
		}
		if s.Due(now, now.Add(time.Minute)) {
			t.Errorf("%s: a second run makes up for what was missed", spec)
		}
	}
}

func TestWhatNeverRanIsDueAndWithoutScheduleNothingIs(t *testing.T) {
	now := at(t, "2026-05-01T03:20:00Z")
	if !parse(t, "0 3 * * *", "UTC").Due(time.Time{}, now) {
		t.Error("a source that never ran is not due")
	}
	var none Schedule
	if none.Due(time.Time{}, now) || !none.Next(now).IsZero() || !none.IsZero() {
		t.Error("no schedule is due")
	}
}

func TestDueTurnsAtNext(t *testing.T) {
	last := at(t, "2026-10-24T12:00:00Z")
	for _, spec := range []string{"30 2 * * *", "*/5 * * * *", "every 6h"} {
		s := parse(t, spec, "Europe/Amsterdam").For("shop")
		next := s.Next(last)
		if s.Due(last, next.Add(-time.Nanosecond)) || !s.Due(last, next) {
			t.Errorf("%s: not due exactly from %s on", spec, next)
		}
	}
}

func TestJitterSpreadsSourcesAndIsTheSameEachTime(t *testing.T) {
	s := parse(t, "0 3 * * *", "Europe/Amsterdam")
	after, fire := at(t, "2026-05-01T12:00:00Z"), at(t, "2026-05-02T01:00:00Z")
	seconds := map[int]bool{}
	for i := range 10 {
		name := fmt.Sprintf("shop-%d", i)
		d := s.For(name).Next(after).Sub(fire)
		if d < 0 || d >= maxJitter {
			t.Errorf("%s: %s late", name, d)
		}
		if again := parse(t, "0 3 * * *", "Europe/Amsterdam").For(name).Next(after).Sub(fire); again != d {
			t.Errorf("%s: %s late, then %s", name, d, again)
		}
		seconds[int(d/(10*time.Second))] = true
	}
	if len(seconds) < 8 {
		t.Errorf("ten sources start in %d slots of ten seconds", len(seconds))
	}
}

func TestJitterNeitherSkipsNorDoublesARun(t *testing.T) {
	for _, spec := range []string{"* * * * *", "*/15 * * * *", "0 9,10 * * *", "0 3 * * *"} {
		plain := parse(t, spec, "Europe/Amsterdam")
		for _, name := range []string{"a", "shop", "koffieblog", "zz"} {
			s := plain.For(name)
			fire, due := at(t, "2026-10-24T12:00:01Z"), at(t, "2026-10-24T12:00:01Z")
			for i := range 300 {
				fire, due = plain.Next(fire), s.Next(due)
				if i == 0 && due.Before(fire) { // put off from before the start
					due = s.Next(due)
				}
				if late := due.Sub(fire); late < 0 || late >= maxJitter {
					t.Fatalf("%s for %s: run %d at %s, by the clock %s", spec, name, i, due, fire)
				}
			}
		}
	}
}

func TestJitterOfAShortIntervalIsShort(t *testing.T) {
	last := at(t, "2026-10-24T12:00:01Z")
	for i := range 50 {
		d := parse(t, "every 1s", "UTC").For(fmt.Sprint(i)).Next(last).Sub(last)
		if d < time.Second || d >= 1100*time.Millisecond {
			t.Errorf("source %d: %s", i, d)
		}
	}
}

func TestWhatIsNoScheduleIsRefusedWithAWordOnWhatIs(t *testing.T) {
	for spec, want := range map[string]string{
		"":                              "empty",
		"daily":                         "expected exactly 5 fields",
		"0 3 * *":                       "expected exactly 5 fields",
		"0 0 3 * * *":                   "expected exactly 5 fields",
		"61 3 * * *":                    "above maximum",
		"0 3 30 2 *":                    "no such day",
		"@every 6h":                     "without @",
		"TZ=Europe/Amsterdam 0 3 * * *": "field of its own",
		"CRON_TZ=UTC":                   "field of its own",
		"every":                         "every 6h",
		"every day":                     "no interval",
		"every -6h":                     "out of range",
		"every 0d":                      "out of range",
		"every 10ms":                    "out of range",
		"every 9999d":                   "out of range",
		"every 99999999w":               "no interval",
	} {
		_, err := Parse(spec, time.UTC)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, spec := range []string{"0 3 * * *", "every 6h", "@daily", "*/15 8-18 * jan-mar mon-fri", "TZ=x", "@", "0 3 ? * L", "*/0 * * * *", "every 1w"} {
		f.Add(spec)
	}
	amsterdam := zone(f, "Europe/Amsterdam")
	after := at(f, "2026-10-24T22:00:00Z")
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := Parse(spec, amsterdam)
		if err != nil {
			return
		}
		if next := s.For(spec).Next(after); !next.After(after) {
			t.Errorf("%q: next is %s", spec, next)
		}
	})
}
