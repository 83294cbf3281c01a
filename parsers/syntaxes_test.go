package parsers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"klank/mention"
)

// syntaxes are pages that say the same in several syntaxes of schema.org.
var syntaxes = map[string]struct{ jsonld, microdata, rdfa string }{
	"a product": {
		`<script type="application/ld+json">{"@context":"https://schema.org","@type":"Product","name":"Kettle & co","sku":"K-1","gtin13":"8712345678906","brand":{"@type":"Brand","name":"Lumo"},
"url":"https://www.example.com/k","aggregateRating":{"@type":"AggregateRating","ratingValue":"8,4","bestRating":"10","reviewCount":"1.234"},
"review":[{"@type":"Review","name":"Quick","author":{"@type":"Person","name":"Ann","url":"/u/ann"},"datePublished":"2026-01-02","inLanguage":"en","reviewRating":{"@type":"Rating","ratingValue":"9","bestRating":"10","worstRating":"1"},"reviewBody":"Boils fast. Café quality!"},
{"@type":"Review","author":"Bob","reviewBody":"Broke."}]}</script>`,
		`<div itemscope itemtype="https://schema.org/Product"><h1 itemprop=name>Kettle &amp; co</h1><meta itemprop=sku content="K-1"><i itemprop=gtin13>8712345678906</i>
<span itemprop=brand itemscope itemtype="https://schema.org/Brand"><b itemprop=name>Lumo</b></span><link itemprop=url href="/k">
<div itemprop=aggregateRating itemscope itemtype="https://schema.org/AggregateRating"><b itemprop=ratingValue>8,4</b> van <b itemprop=bestRating>10</b>, <i itemprop=reviewCount>1.234</i></div>
<article itemprop=review itemscope itemtype="https://schema.org/Review"><h2 itemprop=name>Quick</h2><a itemprop=author itemscope itemtype="https://schema.org/Person" href="/u/ann"><i itemprop=name>Ann</i><link itemprop=url href="/u/ann"></a>
<time itemprop=datePublished datetime="2026-01-02">2 jan</time><meta itemprop=inLanguage content=en><span itemprop=reviewRating itemscope itemtype="https://schema.org/Rating"><meta itemprop=worstRating content=1><b itemprop=ratingValue>9</b>/<b itemprop=bestRating>10</b></span>
<p itemprop=reviewBody>Boils <b>fast</b>. Caf&eacute; quality!</p></article>
<article itemprop=review itemscope itemtype="https://schema.org/Review"><b itemprop=author>Bob</b><p itemprop=reviewBody>Broke.</p></article></div>`,
		`<div vocab="https://schema.org/" typeof="Product"><h1 property=name>Kettle &amp; co</h1><meta property=sku content="K-1"><i property=gtin13>8712345678906</i>
<span property=brand typeof=Brand><b property=name>Lumo</b></span><link property=url href="/k">
<div property=aggregateRating typeof=AggregateRating><b property=ratingValue>8,4</b> van <b property=bestRating>10</b>, <i property=reviewCount>1.234</i></div>
<article property=review typeof=Review><h2 property=name>Quick</h2><span property=author typeof=Person><a property=url href="/u/ann"><i property=name>Ann</i></a></span>
<time property=datePublished datetime="2026-01-02">2 jan</time><meta property=inLanguage content=en><span property=reviewRating typeof=Rating><meta property=worstRating content=1><b property=ratingValue>9</b>/<b property=bestRating>10</b></span>
<p property=reviewBody>Boils <b>fast</b>. Caf&eacute; quality!</p></article>
<article property=review typeof=Review><b property=author>Bob</b><p property=reviewBody>Broke.</p></article></div>`,
	},
	"reviews that say what they are about": {
		`<script type="application/ld+json">[{"@context":"https://schema.org/","@type":"UserReview","@id":"https://www.example.com/r/77","itemReviewed":{"@type":"Hotel","name":"Zon","url":"/h"},"author":"Cor","reviewBody":"Clean.","reviewRating":{"@type":"Rating","ratingValue":4}},
{"@type":"ClaimReview","claimReviewed":"The moon is cheese","author":"Fact","reviewBody":"It is not.","reviewRating":{"@type":"Rating","ratingValue":1}}]</script>`,
		`<div itemscope itemtype="https://schema.org/UserReview" itemid="https://www.example.com/r/77"><div itemprop=itemReviewed itemscope itemtype="https://schema.org/Hotel"><a itemprop=url href="/h"><b itemprop=name>Zon</b></a></div>
<b itemprop=author>Cor</b><p itemprop=reviewBody>Clean.</p><meta itemprop=reviewRating content=4></div>
<div itemscope itemtype="https://schema.org/ClaimReview"><b itemprop=author>Fact</b><p itemprop=reviewBody>It is not.</p><meta itemprop=reviewRating content=1></div>`,
		`<div vocab="https://schema.org/" typeof="UserReview" resource="https://www.example.com/r/77"><div property=itemReviewed typeof=Hotel><a property=url href="/h"><b property=name>Zon</b></a></div>
<b property=author>Cor</b><p property=reviewBody>Clean.</p><meta property=reviewRating content=4></div>
<div vocab="https://schema.org/" typeof="ClaimReview"><b property=author>Fact</b><p property=reviewBody>It is not.</p><meta property=reviewRating content=1></div>`,
	},
	"a thread": {
		`<script type="application/ld+json">{"@type":"DiscussionForumPosting","headline":"Which kettle?","text":"Mine broke.","author":{"@type":"Person","name":"Dee"},"datePublished":"2026-02-03T10:00:00+01:00",
"comment":[{"@type":"Comment","text":"Lumo.","author":{"@type":"Person","name":"Eve"},"upvoteCount":3,"comment":{"@type":"Comment","text":"Thanks.","author":{"@type":"Person","name":"Dee"}}}]}</script>`,
		`<div itemscope itemtype="https://schema.org/DiscussionForumPosting"><h1 itemprop=headline>Which kettle?</h1><p itemprop=text>Mine broke.</p><b itemprop=author itemscope itemtype="https://schema.org/Person"><i itemprop=name>Dee</i></b>
<time itemprop=datePublished datetime="2026-02-03T10:00:00+01:00">x</time><div itemprop=comment itemscope itemtype="https://schema.org/Comment"><p itemprop=text>Lumo.</p><b itemprop=author>Eve</b><i itemprop=upvoteCount>3</i>
<div itemprop=comment itemscope itemtype="https://schema.org/Comment"><p itemprop=text>Thanks.</p><b itemprop=author>Dee</b></div></div></div>`,
		`<div vocab="https://schema.org/" typeof=DiscussionForumPosting><h1 property=headline>Which kettle?</h1><p property=text>Mine broke.</p><b property=author typeof=Person><i property=name>Dee</i></b>
<time property=datePublished datetime="2026-02-03T10:00:00+01:00">x</time><div property=comment typeof=Comment><p property=text>Lumo.</p><b property=author>Eve</b><i property=upvoteCount>3</i>
<div property=comment typeof=Comment><p property=text>Thanks.</p><b property=author>Dee</b></div></div></div>`,
	},
	"questions": {
		`<script type="application/ld+json">{"@type":"QAPage","mainEntity":{"@type":"Question","name":"Does it whistle?","author":{"@type":"Person","name":"Fay"},"answerCount":2,"acceptedAnswer":{"@type":"Answer","text":"It does.","author":"Gus","upvoteCount":"5"},"suggestedAnswer":[{"@type":"Answer","text":"Mine does not."}]}}</script>`,
		`<body itemscope itemtype="https://schema.org/QAPage"><div itemprop=mainEntity itemscope itemtype="https://schema.org/Question"><h1 itemprop=name>Does it whistle?</h1><b itemprop=author>Fay</b><i itemprop=answerCount>2</i>
<div itemprop=acceptedAnswer itemscope itemtype="https://schema.org/Answer"><p itemprop=text>It does.</p><b itemprop=author>Gus</b><i itemprop=upvoteCount>5</i></div>
<div itemprop=suggestedAnswer itemscope itemtype="https://schema.org/Answer"><p itemprop=text>Mine does not.</p></div></div>`,
		`<body vocab="https://schema.org/" typeof="QAPage"><div property=mainEntity typeof=Question><h1 property=name>Does it whistle?</h1><b property=author>Fay</b><i property=answerCount>2</i>
<div property=acceptedAnswer typeof=Answer><p property=text>It does.</p><b property=author>Gus</b><i property=upvoteCount>5</i></div>
<div property=suggestedAnswer typeof=Answer><p property=text>Mine does not.</p></div></div>`,
	},
}

func TestAPageSaysTheSameInEverySyntax(t *testing.T) {
	alike := cmp.Options{cmpopts.IgnoreFields(mention.Mention{}, "Evidence")}
	for name, c := range syntaxes {
		t.Run(name, func(t *testing.T) {
			read := func(bodies ...string) Result {
				body := "<html lang=nl>"
				for _, b := range bodies {
					body += b
				}
				return parse(t, page("https://www.example.com/k", body), Options{})
			}
			want := read(c.jsonld)
			if len(want.Mentions) == 0 {
				t.Fatal("no mentions")
			}
			for syntax, got := range map[string]Result{
				"microdata": read(c.microdata), "rdfa": read(c.rdfa), "all at once": read(c.microdata, c.rdfa, c.jsonld), "twice": read(c.jsonld, c.jsonld),
			} {
				if d := cmp.Diff(want.Mentions, got.Mentions, alike); d != "" {
					t.Errorf("%s: mentions differ (-jsonld +%s):\n%s", syntax, syntax, d)
				}
				if d := cmp.Diff(want.Items, got.Items); d != "" {
					t.Errorf("%s: items differ (-jsonld +%s):\n%s", syntax, syntax, d)
				}
			}
		})
	}
}
