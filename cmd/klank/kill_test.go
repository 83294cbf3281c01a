package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	gocmp "github.com/google/go-cmp/cmp"

	"klank/cmd/klank/market"
	"klank/configs"
	"klank/mention"
)

// marketConfig writes the market's sources as a klank.yaml.
func marketConfig(t *testing.T, m *market.Market) string {
	t.Helper()
	cfg := configs.Default()
	if _, err := demoSources(cfg, m); err != nil {
		t.Fatal(err)
	}
	b, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "klank.yaml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// klankCommand prepares the real binary (see TestMain) with a data folder.
func klankCommand(t *testing.T, data string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "klank", append(args, "--data", data)...)
	cmd.Dir = t.TempDir()
	return cmd
}

func crawlArgs(config string) []string {
	return []string{"crawl", "--all", "--config", config, "--allow-private", "--rate", "20", "--max-pages", "0"}
}

// exported reads what a data folder holds, without what may differ between
// two runs: when and from which record it was read.
func exported(t *testing.T, data string, flags ...string) []mention.Mention {
	t.Helper()
	out, err := klankCommand(t, data, append([]string{"export"}, flags...)...).Output()
	if err != nil {
		t.Fatalf("klank export: %v", err)
	}
	var ms []mention.Mention
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var m mention.Mention
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
		m.Collected, m.Evidence.Fetched, m.Evidence.Snapshot = time.Time{}, time.Time{}, ""
		m.Evidence.SHA256, m.Page, m.Evidence.List, m.Evidence.Rank = "", "", "", 0 // a text may stand on two pages
		m.Evidence.Parser = ""
		m.Text = withoutHandles(m.Text) // each folder has its own secret
		if m.Author != nil {
			m.Author.Key = ""
		}
		ms = append(ms, m)
	}
	return ms
}

// TestAKilledCrawlLosesNothing kills a crawl with SIGKILL again and again and
// then lets it finish: the mentions are those of an undisturbed run. The
// sites answer conditional requests, so that a validator that counts too
// early would show. Then index.db is deleted, and the next crawl fills it.
func TestAKilledCrawlLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: waits for several crawls")
	}
	m := startMarket(t)
	config := marketConfig(t, m)
	calm := filepath.Join(t.TempDir(), "calm")
	if out, err := klankCommand(t, calm, crawlArgs(config)...).CombinedOutput(); err != nil {
		t.Fatalf("undisturbed crawl: %v\n%s", err, out)
	}
	want := exported(t, calm)
	if len(want) != len(m.Truth()) {
		t.Fatalf("the undisturbed crawl collected %d of %d", len(want), len(m.Truth()))
	}

	data := filepath.Join(t.TempDir(), "killed")
	shareSecret(t, calm, data)
	killed := 0
	for _, after := range []time.Duration{60, 180, 300, 420, 540, 250, 700, 380} {
		cmd := klankCommand(t, data, crawlArgs(config)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after * time.Millisecond)
		cmd.Process.Signal(syscall.SIGKILL)
		if cmd.Wait() != nil && !cmd.ProcessState.Success() {
			killed++
		}
	}
	if killed < 5 {
		t.Errorf("only %d crawls were killed before they ended", killed)
	}
	crawlAndCompare(t, "after the kills", config, data, want)

	files, _ := filepath.Glob(filepath.Join(data, indexFile+"*"))
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	crawlAndCompare(t, "after index.db was deleted", config, data, want)
}

func crawlAndCompare(t *testing.T, when, config, data string, want []mention.Mention) {
	t.Helper()
	if out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput(); err != nil {
		t.Fatalf("crawl %s: %v\n%s", when, err, out)
	}
	got := exported(t, data)
	if diff := gocmp.Diff(sortedByID(want), sortedByID(got)); diff != "" {
		t.Errorf("%s the mentions differ from an undisturbed run's:\n%s", when, diff)
	}
}

func sortedByID(ms []mention.Mention) []mention.Mention {
	slices.SortFunc(ms, func(a, b mention.Mention) int { return strings.Compare(a.ID, b.ID) })
	return ms
}

// TestATermSignalStopsACrawlWithinTwoSeconds also holds that the stopped run
// goes on where it was.
func TestATermSignalStopsACrawlWithinTwoSeconds(t *testing.T) {
	m := startMarket(t)
	config := marketConfig(t, m)
	data := filepath.Join(t.TempDir(), "data")
	cmd := klankCommand(t, data, crawlArgs(config)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for tries := 0; len(m.Log()) < 10; tries++ { // it is in the middle of the crawl
		if time.Sleep(20 * time.Millisecond); tries > 1500 {
			t.Fatal("the crawl does not begin")
		}
	}
	start := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	err := cmd.Wait()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if err == nil || cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("a stopped crawl ended with %v\n%s", err, stderr.String())
	}
	if !bytes.Contains(stderr.Bytes(), []byte("nothing is lost")) {
		t.Errorf("the message does not say that nothing is lost:\n%s", stderr.String())
	}
	out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("going on with the run that was interrupted")) {
		t.Errorf("the next crawl did not go on: %v\n%s", err, out)
	}
	if got := exported(t, data); len(got) != len(m.Truth()) {
		t.Errorf("%d of %d mentions", len(got), len(m.Truth()))
	}
}
