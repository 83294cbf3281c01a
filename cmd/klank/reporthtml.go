package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"

	"klank/index"
	"klank/index/research"
	"klank/mention"
)

//go:embed report.html
var reportPage string

// The page's words escape themselves: html/template knows where each stands.
var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// htmlReport is a report laid out for the page.
type htmlReport struct {
	*research.Report
	Scope    string
	Sections []htmlSection
	Evidence []htmlEvidence
}

type htmlSection struct {
	*research.Section
	Chart *svgChart
	Rows  [][]htmlCell
}

// htmlCell is a text, passages, or a number that leads to its evidence.
type htmlCell struct {
	Text, Hint string
	Quotes     []htmlQuote
	Evidence   int // number of an htmlEvidence, from 1
}

// htmlQuote is a passage with where it can be read, "" where nowhere.
type htmlQuote struct{ Text, Source, URL string }

// htmlEvidence is what a number rests on: the query, and the newest of the
// mentions it finds.
type htmlEvidence struct {
	Number   int
	Words    string
	Query    string
	Count    int
	Coverage string
	Mentions []htmlMention
}

type htmlMention struct {
	ID, Head, Text, URL string
}

// writeReportHTML writes a report as one page that needs nothing else: its
// charts are SVG inside, its evidence stands at the end.
func writeReportHTML(ctx context.Context, w io.Writer, rep *research.Report, docs index.Getter) error {
	page := htmlReport{Report: rep, Scope: strings.Join(nonEmpty(rep.Brand, strings.Join(rep.Against, ", "), period(rep), coverageWords(rep.Coverage)), " · ")}
	known := map[string]int{} // evidence by query
	for i := range rep.Sections {
		sec := &rep.Sections[i]
		out := htmlSection{Section: sec, Chart: newSVGChart(sec)}
		for _, row := range sec.Rows {
			cells := make([]htmlCell, len(row))
			for k, c := range row {
				cells[k] = htmlCell{Text: cellWords(c)}
				for _, q := range c.Quotes {
					cells[k].Quotes = append(cells[k].Quotes, htmlQuote{q.Text, strings.Join(nonEmpty(q.Source, dayWords(q.Date)), ", "), webURL(q.URL)})
				}
				if c.Number == nil {
					continue
				}
				n, seen := known[c.Number.Query]
				if !seen {
					one, err := newEvidence(ctx, docs, c.Number, len(page.Evidence)+1)
					if err != nil {
						return err
					}
					page.Evidence = append(page.Evidence, one)
					n = one.Number
					known[c.Number.Query] = n
				}
				cells[k].Evidence, cells[k].Hint = n, hint(c.Number)
			}
			out.Rows = append(out.Rows, cells)
		}
		page.Sections = append(page.Sections, out)
	}
	return reportTemplate.Execute(w, page)
}

func hint(n *research.Number) string {
	return fmt.Sprintf("%d mentions, n %d, %s", n.Count, n.N, coverageWords(n.Coverage))
}

func newEvidence(ctx context.Context, docs index.Getter, n *research.Number, number int) (htmlEvidence, error) {
	out := htmlEvidence{Number: number, Query: n.Query, Count: n.Count, Coverage: coverageWords(n.Coverage)}
	for _, id := range n.IDs {
		m, err := docs.Get(ctx, id, 0)
		if errors.Is(err, index.ErrNotFound) { // deleted since it was counted
			continue
		}
		if err != nil {
			return out, err
		}
		out.Mentions = append(out.Mentions, htmlMention{ID: m.ID, Head: strings.Join(nonEmpty(dateWords(m), m.Source.Name, itemName(m), ratingWords(m.Rating)), " · "),
			Text: shorten(mentionWords(m), 280), URL: webURL(m.URL)})
	}
	return out, nil
}

func mentionWords(m *mention.Mention) string {
	return strings.Join(nonEmpty(m.Title, m.Text), ": ")
}

// webURL keeps an address that a browser opens as a page, "" for others.
func webURL(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}
