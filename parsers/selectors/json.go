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
func (s *Selectors) parseJSON(d *document.Document) *page {
	p := newPage(s, d)
	if !s.json {
		p.found.Problems = append(p.found.Problems, problem("the page is JSON, and no rule is a JSON path"))
		return p
	}
	root, err := readJSON(d.Body)
	if err != nil {
		p.found.Problems = append(p.found.Problems, problem("%v", err))
		return p
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
	p.hit("item", it.Name)
	p.hit("item_rating", shown(it.Rating))
	p.hit("review_count", s.reviewCount.scalar(root))
	p.records(s.review.values(root))
	p.link("next", s.next.scalar(root), mention.LinkNext)
	for _, v := range s.links.values(root) {
		p.link("links", scalar(v), mention.LinkItem)
	}
	return p
}

// link adds a link that JSON holds.
func (p *page) link(name, ref string, kind mention.LinkKind) {
	if u := p.d.Abs(ref); u != "" && u != p.d.URL {
		p.hit(name, u)
		p.found.Links = append(p.found.Links, mention.Link{URL: u, Kind: kind})
	}
}

// records reads the values of all mentions. An answer without any is none of
// its business: the list has ended.
func (p *page) records(all []any) {
	empty := 0
	p.total = len(all)
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
	s := p.s
	c := document.Candidate{Mention: mention.Mention{Kind: s.kind, Item: p.ref, Language: p.d.Language}}
	c.NativeID = normalize.Line(s.id.scalar(v))
	if short(c.NativeID) {
		c.IDScope = p.d.ListURL()
	}
	if name := normalize.Line(s.author.scalar(v)); name != "" {
		c.Author = &mention.Author{Name: name}
	}
	c.Title = normalize.Line(s.title.scalar(v))
	c.Text = s.text.paragraphs(v)
	c.Rating = grade(s.rating, v)
	if stamp, ok := p.stamp(s.date, v); ok {
		c.Published, c.PublishedPrecision, c.Unsteady = stamp.Time, stamp.Precision, stamp.Unsteady
	} else {
		c.Undecided = stamp.Undecided
	}
	c.URL = p.d.Abs(s.url.scalar(v))
	if t := s.reply.paragraphs(v); t != "" {
		c.Reply = &mention.Reply{Text: t}
	}
	p.note(&c)
	return c
}

// onJSON tells whether the field has a JSON path.
func (f field) onJSON() bool {
	return slices.ContainsFunc(f, func(a alternative) bool { return a.json && !a.embedded() })
}

// values returns what the first JSON path leads to that leads anywhere.
func (f field) values(v any) []any {
	for _, a := range f {
		if a.json && !a.embedded() {
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
		if !a.json || a.embedded() {
			continue
		}
		for _, part := range a.path.of(v) {
			if t := a.pick(scalar(part)); strings.TrimSpace(t) != "" {
				return t
			}
		}
	}
	return ""
}

// paragraphs joins the texts, which may hold markup, that the first path leads
// to that leads to any.
func (f field) paragraphs(v any) string {
	for _, a := range f {
		if !a.json || a.embedded() {
			continue
		}
		var out []string
		for _, part := range a.path.of(v) {
			if t := a.pick(normalize.HTML(scalar(part))); t != "" {
				out = append(out, t)
			}
		}
		if len(out) > 0 {
			return strings.Join(out, "\n\n")
		}
	}
	return ""
}

func grade(f field, v any) *mention.Rating { return parseGrade(f.scalar(v)) }

func parseGrade(s string) *mention.Rating {
	if s == "" {
		return nil
	}
	return normalize.Rating(s, "", "")
}

// stamp reads a time: in words, or as a number of seconds or milliseconds
// since 1970.
func (p *page) stamp(f field, v any) (element.Stamp, bool) {
	var undecided element.Stamp
	for _, a := range f {
		if !a.json || a.embedded() {
			continue
		}
		for _, part := range a.path.of(v) {
			if n, ok := part.(json.Number); ok && a.re == nil {
				if at, ok := unixTime(n); ok {
					return element.Stamp{Time: at, Precision: mention.Second}, true
				}
				continue
			}
			stamp, ok := element.TimeText(a.pick(scalar(part)), p.d.Language, p.d.Page.Fetched)
			if ok {
				return stamp, true
			}
			undecided = stamp
		}
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
