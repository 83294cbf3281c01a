package web

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/chromedp"

	"klank/index/desk"
	"klank/index/research"
	"klank/web/browsertest"
)

// everyPage are the pages of the UI, as paths of wholeServer: a new page is one
// line. MENTION is the id of a mention, FIX the key of a sentence of it.
var everyPage = []string{
	"/",
	"/?brand=Lumara&period=12m",
	"/report",
	"/report/overview",
	"/report/compare?against=Noorderlicht",
	"/report/trend?brand=Lumara",
	"/report/moments",
	"/report/impact",
	"/report/questions",
	"/report/respond",
	"/report/ambassadors",
	"/report/shelf",
	"/report/coverage?period=12m",
	"/search?q=lamp+sentiment%3Anegative",
	"/search?q=%28lamp+sentiment%3Aangry",
	"/mention/MENTION",
	"/mention/MENTION?in=lamp&fix=FIX&why=1&similar=1",
	"/mention/MENTION?fix=whole",
	"/queue",
	"/queue?state=assigned&brand=Lumara",
	"/snapshot/some.warc.gz:12",
	"/status",
	"/sources/lampentest",
	"/dead",
	"/progress",
	"/alerts",
	"/try",
	"/register",
	"/audit",
	"/nowhere",
}

// wholeServer is a server with all there is to show.
func wholeServer(t testing.TB) (*Server, *httptest.Server) {
	t.Helper()
	ms := append(testMentions(400), hostileMention())
	ix, d := newTestIndex(t, ms...), newTestDesk(t)
	fill(t, ix)
	work(t, ix, d, ms[9])
	tellAlerts(t, d, ms[9].ID)
	crawl := newCrawlStub()
	return newTestServer(t, Config{Index: ix, Desk: d, Relabel: relabelStub(ix, d, ms), Explain: explainStub, Brands: testBrands, Snapshot: testSnapshot, Status: crawl.status, Crawl: crawl.crawl(), Alerts: testAlerts(), Reports: testReports})
}

// testReports has a brand of ours, a rival, and a question.
var testReports = research.Config{Brands: []research.Brand{{Name: "Lumara"}, {Name: "Noorderlicht", Rival: true}, {Name: "Vuurtoren & Zn.", Rival: true}},
	Questions: []string{"Is het licht fel genoeg om bij te lezen?"}}

// at is the address of a path of everyPage in a language.
func at(ts *httptest.Server, path, lang string) string {
	m := testMentions(10)[9]
	path = strings.NewReplacer("MENTION", m.ID, "FIX", desk.SentenceKey(&m, m.Analysis.Sentences[0].Span)).Replace(path)
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return ts.URL + path + sep + "lang=" + lang
}

// violation is what axe-core found.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		Target []any  `json:"target"`
		HTML   string `json:"html"`
		Why    string `json:"failureSummary"`
	} `json:"nodes"`
}

// runAxe asks axe-core for what breaks WCAG 2.2, levels A and AA.
const runAxe = `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}, resultTypes: ["violations"]})
	.then(r => JSON.stringify(r.violations))`

func TestEveryPageKeepsTheRulesOfAccessibilityAndFitsEveryScreen(t *testing.T) {
	b := browsertest.Open(t)
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	_, ts := wholeServer(t)
	_, guarded := newTestServer(t, Config{Index: newTestIndex(t), Token: "sesame"})
	for i, s := range []screen{desktop, night, phone} {
		t.Run(s.name, func(t *testing.T) {
			tab := newTab(t, b, s)
			for k, path := range append([]string{"/login"}, everyPage...) {
				lang, from := languages[(i+k)%2], ts
				if path == "/login" {
					from = guarded
				}
				tab.open(at(from, path, lang))
				if wide := read(tab, chromedp.Evaluate[[]string](tooWide)); len(wide) > 0 {
					t.Errorf("%s (%s) scrolls sideways at %d px: %q", path, lang, s.width, wide)
				}
				if faint := read(tab, chromedp.Evaluate[[]string](lowContrast)); len(faint) > 0 {
					t.Errorf("%s (%s) has faint text: %q", path, lang, faint)
				}
				read(tab, chromedp.Evaluate[bool](string(axe)+";true"))
				var found []violation
				if err := json.Unmarshal([]byte(read(tab, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))), &found); err != nil {
					t.Fatal(err)
				}
				for _, v := range found {
					for _, n := range v.Nodes[:min(len(v.Nodes), 3)] {
						t.Errorf("%s (%s): %s: %s\n%v %s\n%s", path, lang, v.ID, v.Help, n.Target, n.HTML, n.Why)
					}
				}
				if strings.HasPrefix(path, "/report") {
					name, _, _ := strings.Cut(strings.Trim(strings.ReplaceAll(path, "/", "-"), "-"), "?")
					tab.shoot(fmt.Sprintf("%s-%s-%s", name, lang, s.name))
				}
			}
			if troubles := tab.unexpected("400 (Bad Request)", "404 (Not Found)"); len(troubles) > 0 {
				t.Errorf("the pages are not calm: %q", troubles)
			}
		})
	}
}

// maxPageBytes is what a page and all it loads may weigh on the wire.
const maxPageBytes = 200 << 10

func TestEveryPageWeighsLittle(t *testing.T) {
	_, ts := wholeServer(t)
	loaded := map[string]int{}
	for _, path := range everyPage {
		body, weight := weigh(t, at(ts, path, "nl"))
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		doc.Find("link[href], script[src], img[src]").Each(func(_ int, e *goquery.Selection) {
			address := ts.URL + e.AttrOr("href", e.AttrOr("src", ""))
			if loaded[address] == 0 {
				_, loaded[address] = weigh(t, address)
			}
			weight += loaded[address]
		})
		t.Logf("%s: %d KB", path, weight>>10)
		if weight > maxPageBytes {
			t.Errorf("%s and what it loads weigh %d bytes", path, weight)
		}
	}
}

// weigh fetches an address as a browser does, and returns its text and how
// many bytes came over the wire.
func weigh(t *testing.T, address string) (string, int) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	wire, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		return string(wire), len(wire)
	}
	z, err := gzip.NewReader(strings.NewReader(string(wire)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), len(wire)
}
