package parsers

import (
	"fmt"
	"strings"
	"testing"
)

// shopPage builds a product page of some 75 KB with ten reviews, written as
// the template says: jsonld, microdata or plain.
func shopPage(template string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Ketel</title></head><body><nav><ul>`)
	b.WriteString(numbered(`<li class="menu c%"><a href="/list?page=1" rel="nofollow">Categorie %</a></li>`, 40))
	b.WriteString(`</ul></nav><main><h1>Ketel</h1>`)
	b.WriteString(numbered(`<div class="tile c%" data-sku="%"><a href="/p/%"><img src="/img/%.jpg" alt="Foto %" width="120"></a><span class="price">€ %,99</span></div>
<div class="spec c%"><span class="k">Eigenschap %</span><span class="v">Een ketel die op elke kookplaat past en nooit te heet wordt om vast te houden.</span></div>
`, 220))
	const text = "Snel warm en stil. Na een maand dagelijks gebruik nog steeds tevreden, al past de deksel niet meer zo strak als in het begin."
	switch template {
	case "jsonld":
		b.WriteString(`<script type="application/ld+json">{"@context":"https://schema.org","@type":"Product","name":"Ketel","sku":"1","aggregateRating":{"@type":"AggregateRating","ratingValue":3.9,"reviewCount":10},"review":[`)
		for i := range 10 {
			fmt.Fprintf(&b, `%s{"@type":"Review","identifier":"r%06d","author":{"@type":"Person","name":"Lid %d"},"datePublished":"2026-01-%02d","reviewBody":"%s","reviewRating":{"@type":"Rating","ratingValue":4,"bestRating":5}}`, strings.Repeat(",", min(i, 1)), i, i, i+1, text)
		}
		b.WriteString(`]}</script>`)
	case "microdata":
		b.WriteString(`<div itemscope itemtype="https://schema.org/Product"><meta itemprop="name" content="Ketel">`)
		for i := range 10 {
			fmt.Fprintf(&b, `<div itemprop="review" itemscope itemtype="https://schema.org/Review" id="r%06d"><span itemprop="author">Lid %d</span><meta itemprop="datePublished" content="2026-01-%02d"><meta itemprop="reviewRating" content="4"><p itemprop="reviewBody">%s</p></div>`, i, i, i+1, text)
		}
		b.WriteString(`</div>`)
	case "plain":
		b.WriteString(`<section class="reviews">`)
		for i := range 10 {
			fmt.Fprintf(&b, `<article class="review-card" data-review-id="r%06d"><div class="review-meta"><span class="review-author">Lid %d</span> <time class="review-date" datetime="2026-01-%02d">%d januari</time> <span class="stars" aria-label="4 van 5 sterren"></span></div><div class="review-body"><p>%s</p></div></article>`, i, i, i+1, i+1, text)
		}
		b.WriteString(`</section>`)
	}
	b.WriteString(`</main></body></html>`)
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, template := range []string{"jsonld", "microdata", "plain", "none"} {
		b.Run(template, func(b *testing.B) {
			body := shopPage(template)
			reg := New()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reg.Parse(page("https://www.example.com/p/1", body), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestEveryTemplateOfAShopGivesItsReviews(t *testing.T) {
	for template, want := range map[string]int{"jsonld": 10, "microdata": 10, "plain": 10, "none": 0} {
		r := parse(t, page("https://www.example.com/p/1", shopPage(template)), Options{})
		if len(r.Mentions) != want {
			t.Errorf("%s: %d mentions, want %d", template, len(r.Mentions), want)
		}
		for _, m := range r.Mentions {
			if m.Rating == nil || m.Rating.Value != 4 || m.Author == nil || m.Published.IsZero() || !strings.HasPrefix(m.Text, "Snel warm") {
				t.Errorf("%s: %+v", template, m)
			}
		}
	}
}
