package notice

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/research"
	"klank/index/research/layout"
	"klank/index/watch/deliver"
)

// KindDigest is the kind of an event that is the time of a digest.
const KindDigest = "digest"

// Digest is what a summary of some days draws on.
type Digest struct {
	Research research.Config
	// Speech says what reports say, in the composer's language.
	Speech layout.Language
	Days   int
	// Brand narrows it; empty is all of our own, or everything where none is
	// configured.
	Brand string
}

// The bounds of its tables.
const (
	digestTouchpoints = 8
	digestQueue       = 10
)

// digest is the message; its JSON is what webhooks get.
type digest struct {
	ID       string  `json:"id"`
	Type     string  `json:"type"` // digest
	Title    string  `json:"title"`
	Brand    string  `json:"brand,omitempty"`
	From     string  `json:"from"`
	To       string  `json:"to"`
	Link     string  `json:"link,omitempty"`
	Sections []table `json:"sections"`

	Lang string `json:"-"`
	Why  string `json:"-"`
}

// table is one part of it, in words.
type table struct {
	Title   string   `json:"title"`
	Note    string   `json:"note,omitempty"`
	Columns []string `json:"columns"`
	Rows    [][]slot `json:"rows"`
	// Nothing is said where there are no rows, Link leads to the whole report.
	Nothing  string `json:"-"`
	Link     string `json:"link,omitempty"`
	LinkText string `json:"-"`
}

// slot is one field of it; Head is the title of its column.
type slot struct {
	Text    string `json:"text"`
	Link    string `json:"link,omitempty"`
	Numeric bool   `json:"-"`
	Head    string `json:"-"`
}

// Digest words what changed in the last days, which touchpoints were spoken of
// most, who waits for a reply, and how the sources do. Every number stands with
// its interval and n, and leads to the mentions behind it.
func (c *Composer) Digest(ctx context.Context, d Digest, id string, now time.Time) (*deliver.Message, error) {
	v := newVoice(c.Language)
	from := now.UTC().AddDate(0, 0, -d.Days)
	out := digest{ID: id, Type: KindDigest, Brand: d.Brand, Lang: v.code, From: from.Format(time.DateOnly), To: now.UTC().Format(time.DateOnly),
		Title: v.counted("digest.title", d.Days), Why: v.say("digest.why"), Link: c.page("/", nil)}
	for _, part := range []func(context.Context, *voice, *Digest, time.Time) (*table, error){c.changes, c.touchpoints, c.queue, c.sources} {
		t, err := part(ctx, v, &d, now)
		if err != nil {
			return nil, fmt.Errorf("digest: %w", err)
		}
		out.Sections = append(out.Sections, *t)
	}
	return compose(&deliver.Message{ID: id, Rule: KindDigest, At: now, Subject: "klank: " + strings.Join(nonEmpty(out.Title, d.Brand), ", "), Data: out}, "digest", out)
}

func nonEmpty(parts ...string) []string {
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}

// changes compares the last days with as many before.
func (c *Composer) changes(ctx context.Context, v *voice, d *Digest, now time.Time) (*table, error) {
	ch, err := research.CompareTimes(ctx, d.Research, d.about(), time.Duration(d.Days)*24*time.Hour, now)
	if err != nil {
		return nil, err
	}
	say := func(key string) research.Cell { return research.Cell{Text: v.say(key)} }
	number := func(n research.Number) research.Cell { return research.Cell{Number: &n} }
	sec := research.Section{Name: "changes", Title: v.say("digest.changes"), Note: v.say("digest.chance"),
		Columns: []research.Column{{Name: "what"}, {Name: "lately", Title: v.counted("digest.lately", d.Days)},
			{Name: "before", Title: v.counted("digest.before", d.Days)}, {Name: "change", Title: v.say("digest.change")}},
		Rows: [][]research.Cell{
			{say("digest.mentions"), number(ch.Mentions), number(ch.MentionsBefore), {}},
			{say("digest.negative"), number(ch.Negative), number(ch.NegativeBefore), number(ch.NegativeChange)},
			{say("digest.stars"), number(ch.Stars), number(ch.StarsBefore), number(ch.StarsChange)},
		}}
	t := c.table(layout.Lay(d.Speech, &research.Report{Sections: []research.Section{sec}}).Sections[0], "what", "lately", "before", "change")
	covered := v.say("unknown")
	if ch.Mentions.Coverage != nil {
		covered = v.say("coverage", v.percent(ch.Mentions.Coverage))
	}
	t.Note += " " + strings.ToUpper(covered[:1]) + covered[1:] + "."
	return t, nil
}

// about finds the mentions of the brand, or of our own.
func (d *Digest) about() query.Node {
	var own []query.Node
	for _, b := range d.Research.Brands {
		if d.Brand == "" && !b.Rival || strings.EqualFold(b.Name, d.Brand) {
			own = append(own, &query.Term{Field: "brand", Value: b.Name})
		}
	}
	if len(own) == 0 {
		return nil
	}
	return query.Simplify(&query.Or{Nodes: own})
}

// report lays out a section of a report, joined of those whose names begin so.
func (d *Digest) report(ctx context.Context, name, section string, from, now time.Time) (layout.Section, error) {
	rep, err := research.Run(ctx, d.Research, research.Request{Name: name, Brand: d.Brand, From: from, Now: now})
	if err != nil {
		return layout.Section{}, err
	}
	var out layout.Section
	for _, sec := range layout.Lay(d.Speech, rep).Sections {
		if strings.HasPrefix(sec.Name, section) {
			rows := append(out.Rows, sec.Rows...)
			out = sec
			out.Rows = rows
		}
	}
	return out, nil
}

// touchpoints are those that were spoken of most.
func (c *Composer) touchpoints(ctx context.Context, v *voice, d *Digest, now time.Time) (*table, error) {
	sec, err := d.report(ctx, "moments", "touchpoints_", now.AddDate(0, 0, -d.Days), now)
	if err != nil {
		return nil, err
	}
	count := func(row []layout.Cell) int { // of mentions, in the second column
		if len(row) < 2 || row[1].Figure == nil {
			return 0
		}
		return row[1].Figure.Count
	}
	sec.Rows = slices.DeleteFunc(sec.Rows, func(row []layout.Cell) bool { return count(row) == 0 })
	slices.SortStableFunc(sec.Rows, func(a, b []layout.Cell) int { return cmp.Compare(count(b), count(a)) })
	sec.Rows = sec.Rows[:min(len(sec.Rows), digestTouchpoints)]
	t := c.table(sec, "touchpoint", "mentions", "positive", "negative")
	t.Title, t.Note, t.Nothing, t.Link, t.LinkText = v.say("digest.touchpoints"), v.say("digest.praise"), v.say("digest.nothing"), c.page("/report/moments", nil), v.say("digest.whole")
	return t, nil
}

// queue is whom to answer first.
func (c *Composer) queue(ctx context.Context, v *voice, d *Digest, now time.Time) (*table, error) {
	sec, err := d.report(ctx, "respond", "queue", time.Time{}, now)
	if err != nil {
		return nil, err
	}
	sec.Rows = sec.Rows[:min(len(sec.Rows), digestQueue)]
	t := c.table(sec, "mention", "date", "source", "why", "days")
	t.Title, t.Note, t.Nothing, t.Link, t.LinkText = v.say("digest.queue"), "", v.say("digest.nobody"), c.page("/queue", nil), v.say("digest.whole")
	return t, nil
}

// sources are their coverage and health.
func (c *Composer) sources(ctx context.Context, v *voice, d *Digest, now time.Time) (*table, error) {
	sec, err := d.report(ctx, "coverage", "sources", time.Time{}, now)
	if err != nil {
		return nil, err
	}
	t := c.table(sec, "source", "mentions", "coverage", "latest", "state", "why")
	t.Title, t.Note, t.Nothing, t.Link, t.LinkText = v.say("digest.sources"), "", v.say("digest.nothing"), c.page("/status", nil), v.say("status")
	return t, nil
}

// table takes columns out of a section, by their names.
func (c *Composer) table(sec layout.Section, names ...string) *table {
	t := &table{Title: sec.Title, Note: sec.Note, Rows: [][]slot{}}
	var at []int
	for _, name := range names {
		i := slices.IndexFunc(sec.Columns, func(col layout.Column) bool { return col.Name == name })
		if i >= 0 {
			at = append(at, i)
			t.Columns = append(t.Columns, sec.Columns[i].Title)
		}
	}
	for _, row := range sec.Rows {
		slots := make([]slot, len(at))
		for k, i := range at {
			slots[k] = c.slot(row[i])
			slots[k].Head = sec.Columns[i].Title
		}
		t.Rows = append(t.Rows, slots)
	}
	return t
}

func (c *Composer) slot(cell layout.Cell) slot {
	s := slot{Text: quote(cell.Text)}
	if f := cell.Figure; f != nil {
		s.Numeric = true
		if f.Query != "" && f.Count > 0 {
			s.Link = c.page("/search", url.Values{"q": {f.Query}, "sort": {index.SortNewest}})
		}
	}
	if len(cell.Quotes) > 0 {
		s.Text, s.Link = quote(cell.Quotes[0].Text), c.page("/mention/"+url.PathEscape(cell.Quotes[0].ID), nil)
	}
	return s
}
