package frontier_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/crawler/frontier"
	"klank/crawler/frontier/frontiertest"
)

func open(t testing.TB, path string) *frontier.SQLite {
	t.Helper()
	f, err := frontier.OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSQLite(t *testing.T) {
	frontiertest.Run(t, func(t *testing.T) func() frontier.Frontier {
		path := filepath.Join(t.TempDir(), "a folder?", "frontier.db")
		return func() frontier.Frontier { return open(t, path) }
	})
}

func TestNewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontier.db")
	open(t, path).Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := frontier.OpenSQLite(path); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Error(err)
	}
}

func TestUnusableFileSaysSo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "frontier.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := frontier.OpenSQLite(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("not a database: %v", err)
	}
	if _, err := frontier.OpenSQLite(filepath.Join(path, "frontier.db")); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("below a file: %v", err)
	}
}

func TestClosedFrontierIsAnError(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "frontier.db"))
	f.Close()
	if _, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{}); err == nil {
		t.Error("BeginRun after Close")
	}
	if err := f.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestProcessesMayMakeTheFileAtTheSameTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "frontier.db")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			f, err := frontier.OpenSQLite(path)
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := f.BeginRun(context.Background(), "shop", frontier.Plan{}); err != nil {
				t.Error(err)
			}
			f.Close()
		})
	}
	wg.Wait()
}

// A context may end at any moment of a call; the next call must not suffer.
func TestCallsAfterACanceledOneWork(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "frontier.db"))
	defer f.Close()
	run, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(i%100)*time.Microsecond, cancel)
		_, err := f.Add(ctx, run, []frontier.Link{{URL: fmt.Sprintf("https://shop.example/%d", i)}})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := f.Add(t.Context(), run, []frontier.Link{{URL: "https://shop.example/"}}); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
}

const holdEnv = "KLANK_TEST_HOLD_LEASE"

// TestMain also is the processes that tests kill.
func TestMain(m *testing.M) {
	var err error
	switch path, name := os.Getenv(holdEnv), os.Getenv(drainEnv); {
	case path != "":
		err = holdLease(path)
	case name != "":
		err = drain(name, os.Getenv(drainSiteEnv))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// holdLease leases and claims, says so, and waits to be killed.
func holdLease(path string) error {
	ctx := context.Background()
	f, err := frontier.OpenSQLite(path)
	if err != nil {
		return err
	}
	run, _, err := f.BeginRun(ctx, "shop", frontier.Plan{})
	if err != nil {
		return err
	}
	if _, err := f.Add(ctx, run, []frontier.Link{{URL: "https://shop.example/"}}); err != nil {
		return err
	}
	l, err := f.Lease(ctx, []string{"shop"}, time.Hour)
	if err != nil || l == nil {
		return fmt.Errorf("lease %v: %w", l, err)
	}
	if _, err := f.Claim(ctx, l, 1); err != nil {
		return err
	}
	fmt.Println("leased")
	time.Sleep(time.Minute)
	return nil
}

func TestKilledProcessFreesItsLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontier.db")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	if n, err := out.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "leased") {
		t.Fatalf("helper: %q, %v", buf[:n], err)
	}
	f := open(t, path)
	defer f.Close()
	if _, resumed, err := f.BeginRun(t.Context(), "shop", frontier.Plan{}); err != nil || !resumed {
		t.Fatal(resumed, err)
	}
	if l, err := f.Lease(t.Context(), []string{"shop"}, time.Minute); l != nil || err != nil {
		t.Fatalf("the lease of a living process was taken: %v, %v", l, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if _, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{}); err != nil {
		t.Fatal(err)
	}
	l, err := f.Lease(t.Context(), []string{"shop"}, time.Minute)
	if l == nil || err != nil {
		t.Fatalf("the lease of a killed process is not free: %v, %v", l, err)
	}
	if u, err := f.Claim(t.Context(), l, 1); len(u) != 1 || err != nil {
		t.Fatal(u, err)
	}
}
