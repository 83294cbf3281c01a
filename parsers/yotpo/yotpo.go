// Package yotpo reads reviews from Yotpo: of a product or the shop for
// display on its site (/v1/widget/KEY/products/ID/reviews.json and the search
// /v1/reviews/KEY/filter.json), after
// https://apidocs.yotpo.com/reference/retrieve-reviews-for-a-product and
// https://apidocs.yotpo.com/reference/search-reviews, the same in the third
// version for stores, which joins the words of its fields (/v3/storefront/
// store/KEY/product/ID/reviews), all of an account
// (/v1/apps/KEY/reviews) after
// https://apidocs.yotpo.com/reference/retrieve-all-reviews, and the averages
// of products (/bottom_lines).
//
// It is not for the widgets' HTML. E-mail addresses are not read.
package yotpo

import (
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with reviews or averages of Yotpo.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "reviews", "bottomline") || wire.Holds(d.Body, "bottomline", "average_score", "total_reviews") ||
		wire.Holds(d.Body, "reviews", "score", "votes_up", "content") ||
		wire.Holds(d.Body, "bottomlines", "domain_key", "product_score")
}

// page is an answer for display, which stands in response, or one of the
// account, which does not.
type page struct {
	Response answer `json:"response"`
	answer
}

type answer struct {
	Pagination struct {
		Page    wire.Count `json:"page"`
		PerPage wire.Count `json:"per_page"`
		Size    wire.Count `json:"perPage"`
		Total   wire.Count `json:"total"`
	} `json:"pagination"`
	Bottomline  *bottomline `json:"bottomline"`
	Bottomlines wire.List[struct {
		Key   wire.Text   `json:"domain_key"`
		Score wire.Number `json:"product_score"`
		Total wire.Number `json:"total_reviews"`
	}] `json:"bottomlines"`
	Products wire.List[product] `json:"products"`
	Reviews  wire.List[review]  `json:"reviews"`
}

// bottomline has a name of its own for the total wherever it stands.
type bottomline struct {
	Total    wire.Number `json:"total_review"`
	Reviews  wire.Number `json:"total_reviews"`
	Total3   wire.Number `json:"totalReview"`
	Average  wire.Number `json:"average_score"`
	Average3 wire.Number `json:"averageScore"`
}

type product struct {
	ID wire.ID `json:"id"`
	// Key is the shop's own id of the product.
	Key  wire.Text `json:"domain_key"`
	Name string    `json:"name"`
	URL  string    `json:"product_link"`
	Key3 wire.Text `json:"domainKey"`
	URL3 string    `json:"productLink"`
}

type review struct {
	ID      wire.ID     `json:"id"`
	Score   wire.Number `json:"score"`
	Title   string      `json:"title"`
	Content string      `json:"content"`
	Created string      `json:"created_at"`
	Updated string      `json:"updated_at"`
	VotesUp wire.Count  `json:"votes_up"`
	Buyer   wire.Flag   `json:"verified_buyer"`
	Product wire.ID     `json:"product_id"`
	User    struct {
		Name  string `json:"display_name"`
		Name3 string `json:"displayName"`
	} `json:"user"`
	Comment struct {
		Content  string `json:"content"`
		Created  string `json:"created_at"`
		Created3 string `json:"createdAt"`
	} `json:"comment"`

	// as the third version has them
	Created3 string     `json:"createdAt"`
	VotesUp3 wire.Count `json:"votesUp"`
	Buyer3   wire.Flag  `json:"verifiedBuyer"`
	Product3 wire.ID    `json:"productId"`

	// of an account's reviews
	Name    string    `json:"name"`
	SKU     wire.Text `json:"sku"`
	Type    string    `json:"reviewer_type"`
	Deleted wire.Flag `json:"deleted"`
}

// Parse reads the page's reviews and products. What the account deleted is
// left out.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "yotpo", err.Error())
		return found
	}
	for _, a := range []*answer{&p.Response, &p.answer} {
		a.read(d, &found)
	}
	return found
}

func (a *answer) read(d *document.Document, found *document.Found) {
	products := a.items(d, found)
	for i := range a.Reviews {
		r := &a.Reviews[i]
		m := adapt(d, r)
		if r.Deleted.Is() || m.Text == "" && m.Title == "" && m.Rating == nil {
			continue
		}
		about, ok := products[wire.First(string(r.Product), string(r.Product3))]
		if sku := strings.TrimSpace(string(r.SKU)); !ok && sku != "" {
			about, ok = itemRef(sku), true
		}
		if !ok && len(a.Products) == 1 && r.Product == "" && r.Product3 == "" {
			about, ok = products[string(a.Products[0].ID)]
		}
		if ok {
			m.Item = &about
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	a.next(d, found)
}

// items adds the products and averages, and returns the products by the id
// with which reviews refer to them. The bottom line is that of the only
// product; of several it is the average, and of none of them.
func (a *answer) items(d *document.Document, found *document.Found) map[string]mention.ItemRef {
	products := map[string]mention.ItemRef{}
	var line mention.Item
	if b := a.Bottomline; b != nil {
		average := wire.Number(wire.First(string(b.Average), string(b.Average3)))
		total := wire.Number(wire.First(string(b.Total), string(b.Reviews), string(b.Total3)))
		line.Rating, line.ReviewCount = average.Grade(1, 5), total.Int()
	}
	for i := range a.Products {
		p := &a.Products[i]
		ref := mention.ItemRef{Name: normalize.Line(p.Name), Type: "Product", URL: d.Abs(wire.First(p.URL, p.URL3)), SKU: wire.First(string(p.Key), string(p.Key3))}
		products[string(p.ID)] = ref
		it := mention.Item{ItemRef: ref}
		if len(a.Products) == 1 {
			it.Rating, it.ReviewCount = line.Rating, line.ReviewCount
		}
		found.Items = append(found.Items, it)
	}
	if len(a.Products) == 0 && line != (mention.Item{}) {
		line.Type, line.SKU = "Product", productOf(wire.Path(d))
		found.Items = append(found.Items, line)
	}
	for i := range a.Bottomlines {
		b := &a.Bottomlines[i]
		if sku := strings.TrimSpace(string(b.Key)); sku != "" {
			found.Items = append(found.Items, mention.Item{ItemRef: itemRef(sku), Rating: b.Score.Grade(1, 5), ReviewCount: b.Total.Int()})
		}
	}
	return products
}

// productOf is the product that a path names: /products/ID/reviews.json,
// /products/KEY/ID/bottomline or /product/ID/reviews.
func productOf(path string) string {
	parts := strings.Split(path, "/")
	for _, p := range parts[:max(0, len(parts)-2)] {
		if p == "products" || p == "product" {
			return parts[len(parts)-2]
		}
	}
	return ""
}

// itemRef is the product with the shop's own id, or the shop, for whose
// reviews Yotpo has an id of its own.
func itemRef(sku string) mention.ItemRef {
	if sku == "yotpo_site_reviews" {
		return mention.ItemRef{Type: "Organization", SKU: sku}
	}
	return mention.ItemRef{Type: "Product", SKU: sku}
}

// next adds the next page. An account's list says no total: it goes on while
// pages are as full as was asked for.
func (a *answer) next(d *document.Document, found *document.Found) {
	p, now := &a.Pagination, wire.Page(d, "page", 1)
	more := false
	if size := int(max(p.PerPage, p.Size)); size > 0 {
		now = max(1, int(p.Page))
		more = now*size < int(p.Total)
	} else if count := wire.Page(d, "count", 0); count > 0 {
		more = len(a.Reviews)+len(a.Bottomlines) >= count
	}
	if more && len(a.Reviews)+len(a.Bottomlines) > 0 {
		wire.Next(found, d, wire.With(d, "page", strconv.Itoa(now+1)))
	}
}

func adapt(d *document.Document, r *review) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, NativeID: string(r.ID), Title: normalize.Line(r.Title), Text: normalize.Text(r.Content),
		Author: wire.Author(wire.First(r.User.Name, r.User.Name3, r.Name), ""), Rating: r.Score.Grade(1, 5), Verified: r.Buyer.Pointer(),
		Engagement: wire.Engagement(mention.Engagement{Helpful: int(max(r.VotesUp, r.VotesUp3))}),
		Reply:      wire.Reply("", r.Comment.Content, wire.First(r.Comment.Created, r.Comment.Created3), d),
	}
	if m.Verified == nil {
		m.Verified = r.Buyer3.Pointer()
	}
	if m.Verified == nil && r.Type != "" {
		buyer := r.Type == "verified_buyer"
		m.Verified = &buyer
	}
	wire.Publish(&m, wire.First(r.Created, r.Created3), d)
	wire.Update(&m, r.Updated, d)
	return m
}
