package research

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"klank/index"
	"klank/mention"
)

// The fields that impact walks, behind the source.
const (
	imTouchpoint = iota + 1
	imSignal
)

// voice is what one mention says of one touchpoint.
type voice struct {
	author     uint64
	touchpoint uint8
	strength   uint8 // of the worst (or best) sentence, in hundredths
	marked     bool  // leaving, or recommending
}

// The bootstrap draws blocks of authors: with up to blocks authors nearly each
// is a block of its own.
const (
	blocks   = 200
	draws    = 400
	churnMix = 20 // how many authors the prior of a share counts for
)

// lasting is what is summed of the authors of a block who blame (or praise) a
// touchpoint.
type lasting struct {
	authors, marked int
	strength        int64
}

// side is one of the two sides of impact: blame and churn, or praise and
// advocacy.
type side struct {
	name, title, sentiment, signal string
	voices                         []voice
	tallies, marks                 []tally // by touchpoint; marks those that carry the signal
	sums                           [][]lasting
}

func impact(s *scope, rep *Report) error {
	s.narrowToOwn(rep)
	touchpoints := mention.Journey
	sides := []*side{
		{name: "blame", title: "What drives customers away", sentiment: mention.Negative, signal: "churn_risk"},
		{name: "praise", title: "What makes them recommend", sentiment: mention.Positive, signal: "advocate"},
	}
	for _, sd := range sides {
		sd.tallies, sd.marks = make([]tally, len(touchpoints)), make([]tally, len(touchpoints))
	}
	all, authors := &tally{}, newAuthorSet()
	err := s.walk([]string{"touchpoint_sentiment", "signal"}, func(r *index.Row) {
		all.add(&s.sources, r)
		a := authorOf(r)
		authors.add(a, contains(r.Values[imSignal], "churn_risk"), contains(r.Values[imSignal], "advocate"))
		for i := range r.Touchpoints {
			t := &r.Touchpoints[i]
			for _, sd := range sides {
				if contains(r.Values[imTouchpoint], t.Name+":"+sd.sentiment) {
					sd.add(&s.sources, r, a, slices.Index(touchpoints, t.Name), t)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	perBlock, marked := authors.perBlock()
	for i, sd := range sides {
		sd.sum(len(touchpoints))
		rep.Sections = append(rep.Sections, s.impactRows(sd, touchpoints, perBlock, marked[i]))
	}
	rep.Findings = impactFindings(rep)
	return nil
}

// authorOf tells authors apart; a mention without one is its own.
func authorOf(r *index.Row) uint64 {
	if r.Author != 0 {
		return r.Author
	}
	h := fnv.New64a()
	h.Write([]byte(r.ID))
	return h.Sum64()
}

// add counts what a mention says of a touchpoint.
func (sd *side) add(b *sourceBook, r *index.Row, author uint64, touchpoint int, t *index.TouchpointScore) {
	strength := -t.Low
	if sd.sentiment == mention.Positive {
		strength = t.High
	}
	marked := contains(r.Values[imSignal], sd.signal)
	sd.voices = append(sd.voices, voice{author, uint8(touchpoint), uint8(100*max(0, strength) + 0.5), marked})
	sd.tallies[touchpoint].add(b, r)
	if marked {
		sd.marks[touchpoint].add(b, r)
	}
}

// sum joins what each author says of a touchpoint, and adds authors up by block.
func (sd *side) sum(touchpoints int) {
	slices.SortFunc(sd.voices, func(a, b voice) int {
		return cmp.Or(cmp.Compare(a.author, b.author), cmp.Compare(a.touchpoint, b.touchpoint))
	})
	sd.sums = make([][]lasting, touchpoints)
	for i := range sd.sums {
		sd.sums[i] = make([]lasting, blocks)
	}
	for i := 0; i < len(sd.voices); {
		v := sd.voices[i]
		n, strength, marked := int64(0), int64(0), false
		for ; i < len(sd.voices) && sd.voices[i].author == v.author && sd.voices[i].touchpoint == v.touchpoint; i++ {
			n++
			strength += int64(sd.voices[i].strength)
			marked = marked || sd.voices[i].marked
		}
		l := &sd.sums[v.touchpoint][v.author%blocks]
		l.authors++
		l.strength += 100 * strength / n
		if marked {
			l.marked++
		}
	}
	sd.voices = nil
}

// authorSet counts authors, and those with each of two signals.
type authorSet struct{ signals map[uint64]uint8 }

func newAuthorSet() *authorSet { return &authorSet{map[uint64]uint8{}} }

func (a *authorSet) add(author uint64, one, two bool) {
	bits := a.signals[author]
	if one {
		bits |= 1
	}
	if two {
		bits |= 2
	}
	a.signals[author] = bits
}

// perBlock returns the authors of each block, and the share of all authors
// that carry each signal.
func (a *authorSet) perBlock() (counts []int, marked [2]float64) {
	counts = make([]int, blocks)
	var n [2]int
	for author, bits := range a.signals {
		counts[author%blocks]++
		for i := range n {
			if bits&(1<<i) != 0 {
				n[i]++
			}
		}
	}
	for i := range n {
		marked[i] = float64(n[i]) / float64(max(len(a.signals), 1))
	}
	return counts, marked
}

// effect is the impact per 1,000 authors: how many of them speak so of a
// touchpoint, how strongly (0..1), and which share of those leave (or
// recommend), smoothed towards that of all authors.
func effect(l lasting, authors int, prior float64) float64 {
	if authors == 0 || l.authors == 0 {
		return 0
	}
	frequency := float64(l.authors) / float64(authors)
	strength := float64(l.strength) / 1e4 / float64(l.authors)
	marked := (float64(l.marked) + churnMix*prior) / (float64(l.authors) + churnMix)
	return 1000 * frequency * strength * marked
}

func (s *scope) impactRows(sd *side, touchpoints []string, perBlock []int, prior float64) Section {
	marked := map[string]string{"churn_risk": "of them leave", "advocate": "of them recommend"}[sd.signal]
	sec := Section{Name: sd.name, Title: sd.title, Columns: columns("touchpoint", "touchpoint", "impact", "impact", "authors", "authors", "strength", "strength", "signal", marked),
		Note:  fmt.Sprintf("Impact: how many of 1,000 authors speak of it so (%s), times how strongly, times the share %s.", sd.sentiment, marked),
		Chart: &Chart{Bars, []string{"impact"}}}
	type ranked struct {
		row    []Cell
		impact float64
	}
	total := sum(perBlock)
	var rows []ranked
	for i, name := range touchpoints {
		var l lasting
		for _, b := range sd.sums[i] {
			l.authors, l.marked, l.strength = l.authors+b.authors, l.marked+b.marked, l.strength+b.strength
		}
		if l.authors == 0 {
			continue
		}
		q := labelled("touchpoint_sentiment", name, sd.sentiment)
		low, high := bootstrap(sd.sums[i], perBlock, prior, uint64(i))
		value := effect(l, total, prior)
		figure := s.rests(&sd.tallies[i], UnitFactor, q).tell(l.authors, value, low, high)
		figure.N = l.authors
		authors := s.rests(&sd.tallies[i], UnitAuthors, q)
		authors.Value, authors.N = ptr(float64(l.authors)), total
		strength := s.rests(&sd.tallies[i], UnitScore, q)
		strength.N = l.authors
		strength.TooFew = l.authors < TooFew
		if !strength.TooFew {
			strength.Value = ptr(round(float64(l.strength) / 1e4 / float64(l.authors)))
		}
		both := s.rests(&sd.marks[i], UnitShare, q, term("signal", sd.signal))
		both.N = l.authors
		lo, hi := wilson(l.marked, l.authors)
		both = both.tell(l.authors, float64(l.marked)/float64(l.authors), lo, hi)
		rows = append(rows, ranked{[]Cell{termed("touchpoint", name), number(figure), number(authors), number(strength), number(both)}, round(value)})
	}
	slices.SortStableFunc(rows, func(a, b ranked) int { return cmp.Compare(b.impact, a.impact) })
	for _, r := range rows {
		sec.Rows = append(sec.Rows, r.row)
	}
	return sec
}

func sum(counts []int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// bootstrap is the percentile interval of effect over draws of blocks with
// replacement. The draws depend on the seed alone.
func bootstrap(sums []lasting, perBlock []int, prior float64, seed uint64) (low, high float64) {
	rnd := rand.New(rand.NewPCG(seed, blocks))
	values := make([]float64, draws)
	for d := range values {
		var l lasting
		authors := 0
		for range blocks {
			b := rnd.IntN(blocks)
			l.authors, l.marked, l.strength = l.authors+sums[b].authors, l.marked+sums[b].marked, l.strength+sums[b].strength
			authors += perBlock[b]
		}
		values[d] = effect(l, authors, prior)
	}
	slices.Sort(values)
	return percentile(values, 0.025), percentile(values, 0.975)
}

func impactFindings(rep *Report) []Saying {
	out := []Saying{}
	for _, sec := range rep.Sections {
		for _, row := range sec.Rows {
			if n := row[1].Number; n.Value != nil {
				out = append(out, say("%s most: %s, by %d authors.", say(sec.Title), *row[0].Said, n.N))
				break
			}
		}
	}
	return out
}
