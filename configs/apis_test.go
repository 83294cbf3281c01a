package configs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/parsers"
)

// source is the only source of a configuration.
func source(t *testing.T, fields string) (*Config, *Source) {
	t.Helper()
	c, err := Parse("k.yaml", []byte("sources:\n  - {name: a, urls: ['https://a.example/'], "+fields+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c, &c.Sources[0]
}

func TestRetentionAndPagesFollowTheTermsUnlessTheSourceSaysOtherwise(t *testing.T) {
	for _, c := range []struct {
		fields string
		keep   time.Duration
		pages  bool
	}{
		{"type: site", 0, true},
		{"type: site, retention: 90d, snapshots: drop", 90 * day, false},
		{"type: youtube", 30 * day, true},
		{"type: youtube, retention: keep", 0, true},
		{"type: yelp", day, false},
		{"type: yelp, retention: 48h, snapshots: keep", 2 * day, true},
		{"type: reddit", 2 * day, false},
		{"type: stackexchange", 0, true},
	} {
		cfg, s := source(t, c.fields)
		if got := cfg.RetentionOf(s); got != c.keep {
			t.Errorf("%s: retention %s, want %s", c.fields, got, c.keep)
		}
		if got := cfg.KeepsPages(s); got != c.pages {
			t.Errorf("%s: keeps pages: %v", c.fields, got)
		}
	}
}

func TestEveryAPIHasAParserAndNamesItsDocumentation(t *testing.T) {
	for name, a := range apis {
		if !slices.Contains(parsers.New().Names(), name) {
			t.Errorf("%s: no parser reads its answers", name)
		}
		if !strings.HasPrefix(a.Docs, "https://") || a.Accept == "" {
			t.Errorf("%s: documentation %q, Accept %q", name, a.Docs, a.Accept)
		}
		if (a.Retention > 0 || a.NoPages) && !strings.HasPrefix(a.Terms, "https://") {
			t.Errorf("%s: a rule about keeping without the page it follows", name)
		}
		if a.NeedsKey && a.Key == (KeyUse{}) {
			t.Errorf("%s: needs a key, and says not how it is sent", name)
		}
		if _, err := time.LoadLocation(a.Zone); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysComeFromEnvironmentOrFileAndMissingOnesAreNamed(t *testing.T) {
	_, s := source(t, "type: youtube, key_env: KLANK_TEST_KEY")
	if _, err := s.Key(); err == nil || !strings.Contains(err.Error(), "KLANK_TEST_KEY is not set") {
		t.Errorf("a missing key: %v", err)
	}
	t.Setenv("KLANK_TEST_KEY", "abc")
	if _, err := s.Key(); err == nil || strings.Contains(err.Error(), "abc") {
		t.Errorf("a word for a key: %v", err)
	}
	t.Setenv("KLANK_TEST_KEY", " abcdefgh\n")
	if key, err := s.Key(); err != nil || key != "abcdefgh" {
		t.Errorf("%q, %v", key, err)
	}
	file := filepath.Join(t.TempDir(), "key")
	_, s = source(t, "type: youtube, key_file: "+file)
	if _, err := s.Key(); err == nil {
		t.Error("a missing file went unnoticed")
	}
	for _, content := range []string{"the first\n", "the second\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := s.Key(); err != nil || key != strings.TrimSpace(content) {
			t.Errorf("%q, %v", key, err)
		}
	}
}

func TestKeysAreSentAsTheAPIWants(t *testing.T) {
	for typ, want := range map[string]string{
		"mastodon": "Authorization: Bearer me:pw", "wordpress": "Authorization: Basic bWU6cHc=",
		"trustpilot": "apikey: me:pw", "stackexchange": "?key=me%3Apw",
	} {
		_, s := source(t, "type: "+typ)
		header, query, secrets := s.API().Key.Place("me:pw")
		if !slices.Contains(secrets, "me:pw") {
			t.Errorf("%s: %q come back", typ, secrets)
		}
		got := ""
		for name, values := range header {
			got += name + ": " + values[0]
		}
		if len(query) > 0 {
			got += "?" + query.Encode()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", typ, got, want)
		}
	}
}

func TestUnitsOfADayTurnWhereTheAPISays(t *testing.T) {
	_, s := source(t, "type: youtube")
	if n, zone := s.Units(); n != 10_000 || zone.String() != pacific {
		t.Errorf("%d, %s", n, zone)
	}
	_, s = source(t, "type: youtube, units_per_day: 50")
	if n, _ := s.Units(); n != 50 {
		t.Errorf("%d", n)
	}
	if n := s.API().Cost("/youtube/v3/search"); n != 100 {
		t.Errorf("a search costs %d", n)
	}
}
