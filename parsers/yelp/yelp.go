// Package yelp reads the review excerpts and the details of a business of the
// Yelp Fusion (Places) API, after
// https://docs.developer.yelp.com/reference/v3_business_reviews and
// https://docs.developer.yelp.com/reference/v3_business_info.
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

// page is the list of reviews, or the business with or without them.
type page struct {
	Reviews wire.List[review] `json:"reviews"`
	Total   wire.Number       `json:"total"`

	ID          wire.ID     `json:"id"`
	Name        string      `json:"name"`
	URL         string      `json:"url"`
	Rating      wire.Number `json:"rating"`
	ReviewCount wire.Number `json:"review_count"`
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

// Parse reads the page's reviews and business.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "yelp", err.Error())
		return found
	}
	about := p.business(d)
	it := mention.Item{ItemRef: about, Rating: p.Rating.Grade(1, 5), ReviewCount: p.ReviewCount.Int()}
	if it.ReviewCount == nil {
		it.ReviewCount = p.Total.Int()
	}
	if it.ItemRef != (mention.ItemRef{}) || it.ReviewCount != nil {
		it.Type = "LocalBusiness"
		found.Items = append(found.Items, it)
	}
	for i := range p.Reviews {
		m := adapt(d, &p.Reviews[i])
		if m.Text == "" && m.Rating == nil {
			continue
		}
		if about != (mention.ItemRef{}) {
			ref := it.ItemRef
			m.Item = &ref
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	p.next(d, &found)
	return found
}

// business is what the page says of the business, or what its URL does, or
// the page on Yelp that all its reviews stand on.
func (p *page) business(d *document.Document) mention.ItemRef {
	ref := mention.ItemRef{Name: normalize.Line(p.Name), URL: businessURL(d, p.URL), SKU: string(p.ID)}
	if _, id, ok := strings.Cut(wire.Path(d), "/businesses/"); ok && ref.SKU == "" {
		ref.SKU, _, _ = strings.Cut(id, "/")
	}
	if p.URL != "" {
		return ref
	}
	for i := range p.Reviews {
		u := businessURL(d, p.Reviews[i].URL)
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
