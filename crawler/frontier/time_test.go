package frontier

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"klank/cmd/klank/postgrestest"
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

func TestPostgresCallGivesUpByItself(t *testing.T) {
	url := postgrestest.URL(t)
	p, err := OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, _, err := p.BeginRun(t.Context(), "shop", Plan{}); err != nil {
		t.Fatal(err)
	}
	blocker, err := postgrestest.Open(t, url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec("LOCK TABLE urls, sources"); err != nil {
		t.Fatal(err)
	}
	p.server.timeout = 100 * time.Millisecond
	_, _, writing := p.BeginRun(t.Context(), "shop", Plan{})
	_, reading := p.Stats(t.Context())
	for _, err := range []error{writing, reading} {
		if err == nil || !strings.Contains(err.Error(), "does not answer") || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("blocked: %v", err)
		}
	}
	if err := blocker.Rollback(); err != nil {
		t.Fatal(err)
	}
	p.server.timeout = callTimeout
	if _, resumed, err := p.BeginRun(t.Context(), "shop", Plan{}); !resumed || err != nil {
		t.Errorf("afterwards: resumed %v, %v", resumed, err)
	}
}
