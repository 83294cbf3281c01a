package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"klank/mention"
)

// slice is the name of the index that holds what is of the month of t.
func (ix *Index) slice(name string, t time.Time) string {
	return ix.name(name) + "-" + t.UTC().Format("2006.01")
}

// storedCoverage is coverage as it is stored, with when that was, so that the
// latest of an item is found whichever month it is of.
type storedCoverage struct {
	mention.Coverage
	Found int64 `json:"found"` // Unix nanoseconds
}

// PutRun stores a run, replacing what is known of the same id, and its
// coverage, replacing that of the same source and item; see index.Recorder.
func (ix *Index) PutRun(ctx context.Context, r mention.Run, cov []mention.Coverage) error {
	if r.ID == "" {
		return fmt.Errorf("index: put run: the run of source %q has no id", r.Source)
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("index: put run: %w", err)
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
	run := &op{action: action("index", ix.slice(runs, r.Started), hash(r.ID), nil), document: b, id: r.ID}
	if err := ix.send(ctx, []*op{run}); err != nil {
		return fmt.Errorf("index: put run: %w", err)
	}
	return ix.PutCoverage(ctx, cov)
}

// PutCoverage stores coverage, replacing that of the same source and item; see
// index.Recorder.
func (ix *Index) PutCoverage(ctx context.Context, cov []mention.Coverage) error {
	now := time.Now()
	var ops []*op
	for _, c := range cov {
		b, err := json.Marshal(storedCoverage{c, now.UnixNano()})
		if err != nil {
			return fmt.Errorf("index: put coverage: %w", err)
		}
		ops = append(ops, &op{action: action("index", ix.slice(coverage, now), hash(c.Source, c.Item), nil), document: b, id: c.Source})
	}
	if err := ix.send(ctx, ops); err != nil {
		return fmt.Errorf("index: put coverage: %w", err)
	}
	return nil
}

// Runs returns the latest runs first, at most limit; see index.Recorder.
func (ix *Index) Runs(ctx context.Context, limit int) ([]mention.Run, error) {
	var out []mention.Run
	if err := ix.fresh(ctx); err != nil {
		return nil, fmt.Errorf("index: runs: %w", err)
	}
	q := object{"query": object{"match_all": object{}}, "track_total_hits": false,
		"sort": []object{{"started": object{"order": "desc", "unmapped_type": "date"}}, {"id": object{"order": "asc", "unmapped_type": "keyword"}}}}
	for len(out) < limit {
		size := min(limit-len(out), scanTogether)
		q["size"] = size
		a, err := ix.ask(ctx, "runs", []string{ix.name(runs) + "-*"}, q)
		if err != nil {
			return nil, fmt.Errorf("index: runs: %w", err)
		}
		for _, h := range a.Hits.Hits {
			var r mention.Run
			if err := json.Unmarshal(h.Source, &r); err != nil {
				return nil, fmt.Errorf("index: runs: %w", err)
			}
			out = append(out, r)
		}
		if len(a.Hits.Hits) < size {
			break
		}
		q["search_after"] = a.Hits.Hits[size-1].Sort
	}
	return out, nil
}

// Coverage returns the latest coverage per source and item, in their order, of
// the given sources or of all without any; see index.Recorder.
func (ix *Index) Coverage(ctx context.Context, sources ...string) ([]mention.Coverage, error) {
	filter := object{"match_all": object{}}
	if len(sources) > 0 {
		filter = object{"terms": object{"source": sources}}
	}
	latest := map[[2]string]storedCoverage{}
	err := ix.walk(ctx, coverage+"-*", filter, []string{"source", "item", "found"}, func(h *hit) error {
		var c storedCoverage
		err := json.Unmarshal(h.Source, &c)
		if key := [2]string{c.Source, c.Item}; c.Found >= latest[key].Found {
			latest[key] = c
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("index: coverage: %w", err)
	}
	out := make([]mention.Coverage, 0, len(latest))
	for _, c := range latest {
		out = append(out, c.Coverage)
	}
	slices.SortFunc(out, func(a, b mention.Coverage) int {
		if c := strings.Compare(a.Source, b.Source); c != 0 {
			return c
		}
		return strings.Compare(a.Item, b.Item)
	})
	return out, nil
}

// Changed returns a token of the sequence numbers of mentions, runs and
// coverage; see index.Changes.
func (ix *Index) Changed(ctx context.Context) (string, error) {
	states, err := ix.shards(ctx, []string{ix.name(readAlias), ix.name(runs) + "-*", ix.name(coverage) + "-*"})
	if err != nil {
		return "", fmt.Errorf("index: changed: %w", err)
	}
	parts := []string{ix.Generation()}
	for name, s := range states {
		parts = append(parts, fmt.Sprint(name, " ", s.latest))
	}
	slices.Sort(parts)
	return hash(parts...), nil
}
