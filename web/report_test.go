package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"klank/index"
	"klank/index/research"
	"klank/index/research/layout"
	"klank/web/browsertest"
)

func TestEveryNumberOfAReportOpensTheMentionsBehindIt(t *testing.T) {
	s, ts := wholeServer(t)
	for _, name := range research.Names() {
		checked := 0
		document(t, ts, "/report/"+name+"?lang=en").Find(`main td.num a[href^="/search"]`).Each(func(_ int, a *goquery.Selection) {
			u, err := url.Parse(a.AttrOr("href", ""))
			if err != nil {
				t.Fatal(err)
			}
			n, err := s.parse(u.Query().Get("q"))
			if err != nil {
				t.Fatalf("%s: %q: %v", name, u.Query().Get("q"), err)
			}
			found, err := s.cfg.Index.Search(t.Context(), index.SearchRequest{Query: n, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			if said, _, _ := strings.Cut(a.AttrOr("title", ""), " "); strings.ReplaceAll(said, ",", "") != strconv.Itoa(found.Total) {
				t.Errorf("%s: %q rests on %s mentions, its search finds %d", name, words(a), said, found.Total)
			}
			checked++
		})
		if checked < 3 {
			t.Errorf("%s: only %d numbers with a link", name, checked)
		}
	}
}

func TestTooFewIsSaidAndNotDrawn(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(12)...), Reports: testReports})
	doc := document(t, ts, "/report/moments?lang=en&brand=Lumara")
	if text := words(doc.Find("main")); !strings.Contains(text, "too few") {
		t.Errorf("few mentions are not said to be few: %s", text)
	}
	doc = document(t, ts, "/report/overview?lang=en")
	for _, sec := range []string{"stars", "sentiment", "signals"} {
		if n := doc.Find("section[aria-labelledby=s-" + sec + "] [data-chart]").Length(); n != 0 {
			t.Errorf("%s of 12 mentions is drawn", sec)
		}
	}
}

func TestAChoiceStaysInTheAddress(t *testing.T) {
	_, ts := wholeServer(t)
	doc := document(t, ts, "/report/trend?brand=Vuurtoren+%26+Zn.&against=Lumara&period=12m&lang=nl")
	if got := doc.Find("html").AttrOr("lang", ""); got != "nl" {
		t.Errorf("the page is in %s", got)
	}
	links := 0
	doc.Find(`.menu a, .reportmenu a, .files a, .langs a`).Each(func(_ int, a *goquery.Selection) {
		u, err := url.Parse(a.AttrOr("href", ""))
		if err != nil {
			t.Fatal(err)
		}
		if u.Path != "/" && !strings.HasPrefix(u.Path, "/report") {
			return
		}
		links++
		q := u.Query()
		if q.Get("brand") != "Vuurtoren & Zn." || q.Get("against") != "Lumara" || q.Get("period") != "12m" || q.Get("lang") == "" {
			t.Errorf("%s loses the choice", u)
		}
	})
	if links < 16 {
		t.Errorf("only %d links between pages of figures", links)
	}
	form := doc.Find("form.controls")
	if got := form.Find("[name=brand] [selected]").AttrOr("value", ""); got != "Vuurtoren & Zn." {
		t.Errorf("the form shows %q", got)
	}
	if form.Find("[name=lang]").AttrOr("value", "") != "nl" || form.Find("input[type=hidden][name=against]").AttrOr("value", "") != "Lumara" {
		t.Error("the form loses the language, or the rivals")
	}
}

func TestChoicesThatMakeNoSenseAreExplained(t *testing.T) {
	_, ts := wholeServer(t)
	for path, status := range map[string]int{
		"/report/nonsense": 404, "/report/trend/trend.exe": 404, "/report/trend/trend": 404,
		"/report/trend?from=yesterday": 400, "/report/trend?from=2026-02-01&to=2026-01-01": 400, "/report/trend/x.csv?to=31-01-2026": 400,
		"/report/trend?from=2026-02-01": 200, "/report/trend?brand=Nobody": 200, "/?from=2026-01-01&to=2026-03-31": 200, "/?from=x": 400,
	} {
		if res, body := get(t, ts, path); res.StatusCode != status {
			t.Errorf("%s: %d, want %d\n%s", path, res.StatusCode, status, body)
		}
	}
}

func TestAReportIsTakenAlongAsTheCommandWritesIt(t *testing.T) {
	s, ts := wholeServer(t)
	rep, _, err := s.askReport(t.Context(), "compare", choice{Period: "all"}, requestTimeout)
	if err != nil {
		t.Fatal(err)
	}
	var want [3]bytes.Buffer
	for i, err := range []error{layout.WriteCSV(&want[0], rep), layout.WriteJSON(&want[1], rep),
		layout.WriteHTML(t.Context(), &want[2], s.views["nl"].locale, rep, s.reportConfig().Index)} {
		if err != nil {
			t.Fatal(i, err)
		}
	}
	for i, f := range formats {
		res, body := get(t, ts, "/report/compare/klank-compare."+f.ext+"?lang=nl")
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != f.contentType || body != want[i].String() {
			t.Errorf("%s: %d, %s, %d bytes, want %d", f.ext, res.StatusCode, res.Header.Get("Content-Type"), len(body), want[i].Len())
		}
		if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="klank-compare.`+f.ext+`"` {
			t.Errorf("%s: %s", f.ext, got)
		}
	}
	for _, name := range research.Names() {
		_, body := get(t, ts, "/report/"+name+"/x.csv")
		lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range slices.Concat(lines...) {
			if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) {
				t.Errorf("%s: a formula: %q", name, cell)
			}
		}
	}
}

// listener is a language that writes down what it cannot say.
type listener struct {
	*locale
	unsaid map[string]bool
}

func (l listener) Say(s research.Saying) string {
	if _, ok := l.said[s.Form]; !ok {
		l.unsaid[s.Form] = true
	}
	for _, arg := range s.Args {
		if inner, ok := arg.(research.Saying); ok {
			l.Say(inner)
		}
	}
	return l.locale.Say(s)
}

// same are the forms that are the same in every language.
var same = []string{"", "%s", "%.0f %%", "%.0f", "%.1f", "%.2f", "%+.0f", "%+.2f", "n %d", "%s, %s", "%s, %s, %s", "%s, %s, %s, %s", "%s, %s, %s, %s, %s"}

func TestWhatReportsSayIsSaidInDutch(t *testing.T) {
	s, _ := wholeServer(t)
	heard := listener{s.views["nl"].locale, map[string]bool{}}
	for _, name := range research.Names() {
		for _, c := range []choice{{Period: "all"}, {Brand: "Lumara", Period: "90d"}, {Brand: "Nobody", Period: "all"}, {From: "2026-05-20"}, {From: "2026-01-01", To: "2026-06-30"}} {
			rep, _, err := s.askReport(t.Context(), name, c, requestTimeout)
			if err != nil {
				t.Fatal(err)
			}
			if err := layout.WriteHTML(t.Context(), &bytes.Buffer{}, heard, rep, s.reportConfig().Index); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, form := range forms(t) {
		heard.Say(research.Saying{Form: form})
	}
	for form := range heard.unsaid {
		if !slices.Contains(same, form) && !slices.Contains(testBrands, form) && form != "Nobody" {
			t.Errorf("locales/research/nl.yaml lacks %q", form)
		}
	}
}

// forms are what the sources of the reports say, as far as it stands there
// word for word.
func forms(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	take := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			form, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[form] = true
		}
	}
	for _, glob := range []string{"../index/research/*.go", "../index/research/layout/*.go"} {
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			t.Fatal(glob, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch fn, _ := call.Fun.(*ast.Ident); {
				case fn == nil || len(call.Args) == 0:
				case fn.Name == "told", fn.Name == "say" && !strings.Contains(glob, "layout"):
					take(call.Args[0])
				case fn.Name == "say" && len(call.Args) > 1:
					take(call.Args[1])
				case fn.Name == "columns":
					for i := 1; i < len(call.Args); i += 2 {
						take(call.Args[i])
					}
				}
				return true
			})
		}
	}
	if len(found) < 100 {
		t.Fatalf("only %d forms were found", len(found))
	}
	return slices.Sorted(maps.Keys(found))
}

func TestTheDutchTakesWhatTheEnglishTakes(t *testing.T) {
	for code, l := range testLocales(t) {
		for form, said := range l.said {
			if a, b := verbs(form), verbs(said); a != b {
				t.Errorf("%s: %q takes %s, %q takes %s", code, form, a, said, b)
			}
		}
	}
}

// verbs are the verbs of a form of package fmt, in the order of its arguments.
func verbs(form string) string {
	var out []string
	next := 1
	for i := 0; i < len(form); i++ {
		if form[i] != '%' {
			continue
		}
		if i+1 < len(form) && form[i+1] == '%' {
			i++
			continue
		}
		j := i + 1
		for j < len(form) && strings.IndexByte("+-. 0123456789", form[j]) >= 0 {
			j++
		}
		spec := form[i:j]
		if j < len(form) && form[j] == '[' {
			end := strings.IndexByte(form[j:], ']') + j
			next, _ = strconv.Atoi(form[j+1 : end])
			j = end + 1
		}
		out = append(out, strconv.Itoa(next)+spec+form[j:j+1])
		next++
		i = j
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAPageSaysWhenSomethingHasComeSince(t *testing.T) {
	ms := testMentions(90)
	ix := newTestIndex(t, ms[:60]...)
	s, ts := newTestServer(t, Config{Index: ix, Reports: testReports})
	for _, path := range []string{"/?lang=en", "/report/overview?lang=en"} {
		if doc := document(t, ts, path); doc.Find(".banner").Length() != 0 {
			t.Errorf("%s is said to be old at once", path)
		}
	}
	if _, err := ix.Put(t.Context(), ms[60:]); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/?lang=en", "/report/overview?lang=en"} {
		s.answers.mu.Lock()
		for _, e := range s.answers.byKey {
			e.Value.(*kept).cost = 0 // else it may rest for a moment
		}
		s.answers.mu.Unlock()
		if text := words(document(t, ts, path).Find(".banner")); !strings.Contains(text, "As of 15 Jun 2026, 12:00 UTC") {
			t.Errorf("%s does not say of when it is: %q", path, text)
		}
	}
	s.answers.work.Wait()
	if doc := document(t, ts, "/report/overview?lang=en"); doc.Find(".banner").Length() != 0 || words(doc.Find(".based a").First()) != "90" {
		t.Errorf("the new figures: %s", words(doc.Find(".based")))
	}
}

func TestWithoutJavaScriptATableSaysItAll(t *testing.T) {
	b := browsertest.Open(t)
	_, ts := wholeServer(t)
	tab := newTab(t, b, phone)
	if _, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	tab.open(ts.URL + "/report/compare?lang=nl")
	tab.run(chromedp.WaitVisible("section[aria-labelledby=s-sentiment] table"), chromedp.WaitNotVisible("section[aria-labelledby=s-sentiment] canvas"),
		chromedp.SetAttributeValue(".more", "open", ""), chromedp.SendKeys("input[name=from]", "01012026"),
		chromedp.Click(".more .primary"), chromedp.WaitReady(`input[name=from][value="2026-01-01"]`)) // on the next page
	u, err := url.Parse(read(tab, chromedp.Location()))
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/report/compare" || u.Query().Get("from") != "2026-01-01" {
		t.Errorf("the form leads to %s", u)
	}
	tab.calm()
}

func TestAChartLeadsToTheMentionsBehindABar(t *testing.T) {
	b := browsertest.Open(t)
	_, ts := wholeServer(t)
	tab := newTab(t, b, desktop)
	tab.open(ts.URL + "/report/overview?lang=nl")
	tab.run(chromedp.WaitVisible("section[aria-labelledby=s-sentiment] canvas"))
	var data layout.Chart
	text := read(tab, chromedp.Evaluate[string](`document.querySelector("section[aria-labelledby=s-sentiment] [data-chart] script").textContent`))
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	place := read(tab, chromedp.Evaluate[[]float64](`(() => {
		const canvas = document.querySelector("section[aria-labelledby=s-sentiment] canvas");
		canvas.scrollIntoView({block: "center"});
		const at = canvas.getBoundingClientRect(), bar = Chart.getChart(canvas).getDatasetMeta(0).data[0];
		return [at.left + bar.x - 4, at.top + bar.y];
	})()`))
	tab.run(chromedp.MouseClickXY(place[0], place[1]), chromedp.WaitVisible(".results"))
	u, err := url.Parse(read(tab, chromedp.Location()))
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/search" || u.Query().Get("q") != data.Series[0].Points[0].Query {
		t.Errorf("a click on a bar leads to %s, want the mentions of %s", u, data.Series[0].Points[0].Query)
	}
	tab.calm()
}

func TestAPeriodFromTheListReplacesDaysThatWereTypedIn(t *testing.T) {
	b := browsertest.Open(t)
	_, ts := wholeServer(t)
	tab := newTab(t, b, desktop)
	tab.open(ts.URL + "/report/trend?lang=en&from=2026-01-01&to=2026-03-31")
	tab.run(chromedp.SetValue("select[name=period]", "90d"))
	tab.run(chromedp.WaitVisible(`//option[@value="90d"][@selected]/parent::select`))
	u, err := url.Parse(read(tab, chromedp.Location()))
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); q.Get("period") != "90d" || q.Get("from") != "" || q.Get("to") != "" {
		t.Errorf("the address is %s", u)
	}
	tab.calm()
}
