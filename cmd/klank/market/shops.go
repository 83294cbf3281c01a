package market

import (
	"cmp"
	"encoding/json"
	"html/template"
	"slices"
	"time"

	"klank/mention"
)

const (
	kindSite     = "site"
	kindFeed     = "feed"
	kindMastodon = "mastodon"
)

// copperlark is a British shop whose reviews stand in JSON-LD, page by page,
// and whose robots.txt keeps account and basket to itself.
func copperlark() *site {
	return &site{
		name: "copperlark", kind: kindSite, Title: "Copperlark Kitchen", Tagline: "Good tools for small kitchens since 1987",
		Lang: "en", Accent: "#9a4a1f", seeds: []string{"/"}, disallow: []string{"/account/", "/cart/"}, delay: "0.2",
		best: 5, usual: mention.Review, productPath: "/product/",
		render: func(s *site) error {
			return s.renderShop(shop{
				lists: []list{
					{"/coffee-machines", "Coffee machines", []string{"bean-to-cup", "espresso", "filter"}},
					{"/grinders-and-kettles", "Grinders and kettles", []string{"grinder", "kettle", "frother"}},
				},
				perList: 3, perProduct: 6, param: "page", data: productLD,
				extra: map[string]string{
					"/faq": "faq", "/delivery": "delivery", "/account/login": "login", "/account/orders": "orders", "/cart/": "cart",
				},
			})
		},
	}
}

// kruimelhof is a Dutch shop with microdata and grades out of ten. One
// product declares reviews it does not show, one page is broken HTML, one is
// still in windows-1252.
func kruimelhof() *site {
	return &site{
		name: "kruimelhof", kind: kindSite, Title: "Kruimelhof", Tagline: "Alles voor koffie en keuken",
		Lang: "nl", Accent: "#1f6b4a", seeds: []string{"/"}, disallow: []string{"/zoeken", "/winkelwagen"},
		best: 10, usual: mention.Review, productPath: "/artikel/",
		render: func(s *site) error {
			return s.renderShop(shop{
				lists:   []list{{"/koffie", "Koffie en molens", nil}},
				perList: 3, perProduct: 5, param: "pagina",
				templates: map[string]string{"brimsel-noor": "oud"},
				charsets:  map[string]string{"halvane-mill-40": "windows-1252"},
				extra:     map[string]string{"/klantenservice": "service", "/winkelwagen": "basket"},
			})
		},
	}
}

// toestelhoek is a Flemish shop without any markup, sent compressed. Its
// owner answers reviews.
func toestelhoek() *site {
	return &site{
		name: "toestelhoek", kind: kindSite, Title: "Toestelhoek", Tagline: "Uw elektrozaak om de hoek, ook online",
		Lang: "nl", Accent: "#24508c", seeds: []string{"/toestellen"}, disallow: []string{"/mandje"},
		best: 5, usual: mention.Review, productPath: "/toestel/", compress: true,
		selectors: &Selectors{
			Review: ".rv", ID: "@data-review-id", Author: ".rv-naam", Title: ".rv-titel", Text: ".rv-tekst",
			Rating: ".rv-sterren@aria-label", Date: ".rv-datum", Reply: ".rv-antwoord-tekst",
			Item: "h1.product-naam", ItemRating: ".score-cijfer", ReviewCount: ".score-aantal",
			Next: "a.volgende", Links: ".tegel a.naam",
		},
		render: func(s *site) error {
			return s.renderShop(shop{
				lists:   []list{{"/toestellen", "Onze toestellen", nil}},
				perList: 3, perProduct: 4, param: "blz",
				extra: map[string]string{"/over-ons": "about", "/mandje": "basket"},
			})
		},
	}
}

// shop says how a shop lays out its pages.
type shop struct {
	lists []list
	// perList and perProduct are the products and reviews of a page, param
	// the query parameter that counts the pages.
	perList, perProduct int
	param               string
	// data makes the JSON-LD of a product page; nil for none.
	data func(s *site, p *product, shown []*text) (template.JS, error)
	// templates and charsets are those of unusual products, by slug.
	templates, charsets map[string]string
	// extra maps the paths of all other pages to their templates.
	extra map[string]string
}

// list is a category of products; no types means all.
type list struct {
	path, title string
	types       []string
}

func (s *site) renderShop(c shop) error {
	set, err := s.lookup()
	if err != nil {
		return err
	}
	home := view{Template: "home", Title: s.Title, Tiles: s.tiles(s.assortment()[:3]), Quote: s.texts[0].Paragraphs[0]}
	if err := s.show(set, "/", home); err != nil {
		return err
	}
	for _, l := range c.lists {
		products := slices.DeleteFunc(s.assortment(), func(p *product) bool { return l.types != nil && !slices.Contains(l.types, p.Type) })
		pages := steps(len(products), c.perList, paged(l.path, c.param))
		for i, here := range pages {
			v, part := turn(view{Template: "list", Title: l.title}, products, c.perList, pages, i)
			v.Tiles = s.tiles(part)
			if err := s.show(set, here.Path, v); err != nil {
				return err
			}
		}
	}
	for _, p := range s.assortment() {
		if err := s.renderProduct(set, c, p); err != nil {
			return err
		}
	}
	for path, name := range c.extra {
		v := view{Template: name, Title: s.Title}
		for _, t := range s.forbidden {
			if t.On == path {
				v.Texts = append(v.Texts, t)
			}
		}
		if len(v.Texts) > 0 {
			if v.Data, err = productLD(s, s.catalogue[0], v.Texts); err != nil {
				return err
			}
		}
		if err := s.show(set, path, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) renderProduct(set *template.Template, c shop, p *product) (err error) {
	texts := newestFirst(s.on(p.Slug))
	others := slices.DeleteFunc(s.assortment(), func(o *product) bool { return o == p })
	pages := steps(len(texts), c.perProduct, paged(s.productPath+p.Slug, c.param))
	for i, here := range pages {
		v, part := turn(view{
			Template: cmp.Or(c.templates[p.Slug], "product"), Title: p.Name, Charset: c.charsets[p.Slug], Product: p,
			Offer: p.Shops[s.name], Average: s.average(p), Declared: s.declared(p), Related: s.tiles(others[:3]),
		}, texts, c.perProduct, pages, i)
		v.Texts = part
		if c.data != nil {
			if v.Data, err = c.data(s, p, part); err != nil {
				return err
			}
		}
		if err := s.show(set, here.Path, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) tiles(products []*product) []tile {
	var out []tile
	for _, p := range products {
		out = append(out, tile{
			Name: p.Name, Path: s.productPath + p.Slug, Price: p.Shops[s.name].Price, Blurb: p.Blurb[s.Lang], Brand: p.Brand,
			Average: s.average(p), Count: s.declared(p),
		})
	}
	return out
}

// ld is a JSON-LD object.
type ld map[string]any

// productLD is a Product with the shown reviews, after
// https://schema.org/Product.
func productLD(s *site, p *product, shown []*text) (template.JS, error) {
	reviews := []ld{}
	for _, t := range shown {
		r := ld{
			"@type": "Review", "author": person(t), "datePublished": t.At.Format(time.DateOnly), "reviewBody": t.body(),
			"reviewRating": ld{"@type": "Rating", "ratingValue": t.Stars, "bestRating": s.best, "worstRating": 1},
		}
		optional(r, "identifier", t.ID)
		optional(r, "name", t.Title)
		reviews = append(reviews, r)
	}
	return jsonLD(ld{
		"@context": "https://schema.org", "@type": "Product", "name": p.Name, "sku": p.SKU, "gtin13": p.GTIN,
		"url": s.url(s.productPath + p.Slug), "description": p.Blurb[s.Lang], "brand": ld{"@type": "Brand", "name": p.Brand},
		"offers": ld{
			"@type": "Offer", "priceCurrency": "GBP", "availability": "https://schema.org/InStock",
			"price": json.Number(trimPound(p.Shops[s.name].Price)),
		},
		"aggregateRating": ld{
			"@type": "AggregateRating", "ratingValue": s.average(p), "bestRating": s.best, "worstRating": 1,
			"ratingCount": p.Shops[s.name].Ratings, "reviewCount": s.declared(p),
		},
		"review": reviews,
	})
}

func trimPound(price string) string { return price[len("£"):] }

func person(t *text) ld {
	if t.Staff {
		return ld{"@type": "Organization", "name": t.Author}
	}
	return ld{"@type": "Person", "name": t.Author}
}

// optional sets a property that has a value.
func optional(o ld, key, value string) {
	if value != "" {
		o[key] = value
	}
}
