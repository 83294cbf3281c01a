package microdata

import (
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

func parse(body string) document.Found {
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/p/1", ContentType: "text/html", Body: []byte(body)})
	return Parse(d)
}

const head = `<div itemscope itemtype="https://schema.org/Review"><b itemprop=author>A</b><p itemprop=reviewBody>Text</p>`

func TestValuesFollowTheElement(t *testing.T) {
	for markup, want := range map[string]float64{
		`<meta itemprop=reviewRating content=4>`:                                 4,
		`<link itemprop=reviewRating href=x><i itemprop=ratingValue>3</i>`:       3,
		`<span itemprop=reviewRating>3 van 5</span>`:                             3,
		`<span itemprop=reviewRating content=2>twee</span>`:                      2,
		`<data itemprop=reviewRating value=1>een</data>`:                         1,
		`<meter itemprop=reviewRating value=4.5 max=5></meter>`:                  4.5,
		`<img itemprop=reviewRating alt="5 sterren" src=/5.png>`:                 5,
		`<i itemprop="reviewRating" itemscope><i itemprop=ratingValue>2</i></i>`: 2,
	} {
		f := parse(head + markup)
		if len(f.Mentions) != 1 || f.Mentions[0].Rating == nil || f.Mentions[0].Rating.Value != want {
			t.Errorf("%s: %+v, want %v", markup, f.Mentions, want)
		}
	}
	f := parse(head + `<time itemprop=datePublished datetime="2026-01-02">2 januari</time><a itemprop=url href="/r/1#x">link</a>`)
	if m := f.Mentions[0]; m.Published.Format("2006-01-02") != "2026-01-02" || m.URL != "https://www.example.com/r/1#x" {
		t.Errorf("time and link: %+v", m)
	}
}

func TestReferencedElementsBelongToTheItem(t *testing.T) {
	f := parse(`<div itemscope itemtype="https://schema.org/Product" itemref="a b a missing"></div><p id=a><b itemprop=name>Kettle</b></p>
<div id=b><div itemprop=review itemscope itemtype="https://schema.org/Review"><i itemprop=author>A</i><i itemprop=reviewBody>B</i></div></div>`)
	if len(f.Mentions) != 1 || f.Mentions[0].Item == nil || f.Mentions[0].Item.Name != "Kettle" {
		t.Errorf("got %+v", f.Mentions)
	}
	if f := parse(`<div id=x itemscope itemprop=y itemref=x>`); len(f.Mentions) != 0 {
		t.Errorf("an item that refers to itself gives %+v", f)
	}
}

func TestPropertiesOfOneElementAreShared(t *testing.T) {
	f := parse(`<div itemscope itemtype="http://schema.org/Product http://example.com/Thing"><b itemprop="name alternateName">Kettle</b>
<div itemprop="review reviews" itemscope itemtype="schema:Review"><i itemprop="author creator">A</i><i itemprop=reviewBody>B</i></div></div>`)
	if len(f.Mentions) != 1 || f.Mentions[0].Author.Name != "A" || f.Mentions[0].Item.Type != "Product" {
		t.Errorf("got %+v", f.Mentions)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(head + `<div itemprop=reviewRating itemscope><i itemprop=ratingValue>4</i></div></div>`)
	f.Add(`<i itemscope itemref="a b"></i><p id=a itemprop=x itemscope itemref=b><p id=b itemprop=y>`)
	f.Add(`<div itemscope itemtype="https://schema.org/Question"><a itemprop=author href=x>y</a><b itemprop=name>q</b><div itemprop=acceptedAnswer itemscope itemtype=Answer><b itemprop=text>a`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, m := range parse(body).Mentions {
			if m.Kind == "" || m.Evidence.Parser != "microdata" {
				t.Errorf("%q gives %+v", body, m)
			}
		}
	})
}
