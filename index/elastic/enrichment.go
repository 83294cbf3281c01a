package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"klank/index"
	"klank/mention"
)

// neighbour is the key of a mention's words, as it is stored: what it was until
// that is settled, since when it is known, and its bands. Keys that differ in
// some bits agree in one of eight bands of eight bits, mostly; see
// index.Neighbours.
type neighbour struct {
	ID    string   `json:"id"`
	Key   int64    `json:"key"`
	Was   int64    `json:"was"`
	Known int64    `json:"known"`
	Bands []string `json:"bands"`
}

func bandsOf(key uint64) []string {
	out := make([]string, 8)
	for b := range out {
		out[b] = fmt.Sprintf("%d:%02x", b, byte(key>>(8*b)))
	}
	return out
}

// pendingOp notes that passes over the index are to look at a mention. That is
// written before a change, and after a new mention, as most of those that seem
// new are known: a process that is killed in between leaves one that is not
// looked at before it changes.
func (ix *Index) pendingOp(id string) *op {
	b, _ := json.Marshal(object{"id": id})
	return &op{action: action("index", ix.name(pending), hash(id), nil), document: b, id: id}
}

// handed is a note that Pending has handed out: Settle takes off that very one.
type handed struct {
	id                 string
	seqNo, primaryTerm int64
}

// Pending tells what is new or changed; see index.Enrichable. The order, and
// the marks, are those in which the cluster took the notes.
func (ix *Index) Pending(ctx context.Context, after int64, limit int, fn func(m *mention.Mention, was uint64) error) (mark int64, err error) {
	if limit < 1 {
		return 0, fmt.Errorf("%w: a limit of %d pending mentions; allowed are 1 and more", index.ErrRequest, limit)
	}
	if err := ix.fresh(ctx); err != nil {
		return 0, fmt.Errorf("index: pending: %w", err)
	}
	for limit > 0 {
		size := min(limit, readTogether)
		n, last, err := ix.pendingPage(ctx, after, size, fn)
		if s, ok := err.(stopped); ok {
			return 0, s.error
		}
		if err != nil {
			return 0, fmt.Errorf("index: pending: %w", err)
		}
		if n > 0 {
			mark, after = last, last
		}
		if n < size {
			break
		}
		limit -= n
	}
	return mark, nil
}

// pendingPage hands out at most size notes; last is the mark of the last.
func (ix *Index) pendingPage(ctx context.Context, after int64, size int, fn func(m *mention.Mention, was uint64) error) (n int, last int64, err error) {
	a, err := ix.ask(ctx, "pending", []string{ix.name(pending)}, object{"size": size, "track_total_hits": false, "seq_no_primary_term": true,
		"query": object{"match_all": object{}}, "sort": []object{{"_seq_no": "asc"}}, "search_after": []int64{after - 1}})
	if err != nil || len(a.Hits.Hits) == 0 {
		return 0, 0, err
	}
	var ids []string
	ix.handedMu.Lock()
	for _, h := range a.Hits.Hits {
		var note struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(h.Source, &note); err != nil {
			ix.handedMu.Unlock()
			return 0, 0, err
		}
		ids = append(ids, note.ID)
		last = h.SeqNo + 1
		ix.handed[last] = handed{note.ID, h.SeqNo, h.PrimaryTerm}
	}
	ix.handedMu.Unlock()
	near, err := ix.neighboursOf(ctx, ids)
	if err != nil {
		return 0, 0, err
	}
	stored := map[string]*mention.Mention{}
	err = ix.mget(ctx, ix.name(readAlias), ids, func(id string, d *gotten) (err error) {
		stored[id], err = read(d.Source)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	var ops []*op
	for i, id := range ids {
		m := stored[id]
		if m == nil {
			continue // gone
		}
		before := near[id]
		if before == nil {
			before = &neighbour{ID: id, Known: last - int64(len(ids)-i)}
		}
		was := before.Was
		if was == 0 {
			was = before.Key
		}
		if err := fn(m, uint64(was)); err != nil {
			return 0, 0, stopped{err}
		}
		now := *before
		now.Key = int64(m.NearKey())
		now.Bands = bandsOf(uint64(now.Key))
		if before.Was == 0 && before.Key != now.Key {
			now.Was = before.Key
		}
		ops = append(ops, ix.putNeighbour(&now))
	}
	return len(ids), last, ix.send(ctx, ops)
}

func (ix *Index) putNeighbour(n *neighbour) *op {
	b, _ := json.Marshal(n) // strings and numbers
	return &op{action: action("index", ix.name(near), hash(n.ID), nil), document: b, id: n.ID}
}

// neighboursOf reads the keys of mentions.
func (ix *Index) neighboursOf(ctx context.Context, ids []string) (map[string]*neighbour, error) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = hash(id)
	}
	out := map[string]*neighbour{}
	err := ix.mget(ctx, ix.name(near), keys, func(_ string, d *gotten) error {
		n := &neighbour{}
		err := json.Unmarshal(d.Source, n)
		out[n.ID] = n
		return err
	})
	return out, err
}

// Settle takes off what was pending; see index.Enrichable. What was not handed
// out by this Index stays pending.
func (ix *Index) Settle(ctx context.Context, mark int64) error {
	if err := ix.takeOff(ctx, mark); err != nil {
		return fmt.Errorf("index: settle: %w", err)
	}
	return nil
}

func (ix *Index) takeOff(ctx context.Context, mark int64) error {
	var done []handed
	ix.handedMu.Lock()
	for at, h := range ix.handed {
		if at <= mark {
			done = append(done, h)
			delete(ix.handed, at)
		}
	}
	ix.handedMu.Unlock()
	for part := range slices.Chunk(done, readTogether) {
		ids := make([]string, len(part))
		for i, h := range part {
			ids[i] = h.id
		}
		known, err := ix.neighboursOf(ctx, ids)
		if err != nil {
			return err
		}
		var ops []*op
		for _, n := range known {
			if n.Was != 0 {
				n.Was = 0
				ops = append(ops, ix.putNeighbour(n))
			}
		}
		if err := ix.send(ctx, ops); err != nil {
			return err
		}
		ops = nil
		for _, h := range part {
			ops = append(ops, &op{action: action("delete", ix.name(pending), hash(h.id), object{"if_seq_no": h.seqNo, "if_primary_term": h.primaryTerm}), id: h.id})
		}
		if err := ix.bulk.do(ctx, ops); err != nil {
			return err
		}
		for _, o := range ops {
			if o.result.err != nil { // a conflict says that it changed meanwhile
				return o.result.err
			}
		}
	}
	return nil
}

// similarTogether is how many keys one request asks for.
const similarTogether = 100

// isNear compares a key with the one asked for.
const isNear = "Long.bitCount(doc['key'].value ^ params.key) <= params.bits"

// Similar asks for the keys that agree in a band, a thirtieth of all, and has
// the cluster compare these; see index.Enrichable.
func (ix *Index) Similar(ctx context.Context, keys []uint64, most int) ([][]string, error) {
	if err := ix.fresh(ctx); err != nil {
		return nil, fmt.Errorf("index: similar: %w", err)
	}
	out := make([][]string, len(keys))
	var places []int
	for i, k := range keys {
		if k != 0 {
			places = append(places, i)
		}
	}
	for part := range slices.Chunk(places, similarTogether) {
		if err := ix.similar(ctx, keys, part, most, out); err != nil {
			return nil, fmt.Errorf("index: similar: %w", err)
		}
	}
	return out, nil
}

func (ix *Index) similar(ctx context.Context, keys []uint64, places []int, most int, out [][]string) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, i := range places {
		script := object{"script": object{"script": object{"lang": "painless", "source": isNear, "params": object{"key": int64(keys[i]), "bits": mention.NearBits}}}}
		err := errors.Join(enc.Encode(object{"index": ix.name(near), "ignore_unavailable": true, "allow_no_indices": true}),
			enc.Encode(object{"size": most, "sort": []object{{"known": object{"order": "asc", "unmapped_type": "long"}}, {"id": object{"order": "asc", "unmapped_type": "keyword"}}},
				"query": object{"bool": object{"filter": []object{{"terms": object{"bands": bandsOf(keys[i])}}, script}}}}))
		if err != nil {
			return err
		}
	}
	var a struct {
		Responses []struct {
			answer
			Error *cause `json:"error"`
		} `json:"responses"`
	}
	if err := ix.patiently(ctx, func() error {
		return ix.call(ctx, "similar", esapi.MsearchRequest{Body: bytes.NewReader(lines.Bytes())}, &a)
	}); err != nil {
		return err
	}
	for j, r := range a.Responses {
		if r.Error != nil {
			return &Error{Status: http.StatusBadRequest, Type: r.Error.Type, Reason: r.Error.words()}
		}
		for _, h := range r.Hits.Hits {
			var n neighbour
			if err := json.Unmarshal(h.Source, &n); err != nil {
				return err
			}
			out[places[j]] = append(out[places[j]], n.ID)
		}
	}
	return nil
}

// mostNeighbours bounds the neighbours of one deleted mention that are looked at
// again.
const mostNeighbours = 1000

// tellNeighbours makes pending what may have the same words as mentions that
// are deleted: they may be copies of these.
func (ix *Index) tellNeighbours(ctx context.Context, ids []string) error {
	known, err := ix.neighboursOf(ctx, ids)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	var keys []uint64
	for _, id := range ids {
		gone[id] = true
		if n := known[id]; n != nil {
			keys = append(keys, uint64(n.Key))
		}
	}
	found, err := ix.Similar(ctx, keys, mostNeighbours)
	if err != nil {
		return err
	}
	var ops []*op
	for _, list := range found {
		for _, id := range list {
			if !gone[id] {
				gone[id] = true
				ops = append(ops, ix.pendingOp(id))
			}
		}
	}
	return ix.send(ctx, ops)
}

// Amend changes what a pass over the index may; see index.Enrichable.
func (ix *Index) Amend(ctx context.Context, ids []string, fn func(*mention.Mention)) (changed int, err error) {
	for part := range slices.Chunk(ids, readTogether) {
		amended := map[string]bool{}
		var edits []*edit
		for _, id := range part {
			edits = append(edits, &edit{id: id, apply: func(stored *mention.Mention) (*mention.Mention, index.Change) {
				m := amend(stored, fn)
				amended[id] = m != stored
				return m, index.Same
			}})
		}
		if _, err := ix.write(ctx, "amend", edits); err != nil {
			return changed, err
		}
		for _, is := range amended {
			if is {
				changed++
			}
		}
	}
	return changed, nil
}

// amend returns the mention with what fn may change of it, or itself.
func amend(stored *mention.Mention, fn func(*mention.Mention)) *mention.Mention {
	if stored == nil {
		return nil
	}
	view := *stored
	view.Flags = slices.Clone(view.Flags)
	fn(&view)
	m := *stored
	m.Flags, m.DuplicateOf, m.Parent, m.Thread = view.Flags, view.DuplicateOf, view.Parent, view.Thread
	if slices.Equal(m.Flags, stored.Flags) && m.DuplicateOf == stored.DuplicateOf && m.Parent == stored.Parent && m.Thread == stored.Thread {
		return stored
	}
	return &m
}
