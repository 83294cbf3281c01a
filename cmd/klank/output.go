package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"klank/mention"
)

// clean makes foreign text safe for a terminal: control characters, escape
// sequences and bidirectional overrides become visible or go; tabs and
// newlines become spaces.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), isBidiControl(r), r == unicode.ReplacementChar:
			return '�'
		}
		return r
	}, s)
}

// cleanLines is clean for text whose line breaks matter.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = clean(l)
	}
	return strings.Join(lines, "\n")
}

// isBidiControl names the characters that reorder what a terminal shows
// (Unicode UAX #9: embeddings, overrides, isolates and marks).
func isBidiControl(r rune) bool {
	return r == 0x061C || r == 0x200E || r == 0x200F || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069)
}

// jsonLines writes one JSON value a line; HTML characters stay as they are.
func jsonLines(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// printer writes lines and remembers the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) linef(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func authorName(m *mention.Mention) string {
	switch {
	case m.Author == nil:
		return "unknown"
	case m.Author.Name != "":
		return m.Author.Name
	case m.Author.Key != "":
		return "author " + m.Author.Key[:min(6, len(m.Author.Key))]
	}
	return "unknown"
}

func itemName(m *mention.Mention) string {
	if m.Item == nil {
		return ""
	}
	return m.Item.Name
}

func ratingWords(r *mention.Rating) string {
	if r == nil {
		return ""
	}
	if r.Best == 0 {
		return number(r.Value)
	}
	return number(r.Value) + "/" + number(r.Best)
}

func dateWords(m *mention.Mention) string {
	if m.Published.IsZero() {
		return "no date"
	}
	layout := "2006-01-02 15:04"
	switch m.PublishedPrecision {
	case mention.Day:
		layout = "2006-01-02"
	case mention.Month:
		layout = "2006-01"
	case mention.Year:
		layout = "2006"
	}
	return m.Published.UTC().Format(layout)
}

func nativeWords(m *mention.Mention) string {
	if m.NativeID == "" {
		return ""
	}
	return "#" + clean(m.NativeID)
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
