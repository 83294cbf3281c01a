package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"klank/cmd/klank/market"
)

// TestKilledProcessesLoseNothingAndKeepTheInterval kills, at random moments,
// one of the processes that crawl one data folder, and starts another for it:
// the mentions are those of an undisturbed run, and no host sees two requests
// closer than its interval, from whichever process. With KLANK_TEST_FAULTS=full
// it kills 20 times, and the frontier is in PostgreSQL too, where the hosts of
// a killed process are free after a minute.
func TestKilledProcessesLoseNothingAndKeepTheInterval(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: waits for several crawls")
	}
	full := os.Getenv("KLANK_TEST_FAULTS") == "full"
	kills := 5
	if full {
		kills = 20
	}
	for _, processes := range []int{1, 3} {
		t.Run(fmt.Sprintf("sqlite, %d at a time", processes), func(t *testing.T) {
			m := startMarket(t)
			killProcesses(t, m, marketConfig(t, m), processes, kills)
		})
		if !full {
			continue
		}
		t.Run(fmt.Sprintf("postgres, %d at a time", processes), func(t *testing.T) {
			t.Setenv("KLANK_TEST_FRONTIER", testPostgres(t))
			m := startMarket(t)
			config := marketConfig(t, m)
			b, err := os.ReadFile(config)
			if err != nil {
				t.Fatal(err)
			}
			b = bytes.Replace(b, []byte(`postgres_env: ""`), []byte("postgres_env: KLANK_TEST_FRONTIER"), 1)
			if err := os.WriteFile(config, b, 0o600); err != nil {
				t.Fatal(err)
			}
			killProcesses(t, m, config, processes, kills)
		})
	}
}

// killProcesses holds what is collected to the market's truth, which an
// undisturbed run collects whole.
func killProcesses(t *testing.T, m *market.Market, config string, processes, kills int) {
	data := filepath.Join(t.TempDir(), "killed")
	random := rand.New(rand.NewPCG(uint64(processes), uint64(kills)))
	start := func() *exec.Cmd {
		cmd := klankCommand(t, data, crawlArgs(config)...)
		cmd.Stderr = &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	var running []*exec.Cmd
	for range processes {
		running = append(running, start())
	}
	killed := 0
	for range kills {
		seen, until := len(m.Log()), 1+random.IntN(25)
		for tries := 0; len(m.Log()) < seen+until && tries < 400; tries++ { // a run may be at its end
			time.Sleep(5 * time.Millisecond)
		}
		i := random.IntN(len(running))
		_ = running[i].Process.Kill()
		if running[i].Wait() != nil {
			killed++
		}
		running[i] = start()
	}
	if killed < kills/2 {
		t.Errorf("only %d of %d crawls were killed before they ended", killed, kills)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil { // a source may want another look; the last crawl takes it
			t.Logf("a crawl ended with %v\n%s", err, cmd.Stderr)
		}
	}
	if out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput(); err != nil {
		t.Errorf("the last crawl: %v\n%s", err, out)
	}
	seen := map[string]bool{}
	for _, x := range exported(t, data) {
		seen[x.ID] = true
	}
	if want := len(m.Truth()); len(seen) != want {
		t.Errorf("%d mentions, want %d", len(seen), want)
	}
	for host, gap := range m.MinGap() {
		if gap < 45*time.Millisecond { // of 50
			t.Errorf("%s: two requests within %s", host, gap)
		}
	}
	t.Logf("killed %d times, %d requests", killed, len(m.Log()))
}
