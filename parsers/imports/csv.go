package imports

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"klank/mention"
)

// sampled is how many rows are looked at to tell what columns hold.
const sampled = 500

// csvRow is a record, or why there is none.
type csvRow struct {
	cells []string
	line  int
	err   error
}

// csvReader reads records and those that are broken, in their order.
type csvReader struct {
	r *csv.Reader
	// ahead were read to look at them.
	ahead []csvRow
}

func (c *csvReader) read() csvRow {
	if len(c.ahead) > 0 {
		row := c.ahead[0]
		c.ahead = c.ahead[1:]
		return row
	}
	for {
		cells, err := c.r.Read()
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			return csvRow{line: broken.StartLine, err: fmt.Errorf("not CSV: %w", broken.Err)}
		case err != nil:
			return csvRow{err: err}
		}
		line, _ := c.r.FieldPos(0)
		if strings.TrimSpace(strings.Join(cells, "")) != "" { // an empty line of a spreadsheet
			return csvRow{cells: cells, line: line}
		}
	}
}

// openCSV reads the header (RFC 4180; comma, semicolon or tab) and looks at
// the first rows.
func (r *Reader) openCSV(b *bufio.Reader, o *Options) error {
	head, _ := b.Peek(1 << 15)
	c := &csvReader{r: csv.NewReader(b)}
	c.r.Comma, c.r.FieldsPerRecord = separator(string(head)), -1
	first := c.read()
	if first.err != nil {
		return fmt.Errorf("import: the header in line %d: %w", max(1, first.line), first.err)
	}
	header := slices.Clone(first.cells)
	for i := range header {
		header[i] = strings.Join(strings.Fields(header[i]), " ")
	}
	var rows [][]string
	var ahead []csvRow
	for len(ahead) < sampled {
		row := c.read()
		ahead = append(ahead, row)
		if row.err == nil {
			rows = append(rows, row.cells)
		} else if row.line == 0 { // the end, or an error that is final
			break
		}
	}
	if len(rows) > 0 && subheader(header, rows[0]) {
		join(header, rows[0])
		rows, ahead = rows[1:], ahead[1:]
	}
	if len(rows) == 0 {
		return errors.New("import: the file has a header and no rows")
	}
	c.ahead = ahead
	t, err := newTable(header, rows, o)
	if err != nil {
		return err
	}
	r.Mapping = t.mapping
	r.next = func() (*mention.Mention, error) { return c.next(t) }
	return nil
}

// mention reads the next row.
func (c *csvReader) next(t *table) (*mention.Mention, error) {
	row := c.read()
	switch {
	case row.err != nil && row.line == 0:
		return nil, row.err
	case row.err != nil:
		return nil, &RowError{Line: row.line, Err: row.err}
	case len(row.cells) > len(t.mapping) && strings.TrimSpace(strings.Join(row.cells[len(t.mapping):], "")) != "":
		return nil, &RowError{Line: row.line, Row: t.asRow(row.cells), Err: errManyCells}
	}
	m, err := t.mention(row.cells)
	if err != nil {
		return nil, &RowError{Line: row.line, Row: t.asRow(row.cells), Err: err}
	}
	return m, nil
}

// separator is what stands between the cells of the first line.
func separator(head string) rune {
	line, quote := head, false
	for i, r := range head {
		if r == '"' {
			quote = !quote
		} else if r == '\n' && !quote {
			line = head[:i]
			break
		}
	}
	best, most := ',', 0
	for _, sep := range []rune{',', ';', '\t', '|'} {
		n, quote := 0, false
		for _, r := range line {
			if r == '"' {
				quote = !quote
			} else if r == sep && !quote {
				n++
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}

// subheader tells whether the first row goes on with the header, as in exports
// of SurveyMonkey: a question may have several columns, which the second row
// names.
func subheader(header, row []string) bool {
	for i, cell := range row {
		switch strings.ToLower(strings.TrimSpace(cell)) {
		case "response", "open-ended response", "antwoord", "open antwoord":
			return i < len(header)
		}
	}
	return false
}

// join adds the second line of a header to the first. A question stands over
// the first of its columns only.
func join(header, row []string) {
	question := ""
	for i := range header {
		if header[i] != "" {
			question = header[i]
		} else {
			header[i] = question
		}
		if i >= len(row) {
			continue
		}
		switch sub := strings.Join(strings.Fields(row[i]), " "); strings.ToLower(sub) {
		case "", "response", "antwoord", "open-ended response", "open antwoord":
			// An answer in words is the text of whoever answers.
		default:
			header[i] = strings.TrimSpace(header[i] + ": " + sub)
		}
	}
}
