package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// feedEntries is how many mentions a feed holds.
const feedEntries = 50

// atomFeed is a feed as RFC 4287 has it.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Updated   string     `xml:"updated"`
	Published string     `xml:"published,omitempty"`
	Links     []atomLink `xml:"link"`
	Category  *atomTerm  `xml:"category"`
	Content   atomText   `xml:"content"`
}

type atomTerm struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// feedOf is the address of the feed of a saved query, with its key.
func (s *Server) feedOf(r *http.Request, name string) feedRow {
	f := feedRow{Name: name, Path: "/feeds/" + url.PathEscape(name) + ".xml"}
	if s.cfg.Alerts.FeedKey != nil && !s.open(r.Context()) {
		f.Path += "?key=" + s.cfg.Alerts.FeedKey(name)
	}
	f.URL = s.base(r) + f.Path
	return f
}

// base is where this service is reached: as configured, else as it was asked.
func (s *Server) base(r *http.Request) string {
	if s.cfg.Alerts.PublicURL != "" {
		return strings.TrimRight(s.cfg.Alerts.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// mayRead tells whether a request may read a feed: with the feed's key, which
// opens nothing else, or as any reader.
func (s *Server) mayRead(r *http.Request, name string) (bool, error) {
	if key := r.URL.Query().Get("key"); key != "" && s.cfg.Alerts.FeedKey != nil && equalSecret(key, s.cfg.Alerts.FeedKey(name)) {
		return true, nil
	}
	id, err := s.identify(r)
	return id != nil, err
}

// feed answers with the newest mentions of a saved query, as Atom.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("file"), ".xml")
	allowed, err := s.mayRead(r, name)
	switch {
	case err != nil:
		s.failWith(w, r, "who you are could not be found out", err)
		return
	case !allowed: // the same whether there is such a query or not
		w.Header().Set("WWW-Authenticate", `Bearer realm="klank"`)
		writePlain(w, http.StatusUnauthorized, "This feed needs its key: copy its address from the page of alerts.\n")
		return
	}
	sp, err := s.language(r.Context())
	if err != nil {
		s.failWith(w, r, "the saved queries could not be read", err)
		return
	}
	if !ok || !slices.ContainsFunc(sp.language.Saved(), func(n string) bool { return strings.EqualFold(n, name) }) {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	q, err := sp.language.Parse((&query.Term{Field: "saved", Value: name}).String(), s.now())
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	res, err := s.cfg.Index.Search(r.Context(), index.SearchRequest{Query: q, Sort: index.SortNewest, Limit: feedEntries})
	if err != nil {
		s.failWith(w, r, "the search failed", err)
		return
	}
	body, err := xml.Marshal(s.atom(r, name, res.Hits))
	if err != nil {
		s.failWith(w, r, "the feed could not be written", err)
		return
	}
	body = append([]byte(xml.Header), body...)
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// atom makes the feed. All texts are plain, and nobody is named.
func (s *Server) atom(r *http.Request, name string, hits []index.Hit) *atomFeed {
	base := s.base(r)
	f := &atomFeed{ID: uuid("feed", name), Title: "klank: " + clean(name), Author: "klank", Entries: []atomEntry{}, Links: []atomLink{
		{Rel: "self", Type: "application/atom+xml", Href: base + "/feeds/" + url.PathEscape(name) + ".xml"},
		{Rel: "alternate", Type: "text/html", Href: base + ask(term("saved", name))}}}
	latest := time.Unix(0, 0) // of an empty feed
	for i := range hits {
		m := &hits[i].Mention
		at := m.Collected
		for _, t := range []time.Time{m.Updated, m.Published} {
			if t.After(at) {
				at = t
			}
		}
		if at.After(latest) {
			latest = at
		}
		f.Entries = append(f.Entries, entryOf(base, m, at))
	}
	f.Updated = latest.UTC().Format(time.RFC3339)
	return f
}

func entryOf(base string, m *mention.Mention, at time.Time) atomEntry {
	e := atomEntry{ID: uuid("mention", m.ID), Updated: at.UTC().Format(time.RFC3339), Content: atomText{"text", clean(m.Text)},
		Links: []atomLink{{Rel: "alternate", Type: "text/html", Href: base + "/mention/" + url.PathEscape(m.ID)}}}
	title := m.Title
	if title == "" {
		title = shorten(m.Text, 80)
	}
	if title == "" && m.Item != nil {
		title = m.Item.Name
	}
	e.Title = strings.Join(strings.Fields(clean(title)), " ")
	if !m.Published.IsZero() {
		e.Published = m.Published.UTC().Format(time.RFC3339)
	}
	if link := webLink(m.URL); link != "" {
		e.Links = append(e.Links, atomLink{Rel: "via", Href: link})
	}
	if m.Analysis != nil && m.Analysis.Sentiment.Label != "" {
		e.Category = &atomTerm{clean(m.Analysis.Sentiment.Label)}
	}
	return e
}

// uuid is a URN that is always the same for the same thing (RFC 9562, version
// 8).
func uuid(kind, id string) string {
	b := sha256.Sum256([]byte("klank " + kind + " " + id))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
