package selectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

const statePage = `<html lang=nl><body><h1>Ketel</h1>%s</body></html>`

const state = `{"props":{"pageProps":{"product":{"name":"Ketel","score":"4,5","total":2},"reviews":[
{"id":"r1001","by":{"name":"Ann"},"stars":"rating-4","body":"Snel <b>warm</b>.","on":"2025-02-03"},
{"id":"r1002","by":{"name":"Ben"},"stars":"rating-2","body":"Lekt.","on":"2025-02-04"}]},"next":"/r?page=2"}}`

var stateRules = Rules{
	Review: "li.review || script#__NEXT_DATA__ $.props.pageProps.reviews[*]", ID: "$.id", Author: "$.by.name", Text: "$.body",
	Rating: `$.stars ~ /rating-(\d)/`, Date: "$.on", Item: "script#__NEXT_DATA__ $.props.pageProps.product.name",
	ItemRating: "script#__NEXT_DATA__ $.props.pageProps.product.score", ReviewCount: "script#__NEXT_DATA__ $.props.pageProps.product.total",
	Next: "script#__NEXT_DATA__ $.props.next",
}

func TestStateInAScriptIsReadByPaths(t *testing.T) {
	for name, script := range map[string]string{
		"alone":       `<script id=__NEXT_DATA__ type="application/json">` + state + `</script>`,
		"assigned":    `<script id=__NEXT_DATA__>window.__STATE__ = ` + state + `; start()</script>`,
		"as a string": `<script id=__NEXT_DATA__>var s = JSON.parse(` + fmt.Sprintf("%q", strings.ReplaceAll(state, "\n", "")) + `)</script>`,
	} {
		f := compile(t, stateRules).Parse(foundtest.Open("p.html", fmt.Appendf(nil, statePage, script)))
		if len(f.Mentions) != 2 || len(f.Problems) != 0 {
			t.Errorf("%s: %+v", name, f)
			continue
		}
		m := f.Mentions[1]
		if m.NativeID != "r1002" || m.Author.Name != "Ben" || m.Text != "Lekt." || m.Rating == nil || m.Rating.Value != 2 || m.Published.Day() != 4 || m.Item == nil || m.Item.Name != "Ketel" {
			t.Errorf("%s: %+v", name, m)
		}
		if it := f.Items[0]; it.Rating == nil || it.Rating.Value != 4.5 || it.ReviewCount == nil || *it.ReviewCount != 2 {
			t.Errorf("%s: item %+v", name, it)
		}
		if len(f.Links) != 1 || !strings.HasSuffix(f.Links[0].URL, "/r?page=2") {
			t.Errorf("%s: links %v", name, f.Links)
		}
	}
	for _, script := range []string{"", "<script id=__NEXT_DATA__></script>", "<script id=__NEXT_DATA__>a()</script>", "<script id=__NEXT_DATA__>x = {</script>", "<script id=__NEXT_DATA__>{}</script>"} {
		f := compile(t, stateRules).Parse(foundtest.Open("p.html", fmt.Appendf(nil, statePage, script)))
		if len(f.Mentions) != 0 || len(f.Problems) == 0 || f.Problems[len(f.Problems)-1].What != "review matched nothing on the page" {
			t.Errorf("%q: %+v", script, f)
		}
	}
}

func TestARegularExpressionTakesAPartOfTheValue(t *testing.T) {
	page := `<div class=r><b>Posted by Ann on 3 May 2025</b><i class="s s-45"></i><p>text</p><a data-go="open('/x/77')">more</a></div>`
	f := compile(t, Rules{Review: ".r", Author: `b ~ /by (\w+)/`, Date: `b ~ /on (.*)/`, Rating: `.s@class ~ /s-(\d)/`, Text: "p", ID: `a@data-go ~ /\d+/`, URL: `a@data-go ~ /'(.*)'/`}).
		Parse(foundtest.Open("p.html", []byte(page)))
	if len(f.Mentions) != 1 || len(f.Problems) != 0 {
		t.Fatalf("%+v", f)
	}
	m := f.Mentions[0]
	if m.Author.Name != "Ann" || m.Published.Format("2006-01-02") != "2025-05-03" || m.Rating.Value != 4 || m.NativeID != "77" || !strings.HasSuffix(m.URL, "/x/77") {
		t.Errorf("%+v", m)
	}
}

func TestWrongPathsAndExpressionsSayWhatToWrite(t *testing.T) {
	for _, c := range []struct {
		rules Rules
		field string
		want  string
	}{
		{Rules{Review: ".a", Author: "b ~ /(/"}, "author", "missing closing )"},
		{Rules{Review: ".a", Author: "b ~ /x"}, "author", "closing slash"},
		{Rules{Review: ".a ~ /x/"}, "review", "no meaning"},
		{Rules{Review: "script $.reviews[*]", Author: "script $.reviews[*].name"}, "author", "write $.reviews[*].name"},
		{Rules{Review: "script $.reviews[?(@.x)]"}, "review", "neither a number"},
		{Rules{Review: "script[ $.reviews"}, "review", "script["},
	} {
		_, err := Compile(c.rules)
		var e *Error
		if !errors.As(err, &e) || e.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c.rules, err)
		}
	}
}

func TestExplainTellsWhatEachRuleFound(t *testing.T) {
	d := foundtest.Open("p.html", fmt.Appendf(nil, statePage, `<script id=__NEXT_DATA__>`+state+`</script>`))
	got := map[string]Hit{}
	for _, h := range compile(t, stateRules).Explain(d) {
		got[h.Field] = h
	}
	for field, want := range map[string]Hit{
		"review": {"review", stateRules.Review, 2, 2, ""}, "author": {"author", "$.by.name", 2, 2, "Ann"}, "rating": {"rating", stateRules.Rating, 2, 2, "4 of 5"},
		"item": {"item", stateRules.Item, 1, 1, "Ketel"}, "next": {"next", stateRules.Next, 1, 1, "https://www.example.com/r?page=2"},
	} {
		if got[field] != want {
			t.Errorf("%s: %+v, want %+v", field, got[field], want)
		}
	}
	page := `<div class=r><p>one</p></div><div class=r><b>x</b><p>two</p></div>`
	for _, h := range compile(t, Rules{Review: ".r", Author: "b", Text: "p", Title: "h3"}).Explain(foundtest.Open("p.html", []byte(page))) {
		want := map[string][2]int{"review": {2, 2}, "author": {1, 2}, "text": {2, 2}, "title": {0, 2}}[h.Field]
		if h.Found != want[0] || h.Of != want[1] {
			t.Errorf("%+v, want %v", h, want)
		}
	}
}
