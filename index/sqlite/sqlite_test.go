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

func TestChangesOfOtherProcessesAreTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	one, other := open(t, path), open(t, path)
	defer other.Close()
	token := func(ix *sqlite.Index) string {
		t.Helper()
		s, err := ix.Changed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := token(one)
	if _, err := other.Put(t.Context(), []mention.Mention{{ID: "x", Text: "Prima"}}); err != nil {
		t.Fatal(err)
	}
	after := token(one)
	if after == before || after != token(other) {
		t.Errorf("the token is %s before and %s after, and %s to who wrote", before, after, token(other))
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	defer again.Close()
	if got := token(again); got != after {
		t.Errorf("opened again the token is %s, not %s", got, after)
	}
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
