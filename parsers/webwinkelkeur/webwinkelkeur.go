// Package webwinkelkeur reads ratings, their summary and the web shop from
// the WebwinkelKeur API 1.0, after
// https://docs.webwinkelkeur.nl/api/ratings/retrieve,
// https://docs.webwinkelkeur.nl/api/ratings/retrieve_summary/ and
// https://docs.webwinkelkeur.nl/api/webshops/retrieve. Grades are 1 to 5;
// e-mail addresses are not read.
package webwinkelkeur

import (
	"strconv"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON of the API: ratings with their
// sub-scores, a summary, or a web shop.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "status", "ratings", "comment", "rating", "reaction") ||
		wire.Holds(d.Body, "ratings", "shippingtime", "customerservice") ||
		wire.Holds(d.Body, "data", "amount", "rating_average", "ratings_average") ||
		wire.Holds(d.Body, "status", "data", "languages", "iso", "main")
}

// page is the envelope of all answers.
type page struct {
	Status  string            `json:"status"`
	Message string            `json:"message"`
	Total   wire.Number       `json:"total"`
	Ratings wire.List[rating] `json:"ratings"`
	Data    struct {
		Name      string      `json:"name"`
		Amount    wire.Number `json:"amount"`
		Average   wire.Number `json:"rating_average"`
		Languages wire.List[struct {
			URL  string    `json:"url"`
			Main wire.Flag `json:"main"`
		}] `json:"languages"`
	} `json:"data"`
}

type rating struct {
	Name       string      `json:"name"`
	Rating     wire.Number `json:"rating"`
	Sides      sides       `json:"ratings"`
	Comment    string      `json:"comment"`
	Date       string      `json:"date"`
	Created    string      `json:"created"`
	Language   string      `json:"language"`
	Quarantine wire.Flag   `json:"quarantine"`
	Verified   wire.Flag   `json:"verified"`
	Reaction   string      `json:"reaction"`
}

// sides are the grades for the sides of the experience.
type sides struct {
	Shipping wire.Number `json:"shippingtime"`
	Service  wire.Number `json:"customerservice"`
	Price    wire.Number `json:"pricequality"`
	After    wire.Number `json:"aftersale"`
}

// Parse reads the page's ratings and what it says of the shop.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "ratings", &p); err != nil {
		wire.Problem(&found, "webwinkelkeur", err.Error())
		return found
	}
	if p.Status == "error" {
		wire.Problem(&found, "webwinkelkeur", "the API says: "+normalize.Line(p.Message))
	}
	shop := p.shop(d)
	if shop != (mention.Item{}) {
		shop.Type = "Organization"
		found.Items = append(found.Items, shop)
	}
	for i := range p.Ratings {
		m := adapt(d, &p.Ratings[i])
		if m.Text == "" && m.Rating == nil {
			continue
		}
		if shop.SKU != "" {
			m.Item = &shop.ItemRef
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	end := wire.Page(d, "offset", 0) + len(p.Ratings)
	if total := p.Total.Int(); total != nil && len(p.Ratings) > 0 && end < *total {
		wire.Next(&found, d, wire.With(d, "offset", strconv.Itoa(end)))
	}
	return found
}

// shop is the web shop whose id the page's URL names; what is not said of it
// stays empty.
func (p *page) shop(d *document.Document) mention.Item {
	it := mention.Item{
		ItemRef: mention.ItemRef{Name: normalize.Line(p.Data.Name), SKU: wire.Param(d, "id")},
		Rating:  p.Data.Average.Grade(1, 5), RatingCount: p.Data.Amount.Int(), ReviewCount: p.Total.Int(),
	}
	for _, l := range p.Data.Languages {
		if it.URL == "" || l.Main.Is() {
			it.URL = d.Abs(l.URL)
		}
	}
	return it
}

func adapt(d *document.Document, r *rating) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, Text: normalize.Text(r.Comment), Language: document.LanguageTag(r.Language), Author: wire.Author(r.Name, ""),
		Rating: r.Rating.Grade(1, 5), Verified: r.Verified.Pointer(), Reply: wire.Reply("", r.Reaction, "", d),
	}
	wire.SubRating(&m, "shippingtime", "delivery", r.Sides.Shipping.Grade(1, 5))
	wire.SubRating(&m, "customerservice", "service_contact", r.Sides.Service.Grade(1, 5))
	wire.SubRating(&m, "pricequality", "price", r.Sides.Price.Grade(1, 5))
	wire.SubRating(&m, "aftersale", "returns", r.Sides.After.Grade(1, 5))
	if r.Quarantine.Is() {
		m.Flags = append(m.Flags, mention.Flag{Name: "suspect", Reason: "held in quarantine by WebwinkelKeur"})
	}
	wire.Publish(&m, wire.First(r.Created, r.Date), d)
	return m
}
