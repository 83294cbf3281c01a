// Package discourse reads the JSON of Discourse forums: topics, further posts
// of a topic, single posts, the latest posts, lists of topics and searches,
// after https://docs.discourse.org/.
//
// It is not for users, messages, categories or anything that needs a login,
// nor for posts that are hidden or deleted. The HTML of such forums is read
// by other packages.
package discourse

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page holds posts or a list of topics.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "post_number", "cooked") || wire.Holds(d.Body, "topic_list", "topics") || wire.Holds(d.Body, "post_number", "blurb", "topic_id")
}

// Parse reads all posts of the page in its order. The posts of a topic that
// the page only names, the next page of a list, the topics of a list and the
// posts that a search found become links: lists and searches show beginnings
// only.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	if wire.IsArray(d.Body) {
		var posts []*post
		r.malformed(wire.Decode(d.Body, &posts))
		r.posts(posts)
		return r.done()
	}
	var p page
	if !r.malformed(wire.Decode(d.Body, &p)) {
		return r.found
	}
	if p.Stream == nil && p.Latest == nil && p.List == nil && p.Posts == nil {
		var one post
		r.malformed(wire.Decode(d.Body, &one))
		r.posts([]*post{&one})
		return r.done()
	}
	r.topic = &p.topic
	if p.Stream != nil {
		r.posts(p.Stream.Posts)
		r.rest(p.Stream)
	}
	r.posts(p.Latest)
	r.before(p.Latest)
	if p.List != nil {
		r.list(p.List)
	}
	if p.Grouped != nil {
		r.search(&p)
	} else {
		r.posts(p.Posts)
	}
	return r.done()
}

// page is the answer of all the addresses: a topic with its stream of posts,
// the latest posts, a list of topics, or what a search found.
type page struct {
	topic
	Stream  *stream `json:"post_stream"`
	Latest  []*post `json:"latest_posts"`
	List    *list   `json:"topic_list"`
	Posts   []*post `json:"posts"`
	Grouped *struct {
		More bool `json:"more_full_page_results"`
	} `json:"grouped_search_result"`
}

type topic struct {
	ID       wire.ID    `json:"id"`
	Title    string     `json:"title"`
	Slug     string     `json:"slug"`
	Views    wire.Count `json:"views"`
	Count    wire.Count `json:"posts_count"`
	Accepted *struct {
		Number wire.Count `json:"post_number"`
	} `json:"accepted_answer"`
}

type stream struct {
	Posts []*post `json:"posts"`
	// IDs are those of all posts of the topic, of which Posts are the first.
	IDs []wire.ID `json:"stream"`
}

type list struct {
	More   string   `json:"more_topics_url"`
	Topics []*topic `json:"topics"`
}

// post is the wire form. Every field may be missing or null.
type post struct {
	ID          wire.ID    `json:"id"`
	Username    string     `json:"username"`
	Created     string     `json:"created_at"`
	UpdatedAt   string     `json:"updated_at"`
	Version     wire.Count `json:"version"`
	Cooked      string     `json:"cooked"`
	Number      wire.Count `json:"post_number"`
	Type        wire.Count `json:"post_type"`
	Count       wire.Count `json:"posts_count"`
	ReplyTo     wire.Count `json:"reply_to_post_number"`
	Replies     wire.Count `json:"reply_count"`
	Reads       wire.Count `json:"reads"`
	TopicID     wire.ID    `json:"topic_id"`
	TopicSlug   string     `json:"topic_slug"`
	TopicTitle  string     `json:"topic_title"`
	URL         string     `json:"post_url"`
	Hidden      bool       `json:"hidden"`
	Deleted     string     `json:"deleted_at"`
	UserDeleted bool       `json:"user_deleted"`
	Accepted    bool       `json:"accepted_answer"`
	Solved      bool       `json:"topic_accepted_answer"`
	Actions     []struct {
		ID    wire.Count `json:"id"`
		Count wire.Count `json:"count"`
	} `json:"actions_summary"`
}

// Types of posts: what a moderator did is shown as a post of its own, with
// words (moderatorAction) or as a line (smallAction); only staff sees whispers.
const (
	smallAction = 3
	whisper     = 4
)

// like is the id of that action in a post's summary.
const like = 2

type reader struct {
	d          *document.Document
	found      document.Found
	topic      *topic // the page's, when it is of one
	seen       map[string]bool
	unreadable int
}

func (r *reader) malformed(err error) bool {
	if err != nil {
		wire.Problem(&r.found, "discourse", "malformed: "+err.Error())
	}
	return err == nil
}

func (r *reader) done() document.Found {
	if r.unreadable > 0 {
		wire.Problem(&r.found, "discourse", fmt.Sprintf("%d posts have no id or content", r.unreadable))
	}
	return r.found
}

func (r *reader) posts(posts []*post) {
	for _, p := range posts {
		switch {
		case p == nil || p.ID == "" || p.Cooked == "" && !p.gone():
			r.unreadable++
		case !p.gone() && !r.seen[string(p.ID)]:
			r.seen[string(p.ID)] = true
			r.add(p)
		}
	}
}

// gone tells whether a post is not there for everybody to read.
func (p *post) gone() bool {
	return p.Hidden || p.Deleted != "" || p.UserDeleted || p.Type == smallAction || p.Type == whisper
}

// add makes a mention of a post. A topic is told apart from its first post by
// no id of its own: its posts are called "topic/number" until they are found
// on the page.
func (r *reader) add(p *post) {
	t := topic{ID: p.TopicID, Title: p.TopicTitle, Slug: p.TopicSlug, Count: p.Count}
	if r.topic != nil && r.topic.ID != "" && (t.ID == "" || t.ID == r.topic.ID) {
		t = *r.topic
		t.Slug = wire.First(t.Slug, p.TopicSlug)
	}
	c := document.Candidate{Mention: mention.Mention{
		Kind: mention.Comment, NativeID: string(p.ID), Text: normalize.HTML(p.Cooked), Thread: string(t.ID),
	}}
	m := &c.Mention
	handle := func(number wire.Count) string { return fmt.Sprintf("%s/%d", t.ID, number) }
	e := mention.Engagement{Replies: int(p.Replies), Views: int(p.Reads)}
	if t.ID != "" && p.Number > 0 {
		c.Handle = handle(p.Number)
	}
	switch solved := p.Solved || t.Accepted != nil && t.Accepted.Number > 0; {
	case p.Number == 1:
		m.Kind, m.Title = mention.Post, normalize.Line(t.Title)
		if solved {
			m.Kind = mention.Question
		}
		e.Replies, e.Views = max(e.Replies, int(t.Count)-1), max(e.Views, int(t.Views))
	case t.ID != "":
		c.ParentHandle = handle(max(1, p.ReplyTo))
		m.Parent = c.ParentHandle
		if p.Accepted || t.Accepted != nil && t.Accepted.Number == p.Number {
			m.Kind = mention.Answer
		}
	}
	for _, a := range p.Actions {
		if a.ID == like {
			e.Likes = int(a.Count)
		}
	}
	m.Engagement = wire.Engagement(e)
	m.Author = wire.Author(p.Username, r.d.Abs("/u/"+url.PathEscape(p.Username)))
	m.URL = r.d.Abs(p.URL)
	if m.URL == "" && t.ID != "" && p.Number > 0 {
		m.URL = r.d.Abs(fmt.Sprintf("/t/%s/%s/%d", url.PathEscape(wire.First(t.Slug, "-")), url.PathEscape(string(t.ID)), p.Number))
	}
	wire.Publish(m, p.Created, r.d)
	if p.Version > 1 { // counting likes changes the time as well
		wire.Update(m, p.UpdatedAt, r.d)
	}
	r.found.Mentions = append(r.found.Mentions, c)
}

const (
	// perRequest is how many posts of a topic are asked for at once: as many
	// as a topic shows.
	perRequest = 20
	// maxRest bounds the posts of one topic that are asked for later.
	maxRest = 20000
)

// rest links the posts of the topic that the page names but does not show.
func (r *reader) rest(s *stream) {
	shown := map[wire.ID]bool{}
	for _, p := range s.Posts {
		if p != nil {
			shown[p.ID] = true
		}
	}
	var rest []string
	for _, id := range s.IDs {
		if id != "" && !shown[id] {
			rest = append(rest, string(id))
		}
	}
	if len(rest) == 0 || r.topic.ID == "" {
		return
	}
	if len(rest) > maxRest {
		wire.Problem(&r.found, "discourse", fmt.Sprintf("of %d further posts %d are linked", len(rest), maxRest))
		rest = rest[:maxRest]
	}
	for ids := range slices.Chunk(rest, perRequest) {
		u := "/t/" + url.PathEscape(string(r.topic.ID)) + "/posts.json?" + url.Values{"post_ids[]": ids}.Encode()
		wire.Next(&r.found, r.d, r.d.Abs(u))
	}
}

// before links the posts before the latest ones; they come newest first.
func (r *reader) before(posts []*post) {
	for i := len(posts) - 1; i >= 0; i-- {
		if posts[i] != nil && posts[i].ID != "" {
			wire.Next(&r.found, r.d, wire.With(r.d, "before", string(posts[i].ID)))
			return
		}
	}
}

// list links the topics of a list and its next page, which is named as the
// page for people.
func (r *reader) list(l *list) {
	for _, t := range l.Topics {
		if t != nil && t.ID != "" {
			wire.Item(&r.found, r.d, r.d.Abs("/t/"+url.PathEscape(string(t.ID))+".json"))
		}
	}
	if l.More == "" {
		return
	}
	path, query, _ := strings.Cut(l.More, "?")
	if !strings.HasSuffix(path, ".json") {
		path += ".json"
	}
	wire.Next(&r.found, r.d, r.d.Abs(path+"?"+query))
}

// search links the posts that a search found, of which it shows beginnings.
func (r *reader) search(p *page) {
	for _, x := range p.Posts {
		if x != nil && x.ID != "" {
			wire.Item(&r.found, r.d, r.d.Abs("/posts/"+url.PathEscape(string(x.ID))+".json"))
		}
	}
	if p.Grouped.More {
		wire.Next(&r.found, r.d, wire.With(r.d, "page", fmt.Sprint(wire.Page(r.d, "page", 1)+1)))
	}
}
