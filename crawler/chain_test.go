package crawler_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"klank/crawler"
	"klank/mention"
)

// counts makes the handler report the new and known mentions that a page
// stands for, by its path.
func (b *bench) counts(of func(path string) (added, same int)) {
	b.handler.respond = func(p *mention.Page) (crawler.Outcome, error) {
		added, same := of(strings.TrimPrefix(p.URL, b.site.URL))
		return crawler.Outcome{New: added - 1, Same: same}, nil // the handler counts one
	}
}

// list is a list of n pages, each with a menu, then what own says.
func list(n int, own func(i int) []string) map[string]page {
	pages := map[string]page{"/": {links: []string{"item /list?page=1", "page /about"}}, "/about": {}}
	for i := 1; i <= n; i++ {
		pages[fmt.Sprintf("/list?page=%d", i)] = page{links: append([]string{"page /", "page /about"}, own(i)...)}
	}
	return pages
}

func next(i int) string { return fmt.Sprintf("next /list?page=%d", i+1) }

func wantStop(t *testing.T, r crawler.SourceReport, url string, reason crawler.StopReason, pages int) {
	t.Helper()
	if len(r.Stops) != 1 || r.Stopped[reason] != 1 {
		t.Fatalf("stops %+v, %v", r.Stops, r.Stopped)
	}
	if s := r.Stops[0]; !strings.HasSuffix(s.URL, url) || s.Reason != reason || s.Pages != pages || !strings.Contains(s.String(), url) {
		t.Errorf("stopped %s", s)
	}
}

func TestListWithoutEndIsLeft(t *testing.T) {
	b := newBench(t, list(100, func(i int) []string { return []string{next(i), next(i + 1), fmt.Sprintf("page /list?sort=%d", i)} }))
	b.counts(func(path string) (int, int) {
		if path == "/list?page=1" || path == "/list?page=2" {
			return 10, 0
		}
		return 0, 0
	})
	src := b.source()
	src.Scope.MaxDepth = 1 // not the list in another order
	r := b.one(src, crawler.StatusDone)
	wantStop(t, r, "/list?page=7", crawler.StopEndless, 7)
	if !r.Deep || r.Left != 0 {
		t.Errorf("report %+v", r)
	}
	if n := len(b.site.requests()); n > 2+8 {
		t.Errorf("%d requests", n)
	}
}

func TestListInAnotherOrderDoesNotEndTheFirst(t *testing.T) {
	pages := map[string]page{}
	for i := 1; i <= 9; i++ {
		own := []string{next(i)}
		for _, order := range []string{"a", "b", "c", "d"} {
			own = append(own, fmt.Sprintf("next /list?order=%s&page=%d", order, i))
			pages[fmt.Sprintf("/list?order=%s&page=%d", order, i)] = page{links: []string{fmt.Sprintf("next /list?order=%s&page=%d", order, i+1)}}
		}
		pages[fmt.Sprintf("/list?page=%d", i)] = page{links: own}
	}
	pages["/"], pages["/list?page=10"] = page{links: []string{"item /list?page=1"}}, page{}
	b := newBench(t, pages)
	b.counts(func(path string) (int, int) {
		if strings.Contains(path, "order") {
			return 0, 10
		}
		return 10, 0
	})
	b.one(b.source(), crawler.StatusDone)
	if b.site.asked["/list?page=10"] != 1 {
		t.Errorf("asked for %v", b.site.asked)
	}
}

func TestListThatGoesOnIsFollowedToItsEnd(t *testing.T) {
	for name, own := range map[string]func(i int) []string{
		"with mentions": func(i int) []string { return nil },
		"with items":    func(i int) []string { return []string{fmt.Sprintf("item /p/%d", i)} },
	} {
		t.Run(name, func(t *testing.T) {
			pages := list(30, func(i int) []string {
				if i == 30 {
					return append(own(i), "next /list?page=1", "next /list?page=29")
				}
				return append(own(i), next(i))
			})
			for i := range 31 {
				pages[fmt.Sprintf("/p/%d", i)] = page{}
			}
			// The first page under other names.
			pages["/list"], pages["/list?page=0"] = pages["/list?page=1"], pages["/list?page=1"]
			first := pages["/list?page=2"]
			first.links = append(slices.Clone(first.links), "next /list", "next /list?page=0")
			pages["/list?page=2"] = first
			b := newBench(t, pages)
			again := false
			b.counts(func(path string) (int, int) {
				switch {
				case name == "with items" || !strings.HasPrefix(path, "/list"):
					return 0, 0
				case again:
					return 0, 10
				}
				return 10, 0
			})
			for range 2 {
				r := b.one(b.source(), crawler.StatusDone)
				asked := b.site.requests()
				if !slices.Contains(asked, "/list?page=30") || len(r.Stops) > 0 {
					t.Errorf("asked for %q, stops %+v", asked, r.Stops)
				}
				// All of it anew, with nothing new in it, and one page more.
				again, b.config.Generation = true, "g2"
				b.site.set("/list?page=30", page{links: append(own(30), next(30))})
				b.site.set("/list?page=31", page{})
			}
			if b.site.asked["/list?page=31"] != 1 {
				t.Error("the page that was added is not found")
			}
		})
	}
}

func TestListThatLoopsIsLeft(t *testing.T) {
	// From its fifth page on it shows the second again, under new numbers.
	b := newBench(t, list(100, func(i int) []string {
		item := i
		if i >= 5 {
			item = 2
		}
		return []string{next(i), fmt.Sprintf("item /p/%d", item)}
	}))
	for i := range 6 {
		b.site.pages[fmt.Sprintf("/p/%d", i)] = page{}
	}
	b.counts(func(path string) (int, int) { return 0, 0 })
	wantStop(t, b.one(b.source(), crawler.StatusDone), "/list?page=7", crawler.StopLoop, 7)
}

func TestCursorThatStaysIsNotFollowed(t *testing.T) {
	b := newBench(t, map[string]page{
		"/":                   {links: []string{"next /?after=a"}},
		"/?after=a":           {links: []string{"next /?after=b&n=1"}},
		"/?after=b&n=1":       {links: []string{"next /?after=b&n=2"}},
		"/?after=b&n=2":       {links: []string{"next /?after=b&n=3"}},
		"/?after=b&n=3":       {},
		"/?after=b&n=1&other": {},
	})
	b.counts(func(path string) (int, int) {
		if path == "/?after=b&n=1" {
			return 0, 0
		}
		return 1, 0
	})
	wantStop(t, b.one(b.source(), crawler.StatusDone), "/?after=b&n=1", crawler.StopToken, 3)
	b.wantAsked("/", "/?after=a", "/?after=b&n=1")
}

func TestNewestFirstListIsLeftWhereAllIsKnown(t *testing.T) {
	pages := list(20, func(i int) []string { return []string{next(i)} })
	pages["/list?page=20"] = page{}
	b := newBench(t, pages)
	fresh := map[string]int{}
	b.counts(func(path string) (int, int) {
		if !strings.HasPrefix(path, "/list") {
			return 0, 0
		}
		n, ok := fresh[path]
		if !ok {
			n = 10
		}
		fresh[path] = 0
		return n, 10 - n
	})
	src := b.source()
	src.StopAfterKnown = 15
	if r := b.one(src, crawler.StatusDone); r.New != 200 || !r.Deep {
		t.Fatalf("first run %+v", r)
	}
	b.site.requests()

	// Nothing new: the first page says so.
	r := b.one(src, crawler.StatusDone)
	b.wantAsked("/", "/about", "/list?page=1")
	if r.Deep || r.Unreached != 19 || r.Left != 0 || len(r.Stops) != 0 {
		t.Errorf("second run %+v", r)
	}

	// New ones push the others down: one page has new ones, two have none.
	b.config.Generation = "g2"
	maps.DeleteFunc(fresh, func(path string, _ int) bool { return path == "/list?page=1" })
	r = b.one(src, crawler.StatusDone)
	b.wantAsked("/", "/about", "/list?page=1", "/list?page=2", "/list?page=3")
	wantStop(t, r, "/list?page=3", crawler.StopKnown, 3)
	if r.Deep || r.Unreached != 17 {
		t.Errorf("third run %+v", r)
	}

	// A deep pass asks for all.
	src.StopAfterKnown = 0
	if r = b.one(src, crawler.StatusDone); !r.Deep || r.Unreached != 0 || len(b.site.requests()) != 22 {
		t.Errorf("deep run %+v", r)
	}
}
