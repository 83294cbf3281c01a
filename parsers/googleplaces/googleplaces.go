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
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with a place or its reviews in one of
// the two forms.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "result", "author_name", "rating", "reviews") ||
		wire.Holds(d.Body, "author_name", "relative_time_description", "rating") ||
		wire.Holds(d.Body, "result", "place_id", "user_ratings_total") ||
		wire.Holds(d.Body, "authorAttribution", "publishTime", "reviews") ||
		wire.Holds(d.Body, "displayName", "userRatingCount")
}

// page holds the place of legacy details, a new place, or the new search's
// places.
type page struct {
	Result *place           `json:"result"`
	Places wire.List[place] `json:"places"`
	place
}

// place is a place in either form; their fields have different names.
type place struct {
	Reviews wire.List[review] `json:"reviews"`
	Rating  wire.Number       `json:"rating"`

	LegacyID    wire.ID     `json:"place_id"`
	LegacyName  string      `json:"name"` // in the new form places/PLACE
	LegacyURL   string      `json:"url"`
	LegacyTotal wire.Number `json:"user_ratings_total"`

	ID    wire.ID     `json:"id"`
	Name  localized   `json:"displayName"`
	URL   string      `json:"googleMapsUri"`
	Total wire.Number `json:"userRatingCount"`
}

// review is a review in either form.
type review struct {
	Rating wire.Number `json:"rating"`
	Text   localized   `json:"text"`

	LegacyAuthor    string    `json:"author_name"`
	LegacyAuthorURL string    `json:"author_url"`
	LegacyLanguage  string    `json:"language"`
	LegacyTime      wire.Unix `json:"time"`

	// Name is the resource name: places/PLACE/reviews/REVIEW.
	Name     string    `json:"name"`
	Original localized `json:"originalText"`
	Author   struct {
		Name string `json:"displayName"`
		URI  string `json:"uri"`
	} `json:"authorAttribution"`
	Published string `json:"publishTime"`
	URL       string `json:"googleMapsUri"`
}

// localized is a text and the language it is in; in the legacy form it is the
// text alone.
type localized struct {
	Text     string `json:"text"`
	Language string `json:"languageCode"`
}

// UnmarshalJSON never fails.
func (l *localized) UnmarshalJSON(b []byte) error {
	*l = localized{}
	type object localized // without this method
	if _ = wire.Decode(b, (*object)(l)); len(b) > 0 && b[0] == '"' {
		_ = wire.Decode(b, &l.Text)
	}
	return nil
}

// Parse reads all reviews of the page, in the author's own words where the
// API gives them beside a translation.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "googleplaces", err.Error())
		return found
	}
	places := append([]place{p.place}, p.Places...)
	if p.Result != nil {
		places = append(places, *p.Result)
	}
	for i := range places {
		about := add(d, &found, &places[i])
		for j := range places[i].Reviews {
			m := adapt(d, &places[i].Reviews[j])
			if m.Text == "" && m.Rating == nil {
				continue
			}
			m.Item = about
			found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
		}
	}
	return found
}

// add adds a place as an item and returns it, nil for an empty one.
func add(d *document.Document, found *document.Found, p *place) *mention.ItemRef {
	name := p.Name.Text
	if name == "" && !strings.HasPrefix(p.LegacyName, "places/") {
		name = p.LegacyName
	}
	it := mention.Item{
		ItemRef: mention.ItemRef{
			Name: normalize.Line(name), SKU: wire.First(string(p.LegacyID), string(p.ID)), URL: d.Abs(wire.First(p.URL, p.LegacyURL)),
		},
		Rating: p.Rating.Grade(1, 5), RatingCount: p.Total.Int(),
	}
	if it.RatingCount == nil {
		it.RatingCount = p.LegacyTotal.Int()
	}
	if it.ItemRef == (mention.ItemRef{}) {
		return nil
	}
	it.Type = "Place"
	found.Items = append(found.Items, it)
	return &it.ItemRef
}

func adapt(d *document.Document, r *review) mention.Mention {
	words := r.Original
	if words.Text == "" {
		words = r.Text
	}
	m := mention.Mention{
		Kind: mention.Review, NativeID: r.Name, URL: d.Abs(r.URL), Rating: r.Rating.Grade(1, 5),
		Text: normalize.Text(words.Text), Language: document.LanguageTag(wire.First(words.Language, r.LegacyLanguage)),
		Author: wire.Author(wire.First(r.Author.Name, r.LegacyAuthor), d.Abs(wire.First(r.Author.URI, r.LegacyAuthorURL))),
	}
	r.LegacyTime.Publish(&m)
	if m.Published.IsZero() {
		wire.Publish(&m, r.Published, d)
	}
	return m
}
