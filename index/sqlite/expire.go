package sqlite

import (
	"context"
	"database/sql"
	"time"

	"klank/mention"
)

// Expire deletes what has not been seen since; see index.Expirer. It reads
// through what is known of all pages.
func (ix *Index) Expire(ctx context.Context, source string, before time.Time, dryRun bool) (n int, err error) {
	err = ix.write(ctx, "expire", func(tx *sql.Tx, w *writer) error {
		if err := w.addRest(tx); err != nil {
			return err
		}
		if err := emptyDoomed(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO doomed SELECT rowid FROM facts
			WHERE source IN (SELECT set_id FROM members WHERE field = 'source' AND value = ?)
			AND (collected IS NULL OR collected < ?)`, source, before.UnixMilli())
		if err != nil {
			return err
		}
		if err := spareSeen(ctx, tx, before); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM doomed").Scan(&n); err != nil || dryRun {
			return err
		}
		if n > 0 {
			if err := deleteDoomed(ctx, tx, w); err != nil {
				return err
			}
		}
		return ix.forgetRevisions(ctx, tx, source, before)
	})
	return n, err
}

// spareSeen takes from the doomed what a page fetched since gives.
func spareSeen(ctx context.Context, tx *sql.Tx, since time.Time) error {
	doomed := map[int64]bool{}
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var doc int64
		err := rows.Scan(&doc)
		doomed[doc] = true
		return err
	}, "SELECT doc FROM doomed")
	if err != nil || len(doomed) == 0 {
		return err
	}
	return deleteDocs(ctx, tx, "doomed", doomed, "SELECT mentions FROM pages WHERE at >= ?", since.UnixMicro())
}

// forgetRevisions deletes the earlier revisions of a source's mentions that
// were read before a time.
func (ix *Index) forgetRevisions(ctx context.Context, tx *sql.Tx, source string, before time.Time) error {
	type revision struct{ doc, number int64 }
	var old []revision
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var r revision
		var blob sql.RawBytes
		if err := rows.Scan(&r.doc, &r.number, &blob); err != nil {
			return err
		}
		var m mention.Mention
		if _, err := ix.codec.unpack(blob, &m); err != nil {
			return err
		}
		read := m.Evidence.Fetched
		if read.IsZero() {
			read = m.Collected
		}
		if read.Before(before) {
			old = append(old, r)
		}
		return nil
	}, `SELECT r.doc, r.revision, r.json FROM revisions r JOIN facts f ON f.rowid = r.doc
		WHERE f.source IN (SELECT set_id FROM members WHERE field = 'source' AND value = ?)`, source)
	if err != nil {
		return err
	}
	for _, r := range old {
		if _, err := tx.ExecContext(ctx, "DELETE FROM revisions WHERE doc = ? AND revision = ?", r.doc, r.number); err != nil {
			return err
		}
	}
	return nil
}
