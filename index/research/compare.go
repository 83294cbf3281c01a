package research

import (
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The fields that compare walks, behind the source.
const (
	cmpBrand = iota + 1
	cmpFelt
	cmpMoment
)

// rival is what is counted of one brand.
type rival struct {
	name                            string
	own                             bool
	all, positive, negative, scored tally
	// graded are the mentions with a rating that are about no other brand of the
	// comparison: a grade is given to one thing.
	graded tally
	grades mean
	moment map[string]*[2]tally // negative, and all, by moment
}

// coverageGap is by how much the coverage of two brands may differ before
// their comparison is flagged.
const coverageGap = 0.2

func compare(s *scope, rep *Report) error {
	rivals, err := s.rivals(rep)
	if err != nil || len(rivals) == 0 {
		return err
	}
	all, grades, err := s.walkRivals(rivals)
	if err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	voices := 0
	for _, r := range rivals {
		voices += r.all.n
	}
	aspects, err := s.aspectRows(rivals)
	if err != nil {
		return err
	}
	rep.Sections = []Section{s.voiceRows(rivals, voices), s.feltRows(rivals), s.brandGrades(rivals, grades), s.brandMoments(rivals), aspects}
	rep.Findings = compareFindings(rivals, voices)
	s.flagCoverage(rep, rivals)
	return nil
}

// rivals sets out the brands of the comparison, and narrows the report to them.
func (s *scope) rivals(rep *Report) ([]*rival, error) {
	own, others, err := s.brands()
	if err != nil {
		return nil, err
	}
	var out []*rival
	var nodes []query.Node
	for i, name := range slices.Concat(own, others) {
		if slices.ContainsFunc(out, func(r *rival) bool { return strings.EqualFold(r.name, name) }) {
			continue
		}
		out = append(out, &rival{name: name, own: i < len(own), moment: map[string]*[2]tally{}})
		nodes = append(nodes, term("brand", name))
	}
	rep.Brand, rep.Against = strings.Join(own, ", "), others
	if len(out) < 2 {
		rep.Notes = append(rep.Notes, say("There is nothing to compare with: name brands with --against, or rivals in the configuration."))
	}
	s.req.Brand = "" // all of them
	s.base = and(append(standing(), s.asked(), or(nodes...))...)
	rep.Query = s.query()
	return out, nil
}

// walkRivals counts the brands. It returns all mentions, and all grades.
func (s *scope) walkRivals(rivals []*rival) (*tally, mean, error) {
	all, grades := &tally{}, mean{}
	about := make([]bool, len(rivals))
	err := s.walk([]string{"brand", "brand_sentiment", "moment_sentiment"}, func(row *index.Row) {
		all.add(&s.sources, row)
		brands := 0
		for i, r := range rivals {
			about[i] = slices.ContainsFunc(row.Values[cmpBrand], func(b string) bool { return strings.EqualFold(b, r.name) })
			if about[i] {
				brands++
			}
		}
		if row.Rated {
			grades.add(row.Rating)
		}
		for i, r := range rivals {
			if about[i] {
				r.count(&s.sources, row, brands == 1)
			}
		}
	})
	return all, grades, err
}

func (r *rival) count(b *sourceBook, row *index.Row, alone bool) {
	r.all.add(b, row)
	for _, felt := range row.Values[cmpFelt] {
		at := strings.LastIndexByte(felt, ':')
		if at < 0 || !strings.EqualFold(felt[:at], r.name) {
			continue
		}
		r.scored.add(b, row)
		switch felt[at+1:] {
		case mention.Positive:
			r.positive.add(b, row)
		case mention.Negative:
			r.negative.add(b, row)
		}
	}
	if row.Rated && alone {
		r.graded.add(b, row)
		r.grades.add(row.Rating)
	}
	if !alone {
		return
	}
	last := ""
	for _, v := range row.Values[cmpMoment] { // sorted: the labels of a moment stand together
		m, label, _ := strings.Cut(v, ":")
		if r.moment[m] == nil {
			r.moment[m] = &[2]tally{}
		}
		if m != last {
			r.moment[m][1].add(b, row)
		}
		if label == mention.Negative {
			r.moment[m][0].add(b, row)
		}
		last = m
	}
}

// alone finds the mentions of a brand that name no other of the comparison.
func alone(r *rival, rivals []*rival) query.Node {
	nodes := []query.Node{term("brand", r.name)}
	for _, o := range rivals {
		if o != r {
			nodes = append(nodes, not(term("brand", o.name)))
		}
	}
	return and(nodes...)
}

func (s *scope) voiceRows(rivals []*rival, voices int) Section {
	sec := Section{Name: "share_of_voice", Title: "Share of voice", Columns: columns("brand", "brand", "mentions", "mentions", "share", "share of voice"),
		Note: "A mention of two brands counts for both; the shares are of all of these.", Chart: &Chart{Bars, []string{"share"}}}
	for _, r := range rivals {
		q := term("brand", r.name)
		sec.Rows = append(sec.Rows, []Cell{words(r.name), number(s.count(&r.all, q)), number(s.share(&r.all, voices, q))})
	}
	return sec
}

func (s *scope) feltRows(rivals []*rival) Section {
	sec := Section{Name: "sentiment", Title: "Sentiment", Columns: columns("brand", "brand", "positive", "positive", "negative", "negative"),
		Note:  "What is said of the brand itself, clause by clause where the analysis tells brands apart, else by the whole text.",
		Chart: &Chart{Bars, []string{"positive", "negative"}}}
	for _, r := range rivals {
		sec.Rows = append(sec.Rows, []Cell{words(r.name), number(s.share(&r.positive, r.scored.n, labelled("brand_sentiment", r.name, mention.Positive))),
			number(s.share(&r.negative, r.scored.n, labelled("brand_sentiment", r.name, mention.Negative)))})
	}
	return sec
}

func (s *scope) brandGrades(rivals []*rival, all mean) Section {
	sec := Section{Name: "ratings", Title: "Ratings", Columns: columns("brand", "brand", "stars", "mean rating", "prior", "with a prior"),
		Note:  fmt.Sprintf("Of mentions that name no other brand here. With a prior: as if %d more had given the mean of all these brands.", bayesWeight),
		Chart: &Chart{Bars, []string{"stars"}}}
	for _, r := range rivals {
		q := []query.Node{alone(r, rivals), term("has", "rating")}
		plain := s.average(&r.graded, r.grades, UnitStars, q...)
		prior := s.rests(&r.graded, UnitStars, q...)
		low, high := r.grades.interval()
		v, half := bayes(r.grades, all.value()), (high-low)/2*float64(r.grades.n)/float64(r.grades.n+bayesWeight)
		sec.Rows = append(sec.Rows, []Cell{words(r.name), number(plain), number(prior.tell(r.grades.n, v, v-half, v+half))})
	}
	return sec
}

func (s *scope) brandMoments(rivals []*rival) Section {
	sec := Section{Name: "moments", Title: "Blamed, by moment", Columns: columns("moment", "moment"),
		Note: "The share of the mentions that speak of a moment in which a sentence on it is negative; of mentions that name no other brand here."}
	chart := &Chart{Kind: Bars}
	for i, r := range rivals {
		name := fmt.Sprintf("brand_%d", i+1)
		sec.Columns = append(sec.Columns, Column{name, r.name})
		chart.Columns = append(chart.Columns, name)
	}
	sec.Chart = chart
	for _, m := range mention.Moments {
		row := []Cell{termed("moment", m)}
		for _, r := range rivals {
			t := r.moment[m]
			if t == nil {
				t = &[2]tally{}
			}
			row = append(row, number(s.share(&t[0], t[1].n, alone(r, rivals), labelled("moment_sentiment", m, mention.Negative))))
		}
		sec.Rows = append(sec.Rows, row)
	}
	return sec
}

func compareFindings(rivals []*rival, voices int) []Saying {
	out := []Saying{}
	for _, r := range rivals {
		if voices >= TooFew && r.own {
			out = append(out, say("%s has %.0f %% of the voice.", r.name, 100*float64(r.all.n)/float64(voices)))
		}
	}
	for _, r := range rivals {
		for _, o := range rivals {
			if !r.own || o.own || r.scored.n < TooFew || o.scored.n < TooFew {
				continue
			}
			low, high := newcombe(r.negative.n, r.scored.n, o.negative.n, o.scored.n)
			switch {
			case low > 0:
				out = append(out, say("%s is spoken of more negatively than %s, by %.0f points or more.", r.name, o.name, 100*low))
			case high < 0:
				out = append(out, say("%s is spoken of less negatively than %s, by %.0f points or more.", r.name, o.name, -100*high))
			default:
				out = append(out, say("%s and %s do not differ clearly in sentiment.", r.name, o.name))
			}
		}
	}
	return out
}

// flagCoverage notes the brands whose sources were not read as fully.
func (s *scope) flagCoverage(rep *Report, rivals []*rival) {
	for i, r := range rivals {
		for _, o := range rivals[i+1:] {
			a, b := s.sources.of(r.all.sources), s.sources.of(o.all.sources)
			if a == nil || b == nil {
				if (a == nil) != (b == nil) {
					rep.Notes = append(rep.Notes, say("Compare %s and %s with care: the coverage of only one of them is known.", r.name, o.name))
				}
				continue
			}
			if max(*a-*b, *b-*a) > coverageGap {
				rep.Notes = append(rep.Notes, say("Compare %s and %s with care: %.0f %% and %.0f %% of what their sources declare was collected.", r.name, o.name, 100**a, 100**b))
			}
		}
	}
}
