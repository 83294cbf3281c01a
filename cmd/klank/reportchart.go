package main

import (
	"fmt"
	"math"
	"strings"

	"klank/index/research"
)

// svgChart is a chart laid out in the units of its view box. The numbers stand
// in the table beside it.
type svgChart struct {
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
	X, Y, W, H         float64
	Low, High, Mid     float64
	Interval           bool
	Series             int
	Label, Value, Hint string
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
	maxBars    = 40
)

// newSVGChart draws a section's chart, nil where it has none or nothing to show.
func newSVGChart(sec *research.Section) *svgChart {
	if sec.Chart == nil || len(sec.Rows) == 0 {
		return nil
	}
	var cols []int
	for _, name := range sec.Chart.Columns {
		for i, c := range sec.Columns {
			if c.Name == name {
				cols = append(cols, i)
			}
		}
	}
	c := &svgChart{Width: chartWidth, Title: sec.Title}
	top := 0.0
	for _, row := range sec.Rows {
		for _, k := range cols {
			if n := row[k].Number; n != nil && n.Value != nil {
				top = max(top, math.Abs(*n.Value))
				if n.High != nil && sec.Chart.Kind == research.Bars {
					top = max(top, math.Abs(*n.High), math.Abs(*n.Low))
				}
			}
		}
	}
	if top == 0 {
		return nil
	}
	for series, k := range cols {
		if len(cols) > 1 {
			c.Legend = append(c.Legend, svgSeries{sec.Columns[k].Title, series % 3})
		}
	}
	if sec.Chart.Kind == research.Lines {
		c.lines(sec, cols, top)
	} else {
		c.bars(sec, cols, top)
	}
	return c
}

// bars draws a bar for every number, from the left.
func (c *svgChart) bars(sec *research.Section, cols []int, top float64) {
	scale := (chartWidth - chartLeft - chartRight) / top
	y := 6.0
	for i, row := range sec.Rows {
		if i == maxBars {
			break
		}
		c.Labels = append(c.Labels, svgLabel{chartLeft - 8, y + 12, "end", shorten(label(row), 26)})
		for series, k := range cols {
			n := row[k].Number
			if n == nil || n.Value == nil {
				words := "too few"
				if n == nil || !n.TooFew {
					words = "–"
				}
				c.Labels = append(c.Labels, svgLabel{chartLeft + 2, y + 12, "start", words})
				y += barHeight
				continue
			}
			b := svgBar{X: chartLeft, Y: y + 2, W: math.Abs(*n.Value) * scale, H: barHeight - 4, Series: series % 3, Mid: y + barHeight/2, Hint: label(row) + ", " + sec.Columns[k].Title + ": " + numberWords(n)}
			end := b.X + b.W
			if n.Low != nil && n.High != nil && *n.Low >= 0 {
				b.Interval, b.Low, b.High = true, chartLeft+*n.Low*scale, chartLeft+*n.High*scale
				end = b.High
			}
			c.Bars = append(c.Bars, b)
			c.Labels = append(c.Labels, svgLabel{end + 6, y + 12, "start", valueWords(n.Unit, *n.Value)})
			y += barHeight
		}
		y += 4
	}
	c.Height = int(y) + 6
}

// lines draws a line for every column, along the rows; rows without a value
// break it.
func (c *svgChart) lines(sec *research.Section, cols []int, top float64) {
	const left, right, base = 60.0, chartWidth - 20.0, lineHeight - 30.0
	c.Height = lineHeight
	step := 0.0
	if len(sec.Rows) > 1 {
		step = (right - left) / float64(len(sec.Rows)-1)
	}
	unit := ""
	for series, k := range cols {
		line := svgLine{Series: series % 3, Name: sec.Columns[k].Title}
		var points []string
		for i, row := range sec.Rows {
			n := row[k].Number
			if n == nil || n.Value == nil {
				continue
			}
			unit = n.Unit
			x, y := left+float64(i)*step, base-(base-10)**n.Value/top
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
			line.Dots = append(line.Dots, svgDot{x, y, label(row) + ": " + numberWords(n)})
		}
		line.Points = strings.Join(points, " ")
		c.Lines = append(c.Lines, line)
	}
	for _, part := range []float64{0, 0.5, 1} {
		y := base - (base-10)*part
		c.Rules = append(c.Rules, svgRule{left, y, right, y})
		c.Labels = append(c.Labels, svgLabel{left - 6, y + 4, "end", valueWords(unit, top*part)})
	}
	every := max(1, (len(sec.Rows)+7)/8)
	for i := 0; i < len(sec.Rows); i += every {
		c.Labels = append(c.Labels, svgLabel{left + float64(i)*step, base + 18, "middle", label(sec.Rows[i])})
	}
}
