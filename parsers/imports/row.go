package imports

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"klank/mention"
	"klank/parsers/normalize"
)

var noTime time.Time

// trustpilotHost is where the ids of Trustpilot's export hold: those of its
// API (https://developers.trustpilot.com/business-units-api).
const trustpilotHost = "api.trustpilot.com"

// table makes mentions of the rows of one table.
type table struct {
	*Options
	mapping Mapping
	kind    mention.Kind
	host    string // where a row has no URL
	lang    string // of its dates
	// alike counts rows that are the same in every cell.
	alike map[string]int
}

// newTable finds out how to read a table by its header and its first rows.
func newTable(header []string, rows [][]string, o *Options) (*table, error) {
	m, err := newMapping(header, rows, o)
	if err != nil {
		return nil, err
	}
	t := &table{Options: o, mapping: m, kind: o.Kind, host: o.Name, alike: map[string]int{}}
	if guessRole("review id") == ID && trustpilot(header) {
		t.host = trustpilotHost
	}
	if t.kind == "" {
		t.kind = mention.Survey
		if m.has(Rating) && !m.has(NPS, CSAT) {
			t.kind = mention.Review
		}
	}
	if t.lang, err = dateLanguage(m, rows, o.Language); err != nil {
		return nil, err
	}
	return t, nil
}

// trustpilot tells whether a header is that of Trustpilot's export of reviews.
func trustpilot(header []string) bool {
	n := 0
	for _, h := range header {
		switch words(h) {
		case " review id ", " source of review ", " review stars ", " company reply ":
			n++
		}
	}
	return n >= 3
}

// numericDate is a date whose first number may be a day or a month.
var numericDate = regexp.MustCompile(`^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-](?:[0-9]{2}|[0-9]{4})\b`)

func noMonth(digits string) bool { return len(digits) == 2 && digits > "12" }

// dateLanguage is a language that reads the dates of a table: the given one,
// else what those dates leave over that can be read in one way only.
func dateLanguage(m Mapping, rows [][]string, lang string) (string, error) {
	if lang != "" {
		return lang, nil
	}
	for i, c := range m {
		if c.Role != Published {
			continue
		}
		doubtful, dayFirst, monthFirst := "", false, false
		for _, cell := range column(rows, i) {
			if normalize.Ambiguous(cell, "") {
				doubtful = cell
			} else if n := numericDate.FindStringSubmatch(cell); n != nil {
				dayFirst, monthFirst = dayFirst || noMonth(n[1]), monthFirst || noMonth(n[2])
			}
		}
		switch {
		case doubtful == "":
		case dayFirst && !monthFirst:
			return "nl", nil
		case monthFirst && !dayFirst:
			return "en-US", nil
		default:
			return "", fmt.Errorf("import: in column %q, %q can be read in two ways; say --lang nl for the day first, --lang en-US for the month first", c.Header, doubtful)
		}
	}
	return "", nil
}

// mention reads one row. Cells that are missing at its end are empty.
func (t *table) mention(cells []string) (*mention.Mention, error) {
	m := &mention.Mention{Kind: t.kind, Source: mention.Source{Name: t.Name, Type: "import", Host: t.host}, Language: t.Language}
	m.Evidence.Parser = "import"
	for i, c := range t.mapping {
		if i >= len(cells) {
			break
		}
		if cell := strings.TrimSpace(cells[i]); !missing(cell) {
			if err := t.set(m, c, cell); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.Header, err)
			}
		}
	}
	if m.Reply != nil && m.Reply.Text == "" {
		m.Reply = nil
	}
	if m.Rating == nil && len(m.Ratings) > 0 {
		g := m.Ratings[0]
		m.Rating = &mention.Rating{Value: g.Value, Best: g.Best, Score: g.Score}
	}
	t.identify(m, cells)
	return m, check(m, t.Options)
}

// missing tells whether a cell says that nothing was said.
func missing(cell string) bool {
	switch strings.ToLower(cell) {
	case "", "-", "--", "n/a", "na", "n.v.t.", "nvt", "null", "none", "nan", "#n/a":
		return true
	}
	return false
}

// set puts a cell where its role says.
func (t *table) set(m *mention.Mention, c Column, cell string) error {
	switch c.Role {
	case ID:
		m.NativeID = cell
	case Text:
		m.Text = strings.TrimSpace(m.Text + "\n\n" + normalize.Text(cell))
	case Title:
		m.Title = normalize.Line(cell)
	case Author, Email:
		setAuthor(m, c.Role, cell)
	case Published, Replied:
		return t.setDate(m, c.Role, cell)
	case Rating:
		if m.Rating = grade(cell, c.Best); m.Rating == nil {
			return fmt.Errorf("%q is no grade%s", cell, upTo(c.Best))
		}
	case NPS, CSAT:
		return setScore(m, c, cell)
	case Item, Brand, SKU:
		setItem(m, c.Role, cell)
	case URL:
		u, err := mention.CanonicalURL("", cell)
		if err != nil {
			return err
		}
		m.URL, m.Source.Host = u, mention.Host(u)
	case Language:
		m.Language = strings.ReplaceAll(cell, "_", "-")
	case Reply:
		reply(m).Text = normalize.Text(cell)
	}
	return nil
}

func reply(m *mention.Mention) *mention.Reply {
	if m.Reply == nil {
		m.Reply = &mention.Reply{}
	}
	return m.Reply
}

// mailto begins the profile link of an author who is known by an address only,
// which tells authors apart and is never stored.
const mailto = "mailto:"

func setAuthor(m *mention.Mention, role Role, cell string) {
	if m.Author == nil {
		m.Author = &mention.Author{}
	}
	if role == Email {
		m.Author.URL = mailto + strings.ToLower(cell)
	} else {
		m.Author.Name = normalize.Line(cell)
	}
}

func setItem(m *mention.Mention, role Role, cell string) {
	if m.Item == nil {
		m.Item = &mention.ItemRef{}
	}
	switch cell = normalize.Line(cell); role {
	case Item:
		m.Item.Name = cell
	case Brand:
		m.Item.Brand = cell
	case SKU:
		m.Item.SKU = cell
	}
}

func (t *table) setDate(m *mention.Mention, role Role, cell string) error {
	at, precision, ok := normalize.Date(cell, t.lang, noTime)
	switch {
	case !ok && normalize.Ambiguous(cell, t.lang):
		return fmt.Errorf("%q can be read in two ways; say --lang nl for the day first, --lang en-US for the month first", cell)
	case !ok:
		return fmt.Errorf("%q is no date", cell)
	case role == Replied:
		reply(m).Published = at
	default:
		m.Published, m.PublishedPrecision = at, precision
	}
	return nil
}

// setScore adds the answer to a question of a survey.
func setScore(m *mention.Mention, c Column, cell string) error {
	s := mention.SubRating{Name: "NPS", Best: 10}
	if c.Role == CSAT {
		r := grade(cell, c.Best)
		if r == nil {
			return fmt.Errorf("%q is no grade%s", cell, upTo(c.Best))
		}
		s = mention.SubRating{Name: c.Header, Value: r.Value, Best: r.Best, Score: r.Score}
	} else {
		v, ok := number(cell)
		if !ok || v < 0 || v > 10 {
			return fmt.Errorf("%q is no answer from 0 to 10", cell)
		}
		s.Value, s.Score = v, v/10 // 0 is an answer
	}
	m.Ratings = append(m.Ratings, s)
	return nil
}

func upTo(best float64) string {
	if best == 0 {
		return ""
	}
	return " up to " + strconv.FormatFloat(best, 'f', -1, 64)
}

// answers are the steps of a scale of five in words, Dutch and English.
var answers = map[string]float64{
	"very dissatisfied": 1, "dissatisfied": 2, "neutral": 3, "satisfied": 4, "very satisfied": 5,
	"zeer ontevreden": 1, "heel ontevreden": 1, "ontevreden": 2, "neutraal": 3, "tevreden": 4, "zeer tevreden": 5, "heel tevreden": 5,
	"neither satisfied nor dissatisfied": 3, "niet tevreden en niet ontevreden": 3, "noch tevreden noch ontevreden": 3,
	"somewhat dissatisfied": 2, "somewhat satisfied": 4, "very poor": 1, "poor": 2, "fair": 3, "average": 3, "good": 4, "very good": 5, "excellent": 5,
	"zeer slecht": 1, "slecht": 2, "matig": 2, "voldoende": 3, "gemiddeld": 3, "goed": 4, "zeer goed": 5, "uitstekend": 5,
}

// grade reads a grade on a scale up to best, or on its own where best is 0. A
// value above the scale is none.
func grade(cell string, best float64) *mention.Rating {
	if v, ok := answers[strings.ToLower(strings.TrimSpace(cell))]; ok {
		return normalize.Rating(strconv.FormatFloat(v, 'f', -1, 64), "5", "1")
	}
	if len(cell) > 40 {
		return nil // a sentence with a number in it
	}
	v, plain := number(cell)
	switch {
	case plain && v < 0, plain && best > 0 && v > best:
		return nil
	case plain && best > 0 && v == 0:
		return normalize.Rating(cell, strconv.FormatFloat(best, 'f', -1, 64), "0")
	case plain && best > 0:
		return normalize.Rating(cell, strconv.FormatFloat(best, 'f', -1, 64), "")
	}
	return normalize.Rating(cell, "", "")
}

// number reads a cell that is nothing but a number; surveys write the ends of
// a scale as "10 - Very likely".
func number(cell string) (float64, bool) {
	cell = strings.TrimSpace(cell)
	if head, label, ok := strings.Cut(cell, " "); ok && strings.HasPrefix(strings.TrimSpace(label), "-") {
		cell = head
	}
	v, err := strconv.ParseFloat(strings.Replace(cell, ",", ".", 1), 64)
	return v, err == nil
}

// identify gives a mention its id. Where a row has neither an id nor author
// and date, all of its cells and the number of equal rows before it are one:
// many people answer "Goed".
func (t *table) identify(m *mention.Mention, cells []string) {
	if m.NativeID != "" || m.Author != nil && m.Author.Name != "" && !m.Published.IsZero() {
		m.SetID("")
		return
	}
	row := strings.Join(cells, "\x00")
	n := t.alike[row]
	t.alike[row] = n + 1
	m.NativeID = "row " + strconv.Itoa(n) + " " + row
	m.SetID("")
	m.NativeID = ""
}

// asRow is a row by its headers, for those who are to mend it.
func (t *table) asRow(cells []string) map[string]string {
	out := map[string]string{}
	for i, c := range cells {
		if i < len(t.mapping) {
			out[t.mapping[i].Header] = c
		} else {
			out["column "+strconv.Itoa(i+1)] = c
		}
	}
	return out
}

var errManyCells = errors.New("more cells than the header has columns: a quote may be missing")
