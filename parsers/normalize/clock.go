package normalize

import (
	"strings"
	"time"

	"klank/mention"
)

// clock is a time of day with its zone.
type clock struct {
	hour, minute, second int
	offset               int // seconds east of UTC
	precision            mention.Precision
	ok                   bool
	bad                  bool // there is one, but it is impossible
}

// on returns the moment of the clock on a day.
func (c clock) on(day time.Time) time.Time {
	return day.Add(time.Duration(c.hour)*time.Hour + time.Duration(c.minute)*time.Minute + time.Duration(c.second-c.offset)*time.Second)
}

// timeOfDay finds the first time of day among tokens [from, to).
func timeOfDay(ts tokens, from, to int) clock {
	ts = ts[:to]
	for i := from; i < to; i++ {
		if ts.at(i).kind != 'n' || (ts.is(i-1, "+", "-") && ts.at(i).glued) {
			continue
		}
		c, next := clockAt(ts, i)
		if next == 0 {
			continue
		}
		next = c.meridiem(ts, next)
		c.zone(ts, next)
		c.ok = c.hour <= 23 && c.minute <= 59 && c.second <= 60
		c.bad = !c.ok
		c.second = min(c.second, 59)
		return c
	}
	return clock{}
}

// clockAt reads 14:05[:06[.7]], 14.05 uur, 14h05, 4 pm and T1405[06] at
// token i; next is 0 when there is none.
func clockAt(ts tokens, i int) (c clock, next int) {
	h, m := ts.num(i, 1, 2), ts.num(i+2, 2, 2)
	switch {
	case h >= 0 && m >= 0 && ts.is(i+1, ":"):
		c = clock{hour: h, minute: m, precision: mention.Minute}
		next = i + 3
		if s := ts.num(i+4, 2, 2); s >= 0 && ts.is(i+3, ":") {
			c.second, c.precision, next = s, mention.Second, i+5
			if ts.is(i+5, ".", ",") && ts.at(i+6).kind == 'n' && ts.at(i+6).glued {
				next = i + 7
			}
		}
		return c, next
	case h >= 0 && m >= 0 && (ts.is(i+1, "u", "h") || ts.is(i+1, ".") && ts.is(i+3, "uur", "uhr", "u", "h")):
		return clock{hour: h, minute: m, precision: mention.Minute}, i + 3
	case h >= 1 && h <= 12 && (ts.is(i+1, "am", "pm") || ts.is(i+1, "a", "p") && ts.is(i+2, ".") && ts.is(i+3, "m")):
		return clock{hour: h, precision: mention.Minute}, i + 1
	case ts.is(i-1, "t") && ts.num(i, 6, 6) >= 0:
		v := ts[i].val
		return clock{hour: v / 10000, minute: v / 100 % 100, second: v % 100, precision: mention.Second}, i + 1
	case ts.is(i-1, "t") && ts.num(i, 4, 4) >= 0:
		return clock{hour: ts[i].val / 100, minute: ts[i].val % 100, precision: mention.Minute}, i + 1
	}
	return clock{}, 0
}

// meridiem applies am or pm at token i and returns the token after it.
func (c *clock) meridiem(ts tokens, i int) int {
	next := i
	switch {
	case ts.is(i, "am", "pm"):
		next = i + 1
	case ts.is(i, "a", "p") && ts.is(i+1, ".") && ts.is(i+2, "m"):
		next = i + 3
	default:
		return i
	}
	if c.hour > 12 || c.hour == 0 {
		return next // "14:05 pm", "00:30 am": the clock is plain enough
	}
	c.hour %= 12
	if ts.at(i).text[0] == 'p' {
		c.hour += 12
	}
	return next
}

// zone applies a zone name or offset at token i: Z, CET, +0100, GMT+01:00.
func (c *clock) zone(ts tokens, i int) {
	if t := ts.at(i); t.kind == 'w' {
		off, ok := zoneOffset(strings.ToUpper(t.text))
		if !ok {
			return
		}
		c.offset = off
		i++
	}
	sign := 1
	switch {
	case ts.is(i, "-"):
		sign = -1
	case !ts.is(i, "+"):
		return
	}
	if !ts.at(i + 1).glued {
		return
	}
	off := -1
	if v := ts.num(i+1, 4, 4); v >= 0 {
		off = v/100*3600 + v%100*60
	} else if h := ts.num(i+1, 1, 2); h >= 0 {
		off = h * 3600
		if m := ts.num(i+3, 2, 2); m >= 0 && ts.is(i+2, ":") {
			off += m * 60
		}
	}
	if off >= 0 && off <= 14*3600 {
		c.offset = sign * off
	}
}

// relativeDate reads "3 weken geleden", "yesterday at 14:05", "vorige maand".
func relativeDate(ts tokens, lang string, at time.Time) (reading, bool) {
	if at.IsZero() {
		return reading{}, false
	}
	at = at.UTC()
	if r, ok := namedDay(ts, lang, at); ok {
		return r, true
	}
	marked := false
	for i, t := range ts {
		switch t.text {
		case "ago", "geleden", "fa", "atrás", "vor", "hace", "há", "sedan", "siden", "temu", "назад":
			marked = true
		case "il":
			marked = marked || ts.is(i+1, "y") && ts.is(i+2, "a")
		}
	}
	for i, t := range ts {
		n, u := 0, unitOf(ts.at(i+1).text)
		switch {
		case t.kind == 'n':
			n = t.val
			if ts.is(i+1, "m") && ts.at(i+1).glued {
				u = minutes
			}
		case ts.is(i, "vorige", "vorig", "last", "letzte", "letzten", "letztes", "afgelopen", "förra", "sidste", "forrige"):
			if u >= days {
				return back(at, 1, u), true
			}
		case ts.is(i+1, "dernière", "dernier", "passée", "passé", "pasada", "pasado", "passada", "passado", "scorsa", "scorso"):
			if u = unitOf(t.text); u >= days {
				return back(at, 1, u), true
			}
		default:
			n = smallNumber(t.text)
			if ts.is(i+1, "paar", "couple") { // "een paar weken", "a couple of weeks"
				n = 0
			} else if ts.is(i, "couple") && ts.is(i+1, "of") {
				u = unitOf(ts.at(i + 2).text)
			}
		}
		short := len(ts) == 2 && i == 0 && t.kind == 'n' && ts[1].glued // "3d"
		if u != noUnit && (marked || short) && n > 0 && n <= 1000 {
			return back(at, n, u), true
		}
	}
	return reading{}, false
}

// namedDay reads today, yesterday and the day before, with a time of day.
func namedDay(ts tokens, lang string, at time.Time) (reading, bool) {
	for i, t := range ts {
		n := -1
		switch t.text {
		case "today", "vandaag", "heute", "aujourd", "hoy", "oggi", "hoje", "idag", "dziś", "dzisiaj", "сегодня":
			n = 0
		case "yesterday", "gisteren", "gisteravond", "gisterenavond", "gistermiddag", "gisterochtend", "gestern", "ayer", "ieri", "ontem", "igår", "wczoraj", "вчера":
			n = 1
			if ts.is(i-1, "before", "altro") { // "the day before yesterday", "l'altro ieri"
				n = 2
			}
		case "eergisteren", "vorgestern", "anteayer", "anteontem", "förrgår", "przedwczoraj", "позавчера":
			n = 2
		case "dag", "går": // "i dag", "i går"
			switch {
			case !ts.is(i-1, "i") || lang == "nl":
			case t.text == "dag":
				n = 0
			default:
				n = 1
			}
		case "hier":
			switch {
			case ts.is(i-2, "avant"):
				n = 2
			case lang == "fr":
				n = 1
			}
		case "now", "zojuist", "zonet", "daarnet":
			if t.text != "now" || ts.is(i-1, "just", "right") {
				return reading{time: at.Truncate(time.Minute), precision: mention.Minute, relative: true}, true
			}
		}
		if n < 0 {
			continue
		}
		r := back(at, n, days)
		if c := timeOfDay(ts, i+1, len(ts)); c.ok {
			r.time, r.precision = c.on(r.time), c.precision
		}
		return r, true
	}
	return reading{}, false
}

// back goes n units back from at, as precisely as the unit allows.
func back(at time.Time, n int, u unit) reading {
	r := reading{relative: true}
	y, m, d := at.Date()
	switch u {
	case seconds, minutes:
		step := time.Second
		if u == minutes {
			step = time.Minute
		}
		r.time, r.precision = at.Add(-time.Duration(n)*step).Truncate(time.Minute), mention.Minute
	case hours:
		r.time, r.precision = at.Add(-time.Duration(n)*time.Hour).Truncate(24*time.Hour), mention.Day
	case days, weeks:
		if u == weeks {
			n *= 7
		}
		r.time, r.precision = time.Date(y, m, d-n, 0, 0, 0, 0, time.UTC), mention.Day
	case months:
		r.time, r.precision = time.Date(y, m-time.Month(n), 1, 0, 0, 0, 0, time.UTC), mention.Month
	case years:
		r.time, r.precision = time.Date(y-n, 1, 1, 0, 0, 0, 0, time.UTC), mention.Year
	}
	return r
}
