package mention_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"klank/mention"
)

func TestHandlesAddressesAndProfilesAreReplaced(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"thanks @ann, you were right", "thanks <ann|>, you were right"},
		{"@ann @Bé_2: eens.", "<ann|> <Bé_2|>: eens."},
		{"met dank aan @ann.de.vries@social.example!", "met dank aan <ann.de.vries|social.example>!"},
		{"mail ann.b@post.example of bel", "mail <ann.b|post.example> of bel"},
		{"zie https://social.example/@ann/1234 en https://forum.example/users/ann?tab=1.", "zie <ann|social.example> en <ann|forum.example>"},
		{"als u/ann_b zegt, /u/Ben", "als <ann_b|> zegt, <Ben|>"},
		{"(@ann)", "(<ann|>)"},
		{"5 stuks @ 3 euro", "5 stuks @ 3 euro"},
		{"https://shop.example/p/12", "https://shop.example/p/12"},
		{"a/u/b/c en menu/user", "a/u/b/c en menu/user"},
		{"@acme is duur", "@acme is duur"},
		{"niets", "niets"},
		{"@", "@"},
	} {
		got := mention.ReplaceHandles(c.text, func(name, host string) (string, bool) {
			return "<" + name + "|" + host + ">", name != "acme"
		})
		if got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzReplaceHandles(f *testing.F) {
	for _, s := range []string{"@ann", "a@b.c", "https://x.example/@ann", "u/ann", "@@@", "\xff@a\xff", "@é@é.é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		same := mention.ReplaceHandles(s, func(string, string) (string, bool) { return "", false })
		if same != s {
			t.Errorf("%q became %q though nothing was to be replaced", s, same)
		}
		got := mention.ReplaceHandles(s, func(name, _ string) (string, bool) {
			if name == "" {
				t.Errorf("%q has an account without a name", s)
			}
			return "", true
		})
		if utf8.ValidString(s) && !utf8.ValidString(got) || strings.Count(got, "\n") > strings.Count(s, "\n") {
			t.Errorf("%q became %q", s, got)
		}
	})
}
