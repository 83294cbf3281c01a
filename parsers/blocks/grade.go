package blocks

import (
	"strconv"
	"strings"

	"klank/parsers/blocks/element"
)

// bareGrade returns the number that a block shows as its grade without saying
// of how many: "<div class=score>8</div>"; "" where it shows none.
func (r *reader) bareGrade(m int32) string {
	out := ""
	r.own(m, func(i int32) bool {
		n := &r.nodes[i]
		if n.name.is(starTrait) && !n.name.is(countTrait) && n.text > 0 && n.text <= 4 {
			if t := element.Text(n.n, 4); t != "" {
				if _, ok := gradeNumber(t); ok {
					out = t
				}
			}
		}
		return out == ""
	})
	if out == "" {
		out = r.decimal(m)
	}
	return out
}

// decimal returns the grade that a block shows by a number with a decimal, or
// by the highest there is, alone in its element.
func (r *reader) decimal(m int32) string {
	out := ""
	r.own(m, func(i int32) bool {
		t := r.texts[i].short
		if int(r.nodes[i].text) == len(t) && (len(t) == 3 && (t[1] == ',' || t[1] == '.') || t == "10") && !r.nodes[i].name.is(countTrait|shopTrait) {
			if _, ok := gradeNumber(t); ok {
				out = t
			}
		}
		return out == ""
	})
	return out
}

// scaleOf tells of how many the bare grades of a group are: of five, unless
// one of them is higher. It is "" where few blocks show one.
func (r *reader) scaleOf(g *group) string {
	highest, seen := 0.0, 0
	for _, m := range g.members {
		if v, ok := gradeNumber(r.bareGrade(m)); ok {
			highest = max(highest, v)
			seen++
		}
	}
	switch {
	case float64(seen) < mostly*float64(len(g.members)) || highest == 0:
		return ""
	case highest > 5:
		return "10"
	}
	return "5"
}

// gradeNumber reads a number that may be a grade: 0 to 10, with a decimal or
// without.
func gradeNumber(s string) (float64, bool) {
	if len(s) == 0 || len(s) > 4 || strings.Trim(s, "0123456789.,") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	return v, err == nil && v <= 10
}
