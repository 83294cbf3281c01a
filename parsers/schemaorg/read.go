package schemaorg

import (
	"fmt"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Read returns the mentions and items of a page's graph in page order.
// parser is the name of the syntax it came from; it goes into the evidence.
//
// A review counts when it has a rating, or an author and a body. What a FAQ
// page asks and answers is the site's own and carries mention.FlagPublisher; a
// ClaimReview is a fact check and no review.
func Read(d *document.Document, roots []*Thing, parser string) document.Found {
	r := reader{d: d, g: newGraph(d.URL, roots), parser: parser, handles: map[*Thing]string{}, replies: map[*Thing]bool{}}
	for _, n := range r.g.nodes {
		if n.isRef() {
			continue
		}
		r.item(n)
		at := n.Thing.place
		if k := at.kind(); k != "" && !r.replies[n.Thing] {
			r.mention(at, k)
		}
	}
	return r.out
}

type reader struct {
	d       *document.Document
	g       *graph
	parser  string
	out     document.Found
	handles map[*Thing]string
	replies map[*Thing]bool // owners' answers, part of the mention they answer
}

func (r *reader) handle(t *Thing) string {
	h, ok := r.handles[t]
	if !ok {
		h = fmt.Sprintf("%s%d", r.parser, len(r.handles)+1)
		r.handles[t] = h
	}
	return h
}

func (r *reader) mention(at node, kind mention.Kind) {
	t := at.Thing
	c := document.Candidate{}
	m := &c.Mention
	m.Kind = kind
	m.Evidence.Parser = r.parser
	item := r.reviewed(at, kind)
	m.Item = item
	m.Author = r.author(t)
	r.words(m, t)
	r.dates(&c, t)
	m.Engagement = r.engagement(t, kind)
	m.URL = r.d.Ref(t.text("url", "discussionUrl", "replyToUrl"))
	r.native(&c, t)
	if kind == mention.Review {
		r.grades(m, t)
		if m.Rating == nil && (m.Author == nil || m.Text == "") {
			return
		}
		m.Reply = r.reply(t, item)
	} else if m.Text == "" && m.Title == "" {
		return
	}
	if (kind == mention.Question || kind == mention.Answer) && r.g.own(at) {
		m.Flags = []mention.Flag{{Name: mention.FlagPublisher, Reason: "asked and answered by the site itself"}}
	}
	c.Handle = r.handle(t)
	r.relate(&c, at)
	if r.out.Mentions == nil {
		r.out.Mentions = make([]document.Candidate, 0, r.g.beside(at))
	}
	r.out.Mentions = append(r.out.Mentions, c)
}

// words sets title, text and language.
func (r *reader) words(m *mention.Mention, t *Thing) {
	m.Title = t.line("headline", "name", "title", "summary")
	m.Text = t.body("reviewBody", "text", "commentText", "articleBody", "description", "content")
	if m.Kind != mention.Post && m.Item != nil && strings.EqualFold(m.Title, m.Item.Name) {
		m.Title = "" // the item's name, not the author's
	}
	if m.Kind != mention.Post && m.Author != nil && m.Title == m.Author.Name {
		m.Title = ""
	}
	if m.Text == m.Title {
		m.Title = ""
	}
	lang := t.line("inLanguage")
	if l := t.thing("inLanguage"); l != nil {
		lang = l.line("alternateName", "name")
	}
	m.Language = document.LanguageTag(lang)
}

func (r *reader) dates(c *document.Candidate, t *Thing) {
	lang := r.d.Language
	for _, name := range []string{"datePublished", "dateCreated", "commentTime", "dtreviewed", "uploadDate"} {
		s := t.text(name)
		if s == "" {
			continue
		}
		if when, p, ok := normalize.Date(s, lang, r.d.Page.Fetched); ok {
			c.Published, c.PublishedPrecision = when, p
			c.Unsteady = normalize.Relative(s, lang)
			break
		}
		if normalize.Ambiguous(s, lang) {
			c.Undecided = s
		}
	}
	if when, _, ok := normalize.Date(t.text("dateModified"), lang, r.d.Page.Fetched); ok && when.After(c.Published) {
		c.Updated = when
	}
}

// author reads a person as text, thing, list or reference.
func (r *reader) author(t *Thing) *mention.Author {
	var a mention.Author
	var name string
	for _, v := range t.values("author", "creator", "reviewer") {
		p := r.g.deref(v.Thing)
		if p == nil {
			if name == "" {
				name = normalize.Line(v.Text)
			}
			continue
		}
		if a.URL == "" {
			a.URL = r.d.Ref(p.text("url"))
		}
		n := p.line("name", "alternateName")
		if n == "" {
			n = strings.TrimSpace(p.line("givenName") + " " + p.line("familyName"))
		}
		if name == "" {
			name = n
		}
	}
	if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
		if a.URL == "" {
			a.URL = r.d.Ref(name)
		}
		name = ""
	}
	a.Name = name
	if a == (mention.Author{}) {
		return nil
	}
	return &a
}

// grades sets the rating and the sub-ratings.
func (r *reader) grades(m *mention.Mention, t *Thing) {
	for _, v := range t.values("reviewRating", "rating", "ratingValue", "starRating") {
		g := r.g.deref(v.Thing)
		if g == nil {
			if m.Rating == nil {
				m.Rating = normalize.Rating(v.Text, t.text("bestRating"), t.text("worstRating"))
			}
			continue
		}
		rating := r.rating(g)
		if rating == nil {
			continue
		}
		aspect := g.line("reviewAspect", "name")
		if aspect == "" || m.Rating == nil && len(t.values("reviewRating", "rating")) == 1 {
			if m.Rating == nil {
				m.Rating = rating
			}
			continue
		}
		wire.SubRating(m, aspect, "", rating)
	}
	if m.Rating == nil { // what is called so gave none
		m.Rating = normalize.Rating(t.text("ratingValue", "starRating"), t.text("bestRating"), t.text("worstRating"))
	}
}

// rating reads a Rating or AggregateRating.
func (r *reader) rating(g *Thing) *mention.Rating {
	value := g.text("ratingValue", "average", "value")
	if value == "" {
		if inner := r.g.thing(g, "rating", "reviewRating"); inner != nil && inner != g {
			return r.rating1(inner)
		}
		value = g.text("rating")
	}
	return normalize.Rating(value, g.text("bestRating", "best"), g.text("worstRating", "worst"))
}

// rating1 reads the rating inside a data-vocabulary.org aggregate.
func (r *reader) rating1(g *Thing) *mention.Rating {
	return normalize.Rating(g.text("ratingValue", "average", "value"), g.text("bestRating", "best"), g.text("worstRating", "worst"))
}

// reply returns the owner's answer when a comment on the review is clearly
// the owner's: written by an organisation, or under the item's or its
// brand's name.
func (r *reader) reply(t *Thing, item *mention.ItemRef) *mention.Reply {
	for _, c := range r.g.things(t, "comment") {
		by := r.g.thing(c, "author", "creator")
		a := r.author(c)
		owner := by != nil && by.is("Organization", "LocalBusiness", "Corporation", "OnlineStore", "OnlineBusiness", "Store", "Brand")
		if a != nil && item != nil && a.Name != "" {
			owner = owner || strings.EqualFold(a.Name, item.Name) || strings.EqualFold(a.Name, item.Brand)
		}
		text := c.body("text", "commentText", "description")
		if !owner || text == "" {
			continue
		}
		r.replies[c] = true
		out := &mention.Reply{Text: text}
		if a != nil {
			out.Author = a.Name
		}
		if when, _, ok := normalize.Date(c.text("datePublished", "dateCreated"), r.d.Language, r.d.Page.Fetched); ok {
			out.Published = when
		}
		return out
	}
	return nil
}

// relate names the mention that c answers and the one that began the thread.
func (r *reader) relate(c *document.Candidate, at node) {
	var parent *Thing
	if p := r.g.thing(at.Thing, "parentItem"); p != nil && kindOf(p) != "" {
		parent = p
	} else if at.parent != nil && kindOf(at.parent) != "" && c.Kind != mention.Review && owning(at.prop) {
		parent = at.parent
	}
	if parent == nil {
		return
	}
	c.ParentHandle = r.handle(parent)
	root := parent
	for range maxDepth {
		up := root.place.parent
		if up == nil || kindOf(up) == "" {
			break
		}
		root = up
	}
	c.ThreadHandle = r.handle(root)
}

// engagement reads counters: properties, InteractionCounter things, and the
// older "UserLikes:5".
func (r *reader) engagement(t *Thing, kind mention.Kind) *mention.Engagement {
	var e mention.Engagement
	if n, ok := normalize.Count(t.text("upvoteCount")); ok {
		if kind == mention.Review {
			e.Helpful = n
		} else {
			e.Likes = n
		}
	}
	if n, ok := normalize.Count(t.text("commentCount", "answerCount")); ok {
		e.Replies = n
	}
	for _, v := range t.values("interactionStatistic", "interactionCount") {
		action, count := "", ""
		if s := r.g.deref(v.Thing); s != nil {
			action, count = s.text("interactionType"), s.text("userInteractionCount", "interactionCount")
			if a := r.g.deref(s.thing("interactionType")); a != nil && len(a.Types) > 0 {
				action = a.Types[0]
			} else if a != nil {
				action = a.ID
			}
		} else {
			action, count, _ = strings.Cut(v.Text, ":")
		}
		n, ok := normalize.Count(count)
		if !ok {
			continue
		}
		switch Bare(action) {
		case "LikeAction", "UserLikes":
			e.Likes = max(e.Likes, n)
		case "CommentAction", "ReplyAction", "UserComments", "WriteAction":
			e.Replies = max(e.Replies, n)
		case "ShareAction", "UserTweets":
			e.Shares = max(e.Shares, n)
		case "ViewAction", "WatchAction", "ReadAction", "UserPageVisits":
			e.Views = max(e.Views, n)
		case "AgreeAction", "VoteAction", "EndorseAction":
			e.Helpful = max(e.Helpful, n)
		}
	}
	if e == (mention.Engagement{}) {
		return nil
	}
	return &e
}
