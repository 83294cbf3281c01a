package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler"
	"klank/index"
	"klank/index/enrich"
	"klank/index/sqlite"
	"klank/mention"
)

type replayFlags struct {
	since              string
	sources            []string
	diff, json, labels bool
}

func newReplay(e *env) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Parse and analyse saved pages again, without fetching",
		Long: `replay reads the saved pages again with the parsers, selectors, brands and
analysis of now, and brings the index to what they give: what is read better
replaces what is stored (its id stays), and what no page gives any more is
withdrawn. It fetches nothing.

Of every URL the latest page is read, and any older one that a stored mention
still rests on. --diff says what would change and stores nothing.

--labels reads no pages: it finds brands, moods and labels anew in the words
that are stored, which takes a fraction of the time and also reaches what was
imported and what no page is kept of.`,
		Example: `  klank replay --diff                    what a new version or configuration would change
  klank replay --source keukenwinkel     only the pages of one source
  klank replay --labels                  brands and labels only, of everything stored
  klank replay --since 2026-01-31 --diff --json > changes.ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := runReplay(cmd.Context(), e, &f)
			if cmd.Context().Err() != nil {
				return errReplayStopped
			}
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "only pages that were fetched on or after this day (2026-01-31, UTC)")
	fl.StringSliceVar(&f.sources, "source", nil, "only pages of this source (repeatable)")
	fl.BoolVar(&f.diff, "diff", false, "say what would change, and store nothing")
	fl.BoolVar(&f.labels, "labels", false, "only brands and labels, from the stored words of every mention")
	fl.BoolVar(&f.json, "json", false, "print every difference as a JSON line; the summary goes to standard error")
	_ = cmd.RegisterFlagCompletionFunc("source", e.completeSources)
	return cmd
}

var errReplayStopped = errors.New("stopped; nothing is lost, the same command begins again")

func runReplay(ctx context.Context, e *env, f *replayFlags) error {
	since, err := dayFlag("--since", f.since)
	if err != nil {
		return err
	}
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	if f.labels && !since.IsZero() {
		return usagef("--labels reads no pages, so that --since cannot choose among them; leave out one of the two")
	}
	if _, err := os.Stat(e.snapshotsIn(cfg)); err != nil && !f.labels {
		return fmt.Errorf("there are no saved pages in %s; run klank crawl first, or name the folder with --data", e.data)
	}
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	r := &replay{e: e, cfg: cfg, w: w, diff: f.diff, labels: f.labels, start: time.Now(), progress: newProgress(e), corrected: w.corrections()}
	defer r.progress.close()
	if err := r.corrected.refresh(ctx); err != nil {
		return err
	}
	read := r.run
	if f.labels {
		r.plan, read = labelsPlan(cfg), r.relabel(f.sources)
	} else if r.plan, err = planReplay(ctx, cfg, w, since, f.sources); err != nil {
		return err
	}
	out := bufio.NewWriterSize(e.out, 1<<16)
	r.report = newReplayReport(out, f.json)
	if err := read(ctx); err != nil {
		return errors.Join(err, out.Flush())
	}
	if !r.diff {
		r.enriched = enrichIndex(ctx, w.index, e.log())
	}
	r.progress.close()
	summary := &printer{w: out}
	if f.json {
		summary.w = e.err
	}
	r.print(summary)
	return errors.Join(summary.err, out.Flush(), r.verdict())
}

// replay is one run of the command. Pages are read in the order in which they
// were fetched, into an index of its own in a temporary folder: so readings of
// one mention on several pages join as in a crawl, whatever their number, and
// what comes of all of them is compared with the real index.
type replay struct {
	e        *env
	cfg      *configs.Config
	w        *workspace
	plan     *replayPlan
	report   *replayReport
	progress *progress
	diff     bool
	labels   bool // only they are found again
	start    time.Time

	corrected *corrections
	scratch   *sqlite.Index
	read      int // pages
	// failed counts pages that cannot be read or parsed; reasons are those of
	// the first few.
	failed  int
	reasons []string
	// held says that withdrawing is left out because of them.
	held bool
	// enriched is what was marked beside the other mentions afterwards.
	enriched enrich.Report
}

const (
	// replayWindow is how many pages are read between two looks at what they
	// gave.
	replayWindow = 64
	// replayBatch is the mentions of one transaction. Withdrawing looks at the
	// whole index to clean up behind it, so it is done in larger batches.
	replayBatch   = 500
	withdrawBatch = 5000
)

func (r *replay) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "klank-replay-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if r.scratch, err = sqlite.Open(filepath.Join(dir, indexFile)); err != nil {
		return err
	}
	defer r.scratch.Close()
	if err := r.readPages(ctx); err != nil {
		return err
	}
	if err := r.store(ctx); err != nil {
		return err
	}
	return r.withdraw(ctx)
}

// newPipeline is the pipeline of a crawl that stores nothing by itself: found
// takes what a page gives, also from several goroutines. The pages of a crawl
// of plain URLs get the rules of the configured source for that site, as in
// the crawl.
func (r *replay) newPipeline(withAnalysis bool, found func([]mention.Mention)) (*pipeline, error) {
	analyzer := r.e.newAnalyzer
	if !withAnalysis {
		analyzer = nil
	}
	pipe, err := newPipeline(r.cfg, r.e.log(), analyzer)
	if err != nil {
		return nil, err
	}
	pipe.secret, pipe.suppressed, pipe.corrected = r.w.secret, r.w.suppression(), r.corrected
	pipe.store = func(ctx context.Context, ms []mention.Mention, _ []index.Sighting) ([]index.Change, error) {
		if len(ms) > 0 {
			known, err := r.known(ctx, ms)
			if err != nil {
				return nil, err
			}
			found(known)
		}
		return slices.Repeat([]index.Change{index.Same}, len(ms)), nil
	}
	for name, url := range r.plan.byURL {
		if r.plan.configured[name] {
			continue
		}
		if c := sourceOfSite(r.cfg, url); c != nil {
			if pipe.options[name], err = c.Options(); err != nil {
				return nil, err
			}
			pipe.brandOf[name] = c.Brand
		}
	}
	return pipe, nil
}

// known gives edited texts the ids that they are stored under.
func (r *replay) known(ctx context.Context, ms []mention.Mention) ([]mention.Mention, error) {
	ids := make([]string, 0, 3*len(ms))
	for i := range ms {
		ids = append(ids, ms[i].ID, ms[i].Parent, ms[i].Thread)
	}
	aliases, err := r.w.index.Resolve(ctx, ids)
	return index.Rename(ms, aliases), err
}

// readPages parses and analyses the pages of the plan into the scratch index.
func (r *replay) readPages(ctx context.Context) error {
	var mu sync.Mutex
	found := map[string][]mention.Mention{} // by snapshot
	pipe, err := r.newPipeline(true, func(ms []mention.Mention) {
		mu.Lock()
		defer mu.Unlock()
		found[ms[0].Evidence.Snapshot] = ms
	})
	if err != nil {
		return err
	}
	var batch []mention.Mention
	for pages := range slices.Chunk(r.plan.pages, replayWindow) {
		errs := r.handleAll(ctx, pipe, pages)
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range pages {
			p := &pages[i]
			if errs[i] != nil {
				delete(r.plan.replayed, p.key())
				r.fail(p, errs[i])
				continue
			}
			r.read++
			batch = append(batch, found[p.locator()]...) // in order, so that the same pages give the same
		}
		clear(found)
		if len(batch) >= replayBatch {
			if _, err := r.scratch.Put(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		r.progress.tick("reading saved pages", r.read+r.failed, len(r.plan.pages))
	}
	_, err = r.scratch.Put(ctx, batch)
	return err
}

func (r *replay) fail(p *savedPage, err error) {
	if r.failed++; r.failed <= replayExamples {
		r.reasons = append(r.reasons, fmt.Sprintf("%s: %v", p.locator(), err))
	}
}

// handleAll takes pages through the pipeline, as many at once as there are
// processors, and returns an error or nil for each.
func (r *replay) handleAll(ctx context.Context, pipe *pipeline, pages []savedPage) []error {
	errs := make([]error, len(pages))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pages)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pages) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[i] = r.handle(ctx, pipe, &pages[i])
			}
		})
	}
	wg.Wait()
	return errs
}

// handle takes one saved page through the pipeline; a parser that panics
// costs this page only.
func (r *replay) handle(ctx context.Context, pipe *pipeline, p *savedPage) (err error) {
	page, err := r.w.snapshots.Get(p.locator())
	if err != nil {
		return err
	}
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%s: the parser failed: %v", page.URL, x)
		}
	}()
	_, errs := pipe.Handle(ctx, &crawler.Source{Source: page.Source}, []*mention.Page{page})
	return errs[0]
}

// store brings the index to what was read, save what is to be withdrawn.
func (r *replay) store(ctx context.Context) error {
	var batch []index.Rereading
	flush := func() error {
		if r.diff || len(batch) == 0 {
			return nil
		}
		_, err := r.w.index.Reread(ctx, batch)
		batch = batch[:0]
		return err
	}
	n := 0
	err := r.scratch.Scan(ctx, nil, func(m *mention.Mention) error {
		n++
		r.progress.tick("comparing mentions", n, 0)
		stored, err := r.w.index.Get(ctx, m.ID, 0)
		if err != nil && !errors.Is(err, index.ErrNotFound) {
			return err
		}
		reading := index.Rereading{ID: m.ID, Mention: m}
		if stored != nil {
			if r.plan.replayed[keyOf(stored.Evidence.Snapshot)] {
				reading.Snapshot = stored.Evidence.Snapshot
			}
			if !r.plan.configured[m.Source.Name] {
				m.Brands = union(stored.Brands, m.Brands) // crawl --brand stands nowhere else
				r.corrected.apply(m)
			}
		}
		after, change := reading.Apply(stored)
		differs, err := r.report.note(change, stored, after)
		if err != nil || !differs {
			return err
		}
		if batch = append(batch, reading); len(batch) < replayBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// withdraw takes back the mentions that were read on a replayed page and that
// no page gives any more. Where a page could not be read it may be the one
// that gives them; then nothing is withdrawn.
func (r *replay) withdraw(ctx context.Context) error {
	gone := map[string]*mention.Mention{}
	err := r.w.index.Scan(ctx, nil, func(m *mention.Mention) error {
		if m.Evidence.Snapshot == "" || !r.plan.replayed[keyOf(m.Evidence.Snapshot)] {
			return nil
		}
		_, err := r.scratch.Get(ctx, m.ID, 0)
		if errors.Is(err, index.ErrNotFound) {
			m.Analysis = nil // the difference does without, and there may be many
			gone[m.ID] = m
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(gone) > 0 {
		if err := r.spare(ctx, gone); err != nil {
			return err
		}
	}
	if len(gone) > 0 && r.failed+r.plan.damaged > 0 {
		r.held = true
		return nil
	}
	var batch []index.Rereading
	for _, id := range sortedKeys(gone) {
		m := gone[id]
		if _, err := r.report.note(index.Withdrawn, m, nil); err != nil {
			return err
		}
		batch = append(batch, index.Rereading{ID: id, Snapshot: m.Evidence.Snapshot})
	}
	if r.diff {
		return nil
	}
	for part := range slices.Chunk(batch, withdrawBatch) {
		if _, err := r.w.index.Reread(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// spare takes from gone what those pages still give that the replay leaves
// out (--since, --source, sources that are not configured).
func (r *replay) spare(ctx context.Context, gone map[string]*mention.Mention) error {
	pipe, err := r.newPipeline(false, func(ms []mention.Mention) {
		for i := range ms {
			delete(gone, ms[i].ID)
		}
	})
	if err != nil {
		return err
	}
	for i := range r.plan.left {
		if err := ctx.Err(); err != nil || len(gone) == 0 {
			return err
		}
		p := &r.plan.left[i]
		if err := r.handle(ctx, pipe, p); err != nil {
			r.fail(p, err)
		}
		r.progress.tick("looking for mentions on the other pages", i+1, len(r.plan.left))
	}
	return nil
}
