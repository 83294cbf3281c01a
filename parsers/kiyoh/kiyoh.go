// Package kiyoh reads the review feed of Kiyoh and Klantenvertellen as JSON
// and as XML: GET /v1/publication/review/external of the publication API that
// https://www.kiyoh.com describes to its customers (X-Publication-Api-Token).
//
// A questionnaire is the shop's own: four questions are in all of them, other
// graded questions become sub-scores, other texts paragraphs. It is not for
// the invitation API.
package kiyoh

import (
	"bytes"
	"encoding/xml"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// xmlRoot names the root element of the XML form.
const xmlRoot = "<ReviewFeedDto"

// Detect tells whether the page is the feed in one of its forms.
func Detect(d *document.Document) bool {
	return isXML(d.Body) || wire.Holds(d.Body, "reviewContent", "questionGroup", "reviewId") ||
		wire.Holds(d.Body, "locationId", "locationName", "averageRating", "numberReviews")
}

func isXML(body []byte) bool { return bytes.Contains(body[:min(len(body), 4096)], []byte(xmlRoot)) }

// feed is the wire form of both syntaxes. XML wraps each list in an element
// of its own name.
type feed struct {
	Average wire.Number       `json:"averageRating" xml:"averageRating"`
	Number  wire.Number       `json:"numberReviews" xml:"numberReviews"`
	ID      wire.Text         `json:"locationId" xml:"locationId"`
	Name    string            `json:"locationName" xml:"locationName"`
	Reviews wire.List[review] `json:"reviews" xml:"reviews>reviews"`
}

type review struct {
	ID       wire.ID              `json:"reviewId" xml:"reviewId"`
	Author   string               `json:"reviewAuthor" xml:"reviewAuthor"`
	Rating   wire.Number          `json:"rating" xml:"rating"`
	Content  wire.List[answer]    `json:"reviewContent" xml:"reviewContent>reviewContent"`
	Comments wire.List[wire.Text] `json:"reviewComments" xml:"reviewComments"`
	Since    string               `json:"dateSince" xml:"dateSince"`
	Updated  string               `json:"updatedSince" xml:"updatedSince"`
}

// answer is one answer of the questionnaire. Rating holds it whatever its
// type: INT, TEXT or BOOLEAN.
type answer struct {
	Group    string    `json:"questionGroup" xml:"questionGroup"`
	Type     string    `json:"questionType" xml:"questionType"`
	Rating   rawAnswer `json:"rating" xml:"rating"`
	Question string    `json:"questionTranslation" xml:"questionTranslation"`
}

// rawAnswer is a string, number or truth value as it is written.
type rawAnswer string

// UnmarshalJSON never fails.
func (v *rawAnswer) UnmarshalJSON(b []byte) error {
	var text wire.Text
	_ = text.UnmarshalJSON(b)
	if *v = rawAnswer(text); text == "" && (string(b) == "true" || string(b) == "false") {
		*v = rawAnswer(b)
	}
	return nil
}

// Parse reads the feed's reviews and the shop.
func Parse(d *document.Document) document.Found {
	var found document.Found
	f, err := decode(d.Body)
	if err != nil {
		wire.Problem(&found, "kiyoh", err.Error())
		if len(f.Reviews) == 0 {
			return found
		}
	}
	shop := mention.ItemRef{Name: normalize.Line(f.Name), SKU: strings.TrimSpace(string(f.ID))}
	if shop != (mention.ItemRef{}) {
		shop.Type = "Organization"
		found.Items = append(found.Items, mention.Item{ItemRef: shop, Rating: f.Average.Grade(1, 10), ReviewCount: f.Number.Int()})
	}
	for i := range f.Reviews {
		m := adapt(d, &f.Reviews[i])
		if m.Text == "" && m.Title == "" && m.Rating == nil {
			continue
		}
		if shop != (mention.ItemRef{}) {
			about := shop
			m.Item = &about
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	return found
}

// decode reads either syntax. XML that ends too early gives the reviews
// before its end beside the error.
func decode(body []byte) (f feed, err error) {
	if !isXML(body) {
		return f, wire.DecodeList(body, "reviews", &f)
	}
	// From the root on: the body is UTF-8 whatever its declaration says.
	dec := xml.NewDecoder(bytes.NewReader(body[bytes.Index(body, []byte(xmlRoot)):]))
	dec.Strict = false
	return f, dec.Decode(&f)
}

func adapt(d *document.Document, r *review) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, NativeID: strings.TrimSpace(string(r.ID)), Author: wire.Author(r.Author, ""), Rating: r.Rating.Grade(1, 10),
	}
	var texts []string
	for i := range r.Content {
		a := &r.Content[i]
		value := strings.TrimSpace(string(a.Rating))
		switch {
		case a.Group == "DEFAULT_OVERALL":
			if m.Rating == nil {
				m.Rating = wire.Number(value).Grade(1, 10)
			}
		case a.Group == "DEFAULT_ONELINER":
			m.Title = normalize.Line(value)
		case a.Group == "DEFAULT_RECOMMEND":
			wire.Recommended(&m, wire.First(a.Question, "recommended"), truth(value))
		case a.Type == "INT":
			name := wire.First(a.Question, a.Group)
			wire.SubRating(&m, name, wire.First(wire.Touchpoint(name), wire.Touchpoint(a.Group)), wire.Number(value).Grade(1, 10))
		case a.Type == "TEXT" && a.Group == "DEFAULT_OPINION":
			texts = append([]string{value}, texts...)
		case a.Type == "TEXT":
			texts = append(texts, value)
		}
	}
	m.Text = normalize.Text(strings.Join(texts, "\n\n"))
	wire.Publish(&m, r.Since, d)
	wire.Update(&m, r.Updated, d)
	var comments []string
	for _, c := range r.Comments {
		comments = append(comments, string(c))
	}
	m.Reply = wire.Reply("", strings.Join(comments, "\n\n"), "", d)
	return m
}

// truth reads a BOOLEAN answer, nil for none.
func truth(s string) *bool {
	yes := strings.EqualFold(s, "true")
	if !yes && !strings.EqualFold(s, "false") {
		return nil
	}
	return &yes
}
