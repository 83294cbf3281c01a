package crawler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
)

const (
	// maxExamples bounds SourceReport.RobotsExamples.
	maxExamples = 20
	// handlerFailures is how many pages in a row may fail to be stored
	// before the source is given up for now.
	handlerFailures = 3
)

// run is the run of one source.
type run struct {
	src        *Source
	reach      reach
	generation string
	record     mention.Run
	began      time.Time
	// ended, which is written under mu, and waitingFor belong to the dispatcher.
	ended       bool
	waitingFor  time.Time
	interrupted string
	// ctx is for the work on the source; it ends with quit when the source is
	// paused, or with the Run.
	ctx  context.Context
	quit context.CancelFunc

	mu     sync.Mutex
	report SourceReport
	// known and left count URLs; leases those that are worked on here.
	known, left, leases int
	// reserved counts pages fetched or about to be, against MaxPages.
	reserved int
	// saved counts what earlier runs left at fetched; it is handled even
	// when MaxPages is reached.
	saved int
	// unstored counts the pages in a row that could not be stored, stop says
	// why the source takes no more work.
	unstored int
	stop     string
	// paused says why a source is not worked on any more, though more is to be
	// done.
	paused string
	// failure is the first reason why a page could not be fetched,
	// unstorable why one could not be stored.
	failure, unstorable string
	// keptOut is what robots.txt says to the first URL that it keeps out.
	keptOut string
	// strikes counts, for each host, the requests in a row without answer.
	strikes map[string]int

	// sitemaps are those that robots.txt names, by origin.
	sitemaps map[string][]string

	chains chains
}

func newRun(src *Source, generation string) *run {
	r := &run{src: src, reach: newReach(src), began: time.Now(), strikes: map[string]int{}, sitemaps: map[string][]string{}, chains: chains{of: map[digest]step{}}}
	if generation != "" && !src.Afresh {
		r.generation = generation + "/" + r.reach.fingerprint()
	}
	r.report.Errors, r.report.Stopped = map[string]int{}, map[StopReason]int{}
	return r
}

// plan takes what the run is for: to visit every page, or to find what is new.
func (r *run) plan(record mention.Run) {
	src := *r.src
	src.Run = record.ID
	if src.Deep = record.Deep; src.Deep {
		src.StopAfterKnown = 0
	}
	r.src = &src
}

func (r *run) leased(n int) {
	r.mu.Lock()
	r.leases += n
	r.mu.Unlock()
}

// working tells whether a worker of this process is at it.
func (r *run) working() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leases > 0
}

// open tells whether the run takes more work.
func (r *run) open() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.ended && r.stop == "" && r.paused == "" && (!r.full() || r.saved > 0)
}

func (r *run) full() bool { return r.src.MaxPages > 0 && r.reserved >= r.src.MaxPages }

// reserve takes a page off MaxPages before it is fetched; unreserve gives it
// back when it turns out to be none.
func (r *run) reserve() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full() {
		return false
	}
	r.reserved++
	return true
}

func (r *run) unreserve() {
	r.mu.Lock()
	r.reserved--
	r.mu.Unlock()
}

func (r *run) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stop != "" || r.paused != ""
}

// pause ends the work on the source; it goes on with a later call of Run.
func (r *run) pause(p frontier.Pause) {
	r.mu.Lock()
	r.paused = "paused"
	if p.Reason != "" {
		r.paused += ": " + p.Reason
	}
	r.mu.Unlock()
	r.quit()
}

func (r *run) totals() (known, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known, r.left
}

// strike notes whether a host answered, and returns how long it is to be left
// alone.
func (r *run) strike(host string, silent bool) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !silent {
		delete(r.strikes, host)
		return 0
	}
	r.strikes[host]++
	return struck(r.strikes[host])
}

// update changes the report and returns the totals for an event.
func (r *run) update(change func(*SourceReport)) (known, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
	return r.known, r.left
}

// unhandled notes a page that could not be stored.
func (r *run) unhandled(err error, panicked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Errors[classHandler]++
	if r.unstorable == "" {
		r.unstorable = err.Error()
	}
	// A page that a handler chokes on says nothing about the next one.
	if !panicked {
		r.unstored++
	}
	if r.unstored >= handlerFailures && r.stop == "" {
		r.stop = fmt.Sprintf("%d pages in a row could not be stored: %v", r.unstored, err)
	}
}

// complete fills in what is only known at the end.
func (r *run) complete(s frontier.SourceStats, blocked []frontier.DeadLetter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.report
	p.Left, r.known, r.left = s.Left(), s.Known(), s.Left()
	p.RobotsBlocked = s.DeadBy["robots"]
	p.Reserved = s.DeadBy[string(fetch.Reserved)]
	p.Dead = s.Dead - p.RobotsBlocked - p.Reserved - s.DeadBy[classScope]
	for _, d := range blocked {
		p.RobotsExamples = append(p.RobotsExamples, d.URL)
		// A Crawl-delay over the limit keeps a URL out without forbidding it.
		if r.keptOut = "robots.txt forbids " + d.URL; !strings.Contains(d.Message, "robots.txt forbids") {
			r.keptOut = d.Message
		}
	}
	slices.Reverse(p.RobotsExamples) // as they were found
	p.Capped = r.full() && p.Left > 0
	p.NotDue = s.Run.NotDue
	p.Deep = s.Run.NotDue+s.Run.Skipped+s.Left() == 0 && !unseen(s.DeadBy) && p.Errors[string(fetch.Robots)] == 0
	p.Duration = time.Since(r.began)
	p.Status, p.Reason = r.judge(s)
}

// judge says how the run ended.
func (r *run) judge(s frontier.SourceStats) (status, reason string) {
	p := &r.report
	seen := r.record.Pages + p.Pages + p.NotModified + p.Recovered
	if s.Run.ID == r.record.ID { // what other processes did since this one joined
		seen = max(seen, s.Run.Pages)
	} else { // another process has ended it, judged it, and begun the next
		seen = max(seen, 1)
	}
	switch {
	case r.interrupted != "":
		return StatusInterrupted, r.interrupted
	case r.paused != "":
		return StatusInterrupted, r.paused
	case r.stop != "":
		return StatusFailed, r.stop
	case p.Errors[classHandler] > 0:
		return StatusFailed, fmt.Sprintf("%d pages could not be stored and are kept for the next run: %s", p.Errors[classHandler], r.unstorable)
	case seen == 0 && r.failure != "":
		return StatusFailed, "no page could be fetched: " + r.failure
	case seen == 0 && len(p.RobotsExamples) > 0:
		return StatusFailed, "no page could be fetched: " + r.keptOut
	case seen == 0 && p.Reserved > 0:
		return StatusFailed, "no page could be fetched: the site reserves text and data mining"
	case seen == 0 && p.Left > 0:
		return StatusFailed, "no page could be fetched: the host is to be left alone for longer than this run waits"
	case p.Walls > 0 && p.Walls*10 >= seen:
		return StatusSuspect, fmt.Sprintf("%d of %d pages were a wall instead of content", p.Walls, seen)
	case p.Left > 0 && !p.Capped:
		return StatusSuspect, fmt.Sprintf("%d URLs wait for another time (%s)", p.Left, r.failures())
	}
	return StatusDone, ""
}

// failures lists the classes of errors.
func (r *run) failures() string {
	var all []string
	for _, class := range slices.Sorted(maps.Keys(r.report.Errors)) {
		all = append(all, fmt.Sprintf("%s: %d", class, r.report.Errors[class]))
	}
	if len(all) == 0 {
		return "not due yet"
	}
	return strings.Join(all, ", ")
}

// handled notes that a page was stored.
func (r *run) handled() {
	r.mu.Lock()
	r.unstored = 0
	r.mu.Unlock()
}

// waits tells whether a page of a list, known before this run, has to wait for
// the page before it (see Source.StopAfterKnown).
func (r *run) waits(u frontier.URL) bool {
	return r.src.StopAfterKnown > 0 && u.Priority == frontier.PriorityNext && u.State == frontier.Leased && u.SHA256 != "" && !r.chains.reached(u)
}

// recovered notes that a page of an earlier run was taken up.
func (r *run) recovered() {
	r.mu.Lock()
	r.saved = max(0, r.saved-1)
	r.mu.Unlock()
}

// nothingSaved notes that a lease came to nothing: what earlier runs left is
// not to be had now.
func (r *run) nothingSaved() {
	r.mu.Lock()
	r.saved = 0
	r.mu.Unlock()
}
