// Package stackexchange reads questions, answers and comments of the API of
// Stack Exchange, after https://api.stackexchange.com/docs.
//
// Texts are only there when they are asked for (filter=withbody). It is not
// for users, tags or badges.
package stackexchange

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

// Detect tells whether the page is an answer of the API with posts, or says
// what is wrong.
func Detect(d *document.Document) bool {
	if wire.Holds(d.Body, "error_id", "error_name", "error_message") {
		return true
	}
	if !wire.Holds(d.Body, "items") || !wire.Holds(d.Body, "has_more") && !wire.Holds(d.Body, "owner", "creation_date") {
		return false
	}
	for _, id := range []string{"question_id", "answer_id", "comment_id", "post_id"} {
		if wire.Holds(d.Body, id) {
			return true
		}
	}
	return false
}

// Parse reads all posts of the page in its order: a question, its comments,
// its answers with theirs. The next page, the answers that questions have
// elsewhere and what a search for excerpts found become links. When the API
// asks to wait (backoff), or fails, a problem says so.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	var p page
	if err := wire.Decode(d.Body, &p); err != nil {
		wire.Problem(&r.found, "stackexchange", "malformed: "+err.Error())
		return r.found
	}
	for _, x := range p.Items {
		r.read(x, "", "")
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "stackexchange", fmt.Sprintf("%d posts have no id or text; texts are asked for with filter=withbody", r.unreadable))
	}
	if p.Error != "" {
		wire.Problem(&r.found, "stackexchange", "the API fails: "+normalize.Line(p.Error))
	}
	if p.Backoff > 0 {
		wire.Problem(&r.found, "stackexchange", fmt.Sprintf("the API asks to wait %d seconds before the next request", p.Backoff))
	}
	r.batch("questions", "", r.questions)
	r.batch("questions", "/answers", r.unanswered)
	r.batch("answers", "", r.answers)
	if p.More {
		wire.Next(&r.found, d, wire.With(d, "page", fmt.Sprint(wire.Page(d, "page", 1)+1)))
	}
	return r.found
}

// page is the wrapper of all answers.
type page struct {
	Items   []*post    `json:"items"`
	More    bool       `json:"has_more"`
	Backoff wire.Count `json:"backoff"`
	Error   string     `json:"error_message"`
}

// post is a question, an answer, a comment, or either of the first two as a
// "post". Every field may be missing or null.
type post struct {
	ItemType   string     `json:"item_type"` // of an excerpt
	PostType   string     `json:"post_type"`
	QuestionID wire.ID    `json:"question_id"`
	AnswerID   wire.ID    `json:"answer_id"`
	CommentID  wire.ID    `json:"comment_id"`
	PostID     wire.ID    `json:"post_id"`
	Title      string     `json:"title"`
	Body       string     `json:"body"`
	Link       string     `json:"link"`
	Created    wire.Unix  `json:"creation_date"`
	Edited     wire.Unix  `json:"last_edit_date"`
	Score      wire.Count `json:"score"`
	Views      wire.Count `json:"view_count"`
	Count      wire.Count `json:"answer_count"`
	Owner      struct {
		Name string `json:"display_name"`
		Link string `json:"link"`
	} `json:"owner"`
	Answers  []*post `json:"answers"`
	Comments []*post `json:"comments"`
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
	// ids of what is to be asked for
	questions, answers, unanswered []string
}

// read makes mentions of a post and of those below it; question and host are
// those that it is shown below.
func (r *reader) read(x *post, question, host string) {
	if x == nil {
		r.unreadable++
		return
	}
	question, host = wire.First(string(x.QuestionID), question), wire.First(r.site(x), host)
	add := func(kind mention.Kind, id, parent wire.ID) { r.add(x, kind, id, parent, question, host) }
	switch {
	case x.ItemType == "answer" && x.AnswerID != "":
		r.answers = append(r.answers, string(x.AnswerID))
	case x.ItemType == "question" && x.QuestionID != "":
		r.questions = append(r.questions, string(x.QuestionID))
	case x.CommentID != "":
		add(mention.Comment, x.CommentID, x.PostID)
	case x.AnswerID != "":
		add(mention.Answer, x.AnswerID, wire.ID(question))
	case x.QuestionID != "":
		add(mention.Question, x.QuestionID, "")
		if int(x.Count) > len(x.Answers) {
			r.unanswered = append(r.unanswered, string(x.QuestionID))
		}
	case x.PostID != "" && x.PostType == "answer":
		add(mention.Answer, x.PostID, "")
	case x.PostID != "":
		add(mention.Question, x.PostID, "")
	default:
		r.unreadable++
	}
	for _, c := range slices.Concat(x.Comments, x.Answers) {
		r.read(c, question, host)
	}
}

// add makes a mention of a post. Questions and answers share their ids,
// comments have their own; all are a site's.
func (r *reader) add(x *post, kind mention.Kind, id, parent wire.ID, question, host string) {
	m := mention.Mention{Kind: kind, NativeID: string(id), Parent: string(parent), Text: normalize.HTML(x.Body), Source: mention.Source{Host: host}}
	path := "/a/"
	switch kind {
	case mention.Question:
		m.Title, path = normalize.Line(x.Title), "/q/"
	case mention.Comment:
		m.NativeID, path = "comment_"+m.NativeID, "/posts/comments/"
		fallthrough
	default:
		m.Thread = question
	}
	if m.Text == "" && m.Title == "" {
		r.unreadable++
		return
	}
	if r.seen[m.NativeID] {
		return
	}
	r.seen[m.NativeID] = true
	if m.URL = r.d.Ref(x.Link); m.URL == "" && host != "" {
		m.URL = r.d.Abs("https://" + host + path + url.PathEscape(string(id)))
	}
	m.Author = wire.Author(x.Owner.Name, r.d.Abs(x.Owner.Link))
	x.Created.Publish(&m)
	m.Updated = x.Edited.Time
	m.Engagement = wire.Engagement(mention.Engagement{Likes: int(x.Score), Replies: int(x.Count), Views: int(x.Views)})
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
}

// site is the host of the site that the post is on: all of them have one API.
func (r *reader) site(x *post) string {
	if u := r.d.Abs(x.Link); strings.HasPrefix(x.Link, "http") && u != "" {
		return mention.Host(u)
	}
	s := strings.ToLower(wire.Param(r.d, "site"))
	switch name := s[strings.LastIndexByte(s, '.')+1:]; {
	case s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "":
		return ""
	case name == "com" || name == "net":
		return s
	case name == "stackoverflow" || name == "serverfault" || name == "superuser" || name == "askubuntu" || name == "stackapps":
		return s + ".com"
	case name == "mathoverflow":
		return s + ".net"
	}
	return s + ".stackexchange.com"
}

// perRequest is how many ids a method takes.
const perRequest = 100

// batch links what a method gives for the ids, with the texts, from the same
// site and with the same key.
func (r *reader) batch(method, sub string, ids []string) {
	version, _, _ := strings.Cut(strings.TrimPrefix(wire.Path(r.d), "/"), "/")
	if !strings.HasPrefix(version, "2.") {
		return
	}
	q := url.Values{"filter": {"withbody"}, "pagesize": {"100"}}
	for _, name := range []string{"site", "key"} {
		if v := wire.Param(r.d, name); v != "" {
			q.Set(name, v)
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return strings.Trim(id, "0123456789") != "" })
	for len(ids) > 0 {
		n := min(perRequest, len(ids))
		wire.Item(&r.found, r.d, r.d.Abs("/"+version+"/"+method+"/"+strings.Join(ids[:n], ";")+sub+"?"+q.Encode()))
		ids = ids[n:]
	}
}
