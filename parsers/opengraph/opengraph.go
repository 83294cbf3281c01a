// Package opengraph reads what the meta elements of a page say about the one
// thing that the page is about: Open Graph (https://ogp.me) with the types of
// product, book and article that Facebook
// (https://developers.facebook.com/docs/marketing-api/catalog/guides/microdata-tags)
// and Pinterest (https://developers.pinterest.com/docs/rich-pins) defined.
//
// A product becomes an item; an article becomes a post without a text, which
// is no mention but may tell when a post on the page was written. Both only
// complete what other syntaxes say, see parsers.Registry. It is not for
// reviews: these properties know none.
package opengraph

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/schemaorg"
)

// Present tells cheaply whether a page has such properties.
func Present(d *document.Document) bool {
	for _, m := range d.Outline().Metas {
		if strings.HasPrefix(m.Name, "og:") || strings.HasPrefix(m.Name, "product:") {
			return true
		}
	}
	return false
}

// Parse returns the item or the post that the page says to be, if any.
func Parse(d *document.Document) document.Found {
	p := properties{}
	for _, m := range d.Outline().Metas {
		if _, ok := p[m.Name]; !ok {
			p[m.Name] = m.Content
		}
	}
	title := p.title()
	if title == "" {
		return document.Found{}
	}
	switch typ := p.itemType(); {
	case typ != "":
		return document.Found{Items: []mention.Item{p.item(d, title, typ)}}
	case strings.EqualFold(p.text("og:type"), "article"):
		return document.Found{Mentions: p.post(d, title)}
	}
	return document.Found{}
}

// properties are the contents of the meta elements by their names in lower
// case; the first of a name counts.
type properties map[string]string

// text returns the first of the properties that says anything, as a line.
func (p properties) text(names ...string) string {
	for _, name := range names {
		if s := normalize.Line(p[name]); s != "" {
			return s
		}
	}
	return ""
}

// title is og:title without the name of the site.
func (p properties) title() string {
	title, site := p.text("og:title"), p.text("og:site_name")
	if site == "" || len(title) <= len(site) || !strings.EqualFold(title[len(title)-len(site):], site) {
		return title
	}
	cut := strings.TrimRight(title[:len(title)-len(site)], " ")
	if bare := strings.TrimRight(cut, " -–—|·•:»/"); bare != "" && bare != cut {
		return bare
	}
	return title
}

// itemTypes are what schema.org calls the things of og:type that are reviewed.
var itemTypes = map[string]string{
	"product": "Product", "product.item": "Product", "og:product": "Product", "product.group": "ProductGroup",
	"book": "Book", "books.book": "Book", "video.movie": "Movie", "video.tv_show": "TVSeries",
	"restaurant.restaurant": "Restaurant", "hotel": "Hotel", "business.business": "LocalBusiness", "place": "LocalBusiness",
	"game": "Game", "music.album": "MusicAlbum",
}

// itemType is the type of the page's item; "" where it says to be about none.
// Shops that call every page a website still give the product's price.
func (p properties) itemType() string {
	if typ := itemTypes[strings.ToLower(p.text("og:type"))]; typ != "" {
		return typ
	}
	if p.text("product:price:amount", "product:retailer_item_id", "product:brand", "product:ean", "product:gtin") != "" {
		return "Product"
	}
	return ""
}

func (p properties) item(d *document.Document, title, typ string) mention.Item {
	it := mention.Item{ItemRef: mention.ItemRef{
		Name: title, Type: typ, URL: d.Abs(p["og:url"]),
		Brand: p.text("product:brand", "og:brand"),
		GTIN:  schemaorg.GTIN(p.text("product:ean", "product:gtin", "product:gtin13", "product:upc", "product:isbn", "og:ean", "og:upc", "og:isbn", "book:isbn", "books:isbn")),
		SKU:   p.text("product:retailer_item_id", "product:sku", "product:retailer_part_no", "product:mfr_part_no"),
	}}
	it.Rating = normalize.Rating(p.text("og:rating", "product:rating:value", "product:rating", "books:rating:value", "book:rating:value"),
		p.text("og:rating_scale", "product:rating:scale", "books:rating:scale", "book:rating:scale"), "")
	if n, ok := normalize.Count(p.text("og:rating_count", "product:rating:count")); ok {
		it.RatingCount = &n
	}
	if n, ok := normalize.Count(p.text("og:review_count", "product:review:count")); ok {
		it.ReviewCount = &n
	}
	return it
}

// post is the article as a post: its title and its times.
func (p properties) post(d *document.Document, title string) []document.Candidate {
	c := document.Candidate{Mention: mention.Mention{Kind: mention.Post, Title: title, URL: d.Abs(p["og:url"])}}
	when, precision, ok := normalize.Date(p.text("article:published_time"), d.Language, d.Page.Fetched)
	if !ok {
		return nil
	}
	c.Published, c.PublishedPrecision = when, precision
	if when, _, ok := normalize.Date(p.text("article:modified_time", "og:updated_time"), d.Language, d.Page.Fetched); ok && when.After(c.Published) {
		c.Updated = when
	}
	return []document.Candidate{c}
}
