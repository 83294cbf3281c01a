package research

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The fields that shelf walks, behind the source.
const (
	shBrand = iota + 1
	shItem
	shSentiment
)

// firstMet is how many mentions of a list a researcher meets first.
const firstMet = 10

// facing is one brand at one source.
type facing struct {
	source, brand              string
	all, met, negative, graded tally // graded: met, with a rating
	everGraded                 tally
	grades, allGrades          mean
	lists                      map[string]*list // by item
}

// list is what is met first of one item.
type list struct {
	grades   mean
	lastRank int
	last     float64
}

// add puts a grade at its rank. Two at one rank (two lists of one item) both
// count.
func (l *list) add(r *index.Row) {
	l.grades.add(r.Rating)
	if r.Rank > l.lastRank || r.Rank == l.lastRank && r.Rating < l.last {
		l.lastRank, l.last = r.Rank, r.Rating
	}
}

// shift is by how much the mean of the list moves when a new grade comes in
// before all others: it pushes the last one off a list that is full.
func (l *list) shift(stars float64) float64 {
	if l.grades.n >= firstMet {
		return (stars - l.last) / float64(l.grades.n)
	}
	return (stars - l.grades.value()) / float64(l.grades.n+1)
}

func shelf(s *scope, rep *Report) error {
	own, others, err := s.brands()
	if err != nil {
		return err
	}
	rep.Brand, rep.Against = strings.Join(own, ", "), others
	var nodes []query.Node
	for _, b := range slices.Concat(own, others) {
		nodes = append(nodes, term("brand", b))
	}
	s.req.Brand = ""
	s.base = and(append(standing(), s.asked(), or(nodes...))...)
	rep.Query = s.query()
	names := slices.Concat(own, others)
	all, facings := &tally{}, map[[2]string]*facing{}
	err = s.walk([]string{"brand", "item", "sentiment"}, func(r *index.Row) {
		all.add(&s.sources, r)
		for _, b := range r.Values[shBrand] {
			i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, b) })
			if i < 0 {
				continue
			}
			key := [2]string{first(r.Values[0]), names[i]}
			if facings[key] == nil {
				facings[key] = &facing{source: key[0], brand: key[1], lists: map[string]*list{}}
			}
			facings[key].add(&s.sources, r)
		}
	})
	if err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	order := make([]*facing, 0, len(facings))
	for _, f := range facings {
		order = append(order, f)
	}
	slices.SortFunc(order, func(a, b *facing) int {
		return cmp.Or(cmp.Compare(a.source, b.source), slices.Index(names, a.brand)-slices.Index(names, b.brand))
	})
	rep.Sections = []Section{s.shelfRows(order), s.shiftRows(order)}
	rep.Findings = shelfFindings(order, own)
	return nil
}

func (f *facing) add(b *sourceBook, r *index.Row) {
	f.all.add(b, r)
	if r.Rated {
		f.everGraded.add(b, r)
		f.allGrades.add(r.Rating)
	}
	if r.Rank < 1 || r.Rank > firstMet {
		return
	}
	f.met.add(b, r)
	if first(r.Values[shSentiment]) == mention.Negative {
		f.negative.add(b, r)
	}
	if !r.Rated {
		return
	}
	f.graded.add(b, r)
	f.grades.add(r.Rating)
	item := first(r.Values[shItem])
	if f.lists[item] == nil {
		f.lists[item] = &list{}
	}
	f.lists[item].add(r)
}

// met finds what is met first.
func met() query.Node {
	low, high := 1.0, float64(firstMet)
	return &query.Range{Field: "rank", Min: &low, Max: &high}
}

func (s *scope) shelfRows(order []*facing) Section {
	sec := Section{Name: "shelf", Title: "What is met first", Columns: columns("source", "source", "brand", "brand", "mentions", "met first", "negative", "negative among them",
		"stars", "their mean rating", "all_stars", "mean rating of all"),
		Note: fmt.Sprintf("The first %d of each list, in the source's own order, on its first page.", firstMet), Chart: &Chart{Bars, []string{"stars", "all_stars"}}}
	for _, f := range order {
		here := []query.Node{term("source", f.source), term("brand", f.brand)}
		top, rated := append(slices.Clip(here), met()), term("has", "rating")
		row := []Cell{words(f.source), words(f.brand)}
		if f.met.n == 0 {
			row = append(row, told("not available"), told("not available"), told("not available"))
		} else {
			row = append(row, number(s.count(&f.met, top...)), number(s.share(&f.negative, f.met.n, append(slices.Clip(top), term("sentiment", mention.Negative))...)),
				number(s.average(&f.graded, f.grades, UnitStars, append(slices.Clip(top), rated)...)))
		}
		sec.Rows = append(sec.Rows, append(row, number(s.average(&f.everGraded, f.allGrades, UnitStars, append(slices.Clip(here), rated)...))))
	}
	return sec
}

func (s *scope) shiftRows(order []*facing) Section {
	sec := Section{Name: "one_review", Title: "What one new review changes", Columns: columns("source", "source", "brand", "brand", "lists", "lists", "one", "one star comes in", "five", "five stars come in"),
		Note: fmt.Sprintf("By how much the mean rating of the first %d of a list moves when a new review is put on top: the mean over the lists.", firstMet)}
	for _, f := range order {
		if len(f.lists) == 0 {
			continue
		}
		items := make([]string, 0, len(f.lists))
		for item := range f.lists {
			items = append(items, item)
		}
		slices.Sort(items)
		var one, five mean
		for _, item := range items {
			one.add(f.lists[item].shift(1))
			five.add(f.lists[item].shift(5))
		}
		q := []query.Node{term("source", f.source), term("brand", f.brand), met(), term("has", "rating")}
		figure := func(m mean) Cell {
			n := s.rests(&f.graded, UnitStarDiff, q...)
			n.Value = ptr(round(m.value()))
			return number(n)
		}
		sec.Rows = append(sec.Rows, []Cell{words(f.source), words(f.brand), words(fmt.Sprint(len(items))), figure(one), figure(five)})
	}
	return sec
}

// shelfFindings name the sources where what is met first differs clearly from
// the whole.
func shelfFindings(order []*facing, own []string) []Saying {
	out := []Saying{}
	for _, f := range order {
		if !slices.Contains(own, f.brand) || f.grades.n < TooFew || f.allGrades.n < TooFew {
			continue
		}
		low, high := f.grades.interval()
		switch all := f.allGrades.value(); {
		case low > all:
			out = append(out, say("%s: %s looks better at first sight (%.1f stars) than it is on the whole (%.1f).", f.source, f.brand, f.grades.value(), all))
		case high < all:
			out = append(out, say("%s: %s looks worse at first sight (%.1f stars) than it is on the whole (%.1f).", f.source, f.brand, f.grades.value(), all))
		}
	}
	return out
}
