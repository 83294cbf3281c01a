// Package desk keeps what people and alerts add to what was collected: how far
// a mention has been answered, labels that were corrected, what was sent to
// whom. Nothing of it can be made again from saved pages, so that it stands
// apart from the index, which can: a dropped index takes none of it along.
//
// It is one small SQLite file (desk.db in the data folder), or tables in the
// PostgreSQL that several machines share. Both run the same statements.
package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Store is an open desk. It is safe for concurrent use, also by several
// processes.
type Store struct {
	db *sql.DB
	// where names the file or the server in errors.
	where string
	file  bool
}

// tables are the statements that make what is missing. They are of the SQL that
// SQLite and PostgreSQL have in common; times are Unix milliseconds.
var tables = []string{usersTable, sessionsTable, tokensTable, auditTable, casesTable, correctionsTable, queriesTable,
	alertRulesTable, alertSeenTable, alertEventsTable, alertSubjectsTable, alertMessagesTable, alertPartsTable, alertSubjectsIndex, alertSeenIndex,
	holdersTable, ordersTable, secretTable}

const (
	// schema is where the tables are in PostgreSQL, unless the URL names a
	// search_path.
	schema = "klank"
	// makeLock is the advisory lock of those who make tables.
	makeLock = 0x6465736b // "desk"
	// busyTimeout bounds the wait for another process's lock on the file.
	busyTimeout = 10 * time.Second
)

// Open opens the desk in the file at path, and makes it where there is none.
func Open(ctx context.Context, path string) (*Store, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "synchronous(full)", "secure_delete(1)",
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("desk: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // what is asked of it is little, and takes turns
	s := &Store{db: db, where: path, file: true}
	if err := s.make(ctx, nil); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// OpenPostgres opens the desk in the database that url names (see
// frontier.OpenPostgres), and makes its tables where there are none. Errors
// tell nothing of the password.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("desk: PostgreSQL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = busyTimeout
	}
	for name, value := range map[string]string{"search_path": schema, "application_name": "klank", "statement_timeout": "18s"} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	s := &Store{db: stdlib.OpenDB(*config), where: "PostgreSQL on " + config.Host}
	s.db.SetMaxOpenConns(4)
	s.db.SetConnMaxIdleTime(time.Minute)
	space := pgx.Identifier{config.RuntimeParams["search_path"]}.Sanitize()
	if err := s.make(ctx, []string{fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", makeLock),
		"CREATE SCHEMA IF NOT EXISTS " + space}); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

// make makes the tables that are missing, after the statements of first.
func (s *Store) make(ctx context.Context, first []string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, statement := range append(first, tables...) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close ends the connections.
func (s *Store) Close() error { return s.db.Close() }

// Backup writes the desk as it is at this moment into a new file, while others
// work with it. A PostgreSQL is for its own tools to back up.
func (s *Store) Backup(ctx context.Context, path string) error {
	if !s.file {
		return fmt.Errorf("desk: %s is backed up by its own tools", s.where)
	}
	_, err := s.db.ExecContext(ctx, "VACUUM INTO $1", path)
	return s.wrap(err)
}

// write runs fn in a transaction.
func (s *Store) write(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(tx); err != nil {
		return s.wrap(err)
	}
	return s.wrap(tx.Commit())
}

// wrap names the desk in an error, and says what to do where that is known.
func (s *Store) wrap(err error) error {
	if err == nil || errors.Is(err, ErrConflict) {
		return err
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("desk: %w: no space left for %s; free some and try again", err, s.where)
		case sqlite3.SQLITE_BUSY:
			return fmt.Errorf("desk: %w: another process has held %s for %s; try again", err, s.where, busyTimeout)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
			return fmt.Errorf("desk: %w: %s cannot be written; check the rights on the file and its folder", err, s.where)
		}
	}
	return fmt.Errorf("desk: %s: %w", s.where, err)
}
