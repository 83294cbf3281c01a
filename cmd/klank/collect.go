package main

import (
	"cmp"
	"context"
	"time"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/fetch"
	"klank/mention"
)

type crawlOptions struct {
	rate         float64
	allowPrivate bool
}

// crawlResult is what one run of some sources collected.
type crawlResult struct {
	report   crawler.Report
	coverage []mention.Coverage
	took     time.Duration
}

// collector runs sources through the whole pipeline into a workspace. It has
// the process's one fetch client, so that whatever runs at the same time keeps
// one budget per host. It is safe for concurrent use with different sources.
type collector struct {
	w      *workspace
	client *fetch.Client
	pipe   *pipeline
	engine crawler.Config
}

func newCollector(e *env, cfg *configs.Config, w *workspace, o crawlOptions, progress *progress) (*collector, error) {
	pipe, err := newPipeline(cfg, e.log(), true)
	if err != nil {
		return nil, err
	}
	pipe.secret, pipe.store = w.secret, w.index.Put
	client, err := newFetcher(cfg, o.rate, o.allowPrivate)
	if err != nil {
		return nil, err
	}
	c := &collector{w: w, client: client, pipe: pipe, engine: engineConfig(cfg, o.rate, client, progress)}
	c.engine.Frontier, c.engine.Snapshots, c.engine.Generation = w.frontier, w.snapshots, w.index.Generation()
	return c, nil
}

// engineConfig is what every crawl takes from the configuration.
func engineConfig(cfg *configs.Config, rate float64, client *fetch.Client, progress *progress) crawler.Config {
	c := crawler.Config{Fetcher: client, Workers: cfg.Crawl.Workers, Events: progress.event}
	if rate = cmp.Or(rate, cfg.Crawl.Rate); rate > 0 {
		c.Interval = time.Duration(float64(time.Second) / rate) // also between processes
	}
	return c
}

func (c *collector) close() { c.client.Close() }

// collect runs the sources once and puts their runs and coverage into the
// index, also when ctx has ended meanwhile: then with its error.
func (c *collector) collect(ctx context.Context, sources []*crawler.Source) (*crawlResult, error) {
	start := time.Now()
	ledger, err := newCoverageLedger(ctx, c.w.index)
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
	res := &crawlResult{report: report}
	for i := range report.Sources {
		s := &report.Sources[i]
		cov, err := ledger.coverage(context.WithoutCancel(ctx), s.Run, s.RobotsBlocked, s.Capped)
		if err != nil {
			return nil, err
		}
		if err := c.w.index.PutRun(context.WithoutCancel(ctx), s.Run, cov); err != nil {
			return nil, err
		}
		res.coverage = append(res.coverage, cov...)
	}
	res.took = time.Since(start)
	return res, ctx.Err()
}

// crawlInto runs the sources once with a collector of their own.
func crawlInto(ctx context.Context, e *env, cfg *configs.Config, w *workspace, sources []*crawler.Source, o crawlOptions) (*crawlResult, error) {
	progress := newProgress(e)
	defer progress.close()
	c, err := newCollector(e, cfg, w, o, progress)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.collect(ctx, sources)
}
