package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// ScanRows walks the narrow rows of all matches; see index.RowScanner. Memory
// grows with the distinct sets of values of the fields asked for.
func (ix *Index) ScanRows(ctx context.Context, q query.Node, fields []string, fn func(*index.Row) error) error {
	cols := []string{"f.id", "f.published", "f.rating", "f.score", "f.rank", "f.brief"}
	for _, f := range fields {
		if err := index.RowField(f); err != nil {
			return err
		}
		cols = append(cols, "f."+f)
	}
	var stop error // fn's error, handed back as it is
	err := ix.walk(ctx, "scan rows", func(w *walker) error {
		where, _, err := where(ctx, w.tx, query.Simplify(q))
		if err != nil {
			return err
		}
		sets, err := membersOf(ctx, w.tx, fields)
		if err != nil {
			return err
		}
		r := &index.Row{Values: make([][]string, len(fields))}
		return w.rows(ctx, "SELECT "+strings.Join(cols, ", ")+" FROM facts f WHERE "+where.sql.String(), where.args, func(row []driver.Value) error {
			if err := readFacts(row, sets, r); err != nil {
				return fmt.Errorf("mention %s: %w", r.ID, err)
			}
			if stop = fn(r); stop != nil {
				return errStop
			}
			return nil
		})
	})
	if stop != nil {
		return stop
	}
	return err
}

// readFacts reads a row of the columns of ScanRows.
func readFacts(row []driver.Value, sets map[int64][]string, r *index.Row) error {
	r.ID, _ = row[0].(string)
	r.Published = integer(row[1])
	r.Rating, r.Rated = decimal(row[2])
	r.Score, r.Scored = decimal(row[3])
	rank, _ := decimal(row[4])
	r.Rank = int(rank)
	brief, _ := row[5].([]byte)
	for i, id := range row[6:] {
		r.Values[i] = sets[integer(id)]
	}
	return unpackBrief(brief, &r.Brief)
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
// place in mention.Journey and its scores in hundredths. A change of that list is
// a new layout of the file.
func packBrief(b index.Brief) []byte {
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, 24), b.Author)
	for _, n := range []int{b.Reach, b.Revision} {
		out = binary.AppendUvarint(out, uint64(max(n, 0)))
	}
	for _, t := range b.Touchpoints {
		out = append(out, byte(slices.Index(mention.Journey, t.Name)), byte(int8(math.Round(100*t.Low))), byte(int8(math.Round(100*t.High))))
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
	for ; len(data) >= 3; data = data[3:] {
		if int(data[0]) >= len(mention.Journey) {
			return errBrief
		}
		touchpoints = append(touchpoints, index.TouchpointScore{Name: mention.Journey[data[0]], Low: float64(int8(data[1])) / 100, High: float64(int8(data[2])) / 100})
	}
	b.Touchpoints = touchpoints
	return nil
}

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
			if _, err := b.putRow(&w.stmts.putFacts, &w.stmts.putDoc, rowid, &m, doc); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM meta WHERE name = 'stale'")
		return err
	})
}
