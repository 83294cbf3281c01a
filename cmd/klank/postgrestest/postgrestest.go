// Package postgrestest has schemas of their own on the PostgreSQL that
// KLANK_TEST_POSTGRES names, for the tests of whoever keeps something there: of
// several stages, which is why it is with the command that joins them.
package postgrestest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// URL is the address of a new schema, which is dropped at the end. Without a
// server the test is skipped, or fails where KLANK_TEST_REQUIRE asks for one.
func URL(t testing.TB) string {
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
		if _, err := Open(t, server).Exec("DROP SCHEMA IF EXISTS " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return u.String()
}

// Open is a connection to look at what a test wrote.
func Open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
