package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/mention"
)

// moreShop is a shop whose pages show the first few reviews: a button asks
// another host for the others of a kettle, as JSON, ten at a time; the shop
// itself for those of a mixer, as HTML, after a token of the page; and an
// address of its own for a toaster, whose page shows none at all.
type moreShop struct {
	savedShop
	pages, api *httptest.Server

	mu      sync.Mutex
	reviews map[string]int // how many each product has
	asked   []string       // requests to the API, robots.txt included
}

const shownReviews = 10

func newMoreShop(t *testing.T) *moreShop {
	s := &moreShop{savedShop: savedShop{t: t, dir: t.TempDir()}, reviews: map[string]int{"kettle-1": 35, "mixer-1": 24, "toaster-1": 12}}
	s.pages, s.api = httptest.NewServer(http.HandlerFunc(s.page)), httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.pages.Close)
	t.Cleanup(s.api.Close)
	s.config = filepath.Join(t.TempDir(), "klank.yaml")
	text := fmt.Sprintf(`sources:
  - name: shop
    urls: [%[1]q]
    selectors:
      review: ".review || $.reviews[*]"
      author: "b || $.by.name"
      date: "time || $.at"
      text: "p || $.text"
      rating: ".stars || $.stars"
      item: h1
      review_count: ".count || $.total"
    load_more:
      - on: '/p/(?P<sku>kettle-[0-9]+)$'
        url: '%[2]s/reviews?sku={sku}&page={page}'
      - on: '/p/mixer-[0-9]+$'
        find: {list: '.reviews@data-list'}
        url: '%[3]s/fragment/{list}?from={offset}'
        step: 10
      - on: '/p/(?P<sku>toaster-[0-9]+)$'
        url: '%[3]s/cursor/{sku}?after={cursor}'
        cursor: $.next
        html: $.html
`, s.pages.URL+"/", s.api.URL, s.pages.URL)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// review is the nth newest of a product's reviews. They carry no id: author,
// day and item tell them apart, and the same authors write about all.
func (s *moreShop) review(sku string, n int) (author, day, text string) {
	number := s.reviews[sku] - n
	return "Author " + strconv.Itoa(number), time.Date(2026, 1, 1+number, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
		fmt.Sprintf("Review %d of %s, which says enough to be read.", number, sku)
}

// markup shows at most ten reviews from one on.
func (s *moreShop) markup(sku string, from int) string {
	var b strings.Builder
	for i := from; i < min(from+shownReviews, s.reviews[sku]); i++ {
		author, day, text := s.review(sku, i)
		fmt.Fprintf(&b, "<div class=review><b>%s</b> <time datetime=%s>%s</time> <span class=stars>4/5</span><p>%s</p></div>", author, day, day, text)
	}
	return b.String()
}

// page answers for the shop.
func (s *moreShop) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, sku := strings.Split(r.URL.Path, "/")[1], r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch {
	case kind == "":
		fmt.Fprint(w, `<html lang=en><a href=/p/kettle-1>Kettle</a> <a href=/p/mixer-1>Mixer</a> <a href=/p/toaster-1>Toaster</a>`)
	case kind == "p":
		shown := s.markup(sku, 0)
		if sku == "toaster-1" {
			shown = ""
		}
		fmt.Fprintf(w, `<html lang=en><h1>The %s</h1><span class=count>%d reviews</span><div class=reviews data-list="list of %s">%s</div>`, sku, s.reviews[sku], sku, shown)
	case kind == "fragment":
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		body := s.markup(strings.TrimPrefix(sku, "list of "), from)
		if body == "" {
			http.NotFound(w, r) // some lists end so
		}
		fmt.Fprint(w, body)
	case kind == "cursor":
		from, _ := strconv.Atoi(r.URL.Query().Get("after"))
		answer := map[string]any{"html": s.markup(sku, from)}
		if from+shownReviews < s.reviews[sku] {
			answer["next"] = strconv.Itoa(from + shownReviews)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	default:
		http.NotFound(w, r)
	}
}

// answer answers for the API.
func (s *moreShop) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.RequestURI())
	if r.URL.Path != "/reviews" {
		http.NotFound(w, r)
		return
	}
	sku := r.URL.Query().Get("sku")
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	list := []any{}
	for i := (page - 1) * shownReviews; i < min(page*shownReviews, s.reviews[sku]); i++ {
		author, day, text := s.review(sku, i)
		list = append(list, map[string]any{"by": map[string]any{"name": author}, "at": day, "text": text, "stars": 4})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{"total": s.reviews[sku], "reviews": list})
}

// crawl runs the source once.
func (s *moreShop) crawl() {
	s.t.Helper()
	out, _ := s.run(s.t.Context(), exitDone, "crawl", "--config", s.config, "--all", "--rate", "0", "--allow-private")
	if strings.Contains(out, "given up") {
		s.t.Errorf("the end of a list is no failure:\n%s", out)
	}
}

// complete holds the index against what the shop has: every review once, with
// its item and the page where a person reads it, and all of them counted.
func (s *moreShop) complete() {
	s.t.Helper()
	out, _ := s.run(s.t.Context(), exitDone, "export", "--config", s.config)
	var got, want []string
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var m mention.Mention
		if err := dec.Decode(&m); err != nil {
			s.t.Fatal(err)
		}
		if m.Item == nil {
			s.t.Errorf("about nothing: %+v", m)
			continue
		}
		got = append(got, m.Item.Name+" "+m.URL+" "+m.Text)
	}
	total := 0
	for sku, n := range s.reviews {
		for i := range n {
			_, _, text := s.review(sku, i)
			want = append(want, "The "+sku+" "+s.pages.URL+"/p/"+sku+" "+text)
		}
		total += n
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("%d mentions, want %d:\n%s\nwant\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	status, _ := s.run(s.t.Context(), exitDone, "status", "--config", s.config, "--json")
	for sku, n := range s.reviews {
		contains(s.t, status, fmt.Sprintf(`"item":"The %s","declared":%d,"collected":%d`, sku, n, n))
	}
	contains(s.t, status, fmt.Sprintf(`"declared":%d,"collected":%d`, total, total))
}

func TestListsBehindAButtonAreReadToTheirEnd(t *testing.T) {
	s := newMoreShop(t)
	s.crawl()
	s.complete()
	want := []string{"/robots.txt", "/reviews?sku=kettle-1&page=2", "/reviews?sku=kettle-1&page=3", "/reviews?sku=kettle-1&page=4", "/reviews?sku=kettle-1&page=5"}
	asked := slices.DeleteFunc(slices.Clone(s.asked), func(u string) bool { return strings.HasPrefix(u, "/.well-known/") })
	if !slices.Equal(asked, want) {
		t.Errorf("the API was asked for %q, want %q", asked, want)
	}
	if out, _ := s.replay(exitDone, "--diff", "--json"); out != "" {
		t.Errorf("replay reads something else:\n%s", out)
	}

	// A new review moves every other on, from page to answer to answer.
	s.mu.Lock()
	for sku := range s.reviews {
		s.reviews[sku]++
	}
	s.mu.Unlock()
	s.crawl()
	s.complete()
}

func TestAListGoesOnWhereARunEndedEarly(t *testing.T) {
	s := newMoreShop(t)
	for range 4 { // each begins with nothing in memory
		s.run(t.Context(), exitDone, "crawl", "--config", s.config, "--all", "--rate", "0", "--allow-private", "--max-pages", "3")
	}
	s.crawl()
	s.complete()
}

func TestAnswersThatAreKnownAreNotAskedForAgain(t *testing.T) {
	s := newMoreShop(t)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, append(text, "    stop_after_known: 5\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.crawl()
	s.asked = nil
	s.reviews["kettle-1"]++
	s.crawl()
	s.complete()
	asked := slices.DeleteFunc(s.asked, func(u string) bool { return !strings.HasPrefix(u, "/reviews") })
	if len(asked) > 1 {
		t.Errorf("of a list of which one review was new %q were asked for", asked)
	}
}

func TestAnAnswerIsParsedAsItIsCrawled(t *testing.T) {
	s := newMoreShop(t)
	file := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(file, []byte(`{"total":35,"reviews":[{"by":{"name":"Ann"},"at":"2026-01-01","text":"Good."}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := s.run(t.Context(), exitDone, "parse", "--json", "--config", s.config, "--source", "shop", "--url", s.api.URL+"/reviews?sku=kettle-1&page=2", file)
	contains(t, out, `"text":"Good."`)
	contains(t, out, `{"url":"`+s.api.URL+`/reviews?sku=kettle-1&page=3","kind":"next"}`)
}

func TestAnAddressThatAlwaysAnswersTheSameIsLeft(t *testing.T) {
	s := &savedShop{t: t, dir: t.TempDir(), config: filepath.Join(t.TempDir(), "klank.yaml")}
	var asked atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<html lang=en><h1>Kettle</h1><span class=count>40 reviews</span><p>Press the button.</p>`)
		case "/more":
			asked.Add(1)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `[{"by":"Ann","at":"2026-01-01","text":"Boils fast."},{"by":"Ben","at":"2026-01-02","text":"Too loud."}]`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(shop.Close)
	text := fmt.Sprintf(`sources:
  - name: shop
    urls: [%[1]q]
    selectors: {review: "$[*]", author: $.by, date: $.at, text: $.text, item: h1, review_count: .count}
    load_more: [{on: '/$', url: '%[1]smore?page={page}', first: 1}]
`, shop.URL+"/")
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := s.run(t.Context(), exitDone, "crawl", "--config", s.config, "--rate", "0", "--allow-private")
	contains(t, out, "2 new")
	contains(t, out, "repeats earlier pages")
	if n := asked.Load(); n > 6 {
		t.Errorf("asked %d times for the same", n)
	}
}
