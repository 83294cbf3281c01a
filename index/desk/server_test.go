package desk

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// everywhere runs a test with a desk in a file and with one in PostgreSQL.
// place opens as SQL does (openAny), any number of times.
func everywhere(t *testing.T, test func(t *testing.T, place string)) {
	t.Run("file", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "desk.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgresURL(t)) })
}

// openAny opens the file or the database that place stands for.
func openAny(place string) (*Store, error) {
	if strings.HasPrefix(place, "postgres://") {
		return OpenPostgres(context.Background(), place)
	}
	return Open(context.Background(), place)
}

func openTest(t testing.TB, place string) *Store {
	t.Helper()
	s, err := openAny(place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

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
	space := "klank_test_" + strings.ToLower(rand.Text()[:12])
	q := u.Query()
	q.Set("search_path", space)
	u.RawQuery = q.Encode()
	t.Cleanup(func() {
		db, err := sql.Open("pgx", server)
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		if _, err := db.Exec("DROP SCHEMA IF EXISTS " + space + " CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return u.String()
}
