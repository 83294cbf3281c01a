package layout

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"klank/index/research"
)

// WriteJSON writes a report as one indented JSON object, whose shape is
// described in docs/research.md.
func WriteJSON(w io.Writer, rep *research.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(rep)
}

var csvHeader = []string{"report", "section", "row", "label", "column", "value", "unit", "text", "count", "n", "low", "high", "too_few", "coverage", "query", "ids"}

// WriteCSV writes a line a number or text, numbers as numbers, so that they can
// be counted with. No cell is a formula.
func WriteCSV(w io.Writer, rep *research.Report) error {
	c := csv.NewWriter(w)
	if err := c.Write(csvHeader); err != nil {
		return err
	}
	page := Lay(English{}, rep)
	for k, sec := range page.Sections {
		for i, row := range sec.Rows {
			for j, cell := range row {
				line := []string{rep.Name, sec.Name, strconv.Itoa(i + 1), CSVCell(Label(row)), rep.Sections[k].Columns[j].Name}
				if err := c.Write(append(line, csvTail(&cell)...)); err != nil {
					return err
				}
			}
		}
	}
	c.Flush()
	return c.Error()
}

// csvTail spells the columns from value on.
func csvTail(c *Cell) []string {
	if c.Figure == nil {
		words, ids := c.Text, ""
		for i, q := range c.Quotes {
			if i > 0 {
				words, ids = words+"\n", ids+" "
			}
			words, ids = words+q.Text, ids+q.ID
		}
		return []string{"", "", CSVCell(words), "", "", "", "", "", "", "", CSVCell(ids)}
	}
	n := c.Figure.Number
	return []string{optional(n.Value), n.Unit, CSVCell(c.Text), strconv.Itoa(n.Count), strconv.Itoa(n.N), optional(n.Low), optional(n.High),
		strconv.FormatBool(n.TooFew), optional(n.Coverage), CSVCell(n.Query), CSVCell(strings.Join(n.IDs, " "))}
}

// optional spells a number, "" for nil.
func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// CSVCell keeps a spreadsheet from reading a text as a formula: a cell that
// starts like one gets an apostrophe in front (OWASP, CSV injection).
func CSVCell(s string) string {
	s = strings.Map(func(r rune) rune {
		if (unicode.IsControl(r) && r != '\n') || isBidiControl(r) {
			return -1
		}
		return r
	}, s)
	t := strings.TrimLeftFunc(s, unicode.IsSpace)
	if first, _ := utf8.DecodeRuneInString(t); t != "" && strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// isBidiControl names the characters that reorder what is shown (Unicode UAX
// #9: embeddings, overrides, isolates and marks).
func isBidiControl(r rune) bool {
	return r == 0x061C || r == 0x200E || r == 0x200F || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069)
}
