package main

import (
	"context"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/render"
)

// sourceFetcher asks for every source as the configuration says: with the
// permission it names, and through Chromium where pages are to be rendered.
// All of it goes through the one client, so that a host has one budget.
type sourceFetcher struct {
	client   *fetch.Client
	renderer *render.Renderer // nil where no source is rendered
	sources  map[string]*configs.Source
}

func newSourceFetcher(cfg *configs.Config, client *fetch.Client) (*sourceFetcher, error) {
	f := &sourceFetcher{client: client, sources: map[string]*configs.Source{}}
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
	s := f.permit(&r)
	if s != nil && s.Render {
		return f.renderer.Fetch(ctx, r)
	}
	return f.client.Fetch(ctx, r)
}

// Stream implements crawler.Streamer.
func (f *sourceFetcher) Stream(ctx context.Context, r fetch.Request) (*fetch.StreamResponse, error) {
	f.permit(&r)
	return f.client.Stream(ctx, r)
}

// permit gives a request its source's permission, and returns the source.
func (f *sourceFetcher) permit(r *fetch.Request) *configs.Source {
	s := f.sources[r.Source.Name]
	if s != nil && s.IgnoreRobots != "" {
		r.Access, r.Reason = fetch.AccessIgnore, s.IgnoreRobots
	}
	return s
}
