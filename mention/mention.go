// Package mention holds the nouns that every stage of klank shares: the page
// that was fetched, the mention and item found on it, the labels an analysis
// gives it, and the deterministic ids and canonical URLs that tie them
// together.
//
// It is for words, not for work: it uses the standard library only and does
// no I/O. What crawls, parses, analyses or stores lives elsewhere and imports
// this package, never the other way round.
package mention

import (
	"slices"
	"time"
)

// Kind says what sort of publication a mention is.
type Kind string

// The kinds of a mention.
const (
	Review   Kind = "review"
	Post     Kind = "post"
	Comment  Kind = "comment"
	Question Kind = "question"
	Answer   Kind = "answer"
	Survey   Kind = "survey"
)

// Kinds lists every Kind in a stable order.
var Kinds = []Kind{Review, Post, Comment, Question, Answer, Survey}

// Mention is one publication by one customer: a review, a post, a comment.
// Its JSON form is the record of the contract: the same names in the index,
// the API and exports.
type Mention struct {
	ID       string `json:"id"`
	NativeID string `json:"native_id,omitempty"`
	Kind     Kind   `json:"kind"`
	Source   Source `json:"source"`
	// URL is where a person can read the mention, Page where it was found.
	URL    string   `json:"url,omitempty"`
	Page   string   `json:"page,omitempty"`
	Item   *ItemRef `json:"item,omitempty"`
	Brands []string `json:"brands,omitempty"`
	Author *Author  `json:"author,omitempty"`
	// Title and Text are plain text; paragraphs are separated by \n\n.
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
	// Language is a BCP 47 tag; parsers put the page's hint here, the
	// analysis what it found.
	Language           string      `json:"language,omitempty"`
	Rating             *Rating     `json:"rating,omitempty"`
	Ratings            []SubRating `json:"ratings,omitempty"`
	Published          time.Time   `json:"published,omitzero"`
	PublishedPrecision Precision   `json:"published_precision,omitempty"`
	Updated            time.Time   `json:"updated,omitzero"`
	Collected          time.Time   `json:"collected,omitzero"`
	Removed            time.Time   `json:"removed,omitzero"`
	// Parent and Thread are mention ids, or native ids until resolved.
	Parent      string      `json:"parent,omitempty"`
	Thread      string      `json:"thread,omitempty"`
	Reply       *Reply      `json:"reply,omitempty"`
	Engagement  *Engagement `json:"engagement,omitempty"`
	Verified    *bool       `json:"verified,omitempty"`
	Invited     *bool       `json:"invited,omitempty"`
	Analysis    *Analysis   `json:"analysis,omitempty"`
	Flags       []Flag      `json:"flags,omitempty"`
	DuplicateOf string      `json:"duplicate_of,omitempty"`
	Evidence    Evidence    `json:"evidence"`
	// Revision counts from 1; it grows when the author's words change.
	Revision int `json:"revision,omitempty"`
}

// Source names where a mention comes from: Name as configured (or the host),
// Type the kind of source (site, feed, mastodon, …), Host the host name.
type Source struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
	Host string `json:"host,omitempty"`
}

// ItemRef is the thing a mention is about.
type ItemRef struct {
	Name  string `json:"name,omitempty"`
	Brand string `json:"brand,omitempty"`
	Type  string `json:"type,omitempty"`
	URL   string `json:"url,omitempty"`
	GTIN  string `json:"gtin,omitempty"`
	SKU   string `json:"sku,omitempty"`
}

// Item is a reviewed thing as its page declares it. Its counts are what
// coverage is measured against; nil means that the page declares none.
type Item struct {
	ItemRef
	Rating      *Rating `json:"rating,omitempty"`
	RatingCount *int    `json:"rating_count,omitempty"`
	ReviewCount *int    `json:"review_count,omitempty"`
}

// Author is who wrote a mention. Key is a pseudonym (see AuthorKey); Name and
// URL are only stored where the configuration allows names.
type Author struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
	Key  string `json:"key,omitempty"`
}

// Rating is a grade as published, with Score its place in 0..1.
type Rating struct {
	Value float64 `json:"value"`
	// Best is the scale's top; 0 when unknown.
	Best float64 `json:"best,omitzero"`
	// Worst is the scale's bottom; nil when unknown.
	Worst *float64 `json:"worst,omitempty"`
	Score float64  `json:"score"`
	// Assumed says that no scale was published and Best follows from Value.
	// Only parsers set it, for each other: it is false in their results.
	Assumed bool `json:"-"`
}

// SubRating is a grade for one side of the experience (delivery, price, …).
type SubRating struct {
	Name       string  `json:"name"`
	Touchpoint string  `json:"touchpoint,omitempty"`
	Value      float64 `json:"value"`
	Best       float64 `json:"best,omitzero"`
	Score      float64 `json:"score"`
}

// Precision says how much of a published time was given.
type Precision string

// The precisions of a published time.
const (
	Second Precision = "second"
	Minute Precision = "minute"
	Day    Precision = "day"
	Month  Precision = "month"
	Year   Precision = "year"
)

// Reply is the owner's answer to a mention.
type Reply struct {
	Author    string    `json:"author,omitempty"`
	Text      string    `json:"text"`
	Published time.Time `json:"published,omitzero"`
}

// Engagement counts what others did with a mention.
type Engagement struct {
	Likes   int `json:"likes,omitempty"`
	Replies int `json:"replies,omitempty"`
	Shares  int `json:"shares,omitempty"`
	Views   int `json:"views,omitempty"`
	Helpful int `json:"helpful,omitempty"`
}

// Flag marks a mention for a reader's caution: rating_mismatch, duplicate,
// suspect, corrected or publisher, with the reason in words.
type Flag struct {
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"`
}

// FlagPublisher is the name of the flag of what a site says itself in the form
// of a mention: the questions that its FAQ asks and answers.
const FlagPublisher = "publisher"

// FlagRatingMismatch is that of a text that says clearly the opposite of the
// rating its author gave.
const FlagRatingMismatch = "rating_mismatch"

// FlagCorrected is that of a mention of which a person has corrected labels.
const FlagCorrected = "corrected"

// ByPublisher tells whether the site itself wrote m. Parsers show such
// mentions; no customer said them, so nothing stores or counts them.
func (m *Mention) ByPublisher() bool {
	return slices.ContainsFunc(m.Flags, func(f Flag) bool { return f.Name == FlagPublisher })
}

// Evidence says where a mention was read and by what.
type Evidence struct {
	// Snapshot locates the saved page: "file.warc.gz:offset".
	Snapshot string    `json:"snapshot,omitempty"`
	Parser   string    `json:"parser,omitempty"`
	Fetched  time.Time `json:"fetched,omitzero"`
	// SHA256 is the hex digest of the page's body.
	SHA256 string `json:"sha256,omitempty"`
	// List and Rank are the list and the 1-based place in the source's own
	// order where the mention stood.
	List string `json:"list,omitempty"`
	Rank int    `json:"rank,omitempty"`
}
