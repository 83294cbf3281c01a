package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 3, 10, 12, 34, 56, 789, time.UTC)

func words(ws ...string) *Text              { return &Text{Words: ws} }
func prefix(ws ...string) *Text             { return &Text{Words: ws, Prefix: true} }
func fuzzy(w string, n int) *Text           { return &Text{Words: []string{w}, Fuzzy: n} }
func near(a, b *Text, n int) *Near          { return &Near{a, b, n} }
func and(ns ...Node) *And                   { return &And{ns} }
func or(ns ...Node) *Or                     { return &Or{ns} }
func not(n Node) *Not                       { return &Not{n} }
func term(field, value string) *Term        { return &Term{field, value} }
func ptr(f float64) *float64                { return &f }
func dates(field, from, to string) *Range   { return &Range{Field: field, From: at(from), To: at(to)} }
func between(f string, a, b float64) *Range { return &Range{Field: f, Min: &a, Max: &b} }

func at(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if len(s) == len(time.DateOnly) {
		s += "T00:00:00Z"
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// TestParse is the language by example: text, tree, and its plainest
// spelling (the text itself where it is empty).
func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Node
		back string
	}{
		{"", nil, ""},
		{" \t\n", nil, ""},
		{"*", nil, ""},
		{"NOT *", or(), "NOT *"},

		{"traag", words("traag"), ""},
		{"  Traag  ", words("traag"), "traag"},
		{`"te laat"`, words("te", "laat"), ""},
		{"“te laat”", words("te", "laat"), `"te laat"`},
		{`"traag"`, words("traag"), "traag"},
		{`"AND"`, words("and"), "and"},
		{"and or not", and(words("and"), words("or"), words("not")), "and AND or AND not"},
		{"e-mail", words("e", "mail"), `"e mail"`},
		{"don’t", words("don't"), `"don't"`},
		{"4.5", words("4.5"), `"4.5"`},
		{`"say \"hi\" \\ now"`, words("say", "hi", "now"), `"say hi now"`},
		{"lever*", prefix("lever"), ""},
		{`"te lev"*`, prefix("te", "lev"), ""},
		{"wi-fi*", prefix("wi", "fi"), `"wi fi"*`},
		{"traag !", words("traag"), "traag"},
		{"acme - traag ?", and(words("acme"), words("traag")), "acme AND traag"},
		{"let op: duur", and(words("let"), words("op"), words("duur")), "let AND op AND duur"},
		{"10:30", words("10", "30"), `"10 30"`},
		{"👍", words("👍"), `"👍"`},

		{"traag~", fuzzy("traag", 1), "traag~1"},
		{"Levering~", fuzzy("levering", 2), "levering~2"},
		{"levering~1", fuzzy("levering", 1), ""},
		{`"foto's"~ x`, and(fuzzy("foto's", 2), words("x")), `"foto's"~2 AND x`},
		{"-levering~2", not(fuzzy("levering", 2)), "NOT levering~2"},
		{"a~b ~5 ~", and(words("a", "b"), words("5")), `"a b" AND 5`},

		{"traag NEAR/5 levering", near(words("traag"), words("levering"), 5), ""},
		{`NOT a NEAR/0 "te laat" b`, and(not(near(words("a"), words("te", "laat"), 0)), words("b")), `NOT a NEAR/0 "te laat" AND b`},
		{"a NEAR/2 b NEAR/3 c", and(near(words("a"), words("b"), 2), near(words("b"), words("c"), 3)), "a NEAR/2 b AND b NEAR/3 c"},
		{"(a OR b) NEAR/2 c", or(near(words("a"), words("c"), 2), near(words("b"), words("c"), 2)), "a NEAR/2 c OR b NEAR/2 c"},
		{"a NEAR/2 A", words("a"), "a"},
		{"near NEARBY", and(words("near"), words("nearby")), "near AND nearby"},

		{"a b", and(words("a"), words("b")), "a AND b"},
		{"a AND b", and(words("a"), words("b")), ""},
		{"a OR b", or(words("a"), words("b")), ""},
		{"a b OR c d", or(and(words("a"), words("b")), and(words("c"), words("d"))), "(a AND b) OR (c AND d)"},
		{"a (b OR c)", and(words("a"), or(words("b"), words("c"))), "a AND (b OR c)"},
		{"a NOT b", and(words("a"), not(words("b"))), "a AND NOT b"},
		{"a -b", and(words("a"), not(words("b"))), "a AND NOT b"},
		{`-"te laat"`, not(words("te", "laat")), `NOT "te laat"`},
		{"-(a OR b)", not(or(words("a"), words("b"))), "NOT (a OR b)"},
		{"NOT NOT a", words("a"), "a"},
		{"--a", words("a"), "a"},
		{"a OR NOT b", or(words("a"), not(words("b"))), ""},
		{"((a))", words("a"), "a"},
		{"a (b (c d))", and(words("a"), words("b"), words("c"), words("d")), "a AND b AND c AND d"},
		{"a OR (b OR a)", or(words("a"), words("b")), "a OR b"},
		{"a a A", words("a"), "a"},
		{"a *", words("a"), "a"},
		{"a OR *", nil, ""},
		{"a NOT *", or(), "NOT *"},
		{"a OR NOT *", words("a"), "a"},

		{"brand:acme", term("brand", "acme"), ""},
		{"BRAND:Acme", term("brand", "Acme"), "brand:Acme"},
		{`brand:"Acme Co"`, term("brand", "Acme Co"), ""},
		{`brand:"a\"b\\c"`, term("brand", `a"b\c`), ""},
		{"-brand:acme", not(term("brand", "acme")), "NOT brand:acme"},
		{"brand:(acme OR bolt)", or(term("brand", "acme"), term("brand", "bolt")), "brand:acme OR brand:bolt"},
		{`brand:("Acme Co" -bolt)`, and(term("brand", "Acme Co"), not(term("brand", "bolt"))), `brand:"Acme Co" AND NOT brand:bolt`},
		{"brand:(a (b OR c)) d", and(term("brand", "a"), or(term("brand", "b"), term("brand", "c")), words("d")), "brand:a AND (brand:b OR brand:c) AND d"},
		{"moment_sentiment:(smot:negative OR umot:positive)", or(term("moment_sentiment", "smot:negative"), term("moment_sentiment", "umot:positive")),
			"moment_sentiment:smot:negative OR moment_sentiment:umot:positive"},
		{"url:https://x.example/a?b=c#d", term("url", "https://x.example/a?b=c#d"), ""},
		{"kind:Review", term("kind", "review"), "kind:review"},
		{"language:nl-BE", term("language", "nl"), "language:nl"},
		{"has:reply", term("has", "reply"), ""},
		{"rating:*", term("has", "rating"), "has:rating"},
		{"source:-x", term("source", "-x"), `source:"-x"`},

		{"rating:4", between("rating", 4, 4), ""},
		{"rating:<3", &Range{Field: "rating", Max: ptr(3), ExMax: true}, ""},
		{"rating:<=3.5", &Range{Field: "rating", Max: ptr(3.5)}, ""},
		{"rating:>=4", &Range{Field: "rating", Min: ptr(4)}, ""},
		{"rating:>4", &Range{Field: "rating", Min: ptr(4), ExMin: true}, ""},
		{"rating:1..3", between("rating", 1, 3), ""},
		{"rating:1..<3", &Range{Field: "rating", Min: ptr(1), Max: ptr(3), ExMax: true}, ""},
		{"rating:>1..<3", &Range{Field: "rating", Min: ptr(1), Max: ptr(3), ExMin: true, ExMax: true}, ""},
		{"score:-0.5..-.1", between("score", -0.5, -0.1), "score:-0.5..-0.1"},
		{"score:-0", between("score", 0, 0), "score:0"},
		{"rating:(1 OR 5)", or(between("rating", 1, 1), between("rating", 5, 5)), "rating:1 OR rating:5"},
		{`rating:"<3"`, &Range{Field: "rating", Max: ptr(3), ExMax: true}, "rating:<3"},

		{"published:2026", dates("published", "2026-01-01", "2027-01-01"), "published:2026-01-01..2026-12-31"},
		{"published:2026-05", dates("published", "2026-05-01", "2026-06-01"), "published:2026-05-01..2026-05-31"},
		{"published:2026-05-31", dates("published", "2026-05-31", "2026-06-01"), "published:2026-05-31..2026-05-31"},
		{"published:2026-01..2026-03", dates("published", "2026-01-01", "2026-04-01"), "published:2026-01-01..2026-03-31"},
		{"published:>2026-01-01", dates("published", "2026-01-02", ""), "published:>=2026-01-02"},
		{"published:>=2026-01", dates("published", "2026-01-01", ""), "published:>=2026-01-01"},
		{"published:<2026-03", dates("published", "", "2026-03-01"), "published:<2026-03-01"},
		{"published:<=2026-03", dates("published", "", "2026-04-01"), "published:<2026-04-01"},
		{"published:30d", dates("published", "2026-02-08", ""), "published:>=2026-02-08"},
		{"published:2w", dates("published", "2026-02-24", ""), "published:>=2026-02-24"},
		{"published:6m", dates("published", "2025-09-10", ""), "published:>=2025-09-10"},
		{"published:1y", dates("published", "2025-03-10", ""), "published:>=2025-03-10"},
		{"published:<30d", dates("published", "", "2026-02-08"), "published:<2026-02-08"},
		{"published:60d..30d", dates("published", "2026-01-09", "2026-02-09"), "published:2026-01-09..2026-02-08"},
		{"collected:12h", dates("collected", "2026-03-10T00:34:56Z", ""), "collected:>=2026-03-10T00:34:56Z"},
		{"published:2026-01-01T10:00:00+02:00..2026-01-02T10:00", dates("published", "2026-01-01T08:00:00Z", "2026-01-02T10:00:00Z"),
			"published:2026-01-01T08:00:00Z..2026-01-02T10:00:00Z"},

		{`levering AND (traag OR "te laat") NOT brand:acme rating:<3 published:2026-01..2026-03`,
			and(words("levering"), or(words("traag"), words("te", "laat")), not(term("brand", "acme")),
				&Range{Field: "rating", Max: ptr(3), ExMax: true}, dates("published", "2026-01-01", "2026-04-01")),
			`levering AND (traag OR "te laat") AND NOT brand:acme AND rating:<3 AND published:2026-01-01..2026-03-31`},
	} {
		got, err := Parse(c.text, now)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", c.text, diff)
		}
		back := c.back
		if back == "" && got != nil {
			back = c.text
		}
		if s := String(got); s != back {
			t.Errorf("Parse(%q) spells itself %q, not %q", c.text, s, back)
		}
		again, err := Parse(String(got), now)
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Errorf("%q does not come back (%v):\n%s", String(got), err, diff)
		}
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct {
		text, caret string // caret points at the trouble in text
		msg, hint   string
	}{
		{"brnd:acme", "^", `unknown field "brnd"`, "did you mean brand:?"},
		{"traag semtiment:negative", "      ^", `unknown field "semtiment"`, "did you mean sentiment:?"},
		{"pub:2026", "^", `unknown field "pub"`, "did you mean published:?"},
		{"https://x.example", "^", `unknown field "https"`, "put quotes around words with a colon"},
		{"brand:", "^", "brand: needs a value", "right after the colon"},
		{"brand: acme", "^", "brand: needs a value", "right after the colon"},
		{`brand:""`, "      ^", "brand: needs a value", ""},
		{"brand:acm*", "      ^", "a * is for words", "brand:* finds all"},
		{"lev*ing", "   ^", "a * stands only at the end", "lever*"},
		{"moment:smto", "       ^", `moment: has no value "smto"`, "did you mean smot?"},
		{"kind:blog", "     ^", `kind: has no value "blog"`, "it is one of review, post"},
		{"has:revew", "    ^", `has: has no value "revew"`, ""},
		{"rating:<x", "        ^", `"x" is not a number`, "rating:1.5..3"},
		{"rating:1..y", "          ^", `"y" is not a number`, ""},
		{"rating:3,5", "       ^", `"3,5" is not a number`, ""},
		{"rating:NaN", "       ^", "is not a number", ""},
		{"rating:3..1", "       ^", "the range is empty", "smaller number comes first"},
		{"published:2026-13", "          ^", `"2026-13" is not a date`, "2026-05"},
		{"published:2026-03..2026-01", "          ^", "the range is empty", "earlier date"},
		{"published:9999y", "          ^", "is not a date", ""},
		{"a (b", "  ^", "this parenthesis is never closed", ""},
		{"a b) c", "   ^", "this parenthesis was never opened", ""},
		{"a ()", "   ^", "nothing stands before this parenthesis", ""},
		{`a "b c`, "  ^", "this quote is never closed", ""},
		{"a AND", "     ^", "the query ends where a word should follow", ""},
		{"OR a", "^", "OR has nothing before it", ""},
		{"a OR AND b", "     ^", "AND has nothing before it", ""},
		{"a NOT", "     ^", "the query ends", ""},
		{"!!!", "^", "no letters or digits", ""},
		{"traag~3", "^", "takes 1 or 2", "traag~2"},
		{"a e-mail~", "  ^", "a ~ is for one word", ""},
		{"ab~", "^", "three letters or more", ""},
		{`"te laat"~2`, "^", "a ~ is for one word", "NEAR/3"},
		{`brand:"acme"~`, "      ^", "a ~ is for words", ""},
		{"a NEAR b", "  ^", "NEAR needs a distance", "NEAR/5"},
		{"a NEAR/101 b", "  ^", "NEAR needs a distance", "0 to 100"},
		{"NEAR/3 a", "^", "NEAR/3 has nothing before it", ""},
		{"a NEAR/3 lev*", "         ^", "NEAR joins whole words", ""},
		{"a NEAR/3 brand:x", "         ^", "NEAR joins words and phrases", ""},
		{"saved:x", "      ^", `no query is saved as "x"`, ""},
		{`"…"`, "^", "no letters or digits", ""},
		{"é \xff", "  ^", "not valid UTF-8", ""},
		{strings.Repeat("(", 60) + "a", strings.Repeat(" ", 50) + "^", "more than 50 parentheses", ""},
	} {
		_, err := Parse(c.text, now)
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("Parse(%q) gives %v", c.text, err)
			continue
		}
		if !strings.Contains(se.Msg, c.msg) || !strings.Contains(se.Hint, c.hint) {
			t.Errorf("Parse(%q) says %q, %q\nnot %q, %q", c.text, se.Msg, se.Hint, c.msg, c.hint)
		}
		if _, line, _ := strings.Cut(se.Caret(c.text), "\n"); line != c.caret {
			t.Errorf("Parse(%q) points to\n%s", c.text, se.Caret(c.text))
		}
	}
}

func TestParseBoundsItsWork(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", MaxBytes+1), strings.Repeat("a ", MaxParts+1)} {
		if _, err := Parse(text, now); err == nil {
			t.Errorf("%d bytes of query pass", len(text))
		}
	}
}

func TestCaretShowsAWindow(t *testing.T) {
	text := strings.Repeat("é", 100) + "\n(" + strings.Repeat("x", 100)
	_, err := Parse(text, now)
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Fatal(err)
	}
	want := "…" + strings.Repeat("é", 59) + " (" + strings.Repeat("x", 59) + "…\n" + strings.Repeat(" ", 61) + "^"
	if got := se.Caret(text); got != want {
		t.Errorf("got\n%s\nnot\n%s", got, want)
	}
}

func TestSimplify(t *testing.T) {
	a, b := words("a"), words("b")
	for _, c := range []struct{ in, want Node }{
		{nil, nil},
		{and(), nil},
		{or(), or()},
		{not(nil), or()},
		{not(or()), nil},
		{and(nil, a, and(b, nil)), and(a, b)},
		{and(a, or()), or()},
		{or(a, nil), nil},
		{or(or(a, b), or(a)), or(a, b)},
		{not(not(not(a))), not(a)},
		{and(or(a), not(not(b))), and(a, b)},
		{&Range{Field: "rating"}, term("has", "rating")},
	} {
		if diff := cmp.Diff(c.want, Simplify(c.in)); diff != "" {
			t.Errorf("Simplify(%s):\n%s", String(c.in), diff)
		}
	}
}

func TestEveryFieldParses(t *testing.T) {
	for _, f := range Fields {
		text := f.example()
		if _, err := Parse(text, now); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if f.Help == "" {
			t.Errorf("%s has no help", f.Name)
		}
		for _, v := range f.Values {
			if _, err := Parse(f.Name+":"+v, now); err != nil {
				t.Errorf("%s:%s: %v", f.Name, v, err)
			}
		}
	}
}

// FuzzParse: no text panics, what parses comes back from its own spelling,
// and an error points into the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`levering AND (traag OR "te laat") NOT brand:acme rating:<3 published:2026-01..2026-03`,
		`-a --b "c"* d* brand:("x y" OR -z) rating:>1..<3 published:30d has:reply score:-1e-3 url:https://a.b/c(d)`,
		"“„”\" \\ ’ \u00ad \u0301 a\u0301 İ ǅ K ſ 中文 👩‍👩‍👧 1️⃣ k:a a.b a_b 3,5 \x00", "field:* *:* * NOT *", `brand:"\`,
		"published:2026-01-01T00:00:00.5Z..12h", "a NEAR/3 (b OR \"c d\") NEAR/0 e f~ ghijkl~2 NEAR/1 saved:x", strings.Repeat("a NEAR/1 ", 90) + "b", strings.Repeat("é", 300) + " b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text, now)
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(text) {
				t.Fatalf("%v does not point into the text", err)
			}
			se.Caret(text)
			return
		}
		s := String(n)
		again, err := Parse(s, now)
		if len(s) > MaxBytes {
			return
		}
		if err != nil {
			t.Fatalf("%q spells itself %q: %v", text, s, err)
		}
		if diff := cmp.Diff(n, again); diff != "" {
			t.Fatalf("%q spells itself %q:\n%s", text, s, diff)
		}
		if d, parts := size(n); d > 2*MaxDepth+2 || parts > MaxParts {
			t.Fatalf("%q has depth %d and %d parts", text, d, parts)
		}
	})
}

func size(n Node) (depth, parts int) {
	var nodes []Node
	switch n := n.(type) {
	case *And:
		nodes = n.Nodes
	case *Or:
		nodes = n.Nodes
	case *Not:
		nodes = []Node{n.Node}
	case *Near:
		return 1, 2
	default:
		return 1, 1
	}
	for _, c := range nodes {
		d, p := size(c)
		depth, parts = max(depth, d), parts+p
	}
	return depth + 1, parts
}
