package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler/snapshot"
	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// pruneReport says what retention takes away, or would.
type pruneReport struct {
	Pages snapshot.Pruned `json:"pages"`
	// Mentions counts those deleted, by source.
	Mentions map[string]int `json:"mentions,omitempty"`
	// Kinds counts those deleted that are older than their kind is kept.
	Kinds  map[mention.Kind]int `json:"kinds,omitempty"`
	DryRun bool                 `json:"dry_run,omitempty"`
}

func newPrune(e *env) *cobra.Command {
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Take away what has been kept long enough",
		Long: `prune erases saved pages that are older than retention.pages in klank.yaml, save the
latest of each URL that is still crawled, and deletes what has not been seen for
longer than a source may keep it (its retention, or the terms of its API) and what is
older than mentions of its kind are kept (retention.mentions). Crawls and klank run do so by themselves, once a day at most.`,
		Example: `  klank prune --dry-run      what would go
  klank prune`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPrune(cmd.Context(), e, dryRun, asJSON)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would go, and take nothing away")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}

func runPrune(ctx context.Context, e *env, dryRun, asJSON bool) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	if _, err := os.Stat(e.data); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data folder %s; run klank crawl first, or name the folder with --data", e.data)
	}
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	r, err := newRetention(cfg, time.Now()).prune(ctx, w, dryRun)
	if err != nil {
		return err
	}
	if asJSON {
		return jsonLines(e.out).Encode(r)
	}
	p := &printer{w: e.out}
	r.print(p)
	return p.err
}

func (r *pruneReport) empty() bool {
	return r.Pages == (snapshot.Pruned{}) && len(r.Mentions) == 0 && len(r.Kinds) == 0
}

func (r *pruneReport) print(p *printer) {
	erased, removed, deleted := "erased", "removed", "deleted"
	if r.DryRun {
		erased, removed, deleted = "would be erased", "would be removed", "would be deleted"
	}
	if r.empty() {
		p.linef("nothing has been kept for too long")
	}
	if r.Pages.Pages > 0 {
		p.linef("saved pages %s: %d, of %s", erased, r.Pages.Pages, megabytes(r.Pages.Bytes))
	}
	if r.Pages.Files > 0 {
		p.linef("files without pages %s: %d", removed, r.Pages.Files)
	}
	for _, name := range sortedKeys(r.Mentions) {
		p.linef("mentions of %s %s: %d", clean(name), deleted, r.Mentions[name])
	}
	for _, kind := range sortedKeys(r.Kinds) {
		p.linef("mentions that are a %s %s: %d", kind, deleted, r.Kinds[kind])
	}
}

func megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB" }

// retention is the rule of a configuration at a moment.
type retention struct {
	// pages is the time before which saved pages are old; zero for never.
	pages time.Time
	// own is the time for sources with a rule of their own, whose latest pages
	// go as well; mentions is the time before which those of a source go.
	own, mentions map[string]time.Time
	// kinds is the time of publication before which those of a kind go.
	kinds map[mention.Kind]time.Time
}

func newRetention(cfg *configs.Config, now time.Time) *retention {
	r := &retention{own: map[string]time.Time{}, mentions: map[string]time.Time{}, kinds: map[mention.Kind]time.Time{}}
	for kind, d := range cfg.Retention.MentionsFor() {
		r.kinds[kind] = now.Add(-d)
	}
	if d := cfg.Retention.PagesFor(); d > 0 {
		r.pages = now.Add(-d)
	}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		if d := cfg.RetentionOf(s); d > 0 {
			r.own[s.Name] = now.Add(-d)
			r.mentions[s.Name] = now.Add(-d)
		}
		if !cfg.KeepsPages(s) {
			r.own[s.Name] = now // saved when its configuration still allowed it
		}
	}
	return r
}

// newest is the time before which any page may be old; zero when none can be.
func (r *retention) newest() time.Time {
	newest := r.pages
	for _, t := range r.own {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// prune takes away what is too old. It may run beside crawls, and beside
// others that prune.
func (r *retention) prune(ctx context.Context, w *workspace, dryRun bool) (*pruneReport, error) {
	report := &pruneReport{DryRun: dryRun, Mentions: map[string]int{}, Kinds: map[mention.Kind]int{}}
	touched, err := w.touched(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range sortedKeys(r.kinds) {
		n, err := pruneKind(ctx, w.index, kind, r.kinds[kind], dryRun)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			report.Kinds[kind] = n
		}
	}
	for _, name := range sortedKeys(r.mentions) {
		n, err := w.index.Expire(ctx, name, r.mentions[name], dryRun)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			report.Mentions[name] = n
		}
	}
	if err := w.forgetGone(ctx, touched); err != nil {
		return nil, err
	}
	newest := r.newest()
	if newest.IsZero() {
		return report, nil
	}
	wanted, err := readWanted(ctx, w)
	if err != nil {
		return nil, err
	}
	report.Pages, err = w.snapshots.Prune(ctx, newest, func(h snapshot.Head) bool {
		if own, ok := r.own[h.Source.Name]; ok && h.Fetched.Before(own) {
			return false
		}
		return !h.Fetched.Before(r.pages) || wanted.has(h.Locator)
	}, dryRun)
	return report, err
}

// pruneKind deletes the mentions of a kind that were published before a time,
// or collected before it where nothing says when they were published.
func pruneKind(ctx context.Context, ix store, kind mention.Kind, before time.Time, dryRun bool) (int, error) {
	old := &query.And{Nodes: []query.Node{
		&query.Term{Field: "kind", Value: string(kind)},
		&query.Or{Nodes: []query.Node{
			&query.Range{Field: "published", To: before},
			&query.And{Nodes: []query.Node{
				&query.Not{Node: &query.Term{Field: "has", Value: "published"}},
				&query.Range{Field: "collected", To: before},
			}},
		}},
	}}
	if !dryRun {
		return ix.Delete(ctx, old)
	}
	found, err := ix.Search(ctx, index.SearchRequest{Query: old, Limit: 1})
	if err != nil {
		return 0, err
	}
	return found.Total, nil
}

// wantedPages are the latest pages of the URLs that are still crawled: the
// offsets in each file, ascending. They take 8 bytes a URL.
type wantedPages map[string][]int64

func readWanted(ctx context.Context, w *workspace) (wantedPages, error) {
	wanted := wantedPages{}
	err := w.frontier.Snapshots(ctx, func(locator string) error {
		file, offset, _ := strings.Cut(locator, ":")
		at, err := strconv.ParseInt(offset, 10, 64)
		if err != nil {
			return fmt.Errorf("prune: %q is no place of a saved page: %w", locator, err)
		}
		if wanted[file] == nil {
			file = strings.Clone(file)
		}
		wanted[file] = append(wanted[file], at)
		return nil
	})
	for _, offsets := range wanted {
		slices.Sort(offsets)
	}
	return wanted, err
}

func (p wantedPages) has(locator string) bool {
	file, offset, _ := strings.Cut(locator, ":")
	at, err := strconv.ParseInt(offset, 10, 64)
	_, has := slices.BinarySearch(p[file], at)
	return has || err != nil
}

const (
	// prunedFile in the data folder tells by its time when the latest pruning
	// began that was done by itself.
	prunedFile = "pruned"
	pruneEvery = 24 * time.Hour
)

// pruneWhenDue prunes once a day. That it fails is logged: what was collected
// is not touched by that.
func (e *env) pruneWhenDue(ctx context.Context, rule *retention, w *workspace, log *slog.Logger) {
	stamp := filepath.Join(e.data, prunedFile)
	now := time.Now()
	if info, err := os.Stat(stamp); err == nil && now.Sub(info.ModTime()) < pruneEvery {
		return
	}
	err := os.WriteFile(stamp, []byte(now.UTC().Format(time.RFC3339)+"\n"), 0o600)
	var r *pruneReport
	if err == nil {
		r, err = rule.prune(ctx, w, false)
	}
	switch {
	case ctx.Err() != nil:
		_ = os.Remove(stamp) // it is still due
	case err != nil:
		log.Warn("what has been kept long enough could not be taken away; klank prune tries again", "error", err)
	case !r.empty():
		log.Info("took away what has been kept long enough", "pages", r.Pages.Pages, "files", r.Pages.Files,
			"size", megabytes(r.Pages.Bytes), "mentions", r.Mentions, "kinds", r.Kinds)
	}
}

// keepPruning prunes when it is due, until ctx ends.
func (e *env) keepPruning(ctx context.Context, cfg *configs.Config, w *workspace, log *slog.Logger) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		e.pruneWhenDue(ctx, newRetention(cfg, time.Now()), w, log)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
