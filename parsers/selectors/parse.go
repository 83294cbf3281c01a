package selectors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"klank/mention"
	"klank/parsers/blocks/element"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// Detect tells whether the rules have something to say about the page: CSS
// selectors about HTML, JSON paths about JSON.
func (s *Selectors) Detect(d *document.Document) bool {
	return d.IsHTML() && s.css || d.IsJSON() && s.json
}

// Parse reads the page by the rules. A rule that matches nothing in any of
// the page's blocks is a problem, told once; so is a page without blocks.
func (s *Selectors) Parse(d *document.Document) document.Found {
	if d.IsJSON() {
		return *s.parseJSON(d).found
	}
	return *s.parseHTML(d).found
}

func (s *Selectors) parseHTML(d *document.Document) *page {
	p := newPage(s, d)
	root := d.Root()
	p.item(root)
	if s.review.onHTML() {
		p.blocks(root)
	}
	p.links(root)
	return p
}

// page is one run over one page.
type page struct {
	s     *Selectors
	d     *document.Document
	found *document.Found
	ref   *mention.ItemRef
	// total is how many blocks or records there are; hits counts in how many
	// of them each field gave a value, first is the first of these.
	total int
	hits  map[string]int
	first map[string]string
	// state is what scripts hold.
	state map[*html.Node]any
}

func newPage(s *Selectors, d *document.Document) *page {
	return &page{s: s, d: d, found: &document.Found{}, hits: map[string]int{}, first: map[string]string{}}
}

// hit notes what a field gave in a block, or on the page.
func (p *page) hit(name, value string) {
	if value == "" {
		return
	}
	p.hits[name]++
	if p.first[name] == "" {
		p.first[name] = value
	}
}

func problem(format string, args ...any) mention.Problem {
	return mention.Problem{Where: "selectors", What: fmt.Sprintf(format, args...)}
}

// item reads the fields of the whole page.
func (p *page) item(root *html.Node) {
	var it mention.Item
	it.Name = normalize.Line(p.whole(p.s.item, root))
	if it.Rating = rating(p.s.itemRating, root, nil); it.Rating == nil {
		it.Rating = parseGrade(p.stateOf(p.s.itemRating, root))
	}
	count := p.whole(p.s.reviewCount, root)
	if n, ok := normalize.Count(count); ok {
		it.ReviewCount = &n
		p.hit("review_count", count)
	}
	p.hit("item", it.Name)
	p.hit("item_rating", shown(it.Rating))
	for _, f := range []struct {
		name  string
		field field
		empty bool
	}{{"item", p.s.item, it.Name == ""}, {"item_rating", p.s.itemRating, it.Rating == nil}, {"review_count", p.s.reviewCount, it.ReviewCount == nil}} {
		if f.field.onHTML() && f.empty {
			p.found.Problems = append(p.found.Problems, problem("%s gave nothing on the page", f.name))
		}
	}
	if it.Name == "" && it.Rating == nil && it.ReviewCount == nil {
		return
	}
	// Without a URL: the pages of one item's list have many, and the item
	// is part of the ids of mentions without one of their own.
	p.found.Items = append(p.found.Items, it)
	p.ref = &it.ItemRef
}

// blocks reads all blocks and tells which rules never gave a value.
func (p *page) blocks(root *html.Node) {
	nodes, _ := p.s.review.elements(root, nil)
	if len(nodes) == 0 {
		if records := p.embedded(p.s.review, root); len(records) > 0 {
			p.records(records)
			return
		}
		p.found.Problems = append(p.found.Problems, problem("review matched nothing on the page"))
		return
	}
	in := make(map[*html.Node]bool, len(nodes))
	index := make(map[*html.Node]int, len(nodes))
	for i, n := range nodes {
		in[n], index[n] = true, i
	}
	empty := 0
	p.total = len(nodes)
	for i, n := range nodes {
		c := p.block(n, in)
		c.Handle = handle(i)
		for up := n.Parent; up != nil; up = up.Parent {
			if in[up] {
				c.ParentHandle = handle(index[up])
				break
			}
		}
		if c.Text == "" && c.Title == "" && c.Rating == nil {
			empty++
			continue
		}
		p.found.Mentions = append(p.found.Mentions, c)
	}
	if empty > 0 {
		p.found.Problems = append(p.found.Problems, problem("%d of %d blocks have no text, title or rating", empty, len(nodes)))
	}
	for _, f := range p.fields() {
		if f.field.onElements() && !f.optional && p.hits[f.name] == 0 {
			p.found.Problems = append(p.found.Problems, problem("%s matched nothing in %d blocks", f.name, len(nodes)))
		}
	}
}

func handle(i int) string { return "selectors:" + strconv.Itoa(i) }

type namedField struct {
	name     string
	field    field
	optional bool // most pages have blocks without it
}

func (p *page) fields() []namedField {
	s := p.s
	return []namedField{{"id", s.id, false}, {"author", s.author, false}, {"title", s.title, false}, {"text", s.text, false},
		{"rating", s.rating, false}, {"date", s.date, false}, {"url", s.url, false}, {"reply", s.reply, true}}
}

// block reads one block; nested blocks are not part of it.
func (p *page) block(n *html.Node, blocks map[*html.Node]bool) document.Candidate {
	s := p.s
	c := document.Candidate{Mention: mention.Mention{Kind: s.kind, Item: p.ref, Language: language(n, p.d.Language)}}
	c.NativeID = normalize.Line(value(s.id, n, blocks))
	if short(c.NativeID) {
		c.IDScope = p.d.URL // a number that short counts the blocks of a page
	}
	if name := normalize.Line(value(s.author, n, blocks)); name != "" {
		c.Author = &mention.Author{Name: name, URL: p.profile(n, blocks)}
	}
	c.Title = normalize.Line(value(s.title, n, blocks))
	if s.text != nil {
		c.Text = texts(s.text, n, blocks)
	}
	c.Rating = rating(s.rating, n, blocks)
	if stamp, ok := p.date(n, blocks); ok {
		c.Published, c.PublishedPrecision, c.Unsteady = stamp.Time, stamp.Precision, stamp.Unsteady
	} else {
		c.Undecided = stamp.Undecided
	}
	c.URL = p.d.Abs(link(s.url, n, blocks))
	if t := texts(s.reply, n, blocks); t != "" {
		c.Reply = &mention.Reply{Text: t}
	}
	p.note(&c)
	return c
}

// note notes which fields a block or record gave.
func (p *page) note(c *document.Candidate) {
	p.hit("id", c.NativeID)
	if c.Author != nil {
		p.hit("author", c.Author.Name)
	}
	p.hit("title", c.Title)
	p.hit("text", c.Text)
	p.hit("rating", shown(c.Rating))
	if !c.Published.IsZero() {
		p.hit("date", c.Published.Format(time.RFC3339))
	}
	p.hit("url", c.URL)
	if c.Reply != nil {
		p.hit("reply", c.Reply.Text)
	}
}

// shown is a grade as people write it; "" for none.
func shown(r *mention.Rating) string {
	if r == nil {
		return ""
	}
	return strconv.FormatFloat(r.Value, 'g', -1, 64) + " of " + strconv.FormatFloat(r.Best, 'g', -1, 64)
}

// short tells a number that may well not be unique on its host.
func short(id string) bool {
	return id != "" && len(id) < 4 && strings.Trim(id, "0123456789") == ""
}

// profile returns where the author's element leads, when it is a link.
func (p *page) profile(n *html.Node, skip map[*html.Node]bool) string {
	nodes, a := p.s.author.elements(n, skip)
	if len(nodes) == 0 || a.match == nil || nodes[0].Data != "a" {
		return ""
	}
	return p.d.Abs(element.Attr(nodes[0], "href"))
}

func (p *page) date(n *html.Node, skip map[*html.Node]bool) (element.Stamp, bool) {
	at := p.d.Page.Fetched
	var undecided element.Stamp
	for _, a := range p.s.date {
		nodes, _ := field{a}.elements(n, skip)
		for _, e := range nodes {
			var stamp element.Stamp
			var ok bool
			switch {
			case a.re != nil || a.attr != "":
				stamp, ok = element.TimeText(a.pick(raw(e, a.attr, skip)), p.d.Language, at)
			default:
				stamp, ok = element.Time(e, p.d.Language, at)
			}
			if ok {
				return stamp, true
			}
			undecided = stamp
		}
	}
	return undecided, false
}

// links adds what next and links select; both may select links or what holds
// one, and take href when no attribute is named.
func (p *page) links(root *html.Node) {
	add := func(name string, f field, kind mention.LinkKind, one bool) {
		for _, v := range p.embedded(f, root) {
			p.link(name, scalar(v), kind)
		}
		nodes, a := f.elements(root, nil)
		for _, n := range nodes {
			u := p.d.Abs(a.pick(target(n, a.attr)))
			if u == "" || u == p.d.URL {
				continue
			}
			p.hit(name, u)
			rel := " " + strings.ToLower(element.Attr(n, "rel")) + " "
			nofollow := strings.Contains(rel, " nofollow ") || strings.Contains(rel, " ugc ") || strings.Contains(rel, " sponsored ")
			p.found.Links = append(p.found.Links, mention.Link{URL: u, Kind: kind, NoFollow: nofollow})
			if one {
				return
			}
		}
	}
	add("next", p.s.next, mention.LinkNext, true)
	add("links", p.s.links, mention.LinkItem, false)
}

// value returns the first value that the field gives below n, as printed.
func value(f field, n *html.Node, skip map[*html.Node]bool) string {
	for _, a := range f {
		nodes, _ := field{a}.elements(n, skip)
		for _, e := range nodes {
			if v := a.pick(raw(e, a.attr, skip)); strings.TrimSpace(v) != "" {
				return v
			}
		}
	}
	return ""
}

// texts returns the text of all that the field selects, one paragraph each;
// what stands within another selected element is not repeated.
func texts(f field, n *html.Node, skip map[*html.Node]bool) string {
	for _, a := range f {
		nodes, _ := field{a}.elements(n, skip)
		var out []string
		var last *html.Node
		for _, e := range nodes {
			if last != nil && within(e, last) {
				continue
			}
			last = e
			v := a.pick(raw(e, a.attr, skip))
			if a.attr != "" {
				v = normalize.Text(v)
			}
			if v != "" {
				out = append(out, v)
			}
		}
		if len(out) > 0 {
			return strings.Join(out, "\n\n")
		}
	}
	return ""
}

// raw returns an attribute of an element as written, or its text.
func raw(e *html.Node, attr string, skip map[*html.Node]bool) string {
	if attr != "" {
		return element.Attr(e, attr)
	}
	return prose(e, skip)
}

func prose(n *html.Node, skip map[*html.Node]bool) string {
	return element.Prose(n, func(n *html.Node) bool { return skip[n] })
}

func within(n, outer *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == outer {
			return true
		}
	}
	return false
}

// rating reads a grade: the named attribute, or all that the element shows.
func rating(f field, n *html.Node, skip map[*html.Node]bool) *mention.Rating {
	for _, a := range f {
		nodes, _ := field{a}.elements(n, skip)
		for _, e := range nodes {
			r := gradeOf(e, a.attr)
			if a.re != nil {
				r = element.AttrRating("", a.pick(raw(e, a.attr, skip)))
			}
			if r != nil {
				return r
			}
		}
	}
	return nil
}

func gradeOf(e *html.Node, attr string) *mention.Rating {
	if attr == "" {
		if r := element.Rating(e); r != nil {
			return r
		}
		return normalize.Rating(normalize.Node(e), "", "")
	}
	return element.AttrRating(attr, element.Attr(e, attr))
}

// link returns the URL that the field gives, as written.
func link(f field, n *html.Node, skip map[*html.Node]bool) string {
	nodes, a := f.elements(n, skip)
	for _, e := range nodes {
		if v := a.pick(target(e, a.attr)); v != "" {
			return v
		}
	}
	return ""
}

// target returns where an element leads: the attribute, or href of it or of
// the first link in it.
func target(e *html.Node, attr string) string {
	if attr != "" {
		return element.Attr(e, attr)
	}
	if href := element.Attr(e, "href"); href != "" {
		return href
	}
	for c := e.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			if href := target(c, ""); href != "" {
				return href
			}
		}
	}
	return ""
}

// language returns the block's own lang attribute, else the page's.
func language(n *html.Node, page string) string {
	if lang := element.Attr(n, "lang"); len(lang) >= 2 && len(lang) <= 35 {
		return lang
	}
	return page
}
