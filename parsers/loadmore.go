package parsers

import (
	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/loadmore"
)

// moreOf is a page with regard to the lists that go on elsewhere.
type moreOf struct {
	d     *document.Document
	lists []*loadmore.List
	// answer is the list of which the page is an answer; nil for a page.
	answer *loadmore.List
}

func listOf(lists []*loadmore.List, d *document.Document) moreOf {
	m := moreOf{d: d, lists: lists}
	for _, l := range lists {
		if l.Answers(d.URL) {
			m.answer = l
			break
		}
	}
	return m
}

// markup is the page to be read: what stands within an answer, or the page.
func (m moreOf) markup() *mention.Page {
	if m.answer == nil {
		return m.d.Page
	}
	return m.answer.Markup(m.d)
}

// links leads from a page to the first answers of its lists, and from an
// answer to the next, with what they belong to.
func (m moreOf) links(items *itemSet, mentions int) (found []mention.Link, problems []mention.Problem) {
	follow := func(u string, err error, kind mention.LinkKind, o *mention.Origin) {
		if err != nil {
			problems = append(problems, mention.Problem{Where: "load_more", What: err.Error()})
		} else if u != "" && u != m.d.URL {
			found = append(found, mention.Link{URL: u, Kind: kind, Origin: o})
		}
	}
	if m.answer != nil {
		u, err := m.answer.Next(m.d, mentions)
		follow(u, err, mention.LinkNext, m.d.Page.Origin)
		if mentions == 0 && m.d.IsJSON() && items.list == nil {
			problems = append(problems, mention.Problem{Where: "load_more", What: "no mention in this JSON answer; give selectors with JSON paths such as review: $.reviews[*], unless this is the end of the list"})
		}
		return found, problems
	}
	for _, l := range m.lists {
		u, err := l.First(m.d)
		origin := &mention.Origin{Page: m.d.URL, Item: items.main(m.d)}
		kind := mention.LinkNext
		if mentions == 0 {
			// The list is elsewhere altogether: a page that stays the same
			// says nothing about it, and names its item by its own URL.
			kind = mention.LinkItem
			if origin.Item == nil {
				origin.Item = &mention.ItemRef{URL: m.d.URL}
			}
		}
		follow(u, err, kind, origin)
	}
	return found, problems
}

// carry gives the further pages of a list the origin of this one.
func carry(o *mention.Origin, links []mention.Link) {
	for i := range links {
		if l := &links[i]; l.Kind == mention.LinkNext && l.Origin == nil {
			l.Origin = o
		}
	}
}
