package crawler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"klank/crawler/frontier"
)

const (
	// pollElsewhere is how often a run looks whether another process is done
	// with a host that it waits for.
	pollElsewhere = 250 * time.Millisecond
	// pollPauses is how often a run looks whether its source was paused.
	pollPauses = time.Second
	// lastWrites is how long a stopped run has to put down what it did.
	lastWrites = 1500 * time.Millisecond
	// overdue is how long a URL is due and not handed out before the run looks
	// whether another process has ended it. It may have been handed out
	// meanwhile, or this process was stopped between the two questions.
	overdue = 5 * time.Second
)

// Engine crawls sources.
//
// One goroutine leases budget keys and gives each to a worker; a worker is a
// goroutine that fetches one URL after the other, and one that saves and
// handles what came, in small batches (see batchPages) that share a wait for
// the disk and a transaction. Memory is bounded by MaxInFlight, by as much as
// the bodies that are being read turn out larger than announced, and about
// 50 KB a worker and 10 MB beside.
type Engine struct{ c Config }

// New returns an engine.
func New(c Config) (*Engine, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Engine{c: c}, nil
}

// Run runs each source once: it resumes runs that were not ended, begins the
// others, and returns when nothing is left to fetch, or ctx has ended; then
// within two seconds, if the Handler returns when its context ends, and with
// the status "interrupted". The runs of one engine are for one goroutine at a
// time.
//
// What goes wrong with a page or a source is told in the report. The error is
// for what keeps the engine itself from working: the frontier or the snapshot
// folder cannot be written, a source makes no sense. The report counts what
// was done until then; the runs go on with the next call.
func (e *Engine) Run(outer context.Context, sources []*Source) (Report, error) {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	last, stop := grace(ctx)
	defer stop()
	d := &dispatch{
		Config: e.c, last: last, cancel: cancel,
		runs: map[string]*run{}, wake: make(chan struct{}, 1),
		seen: newSeenSet(), gate: newGate(e.c.MaxInFlight),
	}
	err := d.begin(ctx, sources)
	if err == nil {
		watching, end := context.WithCancel(ctx)
		d.workers.Go(func() { d.watchPauses(watching) })
		err = d.loop(ctx)
		end()
	}
	if err != nil {
		cancel(err)
	}
	d.workers.Wait()
	if fatal, ok := errors.AsType[*fatalError](context.Cause(ctx)); ok {
		err = fatal.error
	} else if outer.Err() != nil && (errors.Is(err, outer.Err()) || errors.Is(err, context.Cause(outer))) {
		err = nil // stopped from outside: the statuses say so
	}
	if e := d.interrupt(err); err == nil {
		err = e
	}
	var report Report
	for _, src := range sources {
		if r := d.runs[src.Name]; r != nil {
			report.Sources = append(report.Sources, r.report)
		}
	}
	return report, err
}

// grace returns a context that ends some time after ctx, for the writes that
// put down what is done.
func grace(ctx context.Context) (context.Context, context.CancelFunc) {
	g, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(lastWrites):
		case <-g.Done():
		}
		cancel()
	})
	return g, func() { stop(); cancel() }
}

// fatalError ends all runs.
type fatalError struct{ error }

// dispatch is the state of one Run.
type dispatch struct {
	Config
	last   context.Context // outlives the run's context a little: see grace
	cancel context.CancelCauseFunc
	runs   map[string]*run
	order  []*run
	wake   chan struct{} // something may be there to be leased
	seen   *seenSet
	gate   *gate

	workers sync.WaitGroup
	events  sync.Mutex
}

// fail ends the whole Run: the engine cannot work.
func (d *dispatch) fail(err error) { d.cancel(&fatalError{err}) }

func (d *dispatch) notify() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dispatch) emit(e Event) {
	d.events.Lock()
	defer d.events.Unlock()
	d.Events(e)
}

// begin begins or resumes the runs.
func (d *dispatch) begin(ctx context.Context, sources []*Source) error {
	for _, src := range sources {
		if src.Name == "" || len(src.Seeds)+len(src.Sitemaps) == 0 {
			return fmt.Errorf("crawler: source %q needs a name and at least one seed or sitemap", src.Name)
		}
		_, reads := d.Fetcher.(Streamer)
		_, finds := d.Fetcher.(SitemapFinder)
		if src.lists() && !reads || src.RobotsSitemaps && !finds {
			return fmt.Errorf("crawler: source %q has sitemaps, which this fetcher cannot read", src.Name)
		}
		if d.runs[src.Name] != nil {
			return fmt.Errorf("crawler: two sources have the name %q", src.Name)
		}
		for _, s := range slices.Concat(src.Seeds, src.Sitemaps) {
			if site(s) == "" {
				return fmt.Errorf("crawler: source %q: seed %q is not a URL", src.Name, s)
			}
		}
		r := newRun(src, d.Generation)
		d.runs[src.Name] = r // its name is taken, even if beginning it fails
		if err := d.beginOne(ctx, r); err != nil {
			delete(d.runs, src.Name)
			return err
		}
		d.order = append(d.order, r)
	}
	return nil
}

func (d *dispatch) beginOne(ctx context.Context, r *run) error {
	record, resumed, err := d.Frontier.BeginRun(ctx, r.src.Name, d.plan(r))
	if err != nil {
		return err
	}
	r.plan(record)
	r.ctx, r.quit = context.WithCancel(ctx)
	var seeds []frontier.Link
	for _, s := range slices.Concat(r.src.Seeds, r.src.Sitemaps) {
		seeds = append(seeds, frontier.Link{URL: s, Priority: frontier.PrioritySeed})
	}
	if _, err := d.Frontier.Add(ctx, record, seeds); err != nil {
		return err
	}
	stats, err := d.Frontier.Stats(ctx, r.src.Name)
	if err != nil {
		return err
	}
	r.record, r.reserved = record, record.Pages
	r.report.Run, r.report.Resumed = record, resumed
	joined := false
	for _, s := range stats {
		r.known, r.left, r.saved = s.Known(), s.Left(), s.Fetched
		joined = resumed && s.Working
	}
	d.emit(Event{Kind: EventBegin, Source: r.src.Name, Resumed: resumed, Joined: joined, Known: r.known, Left: r.left})
	return nil
}

// loop leases until every run has ended.
func (d *dispatch) loop(ctx context.Context) error {
	slots := make(chan struct{}, d.Workers)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		var lease *frontier.Lease
		var began time.Time
		names, err := d.wanted(), error(nil)
		if len(names) > 0 {
			began = time.Now()
			lease, err = d.Frontier.Lease(ctx, names, d.LeaseTTL)
		}
		if err != nil {
			return err
		}
		if lease != nil {
			w := newWorker(d, d.runs[lease.Source], lease, began)
			w.run.leased(1)
			d.workers.Go(func() {
				w.work(w.run.ctx)
				w.run.leased(-1)
				<-slots
				d.notify()
			})
			continue
		}
		<-slots
		wait, err := d.endOrWait(ctx)
		if err != nil || wait < 0 {
			return err
		}
		select {
		case <-d.wake:
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// watchPauses ends the runs of sources that somebody has paused. What cannot be
// asked is asked again: the frontier's own work tells of a database that is away.
func (d *dispatch) watchPauses(ctx context.Context) {
	tick := time.NewTicker(pollPauses)
	defer tick.Stop()
	for {
		if names := d.wanted(); len(names) > 0 {
			paused, _ := d.Frontier.Paused(ctx, names...)
			for name, p := range paused {
				d.runs[name].pause(p)
				d.notify()
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// wanted are the sources that take work.
func (d *dispatch) wanted() []string {
	var names []string
	for _, r := range d.order {
		if r.open() {
			names = append(names, r.src.Name)
		}
	}
	return names
}

// endOrWait ends the runs that have nothing more to do, and returns how long
// the others wait at most; negative when all have ended.
func (d *dispatch) endOrWait(ctx context.Context) (time.Duration, error) {
	var idle []*run
	var names []string
	wait := time.Duration(-1)
	for _, r := range d.order {
		switch {
		case r.ended:
		case r.working():
			wait = time.Hour // its worker's end wakes the loop
		case !r.open(): // failed or capped
			if err := d.end(d.last, r); err != nil {
				return 0, err
			}
		default:
			idle, names = append(idle, r), append(names, r.src.Name)
		}
	}
	if len(idle) == 0 {
		return wait, nil
	}
	outlooks, err := d.Frontier.Outlook(ctx, names)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	for _, r := range idle {
		o, some := outlooks[r.src.Name]
		next := o.Next.Sub(now)
		switch {
		case some && o.Leased:
			next = pollElsewhere
		case some && next < -overdue:
			over, err := d.endedElsewhere(ctx, r)
			if err != nil {
				return 0, err
			}
			if over {
				if err := d.end(d.last, r); err != nil {
					return 0, err
				}
				continue
			}
			next = pollElsewhere
		case !some, next > d.MaxWait:
			if err := d.end(d.last, r); err != nil {
				return 0, err
			}
			continue
		default:
			d.waiting(r, o.Next)
		}
		next = max(next, time.Millisecond)
		if wait < 0 || next < wait {
			wait = next
		}
	}
	return wait, nil
}

// endedElsewhere tells whether another process has ended a run.
func (d *dispatch) endedElsewhere(ctx context.Context, r *run) (bool, error) {
	stats, err := d.Frontier.Stats(ctx, r.src.Name)
	if err != nil {
		return false, err
	}
	for _, s := range stats {
		if s.Run.ID == r.record.ID && s.Run.Ended.IsZero() {
			return false, nil
		}
	}
	return true, nil
}

// waiting tells once that a source has nothing to do until then.
func (d *dispatch) waiting(r *run, until time.Time) {
	if time.Until(until) < time.Second || r.waitingFor.Equal(until) {
		return
	}
	r.waitingFor = until
	known, left := r.totals()
	d.emit(Event{Kind: EventWaiting, Source: r.src.Name, Until: until, Known: known, Left: left})
}

// end closes a run and completes its report.
func (d *dispatch) end(ctx context.Context, r *run) error {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	stats, err := d.Frontier.Stats(ctx, r.src.Name)
	if err != nil {
		return err
	}
	blocked, err := d.Frontier.Dead(ctx, frontier.Filter{Source: r.src.Name, Class: "robots"}, maxExamples)
	if err != nil {
		return err
	}
	for _, s := range stats {
		r.complete(s, blocked)
	}
	r.record.Deep = r.report.Deep
	if r.report.Run, err = d.Frontier.EndRun(ctx, r.record, r.report.Status); err != nil {
		return err
	}
	d.emit(Event{Kind: EventEnd, Source: r.src.Name, Known: r.known, Left: r.left, Report: &r.report})
	return nil
}

// interrupt leaves the runs that have not ended open for the next call.
func (d *dispatch) interrupt(cause error) error {
	var failed error
	for _, r := range d.order {
		if r.ended {
			continue
		}
		r.interrupted = "stopped before it was done; the next run goes on"
		if cause != nil {
			r.interrupted = cause.Error()
		}
		if err := d.end(d.last, r); err != nil {
			r.report.Status, r.report.Reason = StatusInterrupted, r.interrupted
			if !errors.Is(err, context.Canceled) { // out of time: the run is open as it is
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}
