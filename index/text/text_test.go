package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTokens(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Te laat, wéér te laat!", "te|laat|wéér|te|laat"},
		{"foto’s en foto's", "foto's|en|foto's"},
		{"e-mail 3,50 4.5 a_b 24/7", "e|mail|3,50|4.5|a_b|24|7"},
		{"cafe\u0301", "café"},
		{"slim\u00adme", "slimme"},
		{"中文 ok", "中|文|ok"},
		{"👍🏽 ❤️ — © ™ …", "👍🏽|❤️"},
		{"x\x00y\xffz", "x|y|z"},
		{"İSTANBUL", "istanbul"},
		{strings.Repeat("a", 300) + " b", strings.Repeat("a", 255) + "|b"},
	} {
		if got := strings.Join(Words(c.in), "|"); got != c.want {
			t.Errorf("Words(%q) = %q, not %q", c.in, got, c.want)
		}
	}
}

// What is read without UAX #29 is what it would give.
func FuzzPlainWords(f *testing.F) {
	for _, s := range []string{"Te laat, wéér te laat!", "(don't) e-mail 3,50 a_b \"x\" 24/7\r\nnext\ttab", "foto’s 👍🏽 cafe\u0301 a\u0301b _ _a a_ 1.a a.1 :x: x:", "x\x00y\xffz \u0301a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			s = blankInvalid(s)
		}
		// a joiner takes the space before it into a picture's word
		s = strings.ReplaceAll(s, "\u200d", "")
		if got, want := Tokens(s), appendWords(nil, s, 0); !slices.Equal(got, want) {
			t.Errorf("Tokens(%q) = %v, not %v", s, got, want)
		}
	})
}

func TestTokensKeepTheirBytes(t *testing.T) {
	s := "De foto’s: wéér\n\nte làAt 👍"
	var got []string
	for _, tok := range Tokens(s) {
		got = append(got, s[tok.Start:tok.End])
	}
	if want := []string{"De", "foto’s", "wéér", "te", "làAt", "👍"}; !slices.Equal(got, want) {
		t.Errorf("got %q, not %q", got, want)
	}
}

// The Dutch pairs are of the classical algorithm; its successor in Snowball 3
// keeps lichaam, opheffen and others whole.
func TestStem(t *testing.T) {
	var st Stemmer
	for _, c := range []struct{ language, in, want string }{
		{"nl", "lichaam", "licham"},
		{"nl", "lichamelijke", "licham"},
		{"nl", "opheffende", "opheff"},
		{"nl", "leveringen", "lever"},
		{"nl", "bestellingen", "bestell"},
		{"nl-BE", "klanten", "klant"},
		{"nl", "foto's", "foto"},
		{"nl", "geïnstalleerd", "geinstalleerd"},
		{"en", "deliveries", "deliveri"},
		{"en_GB", "recommended", "recommend"},
		{"en", "customer's", "custom"},
		{"de", "lieferungen", "lieferungen"},
		{"", "deliveries", "deliveries"},
		{"en", "'", "'"},
		{"en", "", ""},
	} {
		if got := st.Stem(c.in, c.language); got != c.want {
			t.Errorf("%s in %q: %q, not %q", c.in, c.language, got, c.want)
		}
	}
}

// FuzzTokens: words stand in order within the text, are words again when read
// alone, and can be stemmed.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"Te laat, wéér!", "foto’s e\u0301\u00ad", "👩‍👩‍👧 1️⃣ 🇳🇱", "\xff\xc0a\x00", "k:a a.b 3,5 _", "ﬁ İ ǅ ß ſ", "שלום\"ד ไทย カタカナ"} {
		f.Add(s)
	}
	var st Stemmer
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, tok := range Tokens(s) {
			if tok.Start < end || tok.End <= tok.Start || tok.End > len(s) {
				t.Fatalf("%q: word at %d..%d after %d", s, tok.Start, tok.End, end)
			}
			end = tok.End
			if !utf8.ValidString(tok.Word) || utf8.RuneCountInString(tok.Word) > 3*MaxWord {
				t.Fatalf("%q: word %q", s, tok.Word)
			}
			if again := Words(tok.Word); len(again) != 1 || again[0] != tok.Word {
				t.Fatalf("%q: the word %q reads as %q", s, tok.Word, again)
			}
			for _, l := range Stemmed {
				var fresh Stemmer
				want := fresh.Stem(tok.Word, l)
				if got := st.Stem(tok.Word, l); want == "" || got != want || st.Stem(tok.Word, l) != want {
					t.Fatalf("the stem of %q in %s: %q, not %q", tok.Word, l, got, want)
				}
			}
		}
	})
}

func TestAStemmerForgetsRatherThanGrows(t *testing.T) {
	var st Stemmer
	for i := range 8 * maxLines {
		st.Stem(fmt.Sprint("woorden", i), "nl")
		if got := st.Stem("mooie", "nl") + st.Stem("mooie", "en"); got != "mooimooie" {
			t.Fatalf("after %d words: %s", i, got)
		}
		if len(st.dutch.lines) > maxLines {
			t.Fatalf("%d lines of stems are kept", len(st.dutch.lines))
		}
	}
}

func BenchmarkStem(b *testing.B) {
	words := Words(strings.Repeat("De bezorging was snel en netjes, maar de verpakking viel tegen en de medewerkers waren niet bereikbaar. ", 10))
	b.ReportAllocs()
	for b.Loop() {
		var st Stemmer // as for each set of mentions stored
		for _, w := range words {
			st.Stem(w, "nl")
		}
	}
}
