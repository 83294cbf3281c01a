package parsers

import "testing"

const productMetas = `<meta property="og:type" content="product"><meta property="og:title" content="Kettle 2000 - Shop"><meta property="og:site_name" content="Shop">
<meta property="og:url" content="https://www.example.com/k"><meta property="product:ean" content="8712345678906"><meta property="product:brand" content="Lumo"><meta property="og:rating" content="4">`

func TestMetaElementsCompleteThePagesOneItem(t *testing.T) {
	const graded = `"aggregateRating":{"ratingValue":4.5,"reviewCount":8}`
	for name, c := range map[string]struct {
		jsonld      string
		items       int
		gtin, brand string
		grade       float64
	}{
		"no other":         {``, 1, "8712345678906", "Lumo", 4},
		"a shorter name":   {`{"@type":"Product","name":"Kettle",` + graded + `}`, 1, "8712345678906", "Lumo", 4.5},
		"without a grade":  {`{"@type":"Product","name":"Kettle 2000 (black)"}`, 1, "8712345678906", "Lumo", 4},
		"its own brand":    {`{"@type":"Product","name":"Kettle 2000","brand":"Other",` + graded + `}`, 1, "8712345678906", "Other", 4.5},
		"another number":   {`{"@type":"Product","name":"Kettle 2000","gtin":"4006381333931",` + graded + `}`, 1, "4006381333931", "", 4.5},
		"another name":     {`{"@type":"Product","name":"Toaster",` + graded + `}`, 1, "", "", 4.5},
		"one item of many": {`{"@type":"Product","name":"Kettle 2000",` + graded + `},{"@type":"Product","name":"Toaster"}`, 2, "", "", 4.5},
		"the shop's grade": {`{"@type":"Organization","name":"Shop",` + graded + `}`, 2, "", "", 4.5},
	} {
		items := parse(t, page("https://www.example.com/k", productMetas+`<script type="application/ld+json">[`+c.jsonld+`]</script>`), Options{}).Items
		if len(items) != c.items || items[0].GTIN != c.gtin || items[0].Brand != c.brand || items[0].Rating == nil || items[0].Rating.Value != c.grade {
			t.Errorf("%s: items are %+v", name, items)
		}
	}
}

func TestReviewsWithoutMarkupAreAboutTheProductOfTheMetaElements(t *testing.T) {
	one := func(who, text string) string {
		return `<div class=review><b class=author>` + who + `</b> <span class=stars aria-label="4 out of 5"></span> <time datetime="2026-01-02">2 January 2026</time><p>` + text + `</p></div>`
	}
	ms := parse(t, page("https://www.example.com/k", productMetas+`<h1>Kettle 2000</h1><div class=reviews>`+one("Ann", "It boils fast and looks good too.")+
		one("Bob", "Mine broke after a week of tea.")+one("Eve", "Quiet enough for the night, and light.")+`</div>`), Options{}).Mentions
	if len(ms) != 3 || ms[0].Item == nil || ms[0].Item.Name != "Kettle 2000" || ms[0].Item.GTIN != "8712345678906" {
		t.Errorf("got %+v", ms)
	}
}

func TestAPostHasTheTimeOfTheArticleThatThePageIs(t *testing.T) {
	metas := `<meta property="og:type" content="article"><meta property="og:title" content="Which kettle? - Board"><meta property="article:published_time" content="2026-02-03">`
	for body, want := range map[string]bool{
		`{"@type":"DiscussionForumPosting","headline":"Which kettle?","text":"Mine broke.","author":"Ann"}`:                              true,
		`{"@type":"DiscussionForumPosting","headline":"Which kettle?","text":"Mine broke.","author":"Ann","datePublished":"2026-01-01"}`: false,
		`{"@type":"DiscussionForumPosting","headline":"Which toaster?","text":"Mine broke.","author":"Ann"}`:                             false,
	} {
		ms := parse(t, page("https://www.example.com/t", metas+`<script type="application/ld+json">`+body+`</script>`), Options{}).Mentions
		if len(ms) != 1 || (ms[0].Published.Format("2006-01-02") == "2026-02-03") != want {
			t.Errorf("%s: got %+v", body, ms)
		}
	}
}
