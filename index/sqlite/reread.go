package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"klank/index"
)

// Reread stores what saved pages give now, in one transaction; see
// index.Rereader. What it withdraws goes as by Delete.
func (ix *Index) Reread(ctx context.Context, rs []index.Rereading) ([]index.Change, error) {
	for i := range rs {
		if rs[i].ID == "" || rs[i].Mention != nil && rs[i].Mention.ID != rs[i].ID {
			return nil, fmt.Errorf("index: reread: rereading %d of %d has no id, or that of another mention", i+1, len(rs))
		}
	}
	if len(rs) == 0 {
		return nil, ctx.Err()
	}
	changes := make([]index.Change, len(rs))
	err := ix.write(ctx, "reread", func(tx *sql.Tx, w *writer) error {
		if err := emptyDoomed(ctx, tx); err != nil {
			return err
		}
		b := &batch{tx: tx, w: w, codec: ix.codec}
		doomed := map[string]bool{}
		for i := range rs {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			if changes[i], err = b.reread(rs[i], doomed); err != nil {
				return fmt.Errorf("mention %s: %w", rs[i].ID, err)
			}
		}
		if err := b.finish(); err != nil || len(doomed) == 0 {
			return err
		}
		return deleteDoomed(ctx, tx, w)
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// reread stores one rereading. What is withdrawn is only listed: the batch
// deletes all of it at its end.
func (b *batch) reread(r index.Rereading, doomed map[string]bool) (index.Change, error) {
	old, err := b.find(r.ID)
	if err != nil {
		return "", err
	}
	if doomed[r.ID] {
		if r.Mention != nil {
			return "", fmt.Errorf("the batch both withdraws and stores it")
		}
		return index.Same, nil
	}
	if r.Mention != nil {
		m := *r.Mention
		index.ToUTC(&m)
		r.Mention = &m
	}
	if old == nil {
		m, change := r.Apply(nil)
		if m == nil {
			return change, nil
		}
		return change, b.insert(m)
	}
	m, change := r.Apply(&old.mention)
	if change == index.Withdrawn {
		doomed[r.ID] = true
		_, err := b.tx.Exec("INSERT INTO doomed VALUES (?)", old.rowid)
		return change, err
	}
	return change, b.update(old, m, change)
}
