// Package hackernews reads stories and comments of Hacker News: items and
// lists of ids of https://github.com/HackerNews/API, and the searches and
// trees of https://hn.algolia.com/api.
//
// It is not for users, nor for items that are deleted or dead.
package hackernews

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// site is where a person reads what the APIs give; both have its ids.
const site = "https://news.ycombinator.com"

// Detect tells whether the page holds items of one of the APIs, or is a list
// of ids by its URL.
func Detect(d *document.Document) bool {
	switch {
	case wire.Holds(d.Body, "hits", "objectID", "_tags"), wire.Holds(d.Body, "created_at_i", "children", "author"):
		return true
	case isFirebase(d):
		return wire.Holds(d.Body)
	case !wire.Holds(d.Body, "id", "by", "time", "type"):
		return false
	}
	for _, kind := range []string{"story", "comment", "job", "poll"} {
		if bytes.Contains(d.Body, []byte(`"`+kind+`"`)) {
			items, err := decode(d.Body)
			return err == nil && len(items.list) > 0 && items.list[0] != nil && items.list[0].plain()
		}
	}
	return false
}

// isFirebase tells whether the page came from the API of items by its URL.
func isFirebase(d *document.Document) bool {
	return mention.Host(d.URL) == "hacker-news.firebaseio.com"
}

// Parse reads all stories and comments of the page in its order. The comments
// that an item only names, the items of a list of ids, the threads and the
// next page of a search become links.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	p, err := decode(d.Body)
	if err != nil {
		wire.Problem(&r.found, "hackernews", "malformed: "+err.Error())
		return r.found
	}
	for _, x := range p.list {
		r.read(x, "", "")
	}
	for _, id := range p.ids {
		wire.Item(&r.found, d, r.item(id))
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "hackernews", fmt.Sprintf("%d items have no id or nothing to read", r.unreadable))
	}
	if n := int(p.Page) + 1; p.Hits != nil && n < int(p.Pages) {
		wire.Next(&r.found, d, wire.With(d, "page", fmt.Sprint(n)))
	}
	return r.found
}

// page is the answer of both APIs: an item, a list of items or ids, what a
// search found.
type page struct {
	item
	Hits  []*item    `json:"hits"`
	Page  wire.Count `json:"page"`
	Pages wire.Count `json:"nbPages"`
	// Items are ids that changed (/v0/updates).
	Items []wire.ID `json:"items"`

	list []*item
	ids  []wire.ID
}

// item has the fields of both APIs. Every one may be missing or null.
type item struct {
	ID      wire.ID    `json:"id"`
	Type    string     `json:"type"`
	Title   string     `json:"title"`
	Text    string     `json:"text"`
	Parent  wire.ID    `json:"parent"`
	Poll    wire.ID    `json:"poll"`
	By      string     `json:"by"`
	Time    wire.Unix  `json:"time"`
	Score   wire.Count `json:"score"`
	Replies wire.Count `json:"descendants"`
	Kids    []wire.ID  `json:"kids"`
	Deleted bool       `json:"deleted"`
	Dead    bool       `json:"dead"`
	// Algolia
	ObjectID wire.ID    `json:"objectID"`
	Author   string     `json:"author"`
	Created  wire.Unix  `json:"created_at_i"`
	Points   wire.Count `json:"points"`
	Comments wire.Count `json:"num_comments"`
	ParentID wire.ID    `json:"parent_id"`
	StoryID  wire.ID    `json:"story_id"`
	Story    string     `json:"story_text"`
	Comment  string     `json:"comment_text"`
	Tags     []string   `json:"_tags"`
	Children []*item    `json:"children"`
}

// plain tells whether x has what makes an item recognisable.
func (x *item) plain() bool {
	return x.ID != "" && strings.Trim(string(x.ID), "0123456789") == "" && !x.Time.IsZero() && (x.By != "" || x.Deleted)
}

func decode(body []byte) (*page, error) {
	p := &page{}
	if wire.IsArray(body) {
		if err := wire.Decode(body, &p.list); err != nil {
			return nil, err
		}
		err := wire.Decode(body, &p.ids) // an item among them is no id
		return p, err
	}
	if err := wire.Decode(body, p); err != nil {
		return nil, err
	}
	p.list, p.ids = p.Hits, p.Items
	if p.Hits == nil && p.Items == nil {
		p.list = []*item{&p.item}
	}
	return p, nil
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
}

// read makes a mention of an item and of those below it. parent and story are
// what it stands below, where the page shows that.
func (r *reader) read(x *item, parent, story wire.ID) {
	if x == nil {
		return
	}
	id := wire.ID(wire.First(string(x.ID), string(x.ObjectID)))
	if x.StoryID != "" {
		story = x.StoryID
	}
	r.add(x, id, wire.ID(wire.First(string(x.Parent), string(x.ParentID), string(parent))), story)
	if story == "" && (x.Type == "story" || x.Type == "poll" || x.Type == "job") {
		story = id
	}
	for _, child := range x.Children {
		r.read(child, id, story)
	}
	if isFirebase(r.d) {
		for _, kid := range x.Kids {
			wire.Next(&r.found, r.d, r.item(kid))
		}
	}
	if x.ObjectID != "" && x.Comments > 0 && strings.Contains(r.d.URL, "/api/v1/") {
		wire.Item(&r.found, r.d, r.d.Abs("/api/v1/items/"+url.PathEscape(string(id))))
	}
}

func (r *reader) add(x *item, id, parent, story wire.ID) {
	m := mention.Mention{
		Kind: mention.Post, NativeID: string(id), Title: normalize.Line(x.Title),
		Text: normalize.HTML(wire.First(x.Text, x.Comment, x.Story)), Source: mention.Source{Host: mention.Host(site)},
	}
	by := wire.First(x.By, x.Author)
	switch {
	case x.Deleted || x.Dead || x.Type == "pollopt" || r.seen[string(id)] || m.Text == "[dead]" || m.Text == "[flagged]" || m.Text == "[deleted]":
		return
	case id == "" && x.Time.IsZero() && by == "" && m.Text == "" && m.Title == "": // an id in a list, or another answer
		return
	case by == "" && m.Text == "" && m.Title == "" && !x.Created.IsZero(): // deleted, in a tree
		return
	case id == "" || m.Text == "" && m.Title == "":
		r.unreadable++
		return
	}
	r.seen[string(id)] = true
	if x.comment() {
		m.Kind, m.Parent, m.Thread, m.Title = mention.Comment, string(parent), string(story), ""
	}
	m.URL = r.d.Abs(site + "/item?" + url.Values{"id": {string(id)}}.Encode())
	m.Author = wire.Author(by, r.d.Abs(site+"/user?"+url.Values{"id": {by}}.Encode()))
	x.Time.Publish(&m)
	x.Created.Publish(&m)
	m.Engagement = wire.Engagement(mention.Engagement{
		Likes: int(max(x.Score, x.Points)), Replies: int(max(x.Replies, x.Comments)),
	})
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
}

// comment tells whether the item is one; a hit says so in its tags, or by what
// holds its text.
func (x *item) comment() bool {
	for _, t := range x.Tags {
		if t == "comment" {
			return true
		}
	}
	return x.Type == "comment" || x.Comment != ""
}

// item is the address of an item in the API of items.
func (r *reader) item(id wire.ID) string {
	if id == "" || !isFirebase(r.d) {
		return ""
	}
	return r.d.Abs("/v0/item/" + url.PathEscape(string(id)) + ".json")
}
