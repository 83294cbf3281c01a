package elastic

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"

	"klank/index"
	"klank/mention"
)

// note says that passes over the index are to look at mentions: at one that
// changes, or at some that are new.
type note struct {
	IDs idList `json:"id"`
}

// idList is one id or several, as keyword fields spell them.
type idList []string

func (l *idList) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte{'['}) {
		return json.Unmarshal(b, (*[]string)(l))
	}
	*l = make([]string, 1)
	return json.Unmarshal(b, &(*l)[0])
}

func (ix *Index) noteOp(name string, ids ...string) *op {
	b, _ := json.Marshal(note{ids}) // strings
	return &op{action: action("index", ix.name(pending), name, nil), document: b, id: ids[0]}
}

// pendingOp is the note on a mention that changes; it is written before that.
func (ix *Index) pendingOp(id string) *op { return ix.noteOp(hash(id), id) }

// notedTogether is how many mentions one note may name.
const notedTogether = 1000

// noteFresh puts a note before the mentions that are to be created, one for
// each group of them: it goes in the same request, so that neither a process
// nor a node that is killed leaves mentions without it. Some of them may turn
// out to be known; see corrected.
func (ix *Index) noteFresh(ops []*op) (groups [][]*op) {
	for len(ops) > 0 {
		var ids []string
		n, size := 0, 0
		for n < len(ops) && n < notedTogether && (n == 0 || size+ops[n].size() <= groupBytes) {
			size += ops[n].size()
			ids = append(ids, ops[n].id)
			n++
		}
		groups = append(groups, append([]*op{ix.noteOp(rand.Text(), ids...)}, ops[:n]...))
		ops = ops[n:]
	}
	return groups
}

// corrected takes what was not created from the notes of noteFresh, as the
// groups were written. Where answers were lost a note stays as it is: what is
// there already may have come by the same group.
func (ix *Index) corrected(groups [][]*op) (ops []*op, err error) {
	for _, group := range groups {
		noted, rest := group[0], group[1:]
		if err := noted.failure(); err != nil {
			return nil, err
		}
		var ids []string
		unsure := false
		for _, o := range rest {
			unsure = unsure || o.unsure
			if o.result.status < 300 {
				ids = append(ids, o.id)
			}
		}
		if unsure || len(ids) == len(rest) {
			continue
		}
		var name struct {
			Index struct {
				ID string `json:"_id"`
			}
		}
		if err := json.Unmarshal(noted.action, &name); err != nil {
			return nil, err
		}
		if len(ids) > 0 {
			ops = append(ops, ix.noteOp(name.Index.ID, ids...))
		} else {
			ops = append(ops, &op{action: action("delete", ix.name(pending), name.Index.ID, nil), id: noted.id})
		}
	}
	return ops, nil
}

// handedNote is a note that Pending has handed out: the ids before upTo, of
// which those before settled are pending no more. Settle takes off that very one.
type handedNote struct {
	name               string
	ids                []string
	upTo, settled      int
	seqNo, primaryTerm int64
}

// A mark is the place of an id in the order in which the cluster took the
// notes: that of its note, and its own in it.
func markOf(seqNo int64, at int) int64 { return seqNo*notedTogether + int64(at) + 1 }

// Pending tells what is new or changed; see index.Enrichable. A mention that
// two notes name is told twice.
func (ix *Index) Pending(ctx context.Context, after int64, limit int, fn func(m *mention.Mention, was uint64) error) (mark int64, err error) {
	if limit < 1 {
		return 0, fmt.Errorf("%w: a limit of %d pending mentions; allowed are 1 and more", index.ErrRequest, limit)
	}
	if err := ix.fresh(ctx); err != nil {
		return 0, fmt.Errorf("index: pending: %w", err)
	}
	for limit > 0 {
		size := min(limit, readTogether)
		waiting, err := ix.waiting(ctx, after, size)
		if err == nil {
			err = ix.tell(ctx, waiting, fn)
		}
		if s, ok := err.(stopped); ok {
			return 0, s.error
		}
		if err != nil {
			return 0, fmt.Errorf("index: pending: %w", err)
		}
		if len(waiting) > 0 {
			mark = waiting[len(waiting)-1].mark
			after = mark
		}
		if len(waiting) < size {
			break
		}
		limit -= len(waiting)
	}
	return mark, nil
}

// waits is a mention that is pending.
type waits struct {
	id   string
	mark int64
}

// notesTogether is how many notes one request asks for.
const notesTogether = 100

// waiting returns what is pending behind a mark, at most size mentions.
func (ix *Index) waiting(ctx context.Context, after int64, size int) (out []waits, err error) {
	for place := (after-1)/notedTogether - 1; ; {
		a, err := ix.ask(ctx, "pending", []string{ix.name(pending)}, object{"size": notesTogether, "track_total_hits": false, "seq_no_primary_term": true,
			"query": object{"match_all": object{}}, "sort": []object{{"_seq_no": "asc"}}, "search_after": []int64{place}})
		if err != nil {
			return nil, err
		}
		for i := range a.Hits.Hits {
			h := &a.Hits.Hits[i]
			place = h.SeqNo
			var n note
			if err := json.Unmarshal(h.Source, &n); err != nil {
				return nil, err
			}
			out = append(out, ix.hand(h, n.IDs, after, size-len(out))...)
			if len(out) == size {
				return out, nil
			}
		}
		if len(a.Hits.Hits) < notesTogether {
			return out, nil
		}
	}
}

// hand remembers that what a note names behind a mark is handed out, up to most
// mentions, and returns these.
func (ix *Index) hand(h *hit, ids []string, after int64, most int) (out []waits) {
	ix.handedMu.Lock()
	defer ix.handedMu.Unlock()
	n := ix.handed[h.SeqNo]
	if n == nil {
		n = &handedNote{name: h.ID, ids: ids, seqNo: h.SeqNo, primaryTerm: h.PrimaryTerm}
		ix.handed[h.SeqNo] = n
	}
	for at := n.settled; at < len(ids) && len(out) < most; at++ {
		if mark := markOf(h.SeqNo, at); mark > after {
			out = append(out, waits{ids[at], mark})
			n.upTo = max(n.upTo, at+1)
		}
	}
	return out
}

// tell calls fn for mentions that are pending, and has Similar know them.
func (ix *Index) tell(ctx context.Context, list []waits, fn func(m *mention.Mention, was uint64) error) error {
	ids := make([]string, len(list))
	for i, w := range list {
		ids[i] = w.id
	}
	near, err := ix.neighboursOf(ctx, ids)
	if err != nil {
		return err
	}
	stored, err := ix.mentions(ctx, ids)
	if err != nil {
		return err
	}
	var ops []*op
	for _, w := range list {
		m := stored[w.id]
		if m == nil {
			continue // gone
		}
		before := near[w.id]
		if before == nil {
			before = &neighbour{ID: w.id, Known: w.mark}
		}
		was := before.Was
		if was == 0 {
			was = before.Key
		}
		if err := fn(m, uint64(was)); err != nil {
			return stopped{err}
		}
		now := *before
		now.Key = int64(m.NearKey())
		now.Bands = bandsOf(uint64(now.Key))
		if before.Was == 0 && before.Key != now.Key {
			now.Was = before.Key
		}
		ops = append(ops, ix.putNeighbour(&now))
	}
	return ix.send(ctx, ops)
}

// Settle takes off what was pending; see index.Enrichable. What was not handed
// out by this Index stays pending. A note is deleted when all that it names is
// settled: until then others are handed all of it.
func (ix *Index) Settle(ctx context.Context, mark int64) error {
	if err := ix.settlePending(ctx, mark); err != nil {
		return fmt.Errorf("index: settle: %w", err)
	}
	return nil
}

func (ix *Index) settlePending(ctx context.Context, mark int64) error {
	var ids []string
	var done []*op
	ix.handedMu.Lock()
	for seqNo, n := range ix.handed {
		from := n.settled
		for n.settled < n.upTo && markOf(seqNo, n.settled) <= mark {
			n.settled++
		}
		ids = append(ids, n.ids[from:n.settled]...)
		if n.settled == len(n.ids) {
			delete(ix.handed, seqNo)
			done = append(done, &op{action: action("delete", ix.name(pending), n.name, object{"if_seq_no": n.seqNo, "if_primary_term": n.primaryTerm}), id: n.name})
		}
	}
	ix.handedMu.Unlock()
	for part := range slices.Chunk(ids, readTogether) {
		known, err := ix.neighboursOf(ctx, part)
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
	}
	if len(done) == 0 {
		return nil
	}
	if err := ix.bulk.do(ctx, done); err != nil {
		return err
	}
	for _, o := range done {
		if o.result.err != nil { // a conflict says that it changed meanwhile
			return o.result.err
		}
	}
	return nil
}
