package web

import (
	"math"
	"strconv"
	"time"

	"klank/index"
	"klank/mention"
)

// maxColumns bounds the months in the chart; the table has them all.
const maxColumns = 36

// chart is a stacked bar chart, laid out in percent of its width and height so
// that it fits every screen without scaling its letters.
type chart struct {
	Columns []column
	Ticks   []tick
	Sums    [3]int // negative, neutral, positive over the columns
	// Earlier counts the mentions before the first column.
	Earlier  int
	Months   []month // newest first, all of them
	From, To time.Time
}

type column struct {
	X, Width string // percent
	Middle   string
	Name     string
	// Caption is under the column: empty for most when there are many.
	Caption string
	Minor   bool // a caption that small screens leave out
	Total   int
	Query   string
	Bars    []bar
}

type bar struct {
	Y, Height string // percent
	Label     string
	Count     int
	Query     string
}

type tick struct {
	Y    string
	Text string
}

// month is a row of the table beside the chart.
type month struct {
	Start                       time.Time
	Negative, Neutral, Positive int
	Total                       int
	Query                       string
}

// sentimentOrder is the order of the stack, from the bottom up.
var sentimentOrder = []string{mention.Negative, mention.Neutral, mention.Positive}

// newChart lays out monthly counts. base is the query that they answer.
func newChart(l *locale, base string, buckets []index.TimeBucket) *chart {
	if len(buckets) == 0 {
		return nil
	}
	c := &chart{}
	shown := buckets
	if len(buckets) > maxColumns {
		shown = buckets[len(buckets)-maxColumns:]
		for _, b := range buckets[:len(buckets)-maxColumns] {
			c.Earlier += b.Count
		}
	}
	c.From, c.To = shown[0].Start, shown[len(shown)-1].Start
	top := 0
	for _, b := range shown {
		top = max(top, b.Count)
	}
	step := tickStep(top)
	ceiling := float64(step * ((top + step - 1) / step))
	ceiling = max(ceiling, float64(step))
	for v := 0; v <= int(ceiling); v += step {
		c.Ticks = append(c.Ticks, tick{Y: pct(100 - 100*float64(v)/ceiling), Text: l.number(v)})
	}
	slot := 100 / float64(max(len(shown), 6))
	left := (100 - slot*float64(len(shown))) / 2
	every := (len(shown) + 11) / 12 // months from one caption to the next
	first := true
	for i, b := range shown {
		col := column{X: pct(left + slot*(float64(i)+.14)), Width: pct(slot * .72), Middle: pct(left + slot*(float64(i)+.5)),
			Name: l.month(b.Start), Total: b.Count, Query: join(base, monthTerm(b.Start))}
		if number := int(b.Start.UTC().Month()) - 1; number%every == 0 || len(shown) < 3 {
			col.Caption = caption(l, b.Start, first)
			col.Minor = number/every%3 != 0
			first = false
		}
		y := 100.0
		for k, name := range sentimentOrder {
			n := countOf(b.Sub, name)
			if n == 0 {
				continue
			}
			h := 100 * float64(n) / ceiling
			y -= h
			c.Sums[k] += n
			col.Bars = append(col.Bars, bar{Y: pct(y), Height: pct(h), Label: name, Count: n,
				Query: join(base, monthTerm(b.Start), term("sentiment", name))})
		}
		c.Columns = append(c.Columns, col)
	}
	for i := len(buckets) - 1; i >= 0; i-- {
		b := buckets[i]
		c.Months = append(c.Months, month{Start: b.Start, Total: b.Count, Query: join(base, monthTerm(b.Start)),
			Negative: countOf(b.Sub, mention.Negative), Neutral: countOf(b.Sub, mention.Neutral),
			Positive: countOf(b.Sub, mention.Positive)})
	}
	return c
}

// caption names a month shortly; the year stands at January and at the start.
func caption(l *locale, t time.Time, first bool) string {
	name := l.months[t.UTC().Month()-1]
	if first || t.UTC().Month() == time.January {
		return name + " ’" + t.UTC().Format("06")
	}
	return name
}

// tickStep is the distance of grid lines for values up to top: 1, 2 or 5
// times a power of ten, with about four lines.
func tickStep(top int) int {
	if top <= 4 {
		return 1
	}
	rough := float64(top) / 4
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= rough {
			return max(1, int(m*power))
		}
	}
	return int(10 * power)
}

func pct(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" }

func countOf(buckets []index.Bucket, value string) int {
	for _, b := range buckets {
		if b.Value == value {
			return b.Count
		}
	}
	return 0
}

// share is one part of a whole, laid out on a line of 100 %.
type share struct {
	Label    string
	Count    int
	X, Width string
	Query    string
}

// sentimentShares lays out the three sentiments of a facet side by side.
func sentimentShares(base string, buckets []index.Bucket) (shares []share, total int) {
	for _, name := range sentimentOrder {
		total += countOf(buckets, name)
	}
	x := 0.0
	for _, name := range sentimentOrder {
		n := countOf(buckets, name)
		w := 0.0
		if total > 0 {
			w = 100 * float64(n) / float64(total)
		}
		shares = append(shares, share{Label: name, Count: n, X: pct(x), Width: pct(w), Query: join(base, term("sentiment", name))})
		x += w
	}
	return shares, total
}

// ranked is a row of a list of values by count, with a bar of its share.
type ranked struct {
	Value string
	Count int
	Width string // of the longest
	Query string
	// Shares split the row by sentiment where the facet was asked to.
	Shares []share
}

func rank(base, field string, buckets []index.Bucket) []ranked {
	var out []ranked
	longest := 1
	for _, b := range buckets {
		longest = max(longest, b.Count)
	}
	for _, b := range buckets {
		r := ranked{Value: b.Value, Count: b.Count, Width: pct(100 * float64(b.Count) / float64(longest)),
			Query: join(base, term(field, b.Value))}
		if len(b.Sub) > 0 {
			x := 0.0
			for _, name := range sentimentOrder {
				w := 100 * float64(countOf(b.Sub, name)) / float64(longest)
				r.Shares = append(r.Shares, share{Label: name, Count: countOf(b.Sub, name), X: pct(x), Width: pct(w),
					Query: join(base, term(field, b.Value), term("sentiment", name))})
				x += w
			}
		}
		out = append(out, r)
	}
	return out
}
