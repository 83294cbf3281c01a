package blocks

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "../../testdata/blocks/page-*", Parse) }

func TestShopsAndNewsGiveNothing(t *testing.T) {
	pages, err := filepath.Glob("../../testdata/blocks/page-nothing-*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	for _, page := range pages {
		body, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if f := Parse(foundtest.Open(filepath.Base(page), body)); len(f.Mentions) > 0 {
			t.Errorf("%s: %d mentions, the first %q", page, len(f.Mentions), f.Mentions[0].Text)
		}
	}
}

// reviewPage is a page of n reviews of plain classes among other things.
func reviewPage(n int) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html><html lang=nl><body><h1>Product</h1>")
	for i := range 300 {
		fmt.Fprintf(&b, `<div class="spec c%d"><span class="k">Eigenschap %d</span><span class="v">Waarde van %d millimeter in de lengte</span></div>`, i, i, i)
		fmt.Fprintf(&b, `<div class="tile"><a href="/p/%d"><img alt="Foto"></a><span class="price">%d,95</span><button>In winkelwagen</button></div>`, i, i)
	}
	for i := range n {
		fmt.Fprintf(&b, `<article class="review-card" data-review-id="r%d-x"><h4 class="review-title">Titel %d</h4><div class="review-meta"><span class="review-author">klant%d</span> <time datetime="2025-03-%02d">toen</time> <span class="stars" aria-label="%d van 5 sterren"></span></div><div class="review-body"><p>%s</p></div></article>`,
			i, i, i, i%28+1, i%5+1, strings.Repeat(fmt.Sprintf("Woorden van klant %d over het product. ", i), 12))
	}
	b.WriteString("</body></html>")
	return b.Bytes()
}

func TestEveryReviewOfAPlainPageIsWhole(t *testing.T) {
	f := Parse(foundtest.Open("p.html", reviewPage(25)))
	if len(f.Mentions) != 25 {
		t.Fatalf("%d mentions", len(f.Mentions))
	}
	for i, m := range f.Mentions {
		want := strings.TrimSpace(strings.Repeat(fmt.Sprintf("Woorden van klant %d over het product. ", i), 12))
		if m.Kind != mention.Review || m.NativeID != fmt.Sprintf("r%d-x", i) || m.Text != want || m.Author == nil || m.Author.Name != fmt.Sprintf("klant%d", i) ||
			m.Published.Day() != i%28+1 || m.Rating == nil || m.Rating.Value != float64(i%5+1) || m.Title != fmt.Sprintf("Titel %d", i) {
			t.Errorf("review %d: %+v", i, m)
		}
	}
}

func TestExplainSaysWhy(t *testing.T) {
	gs := Explain(foundtest.Open("p.html", reviewPage(3)))
	if len(gs) == 0 || !gs[0].Taken || gs[0].Shape != "article.review-card" || gs[0].Kind != mention.Review || gs[0].Members != 3 || gs[0].Score < minimum || !strings.Contains(gs[0].Why, "author 100%") {
		t.Errorf("%+v", gs)
	}
	if gs := Explain(foundtest.Open("p.html", []byte("<p>nothing</p>"))); gs != nil {
		t.Errorf("%+v", gs)
	}
}

func TestShortNumbersOfElementsAreNoIDs(t *testing.T) {
	for _, c := range []struct{ attr, value, want string }{
		{"id", "comment-12", ""}, {"id", "comment-1234", "1234"}, {"id", "p901", ""}, {"id", "h1-p2-r3", "h1-p2-r3"},
		{"data-review-id", "12", "12"}, {"data-review-id", "R-99", "R-99"}, {"name", "58025716", "58025716"},
	} {
		if got := bare(c.attr, c.value); got != c.want {
			t.Errorf("%s=%s: %q, want %q", c.attr, c.value, got, c.want)
		}
	}
}

func TestNumbersThatOnlyCountAreNoIDs(t *testing.T) {
	for _, c := range []struct {
		ids  string
		want bool
	}{
		{"1 2 3 4 5", true}, {"1021 1022 1023 1024 1025", true}, {"1 2", false},
		{"1 400 3 4 5", false}, {"705474 705514 705515 705516 705517", false}, {"a1 a2 a3 a4 a5", false}, {"", false},
	} {
		if got := ordinals(strings.Fields(c.ids)); got != c.want {
			t.Errorf("%q: %v", c.ids, got)
		}
	}
}

// hostilePages are pages of about a megabyte built to cost much.
func hostilePages() map[string][]byte {
	const mb = 1 << 20
	fill := func(unit string) []byte { return []byte(strings.Repeat(unit, mb/len(unit))) }
	nested := strings.Repeat(`<div class="comment review-card" id="comment-1">by ann<time datetime="2025-01-01">x</time>`, 400)
	var unlike strings.Builder // thousands of shapes, each twice, in one list
	for unlike.Len() < mb {
		n := unlike.Len() / 400 % 4000
		fmt.Fprintf(&unlike, `<div class="x%s"><i>Ann</i> <b>Bob</b> <time>1 May 2025</time><u>★★★☆☆</u><p>It broke after three weeks and nobody answered.</p></div>`,
			strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(n)))
	}
	return map[string][]byte{
		"unlike":        []byte(unlike.String()),
		"bare":          fill(`<div><div><b>Ann</b> <i>1 May 2025</i></div><u>★★★☆☆</u><p>It broke after three weeks, and so did the next.</p></div>`),
		"bare nested":   []byte(strings.Repeat(strings.Repeat(`<div><b>Ann</b> <i>1 May 2025</i><u>★★★☆☆</u><p>It broke after three weeks.</p>`, 300)+strings.Repeat("</div>", 300), 40)),
		"many blocks":   fill(`<li class="comment"><b class=author>a</b><time datetime="2025-01-01"></time><p>some words here</p></li>`),
		"many tokens":   fill(`<div class="review-a review-b review-c review-d review-e review-f review-g comment-h">by x 2025-01-01</div>`),
		"nested":        []byte(strings.Repeat(nested+strings.Repeat("</div>", 400), mb/len(nested))),
		"open tags":     fill(`<div class=comment>`),
		"stars":         fill(`<i class="stars">★</i>`),
		"dates":         fill(`<b class=comment>1-1-2025</b>`),
		"text":          fill(`review by me 1 2 3 / `),
		"one attribute": []byte(`<div class="` + strings.Repeat("review ", mb/7) + `">`),
		"attributes":    fill(`<div data-review-id=1 data-comment-id=2 data-post-id=3 id=post4 class=post><a class=author>x</a></div>`),
		"lists":         fill(`<div class="reviews"><p class=x>by ann, 1 May 2025</p>`),
		"quotes":        fill(`<div class=post id=post1><a class=author>x</a><time>1 May 2025</time><blockquote>x wrote:`),
	}
}

func TestHostilePagesEndNoRun(t *testing.T) {
	for name, body := range hostilePages() {
		d := foundtest.Open("p.html", body)
		found := Parse(d)
		t.Logf("%s: %d mentions", name, len(found.Mentions))
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "../../testdata/blocks/page-*.html")
	f.Add([]byte("<h10"))
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("p.html", body)
		for _, m := range Parse(d).Mentions {
			if m.Text == "" {
				t.Error("a mention without text")
			}
			if m.ParentHandle == m.Handle {
				t.Error("a mention that is its own parent")
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"reviews", reviewPage(10)},
		{"none", reviewPage(0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				d := foundtest.Open("p.html", c.body)
				d.Root() // shared with other parsers
				Parse(d)
			}
		})
	}
}

// BenchmarkRoot is the DOM alone, to compare with.
func BenchmarkRoot(b *testing.B) {
	body := reviewPage(10)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		foundtest.Open("p.html", body).Root()
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, body := range hostilePages() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				Parse(foundtest.Open("p.html", body))
			}
		})
	}
}

func TestANameBeforeADateIsTheWriters(t *testing.T) {
	for line, want := range map[string]string{
		"Ann | 3 mei 2024":                   "Ann",
		"J. de Vries - 03-05-2024":           "J. de Vries",
		"Ann | 3 mei 2024 | Lumo One, 1,7 l": "Ann",
		"3 mei 2024 | Ann":                   "",
		"Geplaatst - 3 mei 2024":             "",
		"Lid sinds - 3 mei 2024":             "",
		"geschreven - 3 mei 2024":            "",
		"Utrecht, 3 mei 2024":                "",
		"— Ann, Utrecht (3 mei 2024)":        "Ann",
		"Ann uit Utrecht, 3-5-2024":          "Ann",
		"Fatima el Idrissi, 3 mei 2024":      "Fatima el Idrissi",
		"Na drie weken stuk, 3 mei 2024":     "",
		"Ann - Utrecht":                      "",
	} {
		got := ""
		if a := signature(line); a != nil {
			got = a.Name
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestABareNumberIsAGradeOfTheScaleOfItsGroup(t *testing.T) {
	for grades, want := range map[string]float64{"9 4": 10, "4.5 5": 5, "3 0": 5, "12 4": 0, "9 ?": 0, "0 0": 0} {
		var b strings.Builder
		for i, g := range strings.Fields(grades) {
			fmt.Fprintf(&b, `<div class=review id=r8812%d><b class=author>A%d</b><i class=date>%d maart 2024</i><i class=cijfer>%s</i><p class=text>Snel geleverd, netjes verpakt, prima.</p></div>`, i, i, i+1, g)
		}
		f := Parse(foundtest.Open("p.html", []byte("<html lang=nl>"+b.String())))
		if len(f.Mentions) != 2 {
			t.Errorf("%s: %d mentions", grades, len(f.Mentions))
			continue
		}
		got := 0.0
		if r := f.Mentions[0].Rating; r != nil {
			got = r.Best
		}
		if got != want {
			t.Errorf("%s: of %v, want %v", grades, got, want)
		}
	}
}

func TestTheIDIsTheNumberRatherThanTheNameOfAPart(t *testing.T) {
	var b strings.Builder
	for i := range 2 {
		fmt.Fprintf(&b, `<div class=post_wrapper><ul id="msg_8810%d_info"><li>Newbie</ul><b class=author>A%d</b><i class=date>%d March 2024</i><div class=inner id="msg_8810%d">It broke after three weeks, and so did the next.</div></div>`, i, i, i+1, i)
	}
	f := Parse(foundtest.Open("p.html", []byte("<html lang=en>"+b.String())))
	if len(f.Mentions) != 2 || f.Mentions[0].NativeID != "88100" || f.Mentions[1].NativeID != "88101" {
		t.Errorf("found %+v", f.Mentions)
	}
}

func TestOneDateTellsTheOrderOfTheOthers(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{"24-08-2015", "11-08-2015", "2015-08-11"},
		{"08/24/2015", "08/11/2015", "2015-08-11"},
		{"09-08-2015", "11-08-2015", "0001-01-01"}, // neither
	} {
		f := Parse(foundtest.Open("p.html", fmt.Appendf(nil, `<div class=comment><b class=author>Ann</b> <i class=date>%s</i><p>It broke after three weeks.</p></div>
<div class=comment><b class=author>Bob</b> <i class=date>%s</i><p>Mine still works as on the first day.</p></div>`, c.first, c.second)))
		if len(f.Mentions) != 2 || f.Mentions[1].Published.Format("2006-01-02") != c.want {
			t.Errorf("%+v: found %+v", c, f.Mentions)
		}
	}
}

func TestAHeadingSaysWhatIsListedBelowIt(t *testing.T) {
	for heading, want := range map[string]hint{
		"Reviews (8)": reviewHint, "Klantbeoordelingen": reviewHint, "12 reacties": commentHint, "Comments": commentHint,
		"Wat onze gasten schrijven": reviewHint, "What campers told us": reviewHint, "Visitors’ book": commentHint, "Gastenboek": commentHint,
		"Vragen over dit artikel": questionHint,
		"Nieuws":                  noHint, "Onze gasten": noHint, "Wat wij schrijven": noHint, "Laatste berichten": noHint, "": noHint,
	} {
		if got := said(heading); got != want {
			t.Errorf("%q: %v, want %v", heading, got, want)
		}
	}
}

func TestRowsAreOnlyMentionsWhereSomethingSaysSo(t *testing.T) {
	row := func(name, text string) string {
		return "<div class=x1><div><span>" + name + "</span> <span>3 mei 2024</span></div><p>" + text + "</p>%s</div>"
	}
	rows := row("Jan de Vries", "Na drie weken stopte hij ermee.") + row("Anouk", "Werkt zoals beloofd, geen klachten.") + row("P. Smit", "Had meer verwacht voor deze prijs.")
	for name, c := range map[string]struct {
		above, button string
		want          int
	}{
		"nothing":          {"", "", 0},
		"another heading":  {"<h2>Nieuws</h2>", "", 0},
		"a heading":        {"<h2>Reacties</h2>", "", 3},
		"a title":          {"<title>Gastenboek</title>", "", 3},
		"a button":         {"", "<button>Beantwoorden</button>", 3},
		"links elsewhere":  {"<h2>Reacties</h2>", "<a href=/a/1>Naar het hele artikel</a>", 0},
		"another button":   {"", "<button>In winkelwagen</button>", 0},
		"a useful button":  {"", "<button>Nuttig (3)</button>", 3},
		"a heading of two": {"<h2>Wat klanten zeggen</h2>", "", 3},
	} {
		page := "<!DOCTYPE html><html lang=nl>" + c.above + "<main>" + strings.ReplaceAll(rows, "%s", c.button) + "</main>"
		f := Parse(foundtest.Open("p.html", []byte(page)))
		if len(f.Mentions) != c.want {
			t.Errorf("%s: %d mentions, want %d", name, len(f.Mentions), c.want)
			continue
		}
		for _, m := range f.Mentions {
			if m.Author == nil || m.Published.IsZero() || strings.Contains(m.Text, m.Author.Name) {
				t.Errorf("%s: %+v", name, m)
			}
		}
	}
}
