// Package layout lays reports out for reading: in words of a language, as
// pages with charts, as one HTML file that needs nothing else, and as CSV and
// JSON for programs. The command line and the web pages share it, so that a
// number reads the same wherever it stands.
//
// It is not for counting: what a report says is research's, and stays as it is.
package layout

import (
	"strings"
	"time"

	"klank/index/research"
)

// Language says things in one language, numbers and dates included.
type Language interface {
	// Code is its BCP 47 tag.
	Code() string
	// Say says what research and this package say, "" for what is empty. A
	// saying that the language does not know is said in English.
	Say(research.Saying) string
}

// English is the language of the command line: plain, with labels as they are
// written in queries.
type English struct{}

// Code is "en".
func (English) Code() string { return "en" }

// Say says it as research writes it.
func (English) Say(s research.Saying) string { return s.String() }

// say says a form of this package, plain words that may hold a percent sign.
func say(l Language, form string, args ...any) string {
	return l.Say(research.Saying{Form: form, Args: args})
}

func plain(l Language, words string) string {
	return say(l, strings.ReplaceAll(words, "%", "%%"))
}

// Page is a report in words.
type Page struct {
	Report *research.Report
	// Code is the language's.
	Code string
	Asks string
	// Scope is what it is about in one line: brands, period, coverage.
	Scope, Period, Coverage string
	Findings, Notes         []string
	Sections                []Section

	lang Language
}

// Say is what whoever shows the page says around it, in the page's language.
func (p *Page) Say(form string, args ...any) string { return say(p.lang, form, args...) }

// Section is one table in words.
type Section struct {
	Name, Title, Note string
	Columns           []Column
	Rows              [][]Cell
	Chart             *Chart // nil where none is drawn
}

// Column is the head of a column.
type Column struct {
	Name, Title string
	// Numeric tells that numbers stand below it, Quoted that passages do.
	Numeric, Quoted bool
}

// Cell is a text, a number or passages. Text is set for numbers, too: all of
// it in one line.
type Cell struct {
	Text   string
	Figure *Figure
	Quotes []Quote
}

// Quote is a passage with where it is from in words, and where it can be read:
// "" where nowhere.
type Quote struct{ ID, Text, Source, URL string }

// Lay puts a report into words.
func Lay(l Language, rep *research.Report) *Page {
	p := &Page{Report: rep, lang: l, Code: l.Code(), Asks: plain(l, rep.Asks), Period: period(l, rep), Coverage: coverage(l, rep.Coverage)}
	p.Scope = strings.Join(nonEmpty(rep.Brand, strings.Join(rep.Against, ", "), p.Period, p.Coverage), " · ")
	for _, s := range rep.Findings {
		p.Findings = append(p.Findings, l.Say(s))
	}
	for _, s := range rep.Notes {
		p.Notes = append(p.Notes, l.Say(s))
	}
	for i := range rep.Sections {
		p.Sections = append(p.Sections, section(l, &rep.Sections[i]))
	}
	return p
}

func section(l Language, sec *research.Section) Section {
	out := Section{Name: sec.Name, Title: plain(l, sec.Title), Note: plain(l, sec.Note)}
	for i, c := range sec.Columns {
		col := Column{Name: c.Name, Title: plain(l, c.Title)}
		for _, row := range sec.Rows {
			col.Numeric = col.Numeric || row[i].Number != nil
			col.Quoted = col.Quoted || row[i].Quotes != nil
		}
		out.Columns = append(out.Columns, col)
	}
	for _, row := range sec.Rows {
		cells := make([]Cell, len(row))
		for k, c := range row {
			cells[k] = cell(l, c)
		}
		out.Rows = append(out.Rows, cells)
	}
	out.Chart = newChart(l, sec, &out)
	return out
}

func cell(l Language, c research.Cell) Cell {
	out := Cell{Text: c.Text}
	switch {
	case c.Number != nil:
		out.Figure = newFigure(l, c.Number)
		out.Text = out.Figure.Words
	case c.Said != nil:
		out.Text = l.Say(*c.Said)
	}
	for _, q := range c.Quotes {
		date := ""
		if !q.Date.IsZero() {
			date = say(l, "%s", research.Term{List: "day", Value: q.Date.UTC().Format(time.DateOnly)})
		}
		out.Quotes = append(out.Quotes, Quote{ID: q.ID, Text: q.Text, Source: strings.Join(nonEmpty(q.Source, date), ", "), URL: webURL(q.URL)})
	}
	return out
}

// Label is the first text of a row, which names it.
func Label(row []Cell) string {
	for _, c := range row {
		if c.Figure == nil && c.Quotes == nil && c.Text != "" {
			return c.Text
		}
	}
	return ""
}

func period(l Language, rep *research.Report) string {
	day := func(s string) research.Term { return research.Term{List: "day", Value: s} }
	switch {
	case rep.From != "" && rep.To != "":
		return say(l, "%s to %s", day(rep.From), day(rep.To))
	case rep.From != "":
		return say(l, "from %s", day(rep.From))
	case rep.To != "":
		return say(l, "to %s", day(rep.To))
	case rep.AsOf != "":
		return say(l, "to %s", day(rep.AsOf))
	}
	return ""
}

func coverage(l Language, c *float64) string {
	if c == nil {
		return say(l, "coverage unknown")
	}
	return say(l, "coverage %.0f %%", 100**c)
}

// webURL keeps an address that a browser opens as a page, "" for others.
func webURL(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

func nonEmpty(words ...string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
