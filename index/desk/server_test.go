package desk

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"klank/cmd/klank/postgrestest"
)

// everywhere runs a test with a desk in a file and with one in PostgreSQL.
// place opens as SQL does (openAny), any number of times.
func everywhere(t *testing.T, test func(t *testing.T, place string)) {
	t.Run("file", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "desk.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgrestest.URL(t)) })
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
