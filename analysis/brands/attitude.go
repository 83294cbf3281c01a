package brands

import (
	"math"
	"slices"

	"klank/analysis/clause"
	"klank/analysis/text"
)

// Attitude is what a text says of one brand.
type Attitude struct {
	// Brand is its place in the brands given to New.
	Brand int
	// Score is in [-1, 1].
	Score float64
	// Sentences are those that speak of it, counted over title and text, in
	// their order.
	Sentences []int
}

// tally gathers what is said of one brand.
type tally struct {
	brand       int
	sum, weight float64
	sentences   []int
	leftFor     int // the brand it was left for, or -1
	compared    bool
}

// What a role is worth where no word says more.
const (
	compareAtLeast = 0.5
	roleWeight     = 0.5
	leftScore      = -0.5
	fromScore      = -0.3
	towardsScore   = 0.4
	backScore      = 0.5
)

// judge attributes clauses to brands.
type judge struct {
	m       *Matcher
	found   []Found
	tallies []tally
	about   int // the brand the text is about, or -1
	topic   int // the brand last spoken of, or -1
	chosen  int // the brand that somebody changed to, or -1
	// d, now and c are the part, the found names and the clause at hand; base
	// is the number of the part's first sentence.
	d    *text.Doc
	now  []Found
	c    *clause.Clause
	base int
}

// Attitudes returns the attitude to every brand that was found or that the
// text is about, in the order of the first mention, the latter first. titles
// and clauses are those of the title and the text with their scores; whole is
// the score of the whole text.
func (m *Matcher) Attitudes(found []Found, title, body *text.Doc, titles, clauses []clause.Clause, about []int, whole float64) []Attitude {
	j := judge{m: m, found: found, about: -1, topic: -1, chosen: -1}
	for _, b := range about {
		j.tally(b)
	}
	if len(about) > 0 {
		j.about, j.topic = about[0], about[0]
	}
	for i := range found {
		j.tally(found[i].Brand)
	}
	switch len(j.tallies) {
	case 0:
		return nil
	case 1:
		j.all(len(title.Sentences) + len(body.Sentences))
	}
	j.part(title, titles, 0)
	j.part(body, clauses, len(title.Sentences))
	return j.results(whole)
}

// all takes every sentence of the text to be about its only brand.
func (j *judge) all(sentences int) {
	for n := range sentences {
		j.tallies[0].sentences = append(j.tallies[0].sentences, n)
	}
}

func (j *judge) tally(brand int) *tally {
	for i := range j.tallies {
		if j.tallies[i].brand == brand {
			return &j.tallies[i]
		}
	}
	j.tallies = append(j.tallies, tally{brand: brand, leftFor: -1})
	return &j.tallies[len(j.tallies)-1]
}

// say adds a score to a brand.
func (j *judge) say(brand int, score, weight float64) {
	t := j.tally(brand)
	t.sum += score * weight
	t.weight += weight
	if n := j.base + j.c.Of; len(t.sentences) == 0 || t.sentences[len(t.sentences)-1] < n {
		t.sentences = append(t.sentences, n)
	}
}

// part attributes the clauses of the title or the text.
func (j *judge) part(d *text.Doc, clauses []clause.Clause, base int) {
	j.d, j.base = d, base
	sentence := -1
	for i := range clauses {
		j.c = &clauses[i]
		if j.c.Of != sentence && j.about >= 0 {
			j.topic = j.about
		}
		sentence = j.c.Of
		j.now = j.inClause()
		j.clause()
	}
}

// inClause takes the names of the clause at hand from those found.
func (j *judge) inClause() []Found {
	n := 0
	for n < len(j.found) && j.found[n].Sentence == j.base+j.c.Of && j.found[n].First < j.c.Last {
		n++
	}
	now := j.found[:n]
	j.found = j.found[n:]
	return now
}

// clause attributes one clause.
func (j *judge) clause() {
	score, weight := j.c.Score, 0.0
	if j.c.Loaded {
		weight = 1
	} else if score != 0 {
		weight = roleWeight
	}
	if j.compare(score) || j.wish() || j.change(score) {
		j.rue()
		return
	}
	if len(j.now) == 0 && j.rue() {
		return
	}
	if len(j.now) == 0 {
		if j.topic >= 0 && weight > 0 {
			j.say(j.topic, score, weight)
		}
		return
	}
	for _, f := range j.now {
		if advice := j.advice(&f); advice != 0 && weight < 1 {
			j.say(f.Brand, advice, 1)
		} else {
			j.say(f.Brand, score, weight)
		}
	}
	j.topic = j.now[0].Brand
	if v := j.comparative(j.c.First, j.c.Last); v != 0 && j.about >= 0 && len(j.now) == 1 && j.topic != j.about {
		j.say(j.about, -v*compareAtLeast, roleWeight) // "Y is better", said on a page of X
		j.tally(j.about).compared = true
	}
}

// sight bounds how many tokens of a clause are looked at for a word.
const sight = 80

// has tells whether a token of a range plays one of the roles.
func (j *judge) has(first, last int, roles cue) bool {
	first = max(first, j.c.First)
	for i := first; i < min(last, j.c.Last, first+sight); i++ {
		if t := &j.d.Tokens[i]; t.Kind == text.Word && j.m.cues[t.Norm]&roles != 0 {
			return true
		}
	}
	return false
}

// comparative returns 1 or -1 for the last comparative of a range, 0 for none.
func (j *judge) comparative(first, last int) float64 {
	for i := last - 1; i >= max(first, last-sight); i-- {
		t := &j.d.Tokens[i]
		if t.Kind != text.Word {
			continue
		}
		v := 0.0
		switch is := j.m.cues[t.Norm]; {
		case is&better != 0:
			v = 1
		case is&worse != 0:
			v = -1
			if (t.Norm == "minder" || t.Norm == "less") && j.has(i+1, i+3, bad) {
				v = 1
			}
		default:
			continue
		}
		if j.has(i-4, i, negation) {
			v = -v
		}
		return v
	}
	return 0
}

// compare reads "X is better than Y" and its kin. It returns false where the
// clause compares nothing.
func (j *judge) compare(score float64) bool {
	object, at := j.object()
	if object < 0 {
		return false
	}
	size := max(math.Abs(score), compareAtLeast)
	v := j.comparative(j.c.First, at)
	against := -v * size
	switch is := j.m.cues[j.d.Tokens[at].Norm]; {
	case is&standard != 0 || is&likeness != 0: // "cannot match Y", "not as good as Y"
		v, against = -1, size
	case is&unlike != 0: // "instead of Y": as the clause, or as what it is joined to
		v = math.Copysign(1, score)
		if score == 0 {
			v, size = 0, 0
		}
		against = -v * size
	case v < 0 && j.has(j.c.First, at, negation) && j.has(j.c.First, at, none): // "not a bit better than Y"
		against = -size
	case v == 0:
		v = math.Copysign(1, score)
		against = -v * size
	}
	j.say(object, against, 1)
	j.tally(object).compared = true
	subject := false
	for _, f := range j.now {
		if f.Brand != object {
			j.say(f.Brand, v*size, 1)
			j.topic, subject = f.Brand, true
		}
	}
	if !subject {
		if j.topic == object {
			j.topic = j.about
		}
		if j.topic >= 0 && j.topic != object {
			j.say(j.topic, v*size, 1)
		}
	}
	return true
}

// reach is how many tokens may stand between "than" and the name: "than at
// the old".
const reach = 4

// object finds the brand that the clause compares with, and the token that
// says so.
func (j *judge) object() (brand, at int) {
	for _, f := range j.now {
		for i := f.First - 1; i >= max(j.c.First, f.First-reach-1); i-- {
			t := &j.d.Tokens[i]
			if t.Kind != text.Word {
				continue
			}
			is := j.m.cues[t.Norm]
			switch {
			case is&than != 0 && (j.comparative(j.c.First, i) != 0 || j.c.Loaded),
				is&standard != 0 && j.has(j.c.First, f.First, negation),
				is&unlike != 0,
				is&likeness != 0 && j.has(i-4, i, equal) && j.has(j.c.First, i, negation):
				return f.Brand, i
			case is&over != 0 && j.has(j.c.First, i, prefers):
				return f.Brand, i
			}
			if j.named(i) {
				break
			}
		}
	}
	return -1, 0
}

// named tells whether a token belongs to a name of the clause.
func (j *judge) named(i int) bool {
	return slices.ContainsFunc(j.now, func(f Found) bool { return f.First <= i && i < f.Last })
}

// wish reads "had I only taken Y", which is no praise for what the text is
// about.
func (j *judge) wish() bool {
	for i := j.c.First; i < min(j.c.Last, j.c.First+sight); i++ {
		if j.m.cues[j.d.Tokens[i].Norm]&regret == 0 || !j.has(i+1, i+4, instead) || !j.has(i-1, i+3, subject|instead) {
			continue
		}
		v := compareAtLeast
		if j.has(i, j.c.Last, negation) {
			v = -v
		}
		for _, f := range j.now {
			j.say(f.Brand, v, 1)
			if j.about >= 0 && j.about != f.Brand {
				j.say(j.about, -v, roleWeight)
			}
		}
		return len(j.now) > 0
	}
	return false
}

// advice returns what an imperative before a name says of it: "take the X",
// "do not buy X", or 0.
func (j *judge) advice(f *Found) float64 {
	if f.First-j.c.First > reach {
		return 0
	}
	v := 0.0
	switch {
	case j.has(j.c.First, f.First, avoid):
		v = leftScore
	case j.has(j.c.First, f.First, advise) && !j.has(j.c.First, f.First, subject):
		v = towardsScore
	}
	if j.has(j.c.First, f.First, negation) {
		v = -v
	}
	return v
}

// change reads "switched from X to Y", "cancelled X", "back to Y". It returns
// false where nobody comes or goes.
func (j *judge) change(score float64) bool {
	switches := j.has(j.c.First, j.c.Last, switching)
	leaves := j.has(j.c.First, j.c.Last, leaving)
	returns := j.has(j.c.First, j.c.Last, returning)
	if len(j.now) == 0 || !switches && !leaves && !returns {
		return false
	}
	from, to := -1, -1
	for _, f := range j.now {
		switch is := j.directionOf(&f); {
		case is&target != 0:
			to = f.Brand
		case is&origin != 0 && (switches || leaves):
			from = f.Brand
		case leaves && !switches && from < 0:
			from = f.Brand
		}
	}
	if from < 0 && to < 0 {
		return false
	}
	if from >= 0 {
		s := fromScore
		if leaves && !switches {
			s = leftScore
		}
		j.say(from, s, roleWeight)
		j.tally(from).leftFor = to
		j.topic = from
		if switches && j.about >= 0 && j.about != from {
			j.topic = j.about
		} else if switches {
			j.topic = -1
		}
	}
	if to >= 0 {
		s := towardsScore
		if returns {
			s = backScore
		}
		j.say(to, s, roleWeight)
		j.topic, j.chosen = to, to
	}
	if returns && to >= 0 {
		j.tally(to).compared = true
		score = max(score, 0) // "after years of misery back to X"
	}
	if !j.c.Loaded {
		return true
	}
	if j.topic >= 0 && j.topic != from {
		j.say(j.topic, score, 1)
	}
	for _, f := range j.now {
		if f.Brand != from && f.Brand != to {
			j.say(f.Brand, score, 1)
		}
	}
	return true
}

// rue blames the brand that was changed to where the change is regretted.
func (j *judge) rue() bool {
	if j.chosen < 0 || !j.has(j.c.First, j.c.Last, rue) {
		return false
	}
	v := -1.0
	if j.has(j.c.First, j.c.Last, negation) {
		v = compareAtLeast
	}
	j.say(j.chosen, v, 1)
	return true
}

// directionOf tells whether "from" or "to" stands before a name.
func (j *judge) directionOf(f *Found) cue {
	for i := f.First - 1; i >= max(j.c.First, f.First-2); i-- {
		if is := j.m.cues[j.d.Tokens[i].Norm] & (origin | target); is != 0 {
			return is
		}
		if j.named(i) {
			break
		}
	}
	return 0
}

// results makes the attitudes of what was gathered.
func (j *judge) results(whole float64) []Attitude {
	alone := len(j.tallies) == 1
	out := make([]Attitude, 0, len(j.tallies))
	for i := range j.tallies {
		t := &j.tallies[i]
		a := Attitude{Brand: t.brand, Sentences: t.sentences}
		switch {
		case t.weight > 0:
			a.Score = t.sum / t.weight
		case t.brand == j.about:
			a.Score = whole
		}
		if alone && !t.compared && t.leftFor < 0 {
			a.Score = whole
		}
		if t.leftFor >= 0 && a.Score < 0 && j.score(t.leftFor) < 0 {
			a.Score = -fromScore // whoever regrets the change thinks better of it
		}
		a.Score = math.Round(max(-1, min(1, a.Score))*1000) / 1000
		out = append(out, a)
	}
	return out
}

func (j *judge) score(brand int) float64 {
	if t := j.tally(brand); t.weight > 0 {
		return t.sum / t.weight
	}
	return 0
}
