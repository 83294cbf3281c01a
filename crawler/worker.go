package crawler

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
)

const (
	// claimURLs is how many URLs a worker claims at once, leaseURLs and
	// leaseTime how much of a host it does before others get their turn.
	claimURLs = 32
	leaseURLs = 128
	leaseTime = 30 * time.Second
	// batchPages bounds the pages that share a wait for the disk and a
	// transaction, batchBytes their bodies. A page waits for others for
	// batchWait at most, and not when its worker has nothing more to fetch.
	batchPages = 16
	batchBytes = 4 << 20
	batchWait  = 20 * time.Millisecond
)

// item is a URL with what came of it: exactly one of page, err, response
// without a page, outside, unreached and listing is set.
type item struct {
	url frontier.URL
	// page is fetched or, when saved is set, read from the snapshot.
	page     *mention.Page
	saved    bool
	response *fetch.Response
	err      *fetch.Error
	// outside says that the URL is no longer within the source's scope.
	outside bool
	// unreached says that the URL need not be asked for: see worker.later.
	unreached bool
	// listing is what a sitemap held.
	listing *listing
	held    int64 // bytes taken from the gate
	// last marks no URL at all, but that the worker waits for those before it.
	last bool
}

// worker drains a lease.
type worker struct {
	*dispatch
	run   *run
	lease *frontier.Lease

	items   chan item
	pending sync.WaitGroup // items that are not settled yet
	done    int
	until   time.Time // when this lease has had its turn
	// later are pages of lists, known before this run, that are asked for
	// only when the page before them turns out to have something new.
	later []frontier.URL

	// pause is when the host may be asked again, zero for at once.
	pause time.Time
	// pacer is nil when the Fetcher is none.
	pacer Pacer
}

// newWorker takes over a lease that was asked for at began.
func newWorker(d *dispatch, r *run, l *frontier.Lease, began time.Time) *worker {
	w := &worker{dispatch: d, run: r, lease: l, items: make(chan item, batchPages/2), until: time.Now().Add(leaseTime)}
	if w.pacer, _ = d.Fetcher.(Pacer); w.pacer != nil {
		w.pacer.Allow(l.Key, began.Add(l.TTL))
		if l.Taken {
			w.pacer.Touch(l.Key)
		}
	}
	return w
}

// work drains the lease and gives it back.
func (w *worker) work(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopKeeping := w.keepLease(ctx, cancel)
	var storing sync.WaitGroup
	storing.Go(func() { w.store(ctx, cancel) })
	if err := w.fetchAll(ctx); err != nil {
		cancel(err)
		w.check(err)
	}
	close(w.items)
	stopKeeping()
	storing.Wait()
	if w.pacer != nil {
		w.pacer.Allow(w.lease.Key, time.Time{})
		if next := w.pacer.Next(w.lease.Key); next.After(w.pause) {
			w.pause = next
		}
	}
	w.account()
	w.check(w.Frontier.Release(w.last, w.lease, w.pause))
	if w.done == 0 {
		w.run.nothingSaved()
	}
}

// account notes with the lease how its hosts are slowed.
func (w *worker) account() {
	s, ok := w.Fetcher.(Slower)
	if !ok {
		return
	}
	spacing, why := s.Slowed(w.lease.Key)
	w.lease.Slowed = spacing
	if w.lease.Reason == "" {
		w.lease.Reason = why
	}
}

// check ends the whole run for an error of the frontier or the snapshots; a
// lost lease concerns this worker only, and an ended context nobody.
func (w *worker) check(err error) {
	if err != nil && !errors.Is(err, frontier.ErrLeaseLost) && !errors.Is(err, context.Canceled) {
		w.fail(err)
	}
}

// keepLease extends the lease while a fetch or a handler takes its time, until
// stop is called or ctx ends. A timer waits, as a goroutine for each of some
// hundred hosts would take megabytes.
func (w *worker) keepLease(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	var mu sync.Mutex // held while the lease is extended
	var timer *time.Timer
	stopped := false
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(w.LeaseTTL/3, func() {
		mu.Lock()
		defer mu.Unlock()
		if stopped || ctx.Err() != nil {
			return
		}
		began := time.Now()
		if err := w.Frontier.Extend(w.last, w.lease); err != nil {
			cancel(err)
			w.check(err)
			return
		}
		if w.pacer != nil {
			w.pacer.Allow(w.lease.Key, began.Add(w.lease.TTL))
		}
		timer.Reset(time.Until(began.Add(w.LeaseTTL / 3)))
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

// fetchAll claims and fetches until the lease has had its turn, nothing is
// due, or the host wants to be left alone.
func (w *worker) fetchAll(ctx context.Context) error {
	n := claimURLs
	if w.run.src.lists() {
		n = 1
	}
	for ctx.Err() == nil {
		urls, err := w.Frontier.Claim(ctx, w.lease, n)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(urls, func(u frontier.URL) bool { return u.Priority == frontier.PrioritySeed }) {
			n = claimURLs // the sitemaps are read: they say which of the others are due
		}
		if len(urls) == 0 {
			if w.done == 0 && len(w.later) == 0 {
				return nil
			}
			// The pages in hand may bring links.
			w.items <- item{last: true}
			w.pending.Wait()
			if urls, err = w.Frontier.Claim(ctx, w.lease, claimURLs); err != nil {
				return err
			}
		}
		if len(urls) == 0 {
			if len(w.later) == 0 {
				return nil
			}
			if urls = w.reached(); len(urls) == 0 {
				w.leaveOut()
				return nil
			}
		}
		for _, u := range urls {
			if w.run.waits(u) {
				w.later = append(w.later, u)
				continue
			}
			more, err := w.fetchOne(ctx, u)
			if err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// reached takes from the later pages those that are to be asked for by now.
func (w *worker) reached() (urls []frontier.URL) {
	w.later = slices.DeleteFunc(w.later, func(u frontier.URL) bool {
		if w.run.waits(u) {
			return false
		}
		urls = append(urls, u)
		return true
	})
	return urls
}

// leaveOut settles the later pages as they were.
func (w *worker) leaveOut() {
	for _, u := range w.later {
		w.hand(item{url: u, unreached: true})
	}
	w.later = nil
}

// hand gives an item to be stored.
func (w *worker) hand(it item) {
	w.done++
	w.pending.Add(1)
	w.items <- it
}

// fetchOne hands one URL on to be stored. It returns false when the lease is
// to be given back, with what is left of it.
func (w *worker) fetchOne(ctx context.Context, u frontier.URL) (more bool, err error) {
	if ctx.Err() != nil || w.run.stopped() {
		return false, nil
	}
	it := item{url: u}
	listed, err := w.isSitemap(ctx, u)
	if err != nil {
		return false, err
	}
	if listed {
		if err := w.readSitemaps(ctx, &it); err != nil {
			return false, err
		}
		w.hand(it)
		return w.more(), nil
	}
	if u.State == frontier.Fetched {
		it.page = w.savedPage(u)
		it.saved = it.page != nil
		w.run.recovered()
	}
	seed := u.Priority == frontier.PrioritySeed
	switch {
	case it.saved:
	case !w.run.reach.holds(u.URL, seed):
		it.outside = true
	case !w.run.reserve():
		return false, nil
	default:
		if err := w.fetch(ctx, &it); err != nil {
			w.gate.leave(it.held)
			w.run.unreserve()
			return false, err
		}
		if it.response == nil || it.response.Redirect != "" {
			w.run.unreserve()
		}
	}
	if !w.weigh(ctx, &it) {
		return false, nil // put back by Release
	}
	w.hand(it)
	return w.more(), nil
}

// weigh has the gate hold as much for an item as its body takes. It returns
// false when ctx has ended before there was room.
func (w *worker) weigh(ctx context.Context, it *item) bool {
	size := int64(0)
	if it.page != nil {
		size = int64(len(it.page.Body))
	}
	if it.held == 0 && size > 0 { // not asked for, or by a Fetcher that knows no Hold
		if err := w.gate.enter(ctx, size); err != nil {
			return false
		}
	} else {
		w.gate.leave(it.held - size)
	}
	it.held = size
	return true
}

// more tells whether the lease goes on.
func (w *worker) more() bool {
	return w.pause.IsZero() && w.done < leaseURLs && time.Now().Before(w.until)
}

// savedPage reads a page that an earlier run fetched but could not handle;
// nil when it has to be fetched again.
func (w *worker) savedPage(u frontier.URL) *mention.Page {
	if !w.keeps() || u.Snapshot == "" {
		return nil
	}
	page, err := w.Snapshots.Get(u.Snapshot)
	if err != nil {
		return nil
	}
	page.Source = w.run.src.Source
	if o := originOf(u.Origin); o != nil {
		page.Origin = o
	}
	return page
}

// fetch asks for the URL. Its error is for a fetch that says nothing about
// the URL, because the context or the lease ended.
func (w *worker) fetch(ctx context.Context, it *item) error {
	src, u := w.run.src, it.url
	q := fetch.Request{URL: u.URL, Source: src.Source, MinInterval: src.MinInterval, Accept: src.Accept}
	if w.known(u) {
		q.ETag, q.LastModified = u.ETag, u.LastModified
	}
	q.Hold = func(ctx context.Context, size int64) error {
		err := w.gate.enter(ctx, size)
		if err == nil {
			it.held += size
		}
		return err
	}
	response, err := w.Fetcher.Fetch(ctx, q)
	if err == nil {
		w.run.strike(w.lease.Key, false)
		it.response = response
		if p := response.Page; p != nil && w.sameBody(u, p) {
			p.Body = nil
		} else if it.page = p; p != nil {
			p.Origin = originOf(u.Origin)
		}
		return nil
	}
	return w.failed(ctx, it, err)
}

// failed notes why a URL could not be had, and whether its host wants to be
// left alone. Its error is that of fetch.
func (w *worker) failed(ctx context.Context, it *item, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	it.err = asFetchError(it.url.URL, err)
	if errors.Is(it.err, fetch.ErrLapsed) {
		return frontier.ErrLeaseLost // or about to be
	}
	if it.err.Class == fetch.Canceled {
		return errors.New("crawler: the fetcher has been closed")
	}
	pause := w.run.strike(w.lease.Key, unreachable(it.err))
	if pause = min(max(pause, it.err.RetryAfter), maxPause); pause > 0 {
		w.pause = time.Now().Add(pause)
		w.lease.Reason = string(it.err.Class)
		if it.err.Err != nil {
			w.lease.Reason = it.err.Err.Error()
		}
		known, left := w.run.totals()
		w.emit(Event{Kind: EventWaiting, Source: w.run.src.Name, Host: w.lease.Key, Until: w.pause, Known: known, Left: left})
	}
	return nil
}

// keeps tells whether the source's pages are saved.
func (w *worker) keeps() bool { return w.Snapshots != nil && !w.run.src.KeepNoPages }

// known tells whether the mentions of the URL's last body are in this index,
// and the body can be looked up.
func (w *worker) known(u frontier.URL) bool {
	return w.run.generation != "" && u.Generation == w.run.generation &&
		w.keeps() && u.Snapshot != "" && w.Snapshots.Has(u.Snapshot)
}

// sameBody tells whether a complete answer is what is known already: then it
// is as good as a 304.
func (w *worker) sameBody(u frontier.URL, p *mention.Page) bool {
	return p.SHA256 != "" && p.SHA256 == u.SHA256 && w.known(u)
}
