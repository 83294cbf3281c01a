// Package parsers turns a fetched page into mentions, items and links.
//
// One small package per format or site reads what it knows and nothing else;
// this package holds the registry that asks them in turn, merges what several
// syntaxes say about the same review, and finishes ids, URLs and evidence.
// It is not for fetching, for scoring or for storing.
package parsers

import (
	"klank/mention"
)

// Result is what the parsers found on one page.
type Result struct {
	Mentions []mention.Mention
	Items    []mention.Item
	Links    []mention.Link
	Problems []mention.Problem
	// Directives are what the page says about its own use, its headers and
	// its markup together.
	Directives mention.Directives
	// Blocked says why the page is a wall (login, captcha, consent) rather
	// than content; empty when it is content.
	Blocked string
}

// Options steer a single Parse.
type Options struct {
	// Parser forces one parser by its contract name; empty lets content
	// and URL decide.
	Parser string
	// Selectors are the configured rules of the page's source; nil for
	// none. They win over what the other parsers find on the same block.
	Selectors *Selectors
}

// Selectors are a source's own rules for pages without markup. Each field is
// a CSS selector relative to Review, optionally followed by "@attr" for an
// attribute, e.g. ".stars@aria-label".
type Selectors struct {
	// Review selects the repeated block of one mention.
	Review string `yaml:"review" json:"review"`
	// Kind is the kind of the mentions; empty means review.
	Kind   mention.Kind `yaml:"kind,omitempty" json:"kind,omitempty"`
	ID     string       `yaml:"id,omitempty" json:"id,omitempty"`
	Author string       `yaml:"author,omitempty" json:"author,omitempty"`
	Title  string       `yaml:"title,omitempty" json:"title,omitempty"`
	Text   string       `yaml:"text,omitempty" json:"text,omitempty"`
	Rating string       `yaml:"rating,omitempty" json:"rating,omitempty"`
	Date   string       `yaml:"date,omitempty" json:"date,omitempty"`
	URL    string       `yaml:"url,omitempty" json:"url,omitempty"`
	Reply  string       `yaml:"reply,omitempty" json:"reply,omitempty"`
	// Item and the rest are looked up on the whole page.
	Item        string `yaml:"item,omitempty" json:"item,omitempty"`
	ItemRating  string `yaml:"item_rating,omitempty" json:"item_rating,omitempty"`
	ReviewCount string `yaml:"review_count,omitempty" json:"review_count,omitempty"`
	// Next and Links select pagination and detail links to follow.
	Next  string `yaml:"next,omitempty" json:"next,omitempty"`
	Links string `yaml:"links,omitempty" json:"links,omitempty"`
}
