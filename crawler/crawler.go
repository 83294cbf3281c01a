// Package crawler collects pages: it leases due URLs from the frontier,
// fetches them politely, saves the body, and hands the page on. It knows
// neither parsers nor index; what to do with a page is the Handler's work.
//
// The order that makes a crawl lose nothing: the body is in the snapshot
// store (synced) → the URL is marked fetched → the Handler has returned, so
// the index has acknowledged every mention → the URL is marked done with its
// links and validators in one frontier transaction. After a crash pages that
// stand at fetched are read from the snapshot again, not from the web.
package crawler

import (
	"context"
	"regexp"
	"time"

	"klank/mention"
)

// Source is one thing to collect from: a site, a feed, an API.
type Source struct {
	mention.Source
	// Seeds are the canonical URLs a run starts from.
	Seeds []string
	// Sitemaps are the canonical URLs of sitemaps and indexes of them, whose
	// pages are added as far as they are in scope. The Fetcher must be a
	// Streamer then; with sitemaps a source needs no seeds.
	Sitemaps []string
	// RobotsSitemaps adds to Sitemaps those that robots.txt of the seeds' hosts
	// names, as far as they are on the same host. The Fetcher must be a
	// SitemapFinder then.
	RobotsSitemaps bool
	// Scope says which links are followed.
	Scope Scope
	// MaxPages bounds the pages of one run; 0 is no bound.
	MaxPages int
	// MinInterval is the spacing of requests to a host, at least.
	MinInterval time.Duration
	// StopAfterKnown is for lists with the newest first: after so many
	// mentions in a row that the index has as they are, no further page of
	// the list is followed. 0 follows all, and finds edits and deletions.
	StopAfterKnown int
	// Deep asks for every page that is known and ignores StopAfterKnown. The
	// Source that a Handler is given has it set in every run that does so, also
	// in those that Config.DeepEvery made deep.
	Deep bool
	// KeepNoPages has no page of the source saved. What was fetched and not
	// handled when a process was killed is fetched again.
	KeepNoPages bool
	// Afresh has every page asked for in full and handled, also when it is as
	// it was: what may be kept for some time only counts as seen then.
	Afresh bool
	// Run is the id of the run, in the Source that a Handler is given.
	Run string
	// Accept is passed to the fetcher; empty for the default.
	Accept string
}

// Scope bounds which links of a source are followed. The zero value follows
// every link on the hosts of the seeds (without any, of the sitemaps).
type Scope struct {
	// Allow, when not empty, must match the URL; Deny must not.
	Allow, Deny []*regexp.Regexp
	// Endpoints match what belongs to the source on whatever host and whatever
	// Allow says: answers that its pages ask for by themselves.
	Endpoints []*regexp.Regexp
	// MaxDepth bounds the links from a seed to a page; 0 is no bound.
	// Pagination (LinkNext) does not count as a step.
	MaxDepth int
}

// Handler turns saved pages into stored mentions. It returns after they are
// durable: one Outcome and one error for each page, in order. Pages come
// together so that they may share what storing costs; a handler that stores
// them in one transaction gives its error to each of them, for the crawler
// tries pages that failed again, one by one. When it panics none of the pages
// counts as stored. It may be called again for the same page, at once or after
// a crash, and must be idempotent. An error means that the page was not
// stored: the crawler keeps the page at fetched and tries again later.
type Handler interface {
	Handle(ctx context.Context, src *Source, pages []*mention.Page) ([]Outcome, []error)
}

// Mourner is the optional ability of a Handler to be told of pages that it was
// given once and that are gone (404 or 410). It returns after it has taken
// durable note, may be told of the same page again, and with an error the
// pages are asked for again later.
type Mourner interface {
	Gone(ctx context.Context, src *Source, urls []string) error
}

// Outcome is what a Handler made of a page.
type Outcome struct {
	// Links are followed where the source's scope allows it.
	Links []mention.Link
	// Directives of headers and markup together: with NoFollow no link of
	// the page is followed.
	Directives mention.Directives
	// Canonical is the URL on the same host that the page names as its own
	// (RFC 6596), where that is another one: it is followed, and from then on
	// the page itself is only read by deep runs.
	Canonical string
	// Blocked says that the page was a wall rather than content.
	Blocked string
	// New, Changed and Same count the page's mentions by what the index
	// did with them.
	New, Changed, Same int
	// Fields counts what was found on the page, for Drift.
	Fields FieldCounts
}
