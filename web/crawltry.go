package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"klank/mention"
)

// TryRequest is one page to be read: what stands at URL, or the given Body as
// if it stood there.
type TryRequest struct {
	URL, Body string
	// Parser forces one parser; empty lets the page decide.
	Parser string
	// Source names the configured source as whose page it is read, with its
	// selectors; empty for none.
	Source string
}

// Tried is what the parsers found on a page. Nothing of it was stored, so
// authors are named as published.
type Tried struct {
	// URL is where the page was in the end; ContentType and Bytes are its own.
	URL, ContentType string
	Bytes            int64
	Mentions         []mention.Mention
	Items            []mention.Item
	Links            []mention.Link
	Problems         []mention.Problem
	Directives       mention.Directives
	// Canonical is the address that the page gives as its own, where that is
	// another one; Blocked says that it is a wall, not content.
	Canonical, Blocked string
	// Rules tell what each selector of the source found, Blocks which repeated
	// parts of the page were taken for mentions, or not.
	Rules  []TriedRule
	Blocks []TriedBlock
}

// TriedRule is what one selector found: in Found of so many blocks, first
// this.
type TriedRule struct {
	Field, Rule string
	Found, Of   int
	First       string
}

// TriedBlock is a group of like blocks on a page: how many there are, as what
// kind of mention they read, how sure that is (0..1), and why it was taken or
// left.
type TriedBlock struct {
	Shape, Kind, Why string
	Members          int
	Score            float64
	Taken            bool
}

// The bounds of a try: how much may be pasted, as a form sends it, and how
// much of what was found is shown.
const (
	maxPaste   = 8 << 20
	triedShown = 50
	triedLinks = 150
)

type tryPage struct {
	Asked   TryRequest
	Parsers []string
	Sources []string
	Failed  string // why there is no result, in words
	Got     *Tried
	Kinds   []linkGroup
	// Mentions and Items were found; MentionsMore, ItemsMore and ProblemsMore
	// beyond what is shown.
	Mentions, Items                       int
	MentionsMore, ItemsMore, ProblemsMore int
}

// linkGroup are the links of one kind: what a crawl would follow.
type linkGroup struct {
	Kind  mention.LinkKind
	Links []mention.Link
	More  int
}

func (s *Server) tryForm(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.showTry(w, r, http.StatusOK, &tryPage{Asked: TryRequest{URL: q.Get("url"), Source: q.Get("source")}})
}

// try reads a page and shows what was found. It answers with the form again,
// and never asks anybody more than once.
func (s *Server) try(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxPaste)
	p := &tryPage{}
	if err := r.ParseForm(); err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			s.showTry(w, r, http.StatusRequestEntityTooLarge, &tryPage{Failed: s.viewOf(w, r).t("try.toolarge")})
			return
		}
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	p.Asked = TryRequest{URL: strings.TrimSpace(r.PostForm.Get("url")), Body: r.PostForm.Get("body"),
		Parser: r.PostForm.Get("parser"), Source: r.PostForm.Get("source")}
	if p.Asked.URL == "" && strings.TrimSpace(p.Asked.Body) == "" {
		p.Failed = s.viewOf(w, r).t("try.nothing")
		s.showTry(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	if s.cfg.Crawl == nil || s.cfg.Crawl.Try == nil {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	got, err := s.cfg.Crawl.Try(r.Context(), p.Asked)
	switch {
	case err != nil && r.Context().Err() == context.Canceled:
		return // nobody is waiting for the answer
	case err != nil:
		p.Failed = clean(err.Error())
		s.showTry(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	p.show(got)
	s.showTry(w, r, http.StatusOK, p)
}

// show takes what was found, as far as it is shown.
func (p *tryPage) show(got *Tried) {
	p.Got, p.Mentions, p.Items = got, len(got.Mentions), len(got.Items)
	got.Mentions, p.MentionsMore = first(got.Mentions, triedShown)
	got.Items, p.ItemsMore = first(got.Items, triedShown)
	got.Problems, p.ProblemsMore = first(got.Problems, triedShown)
	for _, kind := range []mention.LinkKind{mention.LinkNext, mention.LinkItem, mention.LinkFeed, mention.LinkPage} {
		g := linkGroup{Kind: kind}
		for _, l := range got.Links {
			if l.Kind == kind {
				g.Links = append(g.Links, l)
			}
		}
		if g.Links, g.More = first(g.Links, triedLinks); len(g.Links) > 0 {
			p.Kinds = append(p.Kinds, g)
		}
	}
}

// first returns at most n of a list, and how many are left over.
func first[T any](list []T, n int) ([]T, int) {
	if len(list) <= n {
		return list, 0
	}
	return list[:n], len(list) - n
}

func (s *Server) showTry(w http.ResponseWriter, r *http.Request, status int, p *tryPage) {
	if s.cfg.Crawl == nil || s.cfg.Crawl.Try == nil {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	p.Parsers = s.cfg.Crawl.Parsers
	if s.cfg.Status != nil {
		st, err := s.cfg.Status(r.Context())
		if err != nil {
			s.failWith(w, r, "the sources could not be read", err)
			return
		}
		for _, src := range st.Sources {
			if src.Configured {
				p.Sources = append(p.Sources, src.Name)
			}
		}
	}
	s.render(w, r, status, "crawltry", "try.title", p)
}
