package parsers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/mention"
)

// wanted is what a person reads off a page of testdata/blocks/sites: pages
// written by hand after how forums, shops, blogs and their software mark up
// what people write, with the file of the same name and ".json" beside them.
type wanted struct {
	Kind, Author, Date, Title, Text string // kind "*": any
	Rating, Best                    float64
}

// score counts what is right over pages.
type score struct {
	wanted, found, extra int
	fields, right        map[string]int
}

func (s score) f1() float64 { return 2 * float64(s.found) / float64(s.wanted+s.found+s.extra) }

func (s score) precision() float64 { return float64(s.found) / float64(s.found+s.extra) }

// count compares what was found on a page with what is wanted.
func (s *score) count(t *testing.T, page string, want []wanted, got []mention.Mention, tell bool) {
	say := func(format string, args ...any) {
		if tell {
			t.Logf(page+": "+format, args...)
		}
	}
	used := make([]bool, len(got))
	for _, w := range want {
		s.wanted++
		at := -1
		for i := range got {
			if !used[i] && short(got[i].Text, 40) == short(w.Text, 40) && (w.Kind == "*" || string(got[i].Kind) == w.Kind) {
				at = i
				break
			}
		}
		if at < 0 {
			say("missing: %s %s %.40s", w.Kind, w.Author, w.Text)
			continue
		}
		used[at] = true
		s.found++
		m := &got[at]
		check := func(field string, asked, ok bool, value any) {
			if !asked {
				return
			}
			s.fields[field]++
			if ok {
				s.right[field]++
			} else {
				say("%s of %q is %v", field, w.Author, value)
			}
		}
		check("author", w.Author != "", m.Author != nil && m.Author.Name == w.Author, m.Author)
		check("date", w.Date != "", m.Published.Format("2006-01-02") == w.Date, m.Published)
		check("title", w.Title != "", m.Title == w.Title, m.Title)
		check("rating", w.Rating > 0, m.Rating != nil && m.Rating.Value == w.Rating, m.Rating)
		check("best", w.Best > 0 && m.Rating != nil, m.Rating != nil && m.Rating.Best == w.Best, m.Rating)
		check("text", true, m.Text == w.Text, m.Text)
	}
	for i := range got {
		if !used[i] {
			s.extra++
			say("too many: %s %.80s", got[i].Kind, got[i].Text)
		}
	}
}

// sites scores the pages of a folder of testdata/blocks.
func sites(t *testing.T, folder string, tell bool) score {
	t.Helper()
	pages, err := filepath.Glob("../testdata/blocks/" + folder + "/*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	s := score{fields: map[string]int{}, right: map[string]int{}}
	for _, page := range pages {
		body, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(strings.TrimSuffix(page, "html") + "json")
		if err != nil {
			t.Fatal(err)
		}
		var want []wanted
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(page, err)
		}
		res, err := New().Parse(&mention.Page{URL: "https://www.example.com/p", Status: 200, ContentType: "text/html; charset=utf-8", Body: body}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.count(t, filepath.Base(page), want, res.Mentions, tell)
	}
	t.Logf("wanted %d, found %d, too many %d: F1 %.3f at precision %.3f", s.wanted, s.found, s.extra, s.f1(), s.precision())
	for f, n := range s.fields {
		t.Logf("%s %d of %d", f, s.right[f], n)
	}
	return s
}

// The pages of heldout are the latest round of pages to be written: what the
// detector misses on them tells what it may miss on designs that nobody has
// looked at; docs/benchmarks.md has the figures of all rounds at first sight.
func TestFloorOnHeldOutSites(t *testing.T) {
	s := sites(t, "heldout", testing.Verbose())
	if s.f1() < 0.85 || s.precision() < 0.95 {
		t.Errorf("F1 %.3f at precision %.3f", s.f1(), s.precision())
	}
}

func TestSitesAreReadAsAPersonDoes(t *testing.T) {
	s := sites(t, "sites", testing.Verbose())
	if s.f1() < 0.98 || s.precision() < 0.99 {
		t.Errorf("F1 %.3f at precision %.3f", s.f1(), s.precision())
	}
}
