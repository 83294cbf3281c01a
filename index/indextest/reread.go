package indextest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/index"
	"klank/mention"
)

// testReread puts mentions that were read on two saved pages, and takes what
// a better parser reads there.
func testReread(t *testing.T, ix index.Index) {
	r := ability[index.Rereader](t, ix)
	first := mention.Evidence{Snapshot: "a.warc.gz:1", Fetched: date("2026-03-01T00:00:00Z"), Parser: "blocks"}
	second := mention.Evidence{Snapshot: "a.warc.gz:2", Fetched: date("2026-03-02T00:00:00Z"), Parser: "blocks"}
	ms := corpus()[:6]
	for i := range ms {
		ms[i].Evidence = second
	}
	ms[5].Evidence = first
	put(t, ix, ms...)
	get := func(id string) mention.Mention {
		t.Helper()
		return search(t, ix, index.SearchRequest{Query: parse(t, "id:"+id)}).Hits[0].Mention
	}
	reread := func(what string, want []index.Change, rs ...index.Rereading) {
		t.Helper()
		got, err := r.Reread(t.Context(), rs)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	again := func(i int, change func(*mention.Mention)) index.Rereading {
		m := ms[i]
		change(&m)
		return index.Rereading{ID: m.ID, Snapshot: ms[i].Evidence.Snapshot, Mention: &m}
	}

	better := again(0, func(m *mention.Mention) {
		m.Title, m.Rating, m.Evidence.Parser, m.Collected = "Levering te laat", nil, "jsonld", now
		m.Analysis, m.Brands = labels(0.5, mention.Positive, nil), nil
	})
	// the page that gives it now was fetched before the one it was stored from
	elsewhere := again(1, func(m *mention.Mention) { m.Title, m.Evidence = "A good kettle", first })
	gone := index.Rereading{ID: ms[2].ID, Snapshot: second.Snapshot}
	fresh := index.Rereading{ID: "fresh", Mention: &mention.Mention{ID: "fresh", Text: "vers gevonden", Evidence: second}}
	recrawled := index.Rereading{ID: ms[5].ID, Snapshot: second.Snapshot} // the index has it from another page
	changes := []index.Change{index.Changed, index.Changed, index.Withdrawn, index.New, index.Same, index.Same}
	unknown := index.Rereading{ID: "nobody", Snapshot: second.Snapshot}
	reread("a better parser", changes, better, elsewhere, gone, fresh, recrawled, unknown)

	want := ms[0]
	want.Title, want.Revision, want.Evidence.Parser = "Levering te laat", 2, "jsonld"
	want.Analysis, want.Brands = better.Mention.Analysis, nil
	if diff := cmp.Diff(want, get("m01")); diff != "" {
		t.Errorf("the better reading is stored otherwise (-want +got):\n%s", diff)
	}
	if m := get("m02"); m.Title != "A good kettle" || m.Evidence.Snapshot != first.Snapshot {
		t.Errorf("what another page gives is stored as %q of %s", m.Title, m.Evidence.Snapshot)
	}
	if got := find(t, ix, nil); !slices.Equal(got, []string{"fresh", "m01", "m02", "m04", "m05", "m06"}) {
		t.Errorf("there are %v", got)
	}
	if g, ok := ix.(index.Getter); ok {
		if _, err := g.Get(t.Context(), ms[2].ID, 1); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("the withdrawn mention's first revision: %v", err)
		}
	}
	elsewhere.Snapshot = first.Snapshot // where it is stored from now
	reread("the same again", []index.Change{index.Same, index.Same, index.Same, index.Same, index.Same, index.Same},
		better, elsewhere, gone, fresh, recrawled, unknown)

	// labels alone: also of what no page was read for, and only of the same words
	put(t, ix, mention.Mention{ID: "imported", Kind: mention.Survey, Source: mention.Source{Name: "import"}, Text: "Prima geholpen", Brands: []string{"Old"}})
	relabel := index.Rereading{ID: "imported", Labels: true, Mention: &mention.Mention{ID: "imported", Text: "Prima geholpen", Language: "nl",
		Brands: []string{"New"}, Analysis: labels(0.9, mention.Positive, nil)}}
	edited := index.Rereading{ID: "fresh", Labels: true, Mention: &mention.Mention{ID: "fresh", Text: "other words", Brands: []string{"New"}}}
	nobody := index.Rereading{ID: "nobody", Labels: true, Mention: &mention.Mention{ID: "nobody", Text: "x"}}
	reread("labels", []index.Change{index.Changed, index.Same, index.Same}, relabel, edited, nobody)
	if m := get("imported"); !slices.Equal(m.Brands, []string{"New"}) || m.Analysis == nil || m.Source.Name != "import" || m.Revision != 1 {
		t.Errorf("with other labels it is stored as %+v", m)
	}
	reread("the same labels", []index.Change{index.Same}, relabel)
	if _, err := ix.(index.Deleter).Delete(t.Context(), parse(t, "id:imported")); err != nil {
		t.Fatal(err)
	}

	// a replay sees nothing that was not seen before: the tombstone stays
	removed := get("m04")
	removed.Removed = date("2026-03-05T00:00:00Z")
	put(t, ix, removed)
	reread("a tombstone", []index.Change{index.Same}, again(3, func(*mention.Mention) {}))
	if m := get("m04"); m.Removed.IsZero() {
		t.Error("a replay brings a removed mention back")
	}
	reread("seen later", []index.Change{index.Same}, again(3, func(m *mention.Mention) { m.Evidence.Fetched = removed.Removed.Add(time.Hour) }))
	if m := get("m04"); !m.Removed.IsZero() {
		t.Error("a mention on a page that was fetched after its removal stays removed")
	}
	// an older reading of a mention that was crawled since only fills gaps
	old := again(4, func(m *mention.Mention) { m.Text, m.Evidence = "Oude tekst", first })
	old.Snapshot = first.Snapshot
	reread("crawled since", []index.Change{index.Same}, old)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Reread(ctx, []index.Rereading{gone}); !errors.Is(err, context.Canceled) {
		t.Errorf("Reread with a cancelled context: %v", err)
	}
	if _, err := r.Reread(t.Context(), []index.Rereading{{ID: "x", Mention: &mention.Mention{ID: "y"}}}); err == nil {
		t.Error("a rereading of one mention with the id of another is stored")
	}
}
