package index

import (
	"context"
	"time"

	"klank/mention"
)

// Absences is the optional ability to tell which mentions have vanished from
// the web. It remembers which mentions the latest reading of each page gave.
// One that no page gives any more is absent, and becomes a tombstone (its
// Removed is set) once it has been absent in several good runs; a mention that
// is found again is absent no more, and Put takes its Removed away.
//
// What was never told by PutSeen is never absent.
type Absences interface {
	// PutSeen is Put (which it is with nothing seen), and notes what pages gave.
	// Doing the same again changes nothing; a reading older than the one that is
	// known is passed over.
	PutSeen(ctx context.Context, ms []mention.Mention, seen []Sighting) ([]Change, error)
	// EndRun says that a run's readings can be relied on, and returns how many
	// mentions became tombstones by it. A good run (complete, every page
	// visited or known to be as it was) is one more in which what is absent
	// was not found; another one only makes its readings count for the next
	// good one. It is not called for a run that misread pages, and counts a
	// run once, whoever calls it how often.
	EndRun(ctx context.Context, end RunEnd) (removed int, err error)
}

// Sighting is one reading of a page.
type Sighting struct {
	// Source and Run are the name and the run of who read it.
	Source, Run string
	// Page is the page's canonical URL, At when it was fetched.
	Page string
	At   time.Time
	// IDs are the mentions that it gave; none when the page is gone.
	IDs []string
	// Texts are those of IDs that only the text identifies (mention.TextID).
	Texts []string
	// Window says that the page shows the latest of a longer list, as feeds
	// and timelines do: what falls off it has not vanished.
	Window bool
}

// RunEnd ends a run for Absences.
type RunEnd struct {
	Source, Run string
	Good        bool
	// After is in how many good runs a mention must be absent, at least 1.
	After int
}

// Expirer is the optional ability to delete what has not been seen for long,
// as the terms of some APIs ask.
type Expirer interface {
	// Expire deletes, with their revisions, the mentions of a source that were
	// collected before a time and that no page fetched since gives (as told to
	// Absences.PutSeen), and earlier revisions as old of those that stay. It returns
	// how many mentions went; with dryRun it only counts.
	Expire(ctx context.Context, source string, before time.Time, dryRun bool) (int, error)
}
