package sqlite_test

import (
	"path/filepath"
	"testing"

	"klank/index"
	"klank/index/indextest"
	"klank/index/sqlite"
	"klank/mention"
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

func TestCloseTwiceIsFine(t *testing.T) {
	ix := open(t, filepath.Join(t.TempDir(), "index.db"))
	for range 2 {
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ix.Put(t.Context(), []mention.Mention{{ID: "x"}}); err == nil {
		t.Error("Put into a closed index passes")
	}
	if _, err := ix.Search(t.Context(), index.SearchRequest{}); err == nil {
		t.Error("Search in a closed index passes")
	}
}
