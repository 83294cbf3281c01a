package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"klank/index"
	"klank/mention"
)

// Pending tells what is new or changed; see index.Enrichable. Nothing else is
// read at that moment.
func (ix *Index) Pending(ctx context.Context, after int64, limit int, fn func(m *mention.Mention, was uint64) error) (mark int64, err error) {
	if limit < 1 {
		return 0, fmt.Errorf("%w: a limit of %d pending mentions; allowed are 1 and more", index.ErrRequest, limit)
	}
	keys := map[int64]uint64{} // by doc
	var stop error             // fn's error, handed back as it is
	err = ix.read(ctx, "pending", func(tx *sql.Tx) error {
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			var doc, was int64
			var blob sql.RawBytes
			if err := rows.Scan(&mark, &doc, &was, &blob); err != nil {
				return err
			}
			if _, again := keys[doc]; again || blob == nil { // changed twice, or gone
				return nil
			}
			m := &mention.Mention{}
			if _, err := ix.codec.unpack(blob, m); err != nil {
				return err
			}
			keys[doc] = m.NearKey()
			stop = fn(m, uint64(was))
			return stop
		}, `SELECT p.seq, p.doc, ifnull(iif(n.was = 0, n.key, n.was), 0), d.json FROM pending p
			LEFT JOIN docs d ON d.rowid = p.doc LEFT JOIN near n ON n.doc = p.doc WHERE p.seq > ? ORDER BY p.seq LIMIT ?`, after, limit)
	})
	if stop != nil {
		return 0, stop
	}
	if err != nil || len(keys) == 0 {
		return mark, err
	}
	return mark, ix.write(ctx, "pending", func(tx *sql.Tx, _ *writer) error { return fileKeys(ctx, tx, keys) })
}

// fileKeys stores the keys of docs that are there still. What a key was stays
// known until that is settled.
func fileKeys(ctx context.Context, tx *sql.Tx, keys map[int64]uint64) error {
	put, err := tx.PrepareContext(ctx, `INSERT INTO near (doc, key, was) SELECT rowid, ?2, 0 FROM facts WHERE rowid = ?1
		ON CONFLICT (doc) DO UPDATE SET was = iif(was = 0 AND key <> excluded.key, key, was), key = excluded.key`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, doc := range sortedDocs(keys) {
		if _, err := put.ExecContext(ctx, doc, int64(keys[doc])); err != nil {
			return err
		}
	}
	return nil
}

func sortedDocs(keys map[int64]uint64) []int64 {
	docs := make([]int64, 0, len(keys))
	for doc := range keys {
		docs = append(docs, doc)
	}
	slices.Sort(docs)
	return docs
}

// Settle takes off what was pending; see index.Enrichable.
func (ix *Index) Settle(ctx context.Context, mark int64) error {
	return ix.write(ctx, "settle", func(tx *sql.Tx, _ *writer) error {
		if _, err := tx.ExecContext(ctx, "UPDATE near SET was = 0 WHERE was <> 0 AND doc IN (SELECT doc FROM pending WHERE seq <= ?)", mark); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM pending WHERE seq <= ?", mark)
		return err
	})
}

// Similar walks the keys of all mentions, about half a microsecond each; see
// index.Enrichable.
func (ix *Index) Similar(ctx context.Context, keys []uint64, most int) ([][]string, error) {
	asked := index.NewNeighbours(keys)
	found := make([][]int64, len(keys))
	ids := map[int64]string{}
	err := ix.read(ctx, "similar", func(tx *sql.Tx) error {
		var doc, key int64
		err := eachRow(ctx, tx, func(rows *sql.Rows) error {
			if err := rows.Scan(&doc, &key); err != nil {
				return err
			}
			asked.Near(uint64(key), func(i int) {
				if len(found[i]) < most {
					found[i] = append(found[i], doc)
					ids[doc] = ""
				}
			})
			return nil
		}, "SELECT doc, key FROM near WHERE key <> 0 ORDER BY doc")
		if err != nil {
			return err
		}
		return idsOf(ctx, tx, ids)
	})
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(keys))
	for i, docs := range found {
		for _, doc := range docs {
			if id := ids[doc]; id != "" {
				out[i] = append(out[i], id)
			}
		}
	}
	return out, nil
}

// idsOf fills in the ids of docs.
func idsOf(ctx context.Context, tx *sql.Tx, ids map[int64]string) error {
	docs := make([]int64, 0, len(ids))
	for doc := range ids {
		docs = append(docs, doc)
	}
	list, err := json.Marshal(docs)
	if err != nil {
		return err
	}
	return eachRow(ctx, tx, func(rows *sql.Rows) error {
		var doc int64
		var id string
		err := rows.Scan(&doc, &id)
		ids[doc] = id
		return err
	}, "SELECT f.rowid, f.id FROM json_each(?) j JOIN facts f ON f.rowid = j.value", string(list))
}

// amendTogether bounds the mentions of one transaction of Amend.
const amendTogether = 500

// Amend changes what a pass over the index may; see index.Enrichable.
func (ix *Index) Amend(ctx context.Context, ids []string, fn func(*mention.Mention)) (changed int, err error) {
	for part := range slices.Chunk(ids, amendTogether) {
		n := 0
		err := ix.write(ctx, "amend", func(tx *sql.Tx, w *writer) error {
			n = 0
			b := &batch{tx: tx, w: w, codec: ix.codec}
			for _, id := range part {
				amended, err := b.amend(id, fn)
				if err != nil {
					return fmt.Errorf("mention %s: %w", id, err)
				}
				if amended {
					n++
				}
			}
			return b.finish()
		})
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

func (b *batch) amend(id string, fn func(*mention.Mention)) (bool, error) {
	old, err := b.find(id)
	if old == nil || err != nil {
		return false, err
	}
	view := old.mention
	view.Flags = slices.Clone(view.Flags)
	fn(&view)
	m := old.mention
	m.Flags, m.DuplicateOf, m.Parent, m.Thread = view.Flags, view.DuplicateOf, view.Parent, view.Thread
	if slices.Equal(m.Flags, old.mention.Flags) && m.DuplicateOf == old.mention.DuplicateOf && m.Parent == old.mention.Parent && m.Thread == old.mention.Thread {
		return false, nil
	}
	return true, b.update(old, &m, index.Same)
}

// maxDoomedKeys is up to how many deleted mentions have their neighbours looked
// for, at 100 bytes each.
const maxDoomedKeys = 50_000

// tellNeighbours makes pending what may have the same words as the doomed: they
// may be copies of these. Where many are doomed that is everything.
func tellNeighbours(ctx context.Context, tx *sql.Tx) error {
	var keys []uint64
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		keys = append(keys, uint64(key))
		return err
	}, "SELECT n.key FROM doomed d JOIN near n ON n.doc = d.doc WHERE n.key <> 0 LIMIT ?", maxDoomedKeys+1)
	if err != nil || len(keys) == 0 {
		return err
	}
	if len(keys) > maxDoomedKeys {
		_, err := tx.ExecContext(ctx, "INSERT INTO pending (doc) SELECT doc FROM near WHERE doc NOT IN (SELECT doc FROM doomed)")
		return err
	}
	asked := index.NewNeighbours(keys)
	var docs []int64
	err = eachRow(ctx, tx, func(rows *sql.Rows) error {
		var doc, key int64
		if err := rows.Scan(&doc, &key); err != nil {
			return err
		}
		near := false
		asked.Near(uint64(key), func(int) { near = true })
		if near {
			docs = append(docs, doc)
		}
		return nil
	}, "SELECT doc, key FROM near WHERE key <> 0 AND doc NOT IN (SELECT doc FROM doomed)")
	if err != nil || len(docs) == 0 {
		return err
	}
	list, err := json.Marshal(docs)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO pending (doc) SELECT value FROM json_each(?)", string(list))
	return err
}

// finish writes that the mentions of a batch are pending.
func (b *batch) finish() error {
	if len(b.pending) == 0 {
		return nil
	}
	docs, err := json.Marshal(b.pending)
	if err != nil {
		return err
	}
	b.pending = b.pending[:0]
	_, err = b.w.stmts.addPending.in(b.tx).Exec(string(docs))
	return err
}
