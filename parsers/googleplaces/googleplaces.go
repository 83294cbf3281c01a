// Package googleplaces reads the reviews of places in both forms of Google's
// Places API: Place Details (legacy,
// https://developers.google.com/maps/documentation/places/web-service/legacy/details#PlaceReview)
// and Places API (New,
// https://developers.google.com/maps/documentation/places/web-service/reference/rest/v1/places#Review),
// where searches give several places.
//
// It is not for the Business Profile API, which needs the owner's login.
package googleplaces

import (
	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with a place or its reviews in one of
// the two forms.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "result", "author_name", "rating", "reviews") ||
		wire.Holds(d.Body, "result", "place_id", "user_ratings_total") ||
		wire.Holds(d.Body, "authorAttribution", "publishTime", "reviews") ||
		wire.Holds(d.Body, "displayName", "userRatingCount")
}

// page holds legacy details, a new place, or the new search's places.
type page struct {
	Result *legacyPlace     `json:"result"`
	Places wire.List[place] `json:"places"`
	place
}

// legacyPlace is the result of legacy Place Details.
type legacyPlace struct {
	ID      wire.ID                 `json:"place_id"`
	Name    string                  `json:"name"`
	URL     string                  `json:"url"`
	Rating  wire.Number             `json:"rating"`
	Total   wire.Number             `json:"user_ratings_total"`
	Reviews wire.List[legacyReview] `json:"reviews"`
}

type legacyReview struct {
	Author    string      `json:"author_name"`
	AuthorURL string      `json:"author_url"`
	Language  string      `json:"language"`
	Rating    wire.Number `json:"rating"`
	Text      string      `json:"text"`
	Time      wire.Unix   `json:"time"`
}

// place is a Place of Places API (New).
type place struct {
	ID      wire.ID           `json:"id"`
	Name    localized         `json:"displayName"`
	URL     string            `json:"googleMapsUri"`
	Rating  wire.Number       `json:"rating"`
	Total   wire.Number       `json:"userRatingCount"`
	Reviews wire.List[review] `json:"reviews"`
}

type review struct {
	// Name is the resource name: places/PLACE/reviews/REVIEW.
	Name     string      `json:"name"`
	Rating   wire.Number `json:"rating"`
	Text     localized   `json:"text"`
	Original localized   `json:"originalText"`
	Author   struct {
		Name string `json:"displayName"`
		URI  string `json:"uri"`
	} `json:"authorAttribution"`
	Published string `json:"publishTime"`
	URL       string `json:"googleMapsUri"`
}

// localized is a text and the language it is in.
type localized struct {
	Text     string `json:"text"`
	Language string `json:"languageCode"`
}

// Parse reads all reviews of the page, in the author's own words where the
// API gives them beside a translation.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.Decode(d.Body, &p); err != nil {
		wire.Problem(&found, "googleplaces", err.Error())
		return found
	}
	if l := p.Result; l != nil {
		about := add(d, &found, l.ID, l.Name, l.URL, l.Rating, l.Total)
		for i := range l.Reviews {
			keep(&found, adaptLegacy(d, &l.Reviews[i], about))
		}
	}
	for _, pl := range append([]place{p.place}, p.Places...) {
		about := add(d, &found, pl.ID, pl.Name.Text, pl.URL, pl.Rating, pl.Total)
		for i := range pl.Reviews {
			keep(&found, adapt(d, &pl.Reviews[i], about))
		}
	}
	return found
}

// add adds a place as an item and returns it, nil for an empty one.
func add(d *document.Document, found *document.Found, id wire.ID, name, url string, rating, total wire.Number) *mention.ItemRef {
	it := mention.Item{
		ItemRef: mention.ItemRef{Name: normalize.Line(name), SKU: string(id), URL: d.Abs(url)},
		Rating:  rating.Grade(1, 5), RatingCount: total.Int(),
	}
	if it.ItemRef == (mention.ItemRef{}) {
		return nil
	}
	it.Type = "Place"
	found.Items = append(found.Items, it)
	return &it.ItemRef
}

func keep(found *document.Found, m mention.Mention) {
	if m.Text != "" || m.Rating != nil {
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
}

func adaptLegacy(d *document.Document, r *legacyReview, about *mention.ItemRef) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, Item: about, Text: normalize.Text(r.Text), Language: document.LanguageTag(r.Language),
		Author: wire.Author(r.Author, d.Abs(r.AuthorURL)), Rating: r.Rating.Grade(1, 5),
	}
	r.Time.Publish(&m)
	return m
}

func adapt(d *document.Document, r *review, about *mention.ItemRef) mention.Mention {
	words := r.Original
	if words.Text == "" {
		words = r.Text
	}
	m := mention.Mention{
		Kind: mention.Review, NativeID: r.Name, Item: about, URL: d.Abs(r.URL),
		Text: normalize.Text(words.Text), Language: document.LanguageTag(words.Language),
		Author: wire.Author(r.Author.Name, d.Abs(r.Author.URI)), Rating: r.Rating.Grade(1, 5),
	}
	wire.Publish(&m, r.Published, d)
	return m
}
