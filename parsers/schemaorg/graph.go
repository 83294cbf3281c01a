package schemaorg

import (
	"strings"

	"klank/mention"
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
	// place is where each thing stands; a reference counts as a place too
	// when the thing itself stands nowhere more telling.
	place map[*Thing]node
}

func newGraph(pageURL string, roots []*Thing) *graph {
	g := &graph{pageURL: pageURL, byID: map[string]*Thing{}, place: map[*Thing]node{}}
	for _, t := range roots {
		g.add(node{Thing: t}, 0)
	}
	for _, n := range g.nodes {
		if n.isRef() && n.prop != "parentItem" { // which leads up, not down
			t := g.deref(n.Thing)
			if have, ok := g.place[t]; t != n.Thing && n.parent != nil && (!ok || have.parent == nil || !owning(have.prop)) {
				g.place[t] = node{Thing: t, parent: n.parent, prop: n.prop}
			}
		}
	}
	return g
}

func (g *graph) add(n node, depth int) {
	if depth > maxDepth || len(g.nodes) >= maxNodes {
		return
	}
	if _, seen := g.place[n.Thing]; seen {
		return
	}
	g.nodes = append(g.nodes, n)
	g.place[n.Thing] = n
	if id := g.fullID(n.ID); id != "" && !n.isRef() {
		if first, ok := g.byID[id]; !ok {
			g.byID[id] = n.Thing
		} else if kindOf(first) == "" {
			share(first, n.Thing)
		}
	}
	for _, p := range n.Props {
		for _, v := range p.Values {
			if v.Thing != nil {
				g.add(node{Thing: v.Thing, parent: n.Thing, prop: p.Name}, depth+1)
			}
		}
	}
}

// identifying are the properties that two nodes of the same @id lend each
// other.
var identifying = []string{"name", "brand", "url", "sku", "gtin", "gtin13", "gtin8", "gtin12", "gtin14", "isbn", "productID"}

// share completes two nodes that describe the same thing in two places.
func share(a, b *Thing) {
	for _, name := range identifying {
		if v := a.values(name); v == nil {
			for _, v := range b.values(name) {
				a.Add(name, v)
			}
		} else if b.values(name) == nil {
			b.Add(name, v[0])
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

// own tells whether n is part of what a site says itself: its FAQ, a quiz.
func (g *graph) own(n node) bool {
	for range maxDepth {
		if n.is("FAQPage", "Quiz", "LearningResource") {
			return true
		}
		if n.parent == nil {
			return false
		}
		n = g.place[n.parent]
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
	case "review", "reviews", "comment", "suggestedAnswer", "acceptedAnswer", "userComments", "associatedReview":
		return true
	}
	return false
}

// kindOf returns the kind of mention that a thing is, or "".
func kindOf(t *Thing) mention.Kind {
	switch {
	case len(t.Types) == 0, t.is("ClaimReview", "MediaReview"):
		return ""
	case t.is("Review", "UserReview", "CriticReview", "EmployerReview", "Recommendation"):
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
// without a type is a review.
func (n node) kind() mention.Kind {
	if len(n.Types) == 0 && (n.prop == "review" || n.prop == "reviews") && !n.isRef() {
		return mention.Review
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
