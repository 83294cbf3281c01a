package sqlite

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// setFields are the keyword fields of facts that hold the number of a set
// (those named first… are of the first layout), hashFields those that are looked up but never counted (a hash of the
// value), numberFields and dateFields the rest (dates in Unix milliseconds).
var (
	firstSetFields = []string{"kind", "source", "type", "host", "brand", "item", "language", "sentiment", "moment", "touchpoint",
		"care", "signal", "moment_sentiment", "flag", "verified", "invited", "parser", "has", "author", "thread"}
	setFields         = slices.Concat(firstSetFields, []string{"touchpoint_sentiment", "care_sentiment", "brand_sentiment"})
	hashFields        = []string{"url", "page", "parent"}
	firstNumberFields = []string{"score", "rating", "stars"}
	numberFields      = append(slices.Clip(firstNumberFields), "rank")
	dateFields        = []string{"published", "collected", "removed"}
)

// columns lists the columns of facts after rowid.
func columns() []string {
	var out []string
	for _, fs := range [][]string{dateFields, numberFields, setFields, hashFields} {
		out = append(out, fs...)
	}
	return append(out, "id", "brief")
}

// migrations bring a file from one version to the next. A version, once
// released, never changes; a change of the layout is another entry.
func migrations() []string {
	facts := "CREATE TABLE facts (rowid INTEGER PRIMARY KEY, " +
		strings.Join(dateFields, " INTEGER, ") + " INTEGER, " +
		strings.Join(firstNumberFields, " REAL, ") + " REAL, " +
		strings.Join(firstSetFields, " INTEGER NOT NULL, ") + " INTEGER NOT NULL, " +
		strings.Join(hashFields, " INTEGER, ") + " INTEGER, id TEXT NOT NULL);"
	return []string{facts + `
		CREATE UNIQUE INDEX facts_id ON facts (id);
		CREATE INDEX facts_page ON facts (page) WHERE page IS NOT NULL;
		CREATE INDEX facts_url ON facts (url) WHERE url IS NOT NULL;
		CREATE INDEX facts_parent ON facts (parent) WHERE parent IS NOT NULL;
		CREATE INDEX facts_thread ON facts (thread) WHERE thread <> 0;
		CREATE TABLE docs (rowid INTEGER PRIMARY KEY, json BLOB NOT NULL);
		CREATE TABLE revisions (doc INTEGER NOT NULL, revision INTEGER NOT NULL, json BLOB NOT NULL);
		CREATE UNIQUE INDEX revisions_doc ON revisions (doc, revision);
		CREATE TABLE sets (id INTEGER PRIMARY KEY, field TEXT NOT NULL, members TEXT NOT NULL);
		CREATE UNIQUE INDEX sets_members ON sets (field, members);
		CREATE TABLE members (set_id INTEGER NOT NULL, value TEXT NOT NULL, field TEXT NOT NULL, folded TEXT NOT NULL,
			PRIMARY KEY (set_id, value)) WITHOUT ROWID;
		CREATE INDEX members_folded ON members (field, folded, set_id);
		CREATE VIRTUAL TABLE words USING fts5(plain, stem, content='', contentless_delete=1,
			tokenize="ascii tokenchars '''.:,;_""'");
		CREATE TABLE runs (id TEXT PRIMARY KEY, started INTEGER NOT NULL, json TEXT NOT NULL);
		CREATE INDEX runs_started ON runs (started);
		CREATE TABLE coverage (source TEXT NOT NULL, item TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (source, item));
		CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
		INSERT INTO meta VALUES ('purges', '0');`,
		`CREATE TABLE pages (page INTEGER PRIMARY KEY, at INTEGER NOT NULL, partial INTEGER NOT NULL, mentions BLOB NOT NULL);
		CREATE TABLE absences (doc INTEGER PRIMARY KEY, source TEXT NOT NULL, since INTEGER NOT NULL, page INTEGER NOT NULL,
			found TEXT NOT NULL, counted TEXT NOT NULL, runs INTEGER NOT NULL);
		CREATE INDEX absences_page ON absences (page);`,
		`ALTER TABLE facts ADD COLUMN touchpoint_sentiment INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE facts ADD COLUMN care_sentiment INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE facts ADD COLUMN brand_sentiment INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE facts ADD COLUMN rank REAL;
		ALTER TABLE facts ADD COLUMN brief BLOB;
		INSERT INTO meta SELECT 'stale', '1' WHERE EXISTS (SELECT 1 FROM facts);`,
		`CREATE TABLE pending (seq INTEGER PRIMARY KEY AUTOINCREMENT, doc INTEGER NOT NULL);
		INSERT INTO pending (doc) SELECT rowid FROM facts ORDER BY rowid;
		CREATE TABLE near (doc INTEGER PRIMARY KEY, key INTEGER NOT NULL, was INTEGER NOT NULL);
		CREATE TABLE aliases (alias TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
		CREATE INDEX aliases_id ON aliases (id);
		CREATE TABLE moves (source TEXT NOT NULL, run TEXT NOT NULL, id TEXT NOT NULL, gone INTEGER NOT NULL, PRIMARY KEY (source, id)) WITHOUT ROWID;`,
		`INSERT INTO meta VALUES ('changes', '0');`,
		// Eight segments are merged at once, not four: each word is written again
		// less often, which is a tenth of the time of writing.
		`INSERT INTO words (words, rank) VALUES ('automerge', 8);`,
		// Not partial: SQLite takes a partial index for a short cut where it is none.
		`CREATE INDEX facts_published ON facts (published);`,
		"", // new documents are S2 blocks, which older versions of klank cannot read
		// Sixty-four, the most that FTS5 takes, save another tenth of the time of writing
		// many different words. Each segment costs a search some 5 µs a word. From as
		// many as the last number says on, writing waits for merging.
		`INSERT INTO words (words, rank) VALUES ('automerge', 64), ('crisismerge', 128);`,
	}
}

// enterWAL puts the file into WAL mode, which it keeps. Where several processes
// make the file at the same moment SQLite answers busy at once, without the
// wait of the busy timeout, as none may give way while it holds a shared lock.
func enterWAL(db *sql.DB) error {
	for end := time.Now().Add(busyTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := db.QueryRow("PRAGMA journal_mode = wal").Scan(new(string))
		var se *sqlite.Error
		if !errors.As(err, &se) || se.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(end) {
			return err
		}
	}
}

// migrate brings the file to the latest version.
func migrate(db *sql.DB) error {
	if err := enterWAL(db); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version, tables int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if err := tx.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	steps := migrations()
	switch {
	case version > len(steps):
		return fmt.Errorf("the file was written by a newer klank (layout %d, this one knows %d); use that version", version, len(steps))
	case version == 0 && tables > 0:
		return fmt.Errorf("the file is a database of another program; choose another data folder")
	}
	for i := version; i < len(steps); i++ {
		if _, err := tx.Exec(steps[i]); err != nil {
			return err
		}
	}
	if version == 0 {
		if _, err := tx.Exec("INSERT INTO meta VALUES ('generation', ?), ('dictionary', ?)", rand.Text(), string(dictionary)); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(steps))); err != nil {
		return err
	}
	return tx.Commit()
}
