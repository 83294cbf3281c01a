package indextest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"klank/index"
	"klank/index/query"
)

// hits are queries with the mentions of the corpus that they find.
var hits = []struct{ query, ids string }{
	{"", "m01 m02 m03 m04 m05 m06 m07 m08"},
	{"*", "m01 m02 m03 m04 m05 m06 m07 m08"},
	{"NOT *", ""},
	{"nowhere", ""},

	// words and stems: in Dutch, in English, as they are in other languages
	{"levering", "m01"},
	{"leveringen", "m01"},
	{"LEVERING", "m01"},
	{"bestelling", "m03"},
	{"delivery", "m02 m04"},
	{"deliveries", "m02 m04"},
	{"recommended", "m02"},
	{"lieferungen", "m06"},
	{"lieferung", ""},
	{"pünktlich", "m06"},
	{"puenktlich", ""},
	{"foto's", "m03"},
	{"foto’s", "m03"},
	{"naive", ""},
	{"caf\u00e9", "m03"},
	{"cafe\u0301", "m03"},
	{"👍", "m07"},
	{"100", "m07"},
	{"late", "m01 m04 m05 m06 m08"}, // late is Dutch too, a form of laat
	{"late -language:nl", "m04 m05 m06"},
	{"laat", "m01 m08"},

	// phrases: in order, not from the title into the text
	{`"te laat"`, "m01 m08"},
	{`"laat te"`, ""},
	{`"laat de"`, ""},
	{`"veel te laat"`, "m01"},
	{`"too late"`, "m05"},
	{`"fast deliveries"`, "m02"},
	{`e-mail`, "m01"},
	{`"mijn e mail"`, "m01"},

	// prefixes: as written
	{"lever*", "m01"},
	{"lev*", "m01"},
	{"gelev*", "m08"},
	{"deliver*", "m02 m04"},
	{"deliveries*", "m04"},
	{`"op ti"*`, "m08"},
	{`"op ti"`, ""},

	// near, in either order
	{"traag NEAR/1 levering", "m01"},
	{"leveringen NEAR/0 traag", ""},
	{"traag NEAR/3 mail", ""},
	{`"te laat" NEAR/1 nee`, "m08"},
	{"nee NEAR/1 laat", "m08"},
	{"laat NEAR/4 laat", "m01 m08"},
	{"laat NEAR/1 de", "m01"}, // title and text are one stretch
	{"laat NEAR/0 de", ""},
	{"deliveries NEAR/2 kettle", "m02"},
	{"week NEAR/3 late NEAR/1 me", "m05"},
	{"kettle NEAR/5 (nowhere OR perfect)", "m02"},
	{"late -belgium NEAR/9 deliveries", "m01 m05 m06 m08"},

	// typing errors: words as written, the first letter right
	{"levring~", "m01"},
	{"levernig~1", "m01"},
	{"levering~", "m01"},
	{"elvering~", ""},
	{"delvery~1", "m02"},
	{"delivrei~2", "m02"},
	{"laet~1 language:nl", "m01 m08"},
	{"ketle~ OR kind:question", "m02 m04"},
	{"ketle~ fast", "m02"},
	{"-late~1", "m01 m02 m03 m07 m08"},
	{"naive~1", "m07"},

	// boolean
	{"levering traag", "m01"},
	{"levering delivery", ""},
	{"levering OR delivery", "m01 m02 m04"},
	{"late NOT belgium", "m01 m05 m06 m08"},
	{"late -belgium -language:de", "m01 m05 m08"},
	{"NOT late", "m02 m03 m07"},
	{"(levering OR delivery) (traag OR belgium)", "m01 m04"},
	{"levering OR (late AND NOT (belgium OR week))", "m01 m06 m08"},
	{"laat OR kind:question", "m01 m04 m08"},
	{"NOT (laat OR late OR delivery)", "m03 m07"},
	{"NOT NOT laat", "m01 m08"},
	{"(late kind:answer) OR (delivery rating:5)", "m02 m05"},

	// fields
	{"kind:review", "m01 m02 m03 m08"},
	{"kind:(question OR answer)", "m04 m05"},
	{`source:"shop reviews"`, "m01 m02 m03 m08"},
	{"type:discourse", "m04 m05 m06"},
	{"host:forum.example", "m04 m05 m06"},
	{"brand:acme", "m01 m02 m04 m08"},
	{"brand:ACME brand:bolt", "m04"},
	{"brand:(acme NOT bolt)", "m01 m02 m08"},
	{"brand:acm", ""},
	{`item:"kettle 3000"`, "m01 m02"},
	{"language:nl", "m01 m03 m08"},
	{"language:nl-BE", "m01 m03 m08"},
	{"sentiment:negative", "m01 m05"},
	{"moment:fmot", "m03"},
	{"touchpoint:delivery", "m01 m02 m03 m04 m05 m06 m08"},
	{"NOT touchpoint:delivery", "m07"},
	{"signal:(loyal OR question)", "m02 m04"},
	{"moment_sentiment:smot:negative", "m01 m04 m05"},
	{"moment_sentiment:fmot:negative", "m03"},
	{"flag:suspect", "m08"},
	{"verified:true", "m02"},
	{"verified:false", "m03"},
	{"NOT verified:true", "m01 m03 m04 m05 m06 m07 m08"},
	{"parser:jsonld", "m01 m02 m03 m04 m05 m06 m07 m08"},
	{"author:k1", "m01 m03"},
	{"thread:m04", "m04 m05"},
	{"parent:m04", "m05"},
	{"url:https://shop.example/r/2", "m02"},
	{"page:https://shop.example/reviews?page=1", "m01 m02"},
	{"id:m03", "m03"},
	{"id:(m03 OR m04 OR m99)", "m03 m04"},

	// ranges
	{"rating:5", "m02"},
	{"rating:<4", "m01 m08"},
	{"rating:<=4", "m01 m03 m08"},
	{"rating:>=4", "m02 m03"},
	{"rating:>4", "m02"},
	{"rating:1..4", "m01 m03 m08"},
	{"rating:>1..<5", "m03 m08"},
	{"rating:3.6..3.7", "m08"},
	{"NOT rating:<4", "m02 m03 m04 m05 m06 m07"},
	{"score:<0", "m01 m05"},
	{"score:0", "m04"},
	{"score:-0.5..0.3", "m03 m04 m05 m08"},
	{"stars:>4", "m02"},
	{"published:2026-01", "m01 m02"},
	{"published:2026-02", "m03 m04 m05"},
	{"published:2026-01..2026-02", "m01 m02 m03 m04 m05"},
	{"published:2026", "m01 m02 m03 m04 m05 m06"},
	{"published:<2026", "m08"},
	{"published:2026-01-31", "m02"},
	{"published:>2026-01-31", "m03 m04 m05 m06"},
	{"published:>=2026-01-31", "m02 m03 m04 m05 m06"},
	{"published:2026-02-15T10:00:00Z..2026-02-15T10:00:01Z", "m04 m05"},
	{"published:30d", "m04 m05 m06"},
	{"published:60d..30d", "m01 m02 m03"},
	{"published:12h", ""},
	{"NOT published:2026", "m07 m08"},
	{"removed:2026-03", "m08"},
	{"collected:2026-03-10T00:02:00Z..2026-03-10T00:04:00Z", "m03 m04"},

	// presence
	{"has:rating", "m01 m02 m03 m08"},
	{"rating:*", "m01 m02 m03 m08"},
	{"has:reply", "m01"},
	{"has:title", "m01 m02 m03 m04 m08"},
	{"has:author", "m01 m02 m03 m04 m05 m06 m08"},
	{"NOT has:published", "m07"},
	{"has:removed", "m08"},
	{"has:engagement", "m02"},
	{"has:item", "m01 m02 m08"},
	{"has:flag", "m08"},
	{"has:parent", "m05"},
	{"has:verified", "m02 m03"},
	{"has:sentiment has:stars -has:language", ""},
}

func testHits(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	for _, h := range hits {
		want := strings.Fields(h.ids)
		n := parse(t, h.query)
		if got := find(t, ix, n); !slices.Equal(got, want) {
			t.Errorf("%s\n found %v\n   not %v", h.query, got, want)
		}
		res := search(t, ix, index.SearchRequest{Query: n, Sort: index.SortRelevance, Limit: index.MaxLimit})
		if got := ids(res); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s by relevance\n found %v\n   not %v", h.query, got, want)
		}
		if got := aggregate(t, ix, index.AggregateRequest{Query: n}).Total; got != len(want) {
			t.Errorf("%s\n counted %d\n     not %d", h.query, got, len(want))
		}
	}
	// trees that no text spells
	for _, c := range []struct {
		n    query.Node
		want string
	}{
		{&query.And{}, "m01 m02 m03 m04 m05 m06 m07 m08"},
		{&query.Or{}, ""},
		{&query.And{Nodes: []query.Node{nil, &query.Text{Words: []string{"Te Laat"}}}}, "m01 m08"},
		{&query.Text{Words: []string{"!", "?"}}, ""},
		{&query.Not{Node: &query.Text{}}, "m01 m02 m03 m04 m05 m06 m07 m08"},
		{&query.Range{Field: "rating"}, "m01 m02 m03 m08"},
		{&query.Term{Field: "brand", Value: "' OR 1=1 --"}, ""},
		{&query.Term{Field: "source", Value: `"; drop table FACTS; --`}, "m07"},
	} {
		if got := find(t, ix, c.n); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%#v\n found %v\n   not %v", c.n, got, c.want)
		}
	}
}

// hostile are texts that mean something to SQL, FTS5, Lucene or a parser.
var hostile = []string{
	`'; DROP TABLE facts; --`, `") OR 1=1 --`, `"a" NEAR "b"`, `NEAR(a b, 5)`, `plain:x`, `{plain stem}: x`, `^late`, `late + belgium`,
	`a" OR "b`, `"unclosed`, `((((`, `))))`, `AND`, `OR OR`, `NOT`, `-`, `--`, `- - -`, `*`, `**`, `a*b`, `"*"`, `field:`, `brand:`, `brand:"`,
	`brand:()`, `brand:(a OR`, `rating:<`, `rating:NaN`, `rating:1e999`, `rating:0x10`, `published:9999-99-99`, `published:99999999999d`,
	`published:..`, "\x00", "\xff\xfe", "a\x00b", "\u202e", "%", "_", `\`, `\"`, `"\`, "naïve", "plain:stem", "abc~1 def~2", "a NEAR/100 b NEAR/0 c", strings.Repeat("a NEAR/9 ", 80) + "b", numbered("word%~ ", 60), `"a' NEAR"~2 NEAR/1 x`, "a AND b OR NOT c -d",
	strings.Repeat("(", 10_000), strings.Repeat("NOT ", 4_000) + "x", strings.Repeat("-", 10_000) + "x", strings.Repeat("a ", 499) + "b",
	strings.Repeat("a OR b ", 200), strings.Repeat("(a OR ", 49) + "b" + strings.Repeat(")", 49), strings.Repeat("x", 15_000),
	strings.Repeat("(a kind:review OR ", 49) + "b" + strings.Repeat(")", 49), strings.Repeat("a-", 4000) + "a",
	numbered("word% ", 499), numbered("word% OR ", 499) + "y", numbered("brand:x% OR ", 499) + "y", numbered("-brand:x% ", 499),
	numbered("rating:>% OR ", 499) + "y", numbered("x%* ", 499), numbered(`"a x%" OR `, 499) + "y", numbered("(a% OR brand:b% ", 49) + numbered(")", 49),
	numbered("-(a% OR -b% ", 49) + numbered(")", 49),
}

// numbered repeats pattern n times with a number for every %.
func numbered(pattern string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(pattern, "%", strconv.Itoa(i)))
	}
	return b.String()
}

func testHostile(t *testing.T, ix index.Index) {
	put(t, ix, corpus()...)
	for _, text := range hostile {
		short := text[:min(len(text), 40)]
		n, err := query.Parse(text, now)
		if err != nil {
			var se *query.SyntaxError
			if !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(text) {
				t.Errorf("Parse(%q): %v is no error with a place", short, err)
			}
			continue
		}
		for _, sort := range []string{index.SortNewest, index.SortRelevance} {
			if _, err := ix.Search(t.Context(), index.SearchRequest{Query: n, Sort: sort, Highlight: true}); err != nil {
				t.Errorf("Search(%q) by %s: %v", short, sort, err)
			}
		}
		if _, err := ix.Aggregate(t.Context(), index.AggregateRequest{Query: n}); err != nil {
			t.Errorf("Aggregate(%q): %v", short, err)
		}
	}
	if got := find(t, ix, nil); len(got) != len(corpus()) {
		t.Errorf("after the hostile queries %d mentions are left of %d", len(got), len(corpus()))
	}
}
