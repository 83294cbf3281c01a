package sqlite_test

import (
	"path/filepath"
	"testing"

	"klank/index"
	"klank/index/indextest"
	"klank/index/sqlite"
)

func open(t *testing.T, path string) *sqlite.Index {
	t.Helper()
	ix, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func TestIndex(t *testing.T) {
	indextest.Run(t, func(t *testing.T) index.Index { return open(t, filepath.Join(t.TempDir(), "index.db")) })
}
