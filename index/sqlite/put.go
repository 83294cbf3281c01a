package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"klank/index"
	"klank/mention"
)

// statements are the writer's prepared statements.
type statements struct {
	known, find, addFacts, addDoc, addWords stmt // of a new mention
	putFacts, putDoc, putRevision, putWords stmt // of one that is there
	findSet, addSet, addPending             stmt
	addMembers                              [len(memberRows)]stmt
	mark                                    stmt // of a transaction
}

// all lists the statements with their SQL.
func (s *statements) all() []prepared {
	cols := columns()
	facts := " INTO facts (rowid, " + strings.Join(cols, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(cols)) + ")"
	list := []prepared{
		{&s.known, "SELECT f.id FROM json_each(?) j JOIN facts f ON f.id = j.value"},
		{&s.find, "SELECT f.rowid, d.json FROM facts f JOIN docs d ON d.rowid = f.rowid WHERE f.id = ?"},
		// REPLACE opens a savepoint, at which FTS5 writes a segment of what it
		// has gathered: what is new is inserted instead.
		{&s.addFacts, "INSERT" + facts},
		{&s.addDoc, "INSERT INTO docs (rowid, json) VALUES (?, ?)"},
		{&s.addWords, "INSERT INTO words (rowid, plain, stem) VALUES (?, ?, ?)"},
		{&s.putFacts, "REPLACE" + facts},
		{&s.putDoc, "REPLACE INTO docs (rowid, json) VALUES (?, ?)"},
		{&s.putRevision, "REPLACE INTO revisions (doc, revision, json) VALUES (?, ?, ?)"},
		{&s.putWords, "REPLACE INTO words (rowid, plain, stem) VALUES (?, ?, ?)"},
		{&s.findSet, "SELECT id FROM sets WHERE field = ? AND members = ?"},
		{&s.addSet, "INSERT INTO sets (field, members) VALUES (?, ?) ON CONFLICT (field, members) DO NOTHING"},
		{&s.addPending, "INSERT INTO pending (doc) SELECT value FROM json_each(?)"},
		{&s.mark, "UPDATE meta SET value = hex(randomblob(8)) WHERE name = 'changes'"},
	}
	// OR FAIL: else SQLite would journal every page that several rows change, to
	// take back the first of them where another fails. The transaction ends then.
	for i, rows := range memberRows {
		list = append(list, prepared{&s.addMembers[i], "INSERT OR FAIL INTO members (set_id, value, field, folded) VALUES (?, ?, ?, ?)" + strings.Repeat(", (?, ?, ?, ?)", rows-1)})
	}
	return list
}

// Put stores mentions in one transaction; see index.Index. What is already
// known of a mention is joined with what comes by index.Merge. An id that
// stands twice in ms is put twice, in order.
func (ix *Index) Put(ctx context.Context, ms []mention.Mention) ([]index.Change, error) {
	return ix.PutSeen(ctx, ms, nil)
}

// PutSeen stores mentions and notes what pages gave, in one transaction; see
// index.Absences.
func (ix *Index) PutSeen(ctx context.Context, ms []mention.Mention, seen []index.Sighting) ([]index.Change, error) {
	for i := range ms {
		if ms[i].ID == "" {
			return nil, fmt.Errorf("index: put: mention %d of %d (%s) has no id", i+1, len(ms), ms[i].URL)
		}
	}
	if len(ms)+len(seen) == 0 {
		return nil, ctx.Err()
	}
	changes := make([]index.Change, len(ms))
	err := ix.write(ctx, "put", func(tx *sql.Tx, w *writer) error {
		b := &batch{tx: tx, w: w, codec: ix.codec}
		ms, seen, err := b.succeed(ctx, ms, seen)
		if err != nil {
			return err
		}
		known, err := b.known(ms)
		if err != nil {
			return err
		}
		for i := range ms {
			if err := ctx.Err(); err != nil {
				return err
			}
			if changes[i], err = b.put(ms[i], known[ms[i].ID]); err != nil {
				return fmt.Errorf("mention %s: %w", ms[i].ID, err)
			}
			known[ms[i].ID] = true
		}
		if err := b.finish(); err != nil {
			return err
		}
		for i := range seen {
			if err := w.sight.see(ctx, tx, &seen[i]); err != nil {
				return fmt.Errorf("page %s: %w", seen[i].Page, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// batch is one Put, or what is like it, in a transaction.
type batch struct {
	tx    *sql.Tx
	w     *writer
	codec *codec
	// pending are mentions that passes over the index are to look at.
	pending []int64
}

// known returns which ids of ms are stored.
func (b *batch) known(ms []mention.Mention) (map[string]bool, error) {
	ids := make([]string, len(ms))
	for i := range ms {
		ids[i] = ms[i].ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := b.w.stmts.known.in(b.tx).Query(string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		known[id] = true
	}
	return known, rows.Err()
}

func (b *batch) put(m mention.Mention, known bool) (index.Change, error) {
	index.ToUTC(&m)
	if !known {
		m.Revision = 1
		return index.New, b.insert(&m)
	}
	old, err := b.find(m.ID)
	if err != nil {
		return "", err
	}
	if old == nil {
		return "", errors.New("it has gone while it was written")
	}
	merged, change := index.Merge(old.mention, m)
	return change, b.update(old, &merged, change)
}

// known is a stored mention with its place, its document as stored, and that
// unpacked.
type known struct {
	rowid   int64
	blob    []byte
	doc     []byte
	mention mention.Mention
}

// find returns nil where there is no such mention.
func (b *batch) find(id string) (*known, error) {
	k := &known{}
	err := b.w.stmts.find.in(b.tx).QueryRow(id).Scan(&k.rowid, &k.blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		k.doc, err = b.codec.unpack(k.blob, &k.mention)
	}
	return k, err
}

// update stores m in the place of old, which stays readable as a revision
// where it changed.
func (b *batch) update(old *known, m *mention.Mention, change index.Change) error {
	if change == index.Changed {
		if _, err := b.w.stmts.putRevision.in(b.tx).Exec(old.rowid, old.mention.Revision, old.blob); err != nil {
			return err
		}
	}
	doc, err := b.encode(m)
	if err != nil || bytes.Equal(doc, old.doc) {
		return err
	}
	if _, err := b.putRow(&b.w.stmts.putFacts, &b.w.stmts.putDoc, old.rowid, m, doc); err != nil {
		return err
	}
	if index.Relevant(&old.mention, m) {
		b.pending = append(b.pending, old.rowid)
	}
	words := proseOf(old.rowid, m)
	if words == proseOf(old.rowid, &old.mention) {
		return nil
	}
	if err := b.w.addWords(b.tx); err != nil { // this one's may be among them
		return err
	}
	return b.w.putWords(b.tx, &b.w.stmts.putWords, words)
}

// encode gives the document of a mention, until the next call.
func (b *batch) encode(m *mention.Mention) ([]byte, error) {
	doc := &b.w.doc
	doc.Reset()
	enc := json.NewEncoder(doc)
	enc.SetEscapeHTML(false)
	err := enc.Encode(m)
	return bytes.TrimSuffix(doc.Bytes(), []byte("\n")), err
}

func (b *batch) insert(m *mention.Mention) error {
	doc, err := b.encode(m)
	if err != nil {
		return err
	}
	rowid, err := b.putRow(&b.w.stmts.addFacts, &b.w.stmts.addDoc, nil, m, doc)
	if err != nil {
		return err
	}
	b.w.unread = append(b.w.unread, proseOf(rowid, m))
	b.pending = append(b.pending, rowid)
	return nil
}

// putRow writes the narrow row and the document with these statements. A nil
// rowid makes a new one.
func (b *batch) putRow(facts, docs *stmt, rowid any, m *mention.Mention, doc []byte) (int64, error) {
	w := b.w
	args := append(make([]any, 0, 48), rowid)
	for _, f := range dateFields {
		args = append(args, millis(index.Date(m, f)))
	}
	for _, f := range numberFields {
		if v, ok := index.Number(m, f); ok {
			args = append(args, v)
		} else {
			args = append(args, nil)
		}
	}
	for _, f := range setFields {
		w.values = index.AppendKeywords(w.values[:0], m, f)
		id, err := w.setID(b.tx, f, w.values)
		if err != nil {
			return 0, err
		}
		args = append(args, id)
	}
	for _, f := range hashFields {
		if w.values = index.AppendKeywords(w.values[:0], m, f); len(w.values) > 0 {
			args = append(args, hash(w.values[0]))
		} else {
			args = append(args, nil)
		}
	}
	res, err := facts.in(b.tx).Exec(append(args, m.ID, packBrief(index.BriefOf(m)))...)
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	w.blob = b.codec.pack(w.blob, doc)
	_, err = docs.in(b.tx).Exec(id, w.blob)
	return id, err
}

// millis is a time as dates are stored: Unix milliseconds, or NULL.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// hash is what a hashed field stores of its value.
func hash(s string) int64 {
	h := sha256.Sum256([]byte(s))
	return int64(binary.BigEndian.Uint64(h[:8]))
}
