package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/frontier"
	"klank/crawler/schedule"
	"klank/mention"
	"klank/web"
)

const (
	// lookAgain is how often the service asks what is due, at least: another
	// process may have run a source meanwhile.
	lookAgain = time.Minute
	// lookPaused is how often it asks which sources are paused.
	lookPaused = 2 * time.Second
	// A source whose run failed is left alone for retryFirst at least, for
	// twice as long after each further failure, and for retryMost at most.
	retryFirst = time.Minute
	retryMost  = 6 * time.Hour
	// runMemory bounds the bodies in memory over all runs.
	runMemory = 256 << 20
)

func newRun(e *env) *cobra.Command {
	var addr string
	var allowPrivate bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run as a service: collect by schedule, and serve the UI and the API",
		Long: `run collects each configured source whenever its schedule says that it is due, and
serves the UI and the API meanwhile, as klank serve does. Runs of different sources
overlap and keep one budget per host; those of one source never overlap. What was
missed while the service was down is made up for by one run. A source whose run
fails is logged and left alone until it is due again, longer with each failure. The
rules of alerts are checked after each run and by alerts.schedule.

In a folder with neither klank.yaml nor data it leads through a set-up in the browser,
which writes klank.yaml, and goes on with that.

It stops on Ctrl-C or SIGTERM within two seconds and goes on where it was when it is
started again.`,
		Example: `  klank run
  klank run --config brand.yaml --data /var/lib/klank --log-format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.loadServing(cmd, addr)
			if err != nil {
				return err
			}
			if e.fresh() {
				return runSetup(cmd.Context(), e, cfg, allowPrivate)
			}
			return runService(cmd.Context(), e, cfg, allowPrivate)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", configs.Default().Web.Addr, "HOST:PORT to listen on")
	cmd.Flags().BoolVar(&allowPrivate, "allow-private", false, "permit loopback and private addresses")
	return cmd
}

func runService(ctx context.Context, e *env, cfg *configs.Config, allowPrivate bool) error {
	token, err := accessToken(ctx, e, cfg)
	if err != nil {
		return err
	}
	jobs, err := scheduledJobs(cfg, e.log())
	if err != nil {
		return err
	}
	ln, err := listen(cfg.Web.Addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	v, err := newService(ctx, e, cfg, jobs, allowPrivate)
	if err != nil {
		return err
	}
	defer v.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		defer cancel() // a service without its UI stops
		served <- serveWorkspace(ctx, e, cfg, v.w, ln, token, v.desk)
	}()
	v.run(ctx)
	return <-served
}

// service is what collects by schedule, and what its UI shows of that.
type service struct {
	e         *env
	cfg       *configs.Config
	w         *workspace
	collector *collector
	scheduler *scheduler
	alerts    *alerting
	desk      *crawlDesk
}

// newService opens the data folder and gets ready to collect.
func newService(ctx context.Context, e *env, cfg *configs.Config, jobs []*job, allowPrivate bool) (*service, error) {
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &scheduler{jobs: jobs, most: cfg.Crawl.Workers, log: e.log(), wake: make(chan struct{}, 1)}
	c, err := newCollector(e, cfg, w, crawlOptions{allowPrivate: allowPrivate}, newServiceProgress(s.log))
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	c.share(min(len(jobs), s.most))
	s.paused = func(ctx context.Context) (map[string]frontier.Pause, error) { return w.frontier.Paused(ctx) }
	s.latest = func(ctx context.Context) (map[string]mention.Run, error) { return latestRuns(ctx, w.frontier) }
	d := newCrawlDesk(cfg, w, allowPrivate)
	d.share(c)
	d.start = s.ask
	alerts, err := newAlerting(cfg, w.index, w.desk, s.log)
	if err != nil {
		c.close()
		return nil, errors.Join(err, w.Close())
	}
	s.collect = func(ctx context.Context, src *crawler.Source) (*crawlResult, error) {
		defer alerts.crawlEnded()
		defer d.began(src.Name)()
		return c.collect(ctx, []*crawler.Source{src})
	}
	return &service{e: e, cfg: cfg, w: w, collector: c, scheduler: s, alerts: alerts, desk: d}, nil
}

// run collects until ctx has ended and every run has put down what it did.
func (v *service) run(ctx context.Context) {
	var keeping sync.WaitGroup
	keeping.Go(func() { v.e.keepPruning(ctx, v.cfg, v.w, v.scheduler.log) })
	keeping.Go(func() { keepEnriching(ctx, v.w.index, v.scheduler.log) })
	keeping.Go(func() { v.alerts.run(ctx) })
	keeping.Go(func() { keepObeying(ctx, v.cfg, v.w, v.scheduler.log) })
	v.scheduler.run(ctx)
	keeping.Wait()
}

func (v *service) close() error {
	v.collector.close()
	return v.w.Close()
}

// share divides the bounds of the configuration among n runs at the same
// time, so that all of them together keep them.
func (c *collector) share(n int) {
	c.engine.Workers = max(1, c.engine.Workers/n)
	c.engine.MaxInFlight = runMemory / int64(n)
}

// scheduledJobs are the sources that a schedule starts, and those that have none
// and run when somebody asks for them.
func scheduledJobs(cfg *configs.Config, log *slog.Logger) ([]*job, error) {
	if len(cfg.Sources) == 0 {
		return nil, usagef("nothing to run: configure sources in klank.yaml")
	}
	sources, err := crawlSources(cfg, &crawlFlags{all: true}, nil)
	if err != nil {
		return nil, err
	}
	var jobs []*job
	scheduled := 0
	for i := range cfg.Sources {
		when, err := cfg.ScheduleOf(&cfg.Sources[i])
		if err != nil {
			return nil, usageError{err}
		}
		if when.IsZero() {
			log.Warn("no schedule: only klank crawl and whoever asks for it in the UI collect from it", "source", cfg.Sources[i].Name)
		} else {
			scheduled++
		}
		jobs = append(jobs, &job{source: sources[i], when: when})
	}
	if scheduled == 0 {
		return nil, usagef(`no source has a schedule: write "schedule: every 6h" in klank.yaml, for all sources or for each`)
	}
	return jobs, nil
}

// job is a source that a schedule starts; one whose schedule is zero is started
// by hand.
type job struct {
	source *crawler.Source
	when   schedule.Schedule
	// asked says that somebody wants it now; the scheduler's mutex guards it.
	asked bool
	// running and paused belong to the scheduler, the rest to the run while
	// there is one.
	running  bool
	paused   bool
	failures int // in a row
	rest     time.Time
}

// scheduler starts the runs that are due, each in a goroutine of its own: so a
// long one keeps no other from its time, and the fetch client that they share
// keeps the rate of each host.
type scheduler struct {
	jobs []*job
	most int // runs at the same time
	log  *slog.Logger
	// paused returns the sources that are to be left alone, latest the latest
	// run of each source, collect runs one once.
	paused  func(context.Context) (map[string]frontier.Pause, error)
	latest  func(context.Context) (map[string]mention.Run, error)
	collect func(context.Context, *crawler.Source) (*crawlResult, error)

	// wake ends a sleep; asking guards what is asked for.
	wake   chan struct{}
	asking sync.Mutex
}

// ask has a source run as soon as it may, whatever its schedule says: when it is
// neither paused nor running already.
func (s *scheduler) ask(source string) error {
	s.asking.Lock()
	defer s.asking.Unlock()
	for _, j := range s.jobs {
		if j.source.Name == source {
			j.asked = true
			select {
			case s.wake <- struct{}{}:
			default: // it wakes already
			}
			return nil
		}
	}
	return fmt.Errorf("%w: %s is not in the configuration", web.ErrUnknownSource, source)
}

// run returns when ctx has ended and every run has put down what it did.
func (s *scheduler) run(ctx context.Context) {
	var runs sync.WaitGroup
	defer runs.Wait()
	ended := make(chan *job, len(s.jobs))
	for ctx.Err() == nil {
		due, wait := s.due(ctx)
		for _, j := range due {
			j.running = true
			runs.Go(func() {
				s.once(ctx, j)
				ended <- j
			})
		}
		s.sleep(ctx, ended, wait)
	}
}

// sleep waits for that long, until a run ends, or until a source is resumed.
func (s *scheduler) sleep(ctx context.Context, ended <-chan *job, wait time.Duration) {
	over := time.After(wait)
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-ended:
			j.running = false
			return
		case <-over:
			return
		case <-s.wake:
			return
		case <-time.After(lookPaused):
			if s.look(ctx) {
				return
			}
		}
	}
}

// look asks which sources are paused, and tells whether one is so no more. When
// that cannot be asked they are as they were.
func (s *scheduler) look(ctx context.Context) (resumed bool) {
	paused, err := s.paused(ctx)
	if err != nil {
		return false
	}
	for _, j := range s.jobs {
		p, is := paused[j.source.Name]
		switch {
		case is && !j.paused:
			s.log.Info("paused; klank resume goes on", "source", j.source.Name, "since", p.Since, "reason", p.Reason)
		case j.paused && !is:
			resumed = true
			s.log.Info("resumed", "source", j.source.Name)
		}
		j.paused = is
	}
	return resumed
}

// due returns the jobs to start now, and how long until the next one is due.
func (s *scheduler) due(ctx context.Context) (due []*job, wait time.Duration) {
	s.look(ctx)
	latest, err := s.latest(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("cannot tell what is due; trying again", "in", lookAgain, "error", err)
		}
		return nil, lookAgain
	}
	running := 0
	for _, j := range s.jobs {
		if j.running {
			running++
		}
	}
	wait = lookAgain
	now := time.Now()
	s.asking.Lock()
	defer s.asking.Unlock()
	for _, j := range s.jobs {
		if j.running || j.paused || j.when.IsZero() && !j.asked {
			continue
		}
		next := nextDue(j.when, latest[j.source.Name])
		if next.Before(j.rest) {
			next = j.rest
		}
		switch {
		case next.After(now) && !j.asked:
			wait = min(wait, next.Sub(now))
		case running < s.most: // else the end of a run wakes the loop
			running++
			j.asked = false
			due = append(due, j)
		}
	}
	return due, wait
}

// once runs a job's source and logs how that ended.
func (s *scheduler) once(ctx context.Context, j *job) {
	log := s.log.With("source", j.source.Name)
	log.Info("run begins", "schedule", j.when.String())
	res, err := s.collect(ctx, j.source)
	switch {
	case ctx.Err() != nil:
		log.Info("run interrupted; it goes on when the service starts again")
	case err != nil:
		j.failed(time.Now())
		log.Error("run failed; it goes on later", "not_before", j.rest, "error", err)
	default:
		j.ended(log, res)
	}
}

// ended takes the report of a run.
func (j *job) ended(log *slog.Logger, res *crawlResult) {
	for i := range res.report.Sources {
		r := &res.report.Sources[i]
		args := []any{"status", r.Status, "pages", r.Pages, "not_modified", r.NotModified, "new", r.New, "changed", r.Changed, "removed", r.Run.Removed,
			"took", res.took.Round(time.Millisecond)}
		if r.Reason != "" {
			args = append(args, "reason", r.Reason)
		}
		if r.Status == crawler.StatusInterrupted {
			log.Info("run interrupted; it goes on later", args...)
			continue
		}
		if r.Status == crawler.StatusFailed {
			j.failed(time.Now())
			log.Error("run ended", append(args, "not_before", j.rest)...)
			continue
		}
		j.failures, j.rest = 0, time.Time{}
		if !j.when.IsZero() {
			args = append(args, "next", j.when.Next(r.Run.Started))
		}
		log.Info("run ended", args...)
	}
}

// failed leaves the source alone for a while.
func (j *job) failed(now time.Time) {
	j.rest = now.Add(min(retryFirst<<min(j.failures, 20), retryMost))
	j.failures++
}
