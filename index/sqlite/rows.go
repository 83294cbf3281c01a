package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// ScanRows walks the narrow rows of all matches; see index.RowScanner. Memory
// grows with the distinct sets of values of the fields asked for.
func (ix *Index) ScanRows(ctx context.Context, q query.Node, fields []string, fn func(*index.Row) error) error {
	cols := []string{"f.id", "ifnull(f.published, 0)", "f.rating", "f.score", "ifnull(f.rank, 0)", "f.brief"}
	for _, f := range fields {
		if err := index.RowField(f); err != nil {
			return err
		}
		cols = append(cols, "f."+f)
	}
	var stop error // fn's error, handed back as it is
	err := ix.read(ctx, "scan rows", func(tx *sql.Tx) error {
		where, _, err := where(ctx, tx, query.Simplify(q))
		if err != nil {
			return err
		}
		sets, err := membersOf(ctx, tx, fields)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT "+strings.Join(cols, ", ")+" FROM facts f WHERE "+where.sql.String(), where.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		stop, err = eachFactRow(ctx, rows, sets, len(fields), fn)
		return err
	})
	if stop != nil {
		return stop
	}
	return err
}

// eachFactRow reads rows and hands them to fn, whose error is stop.
func eachFactRow(ctx context.Context, rows *sql.Rows, sets map[int64][]string, fields int, fn func(*index.Row) error) (stop, err error) {
	r := &index.Row{Values: make([][]string, fields)}
	ids := make([]int64, fields)
	var rating, score sql.NullFloat64
	var rank float64
	var brief sql.RawBytes
	dst := []any{&r.ID, &r.Published, &rating, &score, &rank, &brief}
	for i := range ids {
		dst = append(dst, &ids[i])
	}
	for n := 0; rows.Next(); n++ {
		if err := rows.Scan(dst...); err != nil {
			return nil, err
		}
		r.Rating, r.Rated, r.Score, r.Scored = rating.Float64, rating.Valid, score.Float64, score.Valid
		r.Rank = int(rank)
		if err := unpackBrief(brief, &r.Brief); err != nil {
			return nil, fmt.Errorf("mention %s: %w", r.ID, err)
		}
		for i, id := range ids {
			r.Values[i] = sets[id]
		}
		if stop = fn(r); stop != nil {
			return stop, nil
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, rows.Err()
}

// membersOf reads the values of all sets of these fields.
func membersOf(ctx context.Context, tx *sql.Tx, fields []string) (map[int64][]string, error) {
	sets := map[int64][]string{}
	words := map[string]string{} // most sets share their values
	for _, f := range fields {
		err := eachRow(ctx, tx, func(rows *sql.Rows) error {
			var id int64
			var v string
			err := rows.Scan(&id, &v)
			if w, ok := words[v]; ok {
				v = w
			}
			words[v] = v
			sets[id] = append(sets[id], v)
			return err
		}, "SELECT m.set_id, m.value FROM sets s JOIN members m ON m.set_id = s.id WHERE s.field = ?", f)
		if err != nil {
			return nil, err
		}
	}
	for _, values := range sets {
		slices.Sort(values)
	}
	return sets, nil
}

// packBrief writes a brief as the column holds it: the author's hash in eight
// bytes, reach and revision as varints, and three bytes a touchpoint: its
// place in briefTouchpoints and its scores in hundredths.
func packBrief(b index.Brief) []byte {
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, 24), b.Author)
	for _, n := range []int{b.Reach, b.Revision} {
		out = binary.AppendUvarint(out, uint64(max(n, 0)))
	}
	for _, t := range b.Touchpoints {
		out = append(out, byte(slices.Index(briefTouchpoints(), t.Name)), byte(int8(math.Round(100*t.Low))), byte(int8(math.Round(100*t.High))))
	}
	return out
}

var errBrief = errors.New("its row is damaged; restore the file from a backup, or delete it and crawl again")

// unpackBrief reads what packBrief has written. It keeps nothing of data.
func unpackBrief(data []byte, b *index.Brief) error {
	touchpoints := b.Touchpoints[:0]
	*b = index.Brief{}
	if len(data) < 8 {
		return errBrief
	}
	b.Author, data = binary.LittleEndian.Uint64(data), data[8:]
	for _, n := range []*int{&b.Reach, &b.Revision} {
		v, size := binary.Uvarint(data)
		if size <= 0 {
			return errBrief
		}
		*n, data = int(v), data[size:]
	}
	names := briefTouchpoints()
	for ; len(data) >= 3; data = data[3:] {
		if int(data[0]) >= len(names) {
			return errBrief
		}
		touchpoints = append(touchpoints, index.TouchpointScore{Name: names[data[0]], Low: float64(int8(data[1])) / 100, High: float64(int8(data[2])) / 100})
	}
	b.Touchpoints = touchpoints
	return nil
}

// briefTouchpoints numbers the touchpoints of stored briefs: in the order of
// the journey. A change of it is a new layout of the file.
var briefTouchpoints = sync.OnceValue(func() []string {
	var out []string
	for _, m := range mention.Moments {
		out = append(out, mention.Touchpoints[m]...)
	}
	return out
})

// refresh makes the narrow rows again from the documents where a new layout
// asks for it: once, and whole or not at all.
func (ix *Index) refresh(ctx context.Context) error {
	var stale bool
	if err := ix.writer.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'stale')").Scan(&stale); err != nil || !stale {
		return err
	}
	return ix.write(ctx, "bring to the new layout", func(tx *sql.Tx, w *writer) error {
		b := &batch{tx: tx, w: w, codec: ix.codec}
		var last int64
		for {
			var rowid int64
			var blob []byte
			err := tx.QueryRowContext(ctx, "SELECT rowid, json FROM docs WHERE rowid > ? ORDER BY rowid LIMIT 1", last).Scan(&rowid, &blob)
			if errors.Is(err, sql.ErrNoRows) {
				break
			}
			if err != nil {
				return err
			}
			last = rowid
			var m mention.Mention
			doc, err := ix.codec.unpack(blob, &m)
			if err != nil {
				return err
			}
			if _, err := b.putRow(w.stmts.putFacts, w.stmts.putDoc, rowid, &m, doc); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM meta WHERE name = 'stale'")
		return err
	})
}
