package parsers

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/mention"
	"klank/parsers/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

func page(url, body string) *mention.Page {
	return &mention.Page{URL: url, Status: 200, ContentType: "text/html; charset=utf-8", Body: []byte(body),
		Fetched: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), SHA256: "0123", Snapshot: "a.warc.gz:7"}
}

func parse(t *testing.T, p *mention.Page, o Options) Result {
	t.Helper()
	r, err := New().Parse(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden reads every page of testdata/pages as one of www.example.com
// and compares the whole result with the file beside it.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("../testdata/pages/*.html")
	if len(files) == 0 {
		t.Fatal("no pages")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := new(bytes.Buffer)
			enc := json.NewEncoder(got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(parse(t, page("https://www.example.com/p/"+name, string(body)), Options{})); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".html") + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("differs from %s (-want +got):\n%s", golden, d)
			}
		})
	}
}

func TestAnUnknownParserIsAnErrorThatNamesTheKnown(t *testing.T) {
	r := New()
	_, err := r.Parse(page("https://www.example.com/", "<p>"), Options{Parser: "teletext"})
	if err == nil || !strings.Contains(err.Error(), `"teletext"`) || !strings.Contains(err.Error(), "jsonld, microdata") {
		t.Errorf("error is %v", err)
	}
	for _, name := range r.Names() {
		o := Options{Parser: name, Selectors: &Selectors{Review: ".r", Text: "p"}}
		if _, err := r.Parse(page("https://www.example.com/", "<p>"), o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Parse(page("https://www.example.com/", "<p>"), Options{Selectors: &Selectors{Review: "[["}}); err == nil {
		t.Error("selectors that do not compile are accepted")
	}
}

func TestAParserThatPanicsCostsOnlyItsOwnFindings(t *testing.T) {
	broken := parser{name: "broken", detect: (*document.Document).IsHTML, parse: func(*document.Document) document.Found { panic("oh") }}
	r := &Registry{append([]parser{{}, broken}, New().parsers[1:]...)}
	got, err := r.Parse(page("https://www.example.com/k", reviews(`{"@type":"Review","author":"Ann","reviewBody":"Fine."}`)), Options{})
	if err != nil || len(got.Mentions) != 1 || len(got.Problems) != 1 || got.Problems[0].Where != "broken" {
		t.Errorf("got %+v, %v", got, err)
	}
}

const review = `<script type="application/ld+json">{"@type":"Product","name":"Kettle","review":[%]}</script>`

func reviews(body string) string { return strings.Replace(review, "%", body, 1) }

func TestIDsStayWhenAReviewMovesToAnotherPage(t *testing.T) {
	one := `{"@type":"Review","@id":"#review-1","author":"Ann","datePublished":"2026-01-02","reviewBody":"Fine.","reviewRating":"4"}`
	moved := strings.Replace(one, "#review-1", "#review-2", 1)
	a := parse(t, page("https://www.example.com/k", reviews(one)), Options{}).Mentions
	b := parse(t, page("https://www.example.com/k?page=2", reviews(moved)), Options{}).Mentions
	if len(a) != 1 || len(b) != 1 || a[0].ID != b[0].ID {
		t.Errorf("ids differ:\n%+v\n%+v", a, b)
	}
}

func TestTwoReviewsByOneAuthorOnOneDayStayTwo(t *testing.T) {
	ms := parse(t, page("https://www.example.com/k", reviews(
		`{"@type":"Review","author":"Ann","datePublished":"2026-01-02","reviewBody":"Fine.","reviewRating":"4"},
		 {"@type":"Review","author":"Ann","datePublished":"2026-01-02","reviewBody":"It broke.","reviewRating":"1"},
		 {"@type":"Review","author":"Ann","datePublished":"2026-01-02","reviewBody":"Fine.","reviewRating":"4"}`)), Options{}).Mentions
	if len(ms) != 2 || ms[0].ID == ms[1].ID {
		t.Errorf("got %d mentions, want the two that differ: %+v", len(ms), ms)
	}
}

func TestAReviewInTwoSyntaxesIsOneWithTheFieldsOfBoth(t *testing.T) {
	ms := parse(t, page("https://www.example.com/k", reviews(`{"@type":"Review","author":"Ann","reviewBody":"Fine, and it boils."}`)+
		`<div class=hproduct><b class=fn>Kettle</b><div class="review hreview"><b class=reviewer>Ann</b><b class=rating>4</b>
<time class=dtreviewed datetime="2026-01-02"></time><p class=description>Fine, and it boils.</p></div></div>`), Options{}).Mentions
	if len(ms) != 1 || ms[0].Rating == nil || ms[0].Rating.Value != 4 || ms[0].Published.Day() != 2 || ms[0].Evidence.Parser != "jsonld" {
		t.Errorf("got %+v", ms)
	}
}

func TestWhatSyntaxesSayInPartsIsPutTogether(t *testing.T) {
	ms := parse(t, page("https://www.example.com/k", reviews(`{"@type":"Review","author":"Ann","reviewBody":"Fine, and it boils water for tea.","upvoteCount":2,
"reviewRating":[{"ratingValue":4},{"reviewAspect":"Price","ratingValue":3}]}`)+
		`<div itemscope itemtype="https://schema.org/Product"><b itemprop=name>Kettle</b><div itemprop=review itemscope itemtype="https://schema.org/Review"><b itemprop=author>Ann</b><i itemprop=commentCount>1</i>
<i itemprop=reviewRating itemscope><b itemprop=ratingValue>4</b><b itemprop=bestRating>10</b><b itemprop=worstRating>1</b></i><i itemprop=reviewRating itemscope><b itemprop=reviewAspect>price</b><b itemprop=ratingValue>3</b></i>
<i itemprop=reviewRating itemscope><b itemprop=reviewAspect>Delivery</b><b itemprop=ratingValue>5</b></i><p itemprop=reviewBody>Fine, and it boils water for tea. Every time.</p></div></div>`), Options{}).Mentions
	if len(ms) != 1 {
		t.Fatalf("got %+v", ms)
	}
	m := ms[0]
	if m.Rating.Best != 10 || m.Rating.Worst == nil || len(m.Ratings) != 2 || m.Engagement.Helpful != 2 || m.Engagement.Replies != 1 || m.Text != "Fine, and it boils water for tea. Every time." {
		t.Errorf("got %+v: rating %+v, %+v, engagement %+v", m, m.Rating, m.Ratings, m.Engagement)
	}
}

func TestAQuestionThatIsAllTitleIsKnownInAnotherSyntax(t *testing.T) {
	ms := parse(t, page("https://www.example.com/k", `<script type="application/ld+json">{"@type":"Question","name":"Does it boil water in the dark at night?","text":"Does it boil water in the dark at night?","author":"Ann"}</script>
<div itemscope itemtype="https://schema.org/Question"><h1 itemprop=name>Does it boil water in the dark at night?</h1><time itemprop=dateCreated datetime="2026-01-02"></time></div>`), Options{}).Mentions
	if len(ms) != 1 || ms[0].Author == nil || ms[0].Published.IsZero() || ms[0].Text != "Does it boil water in the dark at night?" || ms[0].Title != "" {
		t.Errorf("got %+v", ms)
	}
}

func TestAReviewThatKnowsItsItemByURLOrNumberHasItsName(t *testing.T) {
	for _, about := range []string{`"https://www.example.com/p/9"`, `{"@id":"https://www.example.com/p/9"}`, `{"@type":"Product","sku":"K-9"}`, `{"@type":"Product","gtin13":"8712345678906"}`} {
		ms := parse(t, page("https://www.example.com/k", `<script type="application/ld+json">{"@type":"Review","author":"Ann","reviewBody":"Boils.","itemReviewed":`+about+`}</script>
<div itemscope itemtype="https://schema.org/Product"><b itemprop=name>Kettle</b><link itemprop=url href="/p/9"><meta itemprop=sku content="K-9"><meta itemprop=gtin content="8712345678906"></div>
<div itemscope itemtype="https://schema.org/Product"><b itemprop=name>Toaster</b></div>`), Options{}).Mentions
		if len(ms) != 1 || ms[0].Item == nil || ms[0].Item.Name != "Kettle" {
			t.Errorf("%s: %+v", about, ms)
		}
	}
}

func TestAReviewToldTwiceInOneSyntaxIsOne(t *testing.T) {
	const long = "Fine, and it boils in two minutes."
	one := reviews(`{"@type":"Review","author":"Ann","datePublished":"2026-01-02","reviewBody":"` + long + `"}`)
	for what, c := range map[string]struct {
		again string
		want  int
	}{
		"by another program": {`"author":{"name":"Ann"},"reviewRating":4,"name":"Nice","reviewBody":"` + long + `"`, 1},
		"with a time":        {`"author":"Ann","datePublished":"2026-01-02T10:11:12Z","reviewBody":"` + long + `"`, 1},
		"on another day":     {`"author":"Ann","datePublished":"2026-02-02","reviewBody":"` + long + `"`, 2},
		"of another":         {`"author":"Bob","reviewBody":"` + long + `"`, 2},
		"with more":          {`"author":"Ann","reviewBody":"` + long + ` And it is quiet."`, 2},
		"of another item":    {`"author":"Ann","itemReviewed":{"name":"Toaster"},"reviewBody":"` + long + `"`, 2},
	} {
		ms := parse(t, page("https://www.example.com/k", one+reviews(`{"@type":"Review",`+c.again+`}`)), Options{}).Mentions
		if len(ms) != c.want {
			t.Errorf("%s: %d mentions, want %d: %+v", what, len(ms), c.want, ms)
		}
	}
}

func TestAnAnswerFindsWhatItsParentWasJoinedWith(t *testing.T) {
	question := `"@type":"Question","name":"Does it boil water in the dark?","text":"Does it boil water in the dark at night?","author":"Ann"`
	ms := parse(t, page("https://www.example.com/k", `<script type="application/ld+json">{"@type":"QAPage","mainEntity":{`+question+`}}</script>
<script type="application/ld+json">{`+question+`,"acceptedAnswer":{"@type":"Answer","text":"It does.","author":"Bob"}}</script>`), Options{}).Mentions
	if len(ms) != 2 || ms[1].Parent != ms[0].ID || ms[1].Thread != ms[0].ID {
		t.Errorf("got %+v", ms)
	}
}

func TestAnonymousGradesDifferByTheirValueAndDate(t *testing.T) {
	grade := func(n, date string) string {
		return `{"@type":"Review","datePublished":"` + date + `","reviewRating":{"ratingValue":` + n + `}}`
	}
	ms := parse(t, page("https://www.example.com/k", reviews(strings.Join([]string{grade("5", ""), grade("4", ""), grade("5", ""),
		grade("5", "2026-01-02"), grade("5", "2026-01-03"), grade("5", "2026-01-02")}, ","))), Options{}).Mentions
	if len(ms) != 4 {
		t.Errorf("got %+v", ms)
	}
}

func TestTheFAQOfASiteDoesNotHideWhatItsVisitorsWrote(t *testing.T) {
	faq := `<script type="application/ld+json">{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Does it boil?","acceptedAnswer":{"@type":"Answer","text":"It does."}}]}</script>`
	body, err := os.ReadFile("../testdata/blocks/page-reviews-nl.html")
	if err != nil {
		t.Fatal(err)
	}
	alone := parse(t, page("https://www.example.com/k", string(body)), Options{}).Mentions
	both := parse(t, page("https://www.example.com/k", faq+string(body)), Options{}).Mentions
	own := 0
	for _, m := range both {
		if m.ByPublisher() {
			own++
		} else if m.Evidence.Rank > len(alone) {
			t.Errorf("rank %d of %d", m.Evidence.Rank, len(alone))
		}
	}
	if own != 2 || len(both) != len(alone)+2 || len(alone) == 0 {
		t.Errorf("%d mentions, with a FAQ %d, its own %d", len(alone), len(both), own)
	}
}

func TestAnIDSharedByDifferentReviewsIsNone(t *testing.T) {
	ms := parse(t, page("https://www.example.com/k", reviews(
		`{"@type":"Review","@id":"urn:review","author":"Ann","reviewBody":"Fine.","reviewRating":"4"},
		 {"@type":"Review","@id":"urn:review","author":"Bob","reviewBody":"It broke.","reviewRating":"1"}`)), Options{}).Mentions
	if len(ms) != 2 || ms[0].NativeID != "" || ms[0].ID == ms[1].ID {
		t.Errorf("got %+v", ms)
	}
}

func TestARelativeDateTakesNoPartInTheID(t *testing.T) {
	body := `<html lang=en>` + reviews(`{"@type":"Review","author":"Ann","datePublished":"3 weeks ago","reviewBody":"Fine.","reviewRating":"4"}`)
	p := page("https://www.example.com/k", body)
	a := parse(t, p, Options{}).Mentions
	p.Fetched = p.Fetched.AddDate(0, 0, 1)
	b := parse(t, p, Options{}).Mentions
	if len(a) != 1 || len(b) != 1 || a[0].ID != b[0].ID || a[0].Published.Equal(b[0].Published) {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func TestADateThatCanBeReadTwoWaysIsLeftEmptyAndReported(t *testing.T) {
	body := reviews(`{"@type":"Review","author":"Ann","datePublished":"03/06/2026","reviewBody":"Fine.","reviewRating":"4"}`) +
		`<div class="h-review"><b class="p-author">Bob</b><time class="dt-published">04-05-2026</time><p class="e-content">It broke on the second day.</p><b class="p-rating">1</b></div>`
	got := parse(t, page("https://www.example.com/k", body), Options{})
	if len(got.Mentions) != 2 || !got.Mentions[0].Published.IsZero() || !got.Mentions[1].Published.IsZero() {
		t.Errorf("got %+v", got.Mentions)
	}
	if len(got.Problems) != 1 || got.Problems[0].Where != "dates" || !strings.Contains(got.Problems[0].What, `2 left empty: day and month of "03/06/2026"`) {
		t.Errorf("problems are %+v", got.Problems)
	}
	for lang, want := range map[string]time.Month{"nl": time.June, "en": time.March, "de-DE": time.June} {
		got := parse(t, page("https://www.example.com/k", "<html lang="+lang+">"+body), Options{})
		if len(got.Mentions) != 2 || got.Mentions[0].Published.Month() != want || len(got.Problems) != 0 {
			t.Errorf("in %s: %+v, %+v", lang, got.Mentions, got.Problems)
		}
	}
}

func TestGradesWithoutAScaleHaveTheOneOfTheirList(t *testing.T) {
	for name, c := range map[string]struct {
		first string
		best  float64
	}{
		"stars":               {`"5"`, 5},
		"school grades":       {`"8,5"`, 10},
		"a published ten":     {`{"@type":"Rating","ratingValue":"3","bestRating":"10"}`, 10},
		"a published five":    {`{"@type":"Rating","ratingValue":"3","bestRating":"5"}`, 5},
		"another's per cents": {`"87%"`, 5},
	} {
		ms := parse(t, page("https://www.example.com/k", reviews(
			`{"@type":"Review","author":"Ann","reviewBody":"Fine.","reviewRating":`+c.first+`},
			{"@type":"Review","author":"Bob","reviewBody":"It broke.","reviewRating":"4"},
			{"@type":"Review","author":"Eve","reviewBody":"So so.","reviewRating":{"@type":"Rating","ratingValue":"2","bestRating":"5","worstRating":"1"}}`)), Options{}).Mentions
		if len(ms) != 3 || ms[1].Rating.Value != 4 || ms[1].Rating.Best != c.best || ms[1].Rating.Score != 3/(c.best-1) {
			t.Errorf("%s: got %+v", name, ms[1].Rating)
			continue
		}
		if r := ms[2].Rating; r.Best != 5 || r.Score != 0.25 || ms[1].Rating.Assumed {
			t.Errorf("%s: what is published changed: %+v", name, r)
		}
	}
}

func TestSourceAndEvidenceComeFromThePage(t *testing.T) {
	p := page("http://127.0.0.1:8080/k", reviews(`{"@type":"Review","author":"Ann","reviewBody":"Fine.","reviewRating":"4"}`))
	p.Source = mention.Source{Name: "kettles", Type: "shop", Host: "elsewhere.example"}
	m := parse(t, p, Options{}).Mentions[0]
	if want := (mention.Source{Name: "kettles", Type: "shop", Host: "127.0.0.1:8080"}); m.Source != want {
		t.Errorf("source is %+v, want %+v", m.Source, want)
	}
	if e := m.Evidence; e.Parser != "jsonld" || e.Rank != 1 || e.Snapshot != "a.warc.gz:7" || e.SHA256 != "0123" || !e.Fetched.Equal(p.Fetched) {
		t.Errorf("evidence is %+v", e)
	}
	if !m.Collected.IsZero() {
		t.Error("collected is the pipeline's to set")
	}
}

func TestWallsAreToldFromContent(t *testing.T) {
	for body, want := range map[string]string{
		"<title>Inloggen | Leden</title><form><input type=password></form>":                           "login",
		"<title>Inloggen op je thermostaat</title><p>Zo doe je dat.":                                  "",
		"<title>Access Denied</title><p>You don't have permission.":                                   "access denied",
		"<title>Just a moment, please: a novel</title><p>" + strings.Repeat("Long ago it was. ", 300): "",
		"<title>Kettles</title><p>Buy.":                                                               "",
	} {
		if got := parse(t, page("https://www.example.com/", body), Options{}).Blocked; got != want {
			t.Errorf("%.60s: blocked is %q, want %q", body, got, want)
		}
	}
}

// TestHostilePagesAreReadInBoundedTime does not measure: the limit only tells
// seconds from the minutes that quadratic work would take.
func TestHostilePagesAreReadInBoundedTime(t *testing.T) {
	const n = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s, n/len(s)) }
	ld := `<script type="application/ld+json">`
	for name, body := range map[string]string{
		"nested elements":   `<p itemscope>` + repeat("<div>"),
		"nested items":      repeat(`<i itemscope itemprop=a>`),
		"nested properties": `<div itemscope itemtype="https://schema.org/Review">` + strings.Repeat("<b itemprop=a>", 400) + repeat("text "),
		"attributes":        "<a itemscope " + repeat("x=1 "),
		"anchors":           repeat(`<a href="?a">1`),
		"different anchors": numbered(`<a href="/p/%?page=%">%</a>`, n/30),
		"unclosed scripts":  repeat("<script>"),
		"unclosed json":     ld + repeat(`{"review":`),
		"arrays":            ld + repeat(`[`),
		"keys":              ld + `{"review":1,` + numbered(`"k%":1,`, n/10) + `}`,
		"quotes":            ld + `{"review":"` + repeat(`" `),
		"reviews":           ld + `{"@type":"Product","review":[` + numbered(`{"@type":"Review","author":"A","ratingValue":%},`, n/50) + `]}`,
		"same reviews":      ld + `{"@type":"Product","review":[` + repeat(`{"@type":"Review","author":"A","ratingValue":1},`) + `]}`,
		"references":        ld + `[` + numbered(`{"@type":"Review","@id":"#%","comment":{"@id":"#%"}},`, n/50) + `]`,
		"items":             ld + `[` + numbered(`{"@type":"Product","name":"Product %"},`, n/45) + `]`,
		"items in circles":  `<i itemscope itemtype=Review itemprop="text reviewBody author" id=a itemref=b></i><i itemscope itemtype=Review itemprop="text reviewBody author" id=b itemref="a c"></i>` + repeat(`<b id=c itemprop=author>x</b>`),
		"texts":             ld + `{"@type":"Review","author":"A","ratingValue":1,"reviewBody":[` + numbered(`"%",`, n/8) + `]}`,
		"itemrefs":          `<div id=a itemprop=b itemscope itemref="a b c">` + repeat(`<i itemscope itemref="a b"></i>`),
		"many itemrefs":     strings.Repeat(`<i itemscope itemref=a></i>`, 1000) + `<div id=a>` + repeat(`<b itemprop=x>y</b>`),
		"stray table text":  `<i itemscope></i><table>` + repeat("<tr>x"),
		"formatting":        `<i itemscope></i>` + repeat("<b><p>"),
		"comments":          repeat("<!--"),
		"entities":          `<p itemscope><i itemprop=text>` + repeat("&amp;"),
		"tags in text":      ld + `{"@type":"Review","author":"A","ratingValue":1,"reviewBody":"` + repeat("<a") + `"}`,
	} {
		start := time.Now()
		r := parse(t, page("https://www.example.com/p/1", body), Options{})
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: 1 MB took %v", name, d)
		} else {
			t.Logf("%-18s %6d ms, %d mentions, %d links, %d problems", name, d.Milliseconds(), len(r.Mentions), len(r.Links), len(r.Problems))
		}
	}
}

// numbered repeats a pattern n times, with the count for each "%".
func numbered(pattern string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(pattern, "%", strconv.Itoa(i)))
	}
	return b.String()
}

func TestNativeLinksBecomeIDsWhateverPageTheyStandOn(t *testing.T) {
	post := `{"kind":"t3","data":{"id":"p","name":"t3_p","title":"Post"}}`
	comment := `{"kind":"t1","data":{"id":"c","parent_id":"t3_p","link_id":"t3_p","body":"Comment"}}`
	one := parse(t, page("https://www.reddit.com/r/x.json", post), Options{})
	other := parse(t, page("https://oauth.reddit.com/comments/p", comment), Options{})
	if len(one.Mentions) != 1 || len(other.Mentions) != 1 {
		t.Fatalf("%+v, %+v", one, other)
	}
	p, c := one.Mentions[0], other.Mentions[0]
	if c.Parent != p.ID || c.Thread != p.ID || p.Parent != "" || p.Thread != "" {
		t.Errorf("post %s, comment's parent %s and thread %s", p.ID, c.Parent, c.Thread)
	}
}

func TestAPageTooDeepForADOMIsStillRead(t *testing.T) {
	review := `<div itemscope itemtype="https://schema.org/Review"><b itemprop=author>Ann</b><p itemprop=reviewBody>It boils in a minute.</p></div>`
	for name, open := range map[string]string{"bare": "<div>", "named": `<div class="a" id=b>`, "fonts": `<b><i class=x>`} {
		for _, depth := range []int{600, 5000, 50_000} {
			body := "<html lang=en><body>" + strings.Repeat(open, depth) + review
			res, err := New().Parse(&mention.Page{URL: "https://www.example.com/p", Status: 200, ContentType: "text/html", Body: []byte(body)}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Mentions) != 1 || res.Mentions[0].Author.Name != "Ann" {
				t.Errorf("%s, %d deep: %+v", name, depth, res.Mentions)
			}
			if len(res.Problems) != 1 || !strings.Contains(res.Problems[0].What, "512 deep") {
				t.Errorf("%s, %d deep: problems are %v", name, depth, res.Problems)
			}
		}
	}
}
