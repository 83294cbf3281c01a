package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"klank/cmd/klank/postgrestest"
)

// TestAPostgreSQLMayKeepTheFrontier crawls the market twice with the state of
// the crawl in PostgreSQL: everything once, then nothing again.
func TestAPostgreSQLMayKeepTheFrontier(t *testing.T) {
	t.Setenv("KLANK_TEST_FRONTIER", postgrestest.URL(t))
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
	data := filepath.Join(t.TempDir(), "data")
	for _, want := range []string{fmt.Sprintf("%d new", len(m.Truth())), " 0 new, 0 changed"} {
		out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte(want)) {
			t.Fatalf("crawl: %v, want %q in\n%s", err, want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(data, frontierFile)); err == nil {
		t.Error("a frontier.db was made although PostgreSQL keeps the frontier")
	}
	out, err := klankCommand(t, data, "status", "--config", config).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("kruimelhof")) {
		t.Errorf("status: %v\n%s", err, out)
	}

	// With the database away nothing is fetched, and the message says so.
	t.Setenv("KLANK_TEST_FRONTIER", "postgres://klank@127.0.0.1:1/postgres?sslmode=disable")
	before := len(m.Log())
	out, err = klankCommand(t, data, crawlArgs(config)...).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("frontier")) {
		t.Errorf("crawl without the database: %v\n%s", err, out)
	}
	if n := len(m.Log()) - before; n != 0 {
		t.Errorf("%d requests without the database", n)
	}
	t.Setenv("KLANK_TEST_FRONTIER", "")
	out, err = klankCommand(t, data, crawlArgs(config)...).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("environment variable KLANK_TEST_FRONTIER is not set")) {
		t.Errorf("crawl without the variable: %v\n%s", err, out)
	}
}
