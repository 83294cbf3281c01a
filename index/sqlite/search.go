package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

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
		where, total, err := matches.keep(ctx, tx)
		if err != nil {
			return err
		}
		res.Total = total
		var page []found
		if match := relevant(spelled); r.Sort == index.SortRelevance && match != "" && matches.words {
			page, res.Ranked, err = ix.ranked(ctx, tx, r, matches, match, after)
		} else {
			page, err = findPage(ctx, tx, r, where, total, after)
		}
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

// sortKey are the expressions that sort by: ascending, and 1 when the
// mention has no value and comes last.
func sortKey(sort string) (key, missing string) {
	switch sort {
	case index.SortOldest:
		return "ifnull(f.published, 0)", "f.published IS NULL"
	case index.SortRating:
		return "ifnull(f.rating, 0)", "f.rating IS NULL"
	case index.SortSentiment:
		return "ifnull(f.score, 0)", "f.score IS NULL"
	case index.SortRelevance: // of what no word was asked
		return "0", "0"
	}
	return "ifnull(-f.published, 0)", "f.published IS NULL"
}

// findPage returns the hits of one page in order, and one more when there is
// a next page. total is how many match.
func findPage(ctx context.Context, tx *sql.Tx, r index.SearchRequest, where *condition, total int, after *cursor) ([]found, error) {
	if r.Sort == index.SortNewest && total > r.Limit {
		out, err := newest(ctx, tx, r, where, after)
		if err != nil || len(out) > r.Limit {
			return out, err
		}
	}
	key, missing := sortKey(r.Sort)
	return page(ctx, tx, r, "SELECT f.rowid, f.id, "+missing+" AS missing, "+key+" AS sort_key FROM facts f WHERE "+where.sql.String(), where.args, after, r.Limit+1)
}

// newestTried is how many of the newest mentions are looked at for a page before
// all matches are sorted: 25 ms at most, where these are few.
const newestTried = 10_000

// newest finds a page among the newestTried mentions that were published last
// (after a place), by the index of dates. What it finds is the page where it is
// full, and nothing otherwise.
func newest(ctx context.Context, tx *sql.Tx, r index.SearchRequest, where *condition, after *cursor) ([]found, error) {
	from, id := int64(math.MaxInt64), ""
	if after != nil {
		from, id = int64(-after.Key), after.ID
		if after.Missing != 0 {
			return nil, nil // without a date
		}
	}
	down := int64(math.MinInt64)
	err := tx.QueryRowContext(ctx, "SELECT published FROM facts INDEXED BY facts_published WHERE published <= ? ORDER BY published DESC LIMIT 1 OFFSET ?", from, newestTried).Scan(&down)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	args := append([]any{from, down, from, id}, where.args...)
	var out []found
	err = eachRow(ctx, tx, func(rows *sql.Rows) error {
		f := found{cursor: newCursor(r)}
		err := rows.Scan(&f.rowid, &f.cursor.ID, &f.cursor.Key)
		out = append(out, f)
		return err
	}, `SELECT f.rowid, f.id, -f.published FROM facts f INDEXED BY facts_published
		WHERE f.published <= ? AND f.published > ? AND (f.published < ? OR f.id > ?) AND (`+where.sql.String()+`)
		ORDER BY f.published DESC, f.id LIMIT ?`, append(args, r.Limit+1)...)
	return out, err
}

// page returns the first n hits of a query after a place.
func page(ctx context.Context, tx *sql.Tx, r index.SearchRequest, q string, args []any, after *cursor, n int) ([]found, error) {
	if after != nil {
		q += " AND (missing, sort_key, f.id) > (?, ?, ?)"
		args = append(slices.Clip(args), after.Missing, after.Key, after.ID)
	}
	var out []found
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		f := found{cursor: newCursor(r)}
		err := rows.Scan(&f.rowid, &f.cursor.ID, &f.cursor.Missing, &f.cursor.Key)
		out = append(out, f)
		return err
	}, q+" ORDER BY missing, sort_key, f.id LIMIT ?", append(slices.Clip(args), n)...)
	return out, err
}

// maxRanked bounds the matches that are ranked: at some five microseconds each
// a tenth of a second.
const maxRanked = 20_000

// ranked is findPage by relevance (BM25), among the kept matches of c. match is
// the expression that ranks, of any of the words; where nothing but words was
// asked for, c ranks itself, which finds fewer. It returns how many were ranked
// where that is not all.
func (ix *Index) ranked(ctx context.Context, tx *sql.Tx, r index.SearchRequest, c *condition, match string, after *cursor) (out []found, bounded int, err error) {
	if _, err := tx.ExecContext(ctx, "CREATE TEMP TABLE ranked (doc INTEGER PRIMARY KEY, score REAL NOT NULL)"); err != nil {
		return nil, 0, err
	}
	kept := " AND +rowid IN (SELECT doc FROM matches)" // the + keeps the full-text index from being asked for every match
	if c.match != nil {
		match, kept = *c.match, ""
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO ranked SELECT rowid, bm25(words) FROM words WHERE words MATCH ?"+kept+
		" ORDER BY rowid DESC LIMIT ?", match, ix.rankedMost)
	if err != nil {
		return nil, 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return nil, 0, err
	}
	if int(n) == ix.rankedMost {
		bounded = ix.rankedMost
	}
	if after == nil || after.Missing == 0 {
		out, err = page(ctx, tx, r, "SELECT f.rowid, f.id, 0 AS missing, r.score AS sort_key FROM ranked r CROSS JOIN facts f ON f.rowid = r.doc WHERE 1", nil, after, r.Limit+1)
	}
	if err != nil || len(out) > r.Limit {
		return out, bounded, err
	}
	rest, err := page(ctx, tx, r, "SELECT f.rowid, f.id, 1 AS missing, 0 AS sort_key FROM facts f WHERE f.rowid IN (SELECT doc FROM matches WHERE doc NOT IN (SELECT doc FROM ranked))",
		nil, after, r.Limit+1-len(out))
	return append(out, rest...), bounded, err
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
