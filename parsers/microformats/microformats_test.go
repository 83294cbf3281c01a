package microformats

import (
	"strings"
	"testing"
	"time"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.html", Parse) }

func TestADateInTheReviewersCardIsTheReviews(t *testing.T) {
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/p/1", ContentType: "text/html", Body: []byte(`<div class="hreview"><b class="item"><i class="fn">Zon</i></b>
<span class="reviewer vcard">by <span class="fn">Ann</span>, <abbr class="dtreviewed" title="20260418T2300-0700">April 18</abbr></span><p class="description">Fine.</p></div>`)})
	if f := Parse(d); len(f.Mentions) != 1 || f.Mentions[0].Published.Format(time.RFC3339) != "2026-04-19T06:00:00Z" || f.Mentions[0].Author.Name != "Ann" {
		t.Errorf("found %+v", f)
	}
}

func TestTagsOfAReviewMayHaveGradesOfTheirOwn(t *testing.T) {
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/p/1", ContentType: "text/html", Body: []byte(`<div class="hreview"><b class="item"><i class="fn">Zon</i></b> <i class="reviewer">Ann</i>
<ul><li class="rating"><a href="/tags/Service" rel="tag">Service: <i class="value">18</i></a>/<i class="best">30</i></li><li class="rating"><a href="/tags/food" rel="tag">Food: <b class="value">4</b></a></li></ul>
<p>All in all <i class="rating">3</i> of <i class="best">5</i></p><p class="description">Fine.</p></div>`)})
	f := Parse(d)
	if len(f.Mentions) != 1 || len(f.Mentions[0].Ratings) != 2 {
		t.Fatalf("found %+v", f)
	}
	m := f.Mentions[0]
	if m.Rating == nil || m.Rating.Value != 3 || m.Rating.Best != 5 {
		t.Errorf("rating is %+v", m.Rating)
	}
	if s := m.Ratings[0]; s.Name != "Service" || s.Touchpoint != "service_contact" || s.Value != 18 || s.Best != 30 {
		t.Errorf("sub-rating is %+v", s)
	}
	if s := m.Ratings[1]; s.Name != "food" || s.Value != 4 || s.Best != 5 {
		t.Errorf("sub-rating is %+v", s)
	}
}

func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`<p class="hreview"><b class=item>x</b><abbr class=rating title=4></abbr><b class="reviewer vcard"><b class=given-name>A</b>`,
		`<p class="h-review p-item u-url e-content dt-published" id=a><img class="u-photo value" alt=x src=y><b class=value-title title="2 pm">`,
		`<a class="h-entry" href=/1><b class="u-comment h-cite"><i class=p-author>A</i><i class=p-content>B</i><a class=u-in-reply-to href=/1>`,
	} {
		f.Add([]byte(body))
	}
	foundtest.Fuzz(f, "testdata/*.html", Present, Parse)
}

func page(body string) *document.Document { return foundtest.Open("p.html", []byte(body)) }

func TestPagesWithoutReviewsOrPostsAreNotRead(t *testing.T) {
	for body, want := range map[string]bool{
		`<p class="x hreview">`:                    true,
		"<p class='a\nh-entry'>":                   true,
		`<div class="hentry hproduct vcard">`:      false,
		`<div class="h-card my-hreview h-entryx">`: false,
		`<p id=h-entry>h-entry`:                    false,
	} {
		if got := Present(page(body)); got != want {
			t.Errorf("%s: present is %v", body, got)
		}
	}
}

func TestWhatASitePublishesIsNoMention(t *testing.T) {
	for name, body := range map[string]string{
		"an article":                      `<article class=h-entry><h1 class=p-name>Tea</h1><p class="p-author h-card">Ann</p><div class=e-content>All about it.</div></article>`,
		"an article without a name":       `<article class=h-entry><h1>Tea</h1><p class="p-author h-card">Ann</p><div class=e-content>All about it.</div></article>`,
		"an entry of microformats 1":      `<div class=hentry><p class="author vcard"><b class=fn>Ann</b></p><div class=entry-content>All about it.</div></div><i class=h-cite>x</i>`,
		"a recipe with its average":       `<div class=hrecipe><b class=fn>Pie</b><b class=author>Ann</b><p class=summary>Sweet.</p><p class="review hreview-aggregate"><b class=rating>4.5</b></p></div>`,
		"a quotation":                     `<div class=h-entry><p class=p-name>Links</p><p class=e-content>Read this</p><p class=h-cite><b class=p-author>Bob</b><i class=e-content>Words</i></p></div>`,
		"a like":                          `<div class=h-entry><b class=p-author>Ann</b><a class=u-like-of href=/x>x</a><p class=e-content>Liked it</p></div>`,
		"a review that says nothing":      `<div class=hreview><b class=fn>Pie</b></div>`,
		"a note by nobody, at no time":    `<div class=h-entry><p class=e-content>Hello</p></div>`,
		"a person":                        `<p class=h-card>Ann</p><p class=h-entry></p>`,
		"a template":                      `<template><div class=h-review><b class=p-author>A</b><b class=p-rating>4</b></div></template>`,
		"a class that only begins as one": `<div class=h-review-list><b class=p-author>A</b><b class=p-rating>4</b></div>`,
	} {
		if f := Parse(page(body)); len(f.Mentions) != 0 {
			t.Errorf("%s gives %+v", name, f.Mentions)
		}
	}
}

func TestARatingIsReadHoweverItIsGiven(t *testing.T) {
	for markup, want := range map[string]float64{
		`<b class=rating>4</b>`:                                          4,
		`<b class=rating><i class=value>3.5</i> of 5</b>`:                3.5,
		`<abbr class=rating title=2>**</abbr>`:                           2,
		`<img class=rating src=/5.png alt="5 out of 5">`:                 5,
		`<b class=rating><i class=value-title title=1></i>one star</b>`:  1,
		`<b class=rating>8,5</b> / <b class=best>10</b>`:                 8.5,
		`<data class=rating value=4>four</data>`:                         4,
		`<b class=rating><b class=value>4</b>/<b class=best>5</b></b>`:   4,
		`<span class=rating>4</span><span class="rating">1 (food)</b>`:   4,
		`<p><span><span class="rating"> <b> 3 </b> </span></span></p>`:   3,
		`<b class=rating>9</b><b class=best>10</b><b class=worst>1</b>`:  9,
		`<b class="rating r9"><i class=value>9</i><i class=best>10</i>`:  9,
		`<b class=rating>★★★★☆</b>`:                                      4,
		`<i class="item hproduct"><b class=fn>X</b></i><b class=rating>`: 0,
	} {
		f := Parse(page(`<div class=hreview><b class=reviewer>Ann</b> <p class=description>Text</p>` + markup))
		if len(f.Mentions) != 1 {
			t.Errorf("%s gives %d mentions", markup, len(f.Mentions))
			continue
		}
		got := 0.0
		if r := f.Mentions[0].Rating; r != nil {
			got = r.Value
		}
		if got != want {
			t.Errorf("%s: rating is %v, want %v", markup, got, want)
		}
	}
}

func TestWhatIsSaidElsewhereOnThePageBelongsToTheReview(t *testing.T) {
	for name, markup := range map[string]string{
		"a link":  `<div class=hreview><a class=include href="#k">the kettle</a>%</div>`,
		"objects": `<div class=hreview><object class=include data="#k"></object>%</div>`,
		"itemref": `<div class=hreview itemref="k none">%</div>`,
	} {
		f := Parse(page(strings.Replace(markup, "%", `<b class=reviewer>Ann</b><b class=rating>4</b>`, 1) + `<p class=item id=k><b class=fn>Kettle</b></p>`))
		if len(f.Mentions) != 1 || f.Mentions[0].Item == nil || f.Mentions[0].Item.Name != "Kettle" {
			t.Errorf("%s: %+v", name, f.Mentions)
		}
	}
}

// TestHostilePagesAreReadInBoundedTime does not measure: the limit only tells
// seconds from the minutes that quadratic work would take.
func TestHostilePagesAreReadInBoundedTime(t *testing.T) {
	const n = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for name, body := range map[string]string{
		"classes":            `<div class="h-review ` + repeat("p-a ") + `">x</div>`,
		"types":              `<div class="` + repeat("h-review ") + `">x</div>`,
		"properties of one":  `<div class=h-review><b class="` + repeat("p-name ") + `">x</b></div>`,
		"properties":         `<div class=h-review>` + repeat(`<b class="p-a u-b dt-c e-d">x</b>`) + `</div>`,
		"nested properties":  `<div class=h-review>` + strings.Repeat("<b class='p-a e-b u-c dt-d'>", 400) + repeat("text "),
		"nested items":       strings.Repeat("<div class='h-review p-item'>", 400) + repeat("text "),
		"nested entries":     strings.Repeat("<div class='h-entry u-comment'>", 400) + repeat("<p class=e-content>text</p>"),
		"values":             `<div class=hreview><b class=rating>` + repeat(`<b class=value>1</b>`) + `</b></div>`,
		"values of nested":   `<div class=h-entry>` + strings.Repeat("<b class=p-a><i>", 200) + repeat("<i class=value>1</i>"),
		"entries":            repeat(`<p class=h-entry><b class=p-author>A</b><i class=e-content>b</i></p>`),
		"items":              repeat(`<p class=h-review></p>`),
		"roots and children": `<div class=h-feed>` + repeat(`<i class=h-x></i>`),
		"includes":           `<div class=hreview id=a>` + repeat(`<a class=include href="#a">x</a>`),
		"includes of others": strings.Repeat(`<div class=hreview itemref="a b"></div>`, 2000) + `<div id=a>` + repeat(`<b class=summary id=b>y</b>`),
		"only children":      strings.Repeat("<div class=h-a>", 400) + repeat("<img src=x>"),
	} {
		start := time.Now()
		f := Parse(page(body))
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: 1 MB took %v", name, d)
		} else {
			t.Logf("%-18s %6d ms, %d mentions, %d problems", name, d.Milliseconds(), len(f.Mentions), len(f.Problems))
		}
	}
}

func TestAReplyNamesTheEntryItAnswers(t *testing.T) {
	f := Parse(page(`<div class=h-entry><b class=p-author>B</b><a class=u-in-reply-to href=/1>re</a><p class=e-content>Yes.</p></div>
<div class=h-entry><b class=p-author>A</b><a class=u-url href=/1>link</a><p class=e-content>No?</p></div>`))
	if len(f.Mentions) != 2 || f.Mentions[0].Kind != mention.Comment || f.Mentions[0].ParentHandle != f.Mentions[1].Handle || f.Mentions[1].ParentHandle != "" {
		t.Errorf("found %+v", f.Mentions)
	}
}
