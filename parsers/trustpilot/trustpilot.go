// Package trustpilot reads the reviews of a business unit and the unit itself
// from Trustpilot's Business Units API, after
// https://developers.trustpilot.com/business-units-api (Get a business unit's
// reviews, public and private; Get public business unit).
//
// What the private form adds about persons (e-mail, order) is not read. It is
// not for Trustpilot's pages.
package trustpilot

import (
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with reviews of a business unit, or
// one unit with its score.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "reviews", "consumer", "stars", "createdAt") ||
		wire.Holds(d.Body, "consumer", "displayName", "stars", "createdAt") ||
		wire.Holds(d.Body, "trustScore", "numberOfReviews", "displayName")
}

// page is a list of reviews, a single one, or a business unit.
type page struct {
	Reviews wire.List[review] `json:"reviews"`
	Links   wire.List[link]   `json:"links"`
	Total   wire.Number       `json:"totalNumberOfReviews"`
	review
	unit
}

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

// unit is a business unit but for its id.
type unit struct {
	DisplayName string `json:"displayName"`
	Name        struct {
		Identifying string `json:"identifying"`
	} `json:"name"`
	Identifying string `json:"identifyingName"`
	Website     string `json:"websiteUrl"`
	Score       struct {
		Trust wire.Number `json:"trustScore"`
		Stars wire.Number `json:"stars"`
	} `json:"score"`
	Count struct {
		Total wire.Number `json:"total"`
	} `json:"numberOfReviews"`
}

type review struct {
	ID       wire.ID `json:"id"`
	Consumer struct {
		Name string `json:"displayName"`
	} `json:"consumer"`
	Unit struct {
		ID wire.ID `json:"id"`
		unit
	} `json:"businessUnit"`
	Stars    wire.Number `json:"stars"`
	Title    string      `json:"title"`
	Text     string      `json:"text"`
	Language string      `json:"language"`
	Created  string      `json:"createdAt"`
	Updated  string      `json:"updatedAt"`
	Verified wire.Flag   `json:"isVerified"`
	Level    string      `json:"reviewVerificationLevel"`
	Invited  *struct{}   `json:"invitation"`
	Likes    wire.Count  `json:"numberOfLikes"`
	Answer   struct {
		Text    string `json:"text"`
		Author  string `json:"authorBusinessUserName"`
		Created string `json:"createdAt"`
	} `json:"companyReply"`
}

// Parse reads the page's reviews and business unit.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "trustpilot", err.Error())
		return found
	}
	own := p.item(d)
	reviews := p.Reviews
	if p.Stars != "" || p.Text != "" {
		reviews = append(reviews, p.review)
	}
	for i := range reviews {
		r := &reviews[i]
		m := adapt(d, r)
		if m.Text == "" && m.Title == "" && m.Rating == nil {
			continue
		}
		if m.Item = r.Unit.ref(d, r.Unit.ID); m.Item == nil && own != nil {
			m.Item = &own.ItemRef
		}
		if own == nil && m.Item != nil && len(p.Reviews) > 0 {
			own = &mention.Item{ItemRef: *m.Item, ReviewCount: p.Total.Int()}
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	if own != nil {
		found.Items = append(found.Items, *own)
	}
	p.next(d, &found)
	return found
}

// item is the business unit that the page is; nil when it is none.
func (p *page) item(d *document.Document) *mention.Item {
	if p.unit.DisplayName == "" && p.Name.Identifying == "" {
		return nil
	}
	it := mention.Item{ItemRef: *p.unit.ref(d, p.ID), Rating: p.Score.Trust.Grade(1, 5), ReviewCount: p.Count.Total.Int()}
	if it.Rating == nil {
		it.Rating = p.Score.Stars.Grade(1, 5)
	}
	return &it
}

// ref is the unit as the thing reviewed; nil when nothing is said of it.
func (u *unit) ref(d *document.Document, id wire.ID) *mention.ItemRef {
	site := wire.First(u.Identifying, u.Name.Identifying)
	ref := mention.ItemRef{Name: normalize.Line(wire.First(u.DisplayName, site)), URL: d.Abs(u.Website), SKU: string(id)}
	if ref == (mention.ItemRef{}) {
		return nil
	}
	ref.Type = "Organization"
	return &ref
}

// next adds the next page: the link to it, or where links are left out, the
// next number when this page is as full as was asked for.
func (p *page) next(d *document.Document, found *document.Found) {
	for _, l := range p.Links {
		if l.Rel == "next-page" || l.Rel == "next" {
			wire.Next(found, d, d.Abs(l.Href))
			return
		}
	}
	if len(p.Links) == 0 && len(p.Reviews) > 0 && len(p.Reviews) >= wire.Page(d, "perPage", 20) {
		wire.Next(found, d, wire.With(d, "page", strconv.Itoa(wire.Page(d, "page", 1)+1)))
	}
}

func adapt(d *document.Document, r *review) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, NativeID: string(r.ID), Title: normalize.Line(r.Title), Text: normalize.Text(r.Text),
		Language: document.LanguageTag(r.Language), Author: wire.Author(r.Consumer.Name, ""), Rating: r.Stars.Grade(1, 5),
		Verified: r.Verified.Pointer(), Engagement: wire.Engagement(mention.Engagement{Helpful: int(r.Likes)}),
		Reply: wire.Reply(r.Answer.Author, r.Answer.Text, r.Answer.Created, d),
	}
	if r.Invited != nil || strings.EqualFold(r.Level, "invited") {
		yes := true
		m.Invited = &yes
	}
	wire.Publish(&m, r.Created, d)
	wire.Update(&m, r.Updated, d)
	return m
}
