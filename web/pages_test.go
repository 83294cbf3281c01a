package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/prometheus/client_golang/prometheus"

	"klank/index"
	"klank/mention"
)

func document(t *testing.T, ts *httptest.Server, path string) *goquery.Document {
	t.Helper()
	res, body := get(t, ts, path)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d\n%s", path, res.StatusCode, body)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// words is the text of a selection with its white space folded.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

var digits = regexp.MustCompile(`\d[\d,]*$`)

func TestEveryNumberOfTheOverviewOpensThatManyMentions(t *testing.T) {
	ix := newTestIndex(t, testMentions(64)...)
	_, ts := newTestServer(t, Config{Index: ix, Brands: testBrands})
	s, err := New(Config{Index: ix, Now: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/?lang=en", "/?lang=en&brand=Lumara", "/?lang=en&brand=Vuurtoren+%26+Zn.&period=12m", "/?lang=en&period=90d"} {
		checked := 0
		document(t, ts, path).Find(`main a[href^="/search"]`).Each(func(_ int, a *goquery.Selection) {
			said := words(a)
			if n := a.Find(".n, .signals b, .legend b").Last(); n.Length() > 0 {
				said = words(n)
			} else if a.Closest(".grid th").Length() > 0 {
				said = words(a.Closest("tr").Find("td").Last())
			} else if b := a.Find("b"); b.Length() > 0 {
				said = words(b)
			}
			number := digits.FindString(said)
			if number == "" || strings.Contains(said, ".") || a.Closest(".pages, .blockhead, .note").Length() > 0 {
				return
			}
			want, err := strconv.Atoi(strings.ReplaceAll(number, ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			href, _ := a.Attr("href")
			u, err := url.Parse(href)
			if err != nil {
				t.Fatal(err)
			}
			n, err := s.parse(u.Query().Get("q"))
			if err != nil {
				t.Fatalf("%s: %s: %v", path, href, err)
			}
			found, err := ix.Search(t.Context(), index.SearchRequest{Query: n, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			if found.Total != want {
				t.Errorf("%s: %q says %d, its search %q finds %d", path, said, want, u.Query().Get("q"), found.Total)
			}
			checked++
		})
		if checked < 20 {
			t.Errorf("%s: only %d numbers with a link", path, checked)
		}
	}
}

func TestFewMentionsAreSaidToBeFew(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(64)...)})
	if n := document(t, ts, "/?lang=en").Find(".few").Length(); n != 0 {
		t.Errorf("64 mentions are called few %d times", n)
	}
	if n := document(t, ts, "/?lang=en&period=90d").Find(".few").Length(); n != 2 {
		t.Errorf("rating and sentiment of a quarter are called few %d times, want 2", n)
	}
}

func TestAnEmptyIndexSaysWhatToRun(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	text := words(document(t, ts, "/?lang=en").Find("main"))
	for _, command := range []string{"klank demo", "klank crawl", "klank run"} {
		if !strings.Contains(text, command) {
			t.Errorf("the empty page does not name %s: %s", command, text)
		}
	}
	_, ts = newTestServer(t, Config{Index: newTestIndex(t, testMentions(3)...)})
	if text := words(document(t, ts, "/?lang=en&brand=Nobody").Find("main")); !strings.Contains(text, "Nothing for this choice") {
		t.Errorf("an unknown brand: %s", text)
	}
}

func TestSearchShowsHitsWithTheirWordsMarked(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(64)...)})
	doc := document(t, ts, "/search?lang=en&q=bezorging+wachten")
	if doc.Find(".hit").Length() == 0 {
		t.Fatal("no hits")
	}
	doc.Find(".hit").Each(func(_ int, hit *goquery.Selection) {
		if hit.Find("mark").Length() < 2 {
			t.Errorf("a hit without its words marked: %s", words(hit))
		}
		if hit.Find(".tone").Length() == 0 || hit.Find("time").Length() == 0 {
			t.Errorf("a hit without sentiment or date: %s", words(hit))
		}
	})
}

func TestEveryFacetValueNarrowsToItsCountAndBack(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(64)...)})
	for _, q := range []string{"", "lamp", "lamp OR winkel", `"deze prijs" rating:>2`, "-lamp"} {
		path := searchURL(q, "", "")
		start := document(t, ts, path)
		before := words(start.Find("#h-found"))
		links := start.Find(".facet a")
		if links.Length() < 8 {
			t.Fatalf("%q: only %d facet values", q, links.Length())
		}
		links.Each(func(i int, a *goquery.Selection) {
			if i%4 != 0 {
				return
			}
			href, _ := a.Attr("href")
			narrowed := document(t, ts, href)
			count := words(a.Find(".n"))
			if got := words(narrowed.Find("#h-found")); got != count+" mentions" && !(count == "1" && got == "One mention") {
				t.Errorf("%q: %s says %s, the search %q", q, words(a), count, got)
			}
			back, ok := narrowed.Find(".active a").Last().Attr("href")
			if !ok {
				t.Fatalf("%q: %s cannot be taken away", q, words(a))
			}
			if got := words(document(t, ts, back).Find("#h-found")); got != before {
				t.Errorf("%q: after taking away %s: %q, before %q", q, words(a), got, before)
			}
		})
	}
}

func TestPagesOfTheSearchHaveEveryHitOnce(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(64)...)})
	for _, sort := range index.Sorts {
		seen := map[string]bool{}
		pages := 0
		for path := searchURL("lamp OR NOT lamp", sort, ""); path != ""; pages++ {
			doc := document(t, ts, path)
			doc.Find(".hit h3 a").Each(func(_ int, a *goquery.Selection) {
				href, _ := a.Attr("href")
				if seen[href] {
					t.Errorf("%s: %s is there twice", sort, href)
				}
				seen[href] = true
			})
			path, _ = doc.Find(`.pages a[rel=next]`).Attr("href")
		}
		if len(seen) != 64 || pages != 4 {
			t.Errorf("%s: %d hits on %d pages, want 64 on 4", sort, len(seen), pages)
		}
	}
	res, _ := get(t, ts, "/search?q=lamp&after=stale")
	if res.StatusCode != 303 || res.Header.Get("Location") != "/search?q=lamp" {
		t.Errorf("a stale page: %d to %q, want the first page", res.StatusCode, res.Header.Get("Location"))
	}
}

func TestASyntaxErrorPointsAtItsCharacter(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	res, body := get(t, ts, "/search?lang=en&q="+url.QueryEscape("café sentiment:<b>angry"))
	if res.StatusCode != 400 {
		t.Errorf("status %d", res.StatusCode)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if got := words(doc.Find(".pointer")); got != "café sentiment:<b>angry" {
		t.Errorf("the query is shown as %q", got)
	}
	if at := doc.Find(".pointer mark"); at.Length() != 1 || words(at) != "<" {
		t.Errorf("it points at %q", words(at))
	}
	if v, _ := doc.Find("#find").Attr("value"); v != "café sentiment:<b>angry" {
		t.Errorf("the box holds %q", v)
	}
}

func TestAMentionShowsItsSentencesAndItsEvidence(t *testing.T) {
	ms := testMentions(20)
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, ms...), Snapshot: testSnapshot})
	for _, m := range ms {
		doc := document(t, ts, mentionURL(m.ID)+"?lang=en")
		prose := doc.Find(".prose").First().Clone()
		if n := prose.Find(".sentence").Length(); n != len(m.Analysis.Sentences) {
			t.Errorf("%s: %d sentences, want %d", m.ID, n, len(m.Analysis.Sentences))
		}
		prose.Find(".vh, .chip").Remove()
		if got := words(prose); got != m.Text {
			t.Errorf("%s: the text reads %q, want %q", m.ID, got, m.Text)
		}
		evidence := words(doc.Find("section[aria-labelledby=h-evidence]"))
		for _, part := range []string{m.Evidence.SHA256, m.Evidence.Parser, m.Evidence.Snapshot, m.ID, "15 Jun 2026, 11:00 UTC"} {
			if !strings.Contains(evidence, part) {
				t.Errorf("%s: the evidence lacks %q: %s", m.ID, part, evidence)
			}
		}
		doc.Find(`main a[href^="http"]`).Each(func(_ int, a *goquery.Selection) {
			if rel, _ := a.Attr("rel"); rel != "noopener noreferrer nofollow" {
				t.Errorf("a link to another site with rel %q", rel)
			}
		})
		if m.Reply != nil && !strings.Contains(words(doc.Find(".reply")), m.Reply.Text) {
			t.Errorf("%s: the reply is missing", m.ID)
		}
	}
	if res, _ := get(t, ts, "/mention/nothing"); res.StatusCode != 404 {
		t.Errorf("an unknown id: %d", res.StatusCode)
	}
	if res, _ := get(t, ts, "/mention/x?revision=first"); res.StatusCode != 400 {
		t.Errorf("a revision that is no number: %d", res.StatusCode)
	}
}

func TestEarlierRevisionsAndAnswersAreReachable(t *testing.T) {
	ms := testMentions(3)
	ix := newTestIndex(t, ms...)
	edited := ms[1]
	edited.Text, edited.Analysis = "Ik ben van gedachten veranderd.", nil
	answer := mention.Mention{NativeID: "a1", Kind: mention.Answer, Source: edited.Source, Text: "Wat is er gebeurd?", Parent: edited.ID, Thread: "t-77"}
	answer.SetID("")
	if _, err := ix.Put(t.Context(), []mention.Mention{edited, answer}); err != nil {
		t.Fatal(err)
	}
	_, ts := newTestServer(t, Config{Index: ix})
	doc := document(t, ts, mentionURL(edited.ID)+"?lang=en")
	if !strings.Contains(words(doc.Find(".prose")), "van gedachten veranderd") {
		t.Errorf("the latest revision reads %s", words(doc.Find(".prose")))
	}
	if !strings.Contains(words(doc.Find(".hits")), "Wat is er gebeurd?") {
		t.Error("the answer is missing")
	}
	href, ok := doc.Find(`.facts a[href$="revision=1"]`).Attr("href")
	if !ok {
		t.Fatal("no link to revision 1")
	}
	old := document(t, ts, href+"&lang=en")
	if got := words(old.Find("main")); !strings.Contains(got, ms[1].Analysis.Version) || !strings.Contains(got, "This is revision 1") {
		t.Errorf("revision 1 shows %s", got)
	}
	child := document(t, ts, mentionURL(answer.ID)+"?lang=en")
	if child.Find(`.facts a[href="`+mentionURL(edited.ID)+`"]`).Length() != 1 {
		t.Error("the answer does not link to what it answers")
	}
	if !strings.Contains(words(child.Find(".facts")), "t-77") {
		t.Error("the unresolved thread is not shown")
	}
}

func TestASavedPageIsTextAndNothingElse(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Snapshot: testSnapshot})
	doc := document(t, ts, "/snapshot/some.warc.gz:12")
	if got := doc.Find("pre.source").Text(); !strings.Contains(got, "<script>alert('saved')</script>") || !strings.Contains(got, "Cafélamp") {
		t.Errorf("the source is shown as %q", got)
	}
	if doc.Find("main script, pre *").Length() > 0 {
		t.Error("the saved page has become part of the page")
	}
	res, body := get(t, ts, "/snapshot/some.warc.gz:12?raw=1")
	if res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") ||
		!strings.Contains(body, "Cafélamp") {
		t.Errorf("raw: %v", res.Header)
	}
	if res, body := get(t, ts, "/snapshot/other.warc.gz:1"); res.StatusCode != http.StatusGone || !strings.Contains(body, "No longer kept") {
		t.Errorf("a page that is no longer kept: %d %s", res.StatusCode, body)
	}
	for _, path := range []string{"/snapshot/", "/snapshot/%2e%2e/%2e%2e/etc/passwd", "/snapshot/..%2f..%2fetc%2fpasswd", "/snapshot/%2Fetc%2Fpasswd", "/snapshot/a%00b"} {
		if res, body := get(t, ts, path); res.StatusCode != 404 && res.StatusCode != 307 && res.StatusCode != 301 {
			t.Errorf("%s: %d %s", path, res.StatusCode, body[:min(len(body), 80)])
		}
	}
}

func TestStatusShowsSourcesRunsCoverageAndWhatWasGivenUp(t *testing.T) {
	ix := newTestIndex(t, testMentions(20)...)
	fill(t, ix)
	_, ts := newTestServer(t, Config{Index: ix, Status: testStatus})
	text := words(document(t, ts, "/status?lang=en").Find("main"))
	for _, part := range []string{"lampentest", "robots.txt forbids every page", "15 Jun 2026, 10:00 UTC", "1.5 MB", "64%", "unknown", "410 gone", "kijk en vergelijk"} {
		if !strings.Contains(text, part) {
			t.Errorf("the status lacks %q", part)
		}
	}
	_, bare := newTestServer(t, Config{Index: ix})
	if text := words(document(t, bare, "/status?lang=en").Find("main")); !strings.Contains(text, "klank status lists them") {
		t.Errorf("without a collecting side: %s", text)
	}
}

// brokenIndex fails as it is told to.
type brokenIndex struct {
	index.Index
	fail func(ctx context.Context) error
}

func (x brokenIndex) Search(ctx context.Context, _ index.SearchRequest) (*index.SearchResult, error) {
	return nil, x.fail(ctx)
}

func TestFailuresBecomePagesAndLogLines(t *testing.T) {
	var logged bytes.Buffer
	for name, c := range map[string]struct {
		fail   func(context.Context) error
		status int
		log    string
	}{
		"error": {func(context.Context) error { return errors.New("disk on fire") }, 500, "disk on fire"},
		"panic": {func(context.Context) error { panic("lost my way") }, 500, "lost my way"},
		"late":  {func(context.Context) error { return context.DeadlineExceeded }, 503, "ran out of time"},
	} {
		t.Run(name, func(t *testing.T) {
			logged.Reset()
			_, ts := newTestServer(t, Config{Index: brokenIndex{newTestIndex(t), c.fail}, Log: slog.New(slog.NewTextHandler(&logged, nil))})
			res, body := get(t, ts, "/search?q=lamp&lang=en")
			if res.StatusCode != c.status || !strings.Contains(body, "<h1>") {
				t.Errorf("page: %d %s", res.StatusCode, body)
			}
			if strings.Contains(body, "fire") || strings.Contains(body, "goroutine") {
				t.Error("the page tells what is for the log")
			}
			if !strings.Contains(logged.String(), c.log) {
				t.Errorf("the log lacks %q: %s", c.log, &logged)
			}
			res, _ = get(t, ts, "/api/v1/search?q=lamp")
			if res.StatusCode != c.status {
				t.Errorf("API: %d", res.StatusCode)
			}
		})
	}
}

func TestARequestEndsWithItsContext(t *testing.T) {
	s, err := New(Config{Index: brokenIndex{newTestIndex(t), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	rec := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(ctx, "GET", "/search?q=lamp", nil)
	req.Host = "localhost"
	s.Handler().ServeHTTP(rec, req)
	if rec.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", rec.Code)
	}
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	pages := prometheus.NewCounter(prometheus.CounterOpts{Name: "klank_pages_total", Help: "Pages."})
	registry.MustRegister(pages)
	pages.Add(3)
	ready := errors.New("the index is away")
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Gatherer: registry, Ready: func(context.Context) error { return ready }})
	if res, _ := get(t, ts, "/healthz"); res.StatusCode != 200 {
		t.Errorf("healthz: %d", res.StatusCode)
	}
	if res, body := get(t, ts, "/readyz"); res.StatusCode != 503 || !strings.Contains(body, "the index is away") {
		t.Errorf("readyz: %d %s", res.StatusCode, body)
	}
	ready = nil
	if res, _ := get(t, ts, "/readyz"); res.StatusCode != 200 {
		t.Errorf("readyz: %d", res.StatusCode)
	}
	get(t, ts, "/search?q=lamp")
	get(t, ts, "/mention/a-long-one")
	_, body := get(t, ts, "/metrics")
	for _, line := range []string{"klank_pages_total 3", `klank_http_requests_total{code="200",route="GET /search"} 1`,
		`klank_http_requests_total{code="404",route="GET /mention/{id}"} 1`, `klank_http_request_duration_seconds_count{route="GET /search"} 1`} {
		if !strings.Contains(body, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if strings.Contains(body, "a-long-one") {
		t.Error("the metrics hold a path")
	}
}

func TestAssetsAreKeptByBrowsers(t *testing.T) {
	s, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	path := s.assets.url("klank.css")
	res, body := get(t, ts, path)
	etag := res.Header.Get("ETag")
	if res.StatusCode != 200 || etag == "" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || len(body) < 1000 ||
		res.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
	}
	if res, body := get(t, ts, path, "If-None-Match", etag); res.StatusCode != 304 || body != "" {
		t.Errorf("with the ETag: %d", res.StatusCode)
	}
	if res, _ := get(t, ts, "/assets/klank.css"); !strings.Contains(res.Header.Get("Cache-Control"), "no-cache") {
		t.Error("an address without a digest is kept for ever")
	}
	if res, _ := get(t, ts, path, "Accept-Encoding", "gzip"); res.Header.Get("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
	if res, _ := get(t, ts, "/assets/locales.yaml"); res.StatusCode != 404 {
		t.Errorf("an unknown asset: %d", res.StatusCode)
	}
}

// TestPagesHoldTogether checks what a screen reader and a keyboard rely on.
func TestPagesHoldTogether(t *testing.T) {
	ms := append(testMentions(40), hostileMention())
	ix := newTestIndex(t, ms...)
	fill(t, ix)
	_, ts := newTestServer(t, Config{Index: ix, Brands: testBrands, Snapshot: testSnapshot, Status: testStatus})
	_, guarded := newTestServer(t, Config{Index: ix, Token: "s3same"})
	for _, page := range []struct {
		ts   *httptest.Server
		path string
	}{{ts, "/"}, {ts, "/search?q=lamp"}, {ts, mentionURL(ms[4].ID)}, {ts, mentionURL(ms[40].ID)}, {ts, "/status"}, {ts, "/snapshot/some.warc.gz:12"}, {guarded, "/login"}} {
		for _, lang := range languages {
			doc := document(t, page.ts, page.path+map[bool]string{true: "&", false: "?"}[strings.Contains(page.path, "?")]+"lang="+lang)
			if got, _ := doc.Find("html").Attr("lang"); got != lang {
				t.Errorf("%s: lang is %q", page.path, got)
			}
			for _, once := range []string{"title", "h1", "main#main", "header", "footer", `a.skip[href="#main"]`} {
				if n := doc.Find(once).Length(); n != 1 && once != "title" {
					t.Errorf("%s: %d of %s", page.path, n, once)
				}
			}
			if doc.Find("[style], main style, main script, [onclick]").Length() > 0 {
				t.Errorf("%s: inline style or script", page.path)
			}
			ids := map[string]bool{}
			doc.Find("[id]").Each(func(_ int, e *goquery.Selection) {
				id, _ := e.Attr("id")
				if ids[id] {
					t.Errorf("%s: the id %s is there twice", page.path, id)
				}
				ids[id] = true
			})
			doc.Find("[aria-labelledby], [aria-describedby], label[for]").Each(func(_ int, e *goquery.Selection) {
				for _, attr := range []string{"aria-labelledby", "aria-describedby", "for"} {
					if id, ok := e.Attr(attr); ok && !ids[id] {
						t.Errorf("%s: %s=%q leads nowhere", page.path, attr, id)
					}
				}
			})
			doc.Find("input:not([type=hidden]), select").Each(func(_ int, e *goquery.Selection) {
				id, _ := e.Attr("id")
				if e.Closest("label").Length() == 0 && doc.Find(`label[for="`+id+`"]`).Length() == 0 {
					t.Errorf("%s: a field without a label: %s", page.path, id)
				}
			})
			doc.Find("a").Each(func(_ int, a *goquery.Selection) {
				href, _ := a.Attr("href")
				if !slices.ContainsFunc([]string{"/", "#", "http://", "https://"}, func(p string) bool { return strings.HasPrefix(href, p) }) {
					t.Errorf("%s: a link to %q", page.path, href)
				}
				if words(a) == "" && a.Find("rect").Length() == 0 {
					t.Errorf("%s: a link to %s without words", page.path, href)
				}
			})
			if text := doc.Text(); strings.Contains(text, "⟦") || strings.Contains(text, "ZgotmplZ") {
				t.Errorf("%s in %s: a text is missing: %.80s", page.path, lang, text[strings.IndexAny(text, "⟦Z"):])
			}
		}
	}
}
