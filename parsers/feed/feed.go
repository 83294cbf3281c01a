// Package feed reads syndication feeds: RSS 0.9–2.0, RDF, Atom (RFC 4287,
// with paging of RFC 5005 and threading of RFC 4685) and JSON Feed 1.x.
//
// An entry becomes a post; a comment when it says what it replies to or the
// feed is one of comments; a review when it carries a grade or the feed is
// called one of reviews. It is not for podcasts' media or for news teasers'
// articles: those are links to follow.
package feed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// Parse reads the feed's entries and links. A malformed feed gives the
// entries that can be read and a problem.
func Parse(d *document.Document) document.Found {
	var found document.Found
	problem := func(format string, args ...any) {
		found.Problems = append(found.Problems, mention.Problem{Where: "feed", What: fmt.Sprintf(format, args...)})
	}
	body := d.Body
	if firstByte(body) != '{' {
		start, _ := rootTag(body)
		if start < 0 {
			problem("no root element")
			return found
		}
		// From the root on: the body is UTF-8 now whatever its XML
		// declaration says, and entities of our own making are not wanted.
		body = body[start:]
		if tooDeep(body) {
			problem("nested deeper than %d elements", maxDepth)
			return found
		}
		body = firstContents(body)
	}
	body, more := firstEntries(body)
	f, err := read(body)
	switch {
	case err != nil:
		problem("malformed: %v", err)
	case body[0] == '<' && countEntries(body) > len(f.Items):
		problem("malformed: %d entries begun, %d read", countEntries(body), len(f.Items))
	case body[0] == '<' && !bytes.HasSuffix(bytes.TrimRight(body, " \t\r\n\x00"), []byte(">")):
		problem("malformed: ends too early")
	}
	if len(found.Problems) > 0 {
		cut, kept, lost := salvage(body)
		if kept > 0 && (f == nil || kept >= len(f.Items)) {
			if f, err = read(cut); err != nil {
				return found
			}
			problem("%d entries read, %d lost", kept, lost)
		}
		if f == nil {
			return found
		}
	}
	a := adapter{d: d, feed: f, language: d.Language}
	if f.Language != "" {
		a.language = f.Language
	}
	a.kind = feedKind(d, f)
	for i, e := range f.Items {
		if e != nil {
			a.entry(i, e, &found)
		}
	}
	if more {
		problem("more than %d entries; the rest is left out", maxEntries)
	}
	found.Links = append(found.Links, a.links()...)
	return found
}

// read hands the body to the feed library. A panic of it on hostile input
// becomes an error: one page must never end a crawl.
func read(body []byte) (f *gofeed.Feed, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("unreadable (%v)", r)
		}
	}()
	p := gofeed.NewParser()
	p.KeepOriginalFeed = true
	f, err = p.Parse(bytes.NewReader(body))
	if err == nil && f == nil {
		err = errors.New("empty")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("ends too early")
	}
	return f, err
}

// feedKind says what the feed's entries are when they do not say themselves.
func feedKind(d *document.Document, f *gofeed.Feed) mention.Kind {
	title := strings.ToLower(normalize.Line(f.Title))
	if _, ok := commented(title); ok {
		return mention.Comment
	}
	path, _, _ := strings.Cut(strings.ToLower(d.URL), "?")
	if strings.HasSuffix(strings.TrimSuffix(path, "/"), "/comments/feed") {
		return mention.Comment
	}
	words := strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune(" \t-–—:|,.()/", r) })
	if len(words) > 0 && (reviewWords[words[0]] || reviewWords[words[len(words)-1]]) {
		return mention.Review
	}
	for _, w := range words {
		if strings.HasPrefix(w, "klantbeoordeling") || strings.HasPrefix(w, "kundenbewertung") {
			return mention.Review
		}
	}
	if strings.Contains(title, "customer reviews") {
		return mention.Review
	}
	return mention.Post
}

// commentTitles begin the titles which publishing software gives to feeds of
// the comments on an entry, siteTitles to those of a whole site.
var (
	commentTitles = []string{"comments on", "reacties op", "reacties bij", "commentaar op", "kommentare zu", "commentaires sur", "comentarios en"}
	siteTitles    = []string{"comments for", "reacties voor", "kommentare für", "commentaires pour", "comentarios para"}
)

// commented tells whether a title is that of a feed of comments, and what
// entry they are on, where it is one.
func commented(title string) (entry string, ok bool) {
	for i, p := range append(commentTitles[:len(commentTitles):len(commentTitles)], siteTitles...) {
		if len(title) <= len(p) || !strings.EqualFold(title[:len(p)], p) || title[len(p)] != ' ' && title[len(p)] != ':' {
			continue
		}
		if i < len(commentTitles) {
			entry = strings.TrimLeft(title[len(p):], ": ")
		}
		return entry, true
	}
	return "", false
}

var reviewWords = map[string]bool{
	"reviews": true, "beoordelingen": true, "klantbeoordelingen": true, "recensies": true, "ervaringen": true,
	"bewertungen": true, "kundenbewertungen": true, "rezensionen": true,
}

// adapter turns the library's entries into mentions.
type adapter struct {
	d        *document.Document
	feed     *gofeed.Feed
	language string
	kind     mention.Kind
}

// entry adapts the i-th entry.
func (a *adapter) entry(i int, e *gofeed.Item, found *document.Found) {
	o := a.original(i, e)
	m := mention.Mention{
		Kind: a.kind, NativeID: strings.TrimSpace(e.GUID), URL: a.d.Ref(e.Link),
		Title: markupLine(e.Title), Text: entryText(e), Language: a.language, Author: a.author(e, o),
	}
	if o.language != "" {
		m.Language = o.language
	}
	if m.NativeID == "" {
		m.NativeID = m.URL
	}
	if m.URL == "" && strings.HasPrefix(m.NativeID, "http") { // guid isPermaLink
		m.URL = a.d.Ref(m.NativeID)
	}
	undecided := a.times(e, &m)
	a.thread(e, &m)
	if r := entryRating(e); r != nil {
		m.Kind, m.Rating = mention.Review, r
	}
	m.Engagement = engagement(e)
	if m.Kind == mention.Comment && m.Author != nil && strings.Contains(m.Title, m.Author.Name) {
		m.Title = "" // "By: name", "Comment on post by name": made by the software
	}
	if item, ok := a.mediaItem(e, m.URL); ok {
		found.Items = append(found.Items, item)
	}
	if u := a.d.Abs(m.URL); u != "" {
		found.Links = append(found.Links, mention.Link{URL: u, Kind: mention.LinkItem})
	}
	for _, ref := range o.feeds {
		if u := a.d.Abs(ref); u != "" {
			found.Links = append(found.Links, mention.Link{URL: u, Kind: mention.LinkFeed})
		}
	}
	if m.Text == "" && m.Title == "" && m.Rating == nil {
		return
	}
	found.Mentions = append(found.Mentions, document.Candidate{Mention: m, Undecided: undecided, NativeLinks: true})
	a.comments(e, &m, found)
}

// comments adds what viewers wrote about a medium (media:comments), of which
// the feed says no more than the words.
func (a *adapter) comments(e *gofeed.Item, about *mention.Mention, found *document.Found) {
	media := e.Extensions["media"]
	for _, c := range children(append(children(media["group"], "comments"), media["comments"]...), "comment") {
		if text := normalize.HTML(c.Value); text != "" {
			m := mention.Mention{Kind: mention.Comment, Text: text, Language: about.Language, URL: about.URL, Parent: about.NativeID, Thread: about.NativeID}
			found.Mentions = append(found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
		}
	}
}

// entryText prefers the whole text over the summary, and that over what media
// feeds call the description.
func entryText(e *gofeed.Item) string {
	for _, s := range []string{e.Content, e.Description} {
		if t := normalize.HTML(s); t != "" {
			return t
		}
	}
	for _, group := range append(children(e.Extensions["media"]["group"], "description"), e.Extensions["media"]["description"]...) {
		if t := normalize.HTML(group.Value); t != "" {
			return t
		}
	}
	return ""
}

// markupLine reads a title, which in feeds may be escaped HTML.
func markupLine(s string) string {
	if strings.ContainsAny(s, "<&") {
		s = normalize.HTML(s)
	}
	return normalize.Line(s)
}

func (a *adapter) author(e *gofeed.Item, o original) *mention.Author {
	people := e.Authors
	if len(people) == 0 && o.inherits {
		people = a.feed.Authors
	}
	for _, p := range people {
		if p == nil {
			continue
		}
		if name := normalize.Line(p.Name); name != "" {
			return &mention.Author{Name: name, URL: a.d.Abs(o.authorURL)}
		}
	}
	return nil
}

// times fills Published and Updated. Atom demands only the latter; then it
// is the best there is for both. It returns the published date as written
// where the feed's language does not tell its day from its month.
func (a *adapter) times(e *gofeed.Item, m *mention.Mention) (undecided string) {
	read := func(s string, parsed *time.Time) (time.Time, mention.Precision) {
		if t, p, ok := normalize.Date(s, m.Language, a.d.Page.Fetched); ok {
			return t, p
		}
		if parsed != nil && !normalize.Ambiguous(s, m.Language) {
			return parsed.UTC(), mention.Second
		}
		return time.Time{}, ""
	}
	updated, precision := read(e.Updated, e.UpdatedParsed)
	m.Published, m.PublishedPrecision = read(e.Published, e.PublishedParsed)
	switch {
	case m.Published.IsZero():
		m.Published, m.PublishedPrecision = updated, precision
	case updated.After(m.Published):
		m.Updated = updated
	}
	if m.Published.IsZero() && normalize.Ambiguous(e.Published, m.Language) {
		return e.Published
	}
	return ""
}

// thread fills Parent, Thread and the kind of replies: RFC 4685, or the ids
// that WordPress gives to comments, which begin with that of the entry. What
// the feed says to be about is the item of its comments.
func (a *adapter) thread(e *gofeed.Item, m *mention.Mention) {
	for _, r := range named(e.Extensions, "in-reply-to") {
		m.Kind = mention.Comment
		if m.Parent == "" {
			m.Parent = strings.TrimSpace(r.Attrs["ref"])
		}
	}
	if m.Kind == mention.Post && (strings.Contains(e.Link, "#comment-") || strings.Contains(e.GUID, "#comment-")) {
		m.Kind = mention.Comment
	}
	if entry, _, ok := strings.Cut(strings.TrimSpace(e.GUID), "#comment-"); ok {
		m.Thread = entry
		if m.Parent == "" {
			m.Parent = entry
		}
	}
	if entry, ok := commented(normalize.Line(a.feed.Title)); ok && entry != "" && m.Kind == mention.Comment {
		m.Item = &mention.ItemRef{Name: entry, URL: a.d.Abs(a.feed.Link)}
	}
}
