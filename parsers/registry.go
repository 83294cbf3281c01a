package parsers

import (
	"errors"
	"fmt"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/feed"
	"klank/parsers/jsonld"
	"klank/parsers/links"
	"klank/parsers/mastodon"
	"klank/parsers/microdata"
	"klank/parsers/selectors"
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
		{name: "selectors"}, // made of Options.Selectors for each page
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
		if c.whole {
			break
		}
	}
	out.Items = m.items.list
	out.Mentions = finish(d, m.candidates, &m.items)
	out.Links = joinLinks(extra, links.Find(d))
	out.Blocked = wall(d, out)
	return out, nil
}

// choose returns the parsers to ask. A source's own selectors come first, so
// that what they say wins.
func (r *Registry) choose(o Options) ([]parser, error) {
	if o.Parser == "" && o.Selectors == nil {
		return r.parsers[1:], nil
	}
	var out []parser
	for _, p := range r.parsers {
		if o.Parser != "" && p.name != o.Parser {
			continue
		}
		if p.name == "selectors" {
			if o.Selectors == nil {
				return nil, errors.New("parsers: the parser selectors needs the source's selectors")
			}
			s, err := selectors.Compile(*o.Selectors)
			if err != nil {
				return nil, fmt.Errorf("parsers: %w", err)
			}
			p.detect, p.parse = (*document.Document).IsHTML, s.Parse
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("parsers: no parser %q; there are %s", o.Parser, strings.Join(r.Names(), ", "))
	}
	return out, nil
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
