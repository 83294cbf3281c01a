package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"klank/index/query"
)

// together has calls share a transaction, in their order: each waits for the
// writer before the next one is made.
func together(t *testing.T, ix *Index, calls ...func() error) {
	t.Helper()
	w := ix.writer
	w.mu.Lock()
	var wg sync.WaitGroup
	for i, call := range calls {
		wg.Go(func() {
			if err := call(); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
		for queued := 0; queued <= i; time.Sleep(time.Millisecond) {
			w.queueMu.Lock()
			queued = len(w.queue)
			w.queueMu.Unlock()
		}
	}
	w.mu.Unlock()
	wg.Wait()
}

// The words of new mentions go into the full-text index at the end of a
// transaction; what another writer deletes or edits in it is among them.
func TestWordsAreRightWhenWritersShareATransaction(t *testing.T) {
	ix := mustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	put := func(prefix string) func() error {
		return func() error { _, err := ix.Put(context.Background(), some(prefix, 5)); return err }
	}
	deleteOf := func(q query.Node) func() error {
		return func() error { _, err := ix.Delete(context.Background(), q); return err }
	}
	edited := some("edited", 1)
	edited[0].Text = "Bezorging geslaagd"
	together(t, ix, put("gone"), put("kept"), put("edited"),
		deleteOf(&query.Text{Words: []string{"gone"}}),
		func() error { _, err := ix.Put(context.Background(), edited); return err },
		put("late"), deleteOf(&query.Term{Field: "brand", Value: "blate"}), put("last"))
	for word, want := range map[string]int{"gone": 0, "kept": 5, "edited": 4, "geslaagd": 1, "late": 0, "last": 5, "levering": 14} {
		if n := total(t, ix, &query.Text{Words: []string{word}}); n != want {
			t.Errorf("%s finds %d, want %d", word, n, want)
		}
	}
	intact(t, ix)
}

// So do the values of new sets: what asks for them finds them.
func TestValuesAreThereWhenWritersShareATransaction(t *testing.T) {
	ix := mustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	old := some("old", 40)
	for i := range old {
		old[i].Source.Name, old[i].Collected = "feed", time.Now().Add(-time.Hour)
	}
	n := 0
	together(t, ix,
		func() error { _, err := ix.Put(context.Background(), old); return err },
		func() (err error) { n, err = ix.Expire(context.Background(), "feed", time.Now(), false); return err },
		func() error { _, err := ix.Put(context.Background(), some("new", 40)); return err })
	if n != 40 || total(t, ix, nil) != 40 {
		t.Errorf("%d of 40 are deleted, %d of 40 stay", n, total(t, ix, nil))
	}
	if got := total(t, ix, &query.Term{Field: "author", Value: "knew-7"}); got != 1 {
		t.Errorf("%d are found by the author", got)
	}
	intact(t, ix)
}

func TestABackupIsOfOneMomentWhileOthersWrite(t *testing.T) {
	dir := t.TempDir()
	ix := mustOpen(t, filepath.Join(dir, "index.db"))
	const size = 7 // of a batch: all of it is in a backup or nothing
	mustPut(t, ix, some("first", size))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := ix.Put(context.Background(), some(fmt.Sprint("more", i), size)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprint("copy", i, ".db"))
		if err := ix.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if err := ix.Backup(t.Context(), path); err == nil {
			t.Error("a backup replaces another file")
		}
		c := mustOpen(t, path)
		if n := total(t, c, nil); n < size || n%size != 0 || total(t, c, &query.Text{Words: []string{"levering"}}) != n {
			t.Errorf("the copy holds %d mentions, of batches of %d", n, size)
		}
		if err := c.Check(t.Context()); err != nil {
			t.Errorf("the copy: %v", err)
		}
		if c.Generation() != ix.Generation() {
			t.Error("the copy is of another generation")
		}
	}
	close(stop)
	<-done
}
