package sqlite

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"klank/index"
)

// wrap turns an error into one that says what happened to which file and
// what to do about it.
func (ix *Index) wrap(what string, err error) error {
	if err == nil || errors.Is(err, index.ErrNotFound) || errors.Is(err, index.ErrRequest) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("index: %s: %w", what, err)
	}
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return fmt.Errorf("index: %s: %s: %w", what, ix.path, err)
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_INTERRUPT:
		return fmt.Errorf("index: %s: %w", what, context.Canceled)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("index: %s is damaged: %w; restore it from a backup, or delete it and crawl again", ix.path, err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("index: %s is no index (or is damaged): %w; restore it from a backup, or delete it and crawl again", ix.path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("index: %s: no space left for %s: %w; nothing of this batch is stored, free some space and go on", what, ix.path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return fmt.Errorf("index: %s: %s cannot be written: %w; check the rights on the file and its folder", what, ix.path, err)
	case sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("index: %s: %s cannot be opened: %w; check that it is a file and the rights on its folder", what, ix.path, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("index: %s: %s is in use by another process: %w; try again", what, ix.path, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("index: %s: %s cannot be read or written: %w; check the disk", what, ix.path, err)
	}
	return fmt.Errorf("index: %s: %s: %w", what, ix.path, err)
}
