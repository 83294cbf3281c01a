package microformats

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// datetime is the time that an element gives in an attribute.
func datetime(n *html.Node) (string, bool) {
	switch n.DataAtom {
	case atom.Time, atom.Ins, atom.Del:
		return lookup(n, "datetime")
	}
	return "", false
}

// date reads a dt-* of an item: as written, except where it is given in
// parts.
func (r *reader) date(n *html.Node, in *item) string {
	s, ok := "", false
	if parts := r.valueClass(n, in, true); parts != nil {
		s, ok = together(parts, in.day)
	}
	if !ok {
		if s, ok = datetime(n); !ok && n.DataAtom != atom.Img && n.DataAtom != atom.Area {
			s, ok = stated(n)
		}
	}
	if !ok {
		s = r.text(n, true)
	}
	if day := dayOf.FindString(strings.TrimSpace(s)); day != "" {
		in.day = day
	}
	return s
}

var (
	dayOf    = regexp.MustCompile(`^\d{4}-(?:\d{3}\b|\d\d-\d\d)`)
	clockOf  = regexp.MustCompile(`^(?i)(\d{1,2})(?::(\d\d))?(?::(\d\d))?\s*([ap]\.?m\.?)?\s*(Z|[+-]\d{1,2}:?(?:\d\d)?)?$`)
	offsetOf = regexp.MustCompile(`^(?i:Z|[+-]\d{1,2}:?(?:\d\d)?)$`)
)

// together makes one time of the parts that elements give: date, time and
// offset in any order; a time alone is of the given day.
func together(parts []string, day string) (string, bool) {
	var date, clock, offset string
	for _, p := range parts {
		p = strings.TrimSpace(p)
		switch {
		case dayOf.MatchString(p):
			if len(p) <= len("2006-01-02") && date == "" {
				date = p
			} else if date == "" && clock == "" {
				return p, true // all in one
			}
		case offsetOf.MatchString(p) && offset == "":
			offset = p
		case clock == "":
			clock, offset = clockTime(p, offset)
		}
	}
	switch {
	case clock == "":
		return date, date != ""
	case date == "" && day == "":
		return clock + offset, true
	case date == "":
		date = day
	}
	return date + " " + clock + offset, true
}

// clockTime reads "7pm", "7:30 p.m." and "19:30:00+02:00"; offset is the one
// that is known already. The clock is "" where s is none.
func clockTime(s, offset string) (string, string) {
	m := clockOf.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[4] == "" {
		return "", offset
	}
	hour, _ := strconv.Atoi(m[1])
	switch strings.ToLower(strings.ReplaceAll(m[4], ".", "")) {
	case "pm":
		hour = hour%12 + 12
	case "am":
		hour %= 12
	}
	minutes := m[2]
	if minutes == "" {
		minutes = "00"
	}
	clock := fmt.Sprintf("%02d:%s", hour, minutes)
	if m[3] != "" {
		clock += ":" + m[3]
	}
	if offset == "" {
		offset = strings.ToUpper(strings.ReplaceAll(m[5], ":", ""))
	}
	return clock, offset
}
