package frontier

import (
	"testing"
	"time"
)

// A machine whose clock is wrong asks for a time of its own and gets it back,
// late by what is left of a millisecond, never early.
func TestTimesAreConvertedToTheDatabasesClock(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	for _, ahead := range []time.Duration{0, 90*time.Second + 300*time.Microsecond, -time.Hour - time.Nanosecond} {
		x := tx{ahead: ahead}
		stored := x.millis(at)
		if late := time.UnixMilli(stored).Sub(at.Add(ahead)); late < 0 || late >= time.Millisecond {
			t.Errorf("ahead %v: stored %v late", ahead, late)
		}
		if late := x.local(stored).Sub(at); late < 0 || late >= time.Millisecond {
			t.Errorf("ahead %v: told %v late", ahead, late)
		}
		if x.millis(time.Time{}) != 0 {
			t.Error("no time is stored as a time")
		}
	}
}
