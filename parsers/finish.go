package parsers

import (
	"fmt"
	"time"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// finish turns the candidates of a page into mentions: where they come from,
// what they are about, their evidence and ids; the same id twice is once.
func finish(d *document.Document, cs []document.Candidate, items *itemSet) []mention.Mention {
	p := d.Page
	host := mention.Host(d.ListURL())
	main := items.main(d)
	rank := 0 // in the list of what customers say
	ambiguousIDs(cs)
	ids := map[string]string{}  // handle to id
	seen := map[string]string{} // id to text
	out := make([]mention.Mention, 0, len(cs))
	kept := make([]*document.Candidate, 0, len(cs))
	for i := range cs {
		c := &cs[i]
		m := c.Mention
		m.Source = source(m.Source, p.Source, host)
		m.Page = d.URL
		fill(&m.URL, d.ListURL()) // an answer is for programs
		fill(&m.Language, d.Language)
		if p.Origin != nil && m.Item != nil && *m.Item == (mention.ItemRef{}) {
			m.Item = nil // counts without a name: those of the origin's item
		}
		m.Item = items.about(m.Item, m.Kind, main)
		if !m.Published.IsZero() && m.PublishedPrecision == "" {
			m.PublishedPrecision = mention.Second
		}
		m.Evidence.Fetched, m.Evidence.SHA256, m.Evidence.Snapshot = p.Fetched, p.SHA256, p.Snapshot
		fill(&m.Evidence.List, d.URL)
		if !m.ByPublisher() {
			rank++
		}
		if m.Evidence.Rank == 0 {
			m.Evidence.Rank = max(rank, 1)
		}
		setID(&m, c)
		if other, ok := seen[m.ID]; ok && other != m.Text && m.NativeID == "" {
			setTextID(&m) // a second one by the same author on the same day
		}
		if c.NativeLinks {
			scope := c.IDScope
			if c.LinkScope != "" {
				scope = c.LinkScope
			}
			m.Parent, m.Thread = linked(&m, scope, m.Parent), linked(&m, scope, m.Thread)
		}
		if c.Handle != "" {
			ids[c.Handle] = m.ID
		}
		if _, ok := seen[m.ID]; !ok {
			seen[m.ID] = m.Text
			out = append(out, m)
			kept = append(kept, c)
		}
	}
	for i := range out {
		if id, ok := ids[kept[i].ParentHandle]; ok && id != out[i].ID {
			out[i].Parent = id
		}
		if id, ok := ids[kept[i].ThreadHandle]; ok && id != out[i].ID {
			out[i].Thread = id
		}
	}
	oneScale(out)
	for i := range items.list {
		if r := items.list[i].Rating; r != nil {
			r.Assumed = false
		}
	}
	return out
}

// oneScale gives the grades of a page that say no scale the one of those
// beside them: in a list with an 8, or with a 7 of 10, a bare 4 is out of
// ten as well. It goes by the type of what is reviewed, as a page of films
// may show products; longer scales are never lent, for they are mostly
// another's ("87%" of the critics).
func oneScale(ms []mention.Mention) {
	itemType := func(m *mention.Mention) string {
		if m.Item == nil {
			return ""
		}
		return m.Item.Type
	}
	outOfTen := map[string]bool{}
	for i := range ms {
		if r := ms[i].Rating; r != nil && r.Best == 10 {
			outOfTen[itemType(&ms[i])] = true
		}
	}
	for i := range ms {
		r := ms[i].Rating
		if r == nil || !r.Assumed {
			continue
		}
		best := r.Best
		if best == 5 && outOfTen[itemType(&ms[i])] {
			best = 10
		}
		ms[i].Rating = normalize.Rescale(*r, best)
	}
}

// undecided reports, once a page, the dates that nobody can tell the day of.
func undecided(cs []document.Candidate) []mention.Problem {
	n, example := 0, ""
	for i := range cs {
		if c := &cs[i]; c.Undecided != "" && c.Published.IsZero() {
			n++
			fill(&example, c.Undecided)
		}
	}
	if n == 0 {
		return nil
	}
	return []mention.Problem{{Where: "dates", What: fmt.Sprintf("%d left empty: day and month of %.40q cannot be told apart by the page's language", n, example)}}
}

// setID sets the id; a date that moves with every fetch takes no part in it.
func setID(m *mention.Mention, c *document.Candidate) {
	if !c.Unsteady || c.NativeID != "" {
		m.SetID(c.IDScope)
		return
	}
	setTextID(m)
}

// linked is the id of the mention with a native id among those of m; "" where
// that is m itself or none.
func linked(m *mention.Mention, scope, native string) string {
	if native == "" {
		return ""
	}
	other := mention.Mention{NativeID: native, Source: m.Source}
	if other.SetID(scope); other.ID == m.ID {
		return ""
	}
	return other.ID
}

// setTextID makes the id from the text instead of the date.
func setTextID(m *mention.Mention) {
	when := m.Published
	m.Published = time.Time{}
	m.SetID("")
	m.Published = when
}

// source completes what a parser knows of the source with what the crawler
// knows; the host is always the page's own unless a parser read from an API.
func source(own, page mention.Source, host string) mention.Source {
	fill(&own.Name, page.Name)
	fill(&own.Type, page.Type)
	fill(&own.Host, host)
	fill(&own.Host, page.Host)
	fill(&own.Name, own.Host)
	fill(&own.Type, "site")
	return own
}

// ambiguousIDs clears native ids that different mentions of the page share:
// they are not ids.
func ambiguousIDs(cs []document.Candidate) {
	type key struct{ scope, id string }
	first := map[key]*document.Candidate{}
	bad := map[key]bool{}
	for i := range cs {
		c := &cs[i]
		if c.NativeID == "" {
			continue
		}
		k := key{c.IDScope, c.NativeID}
		if f, ok := first[k]; !ok {
			first[k] = c
		} else if f.Text != c.Text || !sameAuthor(f.Author, c.Author) {
			bad[k] = true
		}
	}
	for i := range cs {
		if bad[key{cs[i].IDScope, cs[i].NativeID}] {
			cs[i].NativeID, cs[i].IDScope = "", ""
		}
	}
}

func sameAuthor(a, b *mention.Author) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name
}
