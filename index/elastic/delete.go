package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"klank/index/query"
)

// Delete deletes all mentions that q matches when it begins; see index.Deleter.
func (ix *Index) Delete(ctx context.Context, q query.Node) (int, error) {
	filter, err := compile(query.Simplify(q))
	if err != nil {
		return 0, err
	}
	ids, err := ix.idsOf(ctx, ix.name(readAlias), filter)
	if err == nil {
		err = ix.deleteMentions(ctx, ids)
	}
	if err != nil {
		return 0, fmt.Errorf("index: delete: %w", err)
	}
	return len(ids), nil
}

// idsOf returns the ids of all matches in an index, in order.
func (ix *Index) idsOf(ctx context.Context, name string, filter object) ([]string, error) {
	var ids []string
	err := ix.scan(ctx, name, filter, false, func(h *hit) error {
		ids = append(ids, h.ID)
		return nil
	})
	return ids, err
}

// deleteTogether is how many ids one deletion names (index.max_terms_count is
// 65,536).
const deleteTogether = 5000

// deleteMentions deletes mentions and all that is known of them.
func (ix *Index) deleteMentions(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, deleteTogether) {
		if _, err := ix.deleteBy(ctx, ix.name(writeAlias), object{"terms": object{"id": part}}); err != nil {
			return err
		}
	}
	return ix.forget(ctx, ids)
}

// forget deletes what is known of mentions that are gone: their revisions, their
// dead letters, their keys, their aliases, and where they were seen.
func (ix *Index) forget(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, deleteTogether) {
		if err := ix.tellNeighbours(ctx, part); err != nil {
			return err
		}
		for _, name := range []string{revisions, absences, near, moves, dead} {
			if _, err := ix.deleteBy(ctx, ix.name(name), object{"terms": object{"id": part}}); err != nil {
				return err
			}
		}
		known, err := ix.aliases(ctx, part)
		if err != nil {
			return err
		}
		if err := ix.dropAliases(ctx, known, part); err != nil {
			return err
		}
		if err := ix.takeOut(ctx, pages, "ids", part); err != nil {
			return err
		}
		if err := ix.takeOut(ctx, pending, "id", part); err != nil {
			return err
		}
	}
	return nil
}

// takeOut takes mentions from the lists that documents of an index have in a
// field.
func (ix *Index) takeOut(ctx context.Context, name, field string, ids []string) error {
	const script = "def is = ctx._source[params.field]; if (is instanceof List) { is.removeAll(params.ids) } else { ctx._source[params.field] = [] }"
	return ix.updateBy(ctx, name, object{"terms": object{field: ids}}, script, object{"field": field, "ids": ids})
}

// deletePatience bounds one deletion by query on the cluster.
const deletePatience = time.Minute

// deleteBy deletes what a query matches, now: also what was changed since its
// matches were found. It returns how many documents went.
func (ix *Index) deleteBy(ctx context.Context, name string, q object) (int, error) {
	yes := true
	for n := 0; ; {
		var a struct {
			Deleted   int               `json:"deleted"`
			Conflicts int               `json:"version_conflicts"`
			Failures  []json.RawMessage `json:"failures"`
		}
		err := ix.patiently(ctx, func() error {
			return ix.call(ctx, "delete by query", esapi.DeleteByQueryRequest{Index: []string{name}, Conflicts: "proceed", Refresh: &yes,
				AllowNoIndices: &yes, IgnoreUnavailable: &yes, Timeout: deletePatience, Body: body(object{"query": q})}, &a)
		})
		if err != nil {
			return n, err
		}
		if len(a.Failures) > 0 {
			return n, fmt.Errorf("%w: delete by query: %s", ErrAway, a.Failures[0])
		}
		if n += a.Deleted; a.Conflicts == 0 {
			return n, nil
		}
	}
}

// Expire deletes what has not been seen since; see index.Expirer.
func (ix *Index) Expire(ctx context.Context, source string, before time.Time, dryRun bool) (int, error) {
	n, err := ix.expire(ctx, source, before, dryRun)
	if err != nil {
		return 0, fmt.Errorf("index: expire: %w", err)
	}
	return n, nil
}

func (ix *Index) expire(ctx context.Context, source string, before time.Time, dryRun bool) (int, error) {
	collected := object{"collected": object{"gte": before.UnixMilli(), "format": "epoch_millis"}}
	doomed, err := ix.idsOf(ctx, ix.name(readAlias), object{"bool": object{"filter": []object{{"term": object{"facet.source": source}}},
		"must_not": []object{{"range": collected}}}})
	if err != nil {
		return 0, err
	}
	if doomed, err = ix.unseenSince(ctx, doomed, before); err != nil || dryRun {
		return len(doomed), err
	}
	if err := ix.deleteMentions(ctx, doomed); err != nil {
		return 0, err
	}
	_, err = ix.deleteBy(ctx, ix.name(revisions), object{"bool": object{"filter": []object{{"term": object{"source": source}},
		{"range": object{"read": object{"lt": before.UnixMilli(), "format": "epoch_millis"}}}}}})
	return len(doomed), err
}

// unseenSince returns those ids that no page fetched since a time gives.
func (ix *Index) unseenSince(ctx context.Context, ids []string, since time.Time) ([]string, error) {
	var out []string
	for part := range slices.Chunk(ids, seenTogether) {
		seen, err := ix.given(ctx, part, object{"range": object{"at": object{"gte": since.UnixMicro()}}})
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			if !seen[id] {
				out = append(out, id)
			}
		}
	}
	return out, nil
}
