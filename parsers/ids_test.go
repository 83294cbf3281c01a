package parsers

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"klank/mention"
)

// The reviews of one product in microdata, by which the tests below change
// their page.
const (
	ann = `<div itemprop=review itemscope itemtype="https://schema.org/Review"><b itemprop=author>Ann</b><time itemprop=datePublished datetime="2026-01-02"></time>
<p itemprop=reviewBody>It boils fast and looks good.</p></div>`
	bob = `<div itemprop=review itemscope itemtype="https://schema.org/Review"><b itemprop=author>Bob</b>
<p itemprop=reviewBody>Mine broke after a week.</p></div>`
	eve = `<div itemprop=review itemscope itemtype="https://schema.org/Review"><b itemprop=author>Eve</b><time itemprop=datePublished datetime="2026-02-03"></time>
<p itemprop=reviewBody>Quiet enough for the night.</p></div>`
)

func product(link string, reviews ...string) string {
	return `<div itemscope itemtype="https://schema.org/Product"><h1 itemprop=name>Kettle</h1><a itemprop=url href="` + link + `">here</a>` +
		strings.Join(reviews, "") + `</div>`
}

// idsByAuthor parses a page and gives the id of each author's review.
func idsByAuthor(t *testing.T, url, body string, source mention.Source) map[string]string {
	t.Helper()
	p := page(url, body)
	p.Source = source
	out := map[string]string{}
	for _, m := range parse(t, p, Options{}).Mentions {
		if m.Author == nil {
			t.Fatalf("no author: %+v", m)
		}
		out[m.Author.Name] = m.ID
	}
	return out
}

func TestIDsStayTheSameThroughChangesOfThePage(t *testing.T) {
	const url = "https://www.example.com/k"
	want := idsByAuthor(t, url, product("/k", ann, bob), mention.Source{Name: "kettles"})
	if len(want) != 2 || want["Ann"] == want["Bob"] {
		t.Fatalf("ids are %v", want)
	}
	marked := strings.NewReplacer("<p ", "<section class=x><div ", "</p>", "</div></section>", "<b ", "<span data-x=1 ", "</b>", "</span>").Replace
	json := reviews(`{"@type":"Review","author":{"@type":"Person","name":"Ann"},"datePublished":"2026-01-02","reviewBody":"It boils fast and looks good."},
		{"@type":"Review","author":"Bob","reviewBody":"Mine broke after a week."}`)
	json = strings.Replace(json, `"name":"Kettle"`, `"name":"Kettle","url":"https://www.example.com/k"`, 1)
	for name, c := range map[string]struct{ url, body, source string }{
		"another run":         {url, product("/k", ann, bob), "kettles"},
		"swapped order":       {url, product("/k", bob, ann), "kettles"},
		"an added review":     {url, product("/k", eve, ann, bob), "kettles"},
		"a renamed source":    {url, product("/k", ann, bob), "tea"},
		"tracking parameters": {url + "?utm_source=mail&gclid=1", product("/k?utm_campaign=x&fbclid=2", ann, bob), "kettles"},
		"edited markup":       {url, marked(product("/k", ann, bob)), "kettles"},
		"a button at the end": {url, product("/k", ann, strings.Replace(bob, "week.", "week. Read more", 1)), "kettles"},
		"another syntax":      {url, json, "kettles"},
	} {
		got := idsByAuthor(t, c.url, c.body, mention.Source{Name: c.source})
		delete(got, "Eve")
		if !maps.Equal(got, want) {
			t.Errorf("%s: ids are %v, want %v", name, got, want)
		}
	}
}

func TestAnEditedTextIsTheSameMentionWithAnotherContent(t *testing.T) {
	edited := strings.Replace(ann, "looks good", "looks good, but leaks", 1)
	a := parse(t, page("https://www.example.com/k", product("/k", ann)), Options{}).Mentions
	b := parse(t, page("https://www.example.com/k", product("/k", edited)), Options{}).Mentions
	if len(a) != 1 || len(b) != 1 || a[0].ID != b[0].ID || a[0].ContentHash() == b[0].ContentHash() {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func TestTheSameReviewOfAnotherItemOrHostHasAnotherID(t *testing.T) {
	ids := []string{
		idsByAuthor(t, "https://www.example.com/k", product("/k", bob), mention.Source{})["Bob"],
		idsByAuthor(t, "https://www.example.com/q", product("/q", bob), mention.Source{})["Bob"],
		idsByAuthor(t, "https://www.example.org/k", product("/k", bob), mention.Source{})["Bob"],
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 3 {
		t.Errorf("ids are %v", ids)
	}
}
