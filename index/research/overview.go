package research

import (
	"fmt"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The fields that overview walks, behind the source.
const (
	ovSource = iota
	ovKind
	ovLanguage
	ovSentiment
	ovSignal
)

// overviewTally is what overview counts in one walk.
type overviewTally struct {
	all, rated, dated, signed                tally
	authors                                  map[uint64]bool
	kinds, sources, languages, felt, signals group
	stars                                    [6]tally // by whole stars, 1..5
	grades                                   mean
	days                                     map[int64]*mean
	months                                   map[string]*period
	lately, before                           period
}

// period is what is compared between two stretches of time.
type period struct {
	all, negative, leaving, rated tally
	grades                        mean
}

func (p *period) add(b *sourceBook, r *index.Row, negative, leaving bool) {
	p.all.add(b, r)
	if negative {
		p.negative.add(b, r)
	}
	if leaving {
		p.leaving.add(b, r)
	}
	if r.Rated {
		p.rated.add(b, r)
		p.grades.add(r.Rating)
	}
}

func overview(s *scope, rep *Report) error {
	if err := s.setAsOf(); err != nil {
		return err
	}
	c := &overviewTally{kinds: group{}, sources: group{}, languages: group{}, felt: group{}, signals: group{},
		authors: map[uint64]bool{}, days: map[int64]*mean{}, months: map[string]*period{}}
	from, to := s.lately()
	from2, _ := s.before()
	recent, until, earlier := from.UnixMilli(), to.UnixMilli(), from2.UnixMilli()
	err := s.walk([]string{"kind", "language", "sentiment", "signal"}, func(r *index.Row) {
		c.count(&s.sources, r)
		negative, leaving := first(r.Values[ovSentiment]) == mention.Negative, contains(r.Values[ovSignal], "churn_risk")
		switch {
		case r.Published == 0 || r.Published >= until:
		case r.Published >= recent:
			c.lately.add(&s.sources, r, negative, leaving)
		case r.Published >= earlier:
			c.before.add(&s.sources, r, negative, leaving)
		}
	})
	if err != nil {
		return err
	}
	if err := s.finish(rep, &c.all); err != nil {
		return err
	}
	grades, err := s.gradeRows(c)
	if err != nil {
		return err
	}
	rep.Sections = []Section{
		s.volumeRows(c), grades, s.starRows(c), s.shares("sentiment", "Sentiment", "sentiment", c.felt, c.all.n, 3),
		s.changeRows(&c.lately, &c.before), s.monthRows(c),
		s.shares("sources", "Sources", "source", c.sources, c.all.n, 20), s.shares("languages", "Languages", "language", c.languages, c.all.n, 10),
		s.shares("kinds", "Kinds", "kind", c.kinds, c.all.n, 6), s.shares("signals", "Signals", "signal", c.signals, c.all.n, 6),
	}
	rep.Findings = c.findings(rep)
	return nil
}

func (c *overviewTally) count(b *sourceBook, r *index.Row) {
	c.all.add(b, r)
	if r.Author != 0 {
		c.signed.add(b, r)
		c.authors[r.Author] = true
	}
	c.kinds.add(b, r, r.Values[ovKind]...)
	c.sources.add(b, r, r.Values[ovSource]...)
	c.languages.add(b, r, r.Values[ovLanguage]...)
	c.felt.add(b, r, r.Values[ovSentiment]...)
	c.signals.add(b, r, r.Values[ovSignal]...)
	if r.Rated {
		c.rated.add(b, r)
		c.stars[wholeStars(r.Rating)].add(b, r)
		c.grades.add(r.Rating)
	}
	if r.Published == 0 {
		return
	}
	at := time.UnixMilli(r.Published).UTC()
	if r.Rated {
		c.dated.add(b, r)
		d := r.Published / dayMillis
		if c.days[d] == nil {
			c.days[d] = &mean{}
		}
		c.days[d].add(r.Rating)
	}
	month := at.Format("2006-01")
	if c.months[month] == nil {
		c.months[month] = &period{}
	}
	c.months[month].add(b, r, first(r.Values[ovSentiment]) == mention.Negative, false)
}

func (s *scope) volumeRows(c *overviewTally) Section {
	signed := term("has", "author")
	authors := s.rests(&c.signed, UnitAuthors, signed)
	authors.Value = ptr(float64(len(c.authors)))
	return Section{Name: "volume", Title: "Volume", Columns: columns("what", "what", "number", "number"), Rows: [][]Cell{
		{told("mentions"), number(s.count(&c.all))}, {told("authors"), number(authors)}, {told("with a rating"), number(s.count(&c.rated, term("has", "rating")))}}}
}

const dayMillis = 24 * 60 * 60 * 1000

// wholeStars rounds a rating to whole stars, halves up.
func wholeStars(rating float64) int { return max(1, min(5, int(rating+0.5))) }

// starRange finds the ratings that wholeStars rounds to n.
func starRange(n int) query.Node {
	if n == 1 {
		high := 1.5
		return &query.Range{Field: "rating", Max: &high, ExMax: true}
	}
	if n == 5 {
		return atLeast("rating", 4.5)
	}
	return between("rating", float64(n)-0.5, float64(n)+0.5)
}

// gradeRows shows the mean of the grades in three ways.
func (s *scope) gradeRows(c *overviewTally) (Section, error) {
	sec := Section{Name: "ratings", Title: "Mean rating", Columns: columns("mean", "mean", "stars", "stars"),
		Note: fmt.Sprintf("Of 1 to 5 stars. With a prior: as if %d more had given the mean of all brands. Lately: a grade counts half after %d days.", bayesWeight, halfLife)}
	mean, err := s.meanOfAll(c)
	if err != nil {
		return sec, err
	}
	rated := term("has", "rating")
	plain := s.average(&c.rated, c.grades, UnitStars, rated)
	prior := plain
	if plain.Value != nil {
		low, high := c.grades.interval()
		shrink := float64(c.grades.n) / float64(c.grades.n+bayesWeight)
		v := bayes(c.grades, mean)
		prior = s.rests(&c.rated, UnitStars, rated).tell(c.grades.n, v, v-shrink*(high-low)/2, v+shrink*(high-low)/2)
	}
	value, low, high := recent(c.days, s.asOf.Unix()/(24*60*60))
	weighted := s.rests(&c.dated, UnitStars, rated, term("has", "published")).tell(c.dated.n, value, low, high)
	sec.Rows = [][]Cell{{told("plain"), number(plain)}, {told("with a prior"), number(prior)}, {told("lately"), number(weighted)}}
	return sec, nil
}

// meanOfAll is the mean rating of all brands and all time, in stars.
func (s *scope) meanOfAll(c *overviewTally) (float64, error) {
	all := and(standing()...)
	if query.String(all) == s.query() {
		return c.grades.value(), nil
	}
	res, err := s.cfg.Index.Aggregate(s.ctx, index.AggregateRequest{Query: and(all, term("has", "rating"))})
	if err != nil {
		return 0, err
	}
	return 1 + 4*res.RatingMean, nil
}

func (s *scope) starRows(c *overviewTally) Section {
	sec := Section{Name: "stars", Title: "Ratings given", Columns: columns("stars", "stars", "mentions", "mentions", "share", "share"),
		Chart: &Chart{Bars, []string{"share"}}}
	for n := 5; n >= 1; n-- {
		sec.Rows = append(sec.Rows, []Cell{words(fmt.Sprint(n)), number(s.count(&c.stars[n], starRange(n))), number(s.share(&c.stars[n], c.rated.n, starRange(n)))})
	}
	return sec
}

// changeRows compares the last window with the one before.
func (s *scope) changeRows(now, then *period) Section {
	sec := Section{Name: "changes", Title: "What changed", Columns: columns("what", "what", "lately", "last 90 days", "before", "90 days before", "change", "change"),
		Note: "The last days are those before the newest mention. A change whose interval holds 0 may be chance."}
	if s.asOf.IsZero() {
		return sec
	}
	a, b := s.lately()
	a2, b2 := s.before()
	recent, earlier := published(a, b), published(a2, b2)
	sec.Rows = append(sec.Rows, []Cell{told("mentions"), number(s.count(&now.all, recent)), number(s.count(&then.all, earlier)), {}})
	for _, part := range []struct {
		name      string
		now, then *tally
		node      query.Node
	}{
		{"negative", &now.negative, &then.negative, term("sentiment", mention.Negative)},
		{"leaving (churn_risk)", &now.leaving, &then.leaving, term("signal", "churn_risk")},
	} {
		sec.Rows = append(sec.Rows, []Cell{told(part.name), number(s.share(part.now, now.all.n, recent, part.node)),
			number(s.share(part.then, then.all.n, earlier, part.node)), number(s.change(part.now, now.all.n, part.then, then.all.n, recent, part.node))})
	}
	rated := term("has", "rating")
	sec.Rows = append(sec.Rows, []Cell{told("mean rating"), number(s.average(&now.rated, now.grades, UnitStars, recent, rated)),
		number(s.average(&then.rated, then.grades, UnitStars, earlier, rated)), number(s.starChange(now, then, recent, rated))})
	return sec
}

// starChange is the difference of two mean ratings; nodes find the later ones.
func (s *scope) starChange(now, then *period, nodes ...query.Node) Number {
	diff := s.rests(&now.rated, UnitStarDiff, nodes...)
	diff.N = min(now.grades.n, then.grades.n)
	d := now.grades.value() - then.grades.value()
	l1, h1 := now.grades.interval()
	l2, h2 := then.grades.interval()
	half := hypot(h1-l1, h2-l2) / 2
	return diff.tell(diff.N, d, d-half, d+half)
}

func (s *scope) monthRows(c *overviewTally) Section {
	sec := Section{Name: "months", Title: "By month", Columns: columns("month", "month", "mentions", "mentions", "negative", "negative", "stars", "mean rating"),
		Chart: &Chart{Lines, []string{"mentions"}}}
	for _, month := range monthsOf(c.months) {
		p := c.months[month]
		if p == nil {
			p = &period{}
		}
		start, _ := time.Parse("2006-01", month)
		during := published(start, start.AddDate(0, 1, 0))
		sec.Rows = append(sec.Rows, []Cell{termed("month", month), number(s.count(&p.all, during)),
			number(s.share(&p.negative, p.all.n, during, term("sentiment", mention.Negative))),
			number(s.average(&p.rated, p.grades, UnitStars, during, term("has", "rating")))})
	}
	return sec
}

// findings are the sentences to read first.
func (c *overviewTally) findings(rep *Report) []Saying {
	if c.all.n == 0 {
		return []Saying{}
	}
	out := []Saying{say("%d mentions by %d authors from %d sources; %d carry a rating.", c.all.n, len(c.authors), len(c.sources), c.rated.n)}
	felt := func(label string) int { return c.felt.of(label).n }
	if n := felt(mention.Negative) + felt(mention.Neutral) + felt(mention.Positive); n >= TooFew {
		out = append(out, say("%.0f %% are positive, %.0f %% negative.", 100*float64(felt(mention.Positive))/float64(n), 100*float64(felt(mention.Negative))/float64(n)))
	}
	for _, sec := range rep.Sections {
		if sec.Name != "changes" {
			continue
		}
		for _, row := range sec.Rows {
			if ch := row[3].Number; ch != nil && ch.Value != nil && *ch.Low**ch.High > 0 {
				form := "In the last %d days this went down: %s."
				if *ch.Value > 0 {
					form = "In the last %d days this went up: %s."
				}
				out = append(out, say(form, window, *row[0].Said))
			}
		}
	}
	return out
}
