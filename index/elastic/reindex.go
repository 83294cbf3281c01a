package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// clockSkew bounds how far the clocks of those who write may lie apart: what
// was written so long before a reindex began is looked at again at its end.
const clockSkew = 10 * time.Minute

// Reindex makes the index of mentions anew, from the templates of this klank
// and its configuration, and returns its name and how many mentions it holds.
// Readers see the old one until the new one is whole. Writers go on too, but
// for the end, where what was written meanwhile is brought over: then they
// wait, and go on with the new one. What fails half-way leaves the old one as
// it was. Ids, revisions and generation stay.
func (ix *Index) Reindex(ctx context.Context) (name string, mentions int, err error) {
	old, err := ix.live(ctx)
	if err != nil {
		return "", 0, err
	}
	if old.meta.Layout > layoutVersion {
		return "", 0, old.check()
	}
	name, err = ix.nextName(old.name)
	if err != nil {
		return "", 0, err
	}
	if err := ix.Templates(ctx); err != nil {
		return "", 0, err
	}
	if err := ix.deleteIndex(ctx, name); err != nil { // of an earlier attempt
		return "", 0, err
	}
	if err := ix.makeIndex(ctx, name, meta{layoutVersion, old.meta.Generation}, object{}); err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ix.deleteIndex(context.WithoutCancel(ctx), name))
		}
	}()
	start := time.Now().Add(-clockSkew)
	if err = ix.copy(ctx, old.name, name, object{"match_all": object{}}); err != nil {
		return "", 0, err
	}
	mentions, err = ix.changeOver(ctx, old.name, name, start)
	return name, mentions, err
}

// nextName is the name that follows that of an index of mentions.
func (ix *Index) nextName(name string) (string, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(name, ix.name(readAlias)+"-"))
	if err != nil {
		return "", fmt.Errorf("elasticsearch: %s is not named as klank names its indices; the aliases were changed by hand", name)
	}
	return fmt.Sprintf("%s-%06d", ix.name(readAlias), n+1), nil
}

// copy writes the mentions of an index that a filter keeps into another, as
// this klank spells them, unless that has them as new.
func (ix *Index) copy(ctx context.Context, from, to string, filter object) error {
	if err := ix.refresh(ctx, from); err != nil {
		return err
	}
	var batch []*op
	size := 0
	flush := func() error {
		if err := ix.bulk.do(ctx, batch); err != nil {
			return err
		}
		for _, o := range batch {
			if r := &o.result; r.err != nil || r.status >= 300 && !r.conflict() {
				return fmt.Errorf("elasticsearch: reindex: mention %s: status %d: %s %w", o.id, r.status, r.reason, r.err)
			}
		}
		batch, size = nil, 0
		return nil
	}
	err := ix.scan(ctx, from, filter, object{"excludes": derived}, func(h *hit) error {
		m, err := read(h.Source)
		if err != nil {
			return err
		}
		doc, err := document(m, time.Now())
		if err != nil {
			return err
		}
		o := &op{action: action("index", to, h.ID, object{"version": h.Version, "version_type": "external"}), document: doc, id: h.ID}
		batch = append(batch, o)
		if size += o.size(); size < flushBytes {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// changeOver stops writers, brings over what they wrote and deleted since a
// time, and lets them go on with the new index. The old one is deleted.
func (ix *Index) changeOver(ctx context.Context, from, to string, since time.Time) (mentions int, err error) {
	if err := ix.call(ctx, "stop writes to "+from, esapi.IndicesAddBlockRequest{Index: []string{from}, Block: "write"}, nil); err != nil {
		return 0, err
	}
	changed := false
	defer func() {
		if !changed {
			err = errors.Join(err, ix.call(context.WithoutCancel(ctx), "allow writes to "+from, esapi.IndicesPutSettingsRequest{Index: []string{from},
				Body: body(object{"index.blocks.write": nil})}, nil))
		}
	}()
	recent := object{"range": object{"facet.indexed": object{"gte": since.UnixMilli(), "format": "epoch_millis"}}}
	if err := ix.copy(ctx, from, to, recent); err != nil {
		return 0, err
	}
	if mentions, err = ix.dropDeleted(ctx, from, to); err != nil {
		return 0, err
	}
	swap := []object{}
	for _, alias := range []string{ix.name(readAlias), ix.name(writeAlias)} {
		swap = append(swap, object{"remove": object{"index": from, "alias": alias, "must_exist": true}}, object{"add": object{"index": to, "alias": alias}})
	}
	if err := ix.call(ctx, "change the aliases", esapi.IndicesUpdateAliasesRequest{Body: body(object{"actions": swap})}, nil); err != nil {
		return 0, err
	}
	changed = true
	return mentions, ix.deleteIndex(ctx, from)
}

// dropDeleted deletes from a new index what the old one has no more, and
// returns how many mentions there are. That all of them are there is checked.
func (ix *Index) dropDeleted(ctx context.Context, from, to string) (int, error) {
	if err := ix.refresh(ctx, to); err != nil {
		return 0, err
	}
	was, err := ix.count(ctx, from)
	if err != nil {
		return 0, err
	}
	is, err := ix.count(ctx, to)
	if err != nil {
		return 0, err
	}
	if is > was {
		here, err := ix.idsOf(ctx, from, object{"match_all": object{}})
		if err != nil {
			return 0, err
		}
		there, err := ix.idsOf(ctx, to, object{"match_all": object{}})
		if err != nil {
			return 0, err
		}
		gone := slices.DeleteFunc(there, func(id string) bool {
			_, found := slices.BinarySearch(here, id)
			return found
		})
		for part := range slices.Chunk(gone, deleteTogether) {
			if _, err := ix.deleteBy(ctx, to, object{"terms": object{"id": part}}); err != nil {
				return 0, err
			}
		}
		is -= len(gone)
	}
	if is != was {
		return 0, fmt.Errorf("elasticsearch: reindex: %s has %d mentions and %s %d; nothing is changed, try again", from, was, to, is)
	}
	return is, nil
}

func (ix *Index) count(ctx context.Context, name string) (int, error) {
	var a struct {
		Count int `json:"count"`
	}
	err := ix.call(ctx, "count", esapi.CountRequest{Index: []string{name}}, &a)
	return a.Count, err
}

func (ix *Index) refresh(ctx context.Context, name string) error {
	yes := true
	return ix.call(ctx, "refresh", esapi.IndicesRefreshRequest{Index: []string{name}, AllowNoIndices: &yes, IgnoreUnavailable: &yes}, nil)
}

func (ix *Index) deleteIndex(ctx context.Context, name string) error {
	err := ix.call(ctx, "delete the index "+name, esapi.IndicesDeleteRequest{Index: []string{name}}, nil)
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}
