package index

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"klank/index/query"
	"klank/mention"
)

// Row is what is counted of a mention and never quoted: small enough that a
// report walks hundreds of thousands of them.
type Row struct {
	ID string
	// Published is in Unix milliseconds; 0 where the mention has no date.
	Published int64
	// Rating is in stars (1..5) and Score in -1..1, where Rated and Scored.
	Rating, Score float64
	Rated, Scored bool
	// Rank is the place on the first page of the source's own list, from 1; 0
	// on later pages and where it is not known.
	Rank int
	// Values are those of the fields asked for, in that order, each sorted. They
	// are shared with other rows: read only.
	Values [][]string
	Brief
}

// Brief is the part of a Row that no query asks for.
type Brief struct {
	// Author tells authors apart: a hash of Author, 0 without one.
	Author uint64
	// Reach counts what others did with the mention: likes, replies, shares and
	// helpful votes, and a hundredth of the views.
	Reach    int
	Revision int
	// Touchpoints are the touchpoints of its sentences in the order of the journey,
	// each with the scores of its sentences.
	Touchpoints []TouchpointScore
}

// TouchpointScore is the attitude to one touchpoint: the lowest and the highest
// score of the sentences that speak of it, -1..1, to two decimals.
type TouchpointScore struct {
	Name      string
	Low, High float64
}

// RowScanner is the optional ability to walk the rows of all matches, in any
// order and in constant memory. fields are keyword fields that have facets. The
// row is fn's until it returns; fn's error ends the walk and is returned.
type RowScanner interface {
	ScanRows(ctx context.Context, q query.Node, fields []string, fn func(*Row) error) error
}

// ScanRows walks the rows of all matches with what ix is able to do: its own
// rows, else its documents.
func ScanRows(ctx context.Context, ix Index, q query.Node, fields []string, fn func(*Row) error) error {
	for _, f := range fields {
		if err := RowField(f); err != nil {
			return err
		}
	}
	switch ix := ix.(type) {
	case RowScanner:
		return ix.ScanRows(ctx, q, fields, fn)
	case Scanner:
		return ix.Scan(ctx, q, func(m *mention.Mention) error { return fn(RowOf(m, fields)) })
	}
	return errors.New("index: this index cannot be walked")
}

// Sampler is the optional ability to walk the first n matches in id order
// quicker than a Scanner that is stopped.
type Sampler interface {
	Sample(ctx context.Context, q query.Node, n int, fn func(*mention.Mention) error) error
}

// errEnough ends the walk of a sample.
var errEnough = errors.New("enough")

// Sample walks the first n matches in id order: a draw by chance, as ids are
// hashes, and always the same.
func Sample(ctx context.Context, ix Scanner, q query.Node, n int, fn func(*mention.Mention) error) error {
	if s, ok := ix.(Sampler); ok {
		return s.Sample(ctx, q, n, fn)
	}
	err := ix.Scan(ctx, q, func(m *mention.Mention) error {
		if err := fn(m); err != nil {
			return err
		}
		if n--; n <= 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// RowField returns an error that wraps ErrRequest for what ScanRows cannot
// read.
func RowField(name string) error {
	if f, ok := query.Lookup(name); ok && f.Type == query.Keyword && f.Facet || name == "has" {
		return nil
	}
	return fmt.Errorf("%w: no field %q in rows", ErrRequest, name)
}

// RowOf returns the row of a mention: what every RowScanner gives for it.
func RowOf(m *mention.Mention, fields []string) *Row {
	r := &Row{ID: m.ID, Brief: BriefOf(m)}
	if !m.Published.IsZero() {
		r.Published = m.Published.UnixMilli()
	}
	r.Rating, r.Rated = Number(m, "rating")
	r.Score, r.Scored = Number(m, "score")
	rank, _ := Number(m, "rank")
	r.Rank = int(rank)
	for _, f := range fields {
		r.Values = append(r.Values, slices.Sorted(slices.Values(Keywords(m, f))))
	}
	return r
}

// BriefOf returns the brief of a mention.
func BriefOf(m *mention.Mention) Brief {
	b := Brief{Revision: m.Revision}
	if a := Author(m); a != "" {
		h := fnv.New64a()
		h.Write([]byte(a))
		b.Author = max(h.Sum64(), 1)
	}
	if e := m.Engagement; e != nil {
		b.Reach = max(0, e.Likes+e.Replies+e.Shares+e.Helpful+e.Views/100)
	}
	if m.Analysis == nil {
		return b
	}
	for i := range m.Analysis.Sentences {
		s := &m.Analysis.Sentences[i]
		for _, t := range s.Touchpoints {
			b.Touchpoints = widen(b.Touchpoints, t, s.Score)
		}
	}
	b.Touchpoints = slices.DeleteFunc(b.Touchpoints, func(t TouchpointScore) bool { return journeyPlace(t.Name) < 0 })
	slices.SortFunc(b.Touchpoints, func(s, t TouchpointScore) int { return journeyPlace(s.Name) - journeyPlace(t.Name) })
	for i := range b.Touchpoints {
		t := &b.Touchpoints[i]
		t.Low, t.High = hundredths(t.Low), hundredths(t.High)
	}
	return b
}

// widen adds the score of a sentence on a touchpoint.
func widen(ts []TouchpointScore, name string, score float64) []TouchpointScore {
	for i := range ts {
		if t := &ts[i]; t.Name == name {
			t.Low, t.High = min(t.Low, score), max(t.High, score)
			return ts
		}
	}
	return append(ts, TouchpointScore{name, score, score})
}

// journeyPlace is where a touchpoint stands in the order of the journey; -1 for
// a name that is none.
func journeyPlace(touchpoint string) int { return slices.Index(mention.Journey, touchpoint) }

func hundredths(score float64) float64 { return math.Round(100*max(-1, min(1, score))) / 100 }
