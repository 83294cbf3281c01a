package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEveryBadConfigurationIsNamedWithItsPlace reads every testdata/bad-*.yaml
// and holds its message against the .want file beside it.
func TestEveryBadConfigurationIsNamedWithItsPlace(t *testing.T) {
	files, _ := filepath.Glob("testdata/bad-*.yaml")
	if len(files) < 25 {
		t.Fatalf("only %d bad configurations found", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(file), b)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), strings.TrimSpace(string(want))) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestAllComplaintsAreGivenAtOnce(t *testing.T) {
	_, err := Parse("k.yaml", []byte("crawl: {rate: 0, workers: 0}\nprivacy: {authors: x}\n"))
	if err == nil || strings.Count(err.Error(), "k.yaml:") != 3 {
		t.Errorf("got %v, want three complaints", err)
	}
}

func TestAnEmptyFileGivesTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "\n"} {
		c, err := Parse("k.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if c.Crawl.Rate != 1 || c.Crawl.Timeout != 30*time.Second || c.Privacy.Authors != "pseudonym" {
			t.Errorf("%q: defaults lost: %+v", text, c)
		}
	}
}

func TestTheExampleIsValid(t *testing.T) {
	c, err := Load("klank.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Brands) < 2 || len(c.Sources) < 3 {
		t.Errorf("the example shows %d brands and %d sources", len(c.Brands), len(c.Sources))
	}
}

func TestAMissingFileIsToldApart(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "klank.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestTheTokenComesFromEnvironmentOrFile(t *testing.T) {
	t.Setenv("KLANK_TEST_TOKEN", "from-env")
	if got, err := (Web{TokenEnv: "KLANK_TEST_TOKEN"}).Token(); err != nil || got != "from-env" {
		t.Errorf("environment: %q, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (Web{TokenEnv: "KLANK_TEST_TOKEN", TokenFile: file}).Token(); err != nil || got != "from-file" {
		t.Errorf("file: %q, %v", got, err)
	}
	if _, err := (Web{TokenFile: file + "x"}).Token(); err == nil {
		t.Error("a missing token file went unnoticed")
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	for _, text := range []string{"crawl: {rate: 2}", "sources: [{name: a, urls: [https://a.example/]}]", "brands:\n  - name: [", "\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := Parse("k.yaml", b); err == nil && c == nil {
			t.Error("neither a configuration nor an error")
		}
	})
}
