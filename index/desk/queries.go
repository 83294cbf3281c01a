package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"klank/index/text"
)

// Query is a question that somebody has saved, to be asked for as saved:name.
type Query struct {
	Name, Query string
	By          string
	At          time.Time
}

const queriesTable = `CREATE TABLE IF NOT EXISTS queries (
	folded TEXT PRIMARY KEY, name TEXT NOT NULL, query TEXT NOT NULL, said_by TEXT NOT NULL, said_at BIGINT NOT NULL)`

// queryName tells what the language reads behind saved: without quotes.
func queryName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && (i == 0 || r != '_' && r != '-') {
			return false
		}
	}
	n := utf8.RuneCountInString(s)
	return 0 < n && n <= 40
}

// SaveQuery keeps a query under a name; names that differ in case only are
// the same. ErrExists says that the name is taken, unless it is to replace what
// has it. Whether the query can be read is for the caller.
func (s *Store) SaveQuery(ctx context.Context, q Query, replace bool) error {
	if err := errors.Join(tidy("name", &q.Name, MaxName), tidy("query", &q.Query, MaxNote), tidy("name", &q.By, MaxName)); err != nil {
		return err
	}
	if !queryName(q.Name) {
		return fmt.Errorf("%w: the name %q is not letters, digits, - and _ (40 at most)", ErrInput, q.Name)
	}
	if q.Query == "" {
		return fmt.Errorf("%w: there is no query to save", ErrInput)
	}
	then := `DO NOTHING`
	if replace {
		then = `(folded) DO UPDATE SET name = excluded.name, query = excluded.query, said_by = excluded.said_by, said_at = excluded.said_at`
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		return insertOnce(tx.ExecContext(ctx, `INSERT INTO queries (folded, name, query, said_by, said_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT `+then,
			text.Fold(q.Name), q.Name, q.Query, q.By, q.At.UnixMilli()))
	})
	if errors.Is(err, ErrConflict) {
		return ErrExists
	}
	return err
}

// DeleteQuery forgets a query; ErrUnknown where there is none of that name.
func (s *Store) DeleteQuery(ctx context.Context, name string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM queries WHERE folded = $1`, text.Fold(name))
		if err == nil {
			if n, err := res.RowsAffected(); err == nil && n == 0 {
				return ErrUnknown
			}
		}
		return err
	})
}

// Queries returns the saved queries by name.
func (s *Store) Queries(ctx context.Context) ([]Query, error) {
	return collect(ctx, s, func(row *sql.Rows) (q Query, err error) {
		var at int64
		err = row.Scan(&q.Name, &q.Query, &q.By, &at)
		q.At = time.UnixMilli(at).UTC()
		return q, err
	}, `SELECT name, query, said_by, said_at FROM queries ORDER BY folded`)
}
