package blocks

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/atom"

	"klank/parsers/normalize"
)

// A page may call nothing by its name: its classes only lay out, or are made
// by a program. The blocks of a group then still show who wrote them all at
// the same place, another in each: in the line of the date, or elsewhere beside
// the text if they look like names of people.

// place is where in its block an element stands: the tags and shapes on the
// way to it.
type place string

// maxPlaced bounds the elements of a block that are looked at for a name.
const maxPlaced = 200

// column is what the blocks of a group show at one place.
type column struct {
	at     place
	blocks int
	names  map[string]bool
	// people counts the texts that look like names of people, several those
	// with more than one word, full those that are both.
	people, several, full int
	dated                 bool
}

// namePlace finds where the blocks of a group show such a name, and in how
// many of them, 0..1; "" where they show none.
func (s *scan) namePlace(g *group) (place, float64) {
	var columns []*column
	byPlace := map[place]*column{}
	sample, _ := g.sample()
	looked := len(sample)
	for _, m := range sample {
		here := map[place]bool{}
		s.names(m, func(i int32, at place, dated bool) bool {
			if here[at] {
				return true // the first of them counts
			}
			here[at] = true
			c := byPlace[at]
			if c == nil {
				c = &column{at: at, names: map[string]bool{}, dated: true}
				byPlace[at] = c
				columns = append(columns, c)
			}
			c.add(s.texts[i].short, dated)
			return true
		})
	}
	columns = slices.DeleteFunc(columns, func(c *column) bool {
		return float64(c.blocks) < mostly*float64(looked) || !varied(len(c.names), c.blocks)
	})
	for _, c := range columns {
		if c.dated && 2*c.full >= c.several { // titles are less like names
			return c.at, float64(c.blocks) / float64(looked)
		}
	}
	columns = slices.DeleteFunc(columns, func(c *column) bool { return 5*c.people < 4*c.blocks || 3*c.full < c.blocks })
	if len(columns) != 1 || looked < 3 {
		return "", 0
	}
	return columns[0].at, float64(columns[0].blocks) / float64(looked)
}

func (c *column) add(name string, dated bool) {
	c.blocks++
	c.names[name] = true
	c.dated = c.dated && dated
	several := strings.IndexByte(name, ' ') > 0
	if several {
		c.several++
	}
	if personal(name) || strings.ContainsAny(name, "_0123456789") { // or made up for an account
		c.people++
		if several {
			c.full++
		}
	}
}

// nameParticles stand within names of people.
var nameParticles = setOf("de den der van von van't 't ter ten te el al la le du di da dos y en and und et zu bin ben")

// personal tells whether each word of a text begins as words of names do.
func personal(t string) bool {
	for i, w := range strings.Fields(t) {
		first, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsUpper(first) && !(i > 0 && nameParticles[w]) {
			return false
		}
	}
	return true
}

// varied tells names from labels: few people write twice on a page, while a
// heading such as "News" comes back.
func varied(names, blocks int) bool {
	if blocks < 4 {
		return names == blocks
	}
	return 10*names >= 6*blocks
}

// nameAt returns the element of a block that shows its name at a place; -1
// where none does.
func (s *scan) nameAt(m int32, want place) int32 {
	out := int32(-1)
	s.names(m, func(i int32, at place, _ bool) bool {
		if at == want {
			out = i
		}
		return out < 0
	})
	return out
}

// names visits what may be the name of who wrote block m, until visit returns
// false; dated says that a date stands in the same line.
func (s *scan) names(m int32, visit func(i int32, at place, dated bool) bool) {
	for i := m + 1; i < min(s.nodes[m].end, m+maxPlaced) && s.step(); i++ {
		if !s.bareName(i) {
			continue
		}
		dated := s.inDatedLine(m, i)
		if (dated || !heading(s.nodes[i].n.DataAtom)) && !visit(i, s.placeOf(m, i), dated) {
			return
		}
	}
}

// bareName tells whether all that an element holds may be a name.
func (s *scan) bareName(i int32) bool {
	n, own := &s.nodes[i], &s.texts[i]
	if own.short == "" || n.text != own.length && !s.fromPlace(i) || !own.glance.namelike() || n.date > 0 || n.rating ||
		n.name.is(noiseTrait|titleTrait|countTrait|verifiedTrait|shopTrait|dateTrait|starTrait) || n.n.DataAtom == atom.Button {
		return false
	}
	first, _ := utf8.DecodeRuneInString(own.short)
	if initials(own.short) || !unicode.IsLetter(first) || (unicode.IsLower(first) || own.glance.digit) && own.glance.spaces > 0 || strings.HasSuffix(own.short, ".") && own.glance.spaces > 1 {
		return false
	}
	return !verifiedText(own.short) && !otherDate(own.short) && !postedLike(own.short) && (own.glance.spaces == 0 || !mayBeDate(own.short)) // as user2024 might
}

// fromPlace tells whether all that stands in an element beside its own text is
// where somebody is from: "Ann <em>uit Utrecht</em>".
func (s *scan) fromPlace(i int32) bool {
	n := &s.nodes[i]
	if i+1 >= n.end || s.nodes[i+1].text != n.text-s.texts[i].length || s.nodes[i+1].text > 30 {
		return false
	}
	where := " " + s.texts[i+1].short
	return strings.HasPrefix(where, " (") || slices.ContainsFunc(fromWords, func(from string) bool { return strings.HasPrefix(where, from) })
}

// inDatedLine tells whether a short line around an element, within block m,
// or the line below it holds a date as well.
func (s *scan) inDatedLine(m, i int32) bool {
	next, around := s.nodes[i].end, s.nodes[i].parent
	for around > m && s.nodes[around].text == s.nodes[i].text { // with a picture, perhaps
		next, around = s.nodes[around].end, s.nodes[around].parent
	}
	if around > m && next < s.nodes[around].end && s.nodes[next].text <= shortText/2 && s.in(next).date > 0 {
		return true
	}
	for up := s.nodes[i].parent; up > m && s.nodes[up].text <= shortText; up = s.nodes[up].parent {
		if s.in(up).date > 0 {
			return true
		}
	}
	return false
}

func (s *scan) placeOf(m, i int32) place {
	var b strings.Builder
	for ; i > m; i = s.nodes[i].parent {
		b.WriteString(s.nodes[i].n.Data)
		b.WriteByte('.')
		b.WriteString(s.nodes[i].name.shape)
		b.WriteByte(' ')
	}
	return place(b.String())
}

// maxTitle is how long a line above the text is at most that is its title.
const maxTitle = 120

// hasTitles tells whether the blocks of a group of reviews have a title that
// nothing calls one: a line right above the text, another in each.
func (r *reader) hasTitles(g *group) bool {
	above, people, titles := 0, 0, map[string]bool{}
	for _, m := range g.members {
		if i := r.lineAbove(m, r.bodyOf(m)); i >= 0 {
			above++
			titles[r.texts[i].short] = true
			if personal(r.texts[i].short) {
				people++
			}
		}
	}
	return float64(above) >= mostly*float64(len(g.members)) && varied(len(titles), above) && 5*people < 4*above
}

// lineAbove returns the line right above the text of a block, which stands in
// body, if it may be a title, else -1.
func (r *reader) lineAbove(m int32, body []int32) int32 {
	if len(body) == 0 {
		return -1
	}
	above := int32(-1)
	for i := r.nodes[body[0]].parent + 1; i > 0 && i < body[0]; i = r.nodes[i].end {
		above = i
	}
	if above <= m || r.texts[above].short == "" || r.nodes[above].text != r.texts[above].length || r.nodes[above].text > maxTitle ||
		r.nodes[above].author > 0 || r.nodes[above].date > 0 || r.nodes[above].rating || r.noise(r.nodes[above].n) || normalize.Boilerplate(r.texts[above].short) {
		return -1
	}
	return above
}
