package index

import (
	"bytes"
	"context"
	"encoding/json"

	"klank/mention"
)

// Withdrawn is what Reread did with a mention that is no longer produced: it
// is gone, with its revisions.
const Withdrawn Change = "withdrawn"

// Rereader is the optional ability to take what saved pages give when they
// are parsed and analysed again. Unlike Put it can withdraw. It returns one
// Change per rereading, in order; on an error nothing of the batch counts as
// stored. Doing the same again gives Same.
type Rereader interface {
	Reread(ctx context.Context, rs []Rereading) ([]Change, error)
}

// Rereading is what the saved pages give of one mention now.
type Rereading struct {
	ID string
	// Snapshot is the Evidence.Snapshot that the mention is stored with, if
	// that page was read again; else it is empty. When the index holds the
	// mention with other evidence by now (it was crawled meanwhile), that is
	// what counts: nothing is withdrawn, and Mention is joined as by Put.
	Snapshot string
	// Mention is what was read; nil when no page gives it any more.
	Mention *mention.Mention
	// Labels says that Mention was analysed again and not read: its brands,
	// analysis, flags and language replace the stored ones, as long as the
	// stored words are those that were analysed.
	Labels bool
}

// Apply returns what becomes of the stored mention (nil for none), without
// storing it. The result is nil where there is no mention afterwards.
//
// Of a mention whose own page was read again the new reading wins, as a
// better parser's should, also where it comes from a page that was fetched
// earlier; its labels and brands replace the stored ones. As in Merge, what
// it leaves empty is kept, because another page may have told it. A replay
// sees nothing that was not seen before, so a tombstone stays, unless the
// reading is of a page that was fetched after the mention was gone.
func (r *Rereading) Apply(stored *mention.Mention) (*mention.Mention, Change) {
	same := stored != nil && r.Snapshot != "" && stored.Evidence.Snapshot == r.Snapshot
	switch {
	case r.Labels:
		return relabelled(stored, r.Mention)
	case r.Mention == nil && same:
		return nil, Withdrawn
	case r.Mention == nil:
		return stored, Same
	case stored == nil:
		fresh := *r.Mention
		fresh.Revision = 1
		return &fresh, New
	case !same:
		joined, change := Merge(*stored, *r.Mention)
		return &joined, change
	}
	found, base := *r.Mention, *stored
	base.Evidence.Fetched = found.Evidence.Fetched // it is no older reading
	joined, change := Merge(base, found)
	joined.Brands, joined.Analysis = found.Brands, found.Analysis
	if !found.Evidence.Fetched.After(stored.Removed) {
		joined.Removed = stored.Removed
	}
	return &joined, change
}

// relabelled returns the stored mention with the labels of the one that was
// analysed again.
func relabelled(stored, again *mention.Mention) (*mention.Mention, Change) {
	if stored == nil || stored.Title != again.Title || stored.Text != again.Text {
		return stored, Same // deleted or edited meanwhile
	}
	joined := *stored
	joined.Brands, joined.Analysis, joined.Language, joined.Flags = again.Brands, again.Analysis, again.Language, again.Flags
	before, err := json.Marshal(stored)
	after, err2 := json.Marshal(&joined)
	if err == nil && err2 == nil && bytes.Equal(before, after) {
		return stored, Same
	}
	return &joined, Changed
}
