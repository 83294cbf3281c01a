package appstore

import (
	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// connectPage is a JSON:API document: one review or many, with the owner's
// answers included beside them.
type connectPage struct {
	Data     wire.List[resource] `json:"data"`
	Included wire.List[resource] `json:"included"`
	Links    struct {
		Next string `json:"next"`
	} `json:"links"`
	Meta struct {
		Paging struct {
			Total wire.Number `json:"total"`
		} `json:"paging"`
	} `json:"meta"`
}

// resource is a customerReviews or customerReviewResponses.
type resource struct {
	Type       string  `json:"type"`
	ID         wire.ID `json:"id"`
	Attributes struct {
		Rating   wire.Number `json:"rating"`
		Title    string      `json:"title"`
		Body     string      `json:"body"`
		Nickname string      `json:"reviewerNickname"`
		Created  string      `json:"createdDate"`

		Response string `json:"responseBody"`
		Modified string `json:"lastModifiedDate"`
		State    string `json:"state"`
	} `json:"attributes"`
	Relationships struct {
		Response relation `json:"response"`
		Review   relation `json:"review"`
	} `json:"relationships"`
}

type relation struct {
	Data struct {
		ID wire.ID `json:"id"`
	} `json:"data"`
}

// parseConnect reads an answer of App Store Connect. An owner's answer that
// is not published yet is left out.
func parseConnect(d *document.Document, app *mention.ItemRef) document.Found {
	var found document.Found
	var p connectPage
	if err := wire.DecodeList(d.Body, "data", &p); err != nil {
		wire.Problem(&found, "appstore", err.Error())
		return found
	}
	byReview, byID := map[wire.ID]*resource{}, map[wire.ID]*resource{}
	for i := range p.Included {
		if a := &p.Included[i]; a.Type == "customerReviewResponses" && a.Attributes.State != "PENDING_PUBLISH" {
			byReview[a.Relationships.Review.Data.ID], byID[a.ID] = a, a
		}
	}
	if total := p.Meta.Paging.Total.Int(); app != nil && total != nil {
		found.Items = append(found.Items, mention.Item{ItemRef: *app, ReviewCount: total})
	}
	for i := range p.Data {
		r := &p.Data[i]
		if r.Type != "" && r.Type != "customerReviews" {
			continue
		}
		m := mention.Mention{
			Kind: mention.Review, NativeID: string(r.ID), Title: normalize.Line(r.Attributes.Title), Text: normalize.Text(r.Attributes.Body),
			Author: wire.Author(r.Attributes.Nickname, ""), Rating: r.Attributes.Rating.Grade(1, 5),
		}
		wire.Publish(&m, r.Attributes.Created, d)
		answer := byID[r.Relationships.Response.Data.ID]
		if answer == nil && r.ID != "" {
			answer = byReview[r.ID]
		}
		if answer != nil {
			m.Reply = wire.Reply("", answer.Attributes.Response, answer.Attributes.Modified, d)
		}
		if m.Text != "" || m.Title != "" || m.Rating != nil {
			found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
		}
	}
	wire.Next(&found, d, d.Abs(p.Links.Next))
	return found
}
