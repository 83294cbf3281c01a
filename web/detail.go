package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// maxRevisions bounds the list of revisions on a page: the latest ones.
const maxRevisions = 20

// mentionPage shows one mention with all that is known about it.
type mentionPage struct {
	mention.Mention
	Label           string
	TitleParts      []sentence
	TextParts       []sentence
	Revisions       []revisionLink
	Latest          bool
	Thread, Parent  *related
	Answers         []hit
	SameAuthor      string
	SnapshotURL     string
	SourceLink      string // web addresses, or empty
	PageLink        string
	List            string // where it is not the page
	RatingsShown    []subRating
	Provenance      []string // what the source says of the author: text keys
	DuplicateOfLink string
	Desk            mentionDesk
}

type revisionLink struct {
	Number  int
	URL     string
	Current bool
}

// related is another mention: a link where the index has it, else its id.
type related struct {
	ID, URL, Text string
}

type subRating struct {
	Name, Touchpoint string
	Stars            stars
}

func (s *Server) mention(w http.ResponseWriter, r *http.Request) {
	getter, ok := s.cfg.Index.(index.Getter)
	if !ok {
		s.fail(w, r, http.StatusNotImplemented, "")
		return
	}
	revision, err := revisionOf(r)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	ctx := r.Context()
	m, err := getter.Get(ctx, r.PathValue("id"), revision)
	if errors.Is(err, index.ErrNotFound) {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	if err != nil {
		s.failWith(w, r, "the mention could not be read", err)
		return
	}
	v := s.viewOf(w, r)
	p := newMentionPage(v.locale, m)
	if s.cfg.Snapshot != nil && plausibleLocator(m.Evidence.Snapshot) {
		p.SnapshotURL = snapshotURL(m.Evidence.Snapshot)
	}
	if err := s.relate(ctx, getter, &p, revision); err != nil {
		s.failWith(w, r, "what belongs to the mention could not be read", err)
		return
	}
	if err := s.deskOf(r, getter, &p); err != nil {
		s.failWith(w, r, "what was added to the mention could not be read", err)
		return
	}
	title := clean(shorten(m.Title, 80))
	if title == "" {
		title = clean(shorten(m.Text, 60))
	}
	if title == "" {
		title = v.t("mention.title")
	}
	s.render(w, r, http.StatusOK, "mention", "", p, title)
}

// revisionOf reads ?revision=: 0 for the latest, else 1 and up.
func revisionOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("revision")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errors.New("revision " + strconv.Quote(shorten(text, 20)) + " is not a number from 1")
	}
	return n, nil
}

func newMentionPage(l *locale, m *mention.Mention) mentionPage {
	p := mentionPage{Mention: *m, SourceLink: webLink(m.URL), PageLink: webLink(m.Page)}
	if p.PageLink == p.SourceLink {
		p.PageLink = ""
	}
	if m.Evidence.List != m.Page {
		p.List = m.Evidence.List
	}
	if m.Verified != nil {
		p.Provenance = append(p.Provenance, "verified."+strconv.FormatBool(*m.Verified))
	}
	if m.Invited != nil {
		p.Provenance = append(p.Provenance, "invited."+strconv.FormatBool(*m.Invited))
	}
	if m.DuplicateOf != "" {
		p.DuplicateOfLink = mentionURL(m.DuplicateOf)
	}
	var labelled []mention.Sentence
	if a := m.Analysis; a != nil {
		labelled, p.Label = a.Sentences, a.Sentiment.Label
	}
	p.TitleParts = sentences(m.Title, "title", labelled)
	p.TextParts = sentences(m.Text, "text", labelled)
	for _, sub := range m.Ratings {
		p.RatingsShown = append(p.RatingsShown, subRating{Name: sub.Name, Touchpoint: sub.Touchpoint,
			Stars: starsOf(l, &mention.Rating{Value: sub.Value, Best: sub.Best, Score: sub.Score})})
	}
	if m.Author != nil && m.Author.Key != "" {
		p.SameAuthor = ask(term("author", m.Author.Key))
	}
	return p
}

// relate finds the revisions, the parent, the thread and the answers.
func (s *Server) relate(ctx context.Context, getter index.Getter, p *mentionPage, revision int) error {
	latest := max(p.Revision, 1)
	if revision > 0 {
		m, err := getter.Get(ctx, p.ID, 0)
		if err != nil && !errors.Is(err, index.ErrNotFound) {
			return err
		}
		if err == nil {
			latest = max(m.Revision, latest)
		}
	}
	p.Latest = revision == 0 || revision == latest
	if latest > 1 {
		for n := latest; n >= max(1, latest-maxRevisions+1); n-- {
			p.Revisions = append(p.Revisions, revisionLink{Number: n, Current: n == max(p.Revision, 1),
				URL: mentionURL(p.ID) + "?revision=" + strconv.Itoa(n)})
		}
	}
	var err error
	if p.Parent, err = lookUp(ctx, getter, p.Mention.Parent); err != nil {
		return err
	}
	if p.Mention.Thread != p.ID && p.Mention.Thread != p.Mention.Parent {
		if p.Thread, err = lookUp(ctx, getter, p.Mention.Thread); err != nil {
			return err
		}
	}
	answers, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: &query.Term{Field: "parent", Value: p.ID},
		Sort: index.SortOldest, Limit: 10})
	if err != nil {
		return err
	}
	p.Answers = hits(answers.Hits)
	return nil
}

// lookUp finds the mention of an id that may still be a source's own.
func lookUp(ctx context.Context, getter index.Getter, id string) (*related, error) {
	if id == "" {
		return nil, nil
	}
	m, err := getter.Get(ctx, id, 0)
	if errors.Is(err, index.ErrNotFound) {
		return &related{ID: clean(id)}, nil
	}
	if err != nil {
		return nil, err
	}
	text := m.Title
	if text == "" {
		text = m.Text
	}
	return &related{ID: id, URL: mentionURL(id), Text: clean(shorten(text, 80))}, nil
}

func snapshotURL(locator string) string {
	return (&url.URL{Path: "/snapshot/" + locator}).EscapedPath()
}
