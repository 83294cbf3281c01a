// Package reddit reads posts and comments of Reddit's JSON: listings of
// subreddits, users and searches, a post with its tree of comments, single
// things, and what /api/morechildren gives, after
// https://www.reddit.com/dev/api and
// https://github.com/reddit-archive/reddit/wiki/JSON.
//
// It is not for messages, accounts, subreddits or moderation, nor for
// anything that has been deleted or removed.
package reddit

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

// site is where a person reads what the API gives; the ids of all of Reddit's
// hosts are the same.
const site = "https://www.reddit.com"

// Detect tells whether the page is a listing or a thing with posts or
// comments: both say their kind, and all ids begin with it.
func Detect(d *document.Document) bool {
	if !wire.Holds(d.Body, "kind", "data") {
		return false
	}
	has := func(s string) bool { return bytes.Contains(d.Body, []byte(s)) }
	return (has(`"t1"`) || has(`"t3"`)) && (has(`"t1_`) || has(`"t3_`))
}

// Parse reads all posts and comments of the page in its order, replies after
// what they reply to. The next page of a listing and the comments that a tree
// left out become links.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	things, err := decode(d.Body)
	if err != nil {
		wire.Problem(&r.found, "reddit", "malformed: "+err.Error())
		return r.found
	}
	for i := range things {
		r.walk(&things[i])
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "reddit", fmt.Sprintf("%d posts or comments have no id or nothing to read", r.unreadable))
	}
	r.page(things)
	r.rest()
	return r.found
}

// thing is what everything is wrapped in: t1 a comment, t3 a post, more the
// ids of comments that were left out, Listing a list of things.
type thing struct {
	Kind string `json:"kind"`
	Data *data  `json:"data"`
}

// data has the fields of all the kinds.
type data struct {
	// Listing
	After    string  `json:"after"`
	Children []thing `json:"children"`
	// t1 and t3
	ID                string     `json:"id"`
	Author            string     `json:"author"`
	Created           wire.Unix  `json:"created_utc"`
	Edited            wire.Unix  `json:"edited"`
	Score             wire.Count `json:"score"`
	ScoreHidden       bool       `json:"score_hidden"`
	Permalink         string     `json:"permalink"`
	RemovedByCategory string     `json:"removed_by_category"`
	// t1
	Body    *string `json:"body"`
	Parent  string  `json:"parent_id"`
	Link    string  `json:"link_id"`
	Replies *thing  `json:"replies"`
	// t3
	Title      string     `json:"title"`
	SelfText   string     `json:"selftext"`
	Comments   wire.Count `json:"num_comments"`
	Crossposts wire.Count `json:"num_crossposts"`
	Views      wire.Count `json:"view_count"`
}

// decode returns the things of the page: an array of listings (a post and its
// comments), one thing, or the answer of /api/morechildren.
func decode(body []byte) ([]thing, error) {
	var page struct {
		thing
		JSON struct {
			Data struct {
				Things []thing `json:"things"`
			} `json:"data"`
		} `json:"json"`
	}
	if wire.IsArray(body) {
		var things []thing
		err := wire.Decode(body, &things)
		return things, err
	}
	if err := wire.Decode(body, &page); err != nil {
		return nil, err
	}
	if page.Data != nil {
		return []thing{page.thing}, nil
	}
	return page.JSON.Data.Things, nil
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
	post       string   // the post that the comments belong to
	left       int      // "more" things
	continued  []string // comments whose replies have a page of their own
}

func (r *reader) walk(t *thing) {
	x := t.Data
	if x == nil {
		return
	}
	switch t.Kind {
	case "Listing":
		for i := range x.Children {
			r.walk(&x.Children[i])
		}
	case "t1", "t3":
		r.read(t.Kind, x)
		if x.Replies != nil {
			r.walk(x.Replies)
		}
	case "more":
		r.left++
		if len(x.Children) == 0 && strings.HasPrefix(x.Parent, "t1_") {
			r.continued = append(r.continued, x.Parent[3:])
		}
	}
}

// read makes a mention of a post or comment.
func (r *reader) read(kind string, x *data) {
	id := x.ID
	if id != "" && !strings.HasPrefix(id, kind+"_") {
		id = kind + "_" + id
	}
	if kind == "t3" && id != "" && r.post == "" {
		r.post = id
	} else if kind == "t1" && strings.HasPrefix(x.Link, "t3_") {
		r.post = x.Link
	}
	if gone(x) || r.seen[id] {
		return
	}
	m := mention.Mention{Kind: mention.Post, NativeID: id, Source: mention.Source{Host: mention.Host(site)}}
	if kind == "t1" {
		m.Kind, m.Parent, m.Thread = mention.Comment, wire.First(x.Parent, x.Link), x.Link
		if x.Body != nil {
			m.Text = normalize.Markdown(*x.Body)
		}
	} else {
		m.Title, m.Text = normalize.Line(x.Title), normalize.Markdown(x.SelfText)
	}
	if id == "" || m.Text == "" && m.Title == "" && (x.Body == nil || strings.TrimSpace(*x.Body) == "") {
		r.unreadable++
		return
	}
	r.seen[id] = true
	m.URL = readable(r.d, kind, x)
	if x.Author != "[deleted]" {
		m.Author = wire.Author(x.Author, r.d.Abs(site+"/user/"+url.PathEscape(x.Author)))
	}
	x.Created.Publish(&m)
	m.Updated = x.Edited.Time
	e := mention.Engagement{Replies: int(x.Comments), Shares: int(x.Crossposts), Views: int(x.Views)}
	if kind == "t1" { // there it counts those of the post
		e.Replies = 0
	}
	if !x.ScoreHidden {
		e.Likes = int(x.Score)
	}
	m.Engagement = wire.Engagement(e)
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
}

// gone tells whether the author, a moderator or Reddit took the text away:
// what is left is a placeholder.
func gone(x *data) bool {
	text := x.SelfText
	if x.Body != nil {
		text = *x.Body
	}
	switch strings.TrimSpace(text) {
	case "[deleted]", "[removed]", "[ Removed by Reddit ]":
		return true
	}
	return x.RemovedByCategory != ""
}

// readable is the page on which a person finds the thing. Old answers do not
// name it, but the short form of the address is enough.
func readable(d *document.Document, kind string, x *data) string {
	if strings.HasPrefix(x.Permalink, "/") {
		return d.Abs(site + x.Permalink)
	}
	post := strings.TrimPrefix(x.Link, "t3_")
	switch {
	case kind == "t3":
		return d.Abs(site + "/comments/" + url.PathEscape(x.ID) + "/")
	case post != "":
		return d.Abs(site + "/comments/" + url.PathEscape(post) + "/_/" + url.PathEscape(x.ID) + "/")
	}
	return ""
}

// page adds the next page of a listing: what comes after its last thing.
func (r *reader) page(things []thing) {
	for i := range things {
		x := things[i].Data
		if things[i].Kind == "Listing" && x != nil && x.After != "" && len(things) == 1 {
			wire.Next(&r.found, r.d, wire.With(r.d, "after", x.After))
		}
	}
}
