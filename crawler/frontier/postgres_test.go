package frontier_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"klank/crawler/frontier"
	"klank/crawler/frontier/frontiertest"
)

// postgresURL is the address of a new schema, which is dropped at the end.
func postgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("KLANK_TEST_POSTGRES")
	if server == "" {
		if strings.Contains(os.Getenv("KLANK_TEST_REQUIRE"), "postgres") {
			t.Fatal("KLANK_TEST_POSTGRES names no server, and KLANK_TEST_REQUIRE asks for one")
		}
		t.Skip("skipped: KLANK_TEST_POSTGRES names no PostgreSQL server (postgres://…)")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	schema := "klank_test_" + strings.ToLower(rand.Text()[:12])
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	t.Cleanup(func() {
		if _, err := database(t, server).Exec("DROP SCHEMA IF EXISTS " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return u.String()
}

func database(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

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
		url := postgresURL(t)
		return func() frontier.Frontier { return openPostgres(t, url) }
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	url := postgresURL(t)
	openPostgres(t, url).Close()
	if _, err := database(t, url).Exec("UPDATE frontier_version SET version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := frontier.OpenPostgres(t.Context(), url); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Error(err)
	}
}

func TestProcessesMayMakeTheTablesAtTheSameTime(t *testing.T) {
	url := postgresURL(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			f, err := frontier.OpenPostgres(context.Background(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := f.BeginRun(context.Background(), "shop"); err != nil {
				t.Error(err)
			}
			f.Close()
		})
	}
	wg.Wait()
	var runs int
	if err := database(t, url).QueryRow("SELECT count(*) FROM runs").Scan(&runs); err != nil || runs != 1 {
		t.Errorf("%d runs were begun, want one for all: %v", runs, err)
	}
}

// A call that is cut off while it waits for a lock ends at once, and leaves
// nothing that the next call suffers from.
func TestPostgresCallsEndWithTheirContext(t *testing.T) {
	url := postgresURL(t)
	f := openPostgres(t, url)
	defer f.Close()
	run, _, err := f.BeginRun(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	blocker, err := database(t, url).BeginTx(t.Context(), nil)
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

// A worker that was stopped in the middle of a call holds locks; the lease
// goes to another all the same, and what the first still writes is refused.
func TestPostgresDatabaseAwayIsAnError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	_, err = frontier.OpenPostgres(t.Context(), "postgres://me:secret@"+address+"/klank")
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("refused connection: %v", err)
	}
	if _, err := frontier.OpenPostgres(t.Context(), "postgres://me:secret@host:port/"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("bad URL: %v", err)
	}
}
