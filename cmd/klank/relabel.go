package main

import (
	"context"
	"slices"

	"klank/configs"
	"klank/index"
	"klank/mention"
)

// labelsPlan is the plan of a replay that reads no pages.
func labelsPlan(cfg *configs.Config) *replayPlan {
	plan := &replayPlan{configured: map[string]bool{}}
	for _, s := range cfg.Sources {
		plan.configured[s.Name] = true
	}
	return plan
}

// relabelWindow is the mentions of one transaction.
const relabelWindow = 500

// relabel analyses the stored mentions again, of some sources or of all.
func (r *replay) relabel(sources []string) func(context.Context) error {
	return func(ctx context.Context) error {
		pipe, err := r.newPipeline(true, nil)
		if err != nil {
			return err
		}
		seen, done := map[string]bool{}, 0
		var batch []index.Rereading
		flush := func() error {
			if r.diff || len(batch) == 0 {
				batch = batch[:0]
				return nil
			}
			_, err := r.w.index.Reread(ctx, batch)
			batch = batch[:0]
			return err
		}
		err = r.w.index.Scan(ctx, nil, func(m *mention.Mention) error {
			seen[m.Source.Name] = true
			if len(sources) > 0 && !slices.Contains(sources, m.Source.Name) {
				return nil
			}
			done++
			r.progress.tick("finding labels", done, 0)
			reading := index.Rereading{ID: m.ID, Mention: r.analysed(pipe, m), Labels: true}
			after, change := reading.Apply(m)
			differs, err := r.report.note(change, m, after)
			if err != nil || !differs {
				return err
			}
			if batch = append(batch, reading); len(batch) < relabelWindow {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
		for _, s := range sources {
			if !seen[s] {
				return usagef("--source %q: no mention is stored of it; stored are those of %v", s, sortedKeys(seen))
			}
		}
		return flush()
	}
}

// analysed returns a mention with the labels of now. The brand that a crawl of
// plain URLs or an import was told stands nowhere but in its mentions.
func (r *replay) analysed(pipe *pipeline, m *mention.Mention) *mention.Mention {
	again := *m
	again.Flags = slices.Clone(m.Flags) // the analysis takes one away, or adds it
	pipe.analyse(&again, pipe.brandOf[m.Source.Name])
	if !r.plan.configured[m.Source.Name] {
		again.Brands = union(m.Brands, again.Brands)
		pipe.corrected.apply(&again)
	}
	return &again
}
