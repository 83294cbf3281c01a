package bazaarvoice

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/wire"
)

// record is the wire form of everything that answers list: a review, a
// comment on one, a question, an answer, a product, or its statistics. The
// names of the fields tell which.
type record struct {
	ID        wire.Text  `json:"Id"`
	Title     string     `json:"Title"`
	Nickname  string     `json:"UserNickname"`
	Locale    string     `json:"ContentLocale"`
	Submitted string     `json:"SubmissionTime"`
	ProductID wire.Text  `json:"ProductId"`
	Helpful   wire.Count `json:"TotalPositiveFeedbackCount"`
	Comments  wire.Count `json:"TotalCommentCount"`
	Answers   wire.Count `json:"TotalAnswerCount"`
	Source    *struct {
		Link string `json:"ContentLink"`
	} `json:"SyndicationSource"`

	// of reviews
	ReviewText  string              `json:"ReviewText"`
	ProductName string              `json:"OriginalProductName"`
	Rating      wire.Number         `json:"Rating"`
	Range       wire.Number         `json:"RatingRange"`
	RatingsOnly wire.Flag           `json:"IsRatingsOnly"`
	Recommended wire.Flag           `json:"IsRecommended"`
	Secondary   wire.Map[secondary] `json:"SecondaryRatings"`
	Responses   wire.List[response] `json:"ClientResponses"`
	Badges      wire.Map[badge]     `json:"Badges"`
	Context     wire.Map[struct {
		Value wire.Flag `json:"Value"`
	}] `json:"ContextDataValues"`

	// of comments, questions and answers
	CommentText string    `json:"CommentText"`
	ReviewID    wire.Text `json:"ReviewId"`
	Summary     string    `json:"QuestionSummary"`
	Details     string    `json:"QuestionDetails"`
	AnswerText  string    `json:"AnswerText"`
	QuestionID  wire.Text `json:"QuestionId"`

	// of products
	Name  string `json:"Name"`
	Brand struct {
		Name string `json:"Name"`
	} `json:"Brand"`
	PageURL    string               `json:"ProductPageUrl"`
	EANs       wire.List[wire.Text] `json:"EANs"`
	UPCs       wire.List[wire.Text] `json:"UPCs"`
	ISBNs      wire.List[wire.Text] `json:"ISBNs"`
	Stats      statistics           `json:"ReviewStatistics"`
	Statistics *struct {
		ProductID wire.Text  `json:"ProductId"`
		Reviews   statistics `json:"ReviewStatistics"`
	} `json:"ProductStatistics"`
}

// badge is an object, or a mere truth value where a shop passes the answer on;
// it says false where the badge is not worn.
type badge struct{ not bool }

// UnmarshalJSON never fails.
func (b *badge) UnmarshalJSON(raw []byte) error {
	b.not = string(raw) == "false" || string(raw) == "null"
	return nil
}

// secondary is a grade for one side of the product.
type secondary struct {
	ID      string      `json:"Id"`
	Label   string      `json:"Label"`
	Value   wire.Number `json:"Value"`
	Range   wire.Number `json:"ValueRange"`
	Display string      `json:"DisplayType"`
}

// response is an answer of the shop or brand.
type response struct {
	Name       string `json:"Name"`
	Department string `json:"Department"`
	Response   string `json:"Response"`
	Date       string `json:"Date"`
}

// statistics are the aggregates of a product's reviews.
type statistics struct {
	Average wire.Number `json:"AverageOverallRating"`
	Range   wire.Number `json:"OverallRatingRange"`
	Total   wire.Number `json:"TotalReviewCount"`
}

func (s *statistics) best() float64 {
	if b := s.Range.Grade(1, 100); b != nil {
		return b.Value
	}
	return 5
}

// kind is what the record is; "" for what is no contribution.
func (c *record) kind() mention.Kind {
	switch {
	case c.CommentText != "":
		return mention.Comment
	case c.AnswerText != "":
		return mention.Answer
	case c.Summary != "" || c.Details != "":
		return mention.Question
	case c.isProduct():
		return ""
	case c.ReviewText != "" || c.Rating != "" || c.Title != "":
		return mention.Review
	}
	return ""
}

func (c *record) isProduct() bool {
	return c.Statistics != nil || c.Submitted == "" && c.ReviewText == "" && c.Rating == "" && (c.Name != "" || c.PageURL != "")
}

// place says where m stands among the contributions of the API, whose ids are
// unique among those of one kind only.
func (c *record) place(m *document.Candidate) {
	m.IDScope = scopes[m.Kind]
	switch m.Kind {
	case mention.Comment:
		m.Parent, m.LinkScope = strings.TrimSpace(string(c.ReviewID)), scopes[mention.Review]
	case mention.Answer:
		m.Parent, m.LinkScope = strings.TrimSpace(string(c.QuestionID)), scopes[mention.Question]
	}
	m.Thread, m.NativeLinks = m.Parent, m.Parent != ""
}

// scopes are the API's names of the kinds of contributions.
var scopes = map[mention.Kind]string{
	mention.Review: "reviews", mention.Comment: "reviewcomments", mention.Question: "questions", mention.Answer: "answers",
}

// verified tells whether the author is known to have bought the product: by
// the badge for that, or by what the shop sent along; nil where neither says.
func (c *record) verified() *bool {
	for i := range c.Badges {
		if strings.EqualFold(c.Badges[i].Key, "verifiedPurchaser") && !c.Badges[i].Value.not {
			yes := true
			return &yes
		}
	}
	for i := range c.Context {
		if strings.EqualFold(c.Context[i].Key, "VerifiedPurchaser") {
			return c.Context[i].Value.Value.Pointer()
		}
	}
	return nil
}
