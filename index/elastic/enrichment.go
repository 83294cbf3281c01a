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

func (ix *Index) putNeighbour(n *neighbour) *op {
	b, _ := json.Marshal(n) // strings and numbers
	return &op{action: action("index", ix.name(near), hash(n.ID), nil), document: b, id: n.ID}
}

// neighboursOf reads the keys of mentions.
func (ix *Index) neighboursOf(ctx context.Context, ids []string) (map[string]*neighbour, error) {
	out := map[string]*neighbour{}
	err := ix.mget(ctx, ix.name(near), names(ids), func(_ string, d *gotten) error {
		n := &neighbour{}
		err := json.Unmarshal(d.Source, n)
		out[n.ID] = n
		return err
	})
	return out, err
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
		if _, err := ix.write(ctx, edits); err != nil {
			return changed, fmt.Errorf("index: amend: %w", err)
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
