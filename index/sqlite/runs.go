package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"klank/mention"
)

// PutRun stores a run, replacing what is known of the same id, and its
// coverage, replacing that of the same source and item; see index.Recorder.
func (ix *Index) PutRun(ctx context.Context, r mention.Run, cov []mention.Coverage) error {
	if r.ID == "" {
		return fmt.Errorf("index: put run: the run of source %q has no id", r.Source)
	}
	return ix.write(ctx, "put run", func(tx *sql.Tx, _ *writer) error {
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "REPLACE INTO runs (id, started, json) VALUES (?, ?, ?)", r.ID, r.Started.UnixMilli(), string(b)); err != nil {
			return err
		}
		cov = slices.Clone(cov) // the caller keeps its own
		for i := range cov {
			if cov[i].Run == "" {
				cov[i].Run = r.ID
			}
			if cov[i].Source == "" {
				cov[i].Source = r.Source
			}
		}
		return putCoverage(ctx, tx, cov)
	})
}

// PutCoverage stores coverage, replacing that of the same source and item;
// see index.Recorder.
func (ix *Index) PutCoverage(ctx context.Context, cov []mention.Coverage) error {
	return ix.write(ctx, "put coverage", func(tx *sql.Tx, _ *writer) error { return putCoverage(ctx, tx, cov) })
}

func putCoverage(ctx context.Context, tx *sql.Tx, cov []mention.Coverage) error {
	for _, c := range cov {
		b, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "REPLACE INTO coverage (source, item, json) VALUES (?, ?, ?)", c.Source, c.Item, string(b)); err != nil {
			return err
		}
	}
	return nil
}

// Runs returns the latest runs first, at most limit; see index.Recorder.
func (ix *Index) Runs(ctx context.Context, limit int) ([]mention.Run, error) {
	return list[mention.Run](ctx, ix, "runs", "SELECT json FROM runs ORDER BY started DESC, id LIMIT ?", max(limit, 0))
}

// Coverage returns the latest coverage per source and item, in their order, of
// the given sources or of all without any; see index.Recorder.
func (ix *Index) Coverage(ctx context.Context, sources ...string) ([]mention.Coverage, error) {
	if len(sources) == 0 {
		return list[mention.Coverage](ctx, ix, "coverage", "SELECT json FROM coverage ORDER BY source, item")
	}
	names, err := json.Marshal(sources)
	if err != nil {
		return nil, fmt.Errorf("index: coverage: %w", err)
	}
	return list[mention.Coverage](ctx, ix, "coverage",
		"SELECT json FROM coverage WHERE source IN (SELECT value FROM json_each(?)) ORDER BY source, item", string(names))
}

// list reads rows of JSON.
func list[T any](ctx context.Context, ix *Index, what, q string, args ...any) ([]T, error) {
	var out []T
	err := ix.read(ctx, what, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, q, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b sql.RawBytes
			if err := rows.Scan(&b); err != nil {
				return err
			}
			var v T
			if err := json.Unmarshal(b, &v); err != nil {
				return err
			}
			out = append(out, v)
		}
		return rows.Err()
	})
	return out, err
}
