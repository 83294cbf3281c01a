package rdfa

import (
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

func open(body string) *document.Document {
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/p/1", ContentType: "text/html", Body: []byte(body)})
	return d
}

const page = `<html prefix="schema: https://schema.org/"><meta property="og:title" content="no">
<div vocab="https://schema.org/" typeof="Product" resource="#kettle"><h1 property="name">Kettle</h1>
 <div property="aggregateRating" typeof="AggregateRating"><b property="ratingValue" content="4.5">four and a half</b> of <i property="bestRating">5</i>, <i property="reviewCount">12</i></div>
 <div property="schema:review" typeof="schema:Review"><span property="author" typeof="Person"><a property="url" href="/u/ann"><i property="name">Ann</i></a></span>
  <time property="datePublished" datetime="2026-01-02">2 Jan</time><p property="reviewBody">Boils.</p><span property="reviewRating" typeof="Rating"><i property="ratingValue">4</i></span></div>
</div>`

func TestTypesAndPropertiesAreRead(t *testing.T) {
	f := Parse(open(page))
	if len(f.Mentions) != 1 || len(f.Items) != 1 {
		t.Fatalf("found %+v", f)
	}
	m := f.Mentions[0]
	if m.Author.Name != "Ann" || m.Author.URL != "https://www.example.com/u/ann" || m.Text != "Boils." || m.Rating.Value != 4 || m.Item.Name != "Kettle" || m.Published.Day() != 2 || m.Evidence.Parser != "rdfa" {
		t.Errorf("review is %+v", m)
	}
	if it := f.Items[0]; it.Name != "Kettle" || it.Rating.Value != 4.5 || *it.ReviewCount != 12 {
		t.Errorf("item is %+v", it)
	}
	if Present(open(`<meta property="og:title" content="x">`)) {
		t.Error("Open Graph counts as RDFa with types")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(page)
	f.Fuzz(func(t *testing.T, body string) { Parse(open(body)) })
}
