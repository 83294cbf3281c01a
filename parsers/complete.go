package parsers

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
)

// complete takes what a page's meta elements say. They know less than markup
// that stands at the thing itself, so they only complete: the page's one item,
// and the one post that has their title. Where nothing else tells of an item,
// theirs is the page's.
func (m *merger) complete(f document.Found) {
	for i := range f.Items {
		m.items.complete(f.Items[i], m.candidates)
	}
	for i := range f.Mentions {
		m.dates(&f.Mentions[i])
	}
}

// complete completes the only item with what it says of the same, or adds it
// where there is none; the site's owner is not counted. cs may call it by a
// shorter name than a title.
func (s *itemSet) complete(it mention.Item, cs []document.Candidate) {
	at := -1
	for i := range s.list {
		if seller(s.list[i].Type) {
			continue
		}
		if at >= 0 {
			return
		}
		at = i
	}
	if at < 0 {
		for i := range cs {
			if ref := cs[i].Item; ref != nil && begins(it.Name, ref.Name) {
				it.Name = ref.Name
				break
			}
		}
		s.add(it)
		return
	}
	have := &s.list[at]
	if !begins(it.Name, have.Name) && !begins(have.Name, it.Name) || !sameOrNone(have.GTIN, it.GTIN) || !sameOrNone(have.URL, it.URL) {
		return
	}
	it.Name, it.Type = "", ""
	if have.Rating != nil || have.RatingCount != nil || have.ReviewCount != nil {
		it.Rating, it.RatingCount, it.ReviewCount = nil, nil, nil
	}
	complete(have, &it)
	s.index(at)
}

// seller tells whether a type is that of who sells on every page of a site,
// rather than of what a page is about.
func seller(typ string) bool {
	switch typ {
	case "Organization", "Corporation", "OnlineStore", "OnlineBusiness", "Store", "WebSite", "Webshop":
		return true
	}
	return false
}

// begins tells whether a title begins with a name, signs and case apart; no
// title begins with nothing.
func begins(title, name string) bool {
	name = prefix(name, len(name))
	return name != "" && strings.HasPrefix(prefix(title, len(title)), name)
}

// dates completes the only post of the page with the times of the article
// that has its title.
func (m *merger) dates(article *document.Candidate) {
	var post *document.Candidate
	for i := range m.candidates {
		if c := &m.candidates[i]; c.Kind == mention.Post {
			if post != nil {
				return
			}
			post = c
		}
	}
	if post != nil && post.Published.IsZero() && begins(article.Title, post.Title) {
		post.Published, post.PublishedPrecision, post.Unsteady = article.Published, article.PublishedPrecision, false
		if post.Updated.IsZero() {
			post.Updated = article.Updated
		}
	}
}
