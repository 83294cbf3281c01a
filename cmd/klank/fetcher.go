package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/crawler/render"
	"klank/mention"
	"klank/parsers/loadmore"
)

// sourceFetcher asks for every source as the configuration says: with the
// permission it names, and through Chromium where pages are to be rendered.
// All of it goes through the one client, so that a host has one budget.
type sourceFetcher struct {
	client   *fetch.Client
	quotas   frontier.Quotas  // nil where daily quotas are not counted
	renderer *render.Renderer // nil where no source is rendered
	sources  map[string]*configs.Source
	// answers are the lists of rendered sources that go on with answers, which
	// are for programs and not rendered.
	answers map[string][]*loadmore.List
}

func newSourceFetcher(cfg *configs.Config, client *fetch.Client, quotas frontier.Quotas) (*sourceFetcher, error) {
	f := &sourceFetcher{client: client, quotas: quotas, sources: map[string]*configs.Source{}, answers: map[string][]*loadmore.List{}}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		f.sources[s.Name] = s
		if s.Render && f.renderer == nil {
			r, err := render.New(render.Config{Fetcher: client})
			if err != nil {
				return nil, usagef("source %s: %w", s.Name, err)
			}
			f.renderer = r
		}
		if s.Render {
			o, err := s.Options()
			if err != nil {
				return nil, err
			}
			f.answers[s.Name] = o.LoadMore
		}
	}
	return f, nil
}

// close ends the browser; the client is its owner's to close, afterwards.
func (f *sourceFetcher) close() {
	if f.renderer != nil {
		f.renderer.Close()
	}
}

// Fetch implements crawler.Fetcher.
func (f *sourceFetcher) Fetch(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	s, err := f.permit(&r)
	if err != nil {
		return nil, err
	}
	if s != nil {
		r.Accept = cmp.Or(r.Accept, s.API().Accept)
	}
	answer := func(l *loadmore.List) bool { return l.Answers(r.URL) }
	if s != nil && s.Render && !slices.ContainsFunc(f.answers[s.Name], answer) {
		return f.renderer.Fetch(ctx, r)
	}
	return f.client.Fetch(ctx, r)
}

// Stream implements crawler.Streamer.
func (f *sourceFetcher) Stream(ctx context.Context, r fetch.Request) (*fetch.StreamResponse, error) {
	if _, err := f.permit(&r); err != nil {
		return nil, err
	}
	return f.client.Stream(ctx, r)
}

// Sitemaps implements crawler.SitemapFinder.
func (f *sourceFetcher) Sitemaps(ctx context.Context, rawURL string) ([]string, error) {
	return f.client.Sitemaps(ctx, rawURL)
}

// Next, Touch and Allow implement crawler.Pacer.
func (f *sourceFetcher) Next(key string) time.Time         { return f.client.Next(key) }
func (f *sourceFetcher) Touch(key string)                  { f.client.Touch(key) }
func (f *sourceFetcher) Allow(key string, until time.Time) { f.client.Allow(key, until) }

// Slowed implements crawler.Slower.
func (f *sourceFetcher) Slowed(key string) (time.Duration, string) { return f.client.Slowed(key) }

// permit gives a request its source's permission, and returns the source. A key
// goes to where the source's own URLs are and nowhere else.
func (f *sourceFetcher) permit(r *fetch.Request) (*configs.Source, error) {
	s := f.sources[r.Source.Name]
	if s == nil {
		return nil, nil
	}
	switch {
	case s.IgnoreRobots != "":
		r.Access, r.Reason = fetch.AccessIgnore, s.IgnoreRobots
	case s.HasKey() && ownOrigin(s, r.URL):
		key, err := s.Key()
		if err != nil {
			return nil, &fetch.Error{URL: r.URL, Class: fetch.Rejected, Err: err}
		}
		r.Access, r.Reason = accessOf(s)
		r.Header, r.Query, r.Secrets = s.API().Key.Place(key)
	case s.API().NeedsKey && !s.HasKey():
		return nil, &fetch.Error{URL: r.URL, Class: fetch.Rejected, Err: errors.New(needsKey(s))}
	}
	r.Spend = f.spend(s, r.URL)
	return s, nil
}

// accessOf is the permission that a source's URLs are asked for by, and the
// reason; empty for robots.txt's.
func accessOf(s *configs.Source) (fetch.Access, string) {
	switch {
	case s.IgnoreRobots != "":
		return fetch.AccessIgnore, s.IgnoreRobots
	case s.HasKey():
		return fetch.AccessAPI, fmt.Sprintf("the official API (%s), with a key", s.Type)
	}
	return "", ""
}

// recordAccess notes on a run by which permission its source was asked.
func (f *sourceFetcher) recordAccess(r *mention.Run) {
	if s := f.sources[r.Source]; s != nil {
		access, reason := accessOf(s)
		r.Access, r.AccessReason = string(access), reason
	}
}

func needsKey(s *configs.Source) string {
	return fmt.Sprintf("%s answers with a key only: name it in key_env or key_file; see %s", s.Type, s.API().Docs)
}

// ownOrigin tells whether a URL has the scheme, host and port of one of the
// source's own.
func ownOrigin(s *configs.Source, rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	for _, own := range s.URLs {
		// Ports that need not be written are left out of canonical URLs.
		if canonical, err := mention.CanonicalURL("", own); err == nil {
			if o, err := url.Parse(canonical); err == nil && o.Scheme == u.Scheme && o.Host == u.Host {
				return true
			}
		}
	}
	return false
}

// spend takes a request off the daily quota of its source; nil where it has none.
func (f *sourceFetcher) spend(s *configs.Source, rawURL string) func(context.Context, string) (time.Time, error) {
	limit, zone := s.Units()
	if f.quotas == nil || limit == 0 {
		return nil
	}
	cost := 1
	if u, err := url.Parse(rawURL); err == nil && s.API().Cost != nil {
		cost = s.API().Cost(u.Path)
	}
	return func(ctx context.Context, key string) (time.Time, error) {
		now := time.Now().In(zone)
		left, err := f.quotas.Spend(ctx, key, now.Format(time.DateOnly), cost, limit)
		if err != nil || left {
			return time.Time{}, err
		}
		return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, zone), nil
	}
}
