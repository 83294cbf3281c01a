package research

import (
	"context"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// Surge is a day or week with more mentions than its seasonal baseline, found
// as the report trend finds its jumps.
type Surge struct {
	Start time.Time // UTC
	// Mentions is how many there were, Number.Value of Expected the baseline.
	Mentions, Expected Number
	Z                  float64
}

// Surges looks whether the stretch of time that holds now, or the one before it,
// has more of the mentions of q than it should. interval is day or week.
func Surges(ctx context.Context, cfg Config, q query.Node, interval string, now time.Time) ([]Surge, error) {
	s, err := newScope(ctx, cfg, Request{Query: q, Now: now})
	if err != nil {
		return nil, err
	}
	last := day(now)
	first := last
	for range maxBuckets { // no further back than a report looks
		first = floor(floor(first, interval).AddDate(0, 0, -1), interval)
	}
	at := map[int64]*bucketTally{}
	oldest := last
	if err := s.walk(nil, func(r *index.Row) {
		start := floor(time.UnixMilli(r.Published), interval)
		b := at[start.Unix()]
		if b == nil {
			b = &bucketTally{touchpoints: group{}}
			at[start.Unix()] = b
		}
		b.add(&s.sources, r, false, false)
		if start.Before(oldest) {
			oldest = start
		}
	}, published(first, now)); err != nil {
		return nil, err
	}
	ser := newSeriesOf(interval, oldest, last)
	for i, start := range ser.starts {
		if b := at[start.Unix()]; b != nil {
			ser.buckets[i] = b
		}
	}
	var out []Surge
	for _, j := range ser.jumps() {
		if j.negative || j.z < 0 || j.at < len(ser.starts)-2 {
			continue
		}
		t, during := &ser.buckets[j.at].all, ser.during(j.at)
		expected := s.rests(t, UnitCount, during)
		expected.Value = ptr(j.expected)
		out = append(out, Surge{ser.starts[j.at], s.count(t, during), expected, j.z})
	}
	return out, nil
}

// Change compares the mentions of a stretch of time with those of the stretch
// before it, as the report overview does.
type Change struct {
	Mentions, MentionsBefore Number
	// Negative is the share of negative mentions, Stars the mean rating; the
	// changes tell too few under TooFew in either stretch.
	Negative, NegativeBefore, NegativeChange Number
	Stars, StarsBefore, StarsChange          Number
}

// CompareTimes compares the mentions of q published in the time of the given
// length that ends now with those of as long before.
func CompareTimes(ctx context.Context, cfg Config, q query.Node, length time.Duration, now time.Time) (*Change, error) {
	s, err := newScope(ctx, cfg, Request{Query: q, Now: now})
	if err != nil {
		return nil, err
	}
	middle, begin := now.Add(-length), now.Add(-2*length)
	var late, early period
	if err := s.walk([]string{"sentiment"}, func(r *index.Row) {
		p := &late
		if r.Published < middle.UnixMilli() {
			p = &early
		}
		p.add(&s.sources, r, first(r.Values[1]) == mention.Negative, false)
	}, published(begin, now)); err != nil {
		return nil, err
	}
	lately, before := published(middle, now), published(begin, middle)
	negative, rated := term("sentiment", mention.Negative), term("has", "rating")
	return &Change{
		Mentions: s.count(&late.all, lately), MentionsBefore: s.count(&early.all, before),
		Negative:       s.share(&late.negative, late.all.n, lately, negative),
		NegativeBefore: s.share(&early.negative, early.all.n, before, negative),
		NegativeChange: s.change(&late.negative, late.all.n, &early.negative, early.all.n, lately, negative),
		Stars:          s.average(&late.rated, late.grades, UnitStars, lately, rated),
		StarsBefore:    s.average(&early.rated, early.grades, UnitStars, before, rated),
		StarsChange:    s.starChange(&late, &early, lately, rated),
	}, nil
}

// Standing narrows a query to what reports count: no copies of other mentions,
// and nothing that has vanished from its site.
func Standing(q query.Node) query.Node { return and(append(standing(), q)...) }
