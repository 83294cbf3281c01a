package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/cmd/klank/postgrestest"
	"klank/index/indextest"
)

// TestTwoMachinesShareTheWork crawls the market from two data folders, as two
// machines have them, over one PostgreSQL, one Elasticsearch and one folder of
// saved pages. One is killed in the middle, and the other goes on with what it
// has saved: the mentions are those of a crawl by one machine that nobody
// disturbed.
func TestTwoMachinesShareTheWork(t *testing.T) {
	url, prefix := indextest.Cluster(t)
	t.Setenv("KLANK_TEST_FRONTIER", postgrestest.URL(t))
	m := startMarket(t)
	plain := marketConfig(t, m)
	calm := filepath.Join(t.TempDir(), "calm")
	if out, err := klankCommand(t, calm, crawlArgs(plain)...).CombinedOutput(); err != nil {
		t.Fatalf("the undisturbed crawl: %v\n%s", err, out)
	}
	shared := sharedConfig(t, elasticConfigFile(t, plain, url, prefix))
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	shareSecret(t, calm, one)
	shareSecret(t, calm, two)

	killed := klankCommand(t, one, crawlArgs(shared)...)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for tries := 0; len(m.Log()) < len(m.Truth())/4; tries++ { // it is in the middle of the crawl
		if time.Sleep(10 * time.Millisecond); tries > 3000 {
			t.Fatal("the crawl does not begin")
		}
	}
	killed.Process.Signal(syscall.SIGKILL)
	killed.Wait()
	var both sync.WaitGroup
	for _, data := range []string{one, two} {
		both.Go(func() {
			if out, err := klankCommand(t, data, crawlArgs(shared)...).CombinedOutput(); err != nil {
				t.Errorf("crawl on %s: %v\n%s", filepath.Base(data), err, out)
			}
		})
	}
	both.Wait()
	if out, err := klankCommand(t, two, crawlArgs(shared)...).CombinedOutput(); err != nil || !bytes.Contains(out, []byte(" 0 new")) {
		t.Errorf("a last crawl: %v\n%s", err, out)
	}
	if diff := cmp.Diff(sortedByID(exported(t, calm)), sortedByID(exported(t, two, "--config", shared))); diff != "" {
		t.Errorf("the mentions are not those of one machine (-one +two):\n%.2000s", diff)
	}
	for host, gap := range m.MinGap() {
		if gap < 45*time.Millisecond { // at 20 a second
			t.Errorf("two requests to %s are %s apart", host, gap)
		}
	}
}

// sharedConfig is a configuration with the frontier in a PostgreSQL and a folder
// of saved pages that is in no data folder.
func sharedConfig(t *testing.T, config string) string {
	t.Helper()
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte(`postgres_env: ""`), []byte("postgres_env: KLANK_TEST_FRONTIER"), 1)
	b = bytes.Replace(b, []byte("snapshots:\n  dir: \"\"\n"), fmt.Appendf(nil, "snapshots:\n  dir: %q\n", filepath.Join(t.TempDir(), "saved")), 1)
	if !bytes.Contains(b, []byte("KLANK_TEST_FRONTIER")) || bytes.Contains(b, []byte("snapshots:\n  dir: \"\"")) {
		t.Fatalf("the configuration has neither:\n%s", b)
	}
	file := filepath.Join(t.TempDir(), "shared.yaml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
