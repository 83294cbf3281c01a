package indextest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/mention"
)

// site is what a site shows: pages with the mentions on them. A day passes
// with every run.
type site struct {
	t   *testing.T
	ix  index.Index
	now time.Time
	run int
}

func newSite(t *testing.T, ix index.Index) *site {
	ability[index.Absences](t, ix)
	return &site{t: t, ix: ix, now: now}
}

// review is a mention by its id, published on that day of January 2026.
func review(id string, day int) mention.Mention {
	return mention.Mention{ID: id, Kind: mention.Review, Source: mention.Source{Name: "shop"}, Text: "Fijn: " + id,
		Published: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)}
}

// reads puts what one page gives. Mentions are "id" or "id/day".
func (s *site) reads(page string, mentions ...string) { s.see(page, false, mentions) }

func (s *site) see(page string, window bool, mentions []string) {
	s.t.Helper()
	g := index.Sighting{Source: "shop", Run: fmt.Sprint("run", s.run), Page: page, At: s.now, Window: window}
	var ms []mention.Mention
	for i, spec := range mentions {
		day := i + 1
		id, d, dated := strings.Cut(spec, "/")
		if dated {
			fmt.Sscan(d, &day)
		}
		m := review(id, day)
		if d == "undated" {
			m.Published = time.Time{}
		}
		m.Page, m.Collected, m.Evidence.Fetched = page, s.now, s.now
		ms, g.IDs = append(ms, m), append(g.IDs, m.ID)
	}
	for range 2 { // again, as after a crash
		changes, err := s.ix.(index.Absences).PutSeen(s.t.Context(), ms, []index.Sighting{g})
		if err != nil || len(changes) != len(ms) {
			s.t.Fatalf("PutSeen of %d mentions: %v, %v", len(ms), changes, err)
		}
	}
}

const (
	goodRun    = "good"
	partialRun = "partial" // newest first, capped, interrupted
	misread    = "misread" // the layout changed
)

// ends ends the run and begins the next; gone is what it makes tombstones of.
func (s *site) ends(how string, gone int) {
	s.t.Helper()
	if how != misread {
		end := index.RunEnd{Source: "shop", Run: fmt.Sprint("run", s.run), Good: how == goodRun, After: 3}
		n, err := s.ix.(index.Absences).EndRun(s.t.Context(), end)
		if err != nil || n != gone {
			s.t.Errorf("run %d: %d removed, %v; want %d", s.run, n, err, gone)
		}
		if n, err := s.ix.(index.Absences).EndRun(s.t.Context(), end); err != nil || n != 0 {
			s.t.Errorf("run %d, ended by another process too: %d removed, %v", s.run, n, err)
		}
	}
	s.run++
	s.now = s.now.Add(24 * time.Hour)
}

// endsThrice ends three good runs; gone is what the last makes tombstones of.
func (s *site) endsThrice(gone int) {
	s.t.Helper()
	s.ends(goodRun, 0)
	s.ends(goodRun, 0)
	s.ends(goodRun, gone)
}

func (s *site) removed(want ...string) {
	s.t.Helper()
	if got := find(s.t, s.ix, parse(s.t, "has:removed")); !slices.Equal(got, append([]string{}, want...)) {
		s.t.Errorf("removed are %v, want %v", got, want)
	}
}

func testAbsences(t *testing.T, ix index.Index) {
	s := newSite(t, ix)
	s.reads("list", "a/3", "b/2", "c/1")
	s.ends(goodRun, 0)
	s.reads("list", "a/3", "c/1")
	first := s.now
	s.ends(goodRun, 0)
	s.removed()
	for _, how := range []string{partialRun, misread} {
		s.ends(how, 0) // prove nothing
	}
	s.ends(goodRun, 0) // the page is as it was
	s.removed()
	s.ends(goodRun, 1)
	s.removed("b")
	m := search(t, ix, index.SearchRequest{Query: parse(t, "id:b")}).Hits[0].Mention
	if !m.Removed.Equal(first) || m.Revision > 1 {
		t.Errorf("removed at %v as revision %d, want the time it was first missing (%v), as it was", m.Removed, m.Revision, first)
	}
	s.reads("list", "a/3", "b/2", "c/1")
	s.removed()
	for range 4 {
		s.ends(goodRun, 0)
	}
	s.reads("list", "a/3", "c/1") // it goes again
	s.endsThrice(1)
	s.removed("b")
	if _, err := ix.(index.Absences).EndRun(t.Context(), index.RunEnd{Source: "shop", Run: "x"}); err == nil {
		t.Error("a run ends with tombstones after 0 runs")
	}
}

func testPresence(t *testing.T, ix index.Index) {
	s := newSite(t, ix)
	s.reads("page1", "a/9", "b/8", "c/7")
	s.reads("page2", "d/6", "e/5")
	s.reads("top", "e/5", "a/9", "x/1")
	s.see("feed", true, []string{"a/9", "b/8"})
	s.ends(goodRun, 0)
	// c moves to page 2, which is read afterwards; d to page 1, before page 2
	// is read; e falls off the top, and page 2 still has it.
	s.reads("page1", "a/9", "b/8", "d/6")
	s.reads("page2", "c/7", "e/5")
	s.reads("top", "a/9", "x/1")
	s.see("feed", true, []string{"b/8"})
	for range 4 {
		s.ends(goodRun, 0)
	}
	// feeds are windows, even when they are empty or gone
	s.reads("page1", "d/6")
	s.see("feed", false, nil)
	s.endsThrice(1) // a stands on top
	s.removed("b")
	// a page that is gone takes what stands nowhere else
	s.reads("top")
	s.endsThrice(2)
	s.removed("a", "b", "x")
}

func testPushedOff(t *testing.T, ix index.Index) {
	s := newSite(t, ix)
	s.reads("latest", "a/9", "b/8", "c/7", "u/undated")
	s.ends(goodRun, 0)
	s.reads("latest", "n/10", "a/9", "b/8") // n may have pushed c and u off the page
	for range 4 {
		s.ends(goodRun, 0)
	}
	s.removed()
	s.reads("latest", "o/11", "n/10", "b/8") // but not a, with b behind it
	s.endsThrice(1)
	s.removed("a")
	s.reads("latest", "o/11", "n/10") // nothing came that could have pushed b
	s.endsThrice(1)
	s.removed("a", "b")
}

func testMisread(t *testing.T, ix index.Index) {
	s := newSite(t, ix)
	s.reads("list", "a", "b", "c")
	s.reads("other", "d", "e")
	s.ends(goodRun, 0)
	s.reads("list") // nothing is found: the run is suspect
	s.ends(misread, 0)
	for range 5 { // and then the page stays as it is
		s.ends(goodRun, 0)
	}
	s.removed()
	s.reads("other", "d") // a run that is not complete, but reads well
	s.ends(partialRun, 0)
	s.reads("list", "a", "c") // the layout is back, and b gone meanwhile
	s.endsThrice(2)
	s.removed("b", "e")
	s.reads("list", "a", "b") // an older reading is none
	late := s.now
	s.now = s.now.Add(-72 * time.Hour)
	s.reads("list", "a")
	s.now = late
	s.endsThrice(1)
	s.removed("c", "e")
	if d, ok := ix.(index.Deleter); ok {
		s.reads("list", "a", "b")
		s.reads("list", "a")
		s.now = s.now.Add(time.Minute)
		s.reads("list", "b")
		if _, err := d.Delete(t.Context(), parse(t, "id:a")); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.ends(goodRun, 0)
		}
	}
}

func testExpire(t *testing.T, ix index.Index) {
	x := ability[index.Expirer](t, ix)
	s := newSite(t, ix)
	start := s.now
	s.reads("list", "a", "b", "c")
	imported := review("d", 4)
	imported.Collected = start
	other := review("e", 5)
	other.Source.Name, other.Collected = "other", start
	put(t, ix, imported, other)
	s.now = start.AddDate(0, 0, 20)
	edited := review("a", 1)
	edited.Text, edited.Page, edited.Evidence.Fetched = "Bij nader inzien", "list", s.now
	put(t, ix, edited)
	s.reads("list", "b")
	s.reads("detail", "f")
	expire := func(days, want int, left string) {
		t.Helper()
		before := start.AddDate(0, 0, days)
		if n, err := x.Expire(t.Context(), "shop", before, true); err != nil || n != want {
			t.Errorf("day %d: %d would go, %v; want %d", days, n, err, want)
		}
		if n, err := x.Expire(t.Context(), "shop", before, false); err != nil || n != want {
			t.Errorf("day %d: %d went, %v; want %d", days, n, err, want)
		}
		if got := strings.Join(find(t, ix, nil), " "); got != left {
			t.Errorf("day %d: %s are left, want %s", days, got, left)
		}
	}
	expire(0, 0, "a b c d e f")
	s.reads("page", "a")
	a, err := ability[index.Getter](t, ix).Get(t.Context(), "a", 0)
	if err != nil {
		t.Fatal(err)
	}
	expire(10, 2, "a b e f") // c and d
	for revision := 1; revision < a.Revision; revision++ {
		m, err := ability[index.Getter](t, ix).Get(t.Context(), "a", revision)
		if err == nil && m.Evidence.Fetched.Before(start.AddDate(0, 0, 10)) {
			t.Errorf("revision %d is kept, read %v", revision, m.Evidence.Fetched)
		}
	}
	expire(21, 3, "e")
	expire(21, 0, "e")
}
