package loadmore

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

func open(t testing.TB, u, contentType, body string) *document.Document {
	t.Helper()
	d, _ := document.Open(&mention.Page{URL: u, Status: 200, ContentType: contentType, Body: []byte(body)})
	t.Cleanup(d.Close)
	return d
}

func number(n int) *int { return &n }

func compile(t testing.TB, r Rule) *List {
	t.Helper()
	l, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTheFirstAnswerFollowsFromThePage(t *testing.T) {
	page := `<main id=reviews data-token="a b&amp;c" data-next=""><h1>Kettle</h1></main>`
	for _, c := range []struct {
		name string
		rule Rule
		want string
	}{
		{"a page number", Rule{On: `/p/(?P<sku>[^/?]+)`, URL: "https://api.example/reviews?sku={sku}&page={page}"}, "https://api.example/reviews?sku=K+1&page=2"},
		{"in the path", Rule{On: `/p/(?P<sku>[^/?]+)`, URL: "https://api.example/reviews/{sku}/{page}", First: number(0)}, "https://api.example/reviews/K%201/0"},
		{"an offset", Rule{On: `/p/(?P<sku>[^/?]+)`, URL: "https://api.example/r?o={offset}&id={sku}", Step: 10}, "https://api.example/r?o=10&id=K+1"},
		{"a value of the page", Rule{On: `/p/`, Find: map[string]string{"token": "#reviews@data-token"}, URL: "https://api.example/r?t={token}&p={page}"}, "https://api.example/r?t=a+b%26c&p=2"},
		{"an empty cursor", Rule{On: `/p/`, URL: "https://api.example/r?after={cursor}", Cursor: "$.next"}, "https://api.example/r?after="},
		{"no cursor on a page that shows all", Rule{On: `/p/`, Find: map[string]string{"cursor": "#reviews@data-next"}, URL: "https://api.example/r?after={cursor}", Cursor: "$.next"}, ""},
		{"another page", Rule{On: `/q/`, URL: "https://api.example/r?p={page}"}, ""},
	} {
		got, err := compile(t, c.rule).First(open(t, "https://shop.example/p/K%201", "text/html", page))
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestAPageWithoutAValueIsToldOf(t *testing.T) {
	l := compile(t, Rule{On: `/p/`, Find: map[string]string{"token": "#t@data-token"}, URL: "https://a.example/r?t={token}&p={page}"})
	if u, err := l.First(open(t, "https://a.example/p/1", "text/html", "<p>x")); u != "" || err == nil || !strings.Contains(err.Error(), "{token}") {
		t.Errorf("%q, %v", u, err)
	}
}

func TestAValueChangesNothingButItsPlace(t *testing.T) {
	l := compile(t, Rule{On: `/p/(?P<id>.*)`, URL: "https://a.example/r/{id}/x?p={page}"})
	for _, id := range []string{"..", "%2e%2e", "."} {
		d := open(t, "https://a.example/q", "text/html", "")
		d.URL = "https://a.example/p/" + id
		if u, err := l.First(d); err == nil {
			t.Errorf("%s: %s", id, u)
		}
	}
}

func TestTheNextAnswerFollowsFromTheOneBefore(t *testing.T) {
	paged := Rule{On: `/p/(?P<sku>.+)`, URL: "https://a.example/r?sku={sku}&page={page}"}
	cursor := Rule{On: `/p/`, URL: "https://a.example/r?c={cursor}", Cursor: "$.meta.next || a.more@data-cursor"}
	for _, c := range []struct {
		name      string
		rule      Rule
		url, kind string
		body      string
		mentions  int
		want      string
	}{
		{"the next page", paged, "https://a.example/r?sku=K%26+1&page=9", "application/json", "{}", 3, "https://a.example/r?sku=K%26+1&page=10"},
		{"none after an empty answer", paged, "https://a.example/r?sku=K&page=9", "application/json", "{}", 0, ""},
		{"none without end", paged, "https://a.example/r?sku=K&page=1000000", "application/json", "{}", 3, ""},
		{"none of another page", paged, "https://a.example/r?sku=K&page=1&x=1", "application/json", "{}", 3, ""},
		{"a cursor in JSON", cursor, "https://a.example/r?c=", "application/json", `{"meta":{"next":"a/b="}}`, 3, "https://a.example/r?c=a%2Fb%3D"},
		{"a cursor in HTML", cursor, "https://a.example/r?c=1", "text/html", `<a class=more data-cursor=7>`, 3, "https://a.example/r?c=7"},
		{"a number as cursor", cursor, "https://a.example/r?c=1", "application/json", `{"meta":{"next":12345678901234567890}}`, 3, "https://a.example/r?c=12345678901234567890"},
		{"none without a cursor", cursor, "https://a.example/r?c=1", "application/json", `{"meta":{"next":null}}`, 3, ""},
	} {
		got, err := compile(t, c.rule).Next(open(t, c.url, c.kind, c.body), c.mentions)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestMarkupWithinJSONIsThePage(t *testing.T) {
	l := compile(t, Rule{On: `/p/`, URL: "https://a.example/r?p={page}", HTML: "$.html"})
	p := l.Markup(open(t, "https://a.example/r?p=2", "application/json", `{"html":"<p>good<\/p>"}`))
	if string(p.Body) != "<p>good</p>" || !strings.HasPrefix(p.ContentType, "text/html") || p.URL != "https://a.example/r?p=2" {
		t.Errorf("%+v", p)
	}
}

func TestErrorsNameTheFieldTheValueAndTheReason(t *testing.T) {
	const u = "https://a.example/r?p={page}"
	for _, c := range []struct {
		rule        Rule
		field, want string
	}{
		{Rule{URL: u}, "on", "missing"},
		{Rule{On: "(", URL: u}, "on", "regular expression"},
		{Rule{On: "/p/"}, "url", "missing"},
		{Rule{On: "/p/", URL: "/r?p={page}"}, "url", "in full"},
		{Rule{On: "/p/", URL: "https://{host}/r?p={page}"}, "url", "in full"},
		{Rule{On: "/p/", URL: u + "#x"}, "url", "no #"},
		{Rule{On: "/p/", URL: "https://a.example/r?p={page"}, "url", "in braces"},
		{Rule{On: "/p/", URL: "https://a.example/r?p=page}"}, "url", "without its {"},
		{Rule{On: "/p/", URL: "https://a.example/r?p={page}{page}"}, "url", "between"},
		{Rule{On: "/p/", URL: "https://a.example/r?p={page}&q={page}"}, "url", "twice"},
		{Rule{On: "/p/", URL: "https://a.example/r?p={page}&q={sku}"}, "url", "{sku} has no value"},
		{Rule{On: "/p/", URL: "https://a.example/r?p={page}&utm_source={cursor}", Cursor: "$.c"}, "url", "dropped"},
		{Rule{On: "/p/", URL: "https://a.example/r"}, "url", "every answer"},
		{Rule{On: "/p/", URL: "https://a.example/r?p={page}&o={offset}", Step: 1}, "url", "both"},
		{Rule{On: "/p/", URL: "https://a.example/r?o={offset}"}, "step", "missing"},
		{Rule{On: "/p/", URL: u, Step: -1}, "step", "above 0"},
		{Rule{On: "/p/", URL: u, First: number(-1)}, "first", "0 or a number"},
		{Rule{On: "/p/", URL: "https://a.example/r?c={cursor}", Cursor: "$.c", First: number(1)}, "first", "is for"},
		{Rule{On: "/p/", URL: "https://a.example/r?c={cursor}"}, "cursor", "missing"},
		{Rule{On: "/p/", URL: u, Cursor: "$.c"}, "cursor", "not used"},
		{Rule{On: "/p/", URL: u, Find: map[string]string{"x": ".x"}}, "find", "not used"},
		{Rule{On: "/p/", URL: u, Find: map[string]string{"page": ".x"}}, "find", "counted"},
		{Rule{On: "/p/(?P<x>.)", URL: u + "&x={x}", Find: map[string]string{"x": ".x"}}, "find", "group"},
		{Rule{On: "/p/", URL: u + "&x={x}", Find: map[string]string{"x": "p["}}, "find.x", "p["},
		{Rule{On: "/p/(?P<page>.)", URL: u}, "on", "taken"},
		{Rule{On: "/p/", URL: u, HTML: ".x"}, "html", "JSON path"},
	} {
		_, err := Compile(c.rule)
		var e *Error
		if !errors.As(err, &e) || e.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v; want %s: … %s", c.rule, err, c.field, c.want)
		}
	}
}

// FuzzTemplate holds that what a template makes is told to be its own, stays
// on its host, and is taken apart into what went in.
func FuzzTemplate(f *testing.F) {
	f.Add("https://a.example/r?sku={sku}&page={page}", "K 1")
	f.Add("https://a.example:8080/{sku}/{page}.json?x=%20", "../../x?y#z")
	f.Add("http://a.example/r;{sku}&{page}", "{sku}")
	f.Add("https://a.example/{sku}?{page}", "%2e%2e")
	f.Fuzz(func(t *testing.T, text, value string) {
		tmpl, err := parseTemplate(text)
		if err != nil {
			return
		}
		values := map[string]string{}
		for _, name := range tmpl.variables() {
			values[name] = tmpl.encode(name, value)
			if name == "page" || name == "offset" {
				values[name] = "7"
			}
		}
		made, err := tmpl.expand(values)
		if err != nil {
			return
		}
		empty, err := tmpl.expand(map[string]string{"page": "1", "offset": "1"})
		if err == nil && mention.Host(empty) != mention.Host(made) {
			t.Errorf("%q: %s and %s are on two hosts", text, empty, made)
		}
		if canonical, err := mention.CanonicalURL("", made); err != nil || canonical != made {
			t.Errorf("%q makes %s, which is not canonical: %s, %v", text, made, canonical, err)
		}
		taken := tmpl.values(made)
		again, err := tmpl.expand(taken)
		if err != nil || again != made {
			t.Errorf("%q: %s is taken apart into %v, which makes %s, %v", text, made, taken, again, err)
		}
		if u, err := url.Parse(made); err != nil || u.Fragment != "" {
			t.Errorf("%q makes %s: %v", text, made, err)
		}
	})
}
