package crawler

import (
	"time"

	"klank/mention"
)

// The statuses of a run (mention.Run.Status).
const (
	// StatusDone: everything that was to be fetched is fetched, or the run
	// stopped at MaxPages.
	StatusDone = "done"
	// StatusSuspect: it ended, but what it saw is not to be trusted as
	// complete: walls instead of pages, or URLs left for another time.
	StatusSuspect = "suspect"
	// StatusFailed: no page could be fetched, or pages could not be stored.
	StatusFailed = "failed"
	// StatusInterrupted: it was stopped and goes on with the next Run.
	StatusInterrupted = "interrupted"
)

// Report tells what a Run did, in the order of its sources.
type Report struct {
	Sources []SourceReport
}

// SourceReport tells what one Run did for one source. Its counts are those of
// this call; Run counts a resumed run from its start.
type SourceReport struct {
	Run     mention.Run
	Resumed bool
	// Pages were fetched with a body, NotModified without one or with the
	// body that was known, Redirects led elsewhere, and Recovered were
	// handled from the snapshots of an earlier run that could not.
	Pages, NotModified, Redirects, Recovered int
	// Sitemaps counts the sitemaps that were read well, Listed the URLs in
	// scope that stand in them.
	Sitemaps, Listed int
	// Bytes is the size of the bodies as received.
	Bytes int64
	// New, Changed and Same count mentions.
	New, Changed, Same int
	// Fields counts what was found on the pages that were handled; compare it
	// with earlier runs by Drift.
	Fields FieldCounts
	// Errors counts failures by class: those of fetch.Class, "sitemap" and
	// "handler".
	Errors map[string]int
	// RobotsBlocked counts the URLs that robots.txt keeps out;
	// RobotsExamples are up to 20 of them.
	RobotsBlocked  int
	RobotsExamples []string
	// Reserved counts the URLs that are kept out because their site reserves
	// text and data mining.
	Reserved int
	// Walls counts pages that were a wall (consent, captcha) rather than
	// content.
	Walls int
	// Dead counts the URLs given up for reasons other than robots.txt, a
	// reservation and the source's scope.
	Dead int
	// Left counts the URLs that wait for another run.
	Left int
	// Capped says that the run stopped at MaxPages with URLs left.
	Capped bool
	// Stops are lists of which not all pages were followed, up to 100;
	// Stopped counts them all by their reason.
	Stops   []Stop
	Stopped map[StopReason]int
	// Unreached counts the pages of lists that were not asked for because
	// nothing new stands before them (see Source.StopAfterKnown), NotDue the
	// pages that were not because they seldom change (see frontier.Plan).
	Unreached, NotDue int
	// Deep says that every known page of the source was visited in this run,
	// over all calls and processes that worked on it: none was left out or is
	// left, and none was given up but those that the site has removed, that
	// robots.txt keeps out or that are no pages of the source. With the status
	// "done" it proves absence: what was not seen is not there.
	Deep     bool
	Duration time.Duration
	// Status is that of Run; Reason says why it is not "done".
	Status, Reason string
}

// EventKind says what an Event is about.
type EventKind string

// The kinds of events.
const (
	// EventBegin: a run began or, with Resumed, goes on.
	EventBegin EventKind = "begin"
	// EventPage: a page was handled, not modified, or led elsewhere.
	EventPage EventKind = "page"
	// EventError: a URL could not be fetched or a page not be stored.
	EventError EventKind = "error"
	// EventSkipped: a page of a list was not asked for (SourceReport.Unreached).
	EventSkipped EventKind = "skipped"
	// EventRobots: robots.txt forbids a URL, or its site reserves text and data
	// mining.
	EventRobots EventKind = "robots"
	// EventWaiting: a host is left alone until Until.
	EventWaiting EventKind = "waiting"
	// EventEnd: a run ended, with Report.
	EventEnd EventKind = "end"
)

// Event is something that happened. Fields without a meaning for its kind
// are zero.
type Event struct {
	Kind    EventKind
	Source  string
	Resumed bool
	// Joined says of a run that goes on that another process works on it.
	Joined bool
	// Host is the budget key, for EventWaiting.
	Host, URL string
	// Status is the HTTP status: 200, 304, that of an error.
	Status int
	// Redirect is where the URL leads.
	Redirect string
	// New, Changed and Same count the page's mentions.
	New, Changed, Same int
	// Blocked is what kind of wall the page was.
	Blocked string
	// Err is the failure, Retry when it is tried again (zero for never).
	Err   error
	Retry time.Time
	Until time.Time
	// Known and Left count the source's URLs, and those that want work yet.
	Known, Left int
	Report      *SourceReport
}
