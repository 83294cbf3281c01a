// Package youtube reads comments and videos of the YouTube Data API:
// commentThreads, comments, videos and searches, after
// https://developers.google.com/youtube/v3/docs/commentThreads and the pages
// beside it.
//
// It is not for channels, playlists or captions, nor for comments that are
// held for review or rejected.
package youtube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// site is where a person reads what the API gives.
const site = "https://www.youtube.com"

// The kinds of resources that are read.
const (
	kindThread  = "youtube#commentThread"
	kindComment = "youtube#comment"
	kindVideo   = "youtube#video"
	kindResult  = "youtube#searchResult"
)

// Detect tells whether the page holds comments, videos or what a search found.
func Detect(d *document.Document) bool {
	if !wire.Holds(d.Body, "snippet") {
		return false
	}
	for _, kind := range []string{kindThread, kindComment, kindVideo, kindResult} {
		if bytes.Contains(d.Body, []byte(`"`+kind+`"`)) {
			return true
		}
	}
	return wire.Holds(d.Body, "topLevelComment", "textDisplay")
}

// Parse reads all comments and videos of the page in its order, replies after
// what they reply to. The next page, the replies that a thread leaves out and
// the comments of videos become links; a search shows beginnings only, so
// that its videos are links as well.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	var p page
	if err := wire.DecodeList(d.Body, "items", &p); err != nil {
		wire.Problem(&r.found, "youtube", "malformed: "+err.Error())
		return r.found
	}
	if p.Items == nil && p.Snippet != nil {
		p.Items = []*resource{&p.resource}
	}
	for _, x := range p.Items {
		r.read(x)
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "youtube", fmt.Sprintf("%d comments or videos have no id or text", r.unreadable))
	}
	if len(r.videos) > 0 {
		wire.Item(&r.found, d, r.method("videos", url.Values{"part": {"snippet,statistics"}, "id": {strings.Join(r.videos, ",")}}))
		for _, id := range r.videos {
			r.comments(id)
		}
	}
	if p.Next != "" {
		wire.Next(&r.found, d, wire.With(d, "pageToken", p.Next))
	}
	return r.found
}

// page is a list of resources, or a single one.
type page struct {
	resource
	Items []*resource `json:"items"`
	Next  string      `json:"nextPageToken"`
}

// resource is a thread of comments, a comment, a video or a search result.
// Every field may be missing or null.
type resource struct {
	Kind       string   `json:"kind"`
	ID         videoID  `json:"id"`
	Snippet    *snippet `json:"snippet"`
	Statistics struct {
		Views    wire.Count `json:"viewCount"`
		Likes    wire.Count `json:"likeCount"`
		Comments wire.Count `json:"commentCount"`
	} `json:"statistics"`
	Replies struct {
		Comments []*resource `json:"comments"`
	} `json:"replies"`
}

type snippet struct {
	// comments and their threads
	Top        *resource  `json:"topLevelComment"`
	VideoID    string     `json:"videoId"`
	ParentID   string     `json:"parentId"`
	Original   *string    `json:"textOriginal"`
	Display    *string    `json:"textDisplay"`
	Author     string     `json:"authorDisplayName"`
	AuthorURL  string     `json:"authorChannelUrl"`
	Likes      wire.Count `json:"likeCount"`
	ReplyCount wire.Count `json:"totalReplyCount"`
	Published  string     `json:"publishedAt"`
	Updated    string     `json:"updatedAt"`
	Moderation string     `json:"moderationStatus"`
	// videos
	Title       string `json:"title"`
	Description string `json:"description"`
	Channel     string `json:"channelTitle"`
	ChannelID   string `json:"channelId"`
	Language    string `json:"defaultLanguage"`
	Spoken      string `json:"defaultAudioLanguage"`
}

// videoID is an id, or in a search an object that may hold a video's.
type videoID string

// UnmarshalJSON never fails.
func (v *videoID) UnmarshalJSON(b []byte) error {
	var id wire.ID
	_ = json.Unmarshal(b, &id)
	if *v = videoID(id); len(b) > 0 && b[0] == '{' {
		var in struct {
			VideoID wire.ID `json:"videoId"`
		}
		_ = wire.Decode(b, &in)
		*v = videoID(in.VideoID)
	}
	return nil
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
	videos     []string // that a search found
}

func (r *reader) read(x *resource) {
	if x == nil || x.Snippet == nil {
		r.unreadable++
		return
	}
	s := x.Snippet
	switch {
	case s.Top != nil:
		r.thread(x)
	case x.Kind == kindComment || x.Kind == "" && (s.Display != nil || s.Original != nil):
		r.comment(x, "", 0)
	case x.Kind == kindVideo:
		r.video(x)
	case x.Kind == kindResult && x.ID != "":
		r.videos = append(r.videos, string(x.ID))
	case x.Kind == kindThread:
		r.unreadable++
	}
}

// thread reads a comment with its replies. The API adds only a few of them.
func (r *reader) thread(x *resource) {
	s := x.Snippet
	if s.Top.ID == "" {
		s.Top.ID = x.ID
	}
	r.comment(s.Top, s.VideoID, int(s.ReplyCount))
	for _, reply := range x.Replies.Comments {
		if reply != nil && reply.Snippet != nil && reply.Snippet.ParentID == "" {
			reply.Snippet.ParentID = string(s.Top.ID)
		}
		r.comment(reply, s.VideoID, 0)
	}
	if int(s.ReplyCount) > len(x.Replies.Comments) && s.Top.ID != "" {
		q := url.Values{"part": {"snippet"}, "parentId": {string(s.Top.ID)}, "maxResults": {"100"}}
		wire.Next(&r.found, r.d, r.method("comments", q))
	}
}

func (r *reader) comment(x *resource, video string, replies int) {
	if x == nil || x.Snippet == nil || x.ID == "" {
		r.unreadable++
		return
	}
	s := x.Snippet
	if s.Moderation != "" && s.Moderation != "published" || r.seen[string(x.ID)] {
		return
	}
	m := mention.Mention{Kind: mention.Comment, NativeID: string(x.ID), Source: mention.Source{Host: mention.Host(site)}}
	if s.Original != nil { // not everybody gets it
		m.Text = normalize.Text(*s.Original)
	}
	if m.Text == "" && s.Display != nil {
		m.Text = normalize.HTML(*s.Display)
	}
	if m.Text == "" {
		r.unreadable++
		return
	}
	r.seen[string(x.ID)] = true
	m.Thread = wire.First(s.VideoID, video)
	m.Parent = wire.First(s.ParentID, m.Thread)
	if m.Thread != "" {
		m.URL = r.d.Abs(site + "/watch?" + url.Values{"v": {m.Thread}, "lc": {string(x.ID)}}.Encode())
	}
	m.Author = wire.Author(s.Author, r.d.Abs(s.AuthorURL))
	wire.Publish(&m, s.Published, r.d)
	wire.Update(&m, s.Updated, r.d)
	m.Engagement = wire.Engagement(mention.Engagement{Likes: int(s.Likes), Replies: replies})
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
}

func (r *reader) video(x *resource) {
	s, id := x.Snippet, string(x.ID)
	if id == "" || normalize.Line(s.Title) == "" {
		r.unreadable++
		return
	}
	if r.seen[id] {
		return
	}
	r.seen[id] = true
	m := mention.Mention{
		Kind: mention.Post, NativeID: id, Title: normalize.Line(s.Title), Text: normalize.Text(s.Description),
		Source: mention.Source{Host: mention.Host(site)}, URL: r.d.Abs(site + "/watch?" + url.Values{"v": {id}}.Encode()),
		Language: document.LanguageTag(wire.First(s.Language, s.Spoken)),
	}
	channel := ""
	if s.ChannelID != "" {
		channel = r.d.Abs(site + "/channel/" + url.PathEscape(s.ChannelID))
	}
	m.Author = wire.Author(s.Channel, channel)
	wire.Publish(&m, s.Published, r.d)
	n := x.Statistics
	m.Engagement = wire.Engagement(mention.Engagement{Likes: int(n.Likes), Replies: int(n.Comments), Views: int(n.Views)})
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
	if n.Comments > 0 {
		r.comments(id)
	}
}

// comments links the comments of a video.
func (r *reader) comments(video string) {
	q := url.Values{"part": {"snippet,replies"}, "videoId": {video}, "maxResults": {"100"}, "textFormat": {"plainText"}}
	wire.Item(&r.found, r.d, r.method("commentThreads", q))
}

// method is the address of another method of the API that the page came from,
// with the same key; "" where the page came from elsewhere.
func (r *reader) method(name string, q url.Values) string {
	at := strings.Index(r.d.URL, "/youtube/v3/")
	if at < 0 {
		return ""
	}
	if key := wire.Param(r.d, "key"); key != "" {
		q.Set("key", key)
	}
	return r.d.Abs(r.d.URL[:at] + "/youtube/v3/" + name + "?" + q.Encode())
}
