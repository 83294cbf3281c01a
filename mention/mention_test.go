package mention

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestIDDoesNotDependOnTheSourceNameOrOnTextWhereANativeIDIsKnown(t *testing.T) {
	a := Mention{NativeID: "r1", Source: Source{Name: "shop", Host: "shop.example"}, Text: "one"}
	b := Mention{NativeID: "r1", Source: Source{Name: "renamed", Host: "shop.example"}, Text: "edited"}
	c := Mention{NativeID: "r1", Source: Source{Host: "other.example"}, Text: "one"}
	d := a
	a.SetID("")
	b.SetID("")
	c.SetID("")
	d.SetID("https://shop.example/p/1")
	if a.ID != b.ID {
		t.Error("a renamed source or an edited text changed the id")
	}
	if a.ID == c.ID || a.ID == d.ID {
		t.Error("another host or scope kept the id")
	}
}

func TestIDOfAnUndatedTextFollowsTheTextAndNotItsSpacing(t *testing.T) {
	m := func(text string, published time.Time) string {
		m := Mention{Source: Source{Host: "h"}, Item: &ItemRef{Name: "Kettle"}, Author: &Author{Name: "Ann"}, Text: text, Published: published}
		m.SetID("")
		return m.ID
	}
	if m("good  kettle", time.Time{}) != m("Good kettle\n", time.Time{}) {
		t.Error("spacing or case changed the id")
	}
	if m("good", time.Time{}) == m("bad", time.Time{}) {
		t.Error("another text kept the id")
	}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if m("good", day) != m("edited", day) {
		t.Error("an edit of a dated review changed the id")
	}
}

func TestAuthorKeyNeedsTheSecretAndDiffersByHost(t *testing.T) {
	k := AuthorKey([]byte("s1"), "a.example", "Ann")
	for name, other := range map[string]string{
		"secret": AuthorKey([]byte("s2"), "a.example", "Ann"),
		"host":   AuthorKey([]byte("s1"), "b.example", "Ann"),
		"author": AuthorKey([]byte("s1"), "a.example", "Bob"),
	} {
		if other == k {
			t.Errorf("another %s gives the same key", name)
		}
	}
	if AuthorKey([]byte("s1"), "a.example", "") != "" {
		t.Error("an unknown author has a key")
	}
}

func TestMomentsFollowTouchpointsInTheOrderOfTheJourney(t *testing.T) {
	got := strings.Join(MomentsOf([]string{"recommendation", "use", "delivery", "advert"}), " ")
	if got != "lt_zmot smot umot" {
		t.Errorf("MomentsOf = %q", got)
	}
}

func TestMentionJSONLeavesOutWhatIsUnknown(t *testing.T) {
	b, err := json.Marshal(Mention{ID: "x", Kind: Review})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b), `{"id":"x","kind":"review","source":{},"evidence":{}}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
