package feed

import (
	"slices"
	"strings"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"
	ext "github.com/mmcdole/gofeed/extensions"
	jsonfeed "github.com/mmcdole/gofeed/json"

	"klank/mention"
	"klank/parsers/normalize"
)

// original is what the universal form of an entry drops.
type original struct {
	authorURL string
	language  string
	feeds     []string // feeds of the entry's replies
	inherits  bool     // an entry without an author has the feed's
}

// original looks the i-th entry up in the feed as it was written: the
// universal entries stand in the order of the original ones.
func (a *adapter) original(i int, e *gofeed.Item) original {
	var o original
	for _, c := range e.Extensions["wfw"]["commentRss"] {
		o.feeds = append(o.feeds, c.Value)
	}
	switch f := a.feed.OriginalFeed().(type) {
	case *atom.Feed:
		o.inherits = true
		if i >= len(f.Entries) || f.Entries[i] == nil {
			return o
		}
		for _, p := range f.Entries[i].Authors {
			if p != nil && p.URI != "" {
				o.authorURL = p.URI
				break
			}
		}
		for _, l := range f.Entries[i].Links {
			if l != nil && l.Rel == "replies" && strings.Contains(l.Type, "xml") {
				o.feeds = append(o.feeds, l.Href)
			}
		}
	case *jsonfeed.Feed:
		o.inherits = true
		if i >= len(f.Items) || f.Items[i] == nil {
			return o
		}
		it := f.Items[i]
		o.language = it.Language
		for _, p := range append(it.Authors, it.Author) {
			if p != nil && p.URL != "" {
				o.authorURL = p.URL
				break
			}
		}
	}
	return o
}

// links returns the feed's further pages: rel next and prev-archive of RFC
// 5005, next_url of JSON Feed.
func (a *adapter) links() []mention.Link {
	var refs []string
	add := func(rel, href string) {
		if rel == "next" || rel == "prev-archive" {
			refs = append(refs, href)
		}
	}
	switch f := a.feed.OriginalFeed().(type) {
	case *atom.Feed:
		for _, l := range f.Links {
			if l != nil {
				add(l.Rel, l.Href)
			}
		}
	case *jsonfeed.Feed:
		add("next", f.NextURL)
	default:
		for _, l := range a.feed.Extensions["atom"]["link"] {
			add(l.Attrs["rel"], l.Attrs["href"])
		}
	}
	var out []mention.Link
	for _, ref := range refs {
		if u := a.d.Abs(ref); u != "" {
			out = append(out, mention.Link{URL: u, Kind: mention.LinkNext})
		}
	}
	return out
}

// named returns the extension elements of a local name in any namespace,
// those of the prefix that sorts first first.
func named(exts ext.Extensions, local string) []ext.Extension {
	var prefixes []string
	for p, elements := range exts {
		if len(elements[local]) > 0 {
			prefixes = append(prefixes, p)
		}
	}
	slices.Sort(prefixes)
	var out []ext.Extension
	for _, p := range prefixes {
		out = append(out, exts[p][local]...)
	}
	return out
}

func children(parents []ext.Extension, name string) []ext.Extension {
	var out []ext.Extension
	for _, p := range parents {
		out = append(out, p.Children[name]...)
	}
	return out
}

// ratingBests are the scales of rating elements that never say theirs.
var ratingBests = map[string]string{"im": "5"}

// entryRating returns the grade which the entry's author gave: a rating
// element of a namespace (im:rating, review:rating, gd:rating with a value)
// or of none. Averages (media:starRating, gd:rating average) are the crowd's
// and content labels (media:rating, itunes) are no grades.
func entryRating(e *gofeed.Item) *mention.Rating {
	var prefixes []string
	for p := range e.Extensions {
		if p != "media" && !strings.HasPrefix(p, "itunes") {
			prefixes = append(prefixes, p)
		}
	}
	slices.Sort(prefixes)
	for _, p := range prefixes {
		for _, r := range append(e.Extensions[p]["rating"], e.Extensions[p]["reviewRating"]...) {
			if r.Attrs["average"] != "" && r.Attrs["value"] == "" {
				continue
			}
			value := firstOf(r.Value, r.Attrs["value"], childValue(r, "ratingValue"), childValue(r, "value"))
			best := firstOf(r.Attrs["best"], r.Attrs["max"], r.Attrs["scale"], childValue(r, "bestRating"), ratingBests[p])
			worst := firstOf(r.Attrs["worst"], r.Attrs["min"], childValue(r, "worstRating"))
			if out := normalize.Rating(value, best, worst); out != nil {
				return out
			}
		}
	}
	if v := e.Custom["rating"]; v != "" {
		return normalize.Rating(v, "", "")
	}
	return nil
}

func childValue(e ext.Extension, name string) string {
	if c := e.Children[name]; len(c) > 0 {
		return c[0].Value
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// mediaItem returns the entry's subject with the crowd's grade, where a
// media:starRating gives one.
func (a *adapter) mediaItem(e *gofeed.Item, url string) (mention.Item, bool) {
	media := e.Extensions["media"]
	community := append(children(media["group"], "community"), media["community"]...)
	for _, s := range append(children(community, "starRating"), media["starRating"]...) {
		r := normalize.Rating(s.Attrs["average"], s.Attrs["max"], s.Attrs["min"])
		if r == nil {
			continue
		}
		it := mention.Item{ItemRef: mention.ItemRef{Name: markupLine(e.Title), URL: url}, Rating: r}
		if n, ok := normalize.Count(s.Attrs["count"]); ok {
			it.RatingCount = &n
		}
		return it, true
	}
	return mention.Item{}, false
}

// engagement reads slash:comments, thr:total, media:statistics and the App
// Store's votes.
func engagement(e *gofeed.Item) *mention.Engagement {
	var g mention.Engagement
	first := func(list []ext.Extension, attr string) int {
		for _, x := range list {
			v := x.Value
			if attr != "" {
				v = x.Attrs[attr]
			}
			if n, ok := normalize.Count(v); ok {
				return n
			}
		}
		return 0
	}
	g.Replies = first(append(e.Extensions["slash"]["comments"], e.Extensions["thr"]["total"]...), "")
	media := e.Extensions["media"]
	community := append(children(media["group"], "community"), media["community"]...)
	stats := children(community, "statistics")
	g.Views, g.Likes = first(stats, "views"), first(stats, "favorites")
	g.Helpful = first(e.Extensions["im"]["voteSum"], "")
	if g == (mention.Engagement{}) {
		return nil
	}
	return &g
}
