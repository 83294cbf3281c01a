// Package bazaarvoice reads the display answers of the Bazaarvoice
// Conversations API 5.4: reviews.json, reviewcomments.json, questions.json,
// answers.json, products.json and statistics.json with what they include, and
// several of them in one batch.json, after
// https://developer.bazaarvoice.com/conversations-api/reference/v5.4/reviews/review-display.
//
// It is not for submitting, nor for JSONP.
package bazaarvoice

import (
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON in the envelope of the API.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "Results", "TotalResults", "Includes") || wire.Holds(d.Body, "Results", "TotalResults", "SubmissionTime") ||
		wire.Holds(d.Body, "BatchedResults", "Results")
}

// page is the envelope of all answers.
type page struct {
	Results  wire.List[record] `json:"Results"`
	Includes includes          `json:"Includes"`
	Offset   wire.Count        `json:"Offset"`
	Total    wire.Count        `json:"TotalResults"`
	Errors   wire.List[struct {
		Message string `json:"Message"`
	}] `json:"Errors"`
	Batched wire.Map[batched] `json:"BatchedResults"`
}

// batched is one answer within batch.json.
type batched struct {
	Results  wire.List[record] `json:"Results"`
	Includes includes          `json:"Includes"`
}

// includes are the records that results refer to, by id.
type includes struct {
	Products  wire.Map[record] `json:"Products"`
	Reviews   wire.Map[record] `json:"Reviews"`
	Comments  wire.Map[record] `json:"Comments"`
	Questions wire.Map[record] `json:"Questions"`
	Answers   wire.Map[record] `json:"Answers"`
}

// Parse reads all contributions of the page, what it includes after what it
// lists, and the products with their statistics.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "Results", &p); err != nil {
		wire.Problem(&found, "bazaarvoice", err.Error())
		return found
	}
	for i := range p.Errors {
		wire.Problem(&found, "bazaarvoice", "the API says: "+normalize.Line(p.Errors[i].Message))
	}
	read(d, &found, p.Results, &p.Includes)
	for i := range p.Batched {
		read(d, &found, p.Batched[i].Value.Results, &p.Batched[i].Value.Includes)
	}
	if end := int(p.Offset) + len(p.Results); len(p.Results) > 0 && end < int(p.Total) {
		name := "Offset" // names of parameters are read in any case
		if wire.Param(d, "offset") != "" {
			name = "offset"
		}
		wire.Next(&found, d, wire.With(d, name, strconv.Itoa(end)))
	}
	return found
}

// reader reads one answer.
type reader struct {
	d        *document.Document
	found    *document.Found
	products map[string]mention.ItemRef
	seen     map[string]bool
}

func read(d *document.Document, found *document.Found, results []record, inc *includes) {
	r := reader{d: d, found: found, products: map[string]mention.ItemRef{}, seen: map[string]bool{}}
	for i := range inc.Products {
		inc.Products[i].Value.ID = wire.Text(wire.First(string(inc.Products[i].Value.ID), inc.Products[i].Key))
		r.product(&inc.Products[i].Value)
	}
	for i := range results {
		if results[i].isProduct() {
			r.product(&results[i])
		}
	}
	for i := range results {
		r.contribution(&results[i])
	}
	for _, list := range []wire.Map[record]{inc.Reviews, inc.Comments, inc.Questions, inc.Answers} {
		for i := range list {
			r.contribution(&list[i].Value)
		}
	}
}

// product adds a product, or the statistics of one.
func (r *reader) product(p *record) {
	if s := p.Statistics; s != nil {
		p.ID, p.Stats = s.ProductID, s.Reviews
	}
	it := mention.Item{
		ItemRef: mention.ItemRef{
			Name: normalize.Line(p.Name), Brand: normalize.Line(p.Brand.Name), Type: "Product", URL: r.d.Abs(p.PageURL),
			GTIN: gtin(p.EANs, p.UPCs, p.ISBNs), SKU: strings.TrimSpace(string(p.ID)),
		},
		Rating: p.Stats.Average.Grade(1, p.Stats.best()), ReviewCount: p.Stats.Total.Int(),
	}
	if it.Name == "" && it.SKU == "" {
		return
	}
	r.found.Items = append(r.found.Items, it)
	r.products[it.SKU] = it.ItemRef
}

// gtin is the first number of the lists that is a GTIN by its length.
func gtin(lists ...wire.List[wire.Text]) string {
	for _, l := range lists {
		for _, n := range l {
			s := strings.TrimSpace(string(n))
			if len(s) >= 8 && len(s) <= 14 && strings.Trim(s, "0123456789") == "" {
				return s
			}
		}
	}
	return ""
}

// contribution adds a review, comment, question or answer once.
func (r *reader) contribution(c *record) {
	kind := c.kind()
	id := strings.TrimSpace(string(c.ID))
	if kind == "" || id != "" && r.seen[string(kind)+id] {
		return
	}
	r.seen[string(kind)+id] = true
	m := document.Candidate{Mention: mention.Mention{
		Kind: kind, NativeID: id, Title: normalize.Line(c.Title), Language: document.LanguageTag(c.Locale),
		Text: normalize.Text(wire.First(c.ReviewText, c.CommentText, c.Details, c.AnswerText)), Author: wire.Author(c.Nickname, ""),
		Engagement: wire.Engagement(mention.Engagement{Helpful: int(c.Helpful), Replies: int(c.Comments + c.Answers)}),
	}}
	wire.Publish(&m.Mention, c.Submitted, r.d)
	if c.Source != nil {
		m.URL = r.d.Abs(c.Source.Link)
	}
	if sku := strings.TrimSpace(string(c.ProductID)); sku != "" {
		about, ok := r.products[sku]
		if !ok {
			about = mention.ItemRef{Name: normalize.Line(c.ProductName), Type: "Product", SKU: sku}
		}
		m.Item = &about
	}
	switch kind {
	case mention.Review:
		r.review(c, &m.Mention)
	case mention.Question:
		m.Title = normalize.Line(c.Summary)
	}
	c.place(&m)
	if m.Text != "" || m.Title != "" || m.Rating != nil {
		r.found.Mentions = append(r.found.Mentions, m)
	}
}

// review adds what only reviews have.
func (r *reader) review(c *record, m *mention.Mention) {
	best := 5.0
	if b := c.Range.Grade(1, 100); b != nil {
		best = b.Value
	}
	m.Rating = c.Rating.Grade(1, best)
	for i := range c.Secondary {
		s := &c.Secondary[i].Value
		// A slider (too small – too large) measures, it does not grade.
		if b := s.Range.Grade(1, 100); b != nil && !strings.EqualFold(s.Display, "SLIDER") {
			name := wire.First(s.Label, s.ID, c.Secondary[i].Key)
			wire.SubRating(m, name, wire.First(wire.Touchpoint(name), wire.Touchpoint(s.ID)), s.Value.Grade(1, b.Value))
		}
	}
	wire.Recommended(m, "IsRecommended", c.Recommended.Pointer())
	m.Verified = c.verified()
	for i := range c.Responses {
		a := &c.Responses[i]
		if m.Reply = wire.Reply(wire.First(a.Name, a.Department), a.Response, a.Date, r.d); m.Reply != nil {
			break
		}
	}
}
