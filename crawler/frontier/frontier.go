// Package frontier keeps what a crawl knows about URLs: which are due, who
// works on them, and how they ended. Everything a worker learns goes through
// it in short transactions, so that a crawl can be killed at any moment and
// goes on where it stood.
//
// A URL is pending until a worker that leases its budget key claims it
// (leased). With its body saved it is fetched; with its mentions in the index
// it is done. A failure worth another try makes it failed, which is pending
// with a later due time; any other failure makes it dead, with the reason.
//
// Workers lease a budget key (one host, see mention.Host), not URLs: so one
// host has one worker at a time over all processes. A lease carries a fencing
// token; when it has expired and another worker has taken the key, what the
// late worker still writes is refused with ErrLeaseLost.
//
// The package is not for fetching, for robots.txt, or for deciding whether a
// failure is worth another try.
package frontier

import (
	"context"
	"errors"
	"time"

	"klank/mention"
)

// ErrLeaseLost is returned to a worker whose lease another worker has taken.
// Nothing was written; the URLs are the other worker's now.
var ErrLeaseLost = errors.New("frontier: the lease was lost to another worker")

// State is where a URL stands.
type State uint8

// The states of a URL. Their numbers are stored.
const (
	Pending State = iota // to be fetched when it is due
	Leased               // claimed by a worker
	Fetched              // its body is in the snapshot store, to be handled
	Done                 // handled, or redirected, or not modified
	Failed               // pending again after a failure, due later
	Dead                 // given up, with a reason
)

// States lists every State in the order of a URL's life.
var States = []State{Pending, Leased, Fetched, Done, Failed, Dead}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

var stateNames = [...]string{"pending", "leased", "fetched", "done", "failed", "dead"}

// Priority orders the URLs of a host: lower comes first, but a claim takes
// some of each, so that a thousand list pages do not starve the items.
type Priority uint8

// The priorities. Their numbers are stored.
const (
	PrioritySeed Priority = iota
	PriorityNext
	PriorityItem
	PriorityFeed
	PriorityPage
)

// PriorityOf is the priority of a link.
func PriorityOf(k mention.LinkKind) Priority {
	switch k {
	case mention.LinkNext:
		return PriorityNext
	case mention.LinkItem:
		return PriorityItem
	case mention.LinkFeed:
		return PriorityFeed
	}
	return PriorityPage
}

// Link is a URL to be added. URL is canonical (mention.CanonicalURL); its
// budget key is that of its mention.Host (see Keys). One of more than 2,500 bytes, or with bytes
// that are no text, is passed over: not every database can look for it.
type Link struct {
	URL      string
	Priority Priority
	// Depth counts the links from a seed, Hops the redirects in a row.
	Depth, Hops int
	// Origin is what the crawler wants to know again when the URL is claimed:
	// in its first line the page that it comes from, then more about that. The
	// first page that a known URL comes from stays; what else that page says
	// now counts, and when it is something new the URL's mentions are no longer
	// known. It is text of at most 4,000 bytes; more, or what is no text, is
	// left out.
	Origin string
	// Later keeps a URL that is new for the next run: nobody asks for it in
	// this one.
	Later bool
	// Modified and Within are what a sitemap says about the page: it changed
	// last between Modified and Within after that. The zero time says nothing.
	// They are not kept; see Runs.Add.
	Modified time.Time
	Within   time.Duration
}

// URL is a claimed URL with what is known from before.
type URL struct {
	ID int64
	Link
	// State is Leased for a URL to be fetched, Fetched for one whose body is
	// in the snapshot store and only needs to be handled.
	State State
	// Attempts counts the failures in a row.
	Attempts int
	// Snapshot, SHA256 and the validators belong to the last body; Generation
	// names the index that holds its mentions, and is empty when none does.
	Snapshot, SHA256, ETag, LastModified, Generation string
}

// Result is what became of a claimed URL.
type Result struct {
	URL URL
	// State is Fetched, Done, Failed or Dead.
	State State
	// Snapshot, SHA256, ETag and LastModified are stored with Fetched and
	// Done, Generation with Done only.
	Snapshot, SHA256, ETag, LastModified, Generation string
	// Due is when a Failed URL may be tried again. With Fetched it gives the
	// URL back: the body could not be handled now and waits until Due. A
	// Fetched URL without Due stays with its worker.
	Due time.Time
	// Class and Message say why, for Failed and Dead, and for Fetched with Due.
	Class, Message string
	// Unasked says of a URL that is Done that it was not asked for.
	Unasked bool
	// Alias says of a URL that is Done that its page names another one as its
	// canonical URL: like a page that has not changed for ever, and without
	// being counted, it is left to deep runs; see Plan.
	Alias bool
	// Links are added in the same transaction.
	Links []Link
	// Redo makes depth exact: a link that is known from further away and was
	// done in this run is handled again from its snapshot, because its own
	// links are nearer now.
	Redo bool
}

// Tally is added to the counts of a run.
type Tally struct {
	Pages, Errors int
	Bytes         int64
	Skipped       int
}

// Lease is the exclusive right to work on the URLs of one source on one
// budget key. It is for one goroutine at a time.
type Lease struct {
	Source, Key string
	// Run is the id of the run that the work counts for.
	Run string
	// Token grows with each lease of the key.
	Token int64
	// Taken says that the lease before this one was not given back: its
	// worker was killed or stopped, and may have asked the host a moment ago.
	Taken bool
	// TTL is how long the lease lasts from each call that uses it.
	TTL time.Duration
	// Reason is for Release: why the hosts are left alone or slowed, in words
	// for a person; empty for the pause that is between any two requests.
	// Slowed is the spacing of requests while it is longer than it should be.
	Reason string
	Slowed time.Duration

	source, budget, run int64 // rows
}

// Outlook says what a source still waits for.
type Outlook struct {
	// Next is when the earliest URL that no lease covers is due; zero when
	// there is none. It may be in the past.
	Next time.Time
	// Leased says that a worker, in this process or another, holds a host of
	// the source, or that another source's worker holds a host it waits for.
	Leased bool
}

// Plan says which of the URLs that are known a new run asks for. A run is deep,
// and asks for all of them, with Deep, when the source had no deep run yet that
// ended well, and when the last one began DeepEvery ago (0 is never). A deep
// run that ended at its bound of pages counts as one: else a source that is
// larger than the bound would never have any other.
//
// Any other run leaves a page out that has changed seldom, until a quarter of
// the time has passed again in which it was seen to stay the same, 30 days at
// most (RFC 9111, section 4.2.2, reckons with a tenth of that time). It leaves
// out only what is done, with a body whose mentions are in the index
// Generation; never seeds, pages of lists and feeds, which tell what is new;
// and nothing for less than LeastRest.
type Plan struct {
	Generation string
	Deep       bool
	DeepEvery  time.Duration
	LeastRest  time.Duration
}

// Runs begins and ends the runs of sources.
type Runs interface {
	// BeginRun returns the open run of a source, with resumed set and its
	// remaining work as it stands; or, when there is none, a new run for
	// which the URLs known for the source are due again, as far as the plan
	// says so. URLs whose body was saved but not handled stay at fetched. A
	// run that is resumed keeps what it was begun for; one that is not deep
	// makes room for one that is asked to be, unless somebody works on it.
	BeginRun(ctx context.Context, source string, plan Plan) (run mention.Run, resumed bool, err error)
	// Add adds URLs that are not known yet (the seeds) and returns how many
	// that were. A known page that was Modified after its last visit is due
	// at once, one that was visited since is not, other than in a deep run;
	// seeds, pages of lists and feeds are as if nothing was said.
	Add(ctx context.Context, run mention.Run, links []Link) (int, error)
	// EndRun closes a run with its final status and Deep, and returns its
	// record. With the status "interrupted" the run stays open and is resumed
	// next time.
	EndRun(ctx context.Context, run mention.Run, status string) (mention.Run, error)
}

// Pauses stops and resumes work on sources, for all processes.
type Pauses interface {
	// SetPaused keeps a source from being worked on until it is called again
	// without paused: nobody is given a lease of it, and those who have one
	// are to give it back. It tells whether that was news.
	SetPaused(ctx context.Context, source string, paused bool, reason string) (changed bool, err error)
	// Paused returns the paused ones of the given sources, or of all without
	// any. It costs next to nothing.
	Paused(ctx context.Context, sources ...string) (map[string]Pause, error)
}

// Erasures take what is told of a person, or of a source, out of the state of a
// crawl, and remember what is not to come back.
type Erasures interface {
	// Suppress remembers keyed hashes of what was erased, whose makers know what
	// they stand for. None is ever forgotten.
	Suppress(ctx context.Context, hashes []string) error
	// Suppressed returns all of them.
	Suppressed(ctx context.Context) (map[string]bool, error)
	// Forget takes URLs out, of whatever source, with all that is known of them,
	// and returns how many were there. Who works on one loses it. A page that
	// links to it brings it back.
	Forget(ctx context.Context, urls []string) (int, error)
	// ForgetSource takes out every URL of a source; its runs stay.
	ForgetSource(ctx context.Context, source string) (int, error)
	// Compact rewrites the store, so that no trace of what was taken out is
	// left in its files.
	Compact(ctx context.Context) error
}

// Pause says since when and why a source is not worked on.
type Pause struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
}

// Queue hands out work. All times are the frontier's own.
type Queue interface {
	// Lease takes the budget key that has waited longest among those with
	// due URLs of an open run of the given sources; nil when there is none.
	Lease(ctx context.Context, sources []string, ttl time.Duration) (*Lease, error)
	// Claim returns at most n due URLs of the lease: those at fetched first,
	// then some of each priority, then those that failed before.
	Claim(ctx context.Context, l *Lease, n int) ([]URL, error)
	// Settle writes results in one transaction and returns how many of their
	// links were new. Results of URLs that are no longer the lease's are
	// passed over.
	Settle(ctx context.Context, l *Lease, t Tally, results []Result) (added int, err error)
	// Extend makes the lease last for its TTL from now.
	Extend(ctx context.Context, l *Lease) error
	// Release gives the key back, and claimed URLs untouched to where they
	// were. Until pause nobody leases the key; a zero time is no pause.
	Release(ctx context.Context, l *Lease, pause time.Time) error
	// Outlook tells for each of the sources that wait for something what it is.
	Outlook(ctx context.Context, sources []string) (map[string]Outlook, error)
}

// Quotas count what is spent of daily quotas, over all processes.
type Quotas interface {
	// Spend takes units off what a key may spend on a day ("2006-01-02", where
	// the quota's day turns), and tells whether they were left. A day before
	// the last one spent on counts as that one.
	Spend(ctx context.Context, key, day string, units, limit int) (ok bool, err error)
}

// Keys lets several hosts share one budget key.
type Keys struct {
	// Of names the key of a host (mention.Host); nil is each host its own. It
	// is safe for concurrent use.
	Of func(host string) string
	// Version changes whenever Of does; empty without Of.
	Version string
}

// Keyed has hosts share budget keys.
type Keyed interface {
	// ShareKeys is called before any other method, and with the same keys in
	// all processes. The URLs that are known move to their new key when the
	// next run of their source begins, or goes on, unless somebody holds a
	// lease for it then.
	ShareKeys(k Keys)
}

// HostState is what holds a budget key up.
type HostState struct {
	Key string `json:"host"`
	// PausedUntil is until when nobody asks the hosts, zero for not at all;
	// Slowed the spacing of requests that was in force when they were asked
	// last, 0 at full pace. Reason is for both.
	PausedUntil time.Time     `json:"paused_until,omitzero"`
	Slowed      time.Duration `json:"slowed,omitzero"`
	Reason      string        `json:"reason,omitzero"`
	// Units were spent of a daily quota on Day.
	Units int    `json:"units,omitzero"`
	Day   string `json:"day,omitzero"`
}

// Inspector answers what a person asks about the work.
type Inspector interface {
	// Stats counts the URLs of the given sources, or of all without any.
	Stats(ctx context.Context, sources ...string) ([]SourceStats, error)
	// Hosts lists the budget keys that are left alone or slowed for a reason,
	// and those with a daily quota, ordered by key.
	Hosts(ctx context.Context) ([]HostState, error)
	// Forecast says what a run of the source would ask for that began, or went
	// on, now. URLs that are dead in one of the free classes cost no request.
	Forecast(ctx context.Context, source string, plan Plan, free ...string) (Forecast, error)
	// Dead lists dead URLs, the latest first; limit 0 lists all.
	Dead(ctx context.Context, f Filter, limit int) ([]DeadLetter, error)
	// Requeue makes dead URLs due again and returns how many.
	Requeue(ctx context.Context, f Filter) (int, error)
	// Snapshots calls fn with where the last body of each URL is saved, save
	// those that are dead. These bodies are wanted still: to be handled, or to
	// ask for no more than a 304. fn's error ends it and is returned.
	Snapshots(ctx context.Context, fn func(locator string) error) error
}

// Frontier is a frontier with all its abilities; frontiertest.Run holds any
// implementation to it.
type Frontier interface {
	Runs
	Pauses
	Queue
	Quotas
	Keyed
	Inspector
	Erasures
	Close() error
}

// SourceStats counts the URLs of a source.
type SourceStats struct {
	Source string `json:"source"`
	// The number of URLs in each state.
	Pending int `json:"pending"`
	Leased  int `json:"leased"`
	Fetched int `json:"fetched"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Dead    int `json:"dead"`
	// DeadBy counts the dead by class; "robots" is what robots.txt kept out.
	DeadBy map[string]int `json:"dead_by,omitempty"`
	// Run is the latest run; its id is empty when there was none. Working
	// says that somebody holds a lease for it at this moment.
	Run     mention.Run `json:"run"`
	Working bool        `json:"working,omitempty"`
	// Paused is set while the source is paused.
	Paused *Pause `json:"paused,omitempty"`
}

// Known is the number of all URLs of the source.
func (s SourceStats) Known() int { return s.Left() + s.Done + s.Dead }

// Left is the number of URLs that still want work.
func (s SourceStats) Left() int { return s.Pending + s.Leased + s.Fetched + s.Failed }

// Forecast is what a run would do with the URLs that are known; it finds
// others on the way.
type Forecast struct {
	// Resumes says that a run is open and goes on, Deep that the run visits
	// every page; see Plan.
	Resumes, Deep bool
	// Known are all URLs of the source. Of them those in Hosts are asked for,
	// Saved are read from the snapshot store, and Resting are left out, as they
	// seldom change, the first of them until RestingUntil.
	Known, Saved, Resting int
	RestingUntil          time.Time
	// Hosts are the budget keys of what is asked for, in order.
	Hosts []HostForecast
}

// HostForecast counts the URLs that are asked for on a budget key.
type HostForecast struct {
	Key  string
	URLs int
}

// Filter chooses dead URLs; an empty field chooses all.
type Filter struct{ Source, Class, URL string }

// DeadLetter is a URL that was given up.
type DeadLetter struct {
	Source   string    `json:"source"`
	URL      string    `json:"url"`
	Class    string    `json:"class"`
	Message  string    `json:"message"`
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
}
