package layout

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"klank/index"
	"klank/index/research"
	"klank/mention"
)

//go:embed report.html
var reportPage string

// The page's words escape themselves: html/template knows where each stands.
var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// file is a report laid out for a page that stands alone.
type file struct {
	*Page
	Sections []fileSection
	Evidence []evidence
}

type fileSection struct {
	*Section
	Drawing *drawing
	Rows    [][]fileCell
}

// fileCell is a cell that leads to its evidence, numbered from 1.
type fileCell struct {
	*Cell
	Evidence int
}

// evidence is what a number rests on: the query, and the newest of the
// mentions it finds.
type evidence struct {
	Number   int
	Query    string
	Rests    string
	Mentions []passage
}

type passage struct{ ID, Head, Text, URL string }

// WriteHTML writes a report as one page that needs nothing else: its charts are
// SVG inside, its evidence stands at the end.
func WriteHTML(ctx context.Context, w io.Writer, l Language, rep *research.Report, docs index.Getter) error {
	f := file{Page: Lay(l, rep)}
	known := map[string]int{} // evidence by query
	for i := range f.Page.Sections {
		sec := &f.Page.Sections[i]
		out := fileSection{Section: sec, Drawing: sec.Chart.draw(l)}
		for _, row := range sec.Rows {
			cells := make([]fileCell, len(row))
			for k := range row {
				cells[k].Cell = &row[k]
				figure := row[k].Figure
				if figure == nil {
					continue
				}
				n, seen := known[figure.Query]
				if !seen {
					one, err := newEvidence(ctx, l, docs, figure, len(f.Evidence)+1)
					if err != nil {
						return err
					}
					f.Evidence = append(f.Evidence, one)
					n = one.Number
					known[figure.Query] = n
				}
				cells[k].Evidence = n
			}
			out.Rows = append(out.Rows, cells)
		}
		f.Sections = append(f.Sections, out)
	}
	return reportTemplate.Execute(w, &f)
}

func newEvidence(ctx context.Context, l Language, docs index.Getter, figure *Figure, number int) (evidence, error) {
	n := figure.Number
	out := evidence{Number: number, Query: n.Query, Rests: say(l, "%d mentions, %s", n.Count, coverage(l, n.Coverage))}
	for _, id := range n.IDs {
		m, err := docs.Get(ctx, id, 0)
		if errors.Is(err, index.ErrNotFound) { // deleted since it was counted
			continue
		}
		if err != nil {
			return out, err
		}
		out.Mentions = append(out.Mentions, passage{ID: m.ID, Head: head(l, m),
			Text: Shorten(strings.Join(nonEmpty(m.Title, m.Text), ": "), 280), URL: webURL(m.URL)})
	}
	return out, nil
}

// head is a line about a mention: date, source, item and grade.
func head(l Language, m *mention.Mention) string {
	date, item, grade := say(l, "no date"), "", ""
	if !m.Published.IsZero() {
		date = say(l, "%s", research.Term{List: "day", Value: m.Published.UTC().Format(time.DateOnly)})
	}
	if m.Item != nil {
		item = m.Item.Name
	}
	if m.Rating != nil {
		grade = strconv.FormatFloat(m.Rating.Value, 'f', -1, 64)
		if m.Rating.Best != 0 {
			grade += "/" + strconv.FormatFloat(m.Rating.Best, 'f', -1, 64)
		}
	}
	return strings.Join(nonEmpty(date, m.Source.Name, item, grade), " · ")
}
