package enrich

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// What a burst is. An item that has no history has no bursts: its first days
// are unlike all others.
const (
	burstDays    = 3   // how long it lasts
	burstReviews = 10  // with five stars, at least
	burstTimes   = 5   // as many as nine of ten other such times have, at most
	burstShare   = 0.8 // of the grades given in it are five stars
	historyDays  = 30  // before it
	history      = 5   // reviews before it
)

const (
	// itemsTogether is how many items are looked at in one walk over the rows.
	itemsTogether = 5000
	// itemsAsked is up to how many the walk asks for them by name.
	itemsAsked = 50
)

// itemKey is an item of a host.
type itemKey struct{ host, name string }

// grade is a graded review of an item.
type grade struct {
	id   string
	day  int64 // published, since 1970; noDay unknown
	five bool
	text bool
	// suspect says that it has a flag, of whatever rule.
	suspect bool
}

const noDay = -1 << 62

// lookAtItems judges the reviews of items by those beside them.
func (p *pass) lookAtItems(items map[itemKey]bool) error {
	keys := make([]itemKey, 0, len(items))
	for k := range items {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b itemKey) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.host, b.host)) })
	for part := range slices.Chunk(keys, itemsTogether) {
		grades, err := p.grades(part)
		if err != nil {
			return err
		}
		for _, k := range part {
			if err := p.lookAtItem(grades[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// grades reads the graded reviews of items.
func (p *pass) grades(items []itemKey) (map[itemKey][]grade, error) {
	graded := &query.And{Nodes: []query.Node{&query.Term{Field: "kind", Value: string(mention.Review)}, &query.Term{Field: "has", Value: "rating"}}}
	if len(items) <= itemsAsked {
		names := &query.Or{}
		for _, k := range items {
			names.Nodes = append(names.Nodes, &query.Term{Field: "item", Value: k.name})
		}
		graded.Nodes = append(graded.Nodes, names)
	}
	out := make(map[itemKey][]grade, len(items))
	for _, k := range items {
		out[k] = nil
	}
	err := index.ScanRows(p.ctx, p.st, graded, []string{"host", "item", "has", "flag"}, func(r *index.Row) error {
		k := itemKey{first(r.Values[0]), first(r.Values[1])}
		list, asked := out[k]
		if !asked {
			return nil
		}
		has := r.Values[2]
		g := grade{id: r.ID, day: noDay, five: r.Rating > 4.99, text: slices.Contains(has, "text") || slices.Contains(has, "title"),
			suspect: slices.Contains(r.Values[3], mention.FlagSuspect)}
		if slices.Contains(has, "published") {
			g.day = floorDay(r.Published)
		}
		out[k] = append(list, g)
		return nil
	})
	return out, err
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func floorDay(millis int64) int64 {
	const day = 24 * 60 * 60 * 1000
	d := millis / day
	if millis%day < 0 {
		d--
	}
	return d
}

// lookAtItem marks the reviews of one item.
func (p *pass) lookAtItem(grades []grade) error {
	want := map[string]finding{}
	for _, g := range grades {
		if g.suspect {
			want[g.id] = finding{suspect: map[rule]string{ruleBurst: "", ruleNoText: ""}}
		}
	}
	say := func(id string, r rule, reason string) {
		if _, ok := want[id]; !ok {
			want[id] = finding{suspect: map[rule]string{ruleBurst: "", ruleNoText: ""}}
		}
		want[id].suspect[r] = reason
	}
	for _, id := range withoutText(grades) {
		say(id, ruleNoText, "five stars without a word, and nobody gave this item another grade so")
	}
	bursts, err := p.bursts(grades)
	if err != nil {
		return err
	}
	for _, b := range bursts {
		for _, id := range b.ids {
			say(id, ruleBurst, b.reason)
		}
	}
	if len(want) == 0 {
		return nil
	}
	return p.mark(want)
}

// withoutText returns the five-star reviews of an item that have no text,
// unless other grades are given without one too: then that is how people grade
// there.
func withoutText(grades []grade) (ids []string) {
	for _, g := range grades {
		switch {
		case g.text:
		case !g.five:
			return nil
		default:
			ids = append(ids, g.id)
		}
	}
	return ids
}

// burst is the five-star reviews of some days in a row.
type burst struct {
	ids    []string
	reason string
}

// bursts finds the bursts among the grades of an item, those of the days with
// the most reviews first. A review is in one of them only.
func (p *pass) bursts(grades []grade) ([]burst, error) {
	dated := slices.DeleteFunc(slices.Clone(grades), func(g grade) bool { return g.day == noDay })
	slices.SortFunc(dated, func(a, b grade) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.id, b.id)) })
	days := candidates(dated)
	taken := map[string]bool{}
	var out []burst
	for _, w := range days {
		b, err := p.burst(dated, w, taken)
		if err != nil {
			return nil, err
		}
		if b != nil {
			out = append(out, *b)
		}
	}
	return out, nil
}

// window is burstDays days, from the first on, with so many five-star reviews,
// where so many are usual.
type window struct {
	from         int64
	fives, usual int
}

// candidates returns the windows that stand out from the others of an item,
// those with the most reviews first.
func candidates(dated []grade) []window {
	if len(dated) < burstReviews {
		return nil
	}
	perDay := map[int64]int{}
	for _, g := range dated {
		if g.five {
			perDay[g.day]++
		}
	}
	fives := func(from int64) (n int) {
		for d := from; d < from+burstDays; d++ {
			n += perDay[d]
		}
		return n
	}
	var out []window
	for i, g := range dated {
		if i > 0 && dated[i-1].day == g.day {
			continue
		}
		n := fives(g.day)
		if n < burstReviews || !hasHistory(dated, g.day) {
			continue
		}
		if u := usual(dated[0].day, g.day, fives); n >= burstTimes*max(1, u) {
			out = append(out, window{g.day, n, u})
		}
	}
	slices.SortFunc(out, func(a, b window) int { return cmp.Or(cmp.Compare(b.fives, a.fives), cmp.Compare(a.from, b.from)) })
	return out
}

// hasHistory tells whether an item was reviewed for some time before a day.
func hasHistory(dated []grade, day int64) bool {
	earlier := 0
	for earlier < len(dated) && dated[earlier].day < day {
		earlier++
	}
	return earlier >= history && dated[0].day <= day-historyDays
}

// baseline is how many days before a window, at most, say what is usual.
const baseline = 365

// usual is how many five-star reviews nine of ten windows before a day have at
// most; the item was first reviewed on begin, historyDays before it.
func usual(begin, from int64, fives func(int64) int) int {
	var counts []int
	for d := max(begin, from-baseline); d+burstDays <= from; d++ {
		counts = append(counts, fives(d))
	}
	slices.Sort(counts)
	return counts[len(counts)*9/10]
}

// burst judges one window: most of its grades are five stars, and their days
// are known exactly.
func (p *pass) burst(dated []grade, w window, taken map[string]bool) (*burst, error) {
	var ids []string
	all := 0
	for _, g := range dated {
		if g.day < w.from || g.day >= w.from+burstDays {
			continue
		}
		all++
		if g.five && !taken[g.id] {
			ids = append(ids, g.id)
		}
	}
	if len(ids) == 0 || float64(w.fives) < burstShare*float64(all) {
		return nil, nil
	}
	exact := 0
	for _, g := range dated {
		if !g.five || g.day < w.from || g.day >= w.from+burstDays {
			continue
		}
		m, err := p.get(g.id)
		if err != nil {
			return nil, err
		}
		if m != nil && m.PublishedPrecision != mention.Month && m.PublishedPrecision != mention.Year {
			exact++
		}
	}
	if exact < w.fives {
		return nil, nil // "last month" is not a day
	}
	for _, id := range ids {
		taken[id] = true
	}
	day := time.Unix(w.from*24*60*60, 0).UTC().Format(time.DateOnly)
	return &burst{ids: ids, reason: fmt.Sprintf("%d reviews with five stars in %d days from %s on, where %d are usual at most", w.fives, burstDays, day, w.usual)}, nil
}
