package parsers

import (
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/loadmore"
)

// moreShop is a shop whose reviews after the first come as JSON.
func moreShop(t *testing.T, r loadmore.Rule) Options {
	t.Helper()
	l, err := loadmore.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return Options{LoadMore: []*loadmore.List{l}, Selectors: &Selectors{
		Review: ".review || $.reviews[*]", Author: "b || $.by", Text: "p || $.text", Date: "time || $.at",
		Item: "h1", ReviewCount: "$.count", Next: "$.links.next",
	}}
}

func parseAs(t *testing.T, o Options, url, contentType, body string, origin *mention.Origin) Result {
	t.Helper()
	res, err := New().Parse(&mention.Page{URL: url, Status: 200, ContentType: contentType, Body: []byte(body), Origin: origin}, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// originOf returns where a page leads to, and with what.
func originOf(t *testing.T, r Result, url string) *mention.Origin {
	t.Helper()
	for _, l := range r.Links {
		if l.URL == url && l.Origin != nil {
			return l.Origin
		}
	}
	t.Fatalf("no link to %s in %+v; problems: %v", url, r.Links, r.Problems)
	return nil
}

func TestAnAnswerBelongsToThePageOfItsList(t *testing.T) {
	o := moreShop(t, loadmore.Rule{On: `/p/(?P<sku>\w+)$`, URL: "https://api.example/reviews?sku={sku}&page={page}"})
	page := parseAs(t, o, "https://shop.example/p/k1", "text/html",
		`<h1>Kettle</h1><div class=review><b>Ann</b><time>2026-02-01</time><p>Boils fast.</div>`, nil)
	second := "https://api.example/reviews?sku=k1&page=2"
	origin := originOf(t, page, second)
	if origin.Page != "https://shop.example/p/k1" || origin.Item == nil || origin.Item.Name != "Kettle" {
		t.Errorf("origin: %+v", origin)
	}
	answer := parseAs(t, o, second, "application/json",
		`{"count":3,"reviews":[{"by":"Ann","at":"2026-02-01","text":"Boils fast."},{"by":"Ben","at":"2026-01-30","text":"Too loud."}]}`, origin)
	if len(answer.Mentions) != 2 || len(answer.Items) != 1 {
		t.Fatalf("%+v", answer)
	}
	// A review that has moved on to the next page keeps its id.
	if answer.Mentions[0].ID != page.Mentions[0].ID {
		t.Errorf("ids differ: %+v and %+v", answer.Mentions[0], page.Mentions[0])
	}
	m := answer.Mentions[1]
	if m.Item == nil || m.Item.Name != "Kettle" || m.URL != "https://shop.example/p/k1" || m.Page != second || m.Source.Host != "shop.example" {
		t.Errorf("%+v about %+v", m, m.Item)
	}
	if it := answer.Items[0]; it.Name != "Kettle" || it.ReviewCount == nil || *it.ReviewCount != 3 {
		t.Errorf("item: %+v", it)
	}
	if got := originOf(t, answer, "https://api.example/reviews?sku=k1&page=3"); got != origin {
		t.Errorf("the next answer belongs to %+v", got)
	}
	end := parseAs(t, o, "https://api.example/reviews?sku=k1&page=3", "application/json", `{"reviews":[]}`, origin)
	if len(end.Links) != 0 || len(end.Mentions) != 0 {
		t.Errorf("after the end: %+v", end)
	}
}

func TestAnAnswerMayNameTheNextItself(t *testing.T) {
	o := moreShop(t, loadmore.Rule{On: `/p/(?P<sku>\w+)$`, URL: "https://shop.example/api/{sku}?after={cursor}", Cursor: "$.none"})
	page := parseAs(t, o, "https://shop.example/p/k1", "text/html", `<p>Nothing here yet`, nil)
	origin := originOf(t, page, "https://shop.example/api/k1?after=")
	if origin.Item == nil || origin.Item.URL != "https://shop.example/p/k1" {
		t.Errorf("a page that names no item is the item: %+v", origin.Item)
	}
	answer := parseAs(t, o, "https://shop.example/api/k1?after=", "application/json",
		`{"reviews":[{"by":"Ann","text":"Fine."}],"links":{"next":"/api/k1?after=xyz"}}`, origin)
	if got := originOf(t, answer, "https://shop.example/api/k1?after=xyz"); got != origin {
		t.Errorf("%+v", got)
	}
}

func TestAnAnswerOfMarkupIsReadLikeAPage(t *testing.T) {
	fragment := `<div class=review><b>Ann</b><time>2026-02-01</time><p>Boils fast.</div>`
	origin := &mention.Origin{Page: "https://shop.example/p/k1", Item: &mention.ItemRef{Name: "Kettle"}}
	rule := loadmore.Rule{On: `/p/`, URL: "https://shop.example/more?page={page}"}
	plain := parseAs(t, moreShop(t, rule), "https://shop.example/more?page=2", "text/html", fragment, origin)
	rule.HTML = "$.html"
	within := parseAs(t, moreShop(t, rule), "https://shop.example/more?page=2", "application/json",
		`{"html":"`+fragment+`","more":true}`, origin)
	for name, r := range map[string]Result{"plain": plain, "within JSON": within} {
		if len(r.Mentions) != 1 || r.Mentions[0].Item == nil || r.Mentions[0].Item.Name != "Kettle" || r.Mentions[0].ID != plain.Mentions[0].ID {
			t.Errorf("%s: %+v; %v", name, r.Mentions, r.Problems)
		}
		originOf(t, r, "https://shop.example/more?page=3")
	}
}

func TestWhatAnAnswerLacksIsTold(t *testing.T) {
	rule := loadmore.Rule{On: `/p/`, Find: map[string]string{"token": "#t@data-token"}, URL: "https://shop.example/more?t={token}&page={page}"}
	r := parseAs(t, moreShop(t, rule), "https://shop.example/p/1", "text/html", "<p>x", nil)
	if len(r.Problems) == 0 || !strings.Contains(r.Problems[len(r.Problems)-1].What, "{token}") {
		t.Errorf("%+v", r.Problems)
	}
	o := moreShop(t, rule)
	o.Selectors = nil
	r = parseAs(t, o, "https://shop.example/more?t=1&page=2", "application/json", `{"reviews":[{"text":"x"}]}`, nil)
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].What, "JSON paths") {
		t.Errorf("%+v", r.Problems)
	}
}
