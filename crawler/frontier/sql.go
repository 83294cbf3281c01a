package frontier

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"klank/mention"
)

// store is a Frontier in SQL that SQLite and PostgreSQL both understand. What
// they do not share is in the backend.
type store struct {
	backend
	dialect
	budgets budgetRows
	keys    Keys
}

// backend is a database.
type backend interface {
	// write runs fn in a transaction, perhaps more than once: what an earlier
	// attempt did is undone then.
	write(ctx context.Context, fn func(*tx) error) error
	// read runs fn outside of a transaction.
	read(ctx context.Context, fn func(*tx) error) error
	// insert adds those links that are not known yet, in their order, due at
	// once, or those for Later as done. It returns the budget of each that is
	// due, and of the others those that were known, or found nearer.
	insert(t *tx, source, run int64, links []found) (added []int64, known []found, err error)
	// Compact implements Erasures.
	Compact(ctx context.Context) error
}

// dialect is what the databases call differently.
type dialect struct {
	// elements is the table of the elements ("value") of a JSON array, integer
	// the type of the numbers that migrations call INTEGER.
	elements, integer string
	// byStateIndex follows a table's name where the database must be told to
	// count on the index alone.
	byStateIndex string
	// forUpdate locks the rows that were selected until the transaction ends,
	// forLease does so too and passes over those that are locked. Where one
	// transaction runs at a time both are empty.
	forUpdate, forLease string
	// owner is whom a lease is noted for; see ownerGone.
	owner string
}

// migrations bring a database from version i to i+1. Other databases than
// SQLite translate the names of the types.
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
	expires INTEGER NOT NULL DEFAULT 0,  -- of the lease; 0 when it was given back
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
`, `
-- since when nobody works on it; 0 when somebody may
ALTER TABLE sources ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- Plan.Generation
ALTER TABLE runs ADD COLUMN generation TEXT NOT NULL DEFAULT '';
-- whole is 1 when it was begun to visit every page, deep when it has ended and did so
ALTER TABLE runs ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN deep INTEGER NOT NULL DEFAULT 0;
-- pages that were left out as they seldom change, and Tally.Skipped
ALTER TABLE runs ADD COLUMN not_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
-- when it was last asked for and answered well, and when its body was first seen as it is
ALTER TABLE urls ADD COLUMN visited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE urls ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
`, `
-- Keys.Version by which its URLs have their budgets
ALTER TABLE sources ADD COLUMN keys TEXT NOT NULL DEFAULT '';
-- why it is paused or slowed, and the spacing of its requests while it is slowed
ALTER TABLE budgets ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE budgets ADD COLUMN slowed INTEGER NOT NULL DEFAULT 0;
-- what was spent of a daily quota, on the day that was spent on last
CREATE TABLE units (
	key  TEXT PRIMARY KEY,
	day  TEXT NOT NULL,
	used INTEGER NOT NULL
);
`, `
-- Link.Origin
ALTER TABLE urls ADD COLUMN origin TEXT NOT NULL DEFAULT '';
`, `
-- Erasures.Suppress
CREATE TABLE suppressed (
	hash  TEXT PRIMARY KEY,
	since INTEGER NOT NULL
);
`}

// newer is the error for a database of a version this program does not know.
func newer(what string, version int) error {
	return fmt.Errorf("%s has version %d, this program knows %d: use a newer klank", what, version, len(migrations))
}

// tx is a transaction, or a series of reads. Placeholders in its queries are
// all of the form ? or all of the form ?1.
type tx struct {
	ctx context.Context
	run runner
	// now is the database's time, ahead how far it is from this machine's.
	now   int64
	ahead time.Duration
	// made are rows of budget keys to be kept when the transaction succeeds.
	made map[string]int64
}

// runner runs statements.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	r, err := t.run.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	return t.run.QueryContext(t.ctx, query, args...)
}

// row is the first row of an answer, as sql.Row.
type row struct {
	rows *sql.Rows
	err  error
}

func (t *tx) row(query string, args ...any) row {
	rows, err := t.rows(query, args...)
	return row{rows, err}
}

// Scan returns sql.ErrNoRows when there is no row.
func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// collect reads all rows.
func collect[T any](rows *sql.Rows, read func(scan func(...any) error) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// millis stores a time of this machine in the database's time; the zero time
// is 0. What is left of a millisecond counts as one: nothing is due early.
func (t *tx) millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Add(t.ahead + time.Millisecond - time.Nanosecond).UnixMilli()
}

// local is a time of the database in this machine's time.
func (t *tx) local(ms int64) time.Time {
	return time.UnixMilli(ms).Add(-t.ahead)
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// array is the argument for dialect.elements.
func array[T any](values []T) (string, error) {
	if values == nil {
		values = []T{}
	}
	b, err := json.Marshal(values)
	return string(b), err
}

// plain is s without what not every database keeps in a text.
func plain(s string) string {
	if !storable(s) {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	}
	return s
}

// validator is s, or "" when it cannot be kept to the letter.
func validator(s string) string {
	if !storable(s) {
		return ""
	}
	return s
}

func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// found is a link on its way into the frontier.
type found struct {
	Link
	budget int64
	redo   bool // Result.Redo
}

// state is where a new link stands.
func (f *found) state() State {
	if f.Later {
		return Done
	}
	return Pending
}

// maxURL is the longest URL in bytes that every database can have in an index.
const maxURL = 2500

// addLinks adds what is not known. own is the budget whose queue the caller
// brings up to date itself, 0 for none.
func (s *store) addLinks(t *tx, source, run, own int64, links []found) (added int, err error) {
	links = slices.DeleteFunc(links, func(l found) bool { return len(l.URL) > maxURL || !storable(l.URL) })
	if len(links) == 0 {
		return 0, nil
	}
	if err := s.budgets.fill(t, links); err != nil {
		return 0, err
	}
	touched, known, err := s.insert(t, source, run, links)
	if err != nil {
		return 0, err
	}
	added = len(touched)
	for i := range links {
		if links[i].Later { // the next run finds it by its queue
			_, err := t.exec("INSERT INTO queues (source, budget) VALUES (?, ?) ON CONFLICT (source, budget) DO NOTHING", source, links[i].budget)
			if err != nil {
				return 0, err
			}
		}
	}
	if err := t.origins(source, links); err != nil {
		return 0, err
	}
	woken, err := s.modified(t, source, run, links)
	if err != nil {
		return 0, err
	}
	touched = append(touched, woken...)
	for i := range known {
		n, err := t.nearer(source, run, &known[i])
		if err != nil {
			return 0, err
		}
		if n > 0 {
			touched = append(touched, known[i].budget)
		}
	}
	slices.Sort(touched)
	for _, budget := range slices.Compact(touched) {
		if budget == own {
			continue
		}
		_, err := t.exec(`INSERT INTO queues (source, budget, next_due) VALUES (?, ?, ?) ON CONFLICT (source, budget)
			DO UPDATE SET next_due = CASE WHEN queues.next_due < excluded.next_due THEN queues.next_due ELSE excluded.next_due END`,
			source, budget, t.now)
		if err != nil {
			return 0, err
		}
	}
	return added, nil
}

// maxOrigin bounds the bytes of Link.Origin.
const maxOrigin = 4000

// origins notes where links come from. Few links have an origin, so it stands
// in no insert, and costs the others nothing.
func (t *tx) origins(source int64, links []found) error {
	for i := range links {
		l := &links[i]
		if l.Origin == "" || len(l.Origin) > maxOrigin || !storable(l.Origin) {
			continue
		}
		page, _, _ := strings.Cut(l.Origin, "\n")
		page += "\n"
		_, err := t.exec("UPDATE urls SET origin = ?, generation = '' WHERE source = ? AND url = ? AND origin <> ? AND (origin = '' OR substr(origin, 1, ?) = ?)",
			l.Origin, source, l.URL, l.Origin, utf8.RuneCountInString(page), page)
		if err != nil {
			return err
		}
	}
	return nil
}

// nearer notes that a known URL was found nearer to a seed or by a better
// kind of link; see Result.Redo.
func (t *tx) nearer(source, run int64, l *found) (int64, error) {
	return t.exec(`UPDATE urls SET
		state = CASE WHEN ? AND state = 3 AND run = ? AND depth > ? THEN CASE WHEN snapshot = '' THEN 0 ELSE 2 END ELSE state END,
		due = CASE WHEN ? AND state = 3 AND run = ? AND depth > ? THEN ? ELSE due END,
		depth = CASE WHEN depth > ? THEN ? ELSE depth END,
		priority = CASE WHEN priority > ? THEN ? ELSE priority END
		WHERE source = ? AND url = ? AND (depth > ? OR priority > ?)`,
		l.redo, run, l.Depth, l.redo, run, l.Depth, t.now,
		l.Depth, l.Depth, l.Priority, l.Priority, source, l.URL, l.Depth, l.Priority)
}

// budgetRows are the rows of budget keys that are known to be there, so that
// not every link asks for its own. At most maxBudgets are held.
type budgetRows struct {
	of  func(host string) string // Keys.Of; nil for each host its own
	mu  sync.Mutex
	ids map[string]int64
}

// key is the budget key of a URL.
func (b *budgetRows) key(url string) string {
	host := mention.Host(url)
	if b.of == nil {
		return host
	}
	return b.of(host)
}

const maxBudgets = 10_000

// fill gives links their budgets. It makes missing ones in the order of their
// keys, so that two transactions do not wait for each other.
func (b *budgetRows) fill(t *tx, links []found) error {
	var missing []string
	b.mu.Lock()
	for i := range links {
		key := b.key(links[i].URL)
		if links[i].budget = b.ids[key]; links[i].budget == 0 {
			missing = append(missing, key)
		}
	}
	b.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	for _, key := range slices.Compact(missing) {
		id, err := t.budget(key)
		if err != nil {
			return err
		}
		if t.made == nil {
			t.made = map[string]int64{}
		}
		t.made[key] = id
	}
	for i := range links {
		if links[i].budget == 0 {
			links[i].budget = t.made[b.key(links[i].URL)]
		}
	}
	return nil
}

// keep takes over what a transaction that succeeded has made.
func (b *budgetRows) keep(made map[string]int64) {
	if len(made) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ids == nil || len(b.ids)+len(made) > maxBudgets {
		b.ids = map[string]int64{}
	}
	for key, id := range made {
		b.ids[key] = id
	}
}

// budget returns the row of a key and makes it when it is missing.
func (t *tx) budget(key string) (id int64, err error) {
	const query = "SELECT id FROM budgets WHERE key = ?"
	err = t.row(query, key).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	err = t.row("INSERT INTO budgets (key) VALUES (?) ON CONFLICT (key) DO NOTHING RETURNING id", key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) { // another transaction has made it meanwhile
		err = t.row(query, key).Scan(&id)
	}
	return id, err
}
