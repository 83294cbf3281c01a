package selectors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// path is a JSON path: the part of RFC 9535 that names things one by one.
// "$" is where it starts from, ".name" or "['name']" a member, "[0]" an
// element, "[-1]" the last, "[*]" or ".*" all of them.
type path []step

// step goes from a value to a part of it.
type step struct {
	name  string
	index int
	kind  stepKind
}

type stepKind uint8

const (
	stepName stepKind = iota
	stepIndex
	stepAll
)

// isPath tells whether an alternative of a rule is a JSON path: no CSS
// selector begins with $.
func isPath(s string) bool { return strings.HasPrefix(s, "$") }

// parsePath reads a JSON path.
func parsePath(s string) (path, error) {
	var p path
	rest := strings.TrimPrefix(s, "$")
	for rest != "" {
		var st step
		var err error
		switch {
		case strings.HasPrefix(rest, ".*"):
			st.kind, rest = stepAll, rest[2:]
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			st.name, rest = rest[1:end], rest[end:]
			if st.name == "" || strings.ContainsAny(st.name, " '\"]()?@") {
				err = fmt.Errorf("%q is not the name of a member; write ['…'] around one with signs in it", st.name)
			}
		case rest[0] == '[':
			st, rest, err = bracket(rest[1:])
		default:
			err = fmt.Errorf("%q does not begin with a dot or a bracket", rest)
		}
		if err != nil {
			return nil, err
		}
		p = append(p, st)
	}
	return p, nil
}

// bracket reads what follows an opening bracket, and the closing one.
func bracket(s string) (st step, rest string, err error) {
	if s != "" && (s[0] == '\'' || s[0] == '"') {
		end := strings.Index(s[1:], s[:1]+"]")
		if end < 0 {
			return st, "", errors.New("a bracket is not closed")
		}
		return step{name: s[1 : end+1]}, s[end+3:], nil
	}
	in, rest, ok := strings.Cut(s, "]")
	if !ok {
		return st, "", errors.New("a bracket is not closed")
	}
	if in == "*" {
		return step{kind: stepAll}, rest, nil
	}
	n, err := strconv.Atoi(in)
	if err != nil {
		return st, "", fmt.Errorf("[%s] is neither a number, nor *, nor a name in quotes", in)
	}
	return step{kind: stepIndex, index: n}, rest, nil
}

// of returns what the path leads to from v, in the order of the text; members
// of an object that are all wanted come by name.
func (p path) of(v any) []any {
	found := []any{v}
	for _, st := range p {
		var next []any
		for _, v := range found {
			next = st.from(next, v)
		}
		found = next
	}
	return found
}

// from appends the parts of v that the step leads to.
func (st step) from(to []any, v any) []any {
	switch v := v.(type) {
	case map[string]any:
		if st.kind == stepAll {
			for _, k := range slices.Sorted(maps.Keys(v)) {
				to = append(to, v[k])
			}
		} else if part, ok := v[st.name]; ok && st.kind == stepName {
			to = append(to, part)
		}
	case []any:
		i := st.index
		if i < 0 {
			i += len(v)
		}
		if st.kind == stepAll {
			to = append(to, v...)
		} else if st.kind == stepIndex && 0 <= i && i < len(v) {
			to = append(to, v[i])
		}
	}
	return to
}

// readJSON reads one JSON value and nothing else; numbers stay as written.
func readJSON(b []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("no JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("no JSON: more follows the value")
	}
	return v, nil
}

// scalar is a value as text; "" for an object, a list and null.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
