package main

import (
	"strings"
	"unicode/utf8"

	"klank/index/research/layout"
)

// printReport prints a report for a person at a terminal.
func printReport(p *printer, page *layout.Page) {
	p.linef("%s", page.Asks)
	p.linef("%s", clean(page.Scope))
	for _, line := range page.Findings {
		p.linef("  %s", clean(line))
	}
	for i := range page.Sections {
		p.linef("")
		printSection(p, page, &page.Sections[i])
	}
	if len(page.Notes) > 0 {
		p.linef("")
	}
	for _, line := range page.Notes {
		p.linef("%s", page.Say("note: %s", clean(line)))
	}
	p.linef("")
	p.linef("%s", page.Say("the mentions: klank search %s", shellQuote(clean(page.Report.Query))))
}

// shellQuote quotes a query for a shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// quoteWidth is how much of a passage a line shows.
const quoteWidth = 110

func printSection(p *printer, page *layout.Page, sec *layout.Section) {
	p.linef("%s", strings.ToUpper(sec.Title))
	if sec.Note != "" {
		p.linef("  %s", clean(sec.Note))
	}
	if len(sec.Rows) == 0 {
		p.linef("  (%s)", page.Say("nothing"))
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
				line[i] = layout.Shorten(clean(c.Text), 60)
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
			if widths[i] > 0 && !sec.Columns[i].Quoted {
				b.WriteString("  " + s + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s)))
			}
		}
		p.linef("%s", strings.TrimRight(b.String(), " "))
		if n == 0 {
			continue
		}
		for i, c := range sec.Rows[n-1] {
			for _, q := range c.Quotes {
				p.linef("      %s: “%s” %s", clean(sec.Columns[i].Title), layout.Shorten(clean(q.Text), quoteWidth), clean(strings.Join(nonEmpty(q.Source, q.ID, q.URL), ", ")))
			}
		}
	}
}
