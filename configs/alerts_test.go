package configs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestQuietHoursEndOnTheClockOfTheirZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	night, noon := Quiet{"22:00", "07:00"}, Quiet{"12:30", "13:00"}
	for _, c := range []struct {
		quiet     Quiet
		now, want string // UTC
	}{
		{night, "2026-01-10T20:59:00Z", ""},
		{night, "2026-01-10T21:00:00Z", "2026-01-11T06:00:00Z"},
		{night, "2026-01-11T05:59:59Z", "2026-01-11T06:00:00Z"},
		{night, "2026-01-11T06:00:00Z", ""},
		{night, "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"}, // the clock goes forward
		{night, "2026-10-24T22:00:00Z", "2026-10-25T06:00:00Z"}, // and back
		{noon, "2026-06-01T10:45:00Z", "2026-06-01T11:00:00Z"},
		{noon, "2026-06-01T11:45:00Z", ""},
		{Quiet{}, "2026-06-01T11:45:00Z", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if until := c.quiet.Until(now, zone); !until.IsZero() {
			got = until.UTC().Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%v at %s: until %q, want %q", c.quiet, c.now, got, c.want)
		}
	}
}

func TestSecretsOfChannelsComeFromVariablesAndFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KLANK_TEST_HOOK", "https://hooks.example/1")
	c := Channel{Name: "hook", URLEnv: "KLANK_TEST_HOOK", SecretFile: file}
	if got, err := c.Address(); err != nil || got != "https://hooks.example/1" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := c.Secret(); err != nil || got != "from-file" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (&SMTP{PasswordEnv: "KLANK_TEST_UNSET"}).Password(); err == nil {
		t.Error("a password that is not there went unnoticed")
	}
}

func TestARuleIsFoundByItsName(t *testing.T) {
	c, err := Load("klank.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := c.AlertRule("cijfer"); err != nil || a.Time() != 30*24*time.Hour || a.Drop != 0.3 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := c.AlertRule("nothing"); !errors.Is(err, ErrNoRule) {
		t.Errorf("%v", err)
	}
}

func TestARuleMayAskForAQueryThatIsSavedInTheUI(t *testing.T) {
	c, err := Parse("k.yaml", []byte("queries: [{name: Late, query: laat}]\nalerts: {rules: [{name: a, when: new, query: 'saved:late OR saved:\"very bad\" OR (saved:mine)'}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.SavedElsewhere(&c.Alerts.Rules[0]); len(got) != 2 || got[0] != "very bad" || got[1] != "mine" {
		t.Errorf("not in the file are %q", got)
	}
}
