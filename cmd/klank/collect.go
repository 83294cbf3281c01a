package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/index"
	"klank/index/enrich"
	"klank/mention"
)

type crawlOptions struct {
	rate         float64
	allowPrivate bool
	// compare looks for copies and suspects afterwards; else whoever comes next
	// does: a run of the configured sources, the service, or a report.
	compare bool
}

// crawlResult is what one run of some sources collected.
type crawlResult struct {
	report   crawler.Report
	coverage []mention.Coverage
	// exempt are the hosts that were asked without robots.txt, and why.
	exempt []fetch.Exemption
	// delayed are the hosts with too long a Crawl-delay, slowed those asked of
	// late, and paused those that are to be left alone.
	delayed []fetch.Delayed
	slowed  []fetch.HostStatus
	paused  []frontier.HostState
	// enriched is what was marked beside the other mentions.
	enriched enrich.Report
	took     time.Duration
}

// collector runs sources through the whole pipeline into a workspace. It has
// the process's one fetch client, so that whatever runs at the same time keeps
// one budget per host. It is safe for concurrent use with different sources.
type collector struct {
	w      *workspace
	client *fetch.Client
	fetch  *sourceFetcher
	pipe   *pipeline
	engine crawler.Config
	// stopGarbage ends collectGarbage.
	stopGarbage func()
	// removedAfter is in how many good runs a mention must be missing.
	removedAfter int
}

func newCollector(e *env, cfg *configs.Config, w *workspace, o crawlOptions, progress *progress) (*collector, error) {
	if err := w.snapshots.Writable(); err != nil { // before anybody is asked
		return nil, err
	}
	pipe, err := newPipeline(cfg, e.log(), e.newAnalyzer)
	if err != nil {
		return nil, err
	}
	pipe.secret, pipe.store = w.secret, w.index.PutSeen
	pipe.suppressed, pipe.corrected = w.suppression(), w.corrections()
	client, err := newFetcher(cfg, o.rate, o.allowPrivate)
	if err != nil {
		return nil, err
	}
	asking, err := newSourceFetcher(cfg, client, w.frontier)
	if err != nil {
		client.Close()
		return nil, err
	}
	c := &collector{w: w, client: client, fetch: asking, pipe: pipe, engine: engineConfig(cfg, asking, progress),
		stopGarbage: collectGarbage(), removedAfter: cfg.Crawl.RemovedAfterRuns}
	c.engine.Frontier, c.engine.Snapshots, c.engine.Generation = w.frontier, w.snapshots, w.index.Generation()
	return c, nil
}

// engineConfig is what every crawl takes from the configuration.
func engineConfig(cfg *configs.Config, fetcher crawler.Fetcher, progress *progress) crawler.Config {
	return crawler.Config{Fetcher: fetcher, Workers: cfg.Crawl.Workers, DeepEvery: cfg.Crawl.DeepEvery, LeaseTTL: cfg.Frontier.Lease, Events: progress.event}
}

func (c *collector) close() {
	c.fetch.close()
	c.client.Close()
	c.stopGarbage()
}

// collect runs the sources once and puts their runs and coverage into the
// index, also when ctx has ended meanwhile: then with its error.
func (c *collector) collect(ctx context.Context, sources []*crawler.Source) (*crawlResult, error) {
	start := time.Now()
	ledger, err := newCoverageLedger(ctx, c.w.index, sources)
	if err != nil {
		return nil, err
	}
	pipe := *c.pipe
	pipe.declare = ledger.declare
	config := c.engine
	config.Handler = &pipe
	engine, err := crawler.New(config)
	if err != nil {
		return nil, err
	}
	report, err := engine.Run(ctx, sources)
	if err != nil {
		return nil, err
	}
	res := &crawlResult{report: report, exempt: c.client.Exemptions(), delayed: c.client.Delayed(), slowed: c.client.Hosts()}
	last := context.WithoutCancel(ctx)
	if res.paused, err = c.w.frontier.Hosts(last); err != nil {
		return nil, err
	}
	earlier, err := c.w.index.Runs(last, runsSearched)
	if err != nil {
		return nil, err
	}
	covered := make([][]mention.Coverage, len(report.Sources))
	errs := make([]error, len(report.Sources))
	var recording sync.WaitGroup
	turns := make(chan struct{}, recordTogether)
	for i := range report.Sources {
		turns <- struct{}{}
		recording.Go(func() {
			defer func() { <-turns }()
			covered[i], errs[i] = c.record(last, &report.Sources[i], ledger, earlier)
		})
	}
	recording.Wait()
	if err := cmp.Or(errs...); err != nil {
		return nil, err
	}
	if err := c.pipe.corrected.settle(last, c.w.index); err != nil {
		return nil, err
	}
	res.coverage = slices.Concat(covered...)
	res.took = time.Since(start)
	return res, ctx.Err()
}

// recordTogether bounds the runs that are put into the index at the same time,
// where they share transactions and their waits for the disk.
const recordTogether = 16

// record judges a run beside earlier ones, and puts it and its coverage into
// the index.
func (c *collector) record(ctx context.Context, s *crawler.SourceReport, ledger *coverageLedger, earlier []mention.Run) ([]mention.Coverage, error) {
	misread := judge(s, earlier)
	if err := c.bury(ctx, s, misread); err != nil {
		return nil, err
	}
	cov, err := ledger.coverage(ctx, s)
	if err != nil {
		return nil, err
	}
	c.fetch.recordAccess(&s.Run)
	if err := c.balance(ctx, s); err != nil {
		return nil, err
	}
	return cov, c.w.index.PutRun(ctx, s.Run, cov)
}

// balance fails a run of which not all that was found is in the index or among
// the dead letters, where the index can tell.
func (c *collector) balance(ctx context.Context, s *crawler.SourceReport) error {
	accountant, ok := c.w.index.(index.Accountant)
	if !ok {
		return nil
	}
	a, err := accountant.Account(ctx, s.Run.Source, s.Run.ID)
	if err != nil {
		return err
	}
	if !a.Balances() {
		s.Status, s.Reason = crawler.StatusFailed, missing(a).Error()
		s.Run.Status, s.Run.Reason = s.Status, s.Reason
	}
	return nil
}

// comparedRuns is how many earlier runs a run is compared with.
const comparedRuns = 5

// judge compares what a run read with the source's earlier good runs. Where
// items, mentions or a field of them have fallen away the run is suspect: the
// site's layout has probably changed. What was collected before is kept. It
// returns whether the pages were misread. A run that was stopped, or that
// another process shares, is judged by all that is known of it.
func judge(s *crawler.SourceReport, earlier []mention.Run) (misread bool) {
	s.Run.Reason = s.Reason
	fields := s.Fields
	var before crawler.FieldCounts
	found := 0
	for _, r := range earlier {
		if r.ID == s.Run.ID && r.Fields != nil {
			fields = fields.Add(*r.Fields)
		}
		if r.Source == s.Run.Source && r.ID != s.Run.ID && r.Status == crawler.StatusDone && r.Fields != nil && found < comparedRuns {
			before = before.Add(*r.Fields)
			found++
		}
	}
	if fields == (crawler.FieldCounts{}) {
		return s.Walls > 0
	}
	s.Run.Fields = &fields
	drift := crawler.Drift(before, fields, s.NotModified+s.NotDue+s.Unreached)
	if len(drift) > 0 && s.Status == crawler.StatusDone {
		s.Status = crawler.StatusSuspect
		s.Reason = "the layout has probably changed: " + strings.Join(drift, "; ")
		s.Run.Status, s.Run.Reason = s.Status, s.Reason
	}
	return len(drift) > 0 || s.Walls > 0
}

// bury makes tombstones of what this run, as one of several good ones, did
// not find. A run that was stopped says nothing before it has gone on to its
// end, and one that misread pages says nothing at all.
func (c *collector) bury(ctx context.Context, s *crawler.SourceReport, misread bool) error {
	if misread || s.Status == crawler.StatusInterrupted {
		return nil
	}
	good := s.Status == crawler.StatusDone && s.Deep && !s.Capped && len(s.Stops) == 0
	var err error
	s.Run.Removed, err = c.w.index.EndRun(ctx, index.RunEnd{Source: s.Run.Source, Run: s.Run.ID, Good: good, After: c.removedAfter})
	return err
}

// runsSearched bounds the runs of all sources among which a source's own are
// looked for.
const runsSearched = 1000

// crawlInto runs the sources once with a collector of their own.
func crawlInto(ctx context.Context, e *env, cfg *configs.Config, w *workspace, sources []*crawler.Source, o crawlOptions) (*crawlResult, error) {
	progress := newProgress(e)
	defer progress.close()
	c, err := newCollector(e, cfg, w, o, progress)
	if err != nil {
		return nil, err
	}
	defer c.close()
	res, err := c.collect(ctx, sources)
	if err == nil && o.compare {
		res.enriched = enrichIndex(ctx, w.index, e.log())
	}
	return res, err
}
