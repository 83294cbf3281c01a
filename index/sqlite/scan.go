package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"klank/index/query"
	"klank/mention"
)

// Scan walks all matches in id order; see index.Scanner. What it sees is of
// the moment it began, and fn may put and delete meanwhile.
func (ix *Index) Scan(ctx context.Context, q query.Node, fn func(*mention.Mention) error) error {
	return ix.Sample(ctx, q, -1, fn)
}

// Sample is Scan of the first n matches; see index.Sampler.
func (ix *Index) Sample(ctx context.Context, q query.Node, n int, fn func(*mention.Mention) error) error {
	return ix.scanJSON(ctx, q, n, func(doc []byte) error {
		m := &mention.Mention{}
		if err := ix.codec.read(doc, m); err != nil {
			return ix.wrap("scan", err)
		}
		return fn(m)
	})
}

// ScanJSON is Scan without reading the documents; see index.JSONScanner.
func (ix *Index) ScanJSON(ctx context.Context, q query.Node, fn func(doc []byte) error) error {
	return ix.scanJSON(ctx, q, -1, fn)
}

// manyMatches is from how many matches of words the first few by id are found
// by walking the ids, and not by sorting the matches.
const manyMatches = 20_000

// Ids are walked where, to judge by firstIDs of them, walkedIDs hold enough.
const (
	firstIDs  = 2000
	walkedIDs = 50_000
)

// drawn returns the statement that finds the first n matches by id, all for
// -1, without their documents. It may make a temporary table, so the
// transaction is to be rolled back.
func drawn(ctx context.Context, tx *sql.Tx, q query.Node, n int) (statement string, args []any, err error) {
	q, err = spellOut(ctx, tx, query.Simplify(q))
	if err != nil {
		return "", nil, err
	}
	words, rest := splitWords(conjuncts(q))
	held, err := compile(&query.And{Nodes: words})
	if err != nil {
		return "", nil, err
	}
	if n < 0 || !held.words {
		c, err := compile(q)
		if err != nil {
			return "", nil, err
		}
		return drawnSQL("facts f", "", c), append(c.args, n), nil
	}
	_, many, err := held.keep(ctx, tx)
	if err != nil {
		return "", nil, err
	}
	c, err := compile(&query.And{Nodes: rest})
	if err != nil {
		return "", nil, err
	}
	in := "f.rowid IN (SELECT doc FROM matches) AND "
	soon := false
	if many > manyMatches {
		// By how many there are among the first ids: whether n are soon met.
		err := tx.QueryRowContext(ctx, `SELECT count(*) >= ? FROM (SELECT rowid FROM facts INDEXED BY facts_id ORDER BY id LIMIT ?) p
			CROSS JOIN facts f ON f.rowid = p.rowid WHERE +`+in+c.sql.String(), append([]any{n * firstIDs / walkedIDs, firstIDs}, c.args...)...).Scan(&soon)
		if err != nil {
			return "", nil, err
		}
	}
	if soon {
		return drawnSQL("facts f INDEXED BY facts_id", "+"+in, c), append(c.args, n), nil
	}
	return drawnSQL("facts f", in, c), append(c.args, n), nil
}

func drawnSQL(from, in string, c *condition) string {
	return "SELECT f.rowid AS doc FROM " + from + " WHERE " + in + c.sql.String() + " ORDER BY f.id LIMIT ?"
}

// conjuncts are the nodes that must all match.
func conjuncts(q query.Node) []query.Node {
	switch q := q.(type) {
	case nil:
		return nil
	case *query.And:
		return q.Nodes
	}
	return []query.Node{q}
}

// scanJSON walks the first n matches, all for -1.
func (ix *Index) scanJSON(ctx context.Context, q query.Node, n int, fn func(doc []byte) error) error {
	var stop error // fn's error, handed back as it is
	err := ix.read(ctx, "scan", func(tx *sql.Tx) error {
		found, args, err := drawn(ctx, tx, q, n)
		if err != nil {
			return err
		}
		// Matches of words come by their place and are sorted: without their
		// documents. LIMIT keeps the inner query from being made one with the other.
		rows, err := tx.QueryContext(ctx, "SELECT d.json FROM ("+found+") m CROSS JOIN docs d ON d.rowid = m.doc", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var doc []byte
		for rows.Next() {
			var blob sql.RawBytes
			if err := rows.Scan(&blob); err != nil {
				return err
			}
			if doc, err = ix.codec.inflate(blob, doc[:0]); err != nil {
				return err
			}
			if stop = fn(doc); stop != nil {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if stop != nil {
		return stop
	}
	return err
}

// Delete deletes all mentions that q matches; see index.Deleter. Their
// values go from the lists of known values too; their single words stay in
// the full-text index, tied to nothing, until Compact.
func (ix *Index) Delete(ctx context.Context, q query.Node) (int, error) {
	n := 0
	err := ix.write(ctx, "delete", func(tx *sql.Tx, w *writer) error {
		if err := w.addRest(tx); err != nil {
			return err
		}
		if err := emptyDoomed(ctx, tx); err != nil {
			return err
		}
		where, _, err := where(ctx, tx, query.Simplify(q))
		if err != nil {
			return err
		}
		if err := dropVocabulary(ctx, tx); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "INSERT INTO doomed SELECT f.rowid FROM facts f WHERE "+where.sql.String(), where.args...)
		if err != nil {
			return err
		}
		count, err := res.RowsAffected()
		if err != nil || count == 0 {
			return err
		}
		n = int(count)
		return deleteDoomed(ctx, tx, w)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// emptyDoomed makes ready the list of the mentions that a transaction deletes.
func emptyDoomed(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "CREATE TEMP TABLE IF NOT EXISTS doomed (doc INTEGER PRIMARY KEY)"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM doomed")
	return err
}

// deleteDoomed deletes the listed mentions, with all that is known of them
// and the values that no other one has.
func deleteDoomed(ctx context.Context, tx *sql.Tx, w *writer) error {
	if err := w.addRest(tx); err != nil {
		return err
	}
	if err := tellNeighbours(ctx, tx); err != nil {
		return err
	}
	for _, s := range []string{
		"DELETE FROM aliases WHERE id IN (SELECT f.id FROM doomed d JOIN facts f ON f.rowid = d.doc)",
		"DELETE FROM moves WHERE id IN (SELECT f.id FROM doomed d JOIN facts f ON f.rowid = d.doc)",
		"DELETE FROM pending WHERE doc IN (SELECT doc FROM doomed)",
		"DELETE FROM near WHERE doc IN (SELECT doc FROM doomed)",
		"DELETE FROM words WHERE rowid IN (SELECT doc FROM doomed)",
		"DELETE FROM revisions WHERE doc IN (SELECT doc FROM doomed)",
		"DELETE FROM docs WHERE rowid IN (SELECT doc FROM doomed)",
		"DELETE FROM facts WHERE rowid IN (SELECT doc FROM doomed)",
		"DELETE FROM absences WHERE doc IN (SELECT doc FROM doomed)",
	} {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	if err := purgeSets(tx); err != nil {
		return err
	}
	w.sets.forget()
	return nil
}

// Check looks for damage in the file; see index.Checker.
func (ix *Index) Check(ctx context.Context) error {
	var found string
	err := ix.readers.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found)
	if err == nil && found != "ok" {
		err = fmt.Errorf("it is damaged: %s; restore it from a backup, or delete it and crawl again", found)
	}
	if err == nil {
		w := ix.writer
		w.mu.Lock()
		defer w.mu.Unlock()
		_, err = w.db.ExecContext(ctx, "INSERT INTO words (words) VALUES ('integrity-check')")
	}
	return ix.wrap("check", because(ctx, err))
}

// Compact rewrites the file; see index.Compactor. It needs as much free space
// again as the file takes.
func (ix *Index) Compact(ctx context.Context) error {
	w := ix.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range []string{"INSERT INTO words (words) VALUES ('optimize')", "VACUUM", "PRAGMA wal_checkpoint(truncate)"} {
		if _, err := w.db.ExecContext(ctx, s); err != nil {
			return ix.wrap("compact", err)
		}
	}
	return nil
}
