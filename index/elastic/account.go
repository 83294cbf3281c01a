package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"klank/index"
)

// Account checks what went in against what is there; see index.Accountant. It
// reads the readings of pages, a few bytes a mention, and asks for every
// mention that they name.
func (ix *Index) Account(ctx context.Context, source, run string) (*index.Account, error) {
	a, err := ix.account(ctx, source, run)
	if err != nil {
		return nil, fmt.Errorf("index: account: %w", err)
	}
	return a, nil
}

func (ix *Index) account(ctx context.Context, source, run string) (*index.Account, error) {
	filter := []object{{"match_all": object{}}}
	if source != "" {
		filter = append(filter, object{"term": object{"source": source}})
	}
	if run != "" {
		filter = append(filter, object{"term": object{"run": run}})
	}
	a := &index.Account{}
	counted := map[uint64]bool{}
	var waiting []string
	err := ix.walk(ctx, pages, object{"bool": object{"filter": filter}}, []string{"key"}, func(h *hit) error {
		var r reading
		if err := json.Unmarshal(h.Source, &r); err != nil {
			return err
		}
		for _, id := range r.IDs {
			sum := fnv.New64a()
			sum.Write([]byte(id))
			if !counted[sum.Sum64()] {
				counted[sum.Sum64()] = true
				waiting = append(waiting, id)
			}
		}
		if len(waiting) < readTogether {
			return nil
		}
		err := ix.settle(ctx, a, waiting)
		waiting = nil
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, ix.settle(ctx, a, waiting)
}

// maxMissing is how many mentions an account names.
const maxMissing = 20

// settle adds mentions to an account.
func (ix *Index) settle(ctx context.Context, a *index.Account, ids []string) error {
	a.In += len(ids)
	missing := map[string]string{} // by the name of its dead letter
	for _, id := range ids {
		missing[hash(id)] = id
	}
	err := ix.mget(ctx, ix.name(readAlias), ids, func(id string, _ *gotten) error {
		delete(missing, hash(id))
		a.Indexed++
		return nil
	})
	if err != nil {
		return err
	}
	err = ix.mget(ctx, ix.name(dead), slices.Sorted(maps.Keys(missing)), func(name string, _ *gotten) error {
		delete(missing, name)
		a.Dead++
		return nil
	})
	for _, id := range slices.Sorted(maps.Values(missing)) {
		if len(a.Missing) < maxMissing {
			a.Missing = append(a.Missing, id)
		}
	}
	return err
}

// DeadLetter is a mention that the cluster refused, and why.
type DeadLetter struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// DeadLetters returns the latest dead letters, at most limit.
func (ix *Index) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	if err := ix.fresh(ctx); err != nil {
		return nil, fmt.Errorf("index: dead letters: %w", err)
	}
	a, err := ix.ask(ctx, "dead letters", []string{ix.name(dead)}, object{"size": limit, "_source": object{"excludes": []string{"doc"}},
		"sort": []object{{"at": object{"order": "desc", "unmapped_type": "date"}}}})
	if err != nil {
		return nil, fmt.Errorf("index: dead letters: %w", err)
	}
	out := make([]DeadLetter, len(a.Hits.Hits))
	for i, h := range a.Hits.Hits {
		if err := json.Unmarshal(h.Source, &out[i]); err != nil {
			return nil, fmt.Errorf("index: dead letters: %w", err)
		}
	}
	return out, nil
}
