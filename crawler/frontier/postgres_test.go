package frontier_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/cmd/klank/postgrestest"
	"klank/crawler/frontier"
	"klank/crawler/frontier/frontiertest"
)

func openPostgres(t testing.TB, url string) *frontier.Postgres {
	t.Helper()
	f, err := frontier.OpenPostgres(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPostgres(t *testing.T) {
	frontiertest.Run(t, func(t *testing.T) func() frontier.Frontier {
		url := postgrestest.URL(t)
		return func() frontier.Frontier { return openPostgres(t, url) }
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	url := postgrestest.URL(t)
	openPostgres(t, url).Close()
	if _, err := postgrestest.Open(t, url).Exec("UPDATE frontier_version SET version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := frontier.OpenPostgres(t.Context(), url); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Error(err)
	}
}

func TestProcessesMayMakeTheTablesAtTheSameTime(t *testing.T) {
	url := postgrestest.URL(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			f, err := frontier.OpenPostgres(context.Background(), url)
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
	var runs int
	if err := postgrestest.Open(t, url).QueryRow("SELECT count(*) FROM runs").Scan(&runs); err != nil || runs != 1 {
		t.Errorf("%d runs were begun, want one for all: %v", runs, err)
	}
}

// A call that is cut off while it waits for a lock ends at once, and leaves
// nothing that the next call suffers from.
func TestPostgresCallsEndWithTheirContext(t *testing.T) {
	url := postgrestest.URL(t)
	f := openPostgres(t, url)
	defer f.Close()
	run, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	blocker, err := postgrestest.Open(t, url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec("SELECT id FROM sources FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := f.Add(ctx, run, []frontier.Link{{URL: "https://shop.example/"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("add: %v", err)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("the call ended after %v", d)
	}
	if err := blocker.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Add(t.Context(), run, []frontier.Link{{URL: "https://shop.example/"}}); n != 1 || err != nil {
		t.Errorf("the next call: %d, %v", n, err)
	}
}

func TestPostgresThatIsAwayIsAnError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent := "postgres://me:secret@" + ln.Addr().String() + "/klank?sslmode=disable"
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, test := range map[string]struct {
		ctx context.Context
		url string
	}{
		"no answer, the context ends":    {ctx, silent},
		"no answer, the connection ends": {t.Context(), silent + "&connect_timeout=1"},
		"no port":                        {t.Context(), "postgres://me:secret@host:port/"},
	} {
		begin := time.Now()
		_, err := frontier.OpenPostgres(test.ctx, test.url)
		if err == nil || strings.Contains(err.Error(), "secret") || time.Since(begin) > 10*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(begin))
		}
	}
	ln.Close()
	if _, err = frontier.OpenPostgres(t.Context(), silent); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("connection refused: %v", err)
	}
}

func TestPostgresIsUsedAgainAfterItsRestart(t *testing.T) {
	url := postgrestest.URL(t) + "&application_name=restart"
	f := openPostgres(t, url)
	defer f.Close()
	var wg sync.WaitGroup
	for i := range 12 { // all connections are made
		wg.Go(func() {
			if _, _, err := f.BeginRun(context.Background(), fmt.Sprint("shop", i), frontier.Plan{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var ended int
	err := postgrestest.Open(t, url).QueryRow(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE application_name = 'restart' AND pid <> pg_backend_pid()`).Scan(&ended)
	if err != nil || ended < 2 {
		t.Fatalf("%d connections ended: %v", ended, err)
	}
	if all, err := f.Stats(t.Context()); len(all) != 12 || err != nil {
		t.Errorf("after the restart: %d sources, %v", len(all), err)
	}
}
