package brands

import (
	"strings"

	"klank/analysis/text"
)

// threshold is the sum of clues from which an ordinary word is the brand.
const threshold = 2

// clues weighs what speaks for the brand where its name is an ordinary word.
type clues struct {
	m        *Matcher
	d        *text.Doc
	f        *Found
	v        *variant
	sentence text.Sentence
	language tongue
	about    bool    // the text is about the brand
	known    []Found // that were found so far
}

// window is how many tokens of a sentence are looked at, at each side.
const window = 30

// weigh sums up the clues; the numbers were chosen on testdata/tuned.tsv.
func (c *clues) weigh() int {
	t := &c.d.Tokens[c.f.First]
	start, lower := c.starts(), !t.Has(text.Title) && !c.anyCapital()
	shouts, lazy := c.style()
	sum := 0
	switch ordinary := c.v.word&c.language != 0; {
	case c.v.capitals && t.Has(text.Upper) && !shouts:
		sum += 6
	case shouts:
		sum -= 1
	case lower && lazy, start && !c.innerCapital():
		if sum -= 2; !ordinary {
			sum += 3
		}
		start = start || c.f.First == c.sentence.First
	case lower && ordinary:
		sum -= 4
	case lower:
		sum--
	default:
		sum += 4
	}
	if len(c.v.tokens) > 1 && lower {
		sum++
	}
	if c.v.calendar {
		sum -= 6
	}
	return sum + c.before(lower) + c.after(start, lower) + c.around(lower)
}

// starts tells whether the name opens its sentence, where a capital says
// nothing.
func (c *clues) starts() bool {
	for i := c.f.First - 1; i >= c.sentence.First; i-- {
		switch c.d.Tokens[i].Kind {
		case text.Word, text.Number, text.Handle, text.Link:
			return false
		case text.Stop:
			return true
		}
	}
	return true
}

func (c *clues) anyCapital() bool {
	for i := c.f.First; i < c.f.Last; i++ {
		if c.d.Tokens[i].Flags&(text.Title|text.Upper) != 0 {
			return true
		}
	}
	return false
}

// innerCapital tells whether a later word of the name has a capital.
func (c *clues) innerCapital() bool {
	return c.f.Last > c.f.First+1 && c.d.Tokens[c.f.Last-1].Has(text.Title)
}

// style tells whether the writer uses capitals for everything, or for nothing.
func (c *clues) style() (shouts, lazy bool) {
	words, capitals := 0, 0
	for i := max(c.sentence.First, c.f.First-window); i < min(c.sentence.Last, c.f.Last+window); i++ {
		if t := &c.d.Tokens[i]; t.Kind == text.Word && t.End-t.Start > 1 && (i < c.f.First || i >= c.f.Last) {
			words++
			capitals += b2i(t.Flags&(text.Upper|text.Title) != 0)
		}
	}
	first := &c.d.Tokens[c.sentence.First]
	return words > 2 && capitals*5 >= words*3, first.Kind == text.Word && !first.Has(text.Title)
}

// cue returns the roles of the token n places from the name: -1 is the one
// before, 1 the one after.
func (c *clues) cue(n int) (*text.Token, cue) {
	i := c.f.First + n
	if n > 0 {
		i = c.f.Last + n - 1
	}
	if i < c.sentence.First || i >= c.sentence.Last {
		return nil, 0
	}
	t := &c.d.Tokens[i]
	if t.Kind != text.Word {
		return t, 0
	}
	return t, c.m.cues[t.Norm]
}

// before weighs the words before the name.
func (c *clues) before(lower bool) int {
	prev, is := c.cue(-1)
	if prev == nil {
		return 0
	}
	sum := 0
	_, second := c.cue(-2)
	switch {
	case is&dealing != 0:
		sum += 6
	case is&towards != 0:
		if sum += 3; second&(company|compoundHead) != 0 {
			sum += 3 // "the app of", "de prijs van"
		}
	case is&article != 0 || prev.Kind == text.Number:
		sum -= 4
	case is&the != 0:
		sum -= 2
	case is&shopArticle != 0 && lower:
		sum--
	case is&degree != 0:
		sum -= 6
	case is&subject != 0 && lower:
		sum -= 8
	}
	if is&(the|shopArticle) != 0 { // "bij de Action", "from the Coop"
		switch {
		case second&dealing != 0:
			sum += 6
		case second&towards != 0:
			sum += 4
		}
	}
	if lower && is&(dealing|towards) != 0 {
		if next, then := c.cue(1); next == nil || next.Kind != text.Word || then&closed != 0 {
			sum++
		} else if then&(company|acts|compoundHead|being) == 0 {
			sum -= 3 // an adjective before a noun
		}
	}
	if is&personTitle != 0 || c.v.firstName && (is&personBefore != 0 || second&personBefore != 0 && is&(shopArticle|the) == 0) {
		sum -= 8
	}
	return sum
}

// after weighs the words after the name.
func (c *clues) after(start, lower bool) int {
	last := &c.d.Tokens[c.f.Last-1]
	sum := 0
	if strings.ContainsAny(c.d.Source[last.Start:last.End], "'’") {
		sum += 3
	}
	next, is := c.cue(1)
	if next == nil {
		return sum
	}
	_, second := c.cue(2)
	glued := !next.Has(text.Spaced) && next.Kind == text.Word
	switch {
	case glued && is&(compoundHead|company) != 0:
		sum += 6
	case next.Kind == text.Punct && (next.Norm == "'" || next.Norm == "’") && strings.HasSuffix(last.Norm, "s"):
		sum += 3
	case is&subject != 0:
		if lower || start {
			sum -= 6
		}
	case is&acts != 0:
		if sum += 3; start {
			sum++
		}
	case is&being != 0:
		switch {
		case second&subject != 0:
			sum -= 2
		case c.v.firstName:
		case start:
			sum += 3
		default:
			sum++
		}
	case is&(company|compoundHead) != 0:
		if sum += 3; start {
			sum++
		}
	case next.Kind == text.Word && next.Has(text.Title) && !start && c.v.firstName:
		sum -= 6 // Dirk Jansen
	case next.Kind == text.Word && is&closed == 0 && !lower && !next.Has(text.Title):
		sum -= 2
	}
	if c.v.firstName && (is&personAfter != 0 || next.Norm == "," && c.person(2, 5)) {
		sum -= 6
	}
	return sum
}

// person tells whether a person is described among the tokens from..to after
// the name.
func (c *clues) person(from, to int) bool {
	for n := from; n <= to; n++ {
		if _, is := c.cue(n); is&(personTitle|personBefore|personal) != 0 {
			return true
		}
	}
	return false
}

// around weighs what else the text says.
func (c *clues) around(lower bool) int {
	sum, trade, people := 0, false, false
	context := c.m.context[c.v.brand]
	near := false
	for i := max(c.sentence.First, c.f.First-window); i < min(c.sentence.Last, c.f.Last+window); i++ {
		if i >= c.f.First && i < c.f.Last {
			continue
		}
		n := c.d.Tokens[i].Norm
		is := c.m.cues[n]
		trade = trade || is&company != 0
		people = people || is&personal != 0
		near = near || context[n] || context[bare(n)]
	}
	switch {
	case near:
		sum += 5
	case len(context) > 0 && c.elsewhere(context):
		sum += 2
	}
	sum += 2 * b2i(trade)
	if people && c.v.firstName {
		sum -= 4
	}
	if c.about {
		if sum += 4; lower {
			sum--
		}
	}
	for i := range c.known {
		if k := &c.known[i]; k.Sentence == c.f.Sentence && k.Brand != c.f.Brand {
			return sum + 3
		}
	}
	return sum
}

// elsewhere looks for the brand's own words in the rest of the text.
func (c *clues) elsewhere(context map[string]bool) bool {
	for i := max(0, c.f.First-10*window); i < min(len(c.d.Tokens), c.f.Last+10*window); i++ {
		if context[c.d.Tokens[i].Norm] {
			return true
		}
	}
	return false
}
