// Package bluesky reads posts of Bluesky: threads, feeds, searches and lists
// of posts of the app.bsky.feed methods, and the records behind them, after
// https://docs.bsky.app/docs/api/app-bsky-feed-get-post-thread and the
// lexicons at https://github.com/bluesky-social/atproto/tree/main/lexicons.
//
// It is not for profiles, likes, lists or notifications. Posts that are
// quoted, or shown beside a reply in a feed, are context and left out. So is
// what its author shows to members only (the label !no-unauthenticated), or a
// moderator to nobody (!hide), see https://atproto.com/guides/labels.
package bluesky

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// site is where a person reads what the API gives. The URI of a post is the
// same on every server.
const site = "https://bsky.app"

// collection is the type of the records that are posts.
const collection = "app.bsky.feed.post"

// Detect tells whether the page holds posts.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "uri", "cid") && bytes.Contains(d.Body, []byte("/"+collection+"/"))
}

// Parse reads all posts of the page, a reposted one once and as its own
// author's; of a thread first what the post replies to, then the post, then
// its replies. The cursor becomes a link to the next page.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	var p page
	if r.malformed(wire.DecodeList(d.Body, "posts", &p)) {
		return r.found
	}
	switch {
	case p.Thread != nil:
		r.thread(p.Thread)
	case p.URI != "":
		r.post(&p.post)
	case p.Feed == nil && p.Posts == nil && p.Records == nil:
		var flat struct { // app.bsky.unspecced.getPostThreadV2
			Thread []struct {
				Value struct {
					Post *post `json:"post"`
				} `json:"value"`
			} `json:"thread"`
		}
		r.malformed(wire.Decode(d.Body, &flat))
		for i := range flat.Thread {
			if x := flat.Thread[i].Value.Post; x != nil {
				r.post(x)
			}
		}
	}
	for i := range p.Feed {
		r.post(p.Feed[i].Post)
	}
	for _, x := range append(p.Posts, p.Records...) {
		r.post(x)
	}
	if r.withheld > 0 {
		wire.Problem(&r.found, "bluesky", fmt.Sprintf("%d posts are left out, as their labels ask", r.withheld))
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "bluesky", fmt.Sprintf("%d posts have no URI or record", r.unreadable))
	}
	if p.Cursor != "" && len(p.Feed)+len(p.Posts)+len(p.Records) > 0 {
		wire.Next(&r.found, d, wire.With(d, "cursor", p.Cursor))
	}
	return r.found
}

// page is the answer of all the methods; a single post or record has its
// fields at the top.
type page struct {
	post
	Thread *node `json:"thread"`
	Feed   []struct {
		Post *post `json:"post"`
	} `json:"feed"`
	Posts   []*post `json:"posts"`
	Records []*post `json:"records"`
	Cursor  string  `json:"cursor"`
}

// node is a threadViewPost. Posts that are blocked or not found have none.
type node struct {
	Post    *post   `json:"post"`
	Parent  *node   `json:"parent"`
	Replies []*node `json:"replies"`
}

// post is a postView, or a record of com.atproto.repo, whose content is
// called value and whose author only the URI names.
type post struct {
	URI    string `json:"uri"`
	Author *struct {
		DID    string            `json:"did"`
		Handle string            `json:"handle"`
		Labels wire.List[*label] `json:"labels"`
	} `json:"author"`
	Labels  wire.List[*label] `json:"labels"`
	Record  *record           `json:"record"`
	Value   *record           `json:"value"`
	Embed   *embed            `json:"embed"`
	Replies wire.Count        `json:"replyCount"`
	Reposts wire.Count        `json:"repostCount"`
	Quotes  wire.Count        `json:"quoteCount"`
	Likes   wire.Count        `json:"likeCount"`
	Indexed string            `json:"indexedAt"`
}

type record struct {
	Type    string   `json:"$type"`
	Text    *string  `json:"text"`
	Created string   `json:"createdAt"`
	Langs   []string `json:"langs"`
	Embed   *embed   `json:"embed"`
	Labels  struct {
		Values wire.List[*label] `json:"values"`
	} `json:"labels"`
	Reply *struct {
		Root   ref `json:"root"`
		Parent ref `json:"parent"`
	} `json:"reply"`
}

type ref struct {
	URI string `json:"uri"`
}

// label is what an author or a moderator asks of those who show a post; of a
// negated one nothing.
type label struct {
	Value   string `json:"val"`
	Negated bool   `json:"neg"`
}

// withheld tells whether one of the labels keeps a post from who has not
// logged in.
func withheld(labels []*label) bool {
	return slices.ContainsFunc(labels, func(l *label) bool {
		return l != nil && !l.Negated && (l.Value == "!no-unauthenticated" || l.Value == "!hide")
	})
}

// embed is what a post shows beside its text: pictures and videos with a
// description, or the card of a link.
type embed struct {
	Alt    string `json:"alt"`
	Images []struct {
		Alt string `json:"alt"`
	} `json:"images"`
	External struct {
		Title string `json:"title"`
	} `json:"external"`
	Media *embed `json:"media"`
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
	withheld   int
}

func (r *reader) malformed(err error) bool {
	if err != nil {
		wire.Problem(&r.found, "bluesky", "malformed: "+err.Error())
	}
	return err != nil
}

// thread reads a post with the posts above and below it.
func (r *reader) thread(n *node) {
	var up []*node
	for p := n.Parent; p != nil; p = p.Parent {
		up = append(up, p)
	}
	for i := len(up) - 1; i >= 0; i-- {
		if up[i].Post != nil {
			r.post(up[i].Post)
		}
	}
	r.below(n)
}

func (r *reader) below(n *node) {
	if n.Post != nil {
		r.post(n.Post)
	}
	for _, reply := range n.Replies {
		if reply != nil {
			r.below(reply)
		}
	}
}

func (r *reader) post(p *post) {
	if p == nil {
		r.unreadable++
		return
	}
	rec := p.Record
	if rec == nil {
		rec = p.Value
	}
	repo, key, ok := split(p.URI)
	switch {
	case !ok && p.URI != "" && (rec == nil || rec.Type != collection): // a record of another kind
		return
	case !ok || rec == nil || rec.Text == nil:
		r.unreadable++
		return
	case r.seen[p.URI]:
		return
	}
	r.seen[p.URI] = true
	if withheld(p.Labels) || withheld(rec.Labels.Values) || p.Author != nil && withheld(p.Author.Labels) {
		r.withheld++
		return
	}
	m := mention.Mention{Kind: mention.Post, NativeID: p.URI, Text: normalize.Text(*rec.Text), Source: mention.Source{Host: mention.Host(site)}}
	if rec.Reply != nil && rec.Reply.Parent.URI != "" {
		m.Kind, m.Parent, m.Thread = mention.Comment, rec.Reply.Parent.URI, rec.Reply.Root.URI
	}
	if m.Text == "" {
		wordless(&m, p.Embed, rec.Embed)
	}
	who := repo
	if p.Author != nil && p.Author.Handle != "" && p.Author.Handle != "handle.invalid" {
		who = p.Author.Handle
	}
	profile := site + "/profile/" + url.PathEscape(who)
	m.Author = wire.Author(who, r.d.Abs(profile))
	m.URL = r.d.Abs(profile + "/post/" + url.PathEscape(key))
	if len(rec.Langs) > 0 {
		m.Language = document.LanguageTag(rec.Langs[0])
	}
	wire.Publish(&m, p.Indexed, r.d)
	wire.Publish(&m, rec.Created, r.d)
	m.Engagement = wire.Engagement(mention.Engagement{Likes: int(p.Likes), Replies: int(p.Replies), Shares: int(p.Reposts) + int(p.Quotes)})
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
}

// wordless describes a post without text by what its author shows: the
// description of a picture, the title of a link.
func wordless(m *mention.Mention, embeds ...*embed) {
	for _, e := range embeds {
		for ; e != nil; e = e.Media {
			m.Title = wire.First(m.Title, normalize.Line(e.External.Title))
			m.Text = wire.First(m.Text, normalize.Text(e.Alt))
			for i := range e.Images {
				m.Text = wire.First(m.Text, normalize.Text(e.Images[i].Alt))
			}
		}
	}
}

// split takes at://REPO/app.bsky.feed.post/KEY apart.
func split(uri string) (repo, key string, ok bool) {
	rest, ok := strings.CutPrefix(uri, "at://")
	if !ok {
		return "", "", false
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] != collection || parts[2] == "" {
		return "", "", false
	}
	return parts[0], parts[2], true
}
