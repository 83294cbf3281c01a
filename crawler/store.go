package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
)

// handlerTries is how often a page is given to the handler in one run.
const handlerTries = 3

// PanicError is a Handler's panic on a page. The page is kept.
type PanicError struct {
	URL   string
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("the handler panicked on %s: %v", e.URL, e.Value)
}

// store settles what the worker fetched, in batches, until there is no more.
// After a failure it only takes the items off the worker's hands.
func (w *worker) store(ctx context.Context, cancel context.CancelCauseFunc) {
	failed := false
	for first := range w.items {
		if first.last {
			continue
		}
		batch := w.batch(first)
		if !failed {
			if err := w.settle(ctx, batch); err != nil {
				failed = true
				cancel(err)
				w.check(err)
			}
		}
		for _, it := range batch {
			w.gate.leave(it.held)
			w.pending.Done()
		}
	}
}

// batch adds to an item those that come soon.
func (w *worker) batch(first item) []item {
	batch, size := []item{first}, first.held
	wait := time.NewTimer(batchWait)
	defer wait.Stop()
	for len(batch) < batchPages && size < batchBytes {
		select {
		case it, ok := <-w.items:
			if !ok || it.last {
				return batch
			}
			batch, size = append(batch, it), size+it.held
		case <-wait.C:
			return batch
		}
	}
	return batch
}

// outcome is one URL's result with the event that tells of it.
type outcome struct {
	result frontier.Result
	event  Event
	change func(*SourceReport)
	// cut says that a list was not followed as nothing new stands there.
	cut bool
}

// skipped tells whether something was left out that is not seen elsewhere: see
// mention.Run.
func (o *outcome) skipped() int {
	r := &o.result
	if o.cut || r.Unasked || r.State == frontier.Dead && r.URL.SHA256 != "" && seenDead[r.Class] && r.Class != string(fetch.Gone) {
		return 1
	}
	return 0
}

// settle takes a batch through the order that loses nothing: saved, fetched,
// handled, done.
func (w *worker) settle(ctx context.Context, batch []item) error {
	if err := w.save(batch); err != nil {
		return err
	}
	var tally frontier.Tally
	var outcomes []outcome
	var fetched []frontier.Result
	for i := range batch {
		it := &batch[i]
		switch {
		case it.page == nil:
			o := w.outcome(it)
			tally.Skipped += o.skipped()
			if o.event.Kind == EventRobots {
				// obeying what a site asks for is no error
			} else if o.result.State != frontier.Done {
				tally.Errors++
			} else if it.response == nil { // a sitemap, or not asked for
			} else if it.response.NotModified || it.response.Page != nil {
				tally.Pages++
			}
			outcomes = append(outcomes, o)
		case !it.saved:
			tally.Pages++
			if w.keeps() {
				fetched = append(fetched, result(it, frontier.Fetched))
			}
		}
		if it.response != nil {
			tally.Bytes += it.response.Bytes
		}
	}
	if err := w.write(tally, fetched, w.mourn(ctx, outcomes)); err != nil {
		return err
	}
	outcomes = outcomes[:0]
	tally = frontier.Tally{}
	for _, o := range w.handle(ctx, batch) {
		tally.Skipped += o.skipped()
		if o.result.State != frontier.Done {
			tally.Errors++
		}
		outcomes = append(outcomes, o)
	}
	return w.write(tally, nil, outcomes)
}

// mourn tells the handler which pages are gone, and returns the outcomes that
// may be written: a page of which it could not take note is asked for again.
func (w *worker) mourn(ctx context.Context, outcomes []outcome) []outcome {
	mourner, ok := w.Handler.(Mourner)
	gone := func(o outcome) bool {
		r := o.result
		return ok && r.State == frontier.Dead && r.Class == string(fetch.Gone) && r.URL.SHA256 != ""
	}
	var urls []string
	for _, o := range outcomes {
		if gone(o) {
			urls = append(urls, o.result.URL.URL)
		}
	}
	if len(urls) == 0 {
		return outcomes
	}
	err := mourner.Gone(ctx, w.run.src, urls)
	switch {
	case err == nil:
		return outcomes
	case ctx.Err() != nil:
		return slices.DeleteFunc(outcomes, gone)
	}
	w.run.unhandled(err, false)
	for i := range outcomes {
		if r := &outcomes[i].result; gone(outcomes[i]) {
			*r = frontier.Result{URL: r.URL, State: frontier.Failed, Due: time.Now().Add(maxPause), Class: classHandler, Message: err.Error()}
		}
	}
	return outcomes
}

// save puts the new pages on disk.
func (w *worker) save(batch []item) error {
	if !w.keeps() {
		return nil
	}
	var pages []*mention.Page
	for _, it := range batch {
		if it.page != nil && !it.saved {
			pages = append(pages, it.page)
		}
	}
	if len(pages) == 0 {
		return nil
	}
	locators, err := w.Snapshots.PutAll(w.last, pages)
	for i, l := range locators {
		pages[i].Snapshot = l
	}
	return err
}

// write settles results in one transaction, and tells of them.
func (w *worker) write(tally frontier.Tally, results []frontier.Result, outcomes []outcome) error {
	for _, o := range outcomes {
		results = append(results, o.result)
	}
	if len(results) == 0 && tally == (frontier.Tally{}) {
		return nil
	}
	added, err := w.Frontier.Settle(w.last, w.lease, tally, results)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		w.seen.add(w.run.src.Name, o.result.Links)
		if added > 0 && w.elsewhere(o.result.Links) {
			w.notify()
		}
		finished := 0
		if s := o.result.State; s == frontier.Done || s == frontier.Dead {
			finished = 1
		}
		w.run.mu.Lock()
		w.run.known += added
		w.run.left += added - finished
		w.run.mu.Unlock()
		added = 0
		o.event.Source, o.event.URL = w.run.src.Name, o.result.URL.URL
		o.event.Known, o.event.Left = w.run.update(o.change)
		w.emit(o.event)
	}
	return nil
}

// elsewhere tells whether links lead to a host that another worker may take.
func (w *worker) elsewhere(links []frontier.Link) bool {
	return slices.ContainsFunc(links, func(l frontier.Link) bool { return mention.Host(l.URL) != w.lease.Key })
}

// result begins the result of an item that has a page, or is as good as one
// that was known.
func result(it *item, state frontier.State) frontier.Result {
	r := frontier.Result{URL: it.url, State: state}
	if p := it.page; p != nil {
		r.Snapshot, r.SHA256, r.ETag, r.LastModified = p.Snapshot, p.SHA256, p.ETag, p.LastModified
	} else {
		u := it.url
		r.Snapshot, r.SHA256, r.ETag, r.LastModified = u.Snapshot, u.SHA256, u.ETag, u.LastModified
	}
	return r
}

// outcome is what becomes of an item without a page to handle.
func (w *worker) outcome(it *item) outcome {
	switch {
	case it.outside:
		return outcome{
			result: frontier.Result{URL: it.url, State: frontier.Dead, Class: classScope, Message: "not within the source's scope any more"},
			event:  Event{Kind: EventError, Err: fmt.Errorf("%s is not within the source's scope any more", it.url.URL)},
			change: func(*SourceReport) {},
		}
	case it.unreached:
		o := outcome{
			result: result(it, frontier.Done),
			event:  Event{Kind: EventSkipped},
			change: func(p *SourceReport) { p.Unreached++ },
		}
		o.result.Generation, o.result.Unasked = it.url.Generation, true
		return o
	case it.listing != nil:
		o := outcome{
			result: frontier.Result{URL: it.url, State: frontier.Done},
			event:  Event{Kind: EventPage, Status: http.StatusOK},
			change: it.listing.report,
		}
		if !it.listing.index {
			o.result.ETag, o.result.LastModified, o.result.Generation = it.listing.etag, it.listing.lastModified, w.run.generation
		}
		return o
	case it.err != nil && pastEnd(it.url, it.err):
		return outcome{
			result: frontier.Result{URL: it.url, State: frontier.Done},
			event:  Event{Kind: EventPage, Status: it.err.Status},
			change: func(*SourceReport) {},
		}
	case it.err != nil:
		return w.failure(it.url, it.err)
	case it.response.Redirect != "":
		return w.redirect(it)
	}
	o := outcome{
		result: result(it, frontier.Done),
		event:  Event{Kind: EventPage, Status: http.StatusNotModified},
		change: func(p *SourceReport) { p.NotModified++; p.Bytes += it.response.Bytes },
	}
	o.result.Generation = w.run.generation
	o.result.Redo = w.run.reach.MaxDepth > 0
	if p := it.response.Page; p != nil { // the same body, perhaps with new validators
		o.event.Status = p.Status
		o.result.ETag, o.result.LastModified = p.ETag, p.LastModified
	}
	return o
}

// pastEnd tells whether a URL is the answer after the last of a list that goes
// on behind its page: it was made, not found, and some say so with a status.
func pastEnd(u frontier.URL, e *fetch.Error) bool {
	return u.Origin != "" && u.SHA256 == "" && (e.Class == fetch.Gone || e.Status == http.StatusNoContent)
}

func (w *worker) failure(u frontier.URL, e *fetch.Error) outcome {
	o := outcome{result: verdict(u, e, w.Backoff, time.Now()), event: Event{Kind: EventError, Status: e.Status, Err: e}}
	o.event.Retry = o.result.Due
	if e.Class == fetch.Robots && !e.Temporary || e.Class == fetch.Reserved {
		o.event.Kind = EventRobots
		o.change = func(*SourceReport) {} // counted at the end
		return o
	}
	o.change = func(p *SourceReport) {
		p.Errors[string(e.Class)]++
		if w.run.failure == "" {
			w.run.failure = e.Error()
		}
	}
	return o
}

// redirect sends the frontier to where a URL leads, under the same rules.
func (w *worker) redirect(it *item) outcome {
	u, target := it.url, it.response.Redirect
	seed := u.Priority == frontier.PrioritySeed
	refuse := ""
	switch {
	case target == u.URL:
		refuse = "redirects to itself"
	case u.Hops >= maxHops:
		refuse = fmt.Sprintf("more than %d redirects in a row", maxHops)
	case !w.run.reach.holds(target, seed):
		refuse = "redirect leaves the source: " + target
	case isFile(target):
		refuse = "redirect to a file: " + target
	}
	if refuse != "" {
		return w.failure(u, &fetch.Error{URL: u.URL, Class: classRedirect, Err: errors.New(refuse)})
	}
	return outcome{
		result: frontier.Result{URL: u, State: frontier.Done, Redo: w.run.reach.MaxDepth > 0,
			Links: []frontier.Link{{URL: target, Priority: u.Priority, Depth: u.Depth, Hops: u.Hops + 1, Origin: u.Origin}}},
		event:  Event{Kind: EventPage, Redirect: target},
		change: func(p *SourceReport) { p.Redirects++ },
	}
}

// handle gives the saved pages of a batch to the handler, and returns what
// became of them. What is not handled when the context ends stays at fetched:
// Release gives it back.
func (w *worker) handle(ctx context.Context, batch []item) []outcome {
	var items []*item
	var pages []*mention.Page
	for i := range batch {
		if it := &batch[i]; it.page != nil {
			items, pages = append(items, it), append(pages, it.page)
		}
	}
	if len(pages) == 0 || ctx.Err() != nil || w.run.stopped() {
		return nil
	}
	outs, errs := w.callHandler(ctx, pages)
	outcomes := make([]outcome, 0, len(pages))
	for i, it := range items {
		out, err := outs[i], errs[i]
		if err != nil && !w.run.stopped() {
			out, err = w.tryAgain(ctx, it.page, err, len(pages) > 1)
		}
		if err != nil && (ctx.Err() != nil || w.run.stopped()) {
			continue
		}
		outcomes = append(outcomes, w.handled(it, out, err))
	}
	return outcomes
}

// handled is what became of a page that was given to the handler.
func (w *worker) handled(it *item, out Outcome, err error) outcome {
	count := func(p *SourceReport) {
		if it.saved {
			p.Recovered++
			return
		}
		p.Pages++
		p.Bytes += it.response.Bytes
	}
	if err != nil {
		return w.unhandled(it, err, count)
	}
	w.run.handled()
	o := outcome{
		result: result(it, frontier.Done),
		event:  Event{Kind: EventPage, Status: it.page.Status, New: out.New, Changed: out.Changed, Same: out.Same, Blocked: out.Blocked},
	}
	handled := func(p *SourceReport) {
		count(p)
		p.New, p.Changed, p.Same = p.New+out.New, p.Changed+out.Changed, p.Same+out.Same
		p.Fields = p.Fields.Add(out.Fields)
		p.Fields.Pages++
	}
	o.change = handled
	if out.Blocked != "" {
		// A wall is no content: nothing of it is known, and nothing followed.
		o.result = frontier.Result{URL: it.url, State: frontier.Dead, Class: classWall, Message: "a wall instead of content: " + out.Blocked}
		o.change = func(p *SourceReport) { count(p); p.Walls++ }
		return o
	}
	o.result.Generation = w.run.generation
	o.result.Redo = w.run.reach.MaxDepth > 0
	if !it.page.Directives.Merge(out.Directives).NoFollow {
		found := out.Links
		if out.Canonical != "" && w.run.reach.holds(out.Canonical, false) {
			o.result.Alias = true
			found = append(found, mention.Link{URL: out.Canonical, Kind: mention.LinkItem})
		}
		fresh := w.run.reach.links(it.page, found, it.url.Depth, w.seen)
		links, stop := w.run.chains.next(w.run.src, it.url, it.page, out, fresh)
		o.result.Links = links
		if stop != nil {
			o.change = func(p *SourceReport) { handled(p); p.stop(*stop) }
			o.cut = stop.Reason == StopKnown
		}
	}
	return o
}

// unhandled keeps a page at fetched for the next run. Without snapshots it
// can only be fetched again.
func (w *worker) unhandled(it *item, err error, count func(*SourceReport)) outcome {
	w.run.unhandled(err, panicked(err))
	due := time.Now().Add(maxPause)
	o := outcome{
		result: frontier.Result{URL: it.url, State: frontier.Fetched, Due: due, Class: classHandler, Message: err.Error()},
		event:  Event{Kind: EventError, Err: fmt.Errorf("could not be stored: %w", err), Retry: due},
		change: count,
	}
	if !w.keeps() {
		o.result.State = frontier.Failed
	}
	return o
}

// tryAgain calls the handler a few times more with one page that failed. A
// panic is only tried again where it may have been another page's.
func (w *worker) tryAgain(ctx context.Context, page *mention.Page, err error, shared bool) (Outcome, error) {
	for try := range handlerTries - 1 {
		if panicked(err) && !shared {
			break
		}
		if !panicked(err) {
			select {
			case <-time.After(doubled(w.Backoff/4, try)):
			case <-ctx.Done():
				return Outcome{}, err
			}
		}
		outs, errs := w.callHandler(ctx, []*mention.Page{page})
		if err = errs[0]; err == nil {
			return outs[0], nil
		}
		shared = false
	}
	return Outcome{}, err
}

func panicked(err error) bool {
	_, ok := err.(*PanicError)
	return ok
}

// callHandler calls the handler once. A panic is every page's error.
func (w *worker) callHandler(ctx context.Context, pages []*mention.Page) (outs []Outcome, errs []error) {
	defer func() {
		if v := recover(); v != nil {
			outs, errs = make([]Outcome, len(pages)), make([]error, len(pages))
			for i, page := range pages {
				errs[i] = &PanicError{URL: page.URL, Value: v, Stack: debug.Stack()}
			}
		}
	}()
	return w.Handler.Handle(ctx, w.run.src, pages)
}
