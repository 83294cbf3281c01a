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

func TestCanonicalURL(t *testing.T) {
	for _, c := range []struct{ base, ref, want string }{
		{"", "HTTP://Shop.Example:80/a/../b?utm_source=x&q=1#top", "http://shop.example/b?q=1"},
		{"https://shop.example/p/1?x=2", "?page=2", "https://shop.example/p/1?page=2"},
		{"https://shop.example/p/1", "//cdn.example", "https://cdn.example/"},
		{"", "https://shop.example./", "https://shop.example/"},
		{"", "https://u:p@shop.example/p;jsessionid=12?PHPSESSID=3&a=b", "https://shop.example/p?a=b"},
		{"", "http://[::1]:8080/x", "http://[::1]:8080/x"},
		{"", "https://shop.example:443", "https://shop.example/"},
	} {
		got, err := CanonicalURL(c.base, c.ref)
		if err != nil || got != c.want {
			t.Errorf("CanonicalURL(%q, %q) = %q, %v; want %q", c.base, c.ref, got, err, c.want)
		}
		if again, _ := CanonicalURL("", got); again != got {
			t.Errorf("CanonicalURL(%q) = %q: not stable", got, again)
		}
	}
	for _, bad := range []string{"shop.example/p", "mailto:a@b.c", "javascript:alert(1)", "http://", "%zz"} {
		if got, err := CanonicalURL("", bad); err == nil {
			t.Errorf("CanonicalURL(%q) = %q, want an error", bad, got)
		}
	}
}

func FuzzCanonicalURLIsStable(f *testing.F) {
	f.Add("https://shop.example/p/1", "../2?utm_source=a&b=%zz#c")
	f.Add("", "http://a/./b//c/../d;jsessionid=1")
	f.Fuzz(func(t *testing.T, base, ref string) {
		u, err := CanonicalURL(base, ref)
		if err != nil {
			return
		}
		again, err := CanonicalURL("", u)
		if err != nil || again != u {
			t.Fatalf("%q became %q, %v", u, again, err)
		}
	})
}

func TestHostKeepsThePortOfLoopbackOnly(t *testing.T) {
	for u, want := range map[string]string{
		"http://127.0.0.1:8080/a":       "127.0.0.1:8080",
		"http://localhost:1/a":          "localhost:1",
		"https://Shop.example:8443/a":   "shop.example",
		"http://[::1]:99/":              "[::1]:99",
		"::not a url":                   "",
		"https://shop.example./reviews": "shop.example",
	} {
		if got := Host(u); got != want {
			t.Errorf("Host(%q) = %q, want %q", u, got, want)
		}
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
