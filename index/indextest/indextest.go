// Package indextest holds every back-end of package index to the same
// answers: hit sets, counts, facets and the order of field sorts; by
// relevance the hit sets only. A back-end runs it in a few lines:
//
//	func TestIndex(t *testing.T) {
//		indextest.Run(t, func(t *testing.T) index.Index {
//			ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
//			if err != nil {
//				t.Fatal(err)
//			}
//			return ix
//		})
//	}
//
// What was put must be found as soon as Put returns. Every back-end is to have
// the optional abilities too.
package indextest

import (
	"context"
	"slices"
	"testing"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// Trait is a difference that back-ends may have.
type Trait string

// SeesHalfBatches is the trait of stores without transactions: while a batch is
// written, a question may see a part of it.
const SeesHalfBatches Trait = "sees half batches"

// Remote is the trait of stores that are waited for: the tests run side by side.
const Remote Trait = "is remote"

// Run runs the suite. open returns an empty index of its own for every call;
// the suite closes it.
func Run(t *testing.T, open func(t *testing.T) index.Index, traits ...Trait) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, index.Index)
	}{
		{"compacting changes no answer", testCompact}, // the slowest first
		{"every query finds its mentions", testHits},
		{"any text is a query or an error with a place", testHostile},
		{"every sort has its order, ties by id", testSorts},
		{"pages join without gaps or repeats while mentions come in", testPaging},
		{"requests out of bounds are refused", testRequests},
		{"highlights are the spans of the words asked for", testHighlights},
		{"totals count mentions, authors and means", testTotals},
		{"authors are counted exactly up to a hundred thousand", testAuthors},
		{"facets count values, ties by value", testFacets},
		{"histograms fill their gaps", testHistograms},
		{"put tells new, changed and same", testPut},
		{"put joins what pages tell", testMerge},
		{"put is all or nothing", testPutRefuses},
		{"put and search run side by side", func(t *testing.T, ix index.Index) { testConcurrent(t, ix, !slices.Contains(traits, SeesHalfBatches)) }},
		{"earlier revisions stay readable", testGet},
		{"delete deletes what the query matches and nothing else", testDelete},
		{"reread pages replace, and withdraw what is gone", testReread},
		{"what is missing in several good runs is removed, and comes back", testAbsences},
		{"what some page still gives is not removed", testPresence},
		{"what new mentions may have pushed off a page is not removed", testPushedOff},
		{"runs that misread prove nothing", testMisread},
		{"an edit of what only its text identifies is a revision", testEdits},
		{"an edit is known again whichever page shows it first", testEditsOverPages},
		{"what is not an edit is another mention", testNoEdits},
		{"what has not been seen for long can be deleted", testExpire},
		{"scan walks all matches in id order", testScan},
		{"rows tell what mentions hold", testRows},
		{"samples are the first matches", testSample},
		{"what is new or changed is pending until it is settled", testPending},
		{"the neighbours of what is deleted are pending", testOrphans},
		{"near-identical texts are found by their keys", testSimilar},
		{"amending changes flags and links and nothing else", testAmend},
		{"runs and coverage are kept", testRecorder},
		{"every write changes the token, and no question does", testChanges},
		{"the generation names this index", func(t *testing.T, ix index.Index) { testGeneration(t, ix, open) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if slices.Contains(traits, Remote) {
				t.Parallel()
			}
			ix := open(t)
			t.Cleanup(func() {
				if err := ix.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test.run(t, ix)
		})
	}
}

// ability returns ix with an optional ability, which every store is to have.
func ability[A any](t *testing.T, ix index.Index) A {
	t.Helper()
	a, ok := ix.(A)
	if !ok {
		t.Fatalf("%T has no such ability", ix)
	}
	return a
}

func put(t *testing.T, ix index.Index, ms ...mention.Mention) []index.Change {
	t.Helper()
	changes, err := ix.Put(context.Background(), ms)
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	if len(changes) != len(ms) {
		t.Fatalf("Put of %d mentions returned %d changes", len(ms), len(changes))
	}
	return changes
}

func parse(t *testing.T, text string) query.Node {
	t.Helper()
	n, err := query.Parse(text, now)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return n
}

func search(t *testing.T, ix index.Index, r index.SearchRequest) *index.SearchResult {
	t.Helper()
	res, err := ix.Search(context.Background(), r)
	if err != nil {
		t.Fatalf("Search(%s): %v", query.String(r.Query), err)
	}
	return res
}

func aggregate(t *testing.T, ix index.Index, r index.AggregateRequest) *index.AggregateResult {
	t.Helper()
	res, err := ix.Aggregate(context.Background(), r)
	if err != nil {
		t.Fatalf("Aggregate(%s): %v", query.String(r.Query), err)
	}
	return res
}

// ids returns the ids of all hits in order.
func ids(res *index.SearchResult) []string {
	out := []string{}
	for _, h := range res.Hits {
		out = append(out, h.Mention.ID)
	}
	return out
}

// find returns the ids of all matches, sorted.
func find(t *testing.T, ix index.Index, n query.Node) []string {
	t.Helper()
	res := search(t, ix, index.SearchRequest{Query: n, Limit: index.MaxLimit})
	out := ids(res)
	slices.Sort(out)
	if res.Total != len(out) || res.Next != "" {
		t.Errorf("Search(%s): total %d, next %q with %d hits", query.String(n), res.Total, res.Next, len(out))
	}
	return out
}
