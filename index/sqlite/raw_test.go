package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"klank/index"
)

func TestAWalkEndsWhenItIsToldAndHoldsNothing(t *testing.T) {
	ix := mustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	mustPut(t, ix, some("many", 3000))
	enough := errors.New("enough")
	for range 3 * maxReaders { // more than there are connections
		ctx, cancel := context.WithCancel(t.Context())
		rows := 0
		err := ix.ScanRows(ctx, nil, []string{"brand"}, func(*index.Row) error {
			rows++
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) || rows > 1024 {
			t.Fatalf("told after the first row, it ends after %d: %v", rows, err)
		}
		rows = 0
		if err := ix.ScanRows(t.Context(), nil, nil, func(*index.Row) error { rows++; return enough }); err != enough || rows != 1 {
			t.Fatalf("after an error of who walks: %d rows, %v", rows, err)
		}
	}
	if n := total(t, ix, nil); n != 3000 {
		t.Errorf("%d mentions afterwards", n)
	}
}
