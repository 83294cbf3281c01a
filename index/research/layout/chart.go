package layout

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"klank/index/research"
)

// Chart is what a section's chart shows; whoever draws it decides how. The
// numbers stand in the table beside it.
type Chart struct {
	Kind string `json:"kind"` // bars (a row each) or lines (along the rows)
	// Title names the section.
	Title  string   `json:"title"`
	Unit   string   `json:"unit"` // of research
	Labels []string `json:"labels"`
	Series []Series `json:"series"`
	// Left says, where many bars are left out as there is too little to draw,
	// how many; else it is "".
	Left string `json:"-"`
}

// Series is one column of numbers. Name is for programs.
type Series struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Points []Point `json:"points"`
}

// Point is a number of a series: Value is nil where there is nothing to draw,
// and Why says why.
type Point struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
	// Short is the value in words, Words all that is known of it.
	Short string `json:"short"`
	Words string `json:"words"`
	Query string `json:"query,omitempty"`
}

// The bounds of a chart of bars; the table has all rows. Above sparseBars rows
// those without any value are left out, instead of saying so in their place.
const (
	maxBars    = 40
	sparseBars = 10
)

// newChart is the chart of a section, nil where it has none or nothing to show.
func newChart(l Language, sec *research.Section, laid *Section) *Chart {
	if sec.Chart == nil {
		return nil
	}
	c, rows := &Chart{Kind: sec.Chart.Kind, Title: laid.Title}, laid.Rows
	if c.Kind == research.Bars && len(rows) > sparseBars {
		rows = drawable(rows, sec)
		if n := len(laid.Rows) - len(rows); n > 0 {
			c.Left = say(l, "Not drawn, as there is too little: %d rows of the table.", n)
		}
	}
	if c.Kind == research.Bars {
		rows = rows[:min(len(rows), maxBars)]
	}
	c.Labels = chartLabels(rows)
	drawn := false
	for _, name := range sec.Chart.Columns {
		for k, col := range laid.Columns {
			if col.Name != name {
				continue
			}
			s := Series{Name: name, Title: col.Title, Points: make([]Point, len(rows))}
			for i, row := range rows {
				s.Points[i] = Point{Short: "–", Words: row[k].Text}
				f := row[k].Figure
				if f == nil {
					continue
				}
				c.Unit = f.Unit
				s.Points[i] = Point{Value: f.Number.Value, Low: f.Low, High: f.High, Short: f.Value, Words: f.Words, Query: f.Query}
				drawn = drawn || f.Number.Value != nil && *f.Number.Value != 0
			}
			c.Series = append(c.Series, s)
		}
	}
	if !drawn {
		return nil
	}
	return c
}

// drawable are the rows with a value in a column of the chart.
func drawable(rows [][]Cell, sec *research.Section) [][]Cell {
	return slices.DeleteFunc(slices.Clone(rows), func(row []Cell) bool {
		for k, c := range sec.Columns {
			if f := row[k].Figure; slices.Contains(sec.Chart.Columns, c.Name) && f != nil && f.Number.Value != nil {
				return false
			}
		}
		return true
	})
}

// chartLabels name rows: by their labels, or by the first two texts where two
// rows have the same label.
func chartLabels(rows [][]Cell) []string {
	var labels []string
	seen, twice := map[string]bool{}, false
	for _, row := range rows {
		label := Label(row)
		labels = append(labels, label)
		twice = twice || seen[label]
		seen[label] = true
	}
	if !twice {
		return labels
	}
	for i, row := range rows {
		if len(row) > 1 && row[1].Figure == nil && row[1].Quotes == nil && row[1].Text != "" {
			labels[i] = row[1].Text + " · " + labels[i]
		}
	}
	return labels
}

// drawing is a chart laid out in the units of its view box.
type drawing struct {
	Width, Height int
	Title         string
	Labels        []svgLabel
	Bars          []svgBar
	Lines         []svgLine
	Rules         []svgRule
	// Legend names the series where there are several.
	Legend []svgSeries
}

type svgSeries struct {
	Name   string
	Series int
}

type svgLabel struct {
	X, Y   float64
	Anchor string // start, middle or end
	Text   string
}

// svgBar is a bar with the whisker of its interval, where it has one.
type svgBar struct {
	X, Y, W, H     float64
	Low, High, Mid float64
	Interval       bool
	Series         int
	Hint           string
}

type svgLine struct {
	Points string
	Series int
	Dots   []svgDot
	Name   string
}

type svgDot struct {
	X, Y float64
	Hint string
}

// svgRule is a line of the grid.
type svgRule struct{ X1, Y1, X2, Y2 float64 }

const (
	chartWidth = 720
	chartLeft  = 190 // room for the labels of bars
	chartRight = 70  // and for their values
	barHeight  = 16
	lineHeight = 200
)

// draw lays the chart out for a page that stands alone.
func (c *Chart) draw(l Language) *drawing {
	if c == nil {
		return nil
	}
	d := &drawing{Width: chartWidth, Title: c.Title}
	top := 0.0
	for k, s := range c.Series {
		if len(c.Series) > 1 {
			d.Legend = append(d.Legend, svgSeries{s.Title, k % 3})
		}
		for _, p := range s.Points {
			if p.Value == nil {
				continue
			}
			top = max(top, math.Abs(*p.Value))
			if p.High != nil && c.Kind == research.Bars {
				top = max(top, math.Abs(*p.High), math.Abs(*p.Low))
			}
		}
	}
	if c.Kind == research.Lines {
		d.lines(l, c, top)
	} else {
		d.bars(c, top)
	}
	return d
}

// bars draws a bar for every number, from the left.
func (d *drawing) bars(c *Chart, top float64) {
	scale := (chartWidth - chartLeft - chartRight) / top
	y := 6.0
	for i, label := range c.Labels {
		d.Labels = append(d.Labels, svgLabel{chartLeft - 8, y + 12, "end", Shorten(label, 26)})
		for k, s := range c.Series {
			p := s.Points[i]
			if p.Value == nil {
				d.Labels = append(d.Labels, svgLabel{chartLeft + 2, y + 12, "start", p.Short})
				y += barHeight
				continue
			}
			b := svgBar{X: chartLeft, Y: y + 2, W: math.Abs(*p.Value) * scale, H: barHeight - 4, Series: k % 3, Mid: y + barHeight/2, Hint: label + ", " + s.Title + ": " + p.Words}
			end := b.X + b.W
			if p.Low != nil && p.High != nil && *p.Low >= 0 {
				b.Interval, b.Low, b.High = true, chartLeft+*p.Low*scale, chartLeft+*p.High*scale
				end = b.High
			}
			d.Bars = append(d.Bars, b)
			d.Labels = append(d.Labels, svgLabel{end + 6, y + 12, "start", p.Short})
			y += barHeight
		}
		y += 4
	}
	d.Height = int(y) + 6
}

// lines draws a line for every series, along the rows; rows without a value
// break it.
func (d *drawing) lines(l Language, c *Chart, top float64) {
	const left, right, base = 60.0, chartWidth - 20.0, lineHeight - 30.0
	d.Height = lineHeight
	step := 0.0
	if len(c.Labels) > 1 {
		step = (right - left) / float64(len(c.Labels)-1)
	}
	for k, s := range c.Series {
		line := svgLine{Series: k % 3, Name: s.Title}
		var points []string
		for i, p := range s.Points {
			if p.Value == nil {
				continue
			}
			x, y := left+float64(i)*step, base-(base-10)**p.Value/top
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
			line.Dots = append(line.Dots, svgDot{x, y, c.Labels[i] + ": " + p.Words})
		}
		line.Points = strings.Join(points, " ")
		d.Lines = append(d.Lines, line)
	}
	for _, part := range []float64{0, 0.5, 1} {
		y := base - (base-10)*part
		d.Rules = append(d.Rules, svgRule{left, y, right, y})
		d.Labels = append(d.Labels, svgLabel{left - 6, y + 4, "end", value(l, c.Unit, top*part)})
	}
	every := max(1, (len(c.Labels)+7)/8)
	for i := 0; i < len(c.Labels); i += every {
		d.Labels = append(d.Labels, svgLabel{left + float64(i)*step, base + 18, "middle", c.Labels[i]})
	}
}

// Shorten cuts s to at most n characters at a word, marked with an ellipsis.
func Shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > n/2 {
		cut = cut[:i]
	}
	return cut + "…"
}
