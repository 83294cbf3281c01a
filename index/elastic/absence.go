package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"klank/index"
	"klank/mention"
)

// reading is the latest reading of a page, as it is stored. Lost are the
// mentions whose absence it noted.
type reading struct {
	Key     string   `json:"key"`
	Source  string   `json:"source"`
	Page    string   `json:"page"`
	Run     string   `json:"run"`
	At      int64    `json:"at"` // Unix microseconds
	Partial bool     `json:"partial"`
	IDs     []string `json:"ids"`
	Lost    []string `json:"lost,omitempty"`
}

// absence is a mention that no page gives any more, as it is stored: since
// when, which page lost it, the run that found that (until its readings can be
// relied on), the last good run that counted it, and how many have.
type absence struct {
	ID      string `json:"id"`
	Source  string `json:"source"`
	Since   int64  `json:"since"` // Unix milliseconds
	Page    string `json:"page"`
	Found   string `json:"found"`
	Counted string `json:"counted"`
	Runs    int    `json:"runs"`
}

func pageID(g *index.Sighting) string { return hash(g.Source, g.Page) }

// see notes readings of pages, one round for those of different pages.
func (ix *Index) see(ctx context.Context, seen []index.Sighting) error {
	for len(seen) > 0 {
		var now, later []index.Sighting
		taken := map[string]bool{}
		for i := range seen {
			id := pageID(&seen[i])
			if taken[id] {
				later = append(later, seen[i])
				continue
			}
			taken[id] = true
			now = append(now, seen[i])
		}
		if err := ix.seeOnce(ctx, now); err != nil {
			return err
		}
		seen = later
	}
	return nil
}

// readings reads the latest readings of pages.
func (ix *Index) readings(ctx context.Context, seen []index.Sighting) (map[string]*reading, error) {
	keys := make([]string, len(seen))
	for i := range seen {
		keys[i] = pageID(&seen[i])
	}
	out := map[string]*reading{}
	err := ix.mget(ctx, ix.name(pages), keys, func(id string, d *gotten) error {
		out[id] = &reading{}
		return json.Unmarshal(d.Source, out[id])
	})
	return out, err
}

func (ix *Index) seeOnce(ctx context.Context, seen []index.Sighting) error {
	before, err := ix.readings(ctx, seen)
	if err != nil {
		return err
	}
	var concerned []string
	for i := range seen {
		concerned = append(concerned, seen[i].IDs...)
	}
	for _, r := range before {
		concerned = append(concerned, r.Lost...)
	}
	absent, err := ix.absent(ctx, concerned)
	if err != nil {
		return err
	}
	var notes, readings []*op
	for i := range seen {
		g := &seen[i]
		key := pageID(g)
		old := before[key]
		at := g.At.UnixMicro()
		if old != nil && at < old.At || old == nil && len(g.IDs) == 0 {
			continue // older than what is known, or nothing to lose
		}
		now := &reading{Key: key, Source: g.Source, Page: g.Page, Run: g.Run, At: at, Partial: g.Window,
			IDs: slices.Compact(slices.Sorted(slices.Values(g.IDs)))}
		ops, err := ix.compare(ctx, absent, old, now)
		if err != nil {
			return err
		}
		notes = append(notes, ops...)
		b, err := json.Marshal(now)
		if err != nil {
			return err
		}
		readings = append(readings, &op{action: action("index", ix.name(pages), now.Key, nil), document: b, id: g.Page})
	}
	if err := ix.send(ctx, notes); err != nil {
		return err
	}
	return ix.send(ctx, readings)
}

// compare tells what is absent, and absent no more, by a reading of a page, and
// fills in what it lost. absent are the known absences that it may concern.
func (ix *Index) compare(ctx context.Context, absent map[string]*absence, old, now *reading) (ops []*op, err error) {
	for _, id := range now.IDs {
		if absent[id] != nil {
			ops = append(ops, ix.deleteAbsence(id))
		}
	}
	if old == nil {
		return ops, nil
	}
	// The same fetch read by another parser gives other mentions, and says
	// nothing about what is on the site.
	later := now.At > old.At
	for _, id := range old.Lost {
		a := absent[id]
		if _, back := slices.BinarySearch(now.IDs, id); back || a == nil || a.Page != now.Key {
			continue
		}
		now.Lost = append(now.Lost, id)
		if later && a.Found != "" && a.Found != now.Run {
			a.Found = now.Run
			ops = append(ops, ix.putAbsence(a))
		}
	}
	missing := slices.DeleteFunc(slices.Clone(old.IDs), func(id string) bool {
		_, is := slices.BinarySearch(now.IDs, id)
		return is
	})
	if !later || len(missing) == 0 || old.Partial || now.Partial {
		return ops, nil
	}
	if missing, err = ix.lost(ctx, missing, now); err != nil {
		return nil, err
	}
	for _, id := range missing {
		now.Lost = append(now.Lost, id)
		ops = append(ops, ix.putAbsence(&absence{ID: id, Source: now.Source, Since: now.At / 1000, Page: now.Key, Found: now.Run}))
	}
	return ops, nil
}

// lost returns those of the mentions a page gave before that it lost: not those
// that newer ones may have pushed off it, nor those that are removed, known to
// be absent, or deleted.
func (ix *Index) lost(ctx context.Context, ids []string, now *reading) ([]string, error) {
	oldest, fresh := int64(math.MaxInt64), false
	err := ix.mget(ctx, ix.name(readAlias), now.IDs, func(_ string, d *gotten) error {
		m, err := read(d.Source)
		if err == nil && !m.Published.IsZero() {
			oldest = min(oldest, m.Published.UnixMilli())
		}
		fresh = fresh || err == nil && m.Collected.UnixMilli() >= now.At/1000
		return err
	})
	if err != nil {
		return nil, err
	}
	known, err := ix.absent(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []string
	err = ix.mget(ctx, ix.name(readAlias), ids, func(id string, d *gotten) error {
		m, err := read(d.Source)
		if err != nil {
			return err
		}
		if known[id] == nil && m.Removed.IsZero() && (!fresh || !m.Published.IsZero() && m.Published.UnixMilli() > oldest) {
			out = append(out, id)
		}
		return nil
	})
	return out, err
}

// absent returns which of the mentions are known to be absent.
func (ix *Index) absent(ctx context.Context, ids []string) (map[string]*absence, error) {
	out := map[string]*absence{}
	err := ix.mget(ctx, ix.name(absences), names(ids), func(_ string, d *gotten) error {
		a := &absence{}
		err := json.Unmarshal(d.Source, a)
		out[a.ID] = a
		return err
	})
	return out, err
}

func (ix *Index) putAbsence(a *absence) *op {
	b, _ := json.Marshal(a) // strings and numbers
	return &op{action: action("index", ix.name(absences), hash(a.ID), nil), document: b, id: a.ID}
}

func (ix *Index) deleteAbsence(id string) *op {
	return &op{action: action("delete", ix.name(absences), hash(id), nil), id: id}
}

// absencesBy returns all absences that a query matches.
func (ix *Index) absencesBy(ctx context.Context, q object) ([]*absence, error) {
	var out []*absence
	err := ix.walk(ctx, absences, q, []string{"id"}, func(h *hit) error {
		a := &absence{}
		out = append(out, a)
		return json.Unmarshal(h.Source, a)
	})
	return out, err
}

// walk calls fn for all documents of an index beside the mentions that a query
// matches, in the order of keyword fields that together are without ties.
func (ix *Index) walk(ctx context.Context, name string, filter object, by []string, fn func(h *hit) error) error {
	if err := ix.fresh(ctx); err != nil {
		return err
	}
	return ix.walkOn(ctx, name, filter, by, fn)
}

// walkNow is walk that sees what others have written, too.
func (ix *Index) walkNow(ctx context.Context, name string, filter object, by []string, fn func(h *hit) error) error {
	if err := ix.refresh(ctx, ix.name(name)); err != nil {
		return err
	}
	return ix.walkOn(ctx, name, filter, by, fn)
}

func (ix *Index) walkOn(ctx context.Context, name string, filter object, by []string, fn func(h *hit) error) error {
	var order []object
	for _, field := range by {
		order = append(order, object{field: object{"order": "asc", "unmapped_type": "keyword"}})
	}
	q := object{"query": object{"bool": object{"filter": []object{filter}}}, "size": scanTogether, "track_total_hits": false, "sort": order}
	for {
		a, err := ix.ask(ctx, "walk "+name, []string{ix.name(name)}, q)
		if err != nil {
			return err
		}
		for i := range a.Hits.Hits {
			if err := fn(&a.Hits.Hits[i]); err != nil {
				return err
			}
		}
		n := len(a.Hits.Hits)
		if n < scanTogether {
			return nil
		}
		q["search_after"] = a.Hits.Hits[n-1].Sort
	}
}

// seenTogether is how many ids one look at the pages asks for.
const seenTogether = 500

// given returns which of the ids are given by the latest readings that a query
// matches.
func (ix *Index) given(ctx context.Context, ids []string, q object) (map[string]bool, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	out := map[string]bool{}
	filter := object{"bool": object{"filter": []object{{"terms": object{"ids": ids}}, q}}}
	err := ix.walk(ctx, pages, filter, []string{"key"}, func(h *hit) error {
		var r reading
		if err := json.Unmarshal(h.Source, &r); err != nil {
			return err
		}
		for _, id := range r.IDs {
			if wanted[id] {
				out[id] = true
			}
		}
		return nil
	})
	return out, err
}

// EndRun counts what is absent; see index.Absences.
func (ix *Index) EndRun(ctx context.Context, end index.RunEnd) (removed int, err error) {
	if end.After < 1 {
		return 0, fmt.Errorf("index: end run: after %d good runs; allowed are 1 and more", end.After)
	}
	if removed, err = ix.endRun(ctx, end); err != nil {
		return 0, fmt.Errorf("index: end run: %w", err)
	}
	return removed, nil
}

func (ix *Index) endRun(ctx context.Context, end index.RunEnd) (int, error) {
	all, err := ix.absencesBy(ctx, object{"term": object{"source": end.Source}})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	present := map[string]bool{}
	if end.Good {
		for part := range slices.Chunk(all, seenTogether) {
			ids := make([]string, len(part))
			for i, a := range part {
				ids[i] = a.ID
			}
			seen, err := ix.given(ctx, ids, object{"match_all": object{}})
			if err != nil {
				return 0, err
			}
			for id := range seen {
				present[id] = true
			}
		}
	}
	var ops []*op
	graves := map[string]time.Time{}
	for _, a := range all {
		was := *a
		if a.Found == end.Run {
			a.Found = ""
		}
		if end.Good && present[a.ID] {
			ops = append(ops, ix.deleteAbsence(a.ID))
			continue
		}
		if end.Good && a.Found == "" && a.Counted != end.Run {
			a.Runs, a.Counted = a.Runs+1, end.Run
		}
		if end.Good && a.Found == "" && a.Runs >= end.After {
			graves[a.ID] = time.UnixMilli(a.Since).UTC()
			ops = append(ops, ix.deleteAbsence(a.ID))
			continue
		}
		if *a != was {
			ops = append(ops, ix.putAbsence(a))
		}
	}
	removed, err := ix.bury(ctx, graves)
	if err != nil {
		return 0, err
	}
	return removed, ix.send(ctx, ops)
}

// bury makes tombstones, and returns of how many mentions.
func (ix *Index) bury(ctx context.Context, graves map[string]time.Time) (int, error) {
	var edits []*edit
	buried := map[string]bool{}
	for id, since := range graves {
		edits = append(edits, &edit{id: id, apply: func(stored *mention.Mention) (*mention.Mention, index.Change) {
			buried[id] = stored != nil && stored.Removed.IsZero()
			if !buried[id] {
				return stored, index.Same
			}
			gone := *stored
			gone.Removed = since
			return &gone, index.Same
		}})
	}
	for part := range slices.Chunk(edits, readTogether) {
		if _, err := ix.write(ctx, part); err != nil {
			return 0, err
		}
	}
	removed := 0
	for _, is := range buried {
		if is {
			removed++
		}
	}
	return removed, nil
}
