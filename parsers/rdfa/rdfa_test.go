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

func TestTheOlderRDFaNamesPropertiesInRel(t *testing.T) {
	f := Parse(open(`<div xmlns:v="http://rdf.data-vocabulary.org/#" typeof="v:Review-aggregate"><span property="v:itemreviewed">Blast</span>
<span rel="v:rating"><span typeof="v:Rating"><span property="v:average">9</span> of <span property="v:best">10</span></span></span> <span property="v:votes">24</span></div>
<div typeof="v:Product"><b property="v:name">Kettle</b><div rel="v:review" typeof="v:Review"><b property="v:reviewer">Ann</b><p property="v:description">Boils.</p></div></div>`))
	if len(f.Items) != 2 || f.Items[0].Name != "Blast" || f.Items[0].Rating == nil || f.Items[0].Rating.Value != 9 || f.Items[0].Rating.Best != 10 {
		t.Errorf("items are %+v", f.Items)
	}
	if len(f.Mentions) != 1 || f.Mentions[0].Item.Name != "Kettle" || f.Mentions[0].Author.Name != "Ann" {
		t.Errorf("mentions are %+v", f.Mentions)
	}
}

func TestCommentsAsDrupalWritesThemAreRead(t *testing.T) {
	f := Parse(open(`<html prefix="content: http://purl.org/rss/1.0/modules/content/ schema: http://schema.org/"><article about="/node/3" typeof="schema:Article"><h2><span property="schema:name">On kettles</span></h2>
<span rel="schema:author"><a href="/user/1" about="/user/1" typeof="schema:Person" property="schema:name" datatype="">Editor</a></span><div property="schema:text">Long.</div>
<section rel="schema:comment"><article about="/comment/41207" typeof="schema:Comment"><span rel="schema:author"><span typeof="schema:Person" property="schema:name" datatype="">Ann</span></span>
<span property="schema:dateCreated" content="2026-01-02T10:00:00+00:00"></span><h3 property="schema:name"><a href="/comment/41207#comment-41207">Mine broke</a></h3><div property="schema:text"><p>After a week.</p></div></article>
<article about="/comment/41208" typeof="schema:Comment"><span rel="schema:author"><a about="/user/7" typeof="schema:Person" property="schema:name" href="/user/7">Bob</a></span><div property="schema:text">Not mine.</div></article></section></article>`))
	if len(f.Mentions) != 2 {
		t.Fatalf("found %+v", f.Mentions)
	}
	a, b := f.Mentions[0], f.Mentions[1]
	if a.Author == nil || a.Author.Name != "Ann" || a.Title != "Mine broke" || a.Text != "After a week." || a.Item.Name != "On kettles" || a.NativeID != "/comment/41207" || a.URL != "https://www.example.com/comment/41207" {
		t.Errorf("first comment is %+v of %+v", a, a.Item)
	}
	if b.Author == nil || b.Author.Name != "Bob" || b.Text != "Not mine." {
		t.Errorf("second comment is %+v", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(page)
	f.Fuzz(func(t *testing.T, body string) { Parse(open(body)) })
}
