package layout

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"klank/mention"
)

// MentionCSV writes mentions as CSV that a spreadsheet shows and never runs: a
// line each, below a line of names.
type MentionCSV struct{ w *csv.Writer }

var mentionHeader = []string{"id", "kind", "source", "published", "brands", "item", "author", "rating", "best",
	"sentiment", "score", "language", "touchpoints", "signals", "title", "text", "url"}

// NewMentionCSV begins with the names of the columns.
func NewMentionCSV(w io.Writer) (*MentionCSV, error) {
	c := &MentionCSV{csv.NewWriter(w)}
	return c, c.w.Write(mentionHeader)
}

// Write adds a mention. Its error may be that of an earlier one.
func (c *MentionCSV) Write(m *mention.Mention) error {
	row := make([]string, 0, len(mentionHeader))
	add := func(s string) { row = append(row, CSVCell(s)) }
	add(m.ID)
	add(string(m.Kind))
	add(m.Source.Name)
	add(timeCell(m.Published))
	add(strings.Join(m.Brands, "; "))
	if m.Item != nil {
		add(m.Item.Name)
	} else {
		add("")
	}
	if m.Author != nil {
		add(m.Author.Key)
	} else {
		add("")
	}
	if m.Rating != nil {
		row = append(row, decimal(m.Rating.Value), decimal(m.Rating.Best))
	} else {
		row = append(row, "", "")
	}
	if a := m.Analysis; a != nil {
		row = append(row, a.Sentiment.Label, decimal(a.Sentiment.Score))
		add(a.Language)
		add(strings.Join(a.Touchpoints, "; "))
		add(strings.Join(a.Signals, "; "))
	} else {
		row = append(row, "", "", m.Language, "", "")
	}
	add(m.Title)
	add(m.Text)
	add(m.URL)
	return c.w.Write(row)
}

// Flush hands everything on.
func (c *MentionCSV) Flush() error { c.w.Flush(); return c.w.Error() }

func timeCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
