package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"klank/index"
)

// Aggregate answers r; see index.Index. It reads the narrow rows of the
// matches once; memory grows with the distinct combinations of sets of values
// counted, and a bit for each author.
func (ix *Index) Aggregate(ctx context.Context, r index.AggregateRequest) (*index.AggregateResult, error) {
	r, err := r.Normal()
	if err != nil {
		return nil, err
	}
	res := &index.AggregateResult{}
	err = ix.walk(ctx, "aggregate", func(w *walker) error {
		found, _, err := where(ctx, w.tx, r.Query)
		if err != nil {
			return err
		}
		c := newCounter(r)
		err = w.rows(ctx, "SELECT "+strings.Join(c.columns, ", ")+" FROM facts f WHERE "+found.sql.String(), found.args, func(row []driver.Value) error {
			c.add(row)
			return nil
		})
		if err != nil {
			return err
		}
		values, err := c.values(ctx, w.tx)
		if err != nil {
			return err
		}
		c.answer(r, values, res)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// The first columns of a counter.
const (
	ofAuthor = iota
	ofRating
	ofScore
	ofPublished
)

// counter counts rows in one pass.
type counter struct {
	columns              []string
	total, rated, scored int
	rating, score        float64
	authors              numbers // of their sets
	facets               []combinations
	histogram            *combinations
}

// combinations counts the rows with each combination of some columns: a facet
// and its sub, or a day and the facet below it.
type combinations struct {
	dated  bool // the day of publication comes first
	places []int
	counts map[[3]int64]int
}

func newCounter(r index.AggregateRequest) *counter {
	c := &counter{columns: []string{"f.author", "f.rating", "f.score", "f.published"}}
	for _, f := range r.Facets {
		c.facets = append(c.facets, c.combine(&f))
	}
	if r.Histogram != nil {
		h := c.combine(r.Histogram.Sub)
		h.dated = true
		c.histogram = &h
	}
	return c
}

// combine adds the columns of a facet and its sub, two at most.
func (c *counter) combine(f *index.Facet) combinations {
	out := combinations{counts: map[[3]int64]int{}}
	for ; f != nil; f = f.Sub {
		name := "f." + f.Field
		at := slices.Index(c.columns, name)
		if at < 0 {
			at = len(c.columns)
			c.columns = append(c.columns, name)
		}
		out.places = append(out.places, at)
	}
	return out
}

func (c *counter) add(row []driver.Value) {
	c.total++
	if author := integer(row[ofAuthor]); author != 0 {
		c.authors.add(author)
	}
	if v, ok := decimal(row[ofRating]); ok {
		c.rated++
		c.rating += v
	}
	if v, ok := decimal(row[ofScore]); ok {
		c.scored++
		c.score += v
	}
	for i := range c.facets {
		c.facets[i].add(row)
	}
	if c.histogram != nil && row[ofPublished] != nil {
		c.histogram.add(row)
	}
}

func (c *combinations) add(row []driver.Value) {
	var key [3]int64
	if c.dated {
		key[2] = floorDay(integer(row[ofPublished]))
	}
	for i, at := range c.places {
		key[i] = integer(row[at])
	}
	c.counts[key]++
}

const dayMillis = 24 * 60 * 60 * 1000

// floorDay is the day since 1970, in which a time falls (Unix milliseconds).
func floorDay(ms int64) int64 {
	d := ms / dayMillis
	if ms%dayMillis < 0 {
		d--
	}
	return d
}

// values reads the members of all sets that were counted.
func (c *counter) values(ctx context.Context, tx *sql.Tx) (map[int64][]string, error) {
	sets := map[int64][]string{}
	parts := slices.Clip(c.facets)
	if c.histogram != nil {
		parts = append(parts, *c.histogram)
	}
	for _, part := range parts {
		for key := range part.counts {
			for i := range part.places {
				if key[i] != 0 {
					sets[key[i]] = nil
				}
			}
		}
	}
	return sets, loadMembers(ctx, tx, sets)
}

func (c *counter) answer(r index.AggregateRequest, values map[int64][]string, res *index.AggregateResult) {
	res.Total, res.Authors, res.Rated, res.Scored = c.total, c.authors.count(), c.rated, c.scored
	if c.rated > 0 {
		res.RatingMean = (c.rating/float64(c.rated) - 1) / 4
	}
	if c.scored > 0 {
		res.SentimentMean = c.score / float64(c.scored)
	}
	if len(r.Facets) > 0 {
		res.Facets = make(map[string][]index.Bucket, len(r.Facets))
	}
	for i, f := range r.Facets {
		root := &tally{}
		c.facets[i].each(values, func(_ int64, n int, chain [][]string) { root.add(n, chain) })
		res.Facets[f.Field] = root.buckets(&f)
	}
	if c.histogram != nil {
		res.Histogram = c.histogram.buckets(*r.Histogram, values)
	}
}

// each calls fn with the day, the number of rows and the values of each
// combination.
func (c *combinations) each(values map[int64][]string, fn func(day int64, n int, chain [][]string)) {
	chain := make([][]string, len(c.places))
	for key, n := range c.counts {
		for i := range c.places {
			chain[i] = values[key[i]]
		}
		fn(key[2], n, chain)
	}
}

// numbers is a set of numbers of sets: a bit for each that is as small as they
// are before a file is damaged.
type numbers struct {
	bits []uint64
	rest map[int64]bool
}

// maxBit bounds the bits, to 16 MB.
const maxBit = 1 << 27

func (s *numbers) add(n int64) {
	if n < 0 || n >= maxBit {
		if s.rest == nil {
			s.rest = map[int64]bool{}
		}
		s.rest[n] = true
		return
	}
	for int64(len(s.bits)) <= n/64 {
		s.bits = append(s.bits, make([]uint64, len(s.bits)+64)...)
	}
	s.bits[n/64] |= 1 << (n % 64)
}

func (s *numbers) count() int {
	n := len(s.rest)
	for _, w := range s.bits {
		n += bits.OnesCount64(w)
	}
	return n
}

// tally counts mentions, and those with each value of a field.
type tally struct {
	n      int
	values map[string]*tally
}

func (t *tally) sub(value string) *tally {
	if t.values == nil {
		t.values = map[string]*tally{}
	}
	s := t.values[value]
	if s == nil {
		s = &tally{}
		t.values[value] = s
	}
	return s
}

// add counts n mentions with the sets of values of a chain of facets.
func (t *tally) add(n int, chain [][]string) {
	t.n += n
	if len(chain) == 0 {
		return
	}
	for _, v := range chain[0] {
		t.sub(v).add(n, chain[1:])
	}
}

// buckets returns the most frequent values for f, and below them for f.Sub.
func (t *tally) buckets(f *index.Facet) []index.Bucket {
	out := make([]index.Bucket, 0, len(t.values))
	for v, s := range t.values {
		out = append(out, index.Bucket{Value: v, Count: s.n})
	}
	slices.SortFunc(out, func(a, b index.Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	if len(out) > f.Size {
		out = slices.Clone(out[:f.Size])
	}
	if f.Sub != nil {
		for i := range out {
			out[i].Sub = t.values[out[i].Value].buckets(f.Sub)
		}
	}
	return out
}

// loadMembers fills in the members of sets.
func loadMembers(ctx context.Context, tx *sql.Tx, sets map[int64][]string) error {
	if len(sets) == 0 {
		return nil
	}
	b, err := json.Marshal(slices.Sorted(maps.Keys(sets)))
	if err != nil {
		return err
	}
	return eachRow(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		var v string
		err := rows.Scan(&id, &v)
		sets[id] = append(sets[id], v)
		return err
	}, "SELECT m.set_id, m.value FROM json_each(?) j CROSS JOIN members m ON m.set_id = j.value", string(b))
}

// buckets makes a histogram of the days.
func (c *combinations) buckets(h index.Histogram, values map[int64][]string) []index.TimeBucket {
	counts := map[time.Time]*tally{}
	c.each(values, func(day int64, n int, chain [][]string) {
		start := index.IntervalStart(time.UnixMilli(day*dayMillis).UTC(), h.Interval)
		if counts[start] == nil {
			counts[start] = &tally{}
		}
		counts[start].add(n, chain)
	})
	if len(counts) == 0 {
		return nil
	}
	starts := slices.SortedFunc(maps.Keys(counts), time.Time.Compare)
	buckets := make([]index.TimeBucket, len(starts))
	for i, t := range starts {
		buckets[i] = index.TimeBucket{Start: t, Count: counts[t].n}
		if h.Sub != nil {
			buckets[i].Sub = counts[t].buckets(h.Sub)
		}
	}
	return index.FillGaps(buckets, h.Interval)
}
