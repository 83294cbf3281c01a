package blocks

import (
	"fmt"
	"iter"
	"strings"

	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/normalize"
)

// key says what the members of a group have in common.
type key struct {
	by   grouping
	tag  atom.Atom
	name string
	// in is the list they stand in, or their depth; 0 where that is open. below
	// is how much deeper than the list they stand.
	in, below int32
}

// String tells what the members have in common as people write it.
func (k key) String() string {
	tag := k.tag.String()
	if tag == "" {
		tag = "element"
	}
	switch k.by {
	case byUnit:
		return tag + "." + k.name // or an attribute for tests with this value
	case byID:
		return tag + "#" + k.name + "…"
	case byData:
		return tag + "[" + k.name + "]"
	case byContainer:
		return strings.TrimSpace(tag+" "+k.name) + " in a list"
	case byRow:
		return strings.TrimSpace(tag+" "+k.name) + " around a date"
	case byRating, byUnsigned:
		return strings.TrimSpace(tag+" "+k.name) + " around a grade"
	}
	return strings.TrimSpace(tag+" "+k.name) + " around a text"
}

// grouping is what the members of a group were put together by.
type grouping uint8

const (
	byUnit      grouping = iota + 1 // a class with a hint: class="comment odd"
	byID                            // an id with a hint and a number: id="comment-12"
	byData                          // an attribute for ids: data-review-id="12"
	byContainer                     // the same shape in a container with a hint
	byRating                        // the same shape around grades, with authors
	byUnsigned                      // the same shape around grades, signed or not
	byPost                          // the same shape around texts of posts
	byRow                           // the same shape around dates, in one list
)

// group is a set of elements that may be the blocks of mentions.
type group struct {
	key     key
	hint    hint
	members []int32
	score   float64
	why     string
	// rated says that most members show a grade.
	rated bool
	// signed is where the members show a name that nothing calls one.
	signed place
	// authors says that most are signed.
	authors bool
	// titled says that they have a title right above the text.
	titled bool
}

// groups puts the elements of the page into groups. An element takes part in
// at most a few, so the total is linear.
func (s *scan) groups() []*group {
	found := map[key]*group{}
	var order []*group
	add := func(k key, h hint, i int32) {
		g := found[k]
		if g == nil {
			g = &group{key: k, hint: h}
			found[k] = g
			order = append(order, g)
		}
		if len(g.members) == 0 || g.members[len(g.members)-1] != i {
			g.members = append(g.members, i)
		}
	}
	containers := []int32{} // open ones, innermost last
	for i := range s.nodes {
		at, n := int32(i), &s.nodes[i]
		for len(containers) > 0 && s.nodes[containers[len(containers)-1]].end <= at {
			containers = containers[:len(containers)-1]
		}
		if n.text > 0 {
			s.groupByName(n, at, add)
			if len(containers) > 0 && n.name.hint == noHint {
				c := containers[len(containers)-1]
				if below := n.depth - s.nodes[c].depth; below <= 4 && blockElement(n.n.DataAtom) {
					add(key{by: byContainer, tag: n.n.DataAtom, name: n.name.shape, in: c, below: below}, s.containerHint(c), at)
				}
			}
		}
		if s.containerHint(at) != noHint {
			containers = append(containers, at)
		}
		if n.rating {
			s.groupByRating(at, add)
		}
		if n.date > 0 {
			s.groupByDate(at, add)
		}
		if n.name.is(postTextTrait) {
			s.groupByText(at, add)
		}
	}
	return order
}

func (s *scan) groupByName(n *node, at int32, add func(key, hint, int32)) {
	if !blockElement(n.n.DataAtom) {
		return
	}
	for _, u := range n.name.units {
		add(key{by: byUnit, tag: n.n.DataAtom, name: u.name}, u.hint, at)
	}
	for _, a := range n.n.Attr {
		switch {
		case a.Key == "id" && len(a.Val) < 100:
			if st := stem(a.Val); st != a.Val {
				if h := unitHint(st); h != noHint {
					add(key{by: byID, tag: n.n.DataAtom, name: st}, h, at)
				}
			}
		case idAttr(a.Key) && a.Val != "":
			if h := unitHint(a.Key[5:]); h != noHint {
				add(key{by: byData, tag: n.n.DataAtom, name: a.Key}, h, at)
			}
		}
	}
}

// groupByRating puts what stands around a grade and also holds a date and
// prose into groups by shape; once more where it also holds an author.
func (s *scan) groupByRating(at int32, add func(key, hint, int32)) {
	for i, n := range s.around(at, 6) {
		if t := s.in(i); t.date > 0 && t.prose >= 30 && blockElement(n.n.DataAtom) {
			add(key{by: byUnsigned, tag: n.n.DataAtom, name: n.name.shape, in: n.depth}, noHint, i)
			if t.author > 0 {
				add(key{by: byRating, tag: n.n.DataAtom, name: n.name.shape, in: n.depth}, noHint, i)
			}
		}
	}
}

// groupByText puts what stands around the text of a post, up to where its
// author and its date are, into groups by shape: older forums build each post
// of table rows without names.
func (s *scan) groupByText(at int32, add func(key, hint, int32)) {
	for i, n := range s.around(at, 8) {
		if n.name.hint != noHint {
			return // has a group of its own
		}
		if t := s.in(i); t.date > 0 && t.author > 0 && blockElement(n.n.DataAtom) {
			add(key{by: byPost, tag: n.n.DataAtom, name: n.name.shape, in: n.depth}, postHint, i)
			return
		}
	}
}

// around visits the elements that hold one, the innermost first, so many at
// most.
func (s *scan) around(at int32, most int) iter.Seq2[int32, *node] {
	return func(yield func(int32, *node) bool) {
		i := s.nodes[at].parent
		for up := 0; i >= 0 && up < most; up++ {
			if !yield(i, &s.nodes[i]) {
				return
			}
			i = s.nodes[i].parent
		}
	}
}

func unitOf(name string) unit { return unit{name, unitHint(name)} }

func unitHint(u string) hint {
	h := noHint
	var room [8]string
	for _, w := range element.AppendWords(room[:0], u) {
		h = plainer(h, wordHint(w))
	}
	return h
}

// containerHint returns the hint of a list of blocks: a plural, or a word
// for a list beside the hint, in class or id.
func (s *scan) containerHint(i int32) hint {
	n := &s.nodes[i]
	if n.name.is(listTrait) {
		return n.name.hint
	}
	return noHint
}

// idAttr tells whether a data attribute is named for the id of a block.
func idAttr(key string) bool {
	return strings.HasPrefix(key, "data-") && strings.HasSuffix(key, "id") &&
		!strings.Contains(key, "owner") && !strings.Contains(key, "user") && !strings.Contains(key, "author") && !strings.Contains(key, "parent") &&
		!strings.Contains(key, "product") && !strings.Contains(key, "item") && !strings.Contains(key, "test")
}

// blockElement tells the elements that pages build blocks of.
func blockElement(a atom.Atom) bool {
	switch a {
	case 0, atom.Div, atom.Li, atom.Header, atom.Article, atom.Section, atom.Tr, atom.Table, atom.Tbody, atom.Dd, atom.Dl, atom.Blockquote, atom.Td, atom.Figure, atom.Details, atom.P:
		return true
	}
	return false
}

// maxJudged is how many members of a group are looked at to judge it.
const maxJudged = 300

// sample returns the members that are looked at to judge a group; each stands
// for step of them.
func (g *group) sample() (members []int32, step int) {
	step = 1 + len(g.members)/maxJudged
	if step == 1 {
		return g.members, step
	}
	for k := 0; k < len(g.members); k += step {
		members = append(members, g.members[k])
	}
	return members, step
}

// mostly is the part of the blocks that must show a thing for it to count.
const mostly = 0.66

// minimum is the score from which a group is believed; minimumAlone that of
// a group of one.
const (
	minimum      = 0.60
	minimumAlone = 0.80
)

// judge scores a group: how far its members look like what people wrote, and
// says why. Conditions that must hold give 0 when they do not.
func (s *scan) judge(g *group) {
	if g.key.by == byRow {
		if g.hint = s.rowHint(g); g.hint == noHint {
			g.why = "refused: no name, heading or button says what these are"
			return
		}
	}
	var author, date, rating, prose, id, shops, links, proseSum, text, dates float64
	sample, _ := g.sample()
	n := float64(len(sample))
	for _, m := range sample {
		t := s.in(m)
		author += yes(t.author > 0)
		date += yes(t.date > 0)
		rating += yes(t.rating > 0)
		prose += yes(t.prose >= 2)
		shops += yes(t.shops > 0 || s.nodes[m].name.is(shopTrait))
		id += yes(marked(s.nodes[m].n))
		dates += float64(t.date)
		links, text, proseSum = links+float64(t.link), text+float64(t.text), proseSum+float64(t.prose)
	}
	author, date, rating, prose, id, shops = author/n, date/n, rating/n, prose/n, id/n, shops/n
	mean := proseSum / n
	if author < mostly && date >= mostly && g.hint != postHint {
		if at, share := s.namePlace(g); share > author {
			g.signed, author = at, share
		}
	}
	signs := 0
	for _, x := range []float64{author, date, rating, id} {
		if x >= mostly {
			signs++
		}
	}
	refuse := ""
	switch {
	case prose < 0.6 || mean < 8:
		refuse = "no prose"
	case shops > 0.2:
		refuse = "things for sale"
	case links > 0.6*text:
		refuse = "mostly links"
	case n == 1 && (id == 0 || author == 0 || date == 0 || g.hint == postHint || g.key.by == byContainer):
		refuse = "alone, and not named, signed and dated all"
	case signs < 2:
		refuse = "neither author, date, rating nor id"
	case author < mostly && date < mostly:
		refuse = "neither author nor date"
	case g.key.by == byRow && dates >= 2*n:
		refuse = "more than one date in each"
	case (g.hint == postHint || g.key.by == byRow) && (author < mostly || date < mostly):
		refuse = "posts without author or date"
	case g.hint == noHint && (rating < mostly || max(author, id) < mostly || date < mostly || mean < 30):
		refuse = "no name, and not rated, dated, and signed or numbered all"
	}
	if refuse == "" && (rating < 0.5 || g.hint == noHint || g.key.by == byRow) && s.teasers(g) {
		refuse = "teasers of other pages"
	}
	if refuse != "" {
		g.why = "refused: " + refuse
		return
	}
	hinted := 0.0
	switch {
	case g.hint != noHint && (g.key.by == byContainer || g.key.by == byPost || g.key.by == byRow):
		hinted = 0.25
	case g.hint != noHint:
		hinted = 0.30
	}
	g.rated, g.authors = rating >= 0.5, author >= mostly
	graded := rating
	if g.hint == postHint || g.hint == questionHint || g.hint == answerHint {
		graded = 0
	}
	g.score = hinted + 0.22*author + 0.22*date + 0.25*graded + 0.10*id + 0.08*yes(mean >= 40) + 0.05*yes(n >= 3)
	g.why = fmt.Sprintf("%d blocks; name %.2f, author %.0f%%, date %.0f%%, rating %.0f%%, id %.0f%%, %.0f bytes of prose", len(g.members), hinted, author*100, date*100, rating*100, id*100, mean)
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// teasers tells whether a third of the blocks point elsewhere: their heading
// is a link to another page.
func (s *scan) teasers(g *group) bool {
	n := 0
	sample, step := g.sample()
	for _, m := range sample {
		if s.teaser(m, g.hint == reviewHint) || g.key.by == byRow && s.leadsAway(m) {
			n++
		}
	}
	return n*3*step > len(g.members)
}

// leadsAway tells whether a block has a link to another page at all.
func (s *scan) leadsAway(m int32) bool {
	for i := m + 1; i < min(s.nodes[m].end, m+maxPlaced) && s.step(); i++ {
		if s.elsewhere(i, true) && s.nodes[i].date == 0 && !normalize.Boilerplate(s.texts[i].short) {
			return true
		}
	}
	return false
}

func (s *scan) teaser(m int32, reviews bool) bool {
	end := min(s.nodes[m].end, m+60)
	for i := m + 1; i < end; i++ {
		n := &s.nodes[i]
		if s.sums[i].text == s.sums[m].text && s.elsewhere(i, reviews) && !namelike(element.Text(n.n, shortText)) {
			return true // it begins with the link, which names nobody
		}
		if !heading(n.n.DataAtom) {
			continue
		}
		for j := i + 1; j < min(n.end, end); j++ {
			if s.elsewhere(j, reviews) {
				return true
			}
		}
		if p := n.parent; p > m && s.elsewhere(p, reviews) {
			return true
		}
	}
	return false
}

// elsewhere tells whether an element is a link to another page of words;
// reviews says that it stands in a review, which has no page of its own.
func (s *scan) elsewhere(i int32, reviews bool) bool {
	n := &s.nodes[i]
	if n.n.DataAtom != atom.A || n.author > 0 || n.text < 3 {
		return false
	}
	href := element.Attr(n.n, "href")
	if href == "" || href[0] == '#' {
		return false
	}
	u := s.d.Abs(href)
	if u == "" || u == s.d.URL {
		return false
	}
	// A block's own place has a fragment; on another path it is on another page.
	return !strings.Contains(href, "#") || reviews && pathOf(u) != pathOf(s.d.URL)
}

// pathOf returns a URL without its query.
func pathOf(u string) string {
	u, _, _ = strings.Cut(u, "?")
	return u
}
