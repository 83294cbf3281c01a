// Package parsers turns a fetched page into mentions, items and links.
//
// One small package per format or site reads what it knows and nothing else;
// this package holds the registry that asks them in turn, merges what several
// syntaxes say about the same review, and finishes ids, URLs and evidence.
// It is not for fetching, for scoring or for storing.
package parsers

import (
	"klank/mention"
	"klank/parsers/loadmore"
	"klank/parsers/selectors"
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
	// Canonical is the URL on the same host under which the page wants to be
	// known (rel=canonical); empty where that is its own.
	Canonical string `json:",omitempty"`
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
	// LoadMore are the lists of the source of which pages show the beginning
	// only. Their answers are known by their URLs.
	LoadMore []*loadmore.List
}

// Selectors are a source's own rules for pages without markup.
type Selectors = selectors.Rules
