package blocks

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/mention"
	"klank/parsers/blocks/element"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// reader reads the blocks of the chosen groups.
type reader struct {
	*scan
	groups []*group
	// of tells the group of each node that is a block, counted from 1; 0 for
	// the others. See member.
	of []int32
	// members counts the blocks before each node.
	members []int32
	// index tells the number of the nodes in blocks.
	index  map[*html.Node]int32
	ids    map[int32]string
	bodies map[*group]shape
	// scales tells of how many the bare grades of a group are, if it has such.
	scales map[*group]string
	item   *mention.ItemRef
	// question is the page's only question, else -1.
	question int32
	// dateLanguage is a language that writes dates in the page's order.
	dateLanguage string
}

func newReader(s *scan, groups []*group) *reader {
	r := &reader{scan: s, groups: groups, ids: map[int32]string{}, bodies: map[*group]shape{}, scales: map[*group]string{}, question: -1}
	r.of, r.members = slices.Grow(s.scratch.of[:0], len(s.nodes))[:len(s.nodes)], slices.Grow(s.scratch.members[:0], len(s.nodes)+1)[:len(s.nodes)+1]
	s.scratch.of, s.scratch.members = r.of, r.members
	clear(r.of)
	r.members[0] = 0
	questions := 0
	for k, g := range groups {
		for _, m := range g.members {
			r.of[m] = int32(k) + 1
			if s.hintOf(m, g) == questionHint {
				r.question, questions = m, questions+1
			}
		}
	}
	if questions != 1 {
		r.question = -1
	}
	r.index = map[*html.Node]int32{}
	end := int32(0) // of the blocks so far
	for i := range s.nodes {
		r.members[i+1] = r.members[i]
		if r.of[i] > 0 {
			r.members[i+1]++
			end = max(end, s.nodes[i].end)
		}
		if int32(i) < end {
			r.index[s.nodes[i].n] = int32(i)
		}
	}
	for _, g := range groups {
		r.findIDs(g)
		r.bodies[g] = r.findBody(g)
		g.titled = kindOf(g.hint, g.rated) == mention.Review && r.hasTitles(g)
		if g.hint == reviewHint && !g.rated {
			r.scales[g] = r.scaleOf(g)
		}
	}
	r.item = r.pageItem()
	if r.dateLanguage = r.d.Language; r.dateLanguage == "" {
		r.dateLanguage = r.orderOfDates()
	}
	return r
}

// member returns the group of a block; nil for a node that is none.
func (r *reader) member(i int32) *group {
	if r.of[i] == 0 {
		return nil
	}
	return r.groups[r.of[i]-1]
}

// own visits the nodes below m that belong to no block within it, until
// visit returns false.
func (r *reader) own(m int32, visit func(i int32) bool) {
	for i := m + 1; i < r.nodes[m].end; {
		if r.of[i] != 0 {
			i = r.nodes[i].end
			continue
		}
		if !visit(i) {
			return
		}
		i++
	}
}

// holdsBlock tells whether a block stands within node i.
func (r *reader) holdsBlock(i int32) bool {
	return r.members[r.nodes[i].end]-r.members[i+1] > 0
}

// parts are the elements of a block by what they are for.
type parts struct {
	body                       []int32
	author, date, title, reply int32
	rating                     []int32
	verified                   bool
}

// read reads one block.
func (r *reader) read(m int32) (document.Candidate, bool) {
	g := r.member(m)
	p := r.parts(m)
	c := document.Candidate{Handle: handle(m)}
	c.NativeID = r.ids[m]
	c.Language = r.d.Language
	if lang := document.LanguageTag(element.Attr(r.nodes[m].n, "lang")); lang != "" {
		c.Language = lang
	}
	if p.author < 0 && g.signed != "" {
		p.author = r.nameAt(m, g.signed)
	}
	if p.title < 0 && g.titled {
		if above := r.lineAbove(m, p.body); above != p.author {
			p.title = above
		}
	}
	switch {
	case p.author >= 0 || g.hint == noHint:
	case g.hint == reviewHint:
		p.author = r.besideDate(p)
	default:
		p.author = r.unnamedAuthor(m, p)
	}
	if p.author >= 0 {
		c.Author = r.author(m, p.author)
	} else if p.date >= 0 {
		if c.Author = signature(r.texts[p.date].short); c.Author == nil && g.authors {
			c.Author = placedSignature(r.texts[p.date].short, true)
		}
	}
	if p.date >= 0 {
		r.date(p.date, &c)
	}
	c.Rating = r.rating(m, p.rating)
	if scale := r.scales[g]; c.Rating == nil && scale != "" {
		c.Rating = normalize.Rating(r.bareGrade(m), scale, "")
	}
	c.Kind = kindOf(r.hintOf(m, g), g.rated)
	if c.Kind == mention.Review {
		c.Item = r.item
	}
	if p.title >= 0 && p.title != p.author {
		c.Title = normalize.Line(element.Prose(r.nodes[p.title].n, func(n *html.Node) bool {
			i, ok := r.index[n]
			return r.noise(n) || ok && i != p.title && r.nodes[i].rating
		}))
	}
	if p.reply >= 0 {
		if t := r.prose(p.reply, parts{author: -1, date: -1, title: -1, reply: -1}); t != "" {
			c.Reply = &mention.Reply{Text: t}
		}
	}
	if c.Kind == mention.Question && c.Title == "" && m == r.question && r.item != nil {
		c.Title = r.item.Name
	}
	c.Text = r.text(m, p)
	if c.Author != nil && c.Title == c.Author.Name || repeats(c.Title, c.Text) {
		c.Title = ""
	}
	if c.Text == "" && c.Title != "" && c.Kind != mention.Review {
		c.Text, c.Title = c.Title, ""
	}
	if p.verified {
		c.Verified = &p.verified
	}
	r.place(m, &c)
	// A block that shows nobody and no time is a stray among its like.
	return c, c.Text != "" && (c.Author != nil || !c.Published.IsZero() || p.date >= 0 || c.Rating != nil)
}

// repeats tells a title that only begins the text, cut short.
func repeats(title, text string) bool {
	short := strings.TrimRight(title, ".… ")
	return title != "" && (title == text || short != title && strings.HasPrefix(text, short))
}

// place fills where the block stands: its URL and what it replies to.
func (r *reader) place(m int32, c *document.Candidate) {
	for up := r.nodes[m].parent; up >= 0; up = r.nodes[up].parent {
		if r.of[up] != 0 {
			c.ParentHandle = handle(up)
			break
		}
	}
	if c.Kind == mention.Answer && c.ParentHandle == "" {
		if q := r.questionBefore(m); q >= 0 {
			c.ParentHandle = handle(q)
		}
	}
	if c.ParentHandle == "" {
		for _, a := range r.nodes[m].n.Attr {
			if v := strings.TrimSpace(a.Val); strings.HasPrefix(a.Key, "data-") && strings.HasSuffix(a.Key, "parent-id") && v != "" && v != "0" && len(v) < 100 {
				c.Parent = v
			}
		}
	}
	if len(c.NativeID) < 3 {
		return
	}
	r.own(m, func(i int32) bool {
		if n := r.nodes[i].n; n.DataAtom == atom.A {
			if u := r.d.Abs(element.Attr(n, "href")); strings.Contains(u, c.NativeID) && !deeds(u) {
				c.URL = u
				return false
			}
		}
		return true
	})
}

// deeds tells links that do something to a block rather than show it.
func deeds(u string) bool {
	u = strings.ToLower(u)
	for _, w := range []string{"reply", "report", "delete", "edit", "flag", "quote", "share", "vote", "like", "helpful"} {
		if strings.Contains(u, w) {
			return true
		}
	}
	return false
}

// parts finds the elements of a block. What stands in the body is text, not
// a date or name.
func (r *reader) parts(m int32) parts {
	p := parts{author: -1, date: -1, title: -1, reply: -1, body: r.bodyOf(m)}
	bold := int32(-1) // the title, where nothing else is
	var authorRank, dateRank int8
	panel, reply, body := int32(0), int32(0), int32(0) // ends of such subtrees
	review := kindOf(r.hintOf(m, r.member(m)), r.member(m).rated) == mention.Review
	r.own(m, func(i int32) bool {
		n := &r.nodes[i]
		if len(p.body) > 0 && contains(p.body, i) {
			body = n.end
		}
		if i < body || i < reply {
			// Of what stands in the text only the stars of the software count.
			if n.rating && (n.n.DataAtom == atom.Img || n.name.is(starTrait)) {
				p.rating = append(p.rating, i)
			}
			if p.title < 0 && i < body && r.leads(p.body, i) && (r.titled(i) || boldLine(n)) && (n.name.is(titleTrait) || review) {
				p.title = i
			}
			return true
		}
		if n.name.is(ownerTrait) && n.name.is(replyTrait) && n.text > 5 || review && n.author == 0 && r.ownersReply(m, i) {
			if p.reply < 0 {
				p.reply = i
			}
			reply = n.end
			return true
		}
		if n.author > authorRank || n.author > 0 && n.author >= byText && p.author >= 0 && i < r.nodes[p.author].end && n.author >= authorRank {
			authorRank, p.author = n.author, i
		}
		if rank := r.dateRank(i, i < panel); rank > dateRank {
			dateRank, p.date = rank, i
		}
		if n.rating {
			p.rating = append(p.rating, i)
		}
		switch {
		case i < panel:
		case p.title < 0 && r.titled(i):
			p.title = i
		case bold < 0 && review && boldLine(n) && r.beginsText(n.n):
			bold = i
		}
		if n.name.is(verifiedTrait) || n.text < 60 && verifiedText(r.texts[i].short) {
			p.verified = true
		}
		if n.name.is(personTrait|authorTrait) && i >= panel {
			panel = n.end
		}
		return true
	})
	if p.title < 0 {
		p.title = bold
	}
	return p
}

func contains(list []int32, i int32) bool {
	for _, x := range list {
		if x == i {
			return true
		}
	}
	return false
}

// dateRank says how sure it is that an element's date is that of writing;
// the panel about a person has other dates.
func (r *reader) dateRank(i int32, panel bool) int8 {
	rank := r.nodes[i].date
	if rank == 0 {
		return 0
	}
	if panel {
		rank -= 2
	}
	if n := &r.nodes[i]; n.name.is(noiseTrait) {
		rank--
	}
	return max(rank, 1)
}

// titled tells whether an element is the title of its block.
func (r *reader) titled(i int32) bool {
	n := &r.nodes[i]
	if n.text == 0 || n.text > 250 || n.author > 0 || n.date > 0 || n.rating || n.name.is(noiseTrait|countTrait) || r.holdsBlock(i) {
		return false
	}
	if t := r.in(i); t.author > 0 || t.date > 0 || t.rating > 0 && !r.rowOfStars(i) {
		return false
	}
	if up := r.nodes[i].parent; up >= 0 && r.nodes[up].n.DataAtom == atom.Dt && r.standsOut(i) || n.n.DataAtom == atom.Dt {
		return true
	}
	if up := n.parent; (n.n.DataAtom == atom.Strong || n.n.DataAtom == atom.B) && n.text <= shortText && up >= 0 && r.texts[up].length == 0 && blockElement(r.nodes[up].n.DataAtom) && r.nodes[up].n.DataAtom != atom.P {
		// A line of its own above the text, or beside the grade.
		return r.nodes[up].text > 2*n.text || r.in(up).rating > 0 && r.nodes[up].text-n.text <= buttonText
	}
	return heading(n.n.DataAtom) || n.name.is(titleTrait) && (n.text < 120 || !n.name.is(bodyTrait))
}

// boldLine tells a short bold text with a line break behind it.
func boldLine(n *node) bool {
	if n.n.DataAtom != atom.B && n.n.DataAtom != atom.Strong || n.text > shortText || n.author > 0 || n.date > 0 {
		return false
	}
	next := n.n.NextSibling
	for next != nil && next.Type == html.TextNode && strings.TrimSpace(next.Data) == "" {
		next = next.NextSibling
	}
	return next != nil && next.DataAtom == atom.Br
}

// beginsText tells whether nothing but a grade stands before an element.
func (r *reader) beginsText(n *html.Node) bool {
	for p := n.PrevSibling; p != nil; p = p.PrevSibling {
		if p.Type == html.TextNode && strings.TrimSpace(p.Data) != "" {
			return false
		}
		if i, ok := r.index[p]; ok && !r.nodes[i].rating && r.nodes[i].text > 0 {
			return false
		}
	}
	return true
}

// rowOfStars tells whether the grades in an element are drawn, so that its
// words are something else.
func (r *reader) rowOfStars(i int32) bool {
	words := r.nodes[i].text
	for j := i + 1; j < r.nodes[i].end; j++ {
		if r.nodes[j].rating {
			if t := r.texts[j].short; t != "" && !strings.ContainsAny(t, "★☆⭐") {
				return false
			}
			words -= r.nodes[j].text
			j = r.nodes[j].end - 1
		}
	}
	return words >= 3
}

// leads tells whether an element stands first in the text and leaves some.
func (r *reader) leads(body []int32, i int32) bool {
	if r.nodes[i].text >= r.nodes[body[0]].text {
		return false
	}
	for n := firstIn(r.nodes[body[0]].n); n != nil; n = firstIn(n) {
		if n == r.nodes[i].n {
			return true
		}
	}
	return false
}

func verifiedText(t string) bool {
	t = strings.ToLower(t)
	for _, p := range []string{"verified", "geverifieerd", "verifiziert", "achat vérifié", "achat verifie"} {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	return false
}

// standsOut tells whether an element, or the one around a link, is made to be
// seen.
func (r *reader) standsOut(i int32) bool {
	a := r.nodes[i].n.DataAtom
	if up := r.nodes[i].parent; a == atom.A && up >= 0 {
		a = r.nodes[up].n.DataAtom
	}
	return standsOut(a)
}

// date reads when a block was written.
func (r *reader) date(i int32, c *document.Candidate) {
	n := &r.nodes[i]
	at := r.d.Page.Fetched
	var stamp element.Stamp
	var ok bool
	if n.date >= byName {
		stamp, ok = element.Time(n.n, r.dateLanguage, at)
	} else {
		stamp, ok = element.TimeText(r.texts[i].short, r.dateLanguage, at)
	}
	if ok {
		c.Published, c.PublishedPrecision, c.Unsteady = stamp.Time, stamp.Precision, stamp.Unsteady
	}
	c.Undecided = stamp.Undecided
}

// rating reads the block's grade: of several the first, which by custom is
// the one for all.
func (r *reader) rating(m int32, shown []int32) *mention.Rating {
	for _, i := range shown {
		top := i
		for up := r.nodes[i].parent; up > m && r.nodes[up].name.is(starTrait) && r.nodes[up].text <= 60; up = r.nodes[up].parent {
			top = up
		}
		for _, j := range []int32{top, i} {
			if g := element.Rating(r.nodes[j].n); g != nil {
				return g
			}
		}
	}
	return nil
}

// pageItem returns what reviews on the page are about: its only h1.
func (r *reader) pageItem() *mention.ItemRef {
	found := int32(-1)
	for i := range r.nodes {
		if r.nodes[i].n.DataAtom != atom.H1 || r.nodes[i].text == 0 {
			continue
		}
		if found >= 0 {
			return nil
		}
		found = int32(i)
	}
	if found < 0 {
		return nil
	}
	for up := found; up >= 0; up = r.nodes[up].parent {
		if r.of[up] != 0 {
			return nil
		}
	}
	name := normalize.Line(element.Text(r.nodes[found].n, 200))
	if name == "" {
		return nil
	}
	return &mention.ItemRef{Name: name}
}
