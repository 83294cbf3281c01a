package parsers

import (
	"errors"
	"fmt"
	"strings"

	"klank/mention"
	"klank/parsers/appstore"
	"klank/parsers/bazaarvoice"
	"klank/parsers/blocks"
	"klank/parsers/bluesky"
	"klank/parsers/discourse"
	"klank/parsers/document"
	"klank/parsers/feed"
	"klank/parsers/googleplaces"
	"klank/parsers/googleplay"
	"klank/parsers/hackernews"
	"klank/parsers/jsonld"
	"klank/parsers/kiyoh"
	"klank/parsers/lemmy"
	"klank/parsers/links"
	"klank/parsers/mastodon"
	"klank/parsers/microdata"
	"klank/parsers/microformats"
	"klank/parsers/opengraph"
	"klank/parsers/rdfa"
	"klank/parsers/reddit"
	"klank/parsers/selectors"
	"klank/parsers/stackexchange"
	"klank/parsers/steam"
	"klank/parsers/trustpilot"
	"klank/parsers/webwinkelkeur"
	"klank/parsers/wordpress"
	"klank/parsers/yelp"
	"klank/parsers/yotpo"
	"klank/parsers/youtube"
)

// parser is one entry of the registry.
type parser struct {
	name string
	// detect tells whether the page is this parser's; it must be cheap.
	detect func(*document.Document) bool
	parse  func(*document.Document) document.Found
	// whole says that a page of this kind needs no other parser.
	whole bool
	// last says that it guesses, and is asked only when no other parser
	// found a mention.
	last bool
	// completes says that what it finds only completes what others found.
	completes bool
}

// Registry knows the parsers. It holds no state and is safe for concurrent
// use.
type Registry struct{ parsers []parser }

// New returns a registry of all parsers.
func New() *Registry {
	return &Registry{[]parser{
		{name: "selectors"}, // made of Options.Selectors for each page
		{name: "mastodon", detect: mastodon.Detect, parse: mastodon.Parse, whole: true},
		{name: "bluesky", detect: bluesky.Detect, parse: bluesky.Parse, whole: true},
		{name: "reddit", detect: reddit.Detect, parse: reddit.Parse, whole: true},
		{name: "hackernews", detect: hackernews.Detect, parse: hackernews.Parse, whole: true},
		{name: "discourse", detect: discourse.Detect, parse: discourse.Parse, whole: true},
		{name: "youtube", detect: youtube.Detect, parse: youtube.Parse, whole: true},
		{name: "lemmy", detect: lemmy.Detect, parse: lemmy.Parse, whole: true},
		{name: "stackexchange", detect: stackexchange.Detect, parse: stackexchange.Parse, whole: true},
		{name: "wordpress", detect: wordpress.Detect, parse: wordpress.Parse, whole: true},
		{name: "bazaarvoice", detect: bazaarvoice.Detect, parse: bazaarvoice.Parse, whole: true},
		{name: "googleplaces", detect: googleplaces.Detect, parse: googleplaces.Parse, whole: true},
		{name: "kiyoh", detect: kiyoh.Detect, parse: kiyoh.Parse, whole: true},
		{name: "steam", detect: steam.Detect, parse: steam.Parse, whole: true},
		{name: "yelp", detect: yelp.Detect, parse: yelp.Parse, whole: true},
		{name: "appstore", detect: appstore.Detect, parse: appstore.Parse, whole: true},
		{name: "googleplay", detect: googleplay.Detect, parse: googleplay.Parse, whole: true},
		{name: "trustpilot", detect: trustpilot.Detect, parse: trustpilot.Parse, whole: true},
		{name: "webwinkelkeur", detect: webwinkelkeur.Detect, parse: webwinkelkeur.Parse, whole: true},
		{name: "yotpo", detect: yotpo.Detect, parse: yotpo.Parse, whole: true},
		{name: "feed", detect: feed.Detect, parse: feed.Parse, whole: true},
		{name: "jsonld", detect: jsonld.Present, parse: jsonld.Parse},
		{name: "microdata", detect: microdata.Present, parse: microdata.Parse},
		{name: "rdfa", detect: rdfa.Present, parse: rdfa.Parse},
		{name: "microformats", detect: microformats.Present, parse: microformats.Parse},
		{name: "blocks", detect: (*document.Document).IsHTML, parse: blocks.Parse, last: true},
		{name: "opengraph", detect: opengraph.Present, parse: opengraph.Parse, completes: true},
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
	defer d.Close()
	more := listOf(o.LoadMore, d)
	if inner := more.markup(); inner != p {
		p = inner
		d, problems = document.Open(p)
		defer d.Close()
	}
	out := Result{Problems: problems, Directives: links.Directives(d)}
	var m merger
	extra := []mention.Link(nil)
	for _, c := range chosen {
		if o.Parser == "" && (c.last && m.voices() || !c.detect(d)) {
			continue
		}
		f := c.run(d)
		if c.completes {
			m.complete(f)
			continue
		}
		if c.last && m.items.published() {
			asComments(f.Mentions)
		}
		for i := range f.Mentions {
			if f.Mentions[i].Evidence.Parser == "" {
				f.Mentions[i].Evidence.Parser = c.name
			}
		}
		m.add(f)
		extra = append(extra, f.Links...)
		out.Problems = append(out.Problems, f.Problems...)
		if c.whole || c.name == "selectors" && d.IsJSON() && len(f.Mentions) > 0 { // the operator knows this API
			break
		}
	}
	out.Problems = append(out.Problems, d.Faults()...)
	if m.cut {
		out.Problems = append(out.Problems, mention.Problem{Where: "document", What: fmt.Sprintf("the page has more than %d mentions; the rest is left out", maxMentions)})
	}
	m.items.belong(p.Origin)
	out.Items = m.items.list
	out.Problems = append(out.Problems, undecided(m.candidates)...)
	out.Mentions = finish(d, m.candidates, &m.items)
	found, told := more.links(&m.items, len(out.Mentions))
	out.Links = joinLinks(append(found, extra...), links.Find(d))
	out.Problems = append(out.Problems, told...)
	if p.Origin != nil {
		carry(p.Origin, out.Links)
	}
	out.Canonical = links.Canonical(d)
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
		if o.Parser == "" && p.last && o.Selectors.Review != "" {
			continue // the operator knows better than a guess
		}
		if p.name == "selectors" {
			if o.Selectors == nil {
				return nil, errors.New("parsers: the parser selectors needs the source's selectors")
			}
			s, err := selectors.Compile(*o.Selectors)
			if err != nil {
				return nil, fmt.Errorf("parsers: %w", err)
			}
			p.detect, p.parse = s.Detect, s.Parse
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("parsers: no parser %q; there are %s", o.Parser, strings.Join(r.Names(), ", "))
	}
	return out, nil
}

// run asks the parser. A panic on one page is a bug, and becomes a problem of
// that page: it must not end a crawl, nor keep the page from other parsers.
func (p parser) run(d *document.Document) (f document.Found) {
	defer func() {
		if r := recover(); r != nil {
			f = document.Found{Problems: []mention.Problem{{Where: p.name, What: fmt.Sprintf("the parser failed on this page: %v", r)}}}
		}
	}()
	return p.parse(d)
}

// asComments makes comments of guessed reviews: what readers write below a
// recipe or an article is a comment, with stars or without, unless the page
// says itself that it is a review.
func asComments(cs []document.Candidate) {
	for i := range cs {
		if cs[i].Kind == mention.Review {
			cs[i].Kind = mention.Comment
		}
	}
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
