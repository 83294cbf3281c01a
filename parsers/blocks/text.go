package blocks

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/parsers/blocks/element"
	"klank/parsers/normalize"
)

// shape is what the bodies of a group's blocks have in common.
type shape struct {
	tag  atom.Atom
	name string
}

// tally counts what the elements of one shape hold in the blocks of a group.
type tally struct {
	shape         shape
	text, blocks  int32
	all, signed   int32 // elements, and those with an author or date in them
	depth, latest int32
	// least is how many tenths of the most that any holds are enough.
	least int32
}

// findBody finds the shape of the elements that hold the text: of those
// called so, the innermost that holds about all that any holds. Blocks vote
// together, because a short post beside a long panel about its writer
// misleads.
func (r *reader) findBody(g *group) shape {
	var tallies []*tally
	byShape := map[shape]*tally{}
	total := int32(0)
	for _, m := range g.members {
		total += r.ownProse(m)
		panel := int32(0)
		r.own(m, func(i int32) bool {
			n := &r.nodes[i]
			if r.aside(i) {
				panel = max(panel, n.end)
			}
			if i < panel || !n.name.is(bodyTrait) || r.holdsBlock(i) {
				return true
			}
			k := shape{n.n.DataAtom, n.name.shape}
			t := byShape[k]
			if t == nil {
				t = &tally{shape: k, depth: n.depth, latest: -1, least: 9}
				if n.name.is(postTextTrait) {
					t.least = 5 // what is left may be the panel about the writer
				}
				byShape[k] = t
				tallies = append(tallies, t)
			}
			sum := r.in(i)
			t.text += sum.prose + sum.link
			t.all++
			// A body has no author and date in it, unless others stand beside it.
			if block := r.in(m); sum.signed > 0 || sum.author > 0 && sum.date > 0 && sum.author == block.author && sum.date == block.date {
				t.signed++
			}
			if t.latest != m {
				t.latest, t.blocks = m, t.blocks+1
			}
			return true
		})
	}
	if len(tallies) == 0 {
		return r.unnamedBody(g, total)
	}
	tallies = slices.DeleteFunc(tallies, func(t *tally) bool {
		return t.blocks*5 < int32(len(g.members))*3 || t.signed*2 > t.all
	})
	most := int32(0)
	for _, t := range tallies {
		most = max(most, t.text)
	}
	if most*10 < total*3 || most == 0 {
		return shape{}
	}
	var best *tally
	for _, t := range tallies {
		if t.text*10 >= most*t.least && (best == nil || t.depth > best.depth) {
			best = t
		}
	}
	return best.shape
}

// unnamedBody finds the shape of the elements that hold the text where none is
// called so: the innermost, once in each block, that holds most of the prose.
func (r *reader) unnamedBody(g *group, total int32) shape {
	byShape := map[shape]*tally{}
	for _, m := range g.members {
		panel := int32(0)
		r.own(m, func(i int32) bool {
			n := &r.nodes[i]
			if r.aside(i) {
				panel = max(panel, n.end)
			}
			if i < panel || n.name.shape == "" || n.name.is(titleTrait) || heading(n.n.DataAtom) || r.holdsBlock(i) || r.in(i).signed > 0 {
				return true
			}
			if date := r.in(i).date; date > 0 && date == r.in(m).date {
				return true // as in findBody
			}
			k := shape{n.n.DataAtom, n.name.shape}
			t := byShape[k]
			if t == nil {
				t = &tally{shape: k, depth: n.depth}
				byShape[k] = t
			}
			t.text += r.in(i).prose
			t.all++
			return true
		})
	}
	var best *tally
	for _, t := range byShape {
		if n := int32(len(g.members)); t.text*2 < total || t.all > n || t.all*10 < n*8 {
			continue
		}
		if best == nil || t.depth > best.depth || t.depth == best.depth && t.shape.name < best.shape.name {
			best = t
		}
	}
	if best == nil {
		return shape{}
	}
	return best.shape
}

// aside tells the parts of a block that are not its text: noise, names, what
// describes the writer, and the owner's reply.
func (r *reader) aside(i int32) bool {
	n := &r.nodes[i]
	return n.noise() || n.author > 0 || n.date > byText || n.name.is(authorTrait|personTrait) && n.name.hint == noHint || n.name.is(ownerTrait) && n.name.is(replyTrait)
}

// ownProse is the prose of a block without that of blocks within it.
func (r *reader) ownProse(m int32) int32 {
	total := r.in(m).prose
	if !r.holdsBlock(m) {
		return total
	}
	for i := m + 1; i < r.nodes[m].end; i++ {
		if r.of[i] != 0 {
			total -= r.in(i).prose
			i = r.nodes[i].end - 1
		}
	}
	return total
}

// bodyOf returns the elements that hold the block's text, outermost only;
// none where the whole block does, among other things.
func (r *reader) bodyOf(m int32) []int32 {
	want := r.bodies[r.member(m)]
	if want == (shape{}) {
		return nil
	}
	var out []int32
	panel := int32(0)
	r.own(m, func(i int32) bool {
		n := &r.nodes[i]
		if r.aside(i) {
			panel = max(panel, n.end)
		}
		if i >= panel && n.n.DataAtom == want.tag && n.name.shape == want.name && !r.holdsBlock(i) {
			out = append(out, i)
			panel = n.end
		}
		return true
	})
	return out
}

// text returns what the author of a block wrote.
func (r *reader) text(m int32, p parts) string {
	if len(p.body) == 0 {
		return withoutCustom(r.prose(r.narrow(m), p))
	}
	var out []string
	for _, b := range p.body {
		if t := element.Prose(r.nodes[b].n, func(n *html.Node) bool { return r.notText(n, b, p) }); t != "" {
			out = append(out, t)
		}
	}
	return withoutCustom(strings.Join(out, "\n\n"))
}

// withoutCustom drops what sites print around a text, the brackets that are
// left of a button, rows of stars, and the signature.
func withoutCustom(text string) string {
	kept := strings.Split(text, "\n\n")
	if i := slices.IndexFunc(kept, ruled); i > 0 {
		kept = kept[:i]
	}
	return strings.Join(slices.DeleteFunc(kept, func(p string) bool { return normalize.Boilerplate(p) || strings.Trim(p, "[]()|·• ★☆") == "" }), "\n\n")
}

// ruled tells whether a paragraph is the line below which older forums put a
// writer's signature.
func ruled(p string) bool {
	rest := strings.TrimLeft(p, "_")
	return len(p)-len(rest) >= 8
}

// narrow descends from a block to the element that holds about all its prose.
func (r *reader) narrow(m int32) int32 {
	for i := m; ; {
		all, next := r.ownProse(i), int32(-1)
		if all == 0 {
			return i
		}
		for j := i + 1; j < r.nodes[i].end; j = r.nodes[j].end {
			if r.of[j] == 0 && !r.aside(j) && r.ownProse(j)*10 >= all*9 {
				next = j
				break
			}
		}
		if next < 0 {
			return i
		}
		i = next
	}
}

// prose returns the text of an element without all that is no prose: what
// the block shows besides, and the blocks within it.
func (r *reader) prose(top int32, p parts) string {
	return element.Prose(r.nodes[top].n, func(n *html.Node) bool {
		i, ok := r.index[n]
		if !ok {
			return skippedElement(n.DataAtom)
		}
		if i == top {
			return false
		}
		return r.notText(n, top, p) || r.labelledGrade(i) || r.nodes[i].date > 0 && r.nodes[i].text <= shortText || r.aside(i) || r.nodes[i].rating && r.nodes[i].text <= 40 || r.nodes[i].name.is(starTrait) && r.nodes[i].text <= 40
	})
}

// labelledGrade tells whether an element is a line such as "Rating: 4/5", or a
// row with a heading and a grade.
func (r *reader) labelledGrade(i int32) bool {
	n := &r.nodes[i]
	if n.text == 0 || n.text > 40 || r.in(i).rating == 0 {
		return false
	}
	return strings.HasSuffix(r.texts[i].short, ":") || n.n.DataAtom == atom.Tr && r.in(i).link == 0
}

// notText tells what is never text of a block whose body is top.
func (r *reader) notText(n *html.Node, top int32, p parts) bool {
	i, ok := r.index[n]
	if !ok {
		return skippedElement(n.DataAtom)
	}
	if i == top {
		return false
	}
	if r.of[i] != 0 || i == p.author || i == p.date || i == p.title || i == p.reply || r.noise(n) {
		return true
	}
	return othersWords(n)
}

// noise tells buttons, forms and what class names call noise.
func (r *reader) noise(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Button, atom.Input, atom.Label:
		return true
	case atom.Form:
		return asks(n) // and does not only wrap a text that its writer may edit
	}
	i, ok := r.index[n]
	if ok && r.nodes[i].text <= shortText && (n.DataAtom == atom.Dl || n.DataAtom == atom.Ul && r.in(i).link == r.nodes[i].text) {
		return true // sub-scores, or what one may do with the text
	}
	return ok && (r.nodes[i].noise() || r.nodes[i].name.is(verifiedTrait) && r.nodes[i].text <= shortText ||
		r.nodes[i].name.is(replyTrait) && (n.DataAtom == atom.A || n.DataAtom == atom.Li && r.in(i).link == r.nodes[i].text && r.nodes[i].text <= 40))
}

// asks tells whether a form has something to fill in or to press among its
// first elements; forms may stand in each other, so not all are looked at.
func asks(form *html.Node) bool {
	left := 200
	var down func(n *html.Node) bool
	down = func(n *html.Node) bool {
		for c := n.FirstChild; c != nil && left > 0; c = c.NextSibling {
			left--
			switch c.DataAtom {
			case atom.Textarea, atom.Select, atom.Button:
				return true
			case atom.Input:
				if !strings.EqualFold(element.Attr(c, "type"), "hidden") {
					return true
				}
			}
			if down(c) {
				return true
			}
		}
		return false
	}
	return down(form)
}

// ownersLeads begin the reply of who is written about.
var ownersLeads = []string{"antwoord van", "reactie van de ", "reactie van het ", "reactie van ons", "reactie eigenaar", "antwoord eigenaar", "reactie ontwikkelaar",
	"response from", "reply from", "owner response", "developer response", "response of the", "antwort des", "antwort der", "antwort von", "réponse d"}

// ownersReply tells whether an element of review m is such a reply by how it
// begins.
func (r *reader) ownersReply(m, i int32) bool {
	n := &r.nodes[i]
	if n.text < 20 || r.texts[i].length == 0 && r.texts[min(i+1, n.end-1)].length == 0 {
		return false
	}
	begin := strings.ToLower(lead(n.n, 40))
	for _, l := range ownersLeads {
		if strings.HasPrefix(begin, l) {
			return true
		}
	}
	return strings.HasPrefix(begin, "reactie van ") && r.sums[i].prose-r.sums[m].prose > shortBody // below a review
}

// othersWords tells a quotation that names whom it quotes: words of somebody
// else, who has a block of his own. A quotation without a name stays, since
// the author chose it as part of his text.
func othersWords(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Blockquote, atom.Div, atom.Aside:
	default:
		return false
	}
	lead := strings.ToLower(lead(n, 120))
	quoted := n.DataAtom == atom.Blockquote
	for _, w := range []string{"quote:", "citaat:", "zitat:", "citation:", "quote from", "citaat van"} {
		if rest, ok := strings.CutPrefix(lead, w); ok {
			quoted, lead = true, strings.TrimSpace(rest)
			break
		}
	}
	if !quoted && !strings.Contains(strings.ToLower(element.Attr(n, "class")), "quote") {
		return false
	}
	for _, w := range []string{"originally posted by", "oorspronkelijk geplaatst door", "wrote", "schreef", "schrieb", "zitat von", "a écrit", "envoyé par", "said:", "zei:"} {
		if strings.Contains(lead, w) {
			return true
		}
	}
	return false
}

// lead returns the beginning of the text of an element.
func lead(n *html.Node, limit int) string {
	var b strings.Builder
	nodes := 0
	var down func(n *html.Node) bool
	down = func(n *html.Node) bool {
		if nodes++; nodes > 60 || b.Len() >= limit {
			return false
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if !down(c) {
				return false
			}
		}
		return true
	}
	down(n)
	s := strings.Join(strings.Fields(b.String()), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
