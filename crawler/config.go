package crawler

import (
	"context"
	"errors"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
)

// Fetcher asks for one URL, politely; fetch.Client is one. Fetch is called
// from several goroutines, for one host from one at a time. Its errors are of
// type *fetch.Error.
type Fetcher interface {
	Fetch(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// Pacer is a Fetcher that keeps a budget for each key of the frontier's leases;
// fetch.Client is one. With it several processes keep one rate: the last request
// of one lease and the first of the next are spaced as those within are, and
// none is sent when the lease may have gone to another process.
type Pacer interface {
	// Next is when the key may be asked next; zero for at once.
	Next(key string) time.Time
	// Touch has the next request wait as if one had been sent just now.
	Touch(key string)
	// Allow lets the key be asked until then only, with an error that is
	// fetch.ErrLapsed afterwards; the zero time is no bound.
	Allow(key string, until time.Time)
}

// Slower is a Fetcher that says how it slows the hosts of a budget key, so that
// status can: the spacing of requests where it is longer than it should be, and
// why; 0 at full pace. fetch.Client is one.
type Slower interface {
	Slowed(key string) (spacing time.Duration, why string)
}

// Snapshots keeps pages; snapshot.Store is one. It is called from several
// goroutines.
type Snapshots interface {
	// PutAll returns the pages' locators when all of them are on disk.
	PutAll(ctx context.Context, pages []*mention.Page) (locators []string, err error)
	Get(locator string) (*mention.Page, error)
	Has(locator string) bool
}

// Config holds what an Engine works with. Frontier, Fetcher and Handler are
// needed; the zero value of any other field means its default.
type Config struct {
	Frontier frontier.Frontier
	Fetcher  Fetcher
	Handler  Handler
	// Snapshots may be nil: then no body is kept, and a page that was fetched
	// but not handled when the process dies is fetched again.
	Snapshots Snapshots
	// Generation names the index that the Handler writes to. A page is only
	// asked for conditionally when its mentions are in this one.
	Generation string
	// Events is told what happens, one call at a time; it is to return at once.
	Events func(Event)

	// DeepEvery is after how long a source is visited in full once more, though
	// nobody asks for it (see frontier.Plan); 0 is never. Its first run does so
	// anyhow.
	DeepEvery time.Duration
	// LeastRest is the shortest time that a page which seldom changes is left
	// out for (see frontier.Plan); 0 means 5 minutes.
	LeastRest time.Duration
	// Workers bounds the hosts that are worked on at the same time; 0 means 256.
	Workers int
	// MaxWait is how long a run waits for URLs that are due later (after a
	// failure, or because the host wants to be left alone); those due later
	// still are left for the next run. 0 means 2 minutes.
	MaxWait time.Duration
	// Backoff is the time to the second try of a URL; it doubles with each
	// further one. 0 means 2 seconds.
	Backoff time.Duration
	// LeaseTTL is how long another process waits before it takes over the
	// hosts of one that no longer answers; 0 means 1 minute.
	LeaseTTL time.Duration
	// MaxInFlight bounds the bytes of bodies that are being read, or not yet
	// handled, over all workers. They count as large as their heads announce
	// them until they are there (see fetch.Request.Hold); behind a Fetcher that
	// does not ask, each worker may hold one body more. 0 means 4 MiB: more does
	// not make a crawl faster.
	MaxInFlight int64
}

func (c Config) withDefaults() (Config, error) {
	if c.Frontier == nil || c.Fetcher == nil || c.Handler == nil {
		return c, errors.New("crawler: a frontier, a fetcher and a handler are needed")
	}
	if c.Events == nil {
		c.Events = func(Event) {}
	}
	setDefault(&c.Workers, 256)
	setDefault(&c.LeastRest, leastRest)
	setDefault(&c.MaxWait, 2*time.Minute)
	setDefault(&c.Backoff, 2*time.Second)
	setDefault(&c.LeaseTTL, time.Minute)
	setDefault(&c.MaxInFlight, 4<<20)
	return c, nil
}

func setDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
