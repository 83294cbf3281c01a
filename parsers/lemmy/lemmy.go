// Package lemmy reads posts and comments of Lemmy, a federated forum: lists,
// single posts and comments, searches and users, after
// https://join-lemmy.org/api/ (version 3 and, where fields moved, version 4).
//
// It is not for communities, messages or moderation, nor for what is deleted
// or removed.
package lemmy

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page holds posts or comments: views of them with
// their creator and the address that federated servers know them by.
func Detect(d *document.Document) bool {
	if !wire.Holds(d.Body, "creator", "ap_id") {
		return false
	}
	for _, key := range []string{"post_view", "posts", "comment_view", "comments", "items", "post", "comment"} {
		if wire.Holds(d.Body, key) {
			return true
		}
	}
	return false
}

// Parse reads all posts and comments of the page in its order. The next page
// and the comments of posts become links.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	var p page
	if err := wire.DecodeList(d.Body, "items", &p); err != nil {
		wire.Problem(&r.found, "lemmy", "malformed: "+err.Error())
		return r.found
	}
	for _, one := range []*view{p.PostView, p.CommentView, p.Post, p.Comment} {
		if one != nil {
			r.read(one)
		}
	}
	for _, x := range slices.Concat(p.Posts, p.Comments, p.Items) {
		r.read(x)
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "lemmy", fmt.Sprintf("%d posts or comments have no id or text", r.unreadable))
	}
	r.next(&p)
	return r.found
}

// page is the answer of all methods. An address that is looked up has its
// view under post or comment.
type page struct {
	PostView    *view   `json:"post_view"`
	CommentView *view   `json:"comment_view"`
	Post        *view   `json:"post"`
	Comment     *view   `json:"comment"`
	Posts       []*view `json:"posts"`
	Comments    []*view `json:"comments"`
	Items       []*view `json:"items"`
	Next        string  `json:"next_page"`
}

// view is a post or a comment with what belongs to it. That of a comment has
// its post as well.
type view struct {
	Post    *body `json:"post"`
	Comment *body `json:"comment"`
	Creator *struct {
		Name    string `json:"name"`
		ActorID string `json:"actor_id"`
		APID    string `json:"ap_id"`
	} `json:"creator"`
	Counts counts `json:"counts"`
}

// body is a post or comment itself. Every field may be missing or null.
type body struct {
	ID        wire.ID `json:"id"`
	Name      string  `json:"name"` // of a post: its title
	Body      string  `json:"body"`
	Content   string  `json:"content"` // of a comment
	PostID    wire.ID `json:"post_id"`
	Path      string  `json:"path"`
	APID      string  `json:"ap_id"`
	Published string  `json:"published"`
	Updated   string  `json:"updated"`
	Deleted   bool    `json:"deleted"`
	Removed   bool    `json:"removed"`
	// version 4
	PublishedAt string `json:"published_at"`
	UpdatedAt   string `json:"updated_at"`
	counts
}

type counts struct {
	Score    wire.Count `json:"score"`
	Comments wire.Count `json:"comments"`
	Children wire.Count `json:"child_count"`
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
}

func (r *reader) read(x *view) {
	switch {
	case x != nil && x.Comment != nil && x.Comment.ID != "":
		r.comment(x)
	case x != nil && x.Post != nil && x.Post.ID != "":
		r.post(x)
	case x == nil || x.Creator == nil || x.Comment != nil || x.Post != nil: // a search has more than these
		r.unreadable++
	}
}

func (r *reader) post(x *view) {
	b := x.Post
	m := mention.Mention{Kind: mention.Post, NativeID: "post_" + string(b.ID), Title: normalize.Line(b.Name), Text: normalize.Markdown(b.Body)}
	n := max(x.Counts.Comments, b.counts.Comments)
	if r.add(x, b, m, "/post/", int(n)) && n > 0 {
		if at := r.api(); at != "" {
			q := url.Values{"post_id": {string(b.ID)}, "type_": {"All"}, "sort": {"New"}, "limit": {strconv.Itoa(maxLimit)}}
			wire.Item(&r.found, r.d, r.d.Abs(at+"/comment/list?"+q.Encode()))
		}
	}
}

// comment reads a comment. Its path names those that it stands below, from
// 0 for the post to itself.
func (r *reader) comment(x *view) {
	b := x.Comment
	m := mention.Mention{Kind: mention.Comment, NativeID: "comment_" + string(b.ID), Text: normalize.Markdown(b.Content)}
	post := b.PostID
	if post == "" && x.Post != nil {
		post = x.Post.ID
	}
	if post != "" {
		m.Thread = "post_" + string(post)
	}
	m.Parent = m.Thread
	if up := strings.Split(b.Path, "."); len(up) > 2 && up[len(up)-1] == string(b.ID) {
		m.Parent = "comment_" + up[len(up)-2]
	}
	r.add(x, b, m, "/comment/", int(max(x.Counts.Children, b.counts.Children)))
}

// add completes a mention; ids are those of the server that was asked.
func (r *reader) add(x *view, b *body, m mention.Mention, path string, replies int) bool {
	switch {
	case b.Deleted || b.Removed || r.seen[m.NativeID]:
		return false
	case m.Text == "" && m.Title == "":
		r.unreadable++
		return false
	}
	r.seen[m.NativeID] = true
	if m.URL = r.d.Abs(b.APID); m.URL == "" {
		m.URL = r.d.Abs(path + url.PathEscape(string(b.ID)))
	}
	if c := x.Creator; c != nil {
		m.Author = wire.Author(c.Name, r.d.Abs(wire.First(c.ActorID, c.APID)))
	}
	wire.Publish(&m, wire.First(b.PublishedAt, b.Published), r.d)
	wire.Update(&m, wire.First(b.UpdatedAt, b.Updated), r.d)
	m.Engagement = wire.Engagement(mention.Engagement{Likes: int(max(x.Counts.Score, b.counts.Score)), Replies: replies})
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
	return true
}

// How many entries a list gives when nothing else is asked for, and at most.
const (
	defaultLimit = 10
	maxLimit     = 50
)

// next links the next page: by its cursor, or by its number where a list has
// none and this page is full.
func (r *reader) next(p *page) {
	if p.Next != "" {
		wire.Next(&r.found, r.d, wire.With(r.d, "page_cursor", p.Next))
		return
	}
	path := wire.Path(r.d)
	if !strings.HasSuffix(path, "/list") && !strings.HasSuffix(path, "/search") && !strings.HasSuffix(path, "/user") || wire.Param(r.d, "page_cursor") != "" {
		return
	}
	if full := min(wire.Page(r.d, "limit", defaultLimit), maxLimit); full > 0 && max(len(p.Posts), len(p.Comments)) >= full {
		wire.Next(&r.found, r.d, wire.With(r.d, "page", strconv.Itoa(wire.Page(r.d, "page", 1)+1)))
	}
}

// api is the path of the API that the page came from, "" from elsewhere.
func (r *reader) api() string {
	for _, at := range []string{"/api/v3", "/api/v4"} {
		if strings.HasPrefix(wire.Path(r.d), at+"/") {
			return at
		}
	}
	return ""
}
