package schemaorg

import (
	"strings"

	"klank/mention"
	"klank/parsers/normalize"
)

// limits on what one page's graph may cost.
const (
	maxDepth = 64
	maxNodes = 200000
)

// node is a thing with its place in the graph.
type node struct {
	*Thing
	parent *Thing // nil for roots
	prop   string // the parent's property that holds it
}

// graph lists the things of a page in page order and resolves references.
type graph struct {
	pageURL string
	nodes   []node
	byID    map[string]*Thing
}

func newGraph(pageURL string, roots []*Thing) *graph {
	g := &graph{pageURL: pageURL, byID: map[string]*Thing{}}
	for _, t := range roots {
		g.add(node{Thing: t}, 0)
	}
	g.named()
	for _, n := range g.nodes {
		if n.isRef() && n.prop != "parentItem" { // which leads up, not down
			t := g.deref(n.Thing)
			if t != n.Thing && n.parent != nil && (t.place.parent == nil || !owning(t.place.prop)) {
				t.place = node{Thing: t, parent: n.parent, prop: n.prop}
			}
		}
	}
	return g
}

func (g *graph) add(n node, depth int) {
	if depth > maxDepth || len(g.nodes) >= maxNodes {
		return
	}
	if n.Thing.place.Thing != nil { // has one already
		return
	}
	g.nodes = append(g.nodes, n)
	n.Thing.place = n
	props := n.Props
	owner := n.Thing
	if id := g.fullID(n.ID); id != "" && !n.isRef() {
		if first, ok := g.byID[id]; !ok {
			g.byID[id] = n.Thing
		} else if !contradict(first, n.Thing) {
			owner = first
			absorb(first, n.Thing)
		}
	}
	for _, p := range props {
		for _, v := range p.Values {
			if v.Thing != nil {
				g.add(node{Thing: v.Thing, parent: owner, prop: p.Name}, depth+1)
			}
		}
	}
}

// telling are the properties in which two nodes of one @id must agree to be
// one thing: some sites give every review the same.
var telling = []string{"name", "headline", "author", "reviewBody", "text", "ratingValue", "datePublished", "sku"}

// contradict tells whether two nodes of the same @id are different things.
func contradict(a, b *Thing) bool {
	if len(a.Types) > 0 && len(b.Types) > 0 && !a.is(b.Types...) {
		return true
	}
	for _, name := range telling {
		x, y := a.said(name), b.said(name)
		if x != "" && y != "" && x != y {
			return true
		}
	}
	return false
}

// said is a property as a line; of a thing it is what that is called.
func (t *Thing) said(name string) string {
	vs := t.values(name)
	switch {
	case len(vs) == 0:
		return ""
	case vs[0].Thing != nil:
		return vs[0].Thing.line("name")
	}
	return normalize.Line(vs[0].Text)
}

// absorb completes a with what b says of the same thing in another place, and
// leaves of b a reference to it.
func absorb(a, b *Thing) {
	for _, p := range b.Props {
		if a.values(p.Name) != nil && !owning(p.Name) {
			continue
		}
		for _, v := range p.Values {
			a.Add(p.Name, v)
		}
	}
	if len(a.Types) == 0 {
		a.Types = b.Types
	}
	b.Props, b.Types = nil, nil
}

// leading are the properties whose texts may be the ids of other nodes.
var leading = []string{"itemReviewed", "author", "creator", "review", "reviews", "reviewRating", "aggregateRating", "comment", "parentItem",
	"about", "mainEntity", "acceptedAnswer", "suggestedAnswer", "brand", "manufacturer"}

// named makes references of the texts that are the id of another node.
func (g *graph) named() {
	if len(g.byID) == 0 {
		return
	}
	for _, n := range g.nodes[:len(g.nodes):len(g.nodes)] {
		for _, name := range leading {
			for i, v := range n.values(name) {
				id := strings.TrimSpace(v.Text)
				if v.Thing != nil || id == "" || !strings.HasPrefix(id, "#") && !strings.HasPrefix(id, "_:") && !strings.Contains(id, "://") {
					continue
				}
				if to, ok := g.byID[g.fullID(id)]; ok && to != n.Thing {
					ref := &Thing{ID: id}
					n.values(name)[i] = Value{Thing: ref}
					g.nodes = append(g.nodes, node{Thing: ref, parent: n.Thing, prop: name})
				}
			}
		}
	}
}

// fullID makes an identifier absolute; blank nodes ("_:b0") keep their name.
func (g *graph) fullID(id string) string {
	if strings.HasPrefix(id, "#") {
		return g.pageURL + id
	}
	return id
}

// maxBeside bounds how many things beside another are expected to be mentions
// as it is.
const maxBeside = 100

// beside counts the things that stand where n does: in the same property.
func (g *graph) beside(n node) int {
	count := 0
	for i := range g.nodes {
		if g.nodes[i].prop == n.prop {
			count++
		}
	}
	return min(count, maxBeside)
}

// own tells whether a question or answer is part of what a site says itself:
// its FAQ, a quiz.
func (g *graph) own(n node) bool {
	for range maxDepth {
		if n.is("FAQPage", "Quiz", "LearningResource") {
			return true
		}
		if n.parent == nil {
			return false
		}
		n = n.parent.place
	}
	return false
}

// deref returns the node that a reference names, else t itself.
func (g *graph) deref(t *Thing) *Thing {
	if t == nil || !t.isRef() {
		return t
	}
	if full, ok := g.byID[g.fullID(t.ID)]; ok {
		return full
	}
	return t
}

// thing returns the first thing among the properties of t, dereferenced.
func (g *graph) thing(t *Thing, names ...string) *Thing { return g.deref(t.thing(names...)) }

// things returns all things of the first of the properties that has values.
func (g *graph) things(t *Thing, names ...string) []*Thing {
	var out []*Thing
	for _, v := range t.values(names...) {
		if v.Thing != nil {
			out = append(out, g.deref(v.Thing))
		}
	}
	return out
}

// owning tells whether a property leads from a thing to what is said about it.
func owning(prop string) bool {
	switch prop {
	case "review", "reviews", "comment", "comments", "suggestedAnswer", "acceptedAnswer", "userComments", "associatedReview":
		return true
	}
	return false
}

// kindOf returns the kind of mention that a thing is, or "".
func kindOf(t *Thing) mention.Kind {
	switch {
	case len(t.Types) == 0, t.is("ClaimReview", "MediaReview"):
		return ""
	case t.is("Review", "UserReview", "CriticReview", "EmployerReview", "Recommendation"), t.is("ReviewNewsArticle") && t.values("reviewRating") != nil:
		return mention.Review
	case t.is("Comment", "UserComments", "CorrectionComment"):
		return mention.Comment
	case t.is("DiscussionForumPosting", "SocialMediaPosting"):
		return mention.Post
	case t.is("Question"):
		return mention.Question
	case t.is("Answer"):
		return mention.Answer
	}
	return ""
}

// kind returns the kind of mention that a node is; what hangs below "review"
// without a type is a review, and likewise with comments and answers.
func (n node) kind() mention.Kind {
	if len(n.Types) == 0 && !n.isRef() {
		switch n.prop {
		case "review", "reviews":
			return mention.Review
		case "comment", "comments":
			return mention.Comment
		case "acceptedAnswer", "suggestedAnswer":
			return mention.Answer
		}
	}
	return kindOf(n.Thing)
}

func isAggregate(t *Thing) bool {
	return t.is("AggregateRating", "EmployerAggregateRating", "Review-aggregate")
}

// frame tells whether a thing only holds others (a page, a list) and is no
// item that could be reviewed because of where a review stands.
func frame(t *Thing) bool {
	return len(t.Types) == 0 || t.is("WebPage", "ItemPage", "CollectionPage", "ProfilePage", "QAPage", "AboutPage", "WebSite", "ItemList", "ListItem",
		"BreadcrumbList", "Person", "OfferCatalog", "Offer", "AggregateOffer", "SearchAction", "WPHeader", "WPFooter", "WPSideBar", "ImageObject", "Rating")
}
