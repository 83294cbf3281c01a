package imports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"klank/mention"
)

// openNDJSON reads a JSON object a line: mentions as klank exports them, or
// flat objects, whose names are read like the headers of a table.
func (r *Reader) openNDJSON(b *bufio.Reader, o *Options) error {
	head, _ := b.Peek(1 << 15)
	f := &flatTable{o: o}
	if err := f.open(head); err != nil {
		return err
	}
	if f.table != nil {
		r.Mapping = f.table.mapping
	}
	in := &lines{r: b}
	r.next = func() (*mention.Mention, error) {
		for {
			line, err := in.next()
			switch {
			case errors.Is(err, errTooLong):
				return nil, &RowError{Line: in.line, Err: err}
			case err != nil:
				return nil, err
			}
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			m, err := f.read(line)
			if err != nil {
				return nil, &RowError{Line: in.line, Row: string(line), Err: err}
			}
			return m, nil
		}
	}
	return nil
}

// flatTable reads lines. table is nil where none of the first ones is flat.
type flatTable struct {
	o     *Options
	table *table
	names []string
}

// open takes the names of the first lines, and their roles.
func (f *flatTable) open(head []byte) error {
	var all []map[string]string
	names := map[string]bool{}
	for line := range bytes.Lines(head) {
		var object map[string]any
		if exported(line) || json.Unmarshal(line, &object) != nil { // the last may be cut
			continue
		}
		if row, err := flatRow(object); err == nil {
			all = append(all, row)
			for n := range row {
				names[n] = true
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	f.names = slices.Sorted(maps.Keys(names))
	var rows [][]string
	for _, row := range all {
		rows = append(rows, f.cells(row))
	}
	var err error
	f.table, err = newTable(f.names, rows, f.o)
	return err
}

// exported tells whether a line is a mention as klank exports it: its source
// is an object.
func exported(line []byte) bool {
	var shape struct {
		Source json.RawMessage `json:"source"`
	}
	return json.Unmarshal(line, &shape) == nil && bytes.HasPrefix(shape.Source, []byte("{"))
}

func (f *flatTable) read(line []byte) (*mention.Mention, error) {
	if exported(line) {
		return f.whole(line)
	}
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	row, err := flatRow(object)
	if err != nil {
		return nil, err
	}
	if f.table == nil {
		return nil, errors.New("a mention as klank exports it has a \"source\" object, as the lines before")
	}
	return f.table.mention(f.cells(row))
}

// whole reads a mention of the contract's form.
func (f *flatTable) whole(line []byte) (*mention.Mention, error) {
	var m mention.Mention
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, fmt.Errorf("not a mention: %w", err)
	}
	if !slices.Contains(mention.Kinds, m.Kind) {
		return nil, fmt.Errorf("kind %q is not allowed; allowed are %s", m.Kind, joined(mention.Kinds))
	}
	if m.ID == "" {
		m.SetID("")
	}
	return &m, check(&m, f.o)
}

// flatRow is an object of plain values as cells by name.
func flatRow(object map[string]any) (map[string]string, error) {
	row := map[string]string{}
	for name, v := range object {
		switch v := v.(type) {
		case nil:
		case string:
			row[name] = v
		case float64:
			row[name] = strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			row[name] = strconv.FormatBool(v)
		default:
			return nil, fmt.Errorf("%q is neither a text nor a number; a mention as klank exports it has a \"source\" object", name)
		}
	}
	return row, nil
}

// cells are the values of a row in the order of the names; those of other
// names are left out.
func (f *flatTable) cells(row map[string]string) []string {
	out := make([]string, len(f.names))
	for i, n := range f.names {
		out[i] = row[n]
	}
	return out
}
