package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"klank/index"
	"klank/index/desk"
	"klank/mention"
)

// corrections are the labels that people have corrected, by mention. They are
// read again when another process has changed them. It is safe for concurrent
// use.
type corrections struct {
	desk  *desk.Store
	index index.Index

	mu   sync.RWMutex
	mark int64
	read bool
	of   map[string][]desk.Correction // by the ids of mentions, aliases too
}

// corrections are those of the workspace.
func (w *workspace) corrections() *corrections { return &corrections{desk: w.desk, index: w.index} }

// refresh reads the corrections where they have changed.
func (c *corrections) refresh(ctx context.Context) error {
	mark, err := c.desk.CorrectionsMark(ctx)
	if err != nil {
		return err
	}
	c.mu.RLock()
	fresh := c.read && c.mark == mark
	c.mu.RUnlock()
	if fresh {
		return nil
	}
	all, err := c.desk.Corrections(ctx, "")
	if err != nil {
		return err
	}
	of := map[string][]desk.Correction{}
	for _, one := range all {
		of[one.Mention] = append(of[one.Mention], one)
	}
	if err := c.addAliases(ctx, of); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mark, c.read, c.of = mark, true, of
	return nil
}

// addAliases lets an edited mention be found by the id that its new text alone
// would have, which is the one that a page gives.
func (c *corrections) addAliases(ctx context.Context, of map[string][]desk.Correction) error {
	able, ok := c.index.(index.Aliases)
	if !ok || len(of) == 0 {
		return nil
	}
	aliases, err := able.AliasesOf(ctx, slices.Sorted(maps.Keys(of)))
	if err != nil || len(aliases) == 0 {
		return err
	}
	ids, err := able.Resolve(ctx, aliases)
	for alias, id := range ids {
		of[alias] = append(of[alias], of[id]...)
	}
	return err
}

// apply gives a mention that was analysed the labels that people have
// corrected.
func (c *corrections) apply(m *mention.Mention) {
	m.Flags = slices.DeleteFunc(m.Flags, func(f mention.Flag) bool { return f.Name == mention.FlagCorrected })
	c.mu.RLock()
	defer c.mu.RUnlock()
	desk.Apply(m, c.of[m.ID])
}

// settle puts the corrections upon what is stored where a crawl has not: an
// edited mention that only its text identifies is known again in the index, and
// not yet when it is analysed.
func (c *corrections) settle(ctx context.Context, ix store) error {
	if err := c.refresh(ctx); err != nil {
		return err
	}
	c.mu.RLock()
	ids := slices.Sorted(maps.Keys(c.of))
	c.mu.RUnlock()
	var labels []index.Rereading
	for _, id := range ids {
		m, err := ix.Get(ctx, id, 0)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		again := *m
		again.Flags = slices.Clone(m.Flags)
		c.apply(&again)
		labels = append(labels, index.Rereading{ID: m.ID, Mention: &again, Labels: true})
	}
	if len(labels) == 0 {
		return nil
	}
	_, err := ix.Reread(ctx, labels) // those that have their labels stay the same
	return err
}
