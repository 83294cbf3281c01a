package frontier

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// SQLite is a Frontier in one SQLite file. Several processes on one machine
// may share it; it is not for network file systems.
//
// The file is in WAL mode with synchronous=NORMAL. A killed process loses
// nothing that a method has returned from. A power cut can undo the last
// transactions, never tear one: the URLs are then where they were a moment
// before (done becomes fetched again, fetched becomes pending), and the work
// is done once more. As handling is idempotent, that loses time, not
// mentions; FULL would buy that time back with two waits for the disk a page.
//
// One connection writes, in transactions of a few milliseconds that begin
// with BEGIN IMMEDIATE; others read.
type SQLite struct {
	read *sql.DB
	db   *sql.DB // the writer's pool of one
	conn *sql.Conn
	lock chan struct{} // holds one token while conn is in use
	// stmts are the prepared statements of conn, by their text.
	stmts map[string]*sql.Stmt
	// budgets are the rows of budget keys, so that not every link asks.
	budgets map[string]int64
}

// busyTimeout is how long a transaction waits for another process's.
const busyTimeout = 10 * time.Second

// migrations bring a file from version i to i+1 (PRAGMA user_version).
var migrations = []string{`
CREATE TABLE sources (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
CREATE TABLE runs (
	seq      INTEGER PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	source   INTEGER NOT NULL,
	started  INTEGER NOT NULL,           -- times are Unix milliseconds; 0 is never
	ended    INTEGER NOT NULL DEFAULT 0,
	status   TEXT NOT NULL,
	prepared INTEGER NOT NULL DEFAULT 0, -- 1 when every known URL is due again
	pages    INTEGER NOT NULL DEFAULT 0,
	bytes    INTEGER NOT NULL DEFAULT 0,
	errors   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_source ON runs (source, ended);
CREATE TABLE budgets (
	id      INTEGER PRIMARY KEY,
	key     TEXT NOT NULL UNIQUE,
	token   INTEGER NOT NULL DEFAULT 0,
	expires INTEGER NOT NULL DEFAULT 0,  -- of the lease; 0 when there is none
	paused  INTEGER NOT NULL DEFAULT 0,  -- nobody leases the key until then
	source  INTEGER NOT NULL DEFAULT 0,  -- whose URLs the lease is for
	owner   TEXT NOT NULL DEFAULT ''     -- the process that holds the lease
);
CREATE TABLE queues (
	source   INTEGER NOT NULL,
	budget   INTEGER NOT NULL,
	next_due INTEGER,                    -- of the earliest URL; NULL when none waits
	PRIMARY KEY (source, budget)
);
CREATE INDEX queues_due ON queues (next_due);
CREATE TABLE urls (
	id            INTEGER PRIMARY KEY,
	source        INTEGER NOT NULL,
	url           TEXT NOT NULL,
	budget        INTEGER NOT NULL,
	state         INTEGER NOT NULL,
	priority      INTEGER NOT NULL,
	due           INTEGER NOT NULL,
	depth         INTEGER NOT NULL,
	hops          INTEGER NOT NULL,
	attempts      INTEGER NOT NULL DEFAULT 0,
	lease         INTEGER NOT NULL DEFAULT 0, -- the token of the worker that has it
	run           INTEGER NOT NULL,
	settled       INTEGER NOT NULL DEFAULT 0, -- when it was last done, failed or dead
	class         TEXT NOT NULL DEFAULT '',
	message       TEXT NOT NULL DEFAULT '',
	snapshot      TEXT NOT NULL DEFAULT '',
	sha256        TEXT NOT NULL DEFAULT '',
	etag          TEXT NOT NULL DEFAULT '',
	last_modified TEXT NOT NULL DEFAULT '',
	generation    TEXT NOT NULL DEFAULT '',
	UNIQUE (source, url)
);
CREATE INDEX urls_due ON urls (source, budget, state, priority, due, id);
CREATE INDEX urls_dead ON urls (settled, id) WHERE state = 5;
`}

// OpenSQLite opens the frontier in the file at path and makes file and folder
// when they are missing. It refuses a file of a newer version.
func OpenSQLite(path string) (*SQLite, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("frontier: cannot make the folder: %w", err)
	}
	options := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(NORMAL)", "temp_store(MEMORY)", "cache_size(-16000)",
	}}
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + options.Encode()
	s := &SQLite{lock: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}, budgets: map[string]int64{}}
	err := s.open(name)
	if err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("frontier: open %s: %w", path, err)
	}
	return s, nil
}

func (s *SQLite) open(name string) (err error) {
	if s.db, err = sql.Open("sqlite", name); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if s.conn, err = s.db.Conn(context.Background()); err != nil {
		return err
	}
	if err = s.migrate(context.Background()); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", name); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(2)
	return nil
}

func (s *SQLite) migrate(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		var version int
		if err := t.row("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("the file has version %d, this program knows %d: use a newer klank", version, len(migrations))
		}
		if version == len(migrations) {
			return nil
		}
		for _, m := range migrations[version:] {
			if _, err := s.conn.ExecContext(t.ctx, m); err != nil {
				return err
			}
		}
		_, err := s.conn.ExecContext(t.ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
		return err
	})
}

// Close ends the connections. Leases that are still held expire.
func (s *SQLite) Close() error {
	var errs []error
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	s.stmts = nil
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
		s.conn = nil
	}
	for _, db := range []*sql.DB{s.db, s.read} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	s.db, s.read = nil, nil
	return errors.Join(errs...)
}

// tx is a write transaction. Its context does not end: a transaction is
// short, and one that is cut off half-way helps nobody.
type tx struct {
	s   *SQLite
	ctx context.Context
	now int64
}

// write runs fn in a transaction that takes the write lock at once. While it
// waits for its turn or the lock it stops when ctx ends.
func (s *SQLite) write(ctx context.Context, fn func(*tx) error) (err error) {
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.conn == nil {
		return errors.New("frontier: closed")
	}
	t := &tx{s: s, ctx: context.WithoutCancel(ctx)}
	if _, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		// When the context ends at this moment the driver reports that, and
		// the transaction may have begun nevertheless.
		_, _ = s.conn.ExecContext(t.ctx, "ROLLBACK")
		return fmt.Errorf("frontier: begin: %w", err)
	}
	t.now = time.Now().UnixMilli()
	defer func() {
		if err != nil {
			_, _ = s.conn.ExecContext(t.ctx, "ROLLBACK")
			clear(s.budgets) // rows made by this transaction are gone
		}
	}()
	if err := fn(t); err != nil {
		if errors.Is(err, ErrLeaseLost) {
			return err
		}
		return fmt.Errorf("frontier: %w", err)
	}
	if _, err := s.conn.ExecContext(t.ctx, "COMMIT"); err != nil {
		return fmt.Errorf("frontier: commit: %w", err)
	}
	return nil
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if st := t.s.stmts[query]; st != nil {
		return st, nil
	}
	st, err := t.s.conn.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.s.stmts[query] = st
	return st, nil
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	st, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

type row struct {
	r   *sql.Row
	err error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	return r.r.Scan(dest...)
}

func (t *tx) row(query string, args ...any) row {
	st, err := t.stmt(query)
	if err != nil {
		return row{err: err}
	}
	return row{r: st.QueryRowContext(t.ctx, args...)}
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(t.ctx, args...)
}

// millis stores a time; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
