// Package yelp reads the review excerpts and the details of businesses of the
// Yelp Fusion (Places) API, after
// https://docs.developer.yelp.com/reference/v3_business_reviews,
// https://docs.developer.yelp.com/reference/v3_business_info and
// https://docs.developer.yelp.com/reference/v3_business_search, and what the
// same is called in https://docs.developer.yelp.com/docs/graphql-intro.
//
// Yelp cuts texts short; what it leaves out is not sought elsewhere.
package yelp

import (
	"strconv"
	"strings"
	"time"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with reviews or a business of Yelp.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "reviews", "possible_languages") ||
		wire.Holds(d.Body, "reviews", "time_created", "user", "rating") ||
		wire.Holds(d.Body, "review_count", "is_closed", "alias", "name")
}

// page is the list of reviews, the business with or without them, what a
// search found, or one of these within data.
type page struct {
	business
	Total      wire.Number         `json:"total"`
	Businesses wire.List[business] `json:"businesses"`
	Data       struct {
		Business *business `json:"business"`
		Search   struct {
			Businesses wire.List[business] `json:"business"`
		} `json:"search"`
	} `json:"data"`
}

type business struct {
	ID          wire.ID           `json:"id"`
	Name        string            `json:"name"`
	URL         string            `json:"url"`
	Rating      wire.Number       `json:"rating"`
	ReviewCount wire.Number       `json:"review_count"`
	Reviews     wire.List[review] `json:"reviews"`
}

type review struct {
	ID      wire.ID     `json:"id"`
	URL     string      `json:"url"`
	Text    string      `json:"text"`
	Rating  wire.Number `json:"rating"`
	Created wire.Text   `json:"time_created"`
	User    struct {
		Name    string `json:"name"`
		Profile string `json:"profile_url"`
	} `json:"user"`
}

// Parse reads the page's reviews and businesses.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "yelp", err.Error())
		return found
	}
	many := append(p.Businesses, p.Data.Search.Businesses...)
	if p.Data.Business != nil {
		many = append(many, *p.Data.Business)
	}
	for i := range many {
		many[i].read(d, nil, &found)
	}
	if len(many) > 0 { // the total is that of the businesses
		return found
	}
	p.read(d, p.Total.Int(), &found)
	p.next(d, &found)
	return found
}

// read adds a business and its reviews, of which there are count where it does
// not say so itself.
func (b *business) read(d *document.Document, count *int, found *document.Found) {
	about := b.ref(d)
	it := mention.Item{ItemRef: about, Rating: b.Rating.Grade(1, 5), ReviewCount: b.ReviewCount.Int()}
	if it.ReviewCount == nil {
		it.ReviewCount = count
	}
	if it.ItemRef != (mention.ItemRef{}) || it.ReviewCount != nil {
		it.Type = "LocalBusiness"
		found.Items = append(found.Items, it)
	}
	for i := range b.Reviews {
		m := adapt(d, &b.Reviews[i])
		if m.Text == "" && m.Rating == nil {
			continue
		}
		if about != (mention.ItemRef{}) {
			ref := it.ItemRef
			m.Item = &ref
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
}

// ref is what the page says of the business, or what its URL does, or the
// page on Yelp that all its reviews stand on.
func (b *business) ref(d *document.Document) mention.ItemRef {
	ref := mention.ItemRef{Name: normalize.Line(b.Name), URL: businessURL(d, b.URL), SKU: string(b.ID)}
	if _, id, ok := strings.Cut(wire.Path(d), "/businesses/"); ok && ref.SKU == "" {
		ref.SKU, _, _ = strings.Cut(id, "/")
	}
	if b.URL != "" {
		return ref
	}
	for i := range b.Reviews {
		u := businessURL(d, b.Reviews[i].URL)
		if u != "" && ref.URL != "" && u != ref.URL {
			ref.URL = ""
			break
		}
		ref.URL = wire.First(ref.URL, u)
	}
	return ref
}

// businessURL is the URL of a page of a business without the parameters that
// name the caller and the review.
func businessURL(d *document.Document, raw string) string {
	u, _, _ := strings.Cut(d.Abs(raw), "?")
	if !strings.Contains(u, "/biz/") {
		return ""
	}
	return u
}

// next adds the next page where this one is as full as was asked for: plans
// that give three excerpts have no more, whatever the total.
func (p *page) next(d *document.Document, found *document.Found) {
	limit, total := wire.Page(d, "limit", 20), p.Total.Int()
	end := wire.Page(d, "offset", 0) + len(p.Reviews)
	if total != nil && end < *total && limit > 0 && len(p.Reviews) >= limit {
		wire.Next(found, d, wire.With(d, "offset", strconv.Itoa(end)))
	}
}

func adapt(d *document.Document, r *review) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, NativeID: string(r.ID), URL: d.Abs(r.URL), Text: normalize.Text(r.Text),
		Author: wire.Author(r.User.Name, d.Abs(r.User.Profile)), Rating: r.Rating.Grade(1, 5),
	}
	// Times have no zone; the documentation says that they are PST.
	if t, err := time.ParseInLocation(time.DateTime, string(r.Created), time.FixedZone("PST", -8*3600)); err == nil {
		m.Published, m.PublishedPrecision = t.UTC(), mention.Second
	} else {
		wire.Publish(&m, string(r.Created), d)
	}
	return m
}
