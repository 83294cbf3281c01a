package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"klank/crawler/frontier"
	"klank/crawler/snapshot"
	"klank/mention"
	"klank/parsers"
	"klank/parsers/redact"
)

// suppression keeps what was erased from coming back: mentions and authors are
// known by keyed hashes only. It is safe for concurrent use.
type suppression struct {
	frontier  frontier.Erasures
	snapshots *snapshot.Store
	secret    []byte

	mu     sync.Mutex
	hashes map[string]bool
	read   time.Time
}

// suppressionAge is for how long a list that was read holds: an erasure by
// another process counts after that time.
const suppressionAge = 2 * time.Second

// list returns the hashes in force.
func (s *suppression) list(ctx context.Context) (map[string]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.read) > suppressionAge {
		hashes, err := s.frontier.Suppressed(ctx)
		if err != nil {
			return nil, err
		}
		s.hashes, s.read = hashes, time.Now()
	}
	return s.hashes, nil
}

// hash is what is kept of an erased author ("author") or mention ("mention").
func (s *suppression) hash(kind, id string) string {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte("erased " + kind + "\x00" + id))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// authorOf is the key of whoever wrote m, who is named as published or has a
// key already.
func (s *suppression) authorOf(m *mention.Mention) string {
	switch {
	case m.Author == nil:
		return ""
	case m.Author.Name == "" && m.Author.URL == "":
		return m.Author.Key
	}
	return authorKey(s.secret, m)
}

// covers tells whether m was erased. What is left of it on a page that was
// rewritten has nothing but blanks for words.
func (s *suppression) covers(hashes map[string]bool, m *mention.Mention) bool {
	return hashes[s.hash("mention", m.ID)] || hashes[s.hash("author", s.authorOf(m))] ||
		redact.Blanked(m.Text) || m.Author != nil && redact.Blanked(m.Author.Name)
}

// apply takes what is suppressed out of what a page gave, with the links to
// it, and out of the saved page.
func (s *suppression) apply(ctx context.Context, registry *parsers.Registry, o parsers.Options, page *mention.Page, res *parsers.Result) error {
	hashes, err := s.list(ctx)
	if err != nil || len(hashes) == 0 {
		return err
	}
	gone := takeOut(res, func(m *mention.Mention) bool { return s.covers(hashes, m) })
	if len(gone) == 0 || page.Snapshot == "" {
		return nil
	}
	_, err = rewritePage(s.snapshots, registry, o, page, passagesOf(gone))
	return err
}

// takeOut removes the mentions that go from a result, and the links to them
// and to their authors. It returns those mentions.
func takeOut(res *parsers.Result, goes func(*mention.Mention) bool) (gone []mention.Mention) {
	res.Mentions = slices.DeleteFunc(res.Mentions, func(m mention.Mention) bool {
		if !goes(&m) {
			return false
		}
		gone = append(gone, m)
		return true
	})
	urls := urlsOf(gone)
	res.Links = slices.DeleteFunc(res.Links, func(l mention.Link) bool { return slices.Contains(urls, l.URL) })
	return gone
}

// urlsOf are the pages of mentions and of their authors alone.
func urlsOf(ms []mention.Mention) (urls []string) {
	for i := range ms {
		m := &ms[i]
		if m.URL != "" && m.URL != m.Page && (m.Item == nil || m.URL != m.Item.URL) {
			urls = append(urls, m.URL)
		}
		if m.Author != nil && m.Author.URL != "" {
			urls = append(urls, m.Author.URL)
		}
	}
	return urls
}

// passagesOf are the words by which mentions stand on a page.
func passagesOf(ms []mention.Mention) (passages []string) {
	for i := range ms {
		m := &ms[i]
		if m.Author != nil {
			passages = append(passages, redact.Names(m.Author.Name, m.Author.URL)...)
		}
		passages = append(passages, m.Title)
		passages = append(passages, redact.Paragraphs(m.Text)...)
	}
	return passages
}

// rewriting is what became of a saved page.
type rewriting int

const (
	untouched rewriting = iota
	rewritten
	erasedWhole
)

// rewritePage blanks passages in a saved page. Where they can be read off it
// nevertheless, or stand in its URL, the page is erased whole.
func rewritePage(store *snapshot.Store, registry *parsers.Registry, o parsers.Options, page *mention.Page, passages []string) (rewriting, error) {
	body, n := redact.Body(page.Body, passages)
	whole := redact.Contains([]byte(page.URL), passages)
	if n == 0 && !whole {
		return untouched, nil
	}
	if !whole {
		p := *page
		p.Body = body
		res, err := registry.Parse(&p, o)
		whole = err != nil || readable(&res, passages)
	}
	if whole {
		body = nil
	}
	kept, err := store.Rewrite(page.Snapshot, body)
	if err != nil || kept && !whole {
		return rewritten, err
	}
	return erasedWhole, nil
}

// wouldRewrite is what rewritePage does, as far as it can be told beforehand.
func wouldRewrite(page *mention.Page, passages []string) rewriting {
	switch {
	case redact.Contains([]byte(page.URL), passages):
		return erasedWhole
	case redact.Contains(page.Body, passages):
		return rewritten
	}
	return untouched
}

// readable tells whether one of the passages is among what a page gives.
func readable(res *parsers.Result, passages []string) bool {
	return slices.ContainsFunc(res.Mentions, func(m mention.Mention) bool {
		words := m.Title + "\n\n" + m.Text
		if m.Author != nil {
			words += "\n\n" + m.Author.Name + "\n\n" + m.Author.URL
		}
		return redact.Contains([]byte(words), passages)
	})
}
