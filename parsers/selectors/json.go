package selectors

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"klank/mention"
	"klank/parsers/blocks/element"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// parseJSON reads an answer that is JSON by the rules' JSON paths.
func (s *Selectors) parseJSON(d *document.Document) document.Found {
	p := &page{s: s, d: d, found: &document.Found{}, hits: map[string]int{}}
	if !s.json {
		p.found.Problems = append(p.found.Problems, problem("the page is JSON, and no rule is a JSON path"))
		return *p.found
	}
	root, err := readJSON(d.Body)
	if err != nil {
		p.found.Problems = append(p.found.Problems, problem("%v", err))
		return *p.found
	}
	var it mention.Item
	it.Name = normalize.Line(s.item.scalar(root))
	it.Rating = grade(s.itemRating, root)
	if n, ok := normalize.Count(s.reviewCount.scalar(root)); ok {
		it.ReviewCount = &n
	}
	if it.Name != "" || it.Rating != nil || it.ReviewCount != nil {
		p.found.Items = append(p.found.Items, it)
		p.ref = &it.ItemRef
	}
	p.records(s.review.values(root))
	p.link(s.next.scalar(root), mention.LinkNext)
	for _, v := range s.links.values(root) {
		p.link(scalar(v), mention.LinkItem)
	}
	return *p.found
}

// link adds a link of a JSON answer.
func (p *page) link(ref string, kind mention.LinkKind) {
	if u := p.d.Abs(ref); u != "" && u != p.d.URL {
		p.found.Links = append(p.found.Links, mention.Link{URL: u, Kind: kind})
	}
}

// records reads the values of all mentions. An answer without any is none of
// its business: the list has ended.
func (p *page) records(all []any) {
	empty := 0
	for i, v := range all {
		c := p.record(v)
		if c.Text == "" && c.Title == "" && c.Rating == nil {
			empty++
			continue
		}
		c.Handle = handle(i)
		p.found.Mentions = append(p.found.Mentions, c)
	}
	if empty > 0 {
		p.found.Problems = append(p.found.Problems, problem("%d of %d records have no text, title or rating", empty, len(all)))
	}
	for _, f := range p.fields() {
		if f.field.onJSON() && !f.optional && p.hits[f.name] == 0 && len(all) > 0 {
			p.found.Problems = append(p.found.Problems, problem("%s matched nothing in %d records", f.name, len(all)))
		}
	}
}

// record reads one mention.
func (p *page) record(v any) document.Candidate {
	hit := func(name string, ok bool) {
		if ok {
			p.hits[name]++
		}
	}
	s := p.s
	c := document.Candidate{Mention: mention.Mention{Kind: s.kind, Item: p.ref, Language: p.d.Language}}
	c.NativeID = normalize.Line(s.id.scalar(v))
	hit("id", c.NativeID != "")
	if short(c.NativeID) {
		c.IDScope = p.d.ListURL()
	}
	if name := normalize.Line(s.author.scalar(v)); name != "" {
		c.Author = &mention.Author{Name: name}
	}
	hit("author", c.Author != nil)
	c.Title = normalize.Line(s.title.scalar(v))
	hit("title", c.Title != "")
	c.Text = paragraphs(s.text.values(v))
	hit("text", c.Text != "")
	c.Rating = grade(s.rating, v)
	hit("rating", c.Rating != nil)
	if stamp, ok := p.stamp(s.date.values(v)); ok {
		c.Published, c.PublishedPrecision, c.Unsteady = stamp.Time, stamp.Precision, stamp.Unsteady
		hit("date", true)
	} else {
		c.Undecided = stamp.Undecided
	}
	c.URL = p.d.Abs(s.url.scalar(v))
	hit("url", c.URL != "")
	if t := paragraphs(s.reply.values(v)); t != "" {
		c.Reply = &mention.Reply{Text: t}
	}
	return c
}

// onJSON tells whether the field has a JSON path.
func (f field) onJSON() bool {
	return slices.ContainsFunc(f, func(a alternative) bool { return a.json })
}

// values returns what the first JSON path leads to that leads anywhere.
func (f field) values(v any) []any {
	for _, a := range f {
		if a.json {
			if found := a.path.of(v); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// scalar returns the first text, number or truth value that is not empty.
func (f field) scalar(v any) string {
	for _, a := range f {
		if !a.json {
			continue
		}
		for _, part := range a.path.of(v) {
			if t := scalar(part); strings.TrimSpace(t) != "" {
				return t
			}
		}
	}
	return ""
}

// paragraphs joins texts, which may hold markup.
func paragraphs(all []any) string {
	var out []string
	for _, v := range all {
		if t := normalize.HTML(scalar(v)); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, "\n\n")
}

func grade(f field, v any) *mention.Rating {
	t := f.scalar(v)
	if t == "" {
		return nil
	}
	return normalize.Rating(t, "", "")
}

// stamp reads a time: in words, or as a number of seconds or milliseconds
// since 1970.
func (p *page) stamp(all []any) (element.Stamp, bool) {
	var undecided element.Stamp
	for _, v := range all {
		if n, ok := v.(json.Number); ok {
			if at, ok := unixTime(n); ok {
				return element.Stamp{Time: at, Precision: mention.Second}, true
			}
			continue
		}
		stamp, ok := element.TimeText(scalar(v), p.d.Language, p.d.Page.Fetched)
		if ok {
			return stamp, true
		}
		undecided = stamp
	}
	return undecided, false
}

// unixTime reads a number of seconds or, from the year 5138 on, milliseconds.
func unixTime(n json.Number) (time.Time, bool) {
	f, err := n.Float64()
	switch {
	case err != nil || f <= 0 || f >= 1e14:
		return time.Time{}, false
	case f < 1e11:
		return time.Unix(int64(f), 0).UTC(), true
	}
	return time.UnixMilli(int64(f)).UTC(), true
}
