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

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
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
	*store
	file *sqliteFile
}

// sqliteFile is the backend.
type sqliteFile struct {
	path  string
	reads *sql.DB
	db    *sql.DB // the writer's pool of one
	conn  *sql.Conn
	lock  chan struct{} // holds one token while conn is in use
	// stmts are the prepared statements of conn, by their text.
	stmts   map[string]*sql.Stmt
	budgets *budgetRows
}

// busyTimeout is how long a transaction waits for another process's.
const busyTimeout = 10 * time.Second

// OpenSQLite opens the frontier in the file at path and makes file and folder
// when they are missing. It refuses a file of a newer version.
func OpenSQLite(path string) (*SQLite, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("frontier: cannot make the folder: %w", err)
	}
	st := &store{dialect: dialect{elements: "json_each(?)", integer: "INTEGER", byStateIndex: " INDEXED BY urls_due", owner: process()}}
	f := &sqliteFile{path: path, lock: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}, budgets: &st.budgets}
	st.backend = f
	if err := f.open(); err != nil {
		_ = f.close()
		return nil, fmt.Errorf("frontier: open %s: %w", path, err)
	}
	return &SQLite{store: st, file: f}, nil
}

// The pages of the file that a connection keeps in memory, in KiB. What is read
// beside the writer is counted once and not looked up.
const (
	writerCache = 16000
	readerCache = 2000
)

// dataSource is the name by which the driver opens the file.
func dataSource(path string, cache int) string {
	options := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"synchronous(NORMAL)", "temp_store(MEMORY)", fmt.Sprintf("cache_size(-%d)", cache),
	}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + options.Encode()
}

func (f *sqliteFile) open() (err error) {
	if f.db, err = sql.Open("sqlite", dataSource(f.path, writerCache)); err != nil {
		return err
	}
	f.db.SetMaxOpenConns(1)
	if f.conn, err = f.db.Conn(context.Background()); err != nil {
		return err
	}
	if err = f.enterWAL(context.Background()); err != nil {
		return err
	}
	if err = f.migrate(context.Background()); err != nil {
		return err
	}
	if f.reads, err = sql.Open("sqlite", dataSource(f.path, readerCache)); err != nil {
		return err
	}
	f.reads.SetMaxOpenConns(2)
	return nil
}

// enterWAL puts the file into WAL mode, which it keeps. Where several processes
// make the file at the same moment SQLite answers busy at once, without the
// wait of the busy timeout, as none may give way while it holds a shared lock.
func (f *sqliteFile) enterWAL(ctx context.Context) error {
	for end := time.Now().Add(busyTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := f.conn.QueryRowContext(ctx, "PRAGMA journal_mode = wal").Scan(new(string))
		if !busy(err) || time.Now().After(end) {
			return err
		}
	}
}

func busy(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_BUSY
}

func (f *sqliteFile) migrate(ctx context.Context) error {
	return f.write(ctx, func(t *tx) error {
		var version int
		if err := t.row("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return newer("the file", version)
		}
		if version == len(migrations) {
			return nil
		}
		for _, m := range migrations[version:] {
			if _, err := f.conn.ExecContext(t.ctx, m); err != nil {
				return err
			}
		}
		_, err := f.conn.ExecContext(t.ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
		return err
	})
}

// Backup writes the frontier as it is at this moment into a new file, while
// others work with it. The file at path must not exist.
func (s *SQLite) Backup(ctx context.Context, path string) error {
	if _, err := s.file.reads.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("frontier: back up: %w", s.file.advise(err))
	}
	return nil
}

// Close ends the connections. Leases that are still held expire.
func (s *SQLite) Close() error { return s.file.close() }

func (f *sqliteFile) close() error {
	var errs []error
	for _, stmt := range f.stmts {
		errs = append(errs, stmt.Close())
	}
	f.stmts = nil
	if f.conn != nil {
		errs = append(errs, f.conn.Close())
		f.conn = nil
	}
	for _, db := range []*sql.DB{f.db, f.reads} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// read runs fn beside the writer.
func (f *sqliteFile) read(ctx context.Context, fn func(*tx) error) error {
	return fn(&tx{ctx: ctx, run: f.reads, now: time.Now().UnixMilli()})
}

// write runs fn in a transaction that takes the write lock at once. While it
// waits for its turn or the lock it stops when ctx ends; then it does not: a
// transaction is short, and one that is cut off half-way helps nobody.
func (f *sqliteFile) write(ctx context.Context, fn func(*tx) error) (err error) {
	select {
	case f.lock <- struct{}{}:
		defer func() { <-f.lock }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.conn == nil {
		return errors.New("frontier: closed")
	}
	t := &tx{ctx: context.WithoutCancel(ctx), run: f}
	defer func() { err = f.advise(err) }()
	if _, err := f.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		// When the context ends at this moment the driver reports that, and
		// the transaction may have begun nevertheless.
		_, _ = f.conn.ExecContext(t.ctx, "ROLLBACK")
		return fmt.Errorf("frontier: begin: %w", err)
	}
	t.now = time.Now().UnixMilli()
	defer func() {
		if err != nil {
			_, _ = f.conn.ExecContext(t.ctx, "ROLLBACK")
		}
	}()
	if err := fn(t); err != nil {
		if errors.Is(err, ErrLeaseLost) {
			return err
		}
		return fmt.Errorf("frontier: %w", err)
	}
	if _, err := f.conn.ExecContext(t.ctx, "COMMIT"); err != nil {
		return fmt.Errorf("frontier: commit: %w", err)
	}
	f.budgets.keep(t.made)
	return nil
}

// Compact implements Erasures.
func (f *sqliteFile) Compact(ctx context.Context) error {
	select {
	case f.lock <- struct{}{}:
		defer func() { <-f.lock }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.conn == nil {
		return errors.New("frontier: closed")
	}
	for _, s := range []string{"VACUUM", "PRAGMA wal_checkpoint(truncate)"} {
		if _, err := f.conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("frontier: compact: %w", f.advise(err))
		}
	}
	return nil
}

// advise adds to an error of the file what to do about it.
func (f *sqliteFile) advise(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: no space left for %s; free some and go on, nothing is lost", err, f.path)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%w: another process has held %s for %s; go on when it is done", err, f.path, busyTimeout)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %s cannot be read or written; check the disk", err, f.path)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%w: %s cannot be written; check the rights on the file and its folder", err, f.path)
	}
	return err
}

// insert implements backend, one link at a time: a statement that is prepared
// costs next to nothing here.
func (f *sqliteFile) insert(t *tx, source, run int64, links []found) (added []int64, known []found, err error) {
	for _, l := range links {
		n, err := t.exec(`INSERT INTO urls (source, url, budget, state, priority, due, depth, hops, run)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, url) DO NOTHING`,
			source, l.URL, l.budget, l.state(), l.Priority, t.now, l.Depth, l.Hops, run)
		switch {
		case err != nil:
			return nil, nil, err
		case n == 0:
			known = append(known, l)
		case !l.Later:
			added = append(added, l.budget)
		}
	}
	return added, known, nil
}

func (f *sqliteFile) stmt(query string) (*sql.Stmt, error) {
	if st := f.stmts[query]; st != nil {
		return st, nil
	}
	st, err := f.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	f.stmts[query] = st
	return st, nil
}

// ExecContext implements runner on the writer's connection.
func (f *sqliteFile) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := f.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// QueryContext implements runner on the writer's connection.
func (f *sqliteFile) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := f.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}
