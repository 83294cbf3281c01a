package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"klank/index"
	"klank/index/indextest"
	"klank/index/sqlite"
	"klank/mention"
)

// Writers that wait for another process are many by the time it is done, and
// go on in one transaction.
func TestWritesThatComeTogetherStandOrFallAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.db")
	ix, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	other, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	g := indextest.NewGenerator(1)
	const writers, bad, late = 50, 7, 20
	changes, errs := make([][]index.Change, writers), make([]error, writers)
	var wg, begun sync.WaitGroup
	for i := range writers {
		ctx, m := t.Context(), g.Mention(i)
		switch i {
		case bad:
			m.Rating = &mention.Rating{Value: math.NaN()} // JSON has none
		case late:
			ctx = cancelled
		}
		begun.Add(1)
		wg.Go(func() {
			begun.Done()
			changes[i], errs[i] = ix.Put(ctx, []mention.Mention{m})
		})
	}
	begun.Wait()
	cancel()
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for i, err := range errs {
		switch {
		case i == bad && (err == nil || !strings.Contains(err.Error(), "NaN")):
			t.Errorf("the mention that cannot be written: %v", err)
		case i == late && err != nil && err.Error() != "index: put: context canceled":
			t.Errorf("the writer that gave up: %v", err)
		case i != bad && i != late && (err != nil || fmt.Sprint(changes[i]) != "[new]"):
			t.Errorf("writer %d: %v, %v", i, changes[i], err)
		}
	}
	stored := 0
	if err := ix.Scan(t.Context(), nil, func(m *mention.Mention) error { stored++; return nil }); err != nil {
		t.Fatal(err)
	}
	if stored < writers-2 || stored > writers-1 {
		t.Errorf("%d mentions are stored", stored)
	}
	r, err := ix.Search(t.Context(), index.SearchRequest{Limit: 1})
	if err != nil || r.Total != stored {
		t.Errorf("%d are found, %v", r.Total, err)
	}
}
