package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"klank/index/research"
)

// printReport prints a report for a person at a terminal.
func printReport(p *printer, rep *research.Report) {
	p.linef("%s", rep.Asks)
	p.linef("%s", clean(strings.Join(nonEmpty(rep.Brand, strings.Join(rep.Against, ", "), period(rep), coverageWords(rep.Coverage)), " · ")))
	for _, line := range rep.Findings {
		p.linef("  %s", clean(line.String()))
	}
	for i := range rep.Sections {
		p.linef("")
		printSection(p, &rep.Sections[i])
	}
	if len(rep.Notes) > 0 {
		p.linef("")
	}
	for _, line := range rep.Notes {
		p.linef("note: %s", clean(line.String()))
	}
	p.linef("")
	p.linef("the mentions: klank search %s", shellQuote(clean(rep.Query)))
}

// shellQuote quotes a query for a shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func period(rep *research.Report) string {
	switch {
	case rep.From != "" && rep.To != "":
		return rep.From + " to " + rep.To
	case rep.From != "":
		return "from " + rep.From
	case rep.To != "":
		return "to " + rep.To
	case rep.AsOf != "":
		return "to " + rep.AsOf
	}
	return ""
}

func coverageWords(c *float64) string {
	if c == nil {
		return "coverage unknown"
	}
	return fmt.Sprintf("coverage %.0f %%", 100**c)
}

// quoteWidth is how much of a passage a line shows.
const quoteWidth = 110

func printSection(p *printer, sec *research.Section) {
	p.linef("%s", strings.ToUpper(sec.Title))
	if sec.Note != "" {
		p.linef("  %s", clean(sec.Note))
	}
	if len(sec.Rows) == 0 {
		p.linef("  (nothing)")
		return
	}
	widths := make([]int, len(sec.Columns))
	lines := make([][]string, 0, len(sec.Rows)+1)
	head := make([]string, len(sec.Columns))
	for i, c := range sec.Columns {
		head[i] = clean(c.Title)
	}
	lines = append(lines, head)
	for _, row := range sec.Rows {
		line := make([]string, len(row))
		for i, c := range row {
			if c.Quotes == nil {
				line[i] = shorten(clean(cellWords(c)), 60)
			}
		}
		lines = append(lines, line)
	}
	for _, line := range lines {
		for i, s := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(s))
		}
	}
	for n, line := range lines {
		var b strings.Builder
		for i, s := range line {
			if widths[i] > 0 && !quoted(sec, i) {
				b.WriteString("  " + s + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s)))
			}
		}
		p.linef("%s", strings.TrimRight(b.String(), " "))
		if n == 0 {
			continue
		}
		for i, c := range sec.Rows[n-1] {
			for _, q := range c.Quotes {
				p.linef("      %s: “%s” %s", clean(sec.Columns[i].Title), shorten(clean(q.Text), quoteWidth), clean(quoteSource(q)))
			}
		}
	}
}

// quoted tells whether a column holds passages.
func quoted(sec *research.Section, column int) bool {
	for _, row := range sec.Rows {
		if row[column].Quotes != nil {
			return true
		}
	}
	return false
}

func quoteSource(q research.Quote) string {
	return strings.Join(nonEmpty(q.Source, dayWords(q.Date), q.ID, q.URL), ", ")
}

func dayWords(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func cellWords(c research.Cell) string {
	if c.Number != nil {
		return numberWords(c.Number)
	}
	return c.Text
}

// numberWords spells a number with its interval and what it is out of.
func numberWords(n *research.Number) string {
	switch {
	case n.TooFew && n.Unit == research.UnitShare:
		return fmt.Sprintf("too few (%d of %d)", n.Count, n.N)
	case n.TooFew:
		return fmt.Sprintf("too few (n %d)", n.N)
	case n.Value == nil:
		return "not available"
	}
	s := valueWords(n.Unit, *n.Value)
	if n.Low == nil || n.High == nil {
		return s
	}
	bare := strings.NewReplacer(" %", "", " points", "", " days", "")
	return fmt.Sprintf("%s (%s to %s, n %d)", s, bare.Replace(valueWords(n.Unit, *n.Low)), bare.Replace(valueWords(n.Unit, *n.High)), n.N)
}

func valueWords(unit string, v float64) string {
	switch unit {
	case research.UnitShare:
		return fmt.Sprintf("%.0f %%", 100*v)
	case research.UnitChange:
		return fmt.Sprintf("%+.0f points", noMinus(100*v, 0))
	case research.UnitStars:
		return fmt.Sprintf("%.2f", v)
	case research.UnitStarDiff:
		return fmt.Sprintf("%+.2f", noMinus(v, 2))
	case research.UnitScore, research.UnitFactor:
		return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
	case research.UnitDays:
		return fmt.Sprintf("%.0f days", v)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// noMinus keeps what rounds to zero from being shown as -0.
func noMinus(v float64, decimals int) float64 {
	f := math.Pow10(decimals)
	if r := math.Round(v*f) / f; r != 0 {
		return r
	}
	return 0
}

var reportHeader = []string{"report", "section", "row", "label", "column", "value", "unit", "text", "count", "n", "low", "high", "too_few", "coverage", "query", "ids"}

// writeReportCSV writes a line a number or text: numbers as numbers, so that
// they can be counted with.
func writeReportCSV(w io.Writer, rep *research.Report) error {
	c := csv.NewWriter(w)
	if err := c.Write(reportHeader); err != nil {
		return err
	}
	for _, sec := range rep.Sections {
		for i, row := range sec.Rows {
			for k, cell := range row {
				line := []string{rep.Name, sec.Name, strconv.Itoa(i + 1), csvCell(label(row)), sec.Columns[k].Name}
				if err := c.Write(append(line, csvTail(cell)...)); err != nil {
					return err
				}
			}
		}
	}
	c.Flush()
	return c.Error()
}

// label is the first text of a row.
func label(row []research.Cell) string {
	for _, c := range row {
		if c.Number == nil && c.Quotes == nil && c.Text != "" {
			return c.Text
		}
	}
	return ""
}

// csvTail spells the columns from value on.
func csvTail(c research.Cell) []string {
	n := c.Number
	if n == nil {
		words, ids := c.Text, ""
		for i, q := range c.Quotes {
			if i > 0 {
				words, ids = words+"\n", ids+" "
			}
			words, ids = words+q.Text, ids+q.ID
		}
		return []string{"", "", csvCell(words), "", "", "", "", "", "", "", csvCell(ids)}
	}
	return []string{optional(n.Value), n.Unit, csvCell(numberWords(n)), strconv.Itoa(n.Count), strconv.Itoa(n.N), optional(n.Low), optional(n.High),
		strconv.FormatBool(n.TooFew), optional(n.Coverage), csvCell(n.Query), csvCell(strings.Join(n.IDs, " "))}
}

// optional spells a number, "" for nil.
func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}
