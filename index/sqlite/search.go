package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"klank/index"
	"klank/mention"
)

// Search answers r; see index.Index. Pages of the field sorts stay right
// while mentions come in. By relevance the order itself moves with every
// mention that comes in, so that there a later page may repeat a hit.
func (ix *Index) Search(ctx context.Context, r index.SearchRequest) (*index.SearchResult, error) {
	r, err := r.Normal()
	if err != nil {
		return nil, err
	}
	after, err := parseCursor(r)
	if err != nil {
		return nil, err
	}
	res := &index.SearchResult{}
	err = ix.read(ctx, "search", func(tx *sql.Tx) error {
		matches, spelled, err := where(ctx, tx, r.Query)
		if err != nil {
			return err
		}
		where, err := matches.keep(ctx, tx)
		if err != nil {
			return err
		}
		count := "SELECT count(*) FROM facts f WHERE " + where.sql.String()
		if err := tx.QueryRowContext(ctx, count, where.args...).Scan(&res.Total); err != nil {
			return err
		}
		page, err := findPage(ctx, tx, r, where, relevant(spelled), after)
		if err != nil {
			return err
		}
		if len(page) > r.Limit {
			page = page[:r.Limit]
			res.Next = page[r.Limit-1].cursor.String()
		}
		return ix.loadHits(ctx, tx, r, page, res)
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// found is a hit before its document is read.
type found struct {
	rowid  int64
	cursor cursor
}

// sortKeys are the expressions that sort by: ascending, and 1 when the
// mention has no value and comes last.
func sortKey(sort string) (key, missing string) {
	switch sort {
	case index.SortOldest:
		return "ifnull(f.published, 0)", "f.published IS NULL"
	case index.SortRating:
		return "ifnull(f.rating, 0)", "f.rating IS NULL"
	case index.SortSentiment:
		return "ifnull(f.score, 0)", "f.score IS NULL"
	case index.SortRelevance:
		return "ifnull(r.score, 0)", "r.score IS NULL"
	}
	return "ifnull(-f.published, 0)", "f.published IS NULL"
}

// findPage returns the hits of one page in order, and one more when there is
// a next page. match is the full-text expression that ranks.
func findPage(ctx context.Context, tx *sql.Tx, r index.SearchRequest, where *condition, match string, after *cursor) ([]found, error) {
	key, missing := sortKey(r.Sort)
	var q strings.Builder
	var args []any
	from := "facts f"
	if r.Sort == index.SortRelevance {
		if match == "" {
			key, missing = "0", "0"
		} else {
			q.WriteString("WITH r AS MATERIALIZED (SELECT rowid AS doc, bm25(words) AS score FROM words WHERE words MATCH ?) ")
			args = append(args, match)
			from += " LEFT JOIN r ON r.doc = f.rowid"
		}
	}
	fmt.Fprintf(&q, "SELECT f.rowid, f.id, %s AS missing, %s AS sort_key FROM %s WHERE %s", missing, key, from, where.sql.String())
	args = append(args, where.args...)
	if after != nil {
		fmt.Fprintf(&q, " AND (missing, sort_key, f.id) > (?, ?, ?)")
		args = append(args, after.Missing, after.Key, after.ID)
	}
	q.WriteString(" ORDER BY missing, sort_key, f.id LIMIT ?")
	rows, err := tx.QueryContext(ctx, q.String(), append(args, r.Limit+1)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []found
	for rows.Next() {
		f := found{cursor: newCursor(r)}
		if err := rows.Scan(&f.rowid, &f.cursor.ID, &f.cursor.Missing, &f.cursor.Key); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

func (ix *Index) loadHits(ctx context.Context, tx *sql.Tx, r index.SearchRequest, page []found, res *index.SearchResult) error {
	stmt, err := tx.PrepareContext(ctx, "SELECT json FROM docs WHERE rowid = ?")
	if err != nil {
		return err
	}
	defer stmt.Close()
	res.Hits = make([]index.Hit, len(page))
	for i, f := range page {
		var blob []byte
		if err := stmt.QueryRowContext(ctx, f.rowid).Scan(&blob); err != nil {
			return err
		}
		hit := &res.Hits[i]
		if _, err := ix.codec.unpack(blob, &hit.Mention); err != nil {
			return err
		}
		if r.Highlight {
			hit.Highlights = index.Highlights(&hit.Mention, r.Query)
		}
	}
	return nil
}

// Get returns one mention; see index.Getter.
func (ix *Index) Get(ctx context.Context, id string, revision int) (*mention.Mention, error) {
	m := &mention.Mention{}
	err := ix.read(ctx, "get", func(tx *sql.Tx) error {
		var rowid int64
		var blob []byte
		err := tx.QueryRowContext(ctx, "SELECT f.rowid, d.json FROM facts f JOIN docs d ON d.rowid = f.rowid WHERE f.id = ?", id).Scan(&rowid, &blob)
		if err != nil {
			return notFound(err)
		}
		if _, err := ix.codec.unpack(blob, m); err != nil || revision == 0 || m.Revision == revision {
			return err
		}
		*m = mention.Mention{}
		err = tx.QueryRowContext(ctx, "SELECT json FROM revisions WHERE doc = ? AND revision = ?", rowid, revision).Scan(&blob)
		if err != nil {
			return notFound(err)
		}
		_, err = ix.codec.unpack(blob, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func notFound(err error) error {
	if err == sql.ErrNoRows {
		return index.ErrNotFound
	}
	return err
}
