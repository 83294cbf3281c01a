package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"klank/index"
)

// sightStatements are the prepared statements of PutSeen.
type sightStatements struct {
	rows, found, page, putPage, note, again stmt
}

func (s *sightStatements) all() []prepared {
	return []prepared{
		{&s.rows, "SELECT f.rowid, f.published, f.collected FROM json_each(?) j JOIN facts f ON f.id = j.value"},
		{&s.found, "DELETE FROM absences WHERE doc IN (SELECT value FROM json_each(?))"},
		{&s.page, "SELECT at, partial, mentions FROM pages WHERE page = ?"},
		{&s.putPage, "REPLACE INTO pages (page, at, partial, mentions) VALUES (?, ?, ?, ?)"},
		// of the lost, those that nothing newer can have pushed off the page
		{&s.note, `INSERT INTO absences (doc, source, since, page, found, counted, runs)
			SELECT f.rowid, ?2, ?3, ?4, ?5, '', 0 FROM json_each(?1) j JOIN facts f ON f.rowid = j.value
			WHERE f.removed IS NULL AND (?6 OR f.published > ?7) ON CONFLICT (doc) DO NOTHING`},
		{&s.again, "UPDATE absences SET found = ?1 WHERE page = ?2 AND found <> ''"},
	}
}

// reading is the latest reading of a page: when the page was fetched, and the
// rows of the mentions that it gave, ascending.
type reading struct {
	at      int64
	partial bool
	docs    []int64
}

func (s *sightStatements) see(ctx context.Context, tx *sql.Tx, g *index.Sighting) error {
	page := pageKey(g)
	before, known, err := s.reading(ctx, tx, page)
	if err != nil {
		return err
	}
	now := reading{at: g.At.UnixMicro(), partial: g.Window}
	if known && now.at < before.at {
		return nil
	}
	if !known && len(g.IDs) == 0 {
		return nil // nothing to lose; not worth a row
	}
	var oldest int64 // published
	fresh := false   // gave a mention that was not known before
	if now.docs, oldest, fresh, err = s.docs(ctx, tx, g); err != nil {
		return err
	}
	list, err := json.Marshal(now.docs)
	if err != nil {
		return err
	}
	if len(now.docs) > 0 {
		if _, err := s.found.in(tx).ExecContext(ctx, string(list)); err != nil {
			return err
		}
	}
	// The same fetch read by another parser gives other mentions, and says
	// nothing about what is on the site.
	if known && now.at > before.at {
		if _, err := s.again.in(tx).ExecContext(ctx, g.Run, page); err != nil {
			return err
		}
		lost := slices.DeleteFunc(before.docs, func(doc int64) bool {
			_, is := slices.BinarySearch(now.docs, doc)
			return is
		})
		if len(lost) > 0 && !before.partial && !now.partial {
			list, err := json.Marshal(lost)
			if err != nil {
				return err
			}
			if _, err := s.note.in(tx).ExecContext(ctx, string(list), g.Source, g.At.UnixMilli(), page, g.Run, !fresh, oldest); err != nil {
				return err
			}
		}
	}
	_, err = s.putPage.in(tx).ExecContext(ctx, page, now.at, now.partial, packDocs(now.docs))
	return err
}

func (s *sightStatements) reading(ctx context.Context, tx *sql.Tx, page int64) (r reading, known bool, err error) {
	var blob []byte
	err = s.page.in(tx).QueryRowContext(ctx, page).Scan(&r.at, &r.partial, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err == nil {
		r.docs, err = unpackDocs(blob)
	}
	return r, err == nil, err
}

// docs finds the rows of a sighting's mentions, when the oldest of them was
// published, and whether one was collected by this very reading.
func (s *sightStatements) docs(ctx context.Context, tx *sql.Tx, g *index.Sighting) (docs []int64, oldest int64, fresh bool, err error) {
	oldest = 1<<63 - 1
	if len(g.IDs) == 0 {
		return nil, oldest, false, nil
	}
	ids, err := json.Marshal(g.IDs)
	if err != nil {
		return nil, 0, false, err
	}
	rows, err := s.rows.in(tx).QueryContext(ctx, string(ids))
	if err != nil {
		return nil, 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var doc int64
		var published, collected sql.NullInt64
		if err := rows.Scan(&doc, &published, &collected); err != nil {
			return nil, 0, false, err
		}
		docs = append(docs, doc)
		if published.Valid {
			oldest = min(oldest, published.Int64)
		}
		fresh = fresh || collected.Int64 >= g.At.UnixMilli()
	}
	slices.Sort(docs)
	return slices.Compact(docs), oldest, fresh, rows.Err()
}

// packDocs spells ascending rows as their differences: a byte or two each.
func packDocs(docs []int64) []byte {
	b := make([]byte, 0, 2*len(docs))
	last := int64(0)
	for _, doc := range docs {
		b = binary.AppendUvarint(b, uint64(doc-last))
		last = doc
	}
	return b
}

func unpackDocs(b []byte) ([]int64, error) {
	docs := make([]int64, 0, len(b))
	last := int64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 || d > uint64(math.MaxInt64-last) {
			return nil, errors.New("what is known of a page is damaged; restore the file from a backup, or delete it and crawl again")
		}
		last += int64(d)
		docs, b = append(docs, last), b[n:]
	}
	return docs, nil
}

// EndRun counts what is absent; see index.Absences. After a good run in which
// something is, it reads through all pages: a byte or two a mention.
func (ix *Index) EndRun(ctx context.Context, end index.RunEnd) (removed int, err error) {
	if end.After < 1 {
		return 0, fmt.Errorf("index: end run: after %d good runs; allowed are 1 and more", end.After)
	}
	err = ix.write(ctx, "end run", func(tx *sql.Tx, w *writer) error {
		removed = 0
		if _, err := tx.ExecContext(ctx, "UPDATE absences SET found = '' WHERE source = ? AND found = ?", end.Source, end.Run); err != nil || !end.Good {
			return err
		}
		if err := presentAgain(ctx, tx, end.Source); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE absences SET runs = runs + 1, counted = ?2 WHERE source = ?1 AND found = '' AND counted <> ?2", end.Source, end.Run)
		if err != nil {
			return err
		}
		removed, err = (&batch{tx: tx, w: w, codec: ix.codec}).bury(ctx, end)
		return err
	})
	return removed, err
}

// presentAgain takes from a source's absences what some page gives.
func presentAgain(ctx context.Context, tx *sql.Tx, source string) error {
	absent := map[int64]bool{}
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var doc int64
		err := rows.Scan(&doc)
		absent[doc] = true
		return err
	}, "SELECT doc FROM absences WHERE source = ?", source)
	if err != nil || len(absent) == 0 {
		return err
	}
	return deleteDocs(ctx, tx, "absences", absent, "SELECT mentions FROM pages")
}

// deleteDocs deletes from a table those docs that pages give, which a query
// selects.
func deleteDocs(ctx context.Context, tx *sql.Tx, table string, docs map[int64]bool, pages string, args ...any) error {
	var present []int64
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var blob sql.RawBytes
		if err := rows.Scan(&blob); err != nil {
			return err
		}
		given, err := unpackDocs(blob)
		for _, doc := range given {
			if docs[doc] {
				present = append(present, doc)
			}
		}
		return err
	}, pages, args...)
	if err != nil || len(present) == 0 {
		return err
	}
	list, err := json.Marshal(present)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE doc IN (SELECT value FROM json_each(?))", string(list))
	return err
}

// bury makes tombstones of what has been absent long enough.
func (b *batch) bury(ctx context.Context, end index.RunEnd) (int, error) {
	type grave struct {
		id    string
		since int64
	}
	var graves []grave
	const due = " FROM absences WHERE source = ? AND found = '' AND runs >= ?"
	err := eachRow(ctx, b.tx, func(rows *sql.Rows) error {
		var g grave
		err := rows.Scan(&g.id, &g.since)
		graves = append(graves, g)
		return err
	}, "SELECT f.id, a.since FROM (SELECT doc, since"+due+") a JOIN facts f ON f.rowid = a.doc", end.Source, end.After)
	if err != nil {
		return 0, err
	}
	for _, g := range graves {
		old, err := b.find(g.id)
		if err != nil {
			return 0, err
		}
		m := old.mention
		m.Removed = time.UnixMilli(g.since).UTC()
		if err := b.update(old, &m, index.Same); err != nil {
			return 0, fmt.Errorf("mention %s: %w", g.id, err)
		}
	}
	_, err = b.tx.ExecContext(ctx, "DELETE"+due, end.Source, end.After)
	return len(graves), err
}

// eachRow calls fn for every row of an answer.
func eachRow(ctx context.Context, tx *sql.Tx, fn func(*sql.Rows) error, q string, args ...any) error {
	rows, err := tx.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
