// Package links finds where a page leads: the next pages of its list, items
// with mentions of their own, feeds, and all else; and what the page says
// about being indexed and followed.
//
// It works on the outline of the page, without a DOM, and judges by general
// habits of the web; it is not for following anything.
package links

import (
	"bytes"
	"net/url"
	"path"
	"strings"
	"sync"

	"klank/mention"
	"klank/parsers/document"
)

// Find returns the links of a page in page order, each URL once under its
// most telling kind. Link headers come first.
func Find(d *document.Document) []mention.Link {
	kept := rooms.Get().(*room)
	f := finder{d: d, room: kept, site: mention.Host(d.URL)}
	if u, err := url.Parse(d.URL); err == nil {
		f.here, f.host = pagination(u, nil), u.Host
	}
	for _, h := range parseHeaders(d.Page.Link) {
		f.header(h)
	}
	for i := range d.Outline().Anchors {
		f.anchor(&d.Outline().Anchors[i])
	}
	out := append([]mention.Link(nil), f.out...) // of its own; nil for none
	kept.release()
	return out
}

// room is what finding links takes, used again for the next page.
type room struct {
	out  []mention.Link
	at   map[string]int // URL to its place in out
	list []byte         // of the place at hand
}

var rooms = sync.Pool{New: func() any { return &room{at: map[string]int{}} }}

// maxRoom is how many links' room is kept.
const maxRoom = 1 << 11

// release gives the room back.
func (r *room) release() {
	if len(r.out) > maxRoom {
		return
	}
	clear(r.at)
	clear(r.out) // nothing may keep the page
	r.out = r.out[:0]
	rooms.Put(r)
}

// Canonical returns the URL on the same host under which the page wants to be
// known (rel=canonical, RFC 6596); "" where that is its own or none. What sites
// often name wrongly is none: the first page of a list on the others, and the
// front page.
func Canonical(d *document.Document) string {
	var u string
	for _, h := range parseHeaders(d.Page.Link) {
		if has(h.rel, "canonical") {
			u = d.Abs(h.target)
		}
	}
	if u == "" && d.IsHTML() {
		for i := range d.Outline().Anchors {
			if a := &d.Outline().Anchors[i]; a.Element == "link" && has(a.Rel, "canonical") {
				u = d.Abs(a.Href)
				break
			}
		}
	}
	here, err := url.Parse(d.URL)
	to, ok := split(u)
	if err != nil || u == d.URL || !ok || to.Host != here.Host || strings.Trim(to.Path, "/") == "" {
		return ""
	}
	if from, to := pagination(here, nil), pagination(&to, nil); from.number != to.number && !(from.first() && to.first()) {
		return ""
	}
	return u
}

type finder struct {
	*room
	d    *document.Document
	here place
	host string // the page's host with its port
	site string // and as mention.Host has it
	// to is where href leads, the reference of the last anchor.
	href, to string
}

// order is the rank of the kinds: a link found twice keeps the first.
func order(k mention.LinkKind) int {
	switch k {
	case mention.LinkNext:
		return 0
	case mention.LinkItem:
		return 1
	case mention.LinkFeed:
		return 2
	}
	return 3
}

func (f *finder) add(u string, kind mention.LinkKind, nofollow bool) {
	if i, ok := f.at[u]; ok {
		have := &f.out[i]
		if order(kind) < order(have.Kind) {
			have.Kind = kind
		}
		have.NoFollow = have.NoFollow && nofollow
		return
	}
	f.at[u] = len(f.out)
	f.out = append(f.out, mention.Link{URL: u, Kind: kind, NoFollow: nofollow})
}

func (f *finder) header(h header) {
	u := f.d.Abs(h.target)
	if u == "" || u == f.d.URL {
		return
	}
	switch {
	case has(h.rel, "next"):
		f.add(u, mention.LinkNext, false)
	case has(h.rel, "alternate") && feedType(h.typ):
		f.add(u, mention.LinkFeed, false)
	}
}

func (f *finder) anchor(a *document.Anchor) {
	href := strings.TrimSpace(a.Href)
	if href == "" || href[0] == '#' {
		return
	}
	if href != f.href { // image and name of a thing both lead to it
		f.href, f.to = href, f.d.Abs(href)
	}
	u := f.to
	if u == "" || u == f.d.URL {
		return
	}
	nofollow := has(a.Rel, "nofollow") || has(a.Rel, "ugc") || has(a.Rel, "sponsored")
	if a.Element == "link" {
		switch {
		case has(a.Rel, "next"):
			f.add(u, mention.LinkNext, nofollow)
		case has(a.Rel, "alternate") && feedType(a.Type):
			f.add(u, mention.LinkFeed, nofollow)
		}
		return
	}
	if i, ok := f.at[u]; ok && f.out[i].Kind == mention.LinkNext {
		f.add(u, mention.LinkNext, nofollow) // and no second look
		return
	}
	if kind := f.kind(a, u); kind != "" {
		f.add(u, kind, nofollow)
	}
}

// kind judges an a or area element; "" for files that hold no text.
func (f *finder) kind(a *document.Anchor, u string) mention.LinkKind {
	p, ok := split(u)
	if !ok || file(p.Path) {
		return ""
	}
	if feedType(a.Type) || feedPath(p.Path) {
		return mention.LinkFeed
	}
	if p.Host != f.host && mention.Host(u) != f.site {
		return mention.LinkPage
	}
	if has(a.Rel, "next") {
		return mention.LinkNext
	}
	to := pagination(&p, f.list)
	f.list = to.list
	next := nextLabel(a.Text) || nextLabel(a.Label) || nextClass(a.Class)
	numbered := pageNumber(a.Text) || pageNumber(a.Label)
	if bytes.Equal(to.list, f.here.list) {
		if to.first() && f.here.first() {
			return "" // this page under another name
		}
		if to.ok && (to.sure || next || numbered || f.here.ok) {
			return mention.LinkNext
		}
	}
	same := samePath(u, f.d.URL)
	switch {
	case next && (to.ok || same), numbered && to.sure && !to.first(), (next || numbered) && variant(f.d.URL, u):
		return mention.LinkNext
	case !same && itemLink(a, &p):
		return mention.LinkItem
	}
	return mention.LinkPage
}

// split takes a canonical URL apart: its host, path and query. It is
// url.Parse for those of which that undoes nothing, which saves half of what
// judging a link costs.
func split(u string) (url.URL, bool) {
	_, rest, ok := strings.Cut(u, "://")
	slash := strings.IndexByte(rest, '/')
	for i := 0; i < len(rest); i++ {
		if c := rest[i]; !asIs[c] && (c != ':' || i >= slash) {
			ok = false
			break
		}
	}
	if !ok || slash <= 0 || strings.IndexByte(rest[:slash], '?') >= 0 {
		p, err := url.Parse(u)
		if err != nil {
			return url.URL{}, false
		}
		return *p, true
	}
	p := url.URL{Host: rest[:slash]}
	p.Path, p.RawQuery, _ = strings.Cut(rest[slash:], "?")
	return p, true
}

// asIs tells the signs that mean themselves in a URL; built once, never changed.
var asIs = func() (out [256]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./?=&+" {
		out[c] = true
	}
	return out
}()

// samePath tells whether two URLs differ in no more than the query, where
// filters and cursors stand.
func samePath(a, b string) bool {
	a, _, _ = strings.Cut(a, "?")
	b, _, _ = strings.Cut(b, "?")
	return a == b
}

// has tells whether a list of words holds one.
func has(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

func feedType(t string) bool {
	t, _, _ = strings.Cut(strings.ToLower(t), ";")
	switch strings.TrimSpace(t) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
		return true
	}
	return false
}

func feedPath(p string) bool {
	p = strings.ToLower(strings.TrimSuffix(p, "/"))
	switch path.Base(p) {
	case "feed", "rss", "atom", "rss.xml", "feed.xml", "atom.xml", "index.rdf", "feed.json", "rss2", "feeds":
		return true
	}
	return strings.HasSuffix(p, ".rss") || strings.HasSuffix(p, ".atom")
}

// file tells whether a path names an image, archive or other file without
// readable text.
func file(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".ico", ".bmp", ".css", ".js", ".mjs", ".map", ".woff", ".woff2", ".ttf",
		".pdf", ".zip", ".gz", ".tar", ".rar", ".7z", ".exe", ".dmg", ".apk", ".mp3", ".mp4", ".m4a", ".avi", ".mov", ".webm", ".ogg", ".wav",
		".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".epub":
		return true
	}
	return false
}
