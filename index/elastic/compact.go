package elastic

import (
	"context"
	"fmt"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// The cluster keeps what was deleted for copies of a shard that recover, and
// learns every half a minute that none needs it; it is asked so often and for
// so long.
const (
	retainedPause    = time.Second
	retainedPatience = 3 * time.Minute
)

// Compact has the cluster write anew whatever holds something deleted: mentions,
// revisions and all else; see index.Compactor. Lucene only marks documents as
// deleted until their segment is merged
// (https://www.elastic.co/guide/en/elasticsearch/reference/8.19/indices-forcemerge.html),
// and soft deletes keep them from that for a while
// (https://www.elastic.co/guide/en/elasticsearch/reference/8.19/index-modules-history-retention.html):
// that is waited for, up to a minute. What is written and deleted meanwhile is
// left to the next time.
func (ix *Index) Compact(ctx context.Context) error {
	if err := ix.compact(ctx); err != nil {
		return fmt.Errorf("index: compact: %w", err)
	}
	return nil
}

func (ix *Index) compact(ctx context.Context) error {
	all := []string{ix.cfg.Prefix + "-*"}
	yes := true
	if err := ix.refresh(ctx, all[0]); err != nil {
		return err
	}
	before, err := ix.shards(ctx, all)
	if err != nil {
		return err
	}
	var names []string
	for name, s := range before {
		if s.deleted {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	// else segments in which less than a tenth is deleted stay as they are
	if err := ix.call(ctx, "allow merges of "+ix.cfg.Prefix+"-*", esapi.IndicesPutSettingsRequest{Index: names,
		Body: body(object{"index.merge.policy.expunge_deletes_allowed": 0})}, nil); err != nil {
		return err
	}
	if err := ix.released(ctx, names, before); err != nil {
		return err
	}
	if err := ix.call(ctx, "flush", esapi.IndicesFlushRequest{Index: names, Force: &yes, WaitIfOngoing: &yes}, nil); err != nil {
		return err
	}
	return ix.merge(ctx, names)
}

// released waits until no shard keeps what was deleted in it before.
func (ix *Index) released(ctx context.Context, names []string, before map[string]shardState) error {
	yes := true
	for end := time.Now().Add(retainedPatience); ; {
		if err := ix.call(ctx, "flush", esapi.IndicesFlushRequest{Index: names, Force: &yes, WaitIfOngoing: &yes}, nil); err != nil {
			return err
		}
		now, err := ix.shards(ctx, names)
		if err != nil {
			return err
		}
		kept := ""
		for _, name := range names {
			if s, is := now[name]; is && s.retained <= before[name].latest {
				kept = name
			}
		}
		if kept == "" {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %s keeps what was deleted, as for a copy that recovers or a follower in another cluster; "+
				"it goes when the cluster merges it, or with POST %s/_forcemerge?only_expunge_deletes=true", ErrAway, kept, kept)
		}
		if err := sleep(ctx, retainedPause); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// merge writes anew the segments in which something is deleted. That may take
// longer than one request can be waited for.
func (ix *Index) merge(ctx context.Context, names []string) error {
	yes, no := true, false
	var task struct {
		Task string `json:"task"`
	}
	if err := ix.call(ctx, "merge", esapi.IndicesForcemergeRequest{Index: names, OnlyExpungeDeletes: &yes, Flush: &yes, WaitForCompletion: &no}, &task); err != nil {
		return err
	}
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		var state struct {
			Completed bool   `json:"completed"`
			Error     *cause `json:"error"`
			Response  struct {
				Shards struct {
					Failed int `json:"failed"`
				} `json:"_shards"`
			} `json:"response"`
		}
		err := ix.patiently(ctx, func() error {
			return ix.call(ctx, "wait for the merge", esapi.TasksGetRequest{TaskID: task.Task}, &state)
		})
		switch {
		case err != nil:
			return err
		case state.Error != nil:
			return fmt.Errorf("elasticsearch: merge: %s: %s", state.Error.Type, state.Error.words())
		case state.Response.Shards.Failed > 0:
			return fmt.Errorf("%w: merge: %d shards failed", ErrAway, state.Response.Shards.Failed)
		case state.Completed:
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// shardState is what the shards of an index hold: whether something deleted,
// the latest sequence number, and the one from which on they keep what was
// deleted.
type shardState struct {
	deleted          bool
	latest, retained int64
}

func (ix *Index) shards(ctx context.Context, names []string) (map[string]shardState, error) {
	var a struct {
		Indices map[string]struct {
			Shards map[string][]struct {
				Docs struct {
					Deleted int `json:"deleted"`
				} `json:"docs"`
				SeqNo struct {
					Max int64 `json:"max_seq_no"`
				} `json:"seq_no"`
				Leases struct {
					Leases []struct {
						Retaining int64 `json:"retaining_seq_no"`
					} `json:"leases"`
				} `json:"retention_leases"`
			} `json:"shards"`
		} `json:"indices"`
	}
	if err := ix.call(ctx, "look at the shards", esapi.IndicesStatsRequest{Index: names, Metric: []string{"docs"}, Level: "shards"}, &a); err != nil {
		return nil, err
	}
	out := map[string]shardState{}
	for name, i := range a.Indices {
		s := shardState{latest: -1, retained: 1 << 62}
		for _, copies := range i.Shards {
			for _, c := range copies {
				s.deleted = s.deleted || c.Docs.Deleted > 0
				s.latest = max(s.latest, c.SeqNo.Max)
				for _, l := range c.Leases.Leases {
					s.retained = min(s.retained, l.Retaining)
				}
			}
		}
		out[name] = s
	}
	return out, nil
}
