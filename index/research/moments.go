package research

import (
	"cmp"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The fields that moments walks, behind the source.
const (
	moMoment = iota + 1
	moTouchpoint
	moCare
)

// cell is what is counted of a moment, a touchpoint or a care lens.
type momentCell struct {
	all, positive, negative tally
	recent, earlier         [2]tally // negative, and all, in the windows
}

func (c *momentCell) add(b *sourceBook, r *index.Row, labels []string, when int) {
	c.all.add(b, r)
	negative := slices.Contains(labels, mention.Negative)
	if negative {
		c.negative.add(b, r)
	}
	if slices.Contains(labels, mention.Positive) {
		c.positive.add(b, r)
	}
	if when == 0 {
		return
	}
	w := &c.recent
	if when == 2 {
		w = &c.earlier
	}
	w[1].add(b, r)
	if negative {
		w[0].add(b, r)
	}
}

// cells are momentCells by label.
type cells map[string]*momentCell

func (cs cells) of(name string) *momentCell {
	if cs[name] == nil {
		cs[name] = &momentCell{}
	}
	return cs[name]
}

// add counts values like delivery:negative, which are sorted.
func (cs cells) add(b *sourceBook, r *index.Row, values []string, when int) {
	for i := 0; i < len(values); {
		name, label, _ := strings.Cut(values[i], ":")
		labels := []string{label}
		for i++; i < len(values) && strings.HasPrefix(values[i], name+":"); i++ {
			labels = append(labels, values[i][len(name)+1:])
		}
		cs.of(name).add(b, r, labels, when)
	}
}

// parting are two care lenses in one mention, one praised and one blamed.
type parting struct{ praised, blamed string }

func moments(s *scope, rep *Report) error {
	s.narrowToOwn(rep)
	if err := s.setAsOf(); err != nil {
		return err
	}
	all, byMoment, byTouchpoint, byCare, partings := &tally{}, cells{}, cells{}, cells{}, map[parting]*tally{}
	from, to := s.lately()
	from2, _ := s.before()
	recent, until, earlier := from.UnixMilli(), to.UnixMilli(), from2.UnixMilli()
	err := s.walk([]string{"moment_sentiment", "touchpoint_sentiment", "care_sentiment"}, func(r *index.Row) {
		all.add(&s.sources, r)
		when := 0
		switch {
		case r.Published == 0 || r.Published >= until:
		case r.Published >= recent:
			when = 1
		case r.Published >= earlier:
			when = 2
		}
		byMoment.add(&s.sources, r, r.Values[moMoment], when)
		byTouchpoint.add(&s.sources, r, r.Values[moTouchpoint], when)
		care := r.Values[moCare]
		byCare.add(&s.sources, r, care, when)
		for _, a := range mention.CareLenses {
			for _, b := range mention.CareLenses {
				if a != b && contains(care, a+":"+mention.Positive) && contains(care, b+":"+mention.Negative) {
					if partings[parting{a, b}] == nil {
						partings[parting{a, b}] = &tally{}
					}
					partings[parting{a, b}].add(&s.sources, r)
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
	if err := s.momentSections(rep, all, byMoment, byTouchpoint, byCare, partings); err != nil {
		return err
	}
	rep.Findings = momentFindings(byTouchpoint)
	return nil
}

func (s *scope) momentSections(rep *Report, all *tally, byMoment, byTouchpoint, byCare cells, partings map[parting]*tally) error {
	table, err := s.cellRows("moments", "Moments of truth", "moment", mention.Moments, byMoment, all.n)
	if err != nil {
		return err
	}
	rep.Sections = append(rep.Sections, table)
	for _, m := range mention.Moments {
		table, err := s.cellRows("touchpoints_"+m, "Touchpoints of "+m, "touchpoint", mention.Touchpoints[m], byTouchpoint, all.n)
		if err != nil {
			return err
		}
		rep.Sections = append(rep.Sections, table)
	}
	if table, err = s.cellRows("care", "Care: four lenses on what the company did", "care", mention.CareLenses, byCare, all.n); err != nil {
		return err
	}
	rep.Sections = append(rep.Sections, table)
	if table, err = s.partingRows(partings); err != nil {
		return err
	}
	rep.Sections = append(rep.Sections, table)
	return nil
}

// cellRows shows labels of a field in the order given, with sentences.
func (s *scope) cellRows(name, title, field string, labels []string, cs cells, all int) (Section, error) {
	sec := Section{Name: name, Title: title, Columns: columns(field, field, "mentions", "mentions", "share", "share of all",
		"positive", "praised", "negative", "blamed", "change", "blamed, change in 90 days", "praise", "praise", "blame", "blame"),
		Chart: &Chart{Bars, []string{"positive", "negative"}}}
	for _, label := range labels {
		c := cs.of(label)
		here := term(field, label)
		blamed, praised := labelled(field+"_sentiment", label, mention.Negative), labelled(field+"_sentiment", label, mention.Positive)
		row := []Cell{termed(field, label), number(s.count(&c.all, here)), number(s.share(&c.all, all, here)),
			number(s.share(&c.positive, c.all.n, praised)), number(s.share(&c.negative, c.all.n, blamed))}
		change := Cell{}
		if !s.asOf.IsZero() {
			from, to := s.lately()
			change = number(s.change(&c.recent[0], c.recent[1].n, &c.earlier[0], c.earlier[1].n, published(from, to), blamed))
		}
		row = append(row, change)
		for _, part := range []struct {
			t         *tally
			sentiment string
		}{{&c.positive, mention.Positive}, {&c.negative, mention.Negative}} {
			quotes, err := s.passages(part.t, 2, func(st *mention.Sentence) bool {
				return feels(st, labelsOf(st, field), label, part.sentiment)
			})
			if err != nil {
				return sec, err
			}
			row = append(row, Cell{Quotes: quotes})
		}
		sec.Rows = append(sec.Rows, row)
	}
	return sec, nil
}

func labelsOf(st *mention.Sentence, field string) []string {
	switch field {
	case "moment":
		return st.Moments
	case "care":
		return st.Care
	}
	return st.Touchpoints
}

// partingWords say what it means that two lenses part.
func partingWords(p parting) Saying {
	switch {
	case p.blamed == "care" && p.praised != "experience":
		return say("solved, but nobody cared")
	case p.praised == "care" && p.blamed != "experience":
		return say("kind, but not solved")
	case p.blamed == "experience":
		return say("one contact went well, the whole did not")
	case p.praised == "experience":
		return say("glad on the whole, in spite of one contact")
	}
	return say("%s well, %s badly", Term{"care", p.praised}, Term{"care", p.blamed})
}

func (s *scope) partingRows(partings map[parting]*tally) (Section, error) {
	sec := Section{Name: "partings", Title: "Where the lenses part", Note: "Mentions that praise one lens and blame another.",
		Columns: columns("what", "what", "praised", "praised", "blamed", "blamed", "mentions", "mentions", "sentences", "sentences")}
	var order []parting
	for p := range partings {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b parting) int {
		return cmp.Or(cmp.Compare(partings[b].n, partings[a].n), cmp.Compare(a.praised, b.praised), cmp.Compare(a.blamed, b.blamed))
	})
	for _, p := range order {
		t := partings[p]
		var quotes []Quote
		for _, side := range []struct{ lens, sentiment string }{{p.praised, mention.Positive}, {p.blamed, mention.Negative}} {
			q, err := s.passages(t, 1, func(st *mention.Sentence) bool { return feels(st, st.Care, side.lens, side.sentiment) })
			if err != nil {
				return sec, err
			}
			quotes = append(quotes, q...)
		}
		nodes := []query.Node{labelled("care_sentiment", p.praised, mention.Positive), labelled("care_sentiment", p.blamed, mention.Negative)}
		sec.Rows = append(sec.Rows, []Cell{spoken(partingWords(p)), termed("care", p.praised), termed("care", p.blamed), number(s.count(t, nodes...)), {Quotes: quotes}})
	}
	return sec, nil
}

// momentFindings name the touchpoints that are most surely blamed and praised.
func momentFindings(cs cells) []Saying {
	best := func(side func(*momentCell) *tally) (name string, low float64) {
		for _, t := range mention.Journey {
			c := cs.of(t)
			if l, _ := wilson(side(c).n, c.all.n); c.all.n >= TooFew && l > low {
				name, low = t, l
			}
		}
		return name, low
	}
	out := []Saying{}
	if t, low := best(func(c *momentCell) *tally { return &c.negative }); t != "" {
		out = append(out, say("Blamed most: %s, by at least %.0f %% of those who speak of it.", Term{"touchpoint", t}, 100*low))
	}
	if t, low := best(func(c *momentCell) *tally { return &c.positive }); t != "" {
		out = append(out, say("Praised most: %s, by at least %.0f %% of those who speak of it.", Term{"touchpoint", t}, 100*low))
	}
	return out
}
