package web

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"klank/index"
	"klank/index/desk"
	"klank/index/query"
	"klank/index/sqlite"
	"klank/mention"
)

// bench is a server with a desk, and what stands behind it.
type bench struct {
	ix   *sqlite.Index
	desk *desk.Store
	ts   *httptest.Server
	// later is how far the clock has gone on.
	later atomic.Int64
}

// newBench serves mentions that can be answered and corrected: analysing one
// again gives what it came with.
func newBench(t testing.TB, ms ...mention.Mention) *bench {
	t.Helper()
	b := &bench{ix: newTestIndex(t, ms...), desk: newTestDesk(t)}
	language, err := query.NewLanguage(map[string]string{"configured": "sentiment:negative"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, b.ts = newTestServer(t, Config{Index: b.ix, Desk: b.desk, Brands: testBrands, Reports: testReports, Language: language,
		Now:     func() time.Time { return testNow.Add(time.Duration(b.later.Load())) },
		Relabel: relabelStub(b.ix, b.desk, ms), Explain: explainStub})
	return b
}

// relabelStub analyses mentions by what they came with.
func relabelStub(ix *sqlite.Index, d *desk.Store, ms []mention.Mention) func(context.Context, string) error {
	came := map[string]mention.Mention{}
	for _, m := range ms {
		came[m.ID] = m
	}
	return func(ctx context.Context, id string) error {
		m := came[id]
		cs, err := d.Corrections(ctx, id)
		desk.Apply(&m, cs)
		_, err2 := ix.Reread(ctx, []index.Rereading{{ID: id, Mention: &m, Labels: true}})
		return errors.Join(err, err2)
	}
}

func explainStub(_ context.Context, m *mention.Mention) ([]Explained, error) {
	return []Explained{{Text: m.Text, Score: -.5, Words: []ExplainedWord{{Words: "<b>slow</b>", Rule: "learned", Value: -.4}},
		Labels: []ExplainedLabel{{Words: "wait", Rule: "wait*", Labels: []string{"delivery", "needs_response"}}}}}, nil
}

// work leaves traces on the desk: a mention that was assigned, noted and
// edited, with a corrected sentence, and a saved query.
func work(t testing.TB, ix *sqlite.Index, d *desk.Store, m mention.Mention) {
	t.Helper()
	ctx := t.Context()
	c, err := d.SetCase(ctx, desk.Case{Mention: m.ID, State: desk.StateAssigned, Assignee: "Anna", By: "local", At: testNow, Revision: 1})
	c.Note, c.By = "Called her: wait for the new bulb.", "Anna"
	_, err2 := d.SetCase(ctx, c)
	_, err3 := d.SetCorrection(ctx, desk.Correction{Mention: m.ID, Words: desk.SentenceKey(&m, m.Analysis.Sentences[0].Span), By: "Anna", At: testNow,
		Labels: &desk.Labels{Sentiment: mention.Neutral, Touchpoints: []string{"use"}}})
	err4 := d.SaveQuery(ctx, desk.Query{Name: "late", Query: "touchpoint:delivery sentiment:negative", By: "Anna", At: testNow}, false)
	m.Title, m.Evidence.Fetched = m.Title+", edited", testNow
	_, err5 := ix.Put(ctx, []mention.Mention{m})
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
}

// send posts a form, following the way back, and returns what the page says.
func (b *bench) send(t *testing.T, path string, form url.Values, want int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.ts.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.ts.URL)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != want {
		t.Fatalf("POST %s %v: %d, want %d\n%s", path, form, res.StatusCode, want, body)
	}
	return string(body)
}

// queued lists the mentions of a page of the queue.
func (b *bench) queued(t *testing.T, path string) []string {
	t.Helper()
	var ids []string
	document(t, b.ts, path).Find("ol.queue > li").Each(func(_ int, li *goquery.Selection) {
		ids = append(ids, strings.TrimPrefix(li.AttrOr("id", ""), "q-"))
	})
	return ids
}

// complaint is a mention that asks for an answer; the higher n, the less.
func complaint(n int) mention.Mention {
	m := mention.Mention{NativeID: "c" + string(rune('0'+n)), Kind: mention.Review, Language: "en", Text: "It flickers, and nobody answers.",
		Source: mention.Source{Name: "lampentest", Host: "lampentest.example"}, Brands: []string{"Lumara"}, Published: testNow.AddDate(0, 0, n-20),
		Author: &mention.Author{Key: "k"}, Evidence: mention.Evidence{Fetched: testNow}}
	m.Analysis = &mention.Analysis{Sentiment: mention.Sentiment{Score: -.8 + float64(n)/20, Label: mention.Negative}, Signals: []string{"needs_response"},
		Sentences: []mention.Sentence{{Span: mention.Span{In: "text", Start: 0, End: len(m.Text)}, Score: -.8, Touchpoints: []string{"use"}}}}
	m.SetID("")
	return m
}

func TestTheQueueIsWorkedThrough(t *testing.T) {
	first, second, third := complaint(1), complaint(2), complaint(3)
	b := newBench(t, first, second, third)
	if got := b.queued(t, "/queue"); len(got) != 3 || got[0] != first.ID || got[2] != third.ID {
		t.Fatalf("the queue is %v, want %s first", got, first.ID)
	}
	b.send(t, "/queue/"+first.ID, url.Values{"do": {"assigned"}, "assignee": {"Anna <script>"}, "version": {"0"}, "back": {"/queue#q-x"}}, http.StatusOK)
	b.send(t, "/queue/"+second.ID, url.Values{"do": {"note"}, "note": {"=cmd|<script>alert(1)</script>\u202e"}, "version": {"0"}, "back": {"//evil.example"}}, http.StatusOK)
	b.send(t, "/queue/"+third.ID, url.Values{"do": {"ignored"}, "version": {"0"}}, http.StatusOK)
	for path, want := range map[string]string{
		"/queue": first.ID + " " + second.ID, "/queue?state=open": second.ID, "/queue?state=assigned": first.ID, "/queue?state=ignored": third.ID,
		"/queue?state=answered": "", "/queue?assignee=Anna+%3Cscript%3E": first.ID, "/queue?assignee=Bo": "", "/queue?brand=Noorderlicht": "",
		"/queue?brand=Lumara&page=9": "",
	} {
		if got := strings.Join(b.queued(t, path), " "); got != want {
			t.Errorf("%s shows %q, want %q", path, got, want)
		}
	}
	res, body := get(t, b.ts, "/queue?lang=en")
	if strings.Contains(body, "<script>alert") || strings.Contains(body, "\u202e") || !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Error("a note is not shown as text")
	}
	if len(body) > 200<<10 || res.StatusCode != http.StatusOK {
		t.Errorf("%d bytes", len(body))
	}
	page := words(document(t, b.ts, "/mention/"+first.ID+"?lang=en").Find("#case"))
	if !strings.Contains(page, "assigned Anna <script>") || !strings.Contains(page, "this computer") {
		t.Errorf("the page of the mention says %q", page)
	}
}

func TestOnAConflictTheSecondIsToldAndKeepsTheirWords(t *testing.T) {
	m := complaint(1)
	b := newBench(t, m)
	b.send(t, "/queue/"+m.ID, url.Values{"do": {"assigned"}, "assignee": {"Anna"}, "version": {"0"}}, http.StatusOK)
	said := b.send(t, "/queue/"+m.ID, url.Values{"do": {"note"}, "note": {"my own words"}, "version": {"0"}, "back": {"/queue"}}, http.StatusConflict)
	if !strings.Contains(said, "my own words") || !strings.Contains(said, "Anna") || !strings.Contains(said, `name="version" value="1"`) {
		t.Errorf("the second is told %s", said)
	}
	history, err := b.desk.CaseHistory(t.Context(), m.ID)
	if err != nil || len(history) != 1 {
		t.Errorf("%v, %v", history, err)
	}
	b.send(t, "/queue/"+m.ID, url.Values{"do": {"note"}, "note": {"my own words"}, "version": {"1"}, "back": {"/queue"}}, http.StatusOK)
	history, err = b.desk.CaseHistory(t.Context(), m.ID)
	if err != nil || len(history) != 2 || history[0].Assignee != "Anna" || history[0].Note != "my own words" {
		t.Errorf("a note takes the rest along: %v, %v", history, err)
	}
	for form, want := range map[string]int{"do=dance": 400, "do=note&version=x": 400, "do=assigned&version=2&assignee=" + strings.Repeat("n", 100): 400} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		b.send(t, "/queue/"+m.ID, values, want)
	}
	b.send(t, "/queue/unknown", url.Values{"do": {"ignored"}}, http.StatusNotFound)
}

func TestAReplyClosesACaseAndNewWordsReopenOne(t *testing.T) {
	taken, done := complaint(1), complaint(2)
	taken.Analysis.Signals, taken.Analysis.Sentiment = nil, mention.Sentiment{Score: .8, Label: mention.Positive} // no one would look for it
	b := newBench(t, taken, done)
	b.send(t, "/queue/"+taken.ID, url.Values{"do": {"assigned"}, "version": {"0"}}, http.StatusOK)
	b.send(t, "/queue/"+done.ID, url.Values{"do": {"answered"}, "version": {"0"}}, http.StatusOK)
	if got := strings.Join(b.queued(t, "/queue"), " "); got != taken.ID {
		t.Fatalf("to do is %q, want what was assigned", got)
	}
	taken.Reply = &mention.Reply{Text: "We send you a new one."}
	done.Text = "It flickers again, and nobody answers."
	taken.Evidence.Fetched, done.Evidence.Fetched = testNow.AddDate(0, 0, 1), testNow.AddDate(0, 0, 1)
	if _, err := b.ix.Put(t.Context(), []mention.Mention{taken, done}); err != nil {
		t.Fatal(err)
	}
	b.later.Store(int64(time.Hour))
	for deadline := time.Now().Add(20 * time.Second); strings.Join(b.queued(t, "/queue"), " ") != done.ID; { // an old answer is given while a new one is worked out
		if time.Now().After(deadline) {
			t.Fatalf("to do is %v, want %s", b.queued(t, "/queue"), done.ID)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if page := words(document(t, b.ts, "/queue?lang=en").Selection); !strings.Contains(page, "The words have changed since") {
		t.Errorf("of an edit it is said: %s", page)
	}
	if got := b.queued(t, "/queue?state=answered"); len(got) != 0 {
		t.Errorf("answered are %v, though the words changed", got)
	}
}

func TestALabelIsCorrectedOnThePageAndTakenBack(t *testing.T) {
	ms := testMentions(12)
	m := ms[9]
	b := newBench(t, ms...)
	at := "/mention/" + m.ID
	doc := document(t, b.ts, at+"?lang=en")
	links := doc.Find(".prose a.sentence")
	if links.Length() != len(m.Analysis.Sentences) {
		t.Fatalf("%d of %d sentences can be corrected", links.Length(), len(m.Analysis.Sentences))
	}
	form := document(t, b.ts, strings.TrimSuffix(links.First().AttrOr("href", ""), "#fix")).Find("#fix")
	if words(form.Find("blockquote")) != m.Text[:m.Analysis.Sentences[0].End] || form.Find("input[name=touchpoint]").Length() != 22 {
		t.Fatalf("the form is about %q", words(form))
	}
	key := form.Find("input[name=words]").AttrOr("value", "")
	values := url.Values{"words": {key}, "version": {"0"}, "do": {"save"}, "sentiment": {"neutral"}, "touchpoint": {"checkout"}, "care": {"care"}, "back": {at}}
	b.send(t, at+"/labels", values, http.StatusOK)
	stored := func() *mention.Mention {
		m, err := b.ix.Get(t.Context(), m.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if st := stored().Analysis.Sentences[0]; st.Score != 0 || strings.Join(st.Touchpoints, " ") != "checkout" || strings.Join(st.Moments, " ") != "fmot" {
		t.Errorf("stored is %+v", st)
	}
	if got := document(t, b.ts, "/search?q=flag:corrected").Find(".hit").Length(); got != 1 {
		t.Errorf("%d are found as corrected", got)
	}
	if page := document(t, b.ts, at+"?lang=en"); page.Find(".chip.fixed").Length() != 1 || !strings.Contains(words(page.Find(".side")), "this computer") {
		t.Error("the page does not say that and by whom it was corrected")
	}
	b.send(t, at+"/labels", values, http.StatusConflict) // of a version that is past
	values["version"] = []string{"1"}
	for name, bad := range map[string]string{"sentiment": "angry", "touchpoint": "<script>", "care": "delivery", "version": "x"} {
		wrong := url.Values{}
		for k, v := range values {
			wrong[k] = v
		}
		wrong[name] = []string{bad}
		b.send(t, at+"/labels", wrong, http.StatusBadRequest)
	}
	wrong := url.Values{"words": {"0123"}, "version": {"0"}, "sentiment": {"neutral"}}
	b.send(t, at+"/labels", wrong, http.StatusConflict) // of words that are not there
	b.send(t, at+"/labels", url.Values{"words": {key}, "version": {"1"}, "do": {"undo"}, "back": {at}}, http.StatusOK)
	if got := stored(); len(got.Flags) != 0 || got.Analysis.Sentences[0].Score != m.Analysis.Sentences[0].Score {
		t.Errorf("taken back, stored is %+v, %v", got.Analysis.Sentences[0], got.Flags)
	}
	whole := document(t, b.ts, at+"?fix=whole&lang=en").Find("#fix")
	if whole.Find("input[name=signal]").Length() != len(mention.Signals) || whole.Find("input[name=brand]").Length() != len(testBrands) {
		t.Errorf("of the whole one can say %q", words(whole))
	}
	b.send(t, at+"/labels", url.Values{"words": {desk.WholeKey(&m)}, "version": {"0"}, "sentiment": {"negative"}, "brand": testBrands[:2], "back": {at}}, http.StatusOK)
	if got := stored(); strings.Join(got.Brands, " ") != "Lumara Noorderlicht" || got.Analysis.Sentiment.Label != mention.Negative || len(got.Analysis.Signals) != 0 {
		t.Errorf("the whole is %v, %+v", got.Brands, got.Analysis)
	}
}

func TestAMentionIsReadInTheSearchThatItWasOpenedFrom(t *testing.T) {
	b := newBench(t, testMentions(45)...)
	path := document(t, b.ts, "/search?q=lamp+OR+lampen&sort=oldest&lang=en").Find(".hit h3 a").First().AttrOr("href", "")
	var seen []string
	for path != "" && len(seen) < 60 {
		doc := document(t, b.ts, path)
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, strings.TrimPrefix(u.Path, "/mention/"))
		if prev := doc.Find(".trail a[rel=prev]"); len(seen) == 1 && prev.Length() != 0 {
			t.Error("something stands before the first one")
		}
		path = doc.Find(".trail a[rel=next]").AttrOr("href", "")
	}
	n, err := query.Parse("lamp OR lampen", testNow)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.ix.Search(t.Context(), index.SearchRequest{Query: n, Sort: index.SortOldest, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != res.Total || res.Total <= pageSize {
		t.Fatalf("the way through has %d steps, of %d hits", len(seen), res.Total)
	}
	for i, h := range res.Hits {
		if seen[i] != h.Mention.ID {
			t.Fatalf("step %d is %s, want %s", i, seen[i], h.Mention.ID)
		}
	}
	for _, bad := range []string{"?in=%28", "?in=x&sort=up", "?in=x&after=nonsense", "?in=nothingatall"} {
		if doc := document(t, b.ts, "/mention/"+seen[0]+bad); doc.Find(".trail").Length() != 0 {
			t.Errorf("%s has a trail", bad)
		}
	}
}

func TestAMentionShowsItsChangesItsReasonsAndItsLikes(t *testing.T) {
	m, copied, other := complaint(1), complaint(2), complaint(3)
	copied.Text = m.Text
	other.Text = "The dimmer flickers when nobody touches it."
	b := newBench(t, m, copied, other)
	m.Text, m.Evidence.Fetched = "It flickers badly, and <b>nobody</b> answers.", testNow.AddDate(0, 0, 1)
	if _, err := b.ix.Put(t.Context(), []mention.Mention{m}); err != nil {
		t.Fatal(err)
	}
	doc := document(t, b.ts, "/mention/"+m.ID+"?lang=en&why=1&similar=1")
	diff := doc.Find("#diff")
	if got := words(diff.Find("ins")); got != "badly<b></b>" || diff.Find("b").Length() != 0 {
		t.Errorf("added is %q", got)
	}
	if got := words(document(t, b.ts, "/mention/"+m.ID+"?lang=en&revision=1").Find("#diff h3")); got != "Revision 1Revision 2" {
		t.Errorf("beside the first stands %q", got)
	}
	if got := words(doc.Find("#why")); !strings.Contains(got, "<b>slow</b> −0.40 learnt from examples") || !strings.Contains(got, "delivery, waiting for a reply") {
		t.Errorf("the reasons are %q", got)
	}
	if got := words(doc.Find("#similar .hit")); !strings.Contains(got, "dimmer") {
		t.Errorf("similar are %q", got)
	}
}

func TestQueriesAreSavedUsedAndSuggested(t *testing.T) {
	b := newBench(t, testMentions(40)...)
	b.send(t, "/saved", url.Values{"name": {"Late"}, "q": {"touchpoint:delivery sentiment:negative"}}, http.StatusOK)
	b.send(t, "/saved", url.Values{"name": {"late-nl"}, "q": {"saved:late language:nl"}}, http.StatusOK)
	for name, q := range map[string]string{"late": "lamp", "configured": "lamp", "two words": "lamp", "open": "(lamp", "round": "saved:round", "empty": " "} {
		if said := b.send(t, "/saved", url.Values{"name": {name}, "q": {q}}, http.StatusConflict); !strings.Contains(said, "not saved") {
			t.Errorf("%s: %s", name, said)
		}
	}
	b.send(t, "/saved", url.Values{"name": {"late"}, "q": {"touchpoint:delivery"}, "replace": {"1"}}, http.StatusOK)
	doc := document(t, b.ts, "/search?q=saved:late-nl&lang=en")
	if got := words(doc.Find(".savedqueries li")); !strings.Contains(got, "touchpoint:delivery delete late") || !strings.Contains(got, "configured from the configuration") {
		t.Errorf("saved are %q", got)
	}
	suggested := func(q string) string {
		_, body := get(t, b.ts, "/suggest?lang=en&q="+url.QueryEscape(q))
		var list []suggestion
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatalf("%q: %v: %s", q, err, body)
		}
		var out []string
		for _, one := range list {
			out = append(out, one.Query)
		}
		return strings.Join(out, " | ")
	}
	suggested("brand:") // the values are counted
	for q, want := range map[string]string{
		"lamp touch": "lamp touchpoint: | lamp touchpoint_sentiment:", "lamp -senti": "lamp -sentiment:", "(sentiment:n": "(sentiment:negative | (sentiment:neutral",
		"saved:la": "saved:late | saved:late-nl", "brand:vuur": `brand:"Vuurtoren & Zn."`, "deliv": "touchpoint:delivery", `"open`: "", "": "", "nosuchthing": "",
	} {
		if got := suggested(q); got != want {
			t.Errorf("for %q: %s, want %s", q, got, want)
		}
	}
	b.send(t, "/saved", url.Values{"name": {"late"}, "do": {"delete"}}, http.StatusOK)
	if res, body := get(t, b.ts, "/search?q=saved:late-nl&lang=en"); res.StatusCode != http.StatusBadRequest || !strings.Contains(body, "late") {
		t.Errorf("a query that uses a deleted one: %d", res.StatusCode)
	}
}

// slowCounter is an index that counts when it is let.
type slowCounter struct {
	*sqlite.Index
	let chan struct{}
}

func (x slowCounter) Aggregate(ctx context.Context, r index.AggregateRequest) (*index.AggregateResult, error) {
	select {
	case <-x.let:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return x.Index.Aggregate(ctx, r)
}

func TestHitsDoNotWaitForTheFilters(t *testing.T) {
	ix := slowCounter{newTestIndex(t, testMentions(30)...), make(chan struct{})}
	s, ts := newTestServer(t, Config{Index: ix})
	s.patience = time.Millisecond
	doc := document(t, ts, "/search?q=lamp&lang=en")
	if doc.Find(".hit").Length() == 0 || doc.Find(".facet").Length() != 0 || !strings.Contains(words(doc.Find(".facets")), "still being counted") {
		t.Fatalf("while the filters are counted the page says %q", words(doc.Find(".results")))
	}
	close(ix.let)
	s.patience = time.Minute
	doc = document(t, ts, strings.TrimPrefix(doc.Find(".facets p a").AttrOr("href", ""), ts.URL))
	if doc.Find(".facet").Length() == 0 {
		t.Error("the filters are not there")
	}
}

func TestASearchIsHadAsAFile(t *testing.T) {
	formula := complaint(1)
	formula.Text, formula.Title = "=HYPERLINK(\"http://evil.example\")", "<script>alert(1)</script>"
	ms := append(testMentions(30), hostileMention(), formula)
	b := newBench(t, ms...)
	_, body := get(t, b.ts, "/search/export.csv?q=")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) != len(ms)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if t := strings.TrimSpace(cell); t != "" && strings.ContainsAny(t[:1], "=+@") || strings.HasPrefix(cell, "-H") {
				err = errors.New("a formula: " + cell)
			}
		}
	}
	if err != nil {
		t.Error(err)
	}
	res, body := get(t, b.ts, "/search/export.ndjson?q=sentiment:negative")
	lines := 0
	for s := bufio.NewScanner(strings.NewReader(body)); s.Scan(); lines++ {
		var m mention.Mention
		if err := json.Unmarshal(s.Bytes(), &m); err != nil || m.Analysis.Sentiment.Label != mention.Negative {
			t.Fatalf("%s: %v", s.Text(), err)
		}
	}
	if lines == 0 || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d lines, %q", lines, res.Header.Get("Content-Disposition"))
	}
	_, body = get(t, b.ts, "/search/export.html?q=&lang=nl")
	page, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if page.Find("article").Length() != len(ms) || page.Find("script, img, svg, [onload], [onerror], a[href^=javascript]").Length() != 0 || page.Find("html").AttrOr("lang", "") != "nl" {
		t.Errorf("%d articles, and %q", page.Find("article").Length(), page.Find("script, img, svg").Text())
	}
	for path, want := range map[string]int{"/search/export.exe": 404, "/search/other": 404, "/search/export.csv?q=%28": 400} {
		if res, _ := get(t, b.ts, path); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

func TestAnExportSaysWhereItEnds(t *testing.T) {
	links := exportLinks("lamp", maxExported+1)
	if links[0].Most != maxExported || links[2].Most != maxExportedHTML || exportLinks("lamp", 10)[2].Most != 0 {
		t.Errorf("%+v", links)
	}
	var out strings.Builder
	buf := bufio.NewWriter(&out)
	ix := newTestIndex(t, testMentions(9)...)
	for _, raw := range []bool{true, false} {
		var scanner index.Scanner = ix
		if !raw {
			scanner = justScanner{ix}
		}
		out.Reset()
		s, _ := newTestServer(t, Config{Index: ix})
		f := exportFormat{ext: "ndjson", most: 4}
		if !raw {
			f.ext = "csv"
		}
		if err := writeExport(t.Context(), s.views["en"], buf, scanner, nil, f, exportDoc{Total: 9, Most: 4}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "lampentest"); got == 0 || strings.Count(strings.TrimSpace(out.String()), "\n") > 5 {
			t.Errorf("%s has %s", f.ext, out.String())
		}
	}
}

type justScanner struct{ index.Scanner }
