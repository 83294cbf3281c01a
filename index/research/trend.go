package research

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// The fields that trend walks, behind the source.
const (
	trSentiment = iota + 1
	trTouchpoint
)

// bucketTally is what is counted of a stretch of time.
type bucketTally struct {
	period
	touchpoints group
}

// series is a run of stretches of time without gaps.
type series struct {
	interval string // day, week or month
	starts   []time.Time
	buckets  []*bucketTally
}

func trend(s *scope, rep *Report) error {
	all, days := &tally{}, map[int64]int{}
	now, newest := s.req.Now.UnixMilli(), int64(0)
	if err := s.walk(nil, func(r *index.Row) {
		all.add(&s.sources, r)
		if r.Published != 0 {
			days[r.Published/dayMillis]++
		}
		if r.Published < now {
			newest = max(newest, r.Published)
		}
	}); err != nil {
		return err
	}
	if newest != 0 { // as setAsOf finds it, which would be another walk
		s.asOf = day(time.UnixMilli(newest))
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	ser := s.newSeries(days)
	at := map[int64]*bucketTally{}
	for i, start := range ser.starts {
		at[start.Unix()] = ser.buckets[i]
	}
	err := s.walk([]string{"sentiment", "touchpoint"}, func(r *index.Row) {
		if r.Published == 0 {
			return
		}
		b := at[floor(time.UnixMilli(r.Published).UTC(), ser.interval).Unix()]
		if b == nil { // a stray date
			return
		}
		b.add(&s.sources, r, first(r.Values[trSentiment]) == mention.Negative, false)
		b.touchpoints.add(&s.sources, r, r.Values[trTouchpoint]...)
	}, s.span(ser))
	if err != nil {
		return err
	}
	rep.Sections = append(rep.Sections, s.seriesRows(ser))
	jumps, err := s.anomalies(ser, rep)
	if err != nil {
		return err
	}
	rep.Sections = append(rep.Sections, jumps)
	return nil
}

// span is the time that a series covers.
func (s *scope) span(ser *series) query.Node {
	if len(ser.starts) == 0 {
		return published(s.req.Now, s.req.Now) // nothing
	}
	return published(ser.starts[0], next(ser.starts[len(ser.starts)-1], ser.interval))
}

// The most stretches of time a series shows of each interval.
const maxBuckets = 60

// newSeries chooses the interval by the time between the first and the last
// hundredth of the mentions: a stray date does not stretch it.
func (s *scope) newSeries(days map[int64]int) *series {
	ser := &series{interval: "month"}
	var order []int64
	n := 0
	limit := s.asOf.Unix() / (24 * 60 * 60)
	for d, c := range days {
		if d <= limit {
			order = append(order, d)
			n += c
		}
	}
	if n == 0 {
		return ser
	}
	slices.Sort(order)
	low, seen := order[0], 0
	for _, d := range order {
		if seen += days[d]; seen > n/100 {
			low = d
			break
		}
	}
	switch span := limit - low; {
	case span <= 45:
		ser.interval = "day"
	case span <= 366:
		ser.interval = "week"
	}
	return newSeriesOf(ser.interval, time.Unix(low*24*60*60, 0).UTC(), s.asOf)
}

// newSeriesOf is the series of an interval from the day first to the day last.
func newSeriesOf(interval string, first, last time.Time) *series {
	ser := &series{interval: interval}
	for start := floor(first, interval); !start.After(last); start = next(start, interval) {
		ser.starts = append(ser.starts, start)
	}
	ser.starts = ser.starts[max(0, len(ser.starts)-maxBuckets):]
	for range ser.starts {
		ser.buckets = append(ser.buckets, &bucketTally{touchpoints: group{}})
	}
	return ser
}

// floor is the start of the interval that holds t.
func floor(t time.Time, interval string) time.Time {
	t = day(t)
	switch interval {
	case "week":
		return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
	case "month":
		return t.AddDate(0, 0, 1-t.Day())
	}
	return t
}

func next(t time.Time, interval string) time.Time {
	switch interval {
	case "week":
		return t.AddDate(0, 0, 7)
	case "month":
		return t.AddDate(0, 1, 0)
	}
	return t.AddDate(0, 0, 1)
}

// season is the number of buckets after which they are alike: a week of days, a
// year of weeks or months.
func (ser *series) season() int {
	return map[string]int{"day": 7, "week": 52, "month": 12}[ser.interval]
}

func (ser *series) name(i int) string {
	if ser.interval == "month" {
		return ser.starts[i].Format("2006-01")
	}
	return ser.starts[i].Format(time.DateOnly)
}

// unit is the list that names are Terms of.
func (ser *series) unit() string {
	if ser.interval == "month" {
		return "month"
	}
	return "day"
}

func (ser *series) during(i int) query.Node {
	return published(ser.starts[i], next(ser.starts[i], ser.interval))
}

func (s *scope) seriesRows(ser *series) Section {
	sec := Section{Name: "series", Title: "By " + ser.interval, Columns: columns("start", ser.interval, "mentions", "mentions", "negative_mentions", "negative", "negative", "share negative", "stars", "mean rating"),
		Chart: &Chart{Lines, []string{"mentions", "negative_mentions"}}}
	felt := term("sentiment", mention.Negative)
	for i, b := range ser.buckets {
		during := ser.during(i)
		sec.Rows = append(sec.Rows, []Cell{termed(ser.unit(), ser.name(i)), number(s.count(&b.all, during)), number(s.count(&b.negative, during, felt)),
			number(s.share(&b.negative, b.all.n, during, felt)), number(s.average(&b.rated, b.grades, UnitStars, during, term("has", "rating")))})
	}
	return sec
}

// jump is a stretch of time with more or fewer mentions than its baseline.
type jump struct {
	at          int
	negative    bool // of the negative mentions, not of all
	z, expected float64
}

// minSeries is how many stretches of time a baseline asks for.
const minSeries = 6

// jumps finds the anomalies of a series, the greatest first. The last stretch
// is not over, so that few mentions in it mean nothing.
func (ser *series) jumps() []jump {
	if len(ser.buckets) < minSeries {
		return nil
	}
	var out []jump
	for _, negative := range []bool{false, true} {
		counts := make([]int, len(ser.buckets))
		for i, b := range ser.buckets {
			counts[i] = b.all.n
			if negative {
				counts[i] = b.negative.n
			}
		}
		base := seasonal(counts, ser.season())
		for i, z := range robustZ(counts, base) {
			few := float64(counts[i]) < TooFew && base[i] < TooFew
			if math.Abs(z) < anomalous || few || z < 0 && i == len(counts)-1 {
				continue
			}
			out = append(out, jump{i, negative, round(z), base[i]})
		}
	}
	slices.SortFunc(out, func(a, b jump) int {
		return cmp.Or(cmp.Compare(math.Abs(b.z), math.Abs(a.z)), cmp.Compare(a.at, b.at), boolean(a.negative)-boolean(b.negative))
	})
	return out
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The bounds of explaining: jumps, and mentions read on either side.
const (
	maxJumps       = 6
	explainSample  = 1000
	maxExplanation = 6
)

func (s *scope) anomalies(ser *series, rep *Report) (Section, error) {
	sec := Section{Name: "anomalies", Title: "Jumps", Columns: columns("start", ser.interval, "what", "what", "mentions", "mentions", "expected", "expected", "z", "z",
		"words", "most unusual words", "touchpoints", "touchpoints", "sentences", "mentions behind it"),
		Note: fmt.Sprintf("Where the count is far from its seasonal baseline (robust z of %.1f or more), explained by the words and touchpoints that are most unusual then.", anomalous)}
	jumps := ser.jumps()
	jumps = jumps[:min(len(jumps), maxJumps)]
	if len(ser.buckets) < minSeries {
		rep.Notes = append(rep.Notes, say("Jumps are looked for in %d stretches of time or more; there are %d.", minSeries, len(ser.buckets)))
	}
	background, err := s.background(jumps)
	if err != nil {
		return sec, err
	}
	for _, j := range jumps {
		b := ser.buckets[j.at]
		nodes, t, what := []query.Node{ser.during(j.at)}, &b.all, say("all mentions")
		if j.negative {
			nodes, t, what = append(nodes, term("sentiment", mention.Negative)), &b.negative, say("negative mentions")
		}
		unusual, quotes, err := s.explain(nodes, background)
		if err != nil {
			return sec, err
		}
		expected, z := s.rests(t, UnitCount, nodes...), s.rests(t, UnitFactor, nodes...)
		expected.Value, z.Value = ptr(j.expected), ptr(j.z)
		sec.Rows = append(sec.Rows, []Cell{termed(ser.unit(), ser.name(j.at)), told(what.Form), number(s.count(t, nodes...)), number(expected), number(z),
			words(strings.Join(unusual, ", ")), ser.unusualTouchpoints(j.at), {Quotes: quotes}})
		at := Term{ser.unit(), ser.name(j.at)}
		if len(unusual) > 0 {
			rep.Findings = append(rep.Findings, say("%s: %d of %s where %.0f were expected; unusual words: %s.", at, t.n, what, j.expected, strings.Join(unusual[:min(3, len(unusual))], ", ")))
		} else {
			rep.Findings = append(rep.Findings, say("%s: %d of %s where %.0f were expected.", at, t.n, what, j.expected))
		}
	}
	if len(jumps) == 0 {
		rep.Findings = append(rep.Findings, say("No jumps: the counts stay near their baseline."))
	}
	return sec, nil
}

// corpus counts in how many of n mentions each word stands.
type corpus struct {
	n     int
	words map[string]int
	stem  text.Stemmer
}

// add counts the words of a mention once each, by their stems; seen spells them.
func (c *corpus) add(m *mention.Mention, spelled map[string]string) {
	c.n++
	mine := map[string]bool{}
	for _, part := range []string{m.Title, m.Text} {
		for _, w := range text.Words(part) {
			stem := c.stem.Stem(w, index.Language(m))
			if len(stem) < 3 || mine[stem] {
				continue
			}
			mine[stem] = true
			c.words[stem]++
			if spelled != nil && (spelled[stem] == "" || w < spelled[stem]) {
				spelled[stem] = w
			}
		}
	}
}

// background is a sample of all the report is about; nil where no jump asks for
// it.
func (s *scope) background(jumps []jump) (*corpus, error) {
	c := &corpus{words: map[string]int{}}
	if len(jumps) == 0 {
		return c, nil
	}
	return c, s.sample(2*explainSample, func(m *mention.Mention) { c.add(m, nil) })
}

// explain returns the most unusual words of some mentions, and the mentions
// that hold most of them.
func (s *scope) explain(nodes []query.Node, background *corpus) ([]string, []Quote, error) {
	c, spelled := &corpus{words: map[string]int{}}, map[string]string{}
	var read []*mention.Mention
	if err := s.sample(explainSample, func(m *mention.Mention) {
		c.add(m, spelled)
		if len(read) < 200 {
			read = append(read, m)
		}
	}, nodes...); err != nil {
		return nil, nil, err
	}
	type scored struct {
		stem  string
		score float64
	}
	var found []scored
	for stem, n := range c.words {
		if score := unusual(n, c.n, background.words[stem], background.n); score > 0 {
			found = append(found, scored{stem, score})
		}
	}
	slices.SortFunc(found, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.stem, b.stem)) })
	found = found[:min(len(found), maxExplanation)]
	wordsFound, wanted := []string{}, map[string]bool{}
	for _, f := range found {
		wordsFound = append(wordsFound, spelled[f.stem])
		wanted[f.stem] = true
	}
	return wordsFound, telling(read, wanted, &c.stem), nil
}

// telling quotes the mentions that hold most of the wanted stems.
func telling(ms []*mention.Mention, wanted map[string]bool, stem *text.Stemmer) []Quote {
	type held struct {
		m *mention.Mention
		n int
	}
	var all []held
	for _, m := range ms {
		mine := map[string]bool{}
		for _, w := range text.Words(m.Title + " " + m.Text) {
			if st := stem.Stem(w, index.Language(m)); wanted[st] {
				mine[st] = true
			}
		}
		if len(mine) > 0 {
			all = append(all, held{m, len(mine)})
		}
	}
	slices.SortFunc(all, func(a, b held) int { return cmp.Or(b.n-a.n, cmp.Compare(a.m.ID, b.m.ID)) })
	out := []Quote{}
	for _, h := range all[:min(2, len(all))] {
		out = append(out, quote(h.m, short(cmp.Or(h.m.Text, h.m.Title), 200)))
	}
	return out
}

// unusualTouchpoints names the touchpoints that are spoken of more than in the
// other stretches of time.
func (ser *series) unusualTouchpoints(at int) Cell {
	type scored struct {
		name  string
		score float64
	}
	var found []scored
	b := ser.buckets[at]
	for name, t := range b.touchpoints {
		others, n := 0, 0
		for i, o := range ser.buckets {
			if i == at {
				continue
			}
			n += o.all.n
			if u := o.touchpoints[name]; u != nil {
				others += u.n
			}
		}
		if score := unusual(t.n, b.all.n, others, n); score > 0 {
			found = append(found, scored{name, score})
		}
	}
	slices.SortFunc(found, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name)) })
	var names []Saying
	for _, f := range found[:min(3, len(found))] {
		names = append(names, say("%s", Term{"touchpoint", f.name}))
	}
	return told("%s", together(names))
}

// short cuts a text at a word to at most n letters.
func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}
