// Package sqlite is the embedded index: one file (index.db, beside it its
// write-ahead log while it is open), no server. It answers everything that
// package index asks, and keeps runs and coverage too.
//
// It is for one machine. Several processes may open the file at once; writers
// take turns. What it is not for: network file systems, and many millions of
// mentions with several writers, where Elasticsearch stands in.
//
// # How it is stored
//
//	facts      one narrow row a mention: numbers, dates, and for every keyword
//	           field the number of its set of values; filters and counts read
//	           only this
//	sets       the distinct sets of values of each field, and members their
//	           values; a mention without a value has set 0
//	docs       the mention as JSON, compressed; revisions the earlier ones
//	words      a full-text index (FTS5, contentless) over words that package
//	           text has cut and stemmed: a plain and a stemmed column
//	pages      what the latest reading of each page gave: a byte or two a
//	           mention; absences what no page gives any more, in how many good
//	           runs (found names the run, until its readings can be relied on)
//	pending    what passes over the index have not looked at since it was
//	           stored or changed; near the keys of near-identical texts
//	aliases    the ids that edited texts would have; moves what came to pages
//	           and went from them in the latest run of each source
//	runs, coverage, meta
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Index is an index in a SQLite file. It implements index.Index, Getter,
// Deleter, Scanner, JSONScanner, RowScanner, Sampler, Rereader, Absences, Aliases, Expirer, Enrichable, Recorder, Generation, Changes, Checker and Compactor.
type Index struct {
	path       string
	generation string
	codec      *codec
	writer     *writer
	readers    *sql.DB
	rankedMost int // matches; maxRanked
}

// maxReaders bounds the questions that run at once; each holds a page cache
// of at most readerCache.
const maxReaders = 4

// Open opens the index file at path and creates it where there is none (its
// folder must exist). Errors say what is wrong with the file and what to do.
func Open(path string) (*Index, error) {
	ix := &Index{path: path, rankedMost: maxRanked}
	if err := ix.open(); err != nil {
		return nil, ix.wrap("open", err)
	}
	return ix, nil
}

func (ix *Index) open() (err error) {
	defer func() {
		if err != nil {
			ix.Close()
		}
	}()
	if dir := filepath.Dir(ix.path); !isDir(dir) {
		return fmt.Errorf("the folder %s does not exist", dir)
	}
	// The log is written back every 16 MB: pages that many writes change, once.
	db, err := sql.Open("sqlite", dsn(ix.path, "immediate", "synchronous(full)", "cache_size(-8192)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	ix.writer = &writer{db: db}
	if err = migrate(db); err != nil {
		return err
	}
	var dict []byte
	if err = db.QueryRow("SELECT (SELECT value FROM meta WHERE name = 'generation'), (SELECT value FROM meta WHERE name = 'dictionary')").Scan(&ix.generation, &dict); err != nil {
		return err
	}
	if ix.codec, err = newCodec(dict); err != nil {
		return err
	}
	if err = prepareAll(db, ix.writer.prepared()); err != nil {
		return err
	}
	if err = ix.refresh(context.Background()); err != nil {
		return err
	}
	ix.readers, err = sql.Open("sqlite", dsn(ix.path, "deferred", "cache_size(-16384)", "temp_store(memory)"))
	if err != nil {
		return err
	}
	ix.readers.SetMaxOpenConns(maxReaders)
	ix.readers.SetMaxIdleConns(maxReaders)
	return ix.readers.Ping()
}

func isDir(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}

// busyTimeout bounds the wait for another process's lock.
const busyTimeout = 10 * time.Second

// dsn spells a file name for the driver.
func dsn(path, txlock string, pragmas ...string) string {
	q := url.Values{"_txlock": {txlock}}
	for _, p := range append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "foreign_keys(0)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}

// Generation returns the random id given to this file when it was created.
func (ix *Index) Generation() string { return ix.generation }

// Changed returns the generation and the mark of the latest transaction; see
// index.Changes. It takes some ten microseconds.
func (ix *Index) Changed(ctx context.Context) (string, error) {
	var mark string
	err := ix.readers.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'changes'").Scan(&mark)
	if err != nil {
		return "", ix.wrap("changes", because(ctx, err))
	}
	return ix.generation + "-" + mark, nil
}

// Close waits for a Put that is running and closes the file; questions that
// are still running fail. It may be called more than once.
func (ix *Index) Close() error {
	var errs []error
	if ix.readers != nil {
		errs = append(errs, ix.readers.Close())
	}
	if ix.writer != nil {
		errs = append(errs, ix.writer.close())
	}
	return errors.Join(errs...)
}

// read runs fn in one read transaction: all it sees is of one moment.
func (ix *Index) read(ctx context.Context, what string, fn func(tx *sql.Tx) error) error {
	tx, err := ix.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err == nil {
		defer tx.Rollback()
		err = fn(tx)
	}
	return ix.wrap(what, because(ctx, err))
}

// because names the end of ctx as the cause of an error, where it is: what
// the driver says then is that the transaction is gone.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
