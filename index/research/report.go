package research

import (
	"encoding/json"
	"time"
)

// TooFew is the number of mentions below which a share, a mean or a difference
// is not told: Number.Value is nil then, and Number.TooFew set.
const TooFew = 20

// Report answers one question. It is the same for the same index, request and
// time, whatever the order in which mentions came in.
type Report struct {
	Name string `json:"report"`
	// Asks is the question in words.
	Asks    string   `json:"asks"`
	Brand   string   `json:"brand,omitempty"`
	Against []string `json:"against,omitempty"`
	// From and To are the days asked for, To included.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// AsOf is the day of the newest mention: what "the last 90 days" ends with.
	AsOf string `json:"as_of,omitempty"`
	// Query finds all mentions the report is about, of which there are so many.
	Query    string `json:"query"`
	Mentions int    `json:"mentions"`
	// Coverage is how much of what their sources declare was collected, nil
	// where none declares anything.
	Coverage *float64 `json:"coverage"`
	// Findings are what to read first, Notes what to keep in mind.
	Findings []Saying  `json:"findings"`
	Notes    []Saying  `json:"notes"`
	Sections []Section `json:"sections"`
}

// Section is one table of a report.
type Section struct {
	Name    string
	Title   string
	Note    string
	Columns []Column
	Rows    [][]Cell
	// Chart names the columns that a chart shows, nil where none does.
	Chart *Chart
}

// Column names the cells below it; Name is for programs.
type Column struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// Chart says how to draw a section: bars with a row each, or lines along the
// rows. Columns are the names of those with numbers.
type Chart struct {
	Kind    string   `json:"kind"` // bars or lines
	Columns []string `json:"columns"`
}

// The kinds of charts.
const (
	Bars  = "bars"
	Lines = "lines"
)

// Cell is a text, a number, or passages; exactly one of them is set. The zero
// Cell is an empty text.
type Cell struct {
	Text string
	// Said is Text, where the report says it in words of its own; nil where it is
	// data: a name, or the words of an author.
	Said   *Saying
	Number *Number
	Quotes []Quote
}

// The units of numbers.
const (
	UnitCount    = "mentions"
	UnitAuthors  = "authors"
	UnitShare    = "share"  // 0..1
	UnitChange   = "change" // a difference of shares
	UnitStars    = "stars"  // 1..5
	UnitStarDiff = "star_change"
	UnitScore    = "score"
	UnitDays     = "days"
	UnitFactor   = "factor"
)

// Number is a figure with what it rests on.
type Number struct {
	// Value is nil where there is nothing to tell, or too little.
	Value *float64 `json:"value"`
	Unit  string   `json:"unit"`
	// Count is how many mentions Query finds: those behind the number. N is how
	// many it is out of.
	Count int `json:"count"`
	N     int `json:"n"`
	// Low and High bound it with 95 % confidence; see docs/research.md.
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	TooFew bool     `json:"too_few,omitempty"`
	// Coverage is that of the sources of the mentions behind the number.
	Coverage *float64 `json:"coverage"`
	Query    string   `json:"query"`
	// IDs are the newest of the mentions that Query finds.
	IDs []string `json:"ids"`
}

// Quote is a passage of a mention.
type Quote struct {
	ID     string    `json:"id"`
	Text   string    `json:"text"`
	Source string    `json:"source,omitempty"`
	Author string    `json:"author,omitempty"` // the key
	Date   time.Time `json:"published,omitzero"`
	URL    string    `json:"url,omitempty"`
}

func words(s string) Cell { return Cell{Text: s} }

func number(n Number) Cell { return Cell{Number: &n} }

// MarshalJSON writes what the cell holds, and nothing around it.
func (c Cell) MarshalJSON() ([]byte, error) {
	switch {
	case c.Number != nil:
		return json.Marshal(c.Number)
	case c.Quotes != nil:
		return json.Marshal(c.Quotes)
	}
	return json.Marshal(c.Text)
}

// MarshalJSON writes rows as objects with a member for every column.
func (s Section) MarshalJSON() ([]byte, error) {
	rows := make([]map[string]Cell, len(s.Rows))
	for i, cells := range s.Rows {
		rows[i] = make(map[string]Cell, len(cells))
		for k, c := range cells {
			rows[i][s.Columns[k].Name] = c
		}
	}
	return json.Marshal(struct {
		Name    string            `json:"name"`
		Title   string            `json:"title"`
		Note    string            `json:"note,omitempty"`
		Columns []Column          `json:"columns"`
		Chart   *Chart            `json:"chart,omitempty"`
		Rows    []map[string]Cell `json:"rows"`
	}{s.Name, s.Title, s.Note, s.Columns, s.Chart, rows})
}

// columns makes columns of pairs of names and titles.
func columns(pairs ...string) []Column {
	out := make([]Column, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Column{pairs[i], pairs[i+1]})
	}
	return out
}
