package indextest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"klank/index"
	"klank/mention"
)

// pending returns the ids of what is pending, in order, and the mark.
func pending(t *testing.T, e index.Enrichable, limit int) (string, int64) {
	t.Helper()
	var got []string
	mark, err := e.Pending(t.Context(), 0, limit, func(m *mention.Mention, _ uint64) error {
		got = append(got, m.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, " "), mark
}

func settle(t *testing.T, e index.Enrichable, mark int64) {
	t.Helper()
	if err := e.Settle(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
}

func testPending(t *testing.T, ix index.Index) {
	e := ability[index.Enrichable](t, ix)
	ms := corpus()[:4]
	put(t, ix, ms...)
	if got, _ := pending(t, e, 3); got != "m01 m02 m03" {
		t.Errorf("the first of what is new: %s", got)
	}
	var two int64
	if _, two = pending(t, e, 2); two == 0 {
		t.Fatal("no mark")
	}
	rest := 0
	if _, err := e.Pending(t.Context(), two, 100, func(*mention.Mention, uint64) error { rest++; return nil }); rest != 2 || err != nil {
		t.Errorf("%d are pending after the first two, %v", rest, err)
	}
	first, mark := pending(t, e, 100)
	if first != "m01 m02 m03 m04" {
		t.Errorf("new are %s", first)
	}
	edited := ms[1]
	edited.Text += " Edited."
	put(t, ix, edited) // while a pass is at work
	settle(t, e, mark)
	got, mark := pending(t, e, 100)
	if got != "m02" {
		t.Errorf("changed meanwhile are %q", got)
	}
	settle(t, e, mark)
	again := ms[2]
	again.Collected, again.Evidence.Snapshot, again.Engagement = now, "b.warc.gz:1", &mention.Engagement{Likes: 9}
	put(t, ix, again)
	if got, mark := pending(t, e, 100); got != "" || mark != 0 {
		t.Errorf("seen again, %q is pending, mark %d", got, mark)
	}
	for what, change := range map[string]func(*mention.Mention){
		"grade":  func(m *mention.Mention) { m.Rating = stars(2) },
		"item":   func(m *mention.Mention) { m.Item = &mention.ItemRef{Name: "Other"} },
		"parent": func(m *mention.Mention) { m.Parent = "m01" },
	} {
		m := ms[2]
		change(&m)
		put(t, ix, m)
		got, mark := pending(t, e, 100)
		if got != "m03" {
			t.Errorf("with another %s, %q is pending", what, got)
		}
		settle(t, e, mark)
	}
	if err := e.Settle(t.Context(), 0); err != nil {
		t.Error(err)
	}
	stop := errors.New("enough")
	put(t, ix, corpus()[5:]...)
	if _, err := e.Pending(t.Context(), 0, 100, func(*mention.Mention, uint64) error { return stop }); err != stop {
		t.Errorf("Pending stopped with %v", err)
	}
	if _, err := e.Pending(t.Context(), 0, 0, nil); !errors.Is(err, index.ErrRequest) {
		t.Errorf("a limit of 0 gives %v", err)
	}
}

func testOrphans(t *testing.T, ix index.Index) {
	e, d := ability[index.Enrichable](t, ix), ability[index.Deleter](t, ix)
	ms := corpus()
	ms[2].Text, ms[4].Text, ms[6].Text = longText, longText+"!", longText
	put(t, ix, ms...)
	_, mark := pending(t, e, 100)
	settle(t, e, mark)
	if _, err := d.Delete(t.Context(), parse(t, "id:m01 OR id:m03 OR id:m07")); err != nil {
		t.Fatal(err)
	}
	if got, _ := pending(t, e, 100); got != "m05" {
		t.Errorf("beside what is deleted, %q is pending", got)
	}
}

const longText = "The kettle boils a litre in two minutes, the lid closes with a firm click, and after three months of tea every morning the handle is still as cool as it was on the first day."

func testSimilar(t *testing.T, ix index.Index) {
	e := ability[index.Enrichable](t, ix)
	texts := []string{longText, strings.Replace(longText, "firm", "loud", 1), strings.ToUpper(longText) + "!!", "Te laat, en niemand nam de telefoon op; pas na drie brieven kregen wij ons geld terug van deze winkel."}
	var ms []mention.Mention
	var keys []uint64
	for i, text := range texts {
		m := mention.Mention{ID: fmt.Sprint("s", i), Kind: mention.Review, Text: text}
		ms, keys = append(ms, m), append(keys, m.NearKey())
	}
	put(t, ix, ms...)
	if _, mark := pending(t, e, 100); mark == 0 {
		t.Fatal("nothing is pending")
	}
	similar := func(most int) string {
		t.Helper()
		found, err := e.Similar(t.Context(), append(slices.Clone(keys), 0), most)
		if err != nil || len(found) != len(keys)+1 {
			t.Fatalf("Similar: %v, %v", found, err)
		}
		for _, ids := range found {
			slices.Sort(ids)
		}
		return fmt.Sprint(found)
	}
	if got := similar(10); got != "[[s0 s1 s2] [s0 s1 s2] [s0 s1 s2] [s3] []]" {
		t.Errorf("similar are %s", got)
	}
	if got := similar(1); got != "[[s0] [s0] [s0] [s3] []]" {
		t.Errorf("the one known longest: %s", got)
	}
	ms[1].Text = "Something else altogether is said here now, of a toaster that burns one side of the bread only, whatever one does."
	put(t, ix, ms[1])
	for range 2 { // again, as after a crash
		if _, err := e.Pending(t.Context(), 0, 100, func(m *mention.Mention, was uint64) error {
			if m.ID == "s1" && was != keys[1] {
				t.Errorf("an edited text was known by %x, not %x", keys[1], was)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ability[index.Deleter](t, ix).Delete(t.Context(), parse(t, "id:s2")); err != nil {
		t.Fatal(err)
	}
	if got := similar(10); got != "[[s0] [s0] [s0] [s3] []]" {
		t.Errorf("after an edit and a deletion, similar are %s", got)
	}
}

func testAmend(t *testing.T, ix index.Index) {
	e, g := ability[index.Enrichable](t, ix), ability[index.Getter](t, ix)
	put(t, ix, corpus()...)
	_, mark := pending(t, e, 100)
	settle(t, e, mark)
	mark2 := []mention.Flag{{Name: "rating_mismatch"}, {Name: mention.FlagSuspect, Reason: "burst"}}
	ids := []string{"m01", "nobody", "m02"}
	for i, want := range []int{2, 0} {
		n, err := e.Amend(t.Context(), ids, func(m *mention.Mention) {
			m.Flags, m.DuplicateOf, m.Thread = mark2, "m05", "t1"
			m.Text = "not this"
		})
		if err != nil || n != want {
			t.Errorf("time %d: %d amended, %v; want %d", i+1, n, err, want)
		}
	}
	m, err := g.Get(t.Context(), "m01", 0)
	if err != nil || m.Revision != 1 || m.Text != corpus()[0].Text || !slices.Equal(m.Flags, mark2) || m.DuplicateOf != "m05" || m.Thread != "t1" {
		t.Errorf("amended is %+v, %v", m, err)
	}
	if got := find(t, ix, parse(t, "flag:suspect has:duplicate thread:t1")); !slices.Equal(got, []string{"m01", "m02"}) {
		t.Errorf("found amended: %v", got)
	}
	// a crawl finds it again, labelled anew: what the pass said stays
	found := corpus()[0]
	found.Flags = []mention.Flag{{Name: "rating_mismatch", Reason: "new"}}
	put(t, ix, found, corpus()[1])
	for _, id := range []string{"m01", "m02"} {
		if m, err = g.Get(t.Context(), id, 0); err != nil || m.DuplicateOf != "m05" || !slices.Contains(m.Flags, mark2[1]) || slices.Contains(m.Flags, mark2[0]) {
			t.Errorf("found again, %s has the flags %v and is a copy of %q, %v", id, m.Flags, m.DuplicateOf, err)
		}
	}
	if n, err := e.Amend(t.Context(), ids, func(m *mention.Mention) { m.Flags, m.DuplicateOf = nil, "" }); n != 2 || err != nil {
		t.Errorf("%d cleared, %v", n, err)
	}
	if got := find(t, ix, parse(t, "has:duplicate")); len(got) != 0 {
		t.Errorf("cleared, and still copies: %v", got)
	}
}
