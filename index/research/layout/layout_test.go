package layout

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"klank/index/research"
)

func ptr(v float64) *float64 { return &v }

func TestNumbersSayWhatTheyRestOn(t *testing.T) {
	for _, c := range []struct {
		n                            research.Number
		words, value, interval, rest string
	}{
		{research.Number{Value: ptr(207), Unit: research.UnitCount, Count: 207, N: 207}, "207", "207", "", ""},
		{research.Number{Value: ptr(0.456), Low: ptr(0.4), High: ptr(0.51), Unit: research.UnitShare, Count: 57, N: 125}, "46 % (40 to 51, n 125)", "46 %", "40 to 51", "n 125"},
		{research.Number{Unit: research.UnitShare, Count: 3, N: 12, TooFew: true}, "too few (3 of 12)", "too few", "", "3 of 12"},
		{research.Number{Unit: research.UnitStars, Count: 9, N: 9, TooFew: true}, "too few (n 9)", "too few", "", "n 9"},
		{research.Number{Unit: research.UnitStars}, "not available", "not available", "", ""},
		{research.Number{Value: ptr(-0.001), Low: ptr(-0.2), High: ptr(0.2), Unit: research.UnitChange, N: 40}, "+0 points (-20 to +20, n 40)", "+0 points", "-20 to +20", "n 40"},
		{research.Number{Value: ptr(-0.254), Low: ptr(-0.5), High: ptr(0.001), Unit: research.UnitStarDiff, N: 40}, "-0.25 (-0.50 to +0.00, n 40)", "-0.25", "-0.50 to +0.00", "n 40"},
		{research.Number{Value: ptr(61), Unit: research.UnitDays, N: 1}, "61 days", "61 days", "", ""},
		{research.Number{Value: ptr(9.2), Unit: research.UnitFactor, N: 1}, "9.2", "9.2", "", ""},
		{research.Number{Value: ptr(1234567), Unit: research.UnitCount}, "1234567", "1234567", "", ""},
	} {
		f := newFigure(English{}, &c.n)
		if f.Words != c.words || f.Value != c.value || f.Interval != c.interval || f.Of != c.rest {
			t.Errorf("%+v: %q, %q, %q, %q", c, f.Words, f.Value, f.Interval, f.Of)
		}
	}
}

// sheet is a report of one section of bars with a row for each value, nil for
// too few.
func sheet(values ...*float64) *research.Report {
	sec := research.Section{Name: "s", Title: "Title", Columns: []research.Column{{Name: "source", Title: "source"}, {Name: "brand", Title: "brand"}, {Name: "share", Title: "share"}},
		Chart: &research.Chart{Kind: research.Bars, Columns: []string{"share"}}}
	for i, v := range values {
		sec.Rows = append(sec.Rows, []research.Cell{{Text: "shop"}, {Text: fmt.Sprint("brand ", i)},
			{Number: &research.Number{Value: v, Unit: research.UnitShare, N: 100, TooFew: v == nil, Query: fmt.Sprint("brand:", i)}}})
	}
	return &research.Report{Name: "test", Sections: []research.Section{sec}}
}

func TestALongChartLeavesOutWhatItCannotDrawAndSaysSo(t *testing.T) {
	few := Lay(English{}, sheet(ptr(0.5), nil, ptr(0.2))).Sections[0].Chart
	if len(few.Labels) != 3 || few.Left != "" || few.Series[0].Points[1].Short != "too few" {
		t.Errorf("a short chart: %+v", few)
	}
	values := make([]*float64, 14)
	values[3], values[9] = ptr(0.5), ptr(0.25)
	many := Lay(English{}, sheet(values...)).Sections[0].Chart
	if len(many.Labels) != 2 || many.Left != "Not drawn, as there is too little: 12 rows of the table." || many.Series[0].Points[1].Query != "brand:9" {
		t.Errorf("a long chart: %+v", many)
	}
	if many.Labels[0] != "brand 3 · shop" {
		t.Errorf("rows of one source are told apart as %q", many.Labels)
	}
	if none := Lay(English{}, sheet(nil, nil)).Sections[0].Chart; none != nil {
		t.Errorf("nothing is drawn as %+v", none)
	}
}

func TestPassagesLeadToPagesOfTheWebOnly(t *testing.T) {
	for address, want := range map[string]string{"https://shop.example/1": "https://shop.example/1", "javascript:alert(1)": "", "data:text/html,x": "", "//evil.example": ""} {
		c := cell(English{}, research.Cell{Quotes: []research.Quote{{ID: "1", Text: "words", Source: "shop", URL: address, Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}})
		if q := c.Quotes[0]; q.URL != want || q.Source != "shop, 2026-01-02" {
			t.Errorf("%s: %+v", address, q)
		}
	}
}

func FuzzCSVCellIsNeverAFormula(f *testing.F) {
	for _, s := range []string{"=1+1", "  =cmd|' /C calc'!A0", "\t@SUM(1)", "\n+1", "-2", "plain", "\u202e=1", "\x1b[31m=", "a\nb", "\r\n=1", "\ufeff=1", "\u00a0=1", "＝1", "'=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := CSVCell(s)
		if got = strings.TrimLeftFunc(got, unicode.IsSpace); got != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(got)[0]) {
			t.Errorf("%q becomes the formula %q", s, got)
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.Write([]string{got, "end"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if line, err := csv.NewReader(strings.NewReader(b.String())).Read(); err != nil || len(line) != 2 {
			t.Errorf("%q cannot be read back: %v", s, err)
		}
	})
}
