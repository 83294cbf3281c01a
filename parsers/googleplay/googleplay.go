// Package googleplay reads the reviews of an app that its owner gets from the
// Google Play Developer API, after
// https://developers.google.com/android-publisher/api-ref/rest/v3/reviews and
// its method list. That API tells when a review was last changed, never when
// it was first written, and holds the reviews of the last week.
//
// It is not for the store's pages.
package googleplay

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with a review of the API.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "reviewId", "comments", "userComment")
}

// page is a list of reviews, or a single one.
type page struct {
	Reviews wire.List[review] `json:"reviews"`
	Tokens  struct {
		Next string `json:"nextPageToken"`
	} `json:"tokenPagination"`
	Info struct {
		Total wire.Number `json:"totalResults"`
	} `json:"pageInfo"`
	review
}

// review is a talk between a user and the developer: one comment of each, the
// last that they wrote.
type review struct {
	ID       wire.ID `json:"reviewId"`
	Author   string  `json:"authorName"`
	Comments wire.List[struct {
		User      *userComment `json:"userComment"`
		Developer *struct {
			Text     string    `json:"text"`
			Modified timestamp `json:"lastModified"`
		} `json:"developerComment"`
	}] `json:"comments"`
}

type userComment struct {
	// Text is title and body parted by a tab; of reviews without a title
	// it begins with that tab or has none. It may be a translation, and then
	// Original is what the author wrote.
	Text     string      `json:"text"`
	Original string      `json:"originalText"`
	Modified timestamp   `json:"lastModified"`
	Stars    wire.Number `json:"starRating"`
	Language string      `json:"reviewerLanguage"`
	Up       wire.Count  `json:"thumbsUpCount"`
}

type timestamp struct {
	Seconds wire.Unix `json:"seconds"`
}

// Parse reads the page's reviews.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "googleplay", err.Error())
		return found
	}
	app := app(d)
	if total := p.Info.Total.Int(); app != nil && total != nil {
		found.Items = append(found.Items, mention.Item{ItemRef: *app, ReviewCount: total})
	}
	for _, r := range append([]review{p.review}, p.Reviews...) {
		m := adapt(d, &r)
		if m.Text == "" && m.Title == "" && m.Rating == nil {
			continue
		}
		m.Item = app
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	if p.Tokens.Next != "" {
		wire.Next(&found, d, wire.With(d, "token", p.Tokens.Next))
	}
	return found
}

// app is the app whose package the page's URL names, nil where it names none.
func app(d *document.Document) *mention.ItemRef {
	_, rest, _ := strings.Cut(wire.Path(d), "/applications/")
	name, _, _ := strings.Cut(rest, "/")
	if name == "" {
		return nil
	}
	return &mention.ItemRef{Type: "SoftwareApplication", SKU: name, URL: d.Abs("https://play.google.com/store/apps/details?id=" + name)}
}

func adapt(d *document.Document, r *review) mention.Mention {
	m := mention.Mention{Kind: mention.Review, NativeID: string(r.ID), Author: wire.Author(r.Author, "")}
	read := false
	for i := range r.Comments {
		if u := r.Comments[i].User; u != nil && !read {
			read = true
			text := wire.First(u.Original, u.Text)
			if title, body, ok := strings.Cut(text, "\t"); ok {
				m.Title, text = normalize.Line(title), body
			}
			m.Text = normalize.Text(text)
			m.Rating, m.Language = u.Stars.Grade(1, 5), document.LanguageTag(u.Language)
			m.Engagement = wire.Engagement(mention.Engagement{Helpful: int(u.Up)})
			u.Modified.Seconds.Publish(&m)
		}
		if a := r.Comments[i].Developer; a != nil && m.Reply == nil {
			if m.Reply = wire.Reply("", a.Text, "", d); m.Reply != nil {
				m.Reply.Published = a.Modified.Seconds.Time
			}
		}
	}
	return m
}
