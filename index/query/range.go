package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// bounds are the two ends of a range as spelled; pos is where each starts.
type bounds struct {
	op       string // < <= > >= or "" for an exact value, ".." for two ends
	lo, hi   string
	loEx     bool
	hiEx     bool
	loP, hiP int
}

// splitRange takes a range apart: <3, >=4, 1..3, >1..<3 or one value.
func splitRange(t token) bounds {
	if lo, hi, ok := strings.Cut(t.val, ".."); ok {
		b := bounds{op: "..", loP: t.pos, hiP: t.pos + len(lo) + 2}
		b.lo, b.loEx = strings.CutPrefix(lo, ">")
		b.hi, b.hiEx = strings.CutPrefix(hi, "<")
		return b
	}
	for _, op := range []string{"<=", ">=", "<", ">"} {
		if v, ok := strings.CutPrefix(t.val, op); ok {
			return bounds{op: op, lo: v, loP: t.pos + len(op)}
		}
	}
	return bounds{lo: t.val, loP: t.pos}
}

func numberNode(f Field, t token) (Node, error) {
	b := splitRange(t)
	lo, err := parseNumber(f, b.lo, b.loP)
	if err != nil {
		return nil, err
	}
	r := &Range{Field: f.Name}
	switch b.op {
	case "":
		hi := *lo
		r.Min, r.Max = lo, &hi
	case "<", "<=":
		r.Max, r.ExMax = lo, b.op == "<"
	case ">", ">=":
		r.Min, r.ExMin = lo, b.op == ">"
	case "..":
		hi, err := parseNumber(f, b.hi, b.hiP)
		if err != nil {
			return nil, err
		}
		r.Min, r.Max, r.ExMin, r.ExMax = lo, hi, b.loEx, b.hiEx
		if *lo > *hi || *lo == *hi && (b.loEx || b.hiEx) {
			return nil, &SyntaxError{t.pos, "the range is empty", "the smaller number comes first: " + f.Name + ":1..3"}
		}
	}
	return r, nil
}

func parseNumber(f Field, s string, pos int) (*float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "0123456789.eE+-") != "" || math.IsInf(v, 0) {
		return nil, &SyntaxError{pos, fmt.Sprintf("%q is not a number", s), fmt.Sprintf("%s takes %s:4, %s:<3, %s:1.5..3", f.Name, f.Name, f.Name, f.Name)}
	}
	if v == 0 {
		v = 0 // -0 is 0
	}
	return &v, nil
}

func dateNode(f Field, t token, now time.Time) (Node, error) {
	b := splitRange(t)
	from, to, err := parseDate(f, b.lo, b.loP, now)
	if err != nil {
		return nil, err
	}
	r := &Range{Field: f.Name}
	switch b.op {
	case "":
		r.From, r.To = from, to
		if _, ago := ago(b.lo, now); ago {
			r.To = time.Time{}
		} else if !from.Before(to) {
			return nil, &SyntaxError{t.pos, "a moment in time matches nothing", "name a day, or a range: " + f.Name + ":2026-05-01..2026-05-03"}
		}
	case "<":
		r.To = from
	case "<=":
		r.To = to
	case ">":
		r.From = to
	case ">=":
		r.From = from
	case "..":
		_, end, err := parseDate(f, b.hi, b.hiP, now)
		if err != nil {
			return nil, err
		}
		if b.loEx || b.hiEx {
			return nil, &SyntaxError{t.pos, "a range of dates has no < or >", "write " + f.Name + ":2026-01..2026-03"}
		}
		r.From, r.To = from, end
		if !from.Before(end) {
			return nil, &SyntaxError{t.pos, "the range is empty", "the earlier date comes first: " + f.Name + ":2026-01..2026-03"}
		}
	}
	return r, nil
}

// parseDate reads a date and returns the span it names: a year, a month, a
// day, or twice the same instant for a time of day or hours ago.
func parseDate(f Field, s string, pos int, now time.Time) (from, to time.Time, err error) {
	bad := &SyntaxError{pos, fmt.Sprintf("%q is not a date", s), fmt.Sprintf("%s takes 2026, 2026-05, 2026-05-31, 2026-05-31T12:00:00Z or 30d (the last 30 days; h, d, w, m, y)", f.Name)}
	if t, ok := ago(s, now); ok {
		if t.Year() < minYear {
			return from, to, bad
		}
		if strings.HasSuffix(s, "h") {
			return t, t, nil
		}
		return t, t.AddDate(0, 0, 1), nil
	}
	for _, l := range []struct {
		layout  string
		y, m, d int
	}{{"2006", 1, 0, 0}, {"2006-01", 0, 1, 0}, {time.DateOnly, 0, 0, 1}} {
		if t, err := time.Parse(l.layout, s); err == nil && inYears(t) {
			return t, t.AddDate(l.y, l.m, l.d), nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil && inYears(t.UTC()) {
			return t.UTC(), t.UTC(), nil
		}
	}
	return from, to, bad
}

// The years a date may name; they keep spans and times in four digits.
const minYear, maxYear = 1000, 2999

func inYears(t time.Time) bool { return t.Year() >= minYear && t.Year() <= maxYear }

// ago reads 30d, 2w, 6m, 1y (the start of that day) or 12h (to the second).
func ago(s string, now time.Time) (time.Time, bool) {
	if len(s) < 2 || len(s) > 5 || strings.Trim(s[:len(s)-1], "0123456789") != "" {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil {
		return time.Time{}, false
	}
	switch s[len(s)-1] {
	case 'h':
		return now.Add(-time.Duration(n) * time.Hour).Truncate(time.Second), true
	case 'd':
		return day(now).AddDate(0, 0, -n), true
	case 'w':
		return day(now).AddDate(0, 0, -7*n), true
	case 'm':
		return day(now).AddDate(0, -n, 0), true
	case 'y':
		return day(now).AddDate(-n, 0, 0), true
	}
	return time.Time{}, false
}
