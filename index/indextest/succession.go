package indextest

import (
	"slices"
	"strings"
	"testing"

	"klank/index"
	"klank/mention"
)

// says is an undated review by what its author says: "ann: It boils fast.".
func says(text string) mention.Mention {
	author, words, _ := strings.Cut(text, ": ")
	m := mention.Mention{Kind: mention.Review, Source: mention.Source{Name: "shop", Host: "shop.example"}, Item: &mention.ItemRef{Name: "Kettle"},
		Author: &mention.Author{Name: author}, Text: words}
	m.SetID("")
	m.Author = &mention.Author{Key: author}
	return m
}

// shows puts pages as a site shows them, all at once: what is said there, none of
// which has another id than its text's.
func (s *site) shows(pages map[string][]string) []index.Change {
	s.t.Helper()
	var ms []mention.Mention
	var seen []index.Sighting
	for _, page := range sorted(pages) {
		g := index.Sighting{Source: "shop", Run: "run" + s.now.String(), Page: page, At: s.now}
		for _, text := range pages[page] {
			m := says(text)
			m.Page, m.Collected, m.Evidence.Fetched = page, s.now, s.now
			ms, g.IDs, g.Texts = append(ms, m), append(g.IDs, m.ID), append(g.Texts, m.ID)
		}
		seen = append(seen, g)
	}
	changes, err := s.ix.(index.Absences).PutSeen(s.t.Context(), ms, seen)
	if err != nil {
		s.t.Fatal(err)
	}
	if again, err := s.ix.(index.Absences).PutSeen(s.t.Context(), ms, seen); err != nil || slices.ContainsFunc(again, func(c index.Change) bool { return c != index.Same }) {
		s.t.Errorf("the same again, as after a crash: %v, %v", again, err)
	}
	return changes
}

func sorted(pages map[string][]string) []string {
	var out []string
	for p := range pages {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// holds compares all mentions: "id text revision", by their first texts.
func (s *site) holds(want map[string]string) {
	s.t.Helper()
	res := search(s.t, s.ix, index.SearchRequest{Limit: 100})
	got := map[string]string{}
	for _, h := range res.Hits {
		got[h.Mention.ID] = h.Mention.Text
	}
	if len(got) != len(want) {
		s.t.Errorf("%d mentions are stored, want %d: %v", len(got), len(want), got)
	}
	for first, text := range want {
		if id := says(first).ID; got[id] != text {
			s.t.Errorf("%q says %q, want %q", first, got[id], text)
		}
	}
}

const (
	annFirst  = "ann: It boils fast and looks good on the counter."
	annEdited = "ann: It boils fast and looks good, but the lid leaks."
	annLater  = "ann: It boils fast and looks good, but the lid leaks. Update: they sent another one within a week, and that is fine."
	bobFirst  = "bob: It boils fast and looks good on the table."
	eveFirst  = "eve: Mine broke after a week."
)

func testEdits(t *testing.T, ix index.Index) {
	aliases := ability[index.Aliases](t, ix)
	s := newSite(t, ix)
	s.shows(map[string][]string{"/k": {annFirst, bobFirst}})
	s.ends(goodRun, 0)
	changes := s.shows(map[string][]string{"/k": {eveFirst, bobFirst, annEdited}}) // another order, another review
	if !slices.Equal(changes, []index.Change{index.New, index.Same, index.Changed}) {
		t.Errorf("the changes are %v", changes)
	}
	s.ends(goodRun, 0)
	s.shows(map[string][]string{"/k": {annLater, eveFirst, bobFirst}})
	s.ends(goodRun, 0)
	if changes = s.shows(map[string][]string{"/k": {annLater, eveFirst, bobFirst}}); slices.ContainsFunc(changes, func(c index.Change) bool { return c != index.Same }) {
		t.Errorf("the edited page once more: %v", changes)
	}
	s.endsThrice(0)
	_, words, _ := strings.Cut(annLater, ": ")
	_, bob, _ := strings.Cut(bobFirst, ": ")
	_, eve, _ := strings.Cut(eveFirst, ": ")
	s.holds(map[string]string{annFirst: words, bobFirst: bob, eveFirst: eve})
	ids := []string{says(annEdited).ID, says(annLater).ID, says(bobFirst).ID}
	found, err := aliases.Resolve(t.Context(), ids)
	if err != nil || len(found) != 2 || found[ids[0]] != says(annFirst).ID || found[ids[1]] != says(annFirst).ID {
		t.Errorf("the aliases are %v, %v", found, err)
	}
	slices.Sort(ids[:2])
	if of, err := aliases.AliasesOf(t.Context(), []string{says(annFirst).ID, says(bobFirst).ID}); err != nil || !slices.Equal(of, ids[:2]) {
		t.Errorf("the aliases of the edited review are %v, %v; want %v", of, err, ids[:2])
	}
	if g, ok := ix.(index.Getter); ok {
		for revision, text := range map[int]string{1: annFirst, 2: annEdited, 3: annLater} {
			if m, err := g.Get(t.Context(), says(annFirst).ID, revision); err != nil || "ann: "+m.Text != text {
				t.Errorf("revision %d is %+v, %v", revision, m, err)
			}
		}
	}
	s.shows(map[string][]string{"/k": {annFirst, eveFirst, bobFirst}}) // taken back
	s.endsThrice(0)
	_, first, _ := strings.Cut(annFirst, ": ")
	s.holds(map[string]string{annFirst: first, bobFirst: bob, eveFirst: eve})
}

func testEditsOverPages(t *testing.T, ix index.Index) {
	ability[index.Aliases](t, ix)
	_, first, _ := strings.Cut(annFirst, ": ")
	_, edited, _ := strings.Cut(annEdited, ": ")
	_, bob, _ := strings.Cut(bobFirst, ": ")
	s := newSite(t, ix)
	s.shows(map[string][]string{"/1": {annFirst, bobFirst}, "/2": {eveFirst}, "/top": {annFirst}})
	s.ends(goodRun, 0)
	// the page that is read first shows the edit, the other one still does not
	s.shows(map[string][]string{"/1": {annEdited, bobFirst}})
	if got := len(find(t, ix, nil)); got != 4 {
		t.Errorf("before the other page is read there are %d mentions", got)
	}
	s.shows(map[string][]string{"/top": {annEdited}})
	_, eve, _ := strings.Cut(eveFirst, ": ")
	s.holds(map[string]string{annFirst: edited, bobFirst: bob, eveFirst: eve})
	s.endsThrice(0)
	// it is edited again, and moves to another page, which is read later
	s.shows(map[string][]string{"/1": {bobFirst}, "/top": {bobFirst}})
	s.shows(map[string][]string{"/2": {annLater, eveFirst}})
	_, later, _ := strings.Cut(annLater, ": ")
	s.holds(map[string]string{annFirst: later, bobFirst: bob, eveFirst: eve})
	s.endsThrice(0)
	// what vanished in an earlier run has no successor
	s.shows(map[string][]string{"/2": {eveFirst}})
	s.ends(goodRun, 0)
	s.shows(map[string][]string{"/1": {bobFirst, annFirst + " Really."}})
	s.holds(map[string]string{annFirst: later, bobFirst: bob, eveFirst: eve, annFirst + " Really.": first + " Really."})
}

func testNoEdits(t *testing.T, ix index.Index) {
	ability[index.Aliases](t, ix)
	s := newSite(t, ix)
	s.shows(map[string][]string{"/k": {annFirst, eveFirst, "joe: Top!", "zoe: Quiet enough for the night, and light enough to carry."}})
	s.ends(goodRun, 0)
	s.shows(map[string][]string{"/k": {
		strings.Replace(annEdited, "ann", "dan", 1), // another author
		"eve: Quiet enough for the night.",          // another text
		"joe: Top?",                                 // too short to tell
		"zoe: Light enough to carry, and quiet enough for every night."}})
	if got := len(find(t, ix, nil)); got != 7 { // zoe's is an edit
		t.Errorf("there are %d mentions, want 7", got)
	}
	// two that stay are two, however alike
	s = newSite(t, ix)
	s.now = s.now.AddDate(0, 1, 0)
	s.shows(map[string][]string{"/x": {bobFirst}, "/y": {}})
	s.ends(goodRun, 0)
	before := len(find(t, ix, nil))
	s.shows(map[string][]string{"/x": {"bob: It boils fast and looks good on the shelf."}, "/z": {bobFirst}})
	if got := len(find(t, ix, nil)); got != before+1 {
		t.Errorf("there are %d mentions, want %d", got, before+1)
	}
}
