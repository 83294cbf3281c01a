package layout

import (
	"math"

	"klank/index/research"
)

// Figure is a number in words, with what it rests on.
type Figure struct {
	*research.Number
	// Words is all of it in one line: value, interval, and what it is out of.
	Words string
	// Value is the number alone, or why there is none; Interval is "" without one.
	Value, Interval string
	// Of is what it is out of, "" for a plain count.
	Of string
	// Covered is how much was collected of what it rests on; Rests adds how many
	// mentions stand behind it.
	Covered, Rests string
}

func newFigure(l Language, n *research.Number) *Figure {
	f := &Figure{Number: n, Covered: coverage(l, n.Coverage)}
	f.Rests = say(l, "%d mentions, n %d, %s", n.Count, n.N, f.Covered)
	bounded := n.Low != nil && n.High != nil
	switch {
	case n.TooFew && n.Unit == research.UnitShare:
		f.Words, f.Value, f.Of = say(l, "too few (%d of %d)", n.Count, n.N), say(l, "too few"), say(l, "%d of %d", n.Count, n.N)
	case n.TooFew:
		f.Words, f.Value, f.Of = say(l, "too few (n %d)", n.N), say(l, "too few"), say(l, "n %d", n.N)
	case n.Value == nil:
		f.Words = say(l, "not available")
		f.Value = f.Words
	case !bounded:
		f.Words = value(l, n.Unit, *n.Value)
		f.Value = f.Words
	default:
		low, high := bare(l, n.Unit, *n.Low), bare(l, n.Unit, *n.High)
		f.Value, f.Interval, f.Of = value(l, n.Unit, *n.Value), say(l, "%s to %s", low, high), say(l, "n %d", n.N)
		f.Words = say(l, "%s (%s to %s, n %d)", f.Value, low, high, n.N)
	}
	return f
}

// value spells a value with its unit.
func value(l Language, unit string, v float64) string {
	switch unit {
	case research.UnitShare:
		return say(l, "%.0f %%", 100*v)
	case research.UnitChange:
		return say(l, "%+.0f points", noMinus(100*v, 0))
	case research.UnitDays:
		return say(l, "%.0f days", v)
	}
	return bare(l, unit, v)
}

// bare spells a value without its unit.
func bare(l Language, unit string, v float64) string {
	switch unit {
	case research.UnitShare:
		return say(l, "%.0f", 100*v)
	case research.UnitChange:
		return say(l, "%+.0f", noMinus(100*v, 0))
	case research.UnitStars:
		return say(l, "%.2f", v)
	case research.UnitStarDiff:
		return say(l, "%+.2f", noMinus(v, 2))
	}
	switch r := math.Round(v * 100); {
	case math.Mod(r, 100) == 0:
		return say(l, "%.0f", v)
	case math.Mod(r, 10) == 0:
		return say(l, "%.1f", v)
	}
	return say(l, "%.2f", v)
}

// noMinus keeps what rounds to zero from being shown as -0.
func noMinus(v float64, decimals int) float64 {
	f := math.Pow10(decimals)
	if r := math.Round(v*f) / f; r != 0 {
		return r
	}
	return 0
}
