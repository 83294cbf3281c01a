package parsers

import (
	"fmt"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/feed"
	"klank/parsers/jsonld"
	"klank/parsers/links"
	"klank/parsers/mastodon"
	"klank/parsers/microdata"
)

// parser is one entry of the registry.
type parser struct {
	name string
	// detect tells whether the page is this parser's; it must be cheap.
	detect func(*document.Document) bool
	parse  func(*document.Document) document.Found
	// whole says that a page of this kind needs no other parser.
	whole bool
}

// Registry knows the parsers. It holds no state and is safe for concurrent
// use.
type Registry struct{ parsers []parser }

// New returns a registry of all parsers.
func New() *Registry {
	return &Registry{[]parser{
		{"mastodon", mastodon.Detect, mastodon.Parse, true},
		{"feed", feed.Detect, feed.Parse, true},
		{"jsonld", (*document.Document).IsHTML, jsonld.Parse, false},
		{"microdata", microdata.Present, microdata.Parse, false},
	}}
}

// Names returns the contract names of the parsers, in the order in which
// they are asked.
func (r *Registry) Names() []string {
	names := make([]string, len(r.parsers))
	for i, p := range r.parsers {
		names[i] = p.name
	}
	return names
}

// Parse reads a page. It returns an error only for an unknown Options.Parser
// or selectors that do not compile; everything a page gets wrong is a Problem
// in Result.
func (r *Registry) Parse(p *mention.Page, o Options) (Result, error) {
	chosen, err := r.choose(o)
	if err != nil {
		return Result{}, err
	}
	d, problems := document.Open(p)
	out := Result{Problems: problems, Directives: links.Directives(d)}
	var m merger
	extra := []mention.Link(nil)
	for _, c := range chosen {
		if o.Parser == "" && !c.detect(d) {
			continue
		}
		f := c.parse(d)
		for i := range f.Mentions {
			if f.Mentions[i].Evidence.Parser == "" {
				f.Mentions[i].Evidence.Parser = c.name
			}
		}
		m.add(f)
		extra = append(extra, f.Links...)
		out.Problems = append(out.Problems, f.Problems...)
		if c.whole && o.Parser == "" {
			break
		}
	}
	out.Items = m.items
	out.Mentions = finish(d, m.candidates, m.items)
	out.Links = joinLinks(extra, links.Find(d))
	out.Blocked = wall(d, out)
	return out, nil
}

// choose returns the parsers to ask.
func (r *Registry) choose(o Options) ([]parser, error) {
	if o.Parser == "" {
		return r.parsers, nil
	}
	for _, p := range r.parsers {
		if p.name == o.Parser {
			return []parser{p}, nil
		}
	}
	return nil, fmt.Errorf("parsers: no parser %q; there are %s", o.Parser, strings.Join(r.Names(), ", "))
}

// joinLinks puts the links that parsers know for certain before those found
// by habit; a URL found twice keeps the parser's kind.
func joinLinks(sure, found []mention.Link) []mention.Link {
	if len(sure) == 0 {
		return found
	}
	seen := map[string]bool{}
	var out []mention.Link
	for _, l := range append(sure, found...) {
		if !seen[l.URL] {
			seen[l.URL] = true
			out = append(out, l)
		}
	}
	return out
}
