package parsers

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"klank/mention"
)

// hostile are pages of n bytes, each of one thing that costs a careless parser
// much more than its size.
func hostile(n int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, n/len(unit)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	ld := func(body string) string { return `<script type="application/ld+json">` + body + `</script>` }
	review := `<div class=review id="review-%[1]d00"><b class=author>a</b><time datetime="2025-01-01"></time><p class=text>some words in here</p></div>`
	return map[string]string{
		"nested elements":       fill("<div>"),
		"nested reviews":        fill(`<div class="review">`),
		"nested items":          fill("<div itemscope>"),
		"nested typed items":    fill(`<div itemscope itemprop=review itemtype="http://schema.org/Review">`),
		"nested microformats":   fill("<div class=h-entry>"),
		"nested fonts":          numbered(`<font size=%d>`),
		"fonts and paragraphs":  "<p>" + numbered(`<b id=%d>`)[:20_000] + fill("<p>x</p>"),
		"links in each other":   fill(`<a href=/x><div>`),
		"tables in each other":  fill("<table><tr><td>"),
		"stray text in tables":  fill("<table>x<b>y"),
		"stray rows":            "<table>" + fill("x<tr>"),
		"lists in each other":   fill("<ul><li>"),
		"headings":              fill("<h2>x<h3>"),
		"end tags":              strings.Repeat("<span>", 400) + fill("</p></b>"),
		"forms":                 fill("<form><input>"),
		"selects":               fill("<select><option>x"),
		"templates":             fill("<template>"),
		"drawings":              fill("<svg><g>"),
		"drawings with HTML":    fill("<svg><desc><p>"),
		"short elements":        fill("x<p>"),
		"comments":              fill("<!--x-->"),
		"doctypes":              fill("<!doctype html>"),
		"attributes":            "<div " + numbered(" a%d") + ">",
		"one attribute":         "<div " + fill(" a") + ">",
		"attributes with value": `<div itemscope ` + numbered(` data-%d-id=x`) + ">",
		"a long attribute":      `<div class="` + fill("review ") + `">`,
		"a long style":          `<div class=star style="` + fill("width:1%;") + `">`,
		"a long link":           `<a href="` + fill("/..") + `">x</a>`,
		"links":                 numbered(`<a href="/p/%d?page=2">next</a>`),
		"entities":              fill("&amp;"),
		"nested entities":       "<p class=review>" + fill("&amp;amp;amp;lt;"),
		"broken entities":       fill("&#x&#"),
		"unclosed tags":         fill("<a b="),
		"unclosed quotes":       fill(`<a b="`),
		"unclosed comments":     fill("<!-- <"),
		"open brackets":         fill("<"),
		"a long script":         "<script>" + fill("<!--<script>"),
		"scripts":               fill("<script></script>"),
		"a block of arrays":     ld(fill("[")),
		"a block of objects":    ld(fill(`{"review":`)),
		"a block of reviews":    ld(`[` + fill(`{"@type":"Review","author":"a","reviewBody":"b"},`) + `0]`),
		"blocks":                fill(ld(`{"@type":"Review"}`)),
		"blocks of references":  ld(`{"@graph":[` + numbered(`{"@id":"#%[1]d","@type":"Product","review":{"@id":"#%[1]d"}},`) + `0]}`),
		"references to each":    ld(`{"@graph":[` + numbered(`{"@id":"#%[1]d","@type":"Review","author":"a","reviewBody":"x","itemReviewed":{"@id":"#0"}},`) + `0]}`),
		"items referring":       numbered(`<p itemscope id=a%[1]d itemref="a0 a1 a2 a3 a4 a5 a6 a7"></p>`),
		"reviews":               numbered(review),
		"reviews in a list":     `<div class=reviews>` + numbered(`<div><b class=author>a%d</b><time datetime="2025-01-01"></time><p>some words in here</p></div>`),
		"reviews of all names":  numbered(`<div class="review-%[1]d comment%[1]d post%[1]d">by a <time datetime="2025-01-01"></time> some words in here</div>`),
		"stars":                 fill(`<i class=star>★</i>`),
		"rows of stars":         fill(`<div class=stars>` + strings.Repeat(`<i class=star></i>`, 5) + `</div>`),
		"dates":                 fill(`<b class=comment>1-1-2025</b>`),
		"entries":               `<dl class=comments>` + fill(`<dt>ann<dd>some words that are long enough`),
		"lists of entries":      fill(`<dl><dt>a<dd>some words that are long enough to be read`),
		"quotes":                fill(`<div class=post id=post1><a class=author>x</a><time>1 May 2025</time><blockquote>x wrote:`),
		"microformat children":  `<div class=h-review>` + fill(`<b class="p-name u-url p-author h-card">x</b>`),
		"text":                  "<p class=comment>" + fill("word "),
		"lines":                 "<pre class=comment>" + fill("\r\n"),
		"noughts":               "<p class=review>" + fill("\x00x"),
		"nested feed":           "<?xml version=\"1.0\"?><rss><channel>" + fill("<item>"),
		"nested answer":         fill(`{"a":`),
		"answer of arrays":      fill(`[`),
	}
}

// allocated returns how many bytes and objects reading a page once more takes
// in all, freed ones included: what time goes by, on any machine. What is kept
// for the next page counts the first time only.
func allocated(t *testing.T, body string) (bytes, objects uint64) {
	t.Helper()
	p := &mention.Page{URL: "https://www.example.com/p", Status: 200, Body: []byte(body)}
	var before, after runtime.MemStats
	reg := New()
	for _, stats := range []*runtime.MemStats{&before, &after} {
		if _, err := reg.Parse(p, Options{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(stats)
	}
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}

// TestHostilePagesCostNoMoreThanTheirSize holds that what reading takes grows
// as the page does, and stays within 200 times its size: twice the page may
// not take more than little over twice as much.
func TestHostilePagesCostNoMoreThanTheirSize(t *testing.T) {
	small, large := hostile(1<<16), hostile(1<<17)
	for name := range small {
		bytes, objects := allocated(t, small[name])
		bytes2, objects2 := allocated(t, large[name])
		const start = 8 << 20 // what a collection in between takes from the pools
		if most := 200*uint64(len(large[name])) + start; bytes2 > most {
			t.Errorf("%s: %d bytes for a page of %d", name, bytes2, len(large[name]))
		}
		if bytes2 > 5*bytes/2+start || objects2 > 5*objects/2+20_000 {
			t.Errorf("%s: from %d bytes in %d objects to %d in %d", name, bytes, objects, bytes2, objects2)
		}
	}
}

func TestMentionsBeyondTheBoundAreTold(t *testing.T) {
	var b strings.Builder
	for i := range maxMentions + 10 {
		fmt.Fprintf(&b, `{"@type":"Review","author":"a%[1]d","reviewBody":"b%[1]d"},`, i)
	}
	res, err := New().Parse(page("https://www.example.com/p", `<script type="application/ld+json">[`+b.String()+`0]</script>`), Options{})
	if err != nil || len(res.Mentions) > maxMentions || len(res.Problems) == 0 || !strings.Contains(res.Problems[len(res.Problems)-1].What, "the rest is left out") {
		t.Errorf("%d mentions, %v, %v", len(res.Mentions), res.Problems, err)
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, body := range hostile(1 << 20) {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			p := &mention.Page{URL: "https://www.example.com/p", Status: 200, Body: []byte(body)}
			for b.Loop() {
				if _, err := New().Parse(p, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
