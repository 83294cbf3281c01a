package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/frontier"
	"klank/index"
	"klank/mention"
)

type crawlFlags struct {
	sources                                    []string
	brand                                      string
	maxPages                                   int
	rate                                       float64
	allowPrivate, json, raw, all, dryRun, deep bool
	maxPagesSet, rateSet, urlsGiven            bool
}

func newCrawl(e *env) *cobra.Command {
	var f crawlFlags
	cmd := &cobra.Command{
		Use:   "crawl [URL…]",
		Short: "Collect from the given URLs, or from the configured sources",
		Long: `crawl collects from the given URLs with no configuration at all (same host,
following lists and pagination), or runs the configured sources that are due. It
obeys robots.txt, Crawl-delay and Retry-After. What was collected before is asked
for with its validators, so a second run costs little.

A source is due when its schedule says so, at every crawl when it has none, and at
once when its last run was interrupted. klank run waits for that by itself.`,
		Example: `  klank crawl https://shop.example/p/kettle --max-pages 50
  klank crawl                     the configured sources that are due
  klank crawl --all               all of them
  klank crawl --json https://blog.example/feed.xml > mentions.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.maxPagesSet, f.rateSet = cmd.Flags().Changed("max-pages"), cmd.Flags().Changed("rate")
			return runCrawl(cmd.Context(), e, &f, args)
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.sources, "source", nil, "run this configured source (repeatable)")
	fl.BoolVar(&f.all, "all", false, "run all configured sources, due or not")
	fl.StringVar(&f.brand, "brand", "", "the brand that the given URLs are about")
	fl.IntVar(&f.maxPages, "max-pages", 0, "most pages a source and run; 0: no bound (default 200, or as configured)")
	fl.Float64Var(&f.rate, "rate", 0, "requests a second a host, at most; 0: no limit, for loopback hosts only (default 1, or as configured)")
	fl.BoolVar(&f.allowPrivate, "allow-private", false, "permit loopback and private addresses")
	fl.BoolVar(&f.json, "json", false, "print mentions as they are found and store nothing; with --dry-run the plan")
	fl.BoolVar(&f.raw, "raw", false, "with --json: without analysis")
	fl.BoolVar(&f.deep, "deep", false, "visit every page: those that seldom change too, and lists to their ends")
	fl.BoolVar(&f.dryRun, "dry-run", false, "say what would be asked for, and what not, and why; ask nothing")
	_ = cmd.RegisterFlagCompletionFunc("source", e.completeSources)
	return cmd
}

func runCrawl(ctx context.Context, e *env, f *crawlFlags, args []string) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	if err := f.check(args); err != nil {
		return err
	}
	rule := newRetention(cfg, time.Now()) // for all sources, not for the chosen ones
	configured := cfg.Sources
	sources, err := chooseSources(ctx, e, cfg, f, args)
	if err != nil {
		return err
	}
	if f.dryRun {
		return dryRun(ctx, e, cfg, f, configured, sources)
	}
	if len(sources) == 0 {
		return nil
	}
	if f.json {
		return crawlToStdout(ctx, e, cfg, f, sources)
	}
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	w.obeyIfFree(ctx, cfg, e.log())
	res, err := crawlInto(ctx, e, cfg, w, sources, crawlOptions{rate: f.fetchRate(), allowPrivate: f.allowPrivate, compare: !f.urlsGiven})
	if ctx.Err() != nil {
		return errCrawlStopped
	}
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	res.print(p)
	e.pruneWhenDue(ctx, rule, w, e.log())
	return errors.Join(p.err, res.verdict())
}

// chooseSources returns what is to be crawled, and tells what is not, and why.
func chooseSources(ctx context.Context, e *env, cfg *configs.Config, f *crawlFlags, args []string) ([]*crawler.Source, error) {
	f.urlsGiven = len(args) > 0
	if len(args) == 0 && len(f.sources) == 0 && !f.all && len(cfg.Sources) > 0 {
		if err := keepDue(ctx, e, cfg); err != nil {
			return nil, err
		}
		if len(cfg.Sources) == 0 {
			fmt.Fprintln(e.err, "klank: nothing is due; --all runs everything")
			return nil, nil
		}
	}
	sources, err := crawlSources(cfg, f, args)
	if err != nil {
		return nil, err
	}
	if sources, err = withoutPaused(ctx, e, cfg, sources); err == nil && len(sources) == 0 {
		fmt.Fprintln(e.err, "klank: all of it is paused; nothing to do")
	}
	return sources, err
}

// fetchRate is the rate for the fetch stack: 0 for the configured one,
// negative for none.
func (f *crawlFlags) fetchRate() float64 {
	if f.rateSet && f.rate == 0 {
		return -1
	}
	return f.rate
}

// check says what is wrong with the command line.
func (f *crawlFlags) check(urls []string) error {
	switch {
	case f.raw && !f.json:
		return usagef("--raw goes with --json")
	case f.raw && f.dryRun:
		return usagef("--dry-run finds no mentions, so --raw has no meaning with it")
	case f.rate < 0:
		return usagef("--rate %g is negative; allowed are requests per second above 0, or 0 for loopback hosts", f.rate)
	case f.maxPages < 0:
		return usagef("--max-pages %d is negative; 0 means no bound", f.maxPages)
	case len(urls) > 0 && (f.all || len(f.sources) > 0):
		return usagef("give either URLs or --source and --all")
	}
	return nil
}

// crawlSources turns a command line that was checked into sources.
func crawlSources(cfg *configs.Config, f *crawlFlags, urls []string) ([]*crawler.Source, error) {
	if len(urls) > 0 {
		if err := addURLSources(cfg, f, urls); err != nil {
			return nil, err
		}
	} else if len(cfg.Sources) == 0 && len(f.sources) == 0 {
		return nil, usagef("nothing to crawl: give a URL, or configure sources in klank.yaml; see klank crawl --help")
	} else if len(f.sources) > 0 {
		var chosen []configs.Source
		for _, name := range f.sources {
			s, err := configuredSource(cfg, name)
			if err != nil {
				return nil, err
			}
			chosen = append(chosen, *s)
		}
		cfg.Sources = chosen
	}
	var out []*crawler.Source
	for i := range cfg.Sources {
		s, err := newSource(cfg, &cfg.Sources[i], f)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if f.rateSet && f.rate == 0 {
		for i, s := range out {
			asked := slices.Concat(s.Seeds, s.Sitemaps)
			for _, l := range cfg.Sources[i].LoadMore {
				asked = append(asked, l.URL)
			}
			for _, u := range asked {
				if !mention.IsLoopback(hostname(u)) {
					return nil, usagef("--rate 0 (no limit) is for loopback hosts only; %s is not one", hostname(u))
				}
			}
		}
	}
	return out, nil
}

// addURLSources makes one source of each host among the given URLs. A host
// that a configured source names lends its selectors and brand.
func addURLSources(cfg *configs.Config, f *crawlFlags, urls []string) error {
	byHost := map[string]*configs.Source{}
	var order []string
	for _, raw := range urls {
		u, err := startURL(raw)
		if err != nil {
			return err
		}
		host := mention.Host(u)
		if byHost[host] == nil {
			byHost[host] = &configs.Source{Name: host, Type: "site", Brand: f.brand}
			if c := sourceOfSite(cfg, u); c != nil {
				byHost[host].Selectors, byHost[host].Parser, byHost[host].Render, byHost[host].LoadMore = c.Selectors, c.Parser, c.Render, c.LoadMore
				if f.brand == "" {
					byHost[host].Brand = c.Brand
				}
				if !cfg.KeepsPages(c) {
					byHost[host].Snapshots = configs.SnapshotsDrop
				}
			}
			order = append(order, host)
		}
		byHost[host].URLs = append(byHost[host].URLs, u)
	}
	cfg.Sources = nil
	for _, host := range order {
		cfg.Sources = append(cfg.Sources, *byHost[host])
	}
	return nil
}

func newSource(cfg *configs.Config, c *configs.Source, f *crawlFlags) (*crawler.Source, error) {
	s := &crawler.Source{Source: mention.Source{Name: c.Name, Type: c.Type}, MaxPages: cfg.Crawl.MaxPages}
	if c.MaxPages > 0 {
		s.MaxPages = c.MaxPages
	}
	if f.maxPagesSet {
		s.MaxPages = f.maxPages
	}
	if rate := cmp.Or(c.Rate, c.API().Rate); rate > 0 {
		s.MinInterval = time.Duration(float64(time.Second) / rate)
	}
	s.Accept = c.API().Accept
	s.Scope.MaxDepth = c.Depth
	var err error
	if s.Seeds, err = canonicalAll(c.Name, c.URLs); err != nil {
		return nil, err
	}
	sitemaps, robots := c.SitemapURLs()
	if s.Sitemaps, err = canonicalAll(c.Name, sitemaps); err != nil {
		return nil, err
	}
	s.RobotsSitemaps = robots
	if c.Type == "sitemap" {
		s.Seeds, s.Sitemaps = nil, slices.Concat(s.Seeds, s.Sitemaps)
	}
	s.Host = mention.Host(slices.Concat(s.Seeds, s.Sitemaps)[0])
	s.StopAfterKnown, s.Deep = c.StopAfterKnown, f.deep
	s.KeepNoPages, s.Afresh = !cfg.KeepsPages(c), cfg.RetentionOf(c) > 0
	if s.Scope.Allow, err = compileAll(c.Allow); err != nil {
		return nil, err
	}
	if s.Scope.Deny, err = compileAll(c.Deny); err != nil {
		return nil, err
	}
	o, err := c.Options()
	for _, l := range o.LoadMore {
		s.Scope.Endpoints = append(s.Scope.Endpoints, l.Endpoint())
	}
	return s, err
}

func canonicalAll(source string, urls []string) ([]string, error) {
	var out []string
	for _, raw := range urls {
		u, err := mention.CanonicalURL("", raw)
		if err != nil {
			return nil, usagef("%s: %q: %w", source, raw, err)
		}
		out = append(out, u)
	}
	return out, nil
}

func compileAll(list []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, x := range list {
		re, err := regexp.Compile(x)
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, re)
	}
	return out, nil
}

// crawlToStdout crawls with a frontier of its own in a temporary folder and
// prints mentions as they are found; nothing stays.
func crawlToStdout(ctx context.Context, e *env, cfg *configs.Config, f *crawlFlags, sources []*crawler.Source) error {
	dir, err := os.MkdirTemp("", "klank-crawl-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fr, err := frontier.OpenSQLite(filepath.Join(dir, frontierFile))
	if err != nil {
		return err
	}
	defer fr.Close()
	fr.ShareKeys(budgetKeys(cfg))
	defer collectGarbage()()
	analyzer := e.newAnalyzer
	if f.raw {
		analyzer = nil
	}
	pipe, err := newPipeline(cfg, e.log(), analyzer)
	if err != nil {
		return err
	}
	out := newMentionStream(e)
	pipe.authors, pipe.store = authorsRaw, out.store
	client, err := newFetcher(cfg, f.fetchRate(), f.allowPrivate)
	if err != nil {
		return err
	}
	defer client.Close()
	asking, err := newSourceFetcher(cfg, client, fr)
	if err != nil {
		return err
	}
	defer asking.close()
	progress := newProgress(e)
	defer progress.close()
	c := engineConfig(cfg, asking, progress)
	c.Frontier, c.Handler = fr, pipe
	engine, err := crawler.New(c)
	if err != nil {
		return err
	}
	report, err := engine.Run(ctx, sources)
	if err = errors.Join(err, out.w.Flush()); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	res := &crawlResult{report: report}
	return res.verdict()
}

// mentionStream prints every mention once, in the order of finding.
type mentionStream struct {
	mu   sync.Mutex
	w    *bufio.Writer
	seen map[string]bool
	enc  interface{ Encode(any) error }
}

func newMentionStream(e *env) *mentionStream {
	w := bufio.NewWriterSize(e.out, 1<<16)
	return &mentionStream{w: w, seen: map[string]bool{}, enc: jsonLines(w)}
}

func (s *mentionStream) store(_ context.Context, ms []mention.Mention, _ []index.Sighting) ([]index.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes := make([]index.Change, len(ms))
	for i := range ms {
		changes[i] = index.Same
		if s.seen[ms[i].ID] {
			continue
		}
		s.seen[ms[i].ID] = true
		changes[i] = index.New
		if err := s.enc.Encode(&ms[i]); err != nil {
			return nil, fmt.Errorf("write: %w", err)
		}
	}
	return changes, s.w.Flush()
}

// print is the summary at the end of a run.
func (r *crawlResult) print(p *printer) {
	var pages, notModified, fresh, changed, same, blocked, reserved, dead, removed int
	for _, s := range r.report.Sources {
		pages += s.Pages
		notModified += s.NotModified
		fresh += s.New
		changed += s.Changed
		same += s.Same
		blocked += s.RobotsBlocked
		reserved += s.Reserved
		dead += s.Dead
		removed += s.Run.Removed
	}
	p.linef("%d pages (%d not modified), %d mentions: %d new, %d changed, %d known; in %s",
		pages, notModified, fresh+changed+same, fresh, changed, same, r.took.Round(100*time.Millisecond))
	if blocked > 0 {
		p.linef("kept out by robots.txt: %d", blocked)
		r.printRobotsExamples(p)
	}
	if reserved > 0 {
		p.linef("kept out, as the site reserves text and data mining: %d", reserved)
	}
	if dead > 0 {
		p.linef("given up: %d (klank status says why, klank requeue puts them back)", dead)
	}
	if removed > 0 {
		p.linef("gone from the site: %d mentions (klank search has:removed)", removed)
	}
	printEnriched(p, r.enriched)
	for _, x := range r.exempt {
		p.linef("asked without robots.txt: %s, %d requests, access: %s: %s", clean(x.Host), x.Requests, x.Access, clean(x.Reason))
	}
	r.printHosts(p, time.Now())
	for _, s := range r.report.Sources {
		if s.Status == crawler.StatusInterrupted {
			p.linef("%s: %s", clean(s.Run.Source), clean(s.Reason))
		}
		if s.NotDue > 0 {
			p.linef("%s: %d pages were not due yet, for they seldom change (--deep visits all)", clean(s.Run.Source), s.NotDue)
		}
		if s.Capped {
			p.linef("%s: stopped at the bound on pages; more is known (--max-pages)", clean(s.Run.Source))
		}
	}
	printCoverage(p, r.coverage)
}

// printRobotsExamples lists a few pages that robots.txt keeps out, of many
// sources one each.
func (r *crawlResult) printRobotsExamples(p *printer) {
	shown := 0
	for i := range 3 {
		for _, s := range r.report.Sources {
			if i < len(s.RobotsExamples) && shown < keptOutShown {
				p.linef("  %s", clean(s.RobotsExamples[i]))
				shown++
			}
		}
	}
}

// longHold is how long a host is held up before the report speaks of it.
const longHold = 5 * time.Second

// printHosts says which hosts were left out or asked more slowly than the
// configuration says, and why.
func (r *crawlResult) printHosts(p *printer, now time.Time) {
	for _, d := range r.delayed {
		if d.Skipped > 0 {
			p.linef("%s: skipped %d times: robots.txt asks for a Crawl-delay of %s, more than crawl.max_crawl_delay (crawl.over_max_delay: slow waits for it)", clean(d.Host), d.Skipped, d.CrawlDelay)
		}
		if d.Slowed > 0 {
			p.linef("%s: slowed to one request in %s, as robots.txt asks; more than crawl.max_crawl_delay", clean(d.Host), d.CrawlDelay)
		}
	}
	for _, h := range r.slowed {
		if h.Backoff > 0 {
			p.linef("%s: slowed to one request in %s: %s", clean(h.Host), h.Interval.Round(time.Millisecond), clean(h.Reason))
		}
	}
	for _, h := range r.paused {
		if h.PausedUntil.Sub(now) > longHold {
			p.linef("%s: left alone until %s: %s", clean(h.Key), h.PausedUntil.UTC().Format("2006-01-02 15:04 MST"), clean(h.Reason))
		}
	}
}

// verdict is nil, or says which sources failed: exit status 3.
func (r *crawlResult) verdict() error {
	var bad []string
	for _, s := range r.report.Sources {
		if s.Status == crawler.StatusFailed || s.Status == crawler.StatusSuspect {
			bad = append(bad, fmt.Sprintf("%s %s: %s", s.Run.Source, s.Status, s.Reason))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return partialError{strings.Join(bad, "\n")}
}

// hostname is a URL's host name without the port.
func hostname(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
