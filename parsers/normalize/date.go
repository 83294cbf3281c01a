package normalize

import (
	"strconv"
	"strings"
	"time"

	"klank/mention"
)

// Date reads a published time in the spellings of web pages: ISO 8601 (dirty
// ones too), RFC 5322, Unix seconds and milliseconds, month names of the
// larger European languages, numeric dates, and relative ones ("3 weken
// geleden", "yesterday") when at, the time of fetching, is not zero. The date
// may stand within a phrase ("Beoordeeld in Nederland op 3 juni 2026").
//
// lang is a BCP 47 tag and decides about 03/06/2026: month first in English
// (except where the region says otherwise), day first elsewhere; without a
// language an ambiguous date is refused. Times without a zone count as UTC;
// midnight sharp in another zone counts as the day it begins.
// The result is in UTC; the precision says how much was given, the rest is
// at its first value. Impossible dates (31 February) give false.
func Date(s, lang string, at time.Time) (time.Time, mention.Precision, bool) {
	r, ok := readDate(s, lang, at)
	return r.time, r.precision, ok
}

// Relative tells whether Date reads s only relative to the time of fetching,
// so that the result moves with every fetch.
func Relative(s, lang string) bool {
	r, ok := readDate(s, lang, time.Date(2020, 6, 15, 12, 0, 0, 0, time.UTC))
	return ok && r.relative
}

// Ambiguous tells whether s is a date that Date refuses only because nothing
// says which of its numbers is the day: 03/06/2026 without a language.
func Ambiguous(s, lang string) bool {
	if _, ok := readDate(s, lang, time.Time{}); ok {
		return false
	}
	dayFirst, ok := readDate(s, "nl", time.Time{})
	monthFirst, ok2 := readDate(s, "en", time.Time{})
	return ok && ok2 && !dayFirst.time.Equal(monthFirst.time)
}

type reading struct {
	time      time.Time
	precision mention.Precision
	relative  bool
}

func readDate(s, lang string, at time.Time) (reading, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return reading{}, false
	}
	if len(s) >= 20 && len(s) <= 35 && s[10] == 'T' {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			if localDay(t) {
				return reading{time: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), precision: mention.Day}, plausibleYear(t.Year())
			}
			t = t.UTC().Truncate(time.Second)
			return reading{time: t, precision: mention.Second}, plausibleYear(t.Year())
		}
	}
	if ms, ok := strings.CutPrefix(s, "/Date("); ok { // how ASP.NET writes milliseconds in JSON
		s, _, _ = strings.Cut(strings.TrimSuffix(ms, ")/"), "+")
	}
	if len(s) > 11 && s[10] == '.' && strings.Trim(s[11:], "0123456789") == "" { // Unix seconds with a fraction
		s = s[:10]
	}
	if r, ok, decided := digitsOnly(s); decided {
		return r, ok
	}
	if r, ok := isoDay(s); ok {
		return r, true
	}
	if strings.IndexByte(s, '&') >= 0 || strings.IndexByte(s, '<') >= 0 {
		s = Line(s)
	}
	var room [24]token
	ts := tokens(lex(room[:0], s))
	language, region, _ := strings.Cut(strings.ToLower(lang), "-")
	d := numericDate(ts, language, region)
	if d.rank == 0 {
		d = cjkDate(ts)
	}
	if d.rank == 0 {
		d = namedDate(ts, language, at)
	}
	if d.rank == 0 {
		if r, ok := relativeDate(ts, language, at); ok {
			return r, true
		}
		d = shortDate(ts)
	}
	if d.rank == 0 || d.bad {
		return reading{}, false
	}
	return d.resolve(ts)
}

// localDay tells whether t is midnight in a zone other than UTC: a day that a
// program wrote as a time. In UTC it would become the day before.
func localDay(t time.Time) bool {
	_, offset := t.Zone()
	return offset != 0 && t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0
}

// isoDay reads what most markup has, 2021-03-04, without taking it apart.
func isoDay(s string) (reading, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return reading{}, false
	}
	number := 0
	for i := range len(s) {
		if i == 4 || i == 7 {
			continue
		}
		if !isDigit(s[i]) {
			return reading{}, false
		}
		number = number*10 + int(s[i]-'0')
	}
	year, month, day := number/10000, number/100%100, number%100
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return reading{time: t, precision: mention.Day}, plausibleYear(year) && t.Month() == time.Month(month) && t.Day() == day
}

// digitsOnly reads a string of nothing but digits.
func digitsOnly(s string) (r reading, ok, decided bool) {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return reading{}, false, false
		}
	}
	layout := ""
	switch len(s) {
	case 4:
		y, _ := strconv.Atoi(s)
		return reading{time: time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), precision: mention.Year}, plausibleYear(y), true
	case 8:
		layout = "20060102"
	case 14:
		layout = "20060102150405"
	case 10, 13:
		n, _ := strconv.ParseInt(s[:10], 10, 64)
		t := time.Unix(n, 0).UTC()
		return reading{time: t, precision: mention.Second}, n > 0 && plausibleYear(t.Year()), true
	default:
		return reading{}, false, true
	}
	t, err := time.Parse(layout, s)
	r = reading{time: t, precision: mention.Day}
	if len(s) == 14 {
		r.precision = mention.Second
	}
	return r, err == nil && plausibleYear(t.Year()), true
}

// plausibleYear keeps out the zero dates of databases and typing errors.
func plausibleYear(y int) bool { return y >= 1900 && y <= 2100 }

// found is a date located among tokens; its tokens are [from, to).
type found struct {
	year, month, day int
	from, to         int
	rank             int  // how complete: 0 is none
	bad              bool // it is a date, but impossible or ambiguous
}

// numericDate finds y-m-d, d-m-y and m/d/y.
func numericDate(ts tokens, lang, region string) found {
	if v := ts.num(0, 8, 8); v >= 0 && ts.is(1, "t") { // 20210304T050607Z
		return found{year: v / 10000, month: v / 100 % 100, day: v % 100, to: 1, rank: 3}
	}
	for i := range ts {
		sep := ts.at(i + 1).text
		if ts.num(i, 1, 4) < 0 || (sep != "-" && sep != "/" && sep != ".") || ts.at(i+3).text != sep || ts.num(i+2, 1, 2) < 0 || ts.num(i+4, 1, 4) < 0 {
			continue
		}
		a, b, c := ts[i], ts[i+2].val, ts[i+4]
		f := found{from: i, to: i + 5, rank: 3}
		switch {
		case len(a.text) == 4 && len(c.text) <= 2:
			f.year, f.month, f.day = a.val, b, c.val
		case len(a.text) > 2:
			continue
		case len(c.text) == 4 || len(c.text) == 2:
			f.year = c.val
			if len(c.text) == 2 {
				f.year = century(c.val)
			}
			f.day, f.month, f.bad = order(a.val, b, sep, lang, region)
		default:
			continue
		}
		return f
	}
	return found{}
}

// order decides which of two numbers is the day.
func order(a, b int, sep, lang, region string) (day, month int, bad bool) {
	switch {
	case a > 12 || a == b:
		return a, b, false
	case b > 12:
		return b, a, false
	case sep == ".": // nobody writes the month first with points
		return a, b, false
	case lang == "":
		return 0, 0, true
	case lang == "en":
		switch region {
		case "", "us", "ph":
			return b, a, false
		case "ca":
			return 0, 0, true
		}
	}
	return a, b, false
}

func century(yy int) int {
	if yy < 70 {
		return 2000 + yy
	}
	return 1900 + yy
}

// cjkDate finds 2026年6月3日 and 2026년 6월 3일.
func cjkDate(ts tokens) found {
	for i := range ts {
		y := ts.num(i, 4, 4)
		if y < 0 || !ts.is(i+1, "年", "년") || ts.num(i+2, 1, 2) < 0 || !(strings.HasPrefix(ts.at(i+3).text, "月") || ts.is(i+3, "월")) {
			continue
		}
		f := found{year: y, month: ts[i+2].val, from: i, to: i + 4, rank: 2}
		if d := ts.num(i+4, 1, 2); d >= 0 && (strings.HasPrefix(ts.at(i+5).text, "日") || strings.HasPrefix(ts.at(i+5).text, "일")) {
			f.day, f.to, f.rank = d, i+6, 3
		}
		return f
	}
	return found{}
}

// namedDate finds the most complete date with a month's name.
func namedDate(ts tokens, lang string, at time.Time) found {
	var best found
	for i, t := range ts {
		if t.kind != 'w' {
			continue
		}
		if m := monthOf(t.text, lang); m > 0 {
			if f := around(ts, i, m); f.rank > best.rank {
				best = f
			}
		}
	}
	if best.rank == 1 { // no year: the latest such day before the fetch
		if at.IsZero() {
			return found{rank: 1, bad: true}
		}
		best.year = at.UTC().Year()
		if time.Date(best.year, time.Month(best.month), best.day, 0, 0, 0, 0, time.UTC).After(at.AddDate(0, 0, 1)) {
			best.year--
		}
	}
	return best
}

// filler are the signs and words between the parts of a named date.
func filler(t token) bool {
	switch t.text {
	case ".", ",", "-", "/", "de", "del", "of", "st", "nd", "rd", "th", "º", "ª", "°", "er", "e", "the", "'", "’":
		return t.kind != 'n'
	}
	return false
}

// around reads day and year beside the month's name at token i.
func around(ts tokens, i, month int) found {
	f := found{month: month, from: i, to: i + 1}
	b := i - 1
	for n := 0; n < 2 && filler(ts.at(b)); n++ {
		b--
	}
	if d := ts.num(b, 1, 2); d >= 1 && d <= 31 && !ts.is(b-1, ":") {
		f.day, f.from = d, b
	} else if y := ts.num(b, 4, 4); plausibleYear(y) {
		f.year, f.from = y, b
	}
	a := i + 1
	for n := 0; n < 3 && filler(ts.at(a)); n++ {
		a++
	}
	if d := ts.num(a, 1, 2); f.day == 0 && d >= 1 && d <= 31 && !ts.is(a+1, ":") {
		f.day, f.to = d, a+1
		for a, n := a+1, 0; n < 3 && f.year == 0; a, n = a+1, n+1 {
			if y := ts.num(a, 4, 4); plausibleYear(y) {
				f.year, f.to = y, a+1
			} else if !filler(ts.at(a)) {
				break
			}
		}
	} else if y := ts.num(a, 4, 4); f.year == 0 && plausibleYear(y) {
		f.year, f.to = y, a+1
	} else if y := ts.num(a, 2, 2); f.year == 0 && f.day > 0 && y >= 0 && !ts.is(a+1, ":", ".", "h", "u") {
		f.year, f.to = century(y), a+1
	}
	if f.year == 0 && f.day > 0 { // "Tue Nov 10 23:00:00 GMT 2009"
		for j := f.to; j < len(ts); j++ {
			if y := ts.num(j, 4, 4); plausibleYear(y) && !ts.is(j-1, "+", "-") {
				f.year = y
				break
			}
		}
	}
	switch {
	case f.year > 0 && f.day > 0:
		f.rank = 3
	case f.year > 0:
		f.rank = 2
	case f.day > 0:
		f.rank = 1
	}
	return f
}

// shortDate reads 2026-06 and 06/2026 when they stand alone.
func shortDate(ts tokens) found {
	if len(ts) != 3 || !ts.is(1, "-", "/", ".") {
		return found{}
	}
	if y, m := ts.num(0, 4, 4), ts.num(2, 1, 2); y >= 0 && m >= 0 {
		return found{year: y, month: m, to: 3, rank: 2}
	}
	if m, y := ts.num(0, 1, 2), ts.num(2, 4, 4); y >= 0 && m >= 0 {
		return found{year: y, month: m, to: 3, rank: 2}
	}
	return found{}
}

// resolve adds the time of day that stands after the date, or before it.
func (f found) resolve(ts tokens) (reading, bool) {
	if !plausibleYear(f.year) || f.month < 1 || f.month > 12 {
		return reading{}, false
	}
	if f.day == 0 {
		if f.rank == 3 {
			return reading{}, false
		}
		return reading{time: time.Date(f.year, time.Month(f.month), 1, 0, 0, 0, 0, time.UTC), precision: mention.Month}, true
	}
	c := timeOfDay(ts, f.to, len(ts))
	if !c.ok && !c.bad {
		c = timeOfDay(ts, 0, f.from)
	}
	t := time.Date(f.year, time.Month(f.month), f.day, 0, 0, 0, 0, time.UTC)
	if t.Day() != f.day || c.bad {
		return reading{}, false
	}
	if !c.ok || c.offset != 0 && c.hour+c.minute+c.second == 0 {
		return reading{time: t, precision: mention.Day}, true
	}
	return reading{time: c.on(t), precision: c.precision}, true
}
