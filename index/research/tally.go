package research

import (
	"cmp"
	"slices"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// sourceBook numbers sources and knows the coverage of each.
type sourceBook struct {
	numbers  map[string]int
	names    []string
	coverage map[string]float64 // of those that declare how much they hold
}

// read takes the coverage of whole sources, and where a source has none the
// sum of its items.
func (b *sourceBook) read(cov []mention.Coverage) {
	b.coverage = map[string]float64{}
	for _, c := range wholeSources(cov) {
		if c.Declared != nil && *c.Declared > 0 {
			b.coverage[c.Source] = min(1, float64(c.Collected)/float64(*c.Declared))
		}
	}
}

// wholeSources returns one line a source, in their order: its own, else the
// sum of those of its items.
func wholeSources(cov []mention.Coverage) []mention.Coverage {
	whole := map[string]mention.Coverage{}
	for _, c := range cov {
		if c.Item == "" {
			whole[c.Source] = c
		}
	}
	sums := map[string]mention.Coverage{}
	for _, c := range cov {
		if _, ok := whole[c.Source]; ok || c.Declared == nil {
			continue
		}
		sum := sums[c.Source]
		declared := *c.Declared
		if sum.Declared != nil {
			declared += *sum.Declared
		}
		sum.Source, sum.Declared = c.Source, &declared
		sum.Collected += c.Collected
		sums[c.Source] = sum
	}
	var out []mention.Coverage
	for _, m := range []map[string]mention.Coverage{whole, sums} {
		for _, c := range m {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b mention.Coverage) int { return cmp.Compare(a.Source, b.Source) })
	return out
}

func (b *sourceBook) number(source string) int {
	n, ok := b.numbers[source]
	if !ok {
		n = len(b.names)
		b.numbers[source] = n
		b.names = append(b.names, source)
	}
	return n
}

// of is the coverage of mentions counted by source: the mean of that of their
// sources, each weighted with its mentions; nil where fewer than half of them
// are from sources that declare how much they hold.
func (b *sourceBook) of(counts []int) *float64 {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(b.names[x], b.names[y]) })
	known, all, sum := 0, 0, 0.0
	for _, i := range order {
		all += counts[i]
		if c, ok := b.coverage[b.names[i]]; ok {
			known += counts[i]
			sum += c * float64(counts[i])
		}
	}
	if known == 0 || 2*known < all {
		return nil
	}
	return ptr(round(sum / float64(known)))
}

// maxIDs bounds the ids that stand beside a number; its query finds them all.
const maxIDs = 5

// tally counts mentions with what a number needs of them. The zero tally is
// ready.
type tally struct {
	n       int
	sources []int
	newest  []seen
}

// seen is a mention and its date.
type seen struct {
	published int64
	id        string
}

// older orders the newest first, ties by id.
func older(a, b seen) int {
	return cmp.Or(cmp.Compare(b.published, a.published), cmp.Compare(a.id, b.id))
}

// add counts a row of walk, whose first value is the source.
func (t *tally) add(b *sourceBook, r *index.Row) {
	t.n++
	source := ""
	if len(r.Values[0]) > 0 {
		source = r.Values[0][0]
	}
	n := b.number(source)
	for len(t.sources) <= n {
		t.sources = append(t.sources, 0)
	}
	t.sources[n]++
	one := seen{r.Published, r.ID}
	if len(t.newest) == maxIDs && older(one, t.newest[maxIDs-1]) > 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(t.newest, one, older)
	if len(t.newest) == maxIDs {
		t.newest = t.newest[:maxIDs-1]
	}
	t.newest = slices.Insert(t.newest, at, one)
}

// rests is what a number rests on: t's mentions, found by nodes.
func (s *scope) rests(t *tally, unit string, nodes ...query.Node) Number {
	ids := []string{}
	for _, m := range t.newest {
		ids = append(ids, m.id)
	}
	return Number{Unit: unit, Count: t.n, N: t.n, Query: s.query(nodes...), IDs: ids, Coverage: s.sources.of(t.sources)}
}

// count is the number of t's mentions, which nodes find.
func (s *scope) count(t *tally, nodes ...query.Node) Number {
	n := s.rests(t, UnitCount, nodes...)
	n.Value = ptr(float64(t.n))
	return n
}

// share is what part of n mentions t is.
func (s *scope) share(t *tally, n int, nodes ...query.Node) Number {
	out := s.rests(t, UnitShare, nodes...)
	out.N = n
	low, high := wilson(t.n, n)
	return out.tell(n, float64(t.n)/float64(max(n, 1)), low, high)
}

// change is the difference of two shares, a of m and b of n; nodes find a.
func (s *scope) change(a *tally, m int, b *tally, n int, nodes ...query.Node) Number {
	out := s.rests(a, UnitChange, nodes...)
	out.N = min(m, n)
	if out.N == 0 {
		out.TooFew = true
		return out
	}
	low, high := newcombe(a.n, m, b.n, n)
	return out.tell(out.N, float64(a.n)/float64(m)-float64(b.n)/float64(n), low, high)
}

// average is the mean of t's mentions.
func (s *scope) average(t *tally, m mean, unit string, nodes ...query.Node) Number {
	low, high := m.interval()
	return s.rests(t, unit, nodes...).tell(m.n, m.value(), low, high)
}

// tell sets the value and its bounds where n is enough.
func (n Number) tell(of int, value, low, high float64) Number {
	if of < TooFew {
		n.TooFew = true
		return n
	}
	n.Value, n.Low, n.High = ptr(round(value)), ptr(round(low)), ptr(round(high))
	return n
}

func ptr[T any](v T) *T { return &v }

// round keeps four decimals, past which sums depend on their order.
func round(v float64) float64 {
	r := float64(int64(v*1e4+sign(v)*0.5)) / 1e4
	return r + 0 // no negative zero
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// maxMonths bounds the months of a table; a stray date makes no thousands.
const maxMonths = 60

// monthsOf lists the months from the first to the last, at most the last
// maxMonths.
func monthsOf(months map[string]*period) []string {
	var first, last string
	for m := range months {
		if first == "" || m < first {
			first = m
		}
		last = max(last, m)
	}
	if first == "" {
		return nil
	}
	var out []string
	at, _ := time.Parse("2006-01", last)
	for range maxMonths {
		month := at.Format("2006-01")
		if month < first {
			break
		}
		out = append(out, month)
		at = at.AddDate(0, -1, 0)
	}
	slices.Reverse(out)
	return out
}
