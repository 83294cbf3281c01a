package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"klank/index"
)

// Aggregate answers r; see index.Index. Every part reads the narrow rows of
// the matches once; memory grows with the distinct sets of values counted.
func (ix *Index) Aggregate(ctx context.Context, r index.AggregateRequest) (*index.AggregateResult, error) {
	r, err := r.Normal()
	if err != nil {
		return nil, err
	}
	res := &index.AggregateResult{}
	err = ix.read(ctx, "aggregate", func(tx *sql.Tx) error {
		found, _, err := where(ctx, tx, r.Query)
		if err != nil {
			return err
		}
		kept, err := found.keep(ctx, tx)
		if err != nil {
			return err
		}
		a := &aggregator{ctx: ctx, tx: tx, where: kept, values: map[int64][]string{}}
		if err := a.totals(res); err != nil {
			return err
		}
		if len(r.Facets) > 0 {
			res.Facets = make(map[string][]index.Bucket, len(r.Facets))
		}
		for _, f := range r.Facets {
			root, err := a.count(&f)
			if err != nil {
				return err
			}
			res.Facets[f.Field] = root.buckets(&f)
		}
		if r.Histogram != nil {
			res.Histogram, err = a.histogram(*r.Histogram)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// aggregator is one Aggregate within one read transaction.
type aggregator struct {
	ctx    context.Context
	tx     *sql.Tx
	where  *condition
	values map[int64][]string // the members of sets seen so far
}

func (a *aggregator) totals(res *index.AggregateResult) error {
	var rating, score sql.NullFloat64
	err := a.tx.QueryRowContext(a.ctx, `SELECT count(*), count(DISTINCT nullif(f.author, 0)), count(f.rating), avg(f.rating), count(f.score), avg(f.score)
		FROM facts f WHERE `+a.where.sql.String(), a.where.args...).
		Scan(&res.Total, &res.Authors, &res.Rated, &rating, &res.Scored, &score)
	if res.Rated > 0 {
		res.RatingMean = (rating.Float64 - 1) / 4
	}
	res.SentimentMean = score.Float64
	return err
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

// count tallies the matches by a chain of facets.
func (a *aggregator) count(f *index.Facet) (*tally, error) {
	root := &tally{}
	err := a.groups("", f, func(_ int64, n int, chain [][]string) { root.add(n, chain) })
	return root, err
}

// groups calls fn with the number of matches for every combination of an
// integer expression (none if empty) and the values of a chain of facets.
func (a *aggregator) groups(expr string, f *index.Facet, fn func(key int64, n int, chain [][]string)) error {
	cols := []string{cmp.Or(expr, "0")}
	for ; f != nil; f = f.Sub {
		cols = append(cols, "f."+f.Field)
	}
	type group struct {
		n   int
		ids []int64
	}
	var groups []group
	list := strings.Join(cols, ", ")
	by := strings.Join(cols[1:], ", ")
	if expr != "" {
		by = list
	}
	rows, err := a.tx.QueryContext(a.ctx, "SELECT count(*), "+list+" FROM facts f WHERE "+a.where.sql.String()+" GROUP BY "+by, a.where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	unknown := map[int64]bool{}
	for rows.Next() {
		g := group{ids: make([]int64, len(cols))}
		dst := []any{&g.n}
		for i := range g.ids {
			dst = append(dst, &g.ids[i])
		}
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		for _, id := range g.ids[1:] {
			if _, known := a.values[id]; !known && id != 0 {
				unknown[id] = true
			}
		}
		groups = append(groups, g)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := a.load(unknown); err != nil {
		return err
	}
	chain := make([][]string, len(cols)-1)
	for _, g := range groups {
		for i, id := range g.ids[1:] {
			chain[i] = a.values[id]
		}
		fn(g.ids[0], g.n, chain)
	}
	return nil
}

// load reads the members of sets.
func (a *aggregator) load(sets map[int64]bool) error {
	if len(sets) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(sets))
	for id := range sets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	b, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := a.tx.QueryContext(a.ctx, "SELECT m.set_id, m.value FROM json_each(?) j CROSS JOIN members m ON m.set_id = j.value", string(b))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var v string
		if err := rows.Scan(&id, &v); err != nil {
			return err
		}
		a.values[id] = append(a.values[id], v)
	}
	return rows.Err()
}

// dayOf numbers days from the year 1, so that none is negative and division
// rounds down; the days of Go's zero time to 1970.
const (
	dayMillis = 24 * 60 * 60 * 1000
	epochDay  = 719162
	dayOf     = "(f.published + 62135596800000) / 86400000"
)

func (a *aggregator) histogram(h index.Histogram) ([]index.TimeBucket, error) {
	dated := &condition{args: a.where.args}
	dated.sql.WriteString("f.published IS NOT NULL AND (" + a.where.sql.String() + ")")
	d := *a
	d.where = dated
	counts := map[time.Time]*tally{}
	err := d.groups(dayOf, h.Sub, func(day int64, n int, chain [][]string) {
		start := index.IntervalStart(time.UnixMilli((day-epochDay)*dayMillis).UTC(), h.Interval)
		if counts[start] == nil {
			counts[start] = &tally{}
		}
		counts[start].add(n, chain)
	})
	if err != nil || len(counts) == 0 {
		return nil, err
	}
	starts := slices.SortedFunc(maps.Keys(counts), time.Time.Compare)
	buckets := make([]index.TimeBucket, len(starts))
	for i, t := range starts {
		buckets[i] = index.TimeBucket{Start: t, Count: counts[t].n}
		if h.Sub != nil {
			buckets[i].Sub = counts[t].buckets(h.Sub)
		}
	}
	return index.FillGaps(buckets, h.Interval), nil
}
