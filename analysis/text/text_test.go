package text

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func sentences(s string) []string {
	var d Doc
	d.Parse(s)
	var out []string
	for _, x := range d.Sentences {
		out = append(out, s[x.Start:x.End])
	}
	return out
}

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		want []string
	}{
		{"empty", "", nil},
		{"blanks", " \n\t ", nil},
		{"one without a stop", "snel geleverd en goed verpakt", []string{"snel geleverd en goed verpakt"}},
		{"two", "Snel geleverd. Goed verpakt!", []string{"Snel geleverd.", "Goed verpakt!"}},
		{"lower case starts too", "snel geleverd. goed verpakt. top", []string{"snel geleverd.", "goed verpakt.", "top"}},
		{"abbreviations", "Dhr. Jansen kwam o.a. op di. langs, d.w.z. te laat, e.d. Jammer!", []string{"Dhr. Jansen kwam o.a. op di.", "langs, d.w.z. te laat, e.d. Jammer!"}},
		{"English abbreviations", "Mr. Smith paid approx. 5 dollars vs. 10. Nice!", []string{"Mr. Smith paid approx. 5 dollars vs. 10.", "Nice!"}},
		{"initials", "Geschreven door J. K. Rowling. Mooi boek.", []string{"Geschreven door J. K. Rowling.", "Mooi boek."}},
		{"decimals and times", "Kostte 12.50 en 3,5 uur om 17.45. Duur.", []string{"Kostte 12.50 en 3,5 uur om 17.45.", "Duur."}},
		{"ellipsis as a pause", "Tja... ik weet het niet… Nooit meer", []string{"Tja... ik weet het niet…", "Nooit meer"}},
		{"many signs", "Wat een service!!! Bah?! weg ermee", []string{"Wat een service!!!", "Bah?!", "weg ermee"}},
		{"no space", "Mooi boek.Een aanrader!Echt waar", []string{"Mooi boek.", "Een aanrader!", "Echt waar"}},
		{"hosts are not ends", "Besteld bij winkel.nl en Foo.com. Goed.", []string{"Besteld bij winkel.nl en Foo.com.", "Goed."}},
		{"emoji stay behind", "Top! 😀👍🏽 Volgende keer weer. :-) Doei", []string{"Top! 😀👍🏽", "Volgende keer weer. :-)", "Doei"}},
		{"emoji as an end", "Super geregeld 😀 Volgende keer weer", []string{"Super geregeld 😀", "Volgende keer weer"}},
		{"quotes and brackets", "Hij zei \"prima.\" Toen niets (echt niets.) Klaar.", []string{"Hij zei \"prima.\"", "Toen niets (echt niets.)", "Klaar."}},
		{"paragraphs", "Eerste alinea\n\ntweede alinea", []string{"Eerste alinea", "tweede alinea"}},
		{"lines", "Pluspunten\nSnel\n- Goedkoop\nwas ook fijn\nen mooi", []string{"Pluspunten", "Snel", "- Goedkoop\nwas ook fijn\nen mooi"}},
		{"numbered lines", "1. Snel\n2. Goed", []string{"1. Snel", "2. Goed"}},
		{"invalid bytes", "Goed\xff\xfe. Slecht\xc3", []string{"Goed\xff\xfe.", "Slecht\xc3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, sentences(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	type tok struct {
		Text, Norm string
		Kind       Kind
	}
	for _, c := range []struct {
		in   string
		want []tok
	}{
		{"Zo'n héél GOEDE foto’s", []tok{{"Zo'n", "zo'n", Word}, {"héél", "heel", Word}, {"GOEDE", "goede", Word}, {"foto’s", "foto's", Word}}},
		{"sooooo goeed", []tok{{"sooooo", "soo", Word}, {"goeed", "goeed", Word}}},
		{"prijs-kwaliteit 8/10, 'k vond 't ok", []tok{{"prijs", "prijs", Word}, {"kwaliteit", "kwaliteit", Word}, {"8/10", "8/10", Number}, {",", ",", Punct}, {"'k", "'k", Word}, {"vond", "vond", Word}, {"'t", "'t", Word}, {"ok", "ok", Word}}},
		{"@klant #Fail https://x.nl/a?b=1. mail a.b@c.nl", []tok{{"@klant", "@klant", Handle}, {"#Fail", "fail", Hashtag}, {"https://x.nl/a?b=1", "https://x.nl/a?b=1", Link}, {".", ".", Stop}, {"mail", "mail", Word}, {"a", "a", Word}, {".", ".", Stop}, {"b@c.nl", "b@c.nl", Link}}},
		{"leuk :-) <3 👩‍🚀🇳🇱🇧🇪!!", []tok{{"leuk", "leuk", Word}, {":-)", ":-)", Emoticon}, {"<3", "<3", Emoticon}, {"👩‍🚀", "👩‍🚀", Emoji}, {"🇳🇱", "🇳🇱", Emoji}, {"🇧🇪", "🇧🇪", Emoji}, {"!!", "!!", Stop}}},
	} {
		var d Doc
		d.Parse(c.in)
		var got []tok
		for _, x := range d.Tokens {
			got = append(got, tok{c.in[x.Start:x.End], x.Norm, x.Kind})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.in, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "Dhr. X kwam. Top!!! 😀 niet... goed.Een\n\nja", "\xff\xc3. a", "((:-)'’’'t @é #é x@", "1.2/3:4. …?! 👩‍\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d Doc
		d.Parse(s)
		at, tok := 0, 0
		for _, x := range d.Sentences {
			if x.Start < at || x.End <= x.Start || x.End > len(s) || x.First != tok || x.Last <= x.First {
				t.Fatalf("sentence %+v after byte %d of %q", x, at, s)
			}
			if !utf8.RuneStart(s[x.Start]) && utf8.ValidString(s) || x.End < len(s) && !utf8.RuneStart(s[x.End]) && utf8.ValidString(s) {
				t.Fatalf("sentence %+v cuts a rune of %q", x, s)
			}
			at, tok = x.End, x.Last
		}
		if tok != len(d.Tokens) {
			t.Fatalf("%d tokens, %d in sentences", len(d.Tokens), tok)
		}
		at = 0
		for _, x := range d.Tokens {
			if x.Start < at || x.End <= x.Start {
				t.Fatalf("token %+v after byte %d of %q", x, at, s)
			}
			at = x.End
		}
	})
}
