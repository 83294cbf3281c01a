package index

import (
	"context"

	"klank/mention"
)

// Enrichable is the optional ability to be enriched with what only other
// mentions tell: copies, bursts, the threads of replies (package enrich).
type Enrichable interface {
	// Pending calls fn with mentions, and the key that Similar knew them by up to
	// now (0 for none): those that are new, or changed in what Relevant
	// compares, since they were settled, and those whose neighbours have been
	// deleted: limit of them at most, in the order in which that happened, after
	// an earlier mark (0 begins). From then on Similar knows them. fn's error ends
	// it and is returned; fn must not ask the index. The mark is for Settle and
	// for the next call; it is 0 where nothing more is pending.
	Pending(ctx context.Context, after int64, limit int, fn func(m *mention.Mention, was uint64) error) (mark int64, err error)
	// Settle says that what was pending up to a mark is pending no more. What
	// changed meanwhile stays so.
	Settle(ctx context.Context, mark int64) error
	// Similar returns for each key the ids of mentions whose mention.NearKey
	// differs from it in mention.NearBits at most: those that have been known
	// longest, most of them at most. It may miss a tenth of those that differ so
	// much. A key of 0 is like nothing.
	Similar(ctx context.Context, keys []uint64, most int) ([][]string, error)
	// Amend lets fn change the flags, DuplicateOf, Parent and Thread of stored
	// mentions, and stores what is changed by that, without a new revision. Ids
	// that are not stored are passed over. fn may be called more than once for a
	// mention. It returns how many were changed.
	Amend(ctx context.Context, ids []string, fn func(*mention.Mention)) (changed int, err error)
}

// Relevant tells whether two states of a mention differ in what copies, bursts
// and threads are told by: its words, whose they are, on what, how it is
// graded, and when.
func Relevant(a, b *mention.Mention) bool {
	return a.Title != b.Title || a.Text != b.Text || a.Kind != b.Kind || Author(a) != Author(b) || itemName(a.Item) != itemName(b.Item) ||
		a.Source.Host != b.Source.Host || score(a) != score(b) || !a.Published.Equal(b.Published) || a.PublishedPrecision != b.PublishedPrecision ||
		a.Parent != b.Parent || a.Thread != b.Thread || a.NativeID != b.NativeID
}

func score(m *mention.Mention) float64 {
	if m.Rating == nil {
		return -1
	}
	return m.Rating.Score
}
