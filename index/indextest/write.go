package indextest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

func testPut(t *testing.T, ix index.Index) {
	ms := corpus()
	expect := func(what string, got []index.Change, want ...index.Change) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", what, got, want)
		}
	}
	expect("first", put(t, ix, ms[0], ms[1]), index.New, index.New)
	expect("again", put(t, ix, ms[1], ms[2], ms[0]), index.Same, index.New, index.Same)
	expect("nothing", put(t, ix))

	edited := ms[1]
	edited.Text = "I changed my mind about this waterkoker."
	expect("an edit", put(t, ix, edited), index.Changed)
	expect("the edit again", put(t, ix, edited), index.Same)
	if got := find(t, ix, parse(t, "waterkoker")); !slices.Equal(got, []string{"m02"}) {
		t.Errorf("the edited words find %v", got)
	}
	if got := find(t, ix, parse(t, "perfectly")); len(got) != 0 {
		t.Errorf("the words of the earlier revision find %v", got)
	}

	third, fourth := edited, edited
	third.Text, fourth.Text = "Three", "Four"
	expect("twice in one batch", put(t, ix, third, fourth, fourth), index.Changed, index.Changed, index.Same)
	twin := mention.Mention{ID: "twin", Text: "one", Kind: mention.Post}
	expect("new twice in one batch", put(t, ix, twin, twin), index.New, index.Same)
	res := search(t, ix, index.SearchRequest{Query: parse(t, "id:m02")})
	if m := res.Hits[0].Mention; m.Text != "Four" || m.Revision != 4 {
		t.Errorf("the last of the batch is revision %d: %q", m.Revision, m.Text)
	}

	// labels and counts are stored, but they are no revision
	labelled := fourth
	labelled.Analysis = labels(-0.9, mention.Negative, nil)
	labelled.Engagement = &mention.Engagement{Likes: 99}
	labelled.Brands = []string{"Crux"}
	labelled.Language = "nl"
	expect("new labels", put(t, ix, labelled), index.Same)
	if got := find(t, ix, parse(t, "sentiment:negative brand:crux language:nl -brand:acme")); !slices.Equal(got, []string{"m02"}) {
		t.Errorf("the new labels find %v", got)
	}
	res = search(t, ix, index.SearchRequest{Query: parse(t, "id:m02")})
	if m := res.Hits[0].Mention; m.Revision != 4 || m.Engagement.Likes != 99 {
		t.Errorf("after new labels: revision %d, %d likes", m.Revision, m.Engagement.Likes)
	}
	if got := find(t, ix, nil); len(got) != 4 {
		t.Errorf("%d mentions are there, not 4", len(got))
	}

	// what comes back is what was put
	want := ms[0]
	want.Revision = 1
	if diff := cmp.Diff(want, search(t, ix, index.SearchRequest{Query: parse(t, "id:m01")}).Hits[0].Mention); diff != "" {
		t.Errorf("m01 comes back otherwise (-put +got):\n%s", diff)
	}
}

func testMerge(t *testing.T, ix index.Index) {
	full := corpus()[0]
	put(t, ix, full)
	get := func() mention.Mention {
		t.Helper()
		return search(t, ix, index.SearchRequest{Query: parse(t, "id:m01")}).Hits[0].Mention
	}
	// the list page knows less, and was fetched later
	bare := mention.Mention{ID: full.ID, Kind: full.Kind, Source: full.Source, Title: full.Title, Text: full.Text, URL: full.URL,
		Published: date("2026-01-01T00:00:00Z"), PublishedPrecision: mention.Month, Collected: date("2026-03-11T00:00:00Z"),
		Evidence: mention.Evidence{Parser: "microdata", Fetched: date("2026-03-11T00:00:00Z")}}
	if got := put(t, ix, bare); got[0] != index.Same {
		t.Errorf("a page that tells less gives %s", got[0])
	}
	want := full
	want.Revision, want.Evidence = 1, bare.Evidence
	if diff := cmp.Diff(want, get()); diff != "" {
		t.Errorf("joined otherwise (-want +got):\n%s", diff)
	}
	// an older reading never replaces a newer one
	old := full
	old.Text, old.Evidence.Fetched = "Nog niets gehoord.", date("2026-02-01T00:00:00Z")
	if got := put(t, ix, old); got[0] != index.Same || get().Text != full.Text {
		t.Errorf("an older reading gives %s and %q", got[0], get().Text)
	}
	// a tombstone, and the mention seen again
	gone := get()
	gone.Removed = date("2026-03-12T00:00:00Z")
	put(t, ix, gone)
	if got := find(t, ix, parse(t, "has:removed")); len(got) != 1 {
		t.Errorf("the tombstone is not stored")
	}
	put(t, ix, bare)
	if got := find(t, ix, parse(t, "has:removed")); len(got) != 0 {
		t.Errorf("a mention seen again stays removed")
	}
	// flags stay until an empty list clears them
	flagged := get()
	flagged.Flags, flagged.DuplicateOf = []mention.Flag{{Name: "duplicate"}}, "m99"
	put(t, ix, flagged)
	put(t, ix, bare)
	if got := find(t, ix, parse(t, "flag:duplicate has:duplicate")); len(got) != 1 {
		t.Errorf("the flag is gone after a crawl")
	}
	flagged.Flags, flagged.DuplicateOf = []mention.Flag{}, ""
	put(t, ix, flagged)
	if got := find(t, ix, parse(t, "has:flag OR has:duplicate")); len(got) != 0 {
		t.Errorf("the flag cannot be cleared")
	}
	// labels of other words do not stay
	edited := bare
	edited.Text = "Alles is opgelost."
	if got := put(t, ix, edited); got[0] != index.Changed || get().Analysis != nil || get().Item == nil {
		t.Errorf("an edit without labels gives %s, %+v", got[0], get())
	}
}

func testPutRefuses(t *testing.T, ix index.Index) {
	ms := corpus()[:3]
	ms[2].ID = ""
	if _, err := ix.Put(t.Context(), ms); err == nil {
		t.Errorf("a mention without an id is stored")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ix.Put(ctx, ms[:2]); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with a cancelled context: %v", err)
	}
	if _, err := ix.Search(ctx, index.SearchRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Search with a cancelled context: %v", err)
	}
	if got := find(t, ix, nil); len(got) != 0 {
		t.Errorf("of refused batches %v are stored", got)
	}
}

func testConcurrent(t *testing.T, ix index.Index, whole bool) {
	const writers, batches, size = 3, 8, 10
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				var ms []mention.Mention
				for i := range size {
					ms = append(ms, mention.Mention{ID: fmt.Sprintf("%d-%d-%d", w, b, i), Text: "gelijktijdig", Kind: mention.Post,
						Author: &mention.Author{Key: fmt.Sprint(b)}, Brands: []string{fmt.Sprint(w), fmt.Sprint(i)}})
				}
				if _, err := ix.Put(context.Background(), ms); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := ix.Search(context.Background(), index.SearchRequest{Query: &query.Text{Words: []string{"gelijktijdig"}}, Limit: index.MaxLimit})
				if err != nil {
					t.Errorf("Search: %v", err)
					return
				}
				if whole && res.Total%size != 0 || res.Total != len(res.Hits) {
					t.Errorf("half a batch is seen: %d in total, %d hits", res.Total, len(res.Hits))
				}
				agg, err := ix.Aggregate(context.Background(), index.AggregateRequest{Facets: []index.Facet{{Field: "brand"}}})
				if err != nil {
					t.Errorf("Aggregate: %v", err)
					return
				}
				if whole && agg.Total%size != 0 {
					t.Errorf("half a batch is counted: %d", agg.Total)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	wg.Wait()
	close(stop)
	readers.Wait()
	if res := search(t, ix, index.SearchRequest{}); res.Total != writers*batches*size {
		t.Errorf("%d mentions are there, not %d", res.Total, writers*batches*size)
	}
}
