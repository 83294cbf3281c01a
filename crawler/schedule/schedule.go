// Package schedule says when a source is due: a cron line in a time zone, or
// an interval. It knows times only. It is not for running anything, and it
// keeps nothing: when a source ran last is in the frontier.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are to be known in containers without a zone database, too

	"github.com/robfig/cron/v3"
)

const (
	// A source starts later than its schedule says by its own share of a
	// tenth of the time between two runs, and of maxJitter at most.
	jitterPart = 10
	maxJitter  = 10 * time.Minute
	// MinInterval and MaxInterval bound what "every …" may say.
	MinInterval = time.Second
	MaxInterval = 366 * 24 * time.Hour
	// anyHour is how the cron package marks a field that is "*".
	anyHour = 1 << 63
)

// fields are those of crontab(5), without seconds.
var fields = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Schedule says when something is due. It is immutable. The zero value is no
// schedule: it is never due.
type Schedule struct {
	spec  string
	every time.Duration // an interval, or 0
	cron  *cron.SpecSchedule
	zone  *time.Location
	share float64 // of the jitter, in [0, 1)
}

// Parse reads a schedule: the five fields of crontab(5) (minute, hour, day of
// month, month, day of week) or one of @hourly, @daily, @weekly, @monthly and
// @yearly, in the time zone given; or an interval, "every 6h", in Go's
// durations, with d for days and w for weeks beside. There is no jitter until
// For is called.
func Parse(spec string, zone *time.Location) (Schedule, error) {
	s := Schedule{spec: strings.Join(strings.Fields(spec), " "), zone: zone}
	if rest, ok := strings.CutPrefix(s.spec, "every "); ok {
		every, err := interval(rest)
		if err != nil {
			return Schedule{}, fmt.Errorf("schedule: %q: %w", spec, err)
		}
		s.every = every
		return s, nil
	}
	var err error
	if s.cron, err = parseCron(s.spec, zone); err != nil {
		return Schedule{}, fmt.Errorf(`schedule: %q: %w; give an interval such as "every 6h", or the five fields of cron, e.g. "30 3 * * *" for half past three each night`, spec, err)
	}
	if s.fire(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, fmt.Errorf("schedule: %q: there is no such day", spec)
	}
	return s, nil
}

func parseCron(spec string, zone *time.Location) (*cron.SpecSchedule, error) {
	switch {
	case spec == "":
		return nil, errors.New("empty")
	case strings.Contains(spec, "TZ="):
		return nil, errors.New("the time zone is a field of its own")
	case strings.HasPrefix(spec, "@every"):
		return nil, errors.New("write every without @")
	}
	parsed, err := fields.Parse(spec)
	if err != nil {
		return nil, err
	}
	c, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("not a cron line")
	}
	c.Location = time.UTC // the wall clock, see fire
	if c.Hour&anyHour != 0 {
		c.Location = zone
	}
	return c, nil
}

// interval reads a Go duration, or whole days or weeks.
func interval(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			var n uint64
			if n, err = strconv.ParseUint(number, 10, 16); err == nil {
				d = time.Duration(n) * unit
			}
		}
	}
	if err != nil {
		return 0, fmt.Errorf(`%q is no interval; give one such as "every 6h" or "every 2d"`, text)
	}
	if d < MinInterval || d > MaxInterval {
		return 0, fmt.Errorf("the interval is out of range; allowed is 1s to 366d")
	}
	return d, nil
}

// String returns the schedule as it was written.
func (s Schedule) String() string { return s.spec }

// IsZero tells whether there is no schedule.
func (s Schedule) IsZero() bool { return s.every == 0 && s.cron == nil }

// For returns the schedule with the jitter of one source: always the same for
// a name, and spread over the names, so that ten sources at 03:00 do not start
// together. Jitter only ever makes a source later.
func (s Schedule) For(source string) Schedule {
	sum := sha256.Sum256([]byte(source))
	s.share = float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
	return s
}

// Next returns the first time after the given one at which a run is due: of
// an interval counted from there, of a cron line by the clock. The answer is
// in the schedule's time zone; it is the zero time for the zero Schedule.
func (s Schedule) Next(after time.Time) time.Time {
	if s.every > 0 {
		return after.In(s.zone).Add(s.every + s.jitter(s.every))
	}
	if s.cron == nil {
		return time.Time{}
	}
	// A time before may have been put off until now by the jitter.
	for fire := s.fire(after.Add(-maxJitter)); !fire.IsZero(); {
		following := s.fire(fire)
		gap := time.Duration(math.MaxInt64)
		if !following.IsZero() {
			gap = following.Sub(fire)
		}
		if due := fire.Add(s.jitter(gap)); due.After(after) {
			return due
		}
		fire = following
	}
	return time.Time{}
}

func (s Schedule) jitter(gap time.Duration) time.Duration {
	return time.Duration(s.share * float64(min(gap/jitterPart, maxJitter)))
}

// Due tells whether a run is due that last began then (zero: never). However
// many times were missed, one run makes up for them all.
func (s Schedule) Due(last, now time.Time) bool {
	if s.IsZero() {
		return false
	}
	if last.IsZero() {
		return true
	}
	next := s.Next(last)
	return !next.IsZero() && !next.After(now)
}

// fire is the cron line's next time, without jitter.
//
// A line with a "*" for the hour counts real hours. Any other is about the
// clock on the wall: it is matched there, so that what happens at 02:30 on
// every day happens once on the day on which the clock shows 02:30 twice, and
// an hour later on the day on which it does not show it at all.
func (s Schedule) fire(after time.Time) time.Time {
	if s.cron.Location != time.UTC || s.zone == time.UTC {
		return s.cron.Next(after.In(s.zone))
	}
	local := after.In(s.zone)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
	for {
		if wall = s.cron.Next(wall); wall.IsZero() {
			return wall
		}
		if fire := onWall(wall, s.zone); fire.After(after) {
			return fire
		}
	}
}

// onWall is when the clock of a zone shows what a time in UTC shows: the first
// time of two, and for a time that is skipped, as if it were not.
func onWall(wall time.Time, zone *time.Location) time.Time {
	// The offset before any change that is near.
	_, offset := wall.Add(-24 * time.Hour).In(zone).Zone()
	before := wall.Add(-time.Duration(offset) * time.Second).In(zone)
	if _, now := before.Zone(); now == offset {
		return before
	}
	_, offset = before.Zone()
	after := wall.Add(-time.Duration(offset) * time.Second).In(zone)
	if _, now := after.Zone(); now == offset {
		return after
	}
	return before
}
