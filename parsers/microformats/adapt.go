package microformats

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/normalize"
	"klank/parsers/schemaorg"
)

// The adapter says in the words of schema.org what the microformats of a page
// say, so that a review is the same in every syntax.

// types are what reviewed things are called there.
var types = map[string]string{
	"h-app": "SoftwareApplication", "h-event": "Event", "h-product": "Product", "h-recipe": "Recipe",
}

// things returns what an item and those within hold of mentions; by is the
// author of the feed around it.
func (r *reader) things(it *item, by []value) []*schemaorg.Thing {
	switch {
	case it.is("h-review-aggregate"):
		return []*schemaorg.Thing{aggregate(it)}
	case it.is("h-review"):
		return []*schemaorg.Thing{r.review(it)}
	case it.is("h-entry", "h-cite"):
		return r.entry(it, by)
	case it.is("h-feed"):
		if a := it.values("author"); a != nil {
			by = a
		}
		return r.within(it, nil, by)
	}
	return r.carrier(reviewed(it), it, by)
}

// within returns the things in an item; reviews are given to the thing they
// stand in, if that is told.
func (r *reader) within(it *item, owner *schemaorg.Thing, by []value) []*schemaorg.Thing {
	var out []*schemaorg.Thing
	add := func(prop string, in *item) {
		if r.told[in] {
			return // it gives several properties
		}
		r.told[in] = true
		switch {
		case prop == "comment" && owner != nil && in.is("h-entry", "h-cite"):
			if t := r.post(in, "Comment", nil); t != nil {
				owner.Add("comment", schemaorg.Value{Thing: t})
				out = append(out, r.within(in, t, nil)...)
			}
		case in.is("h-review-aggregate") && owner != nil:
			owner.Add("aggregateRating", schemaorg.Value{Thing: aggregate(in)})
		case in.is("h-review") && owner != nil:
			owner.Add("review", schemaorg.Value{Thing: r.review(in)})
		case prop == "" || !in.is("h-entry", "h-cite"): // others are quoted
			out = append(out, r.things(in, by)...)
		}
	}
	for _, p := range it.props {
		for _, v := range p.values {
			if v.item != nil {
				add(p.name, v.item)
			}
		}
	}
	for _, c := range it.children {
		add("", c)
	}
	return out
}

// carrier returns the things within an item, and before them the item itself
// where something is said about it.
func (r *reader) carrier(t *schemaorg.Thing, it *item, by []value) []*schemaorg.Thing {
	said := len(t.Props)
	out := r.within(it, t, by)
	if len(t.Props) > said {
		return append([]*schemaorg.Thing{t}, out...)
	}
	return out
}

// reviewed is a thing that can be reviewed.
func reviewed(it *item) *schemaorg.Thing {
	t := &schemaorg.Thing{}
	for _, typ := range it.types {
		if s := types[typ]; s != "" {
			t.Types = append(t.Types, s)
		}
	}
	if it.is("h-card") {
		t.Types = append(t.Types, "Person")
		if it.values("org") != nil {
			t.Types[len(t.Types)-1] = "LocalBusiness"
		}
	}
	put(t, "name", cardName(it))
	put(t, "url", it.text("url"))
	for _, v := range it.values("brand", "manufacturer") {
		put(t, "brand", nameOf(v))
	}
	put(t, "sku", it.text("sku"))
	return t
}

// put adds a text that is not empty.
func put(t *schemaorg.Thing, name, text string) {
	if text = strings.TrimSpace(text); text != "" {
		t.Add(name, schemaorg.Value{Text: text})
	}
}

// cardName is what an item is called; those of microformats 1 may have parts
// of a name only.
func cardName(it *item) string {
	if s := it.text("name", "org", "organization-name", "nickname"); s != "" {
		return s
	}
	return strings.TrimSpace(it.text("given-name") + " " + it.text("family-name"))
}

// nameOf is what a value that may be an item is called.
func nameOf(v value) string {
	if v.item != nil {
		if s := cardName(v.item); s != "" {
			return s
		}
	}
	return v.text
}

func aggregate(it *item) *schemaorg.Thing {
	t := &schemaorg.Thing{Types: []string{"AggregateRating"}}
	put(t, "ratingValue", it.text("average", "rating"))
	put(t, "bestRating", it.text("best"))
	put(t, "worstRating", it.text("worst"))
	put(t, "ratingCount", it.text("votes"))
	put(t, "reviewCount", it.text("count"))
	about(t, it)
	return t
}

// about says what a review or an aggregate is about.
func about(t *schemaorg.Thing, it *item) {
	items := it.values("item")
	if len(items) == 0 {
		return
	}
	if items[0].item == nil {
		put(t, "itemReviewed", items[0].text)
		return
	}
	of := reviewed(items[0].item)
	if cardName(items[0].item) == "" {
		put(of, "name", items[0].text)
	}
	t.Add("itemReviewed", schemaorg.Value{Thing: of})
}

func (r *reader) review(it *item) *schemaorg.Thing {
	t := &schemaorg.Thing{Types: []string{"Review"}, Anchor: it.id, ID: it.text("uid")}
	put(t, "headline", it.text("name"))
	r.body(t, "reviewBody", it, "content", "description", "summary")
	writtenBy(t, it.values("author", "reviewer"))
	dates(t, it)
	if it.classic && it.values("published") == nil {
		if n := r.classed(it.node, "dtreviewed"); n != nil { // in the reviewer's vcard, as the examples of hReview have it
			put(t, "datePublished", r.date(n, it))
		}
	}
	put(t, "url", it.text("url"))
	r.grades(t, it)
	about(t, it)
	r.within(it, t, nil)
	return t
}

// grades adds the grade of a review, and those it gives for its tags: hReview
// has a rel-tag within the element of the grade then.
func (r *reader) grades(t *schemaorg.Thing, it *item) {
	grade := func(aspect, value, best, worst string) {
		if value != "" {
			g := &schemaorg.Thing{Types: []string{"Rating"}}
			put(g, "reviewAspect", aspect)
			put(g, "ratingValue", value)
			put(g, "bestRating", best)
			put(g, "worstRating", worst)
			t.Add("reviewRating", schemaorg.Value{Thing: g})
		}
	}
	tagged := map[*html.Node]bool{}
	main := ""
	for _, v := range it.values("rating", "value") {
		aspect := ""
		if it.classic && len(tagged) < maxTagged {
			aspect = r.tagIn(v.from)
		}
		if aspect == "" {
			if main == "" {
				main = v.text
			}
			continue
		}
		tagged[v.from] = true
		grade(aspect, v.text, it.textIn(v.from, "best"), it.textIn(v.from, "worst"))
	}
	rest := func(prop string) string {
		for _, v := range it.values(prop) {
			if v.text != "" && !within(v.from, tagged) {
				return v.text
			}
		}
		return ""
	}
	grade("", main, rest("best"), rest("worst"))
}

// classed is the first element below n with a class, nil without one.
func (r *reader) classed(n *html.Node, class string) *html.Node {
	for c := n.FirstChild; c != nil && r.budget >= 0; c = c.NextSibling {
		if r.budget--; c.Type == html.ElementNode && hasClass(c, class) {
			return c
		}
		if found := r.classed(c, class); found != nil {
			return found
		}
	}
	return nil
}

// maxTagged bounds the tags of a review that get a grade.
const maxTagged = 50

// tagIn is the tag of the first rel-tag in an element, "" without one.
func (r *reader) tagIn(n *html.Node) string {
	if r.budget--; r.budget < 0 {
		return ""
	}
	if n.DataAtom == atom.A && slices.Contains(strings.Fields(strings.ToLower(attr(n, "rel"))), "tag") {
		return tag(attr(n, "href"))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if s := r.tagIn(c); s != "" {
			return s
		}
	}
	return ""
}

// textIn is the first value of a property that an element within n gives.
func (it *item) textIn(n *html.Node, prop string) string {
	for _, v := range it.values(prop) {
		if v.text != "" && within(v.from, map[*html.Node]bool{n: true}) {
			return v.text
		}
	}
	return ""
}

// maxLevels bounds how far up is looked for an element around another.
const maxLevels = 20

// within tells whether an element stands in one of the elements.
func within(n *html.Node, elements map[*html.Node]bool) bool {
	for range maxLevels {
		if n == nil || elements[n] {
			return n != nil
		}
		n = n.Parent
	}
	return false
}

func writtenBy(t *schemaorg.Thing, authors []value) {
	if len(authors) == 0 {
		return
	}
	p := &schemaorg.Thing{Types: []string{"Person"}}
	put(p, "name", nameOf(authors[0]))
	if authors[0].item != nil {
		put(p, "url", authors[0].item.text("url"))
	}
	t.Add("author", schemaorg.Value{Thing: p})
}

func dates(t *schemaorg.Thing, it *item) {
	put(t, "datePublished", it.text("published", "reviewed", "dtreviewed"))
	put(t, "dateModified", it.text("updated"))
}

// body adds the text of the first of the properties that has one, with its
// paragraphs.
func (r *reader) body(t *schemaorg.Thing, name string, it *item, props ...string) {
	for _, prop := range props {
		for _, v := range it.values(prop) {
			s := v.text
			if v.node != nil && r.budget >= 0 {
				s = normalize.Node(v.node)
				r.budget -= len(s) + 30
			}
			if s != "" {
				put(t, name, s)
				return
			}
		}
	}
}

// entry returns what an h-entry holds. What people write to each other is a
// post, and a comment where it replies; an article is the site's own, as a
// BlogPosting is, and so is every entry of microformats 1, which blogs gave to
// whatever they published. What quotes, likes or passes on is none.
func (r *reader) entry(it *item, by []value) []*schemaorg.Thing {
	typ := "SocialMediaPosting"
	switch {
	case it.values("like-of", "repost-of", "bookmark-of", "rsvp") != nil || it.is("h-cite"):
		return nil
	case r.article(it):
		typ = "BlogPosting"
	case it.values("in-reply-to") != nil:
		typ = "Comment"
	}
	t := r.post(it, typ, by)
	switch {
	case t == nil:
		return r.carrier(&schemaorg.Thing{}, it, by)
	case typ == "BlogPosting":
		return r.carrier(t, it, by)
	}
	return append([]*schemaorg.Thing{t}, r.within(it, t, by)...)
}

// article tells an article from a note, as
// https://indieweb.org/post-type-discovery does: by a name that is not just
// the beginning of the text. A heading is such a name, marked up or not.
func (r *reader) article(it *item) bool {
	name := squeeze(strings.TrimRight(it.text("name"), "….·"))
	return it.classic || !strings.HasPrefix(squeeze(it.text("content", "summary")), name) || r.heading(it.node)
}

// squeeze makes texts that differ in white space the same.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func (r *reader) heading(n *html.Node) bool {
	for c := n.FirstChild; c != nil && r.budget >= 0; c = c.NextSibling {
		if r.budget--; c.DataAtom == atom.H1 || c.DataAtom == atom.H2 || r.heading(c) {
			return true
		}
	}
	return false
}

// post returns an entry or a citation as a thing of a type; nil where it says
// nothing, or neither who wrote it nor when.
func (r *reader) post(it *item, typ string, by []value) *schemaorg.Thing {
	if a := it.values("author"); a != nil {
		by = a
	}
	t := &schemaorg.Thing{Types: []string{typ}, ID: it.text("uid"), Anchor: it.id}
	link := permalink(it, by)
	if t.ID == "" {
		t.ID = link
	}
	if typ == "BlogPosting" {
		put(t, "headline", it.text("name"))
		put(t, "url", link)
		return t
	}
	r.body(t, "text", it, "content", "summary", "name")
	if len(t.Props) == 0 || len(by) == 0 && it.values("published") == nil {
		return nil
	}
	writtenBy(t, by)
	dates(t, it)
	put(t, "url", link)
	if to := it.text("in-reply-to"); to != "" {
		t.Add("parentItem", schemaorg.Value{Thing: &schemaorg.Thing{ID: to}})
	}
	return t
}

// permalink is the URL of an entry: not its author's, which pages say to be
// its too.
func permalink(it *item, by []value) string {
	own := ""
	if len(by) > 0 && by[0].item != nil {
		own = by[0].item.text("url")
	}
	for _, v := range it.values("url") {
		if v.text != "" && v.text != own {
			return v.text
		}
	}
	return ""
}
