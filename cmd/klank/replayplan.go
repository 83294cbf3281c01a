package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"klank/configs"
	"klank/crawler/snapshot"
	"klank/mention"
)

// savedPage is the place of a saved page. The strings are shared by all pages
// of a file and of a source.
type savedPage struct {
	file    string
	offset  int64
	fetched int64 // Unix microseconds
	source  string
}

func (p *savedPage) locator() string { return p.file + ":" + strconv.FormatInt(p.offset, 10) }

func (p *savedPage) key() pageKey { return keyOf(p.locator()) }

// pageKey stands for a locator, or for a source and URL: long strings would
// cost too much memory.
type pageKey [16]byte

func keyOf(parts ...string) pageKey {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return pageKey(sum[:16])
}

// replayPlan says which saved pages are read again. It takes about 200 bytes
// of memory a URL and 40 a saved page that a mention rests on.
type replayPlan struct {
	// pages are read again, left are the others that count; by time.
	pages, left []savedPage
	// replayed holds the locators of pages.
	replayed map[pageKey]bool
	// configured holds the names of the configured sources.
	configured map[string]bool
	// byURL holds the sources that are named after their host, because they
	// were crawled by URL, each with one of its URLs.
	byURL map[string]string
	// unknown counts pages of sources that were configured once.
	unknown map[string]int
	// damaged and torn count what the snapshot store could not read.
	damaged, torn int
	examples      []string // of damage
}

// planReplay looks through the saved pages. The latest of each source and URL
// counts, and every older one that a stored mention was read on: lists move
// on, and what stood there last month is on no latest page.
//
// Pages of a source that is no longer configured are left out: without its
// rules they would give less, and their mentions would be withdrawn. A source
// that is named after its host was crawled by URL and needs no rules.
func planReplay(ctx context.Context, cfg *configs.Config, w *workspace, since time.Time, only []string) (*replayPlan, error) {
	plan := &replayPlan{replayed: map[pageKey]bool{}, configured: map[string]bool{}, byURL: map[string]string{}, unknown: map[string]int{}}
	for i := range cfg.Sources {
		plan.configured[cfg.Sources[i].Name] = true
	}
	evidence := map[pageKey]bool{}
	err := w.index.Scan(ctx, nil, func(m *mention.Mention) error {
		if m.Evidence.Snapshot != "" {
			evidence[keyOf(m.Evidence.Snapshot)] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	latest := map[pageKey]savedPage{}
	var counted []savedPage
	names := map[string]string{}
	file := ""
	err = w.snapshots.Walk(ctx, func(h snapshot.Head) error {
		name, offset, _ := strings.Cut(h.Locator, ":")
		if name != file {
			file = strings.Clone(name)
		}
		at, err := strconv.ParseInt(offset, 10, 64)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		if _, known := names[h.Source.Name]; !known {
			names[h.Source.Name] = h.Source.Name
			if h.Source.Name == h.Source.Host {
				plan.byURL[h.Source.Name] = h.URL
			}
		}
		p := savedPage{file, at, h.Fetched.UnixMicro(), names[h.Source.Name]}
		key := keyOf(p.source, h.URL)
		before, known := latest[key]
		switch {
		case !known:
			latest[key] = p
			return nil
		case p.fetched >= before.fetched:
			latest[key], p = p, before
		}
		if evidence[p.key()] { // p is the older of the two
			counted = append(counted, p)
		}
		return nil
	}, plan.damage)
	if err != nil {
		return nil, err
	}
	for _, name := range only {
		if _, saved := names[name]; !saved && !plan.configured[name] {
			return nil, usagef("--source %q has no saved pages and is not configured; saved are pages of %s", name, strings.Join(sortedKeys(names), ", "))
		}
	}
	counted = slices.AppendSeq(counted, maps.Values(latest))
	slices.SortFunc(counted, func(a, b savedPage) int {
		return cmp.Or(cmp.Compare(a.fetched, b.fetched), cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
	})
	for _, p := range counted {
		wanted := (len(only) == 0 || slices.Contains(only, p.source)) && (since.IsZero() || p.fetched >= since.UnixMicro())
		if _, byURL := plan.byURL[p.source]; wanted && !byURL && !plan.configured[p.source] {
			plan.unknown[p.source]++
			wanted = false
		}
		if wanted {
			plan.pages = append(plan.pages, p)
			plan.replayed[p.key()] = true
		} else {
			plan.left = append(plan.left, p)
		}
	}
	return plan, nil
}

// damage counts what cannot be read. A torn end is no loss: its page was
// never taken as saved.
func (plan *replayPlan) damage(d snapshot.Damage) {
	if d.Torn {
		plan.torn++
		return
	}
	plan.damaged++
	if len(plan.examples) < replayExamples {
		plan.examples = append(plan.examples, fmt.Sprintf("%s: %v", d.Locator, d.Err))
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
