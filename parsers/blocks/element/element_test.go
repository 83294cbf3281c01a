package element

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// parse returns the first element of a fragment.
func parse(t testing.TB, fragment string) *html.Node {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(fragment), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Type == html.ElementNode {
			return n
		}
	}
	return &html.Node{Type: html.ElementNode, Data: "div"}
}

func TestGradesAreReadHoweverTheyAreShown(t *testing.T) {
	for _, c := range []struct {
		fragment    string
		value, best float64
	}{
		{`<span aria-label="4 van 5 sterren"></span>`, 4, 5},
		{`<span aria-label="Rated 4.5 out of 5 stars"></span>`, 4.5, 5},
		{`<span title="4,6 von 5"></span>`, 4.6, 5},
		{`<span>4 étoiles sur 5</span>`, 4, 5},
		{`<span>Note : 8,5</span>`, 8.5, 10},
		{`<img alt="3 stars">`, 3, 5},
		{`<p>(5 of 5)</p>`, 5, 5},
		{`<p>7/10</p>`, 7, 10},
		{`<p>★★★★☆</p>`, 4, 5},
		{`<p class=stars><i>★</i><i>★</i><i>☆</i><i>☆</i><i>☆</i></p>`, 2, 5},
		{`<meter value="3.5" max="5"></meter>`, 3.5, 5},
		{`<div role=img aria-valuenow="2" aria-valuemax="5"></div>`, 2, 5},
		{`<div data-rating="4.0"></div>`, 4, 5},
		{`<div class="rating"><span style="width: 90%">★★★★★</span></div>`, 4.5, 5},
		{`<div class="stars"><span class="on">★★★★★</span><span style="width:60%">★★★★★</span></div>`, 3, 5},
		{`<div class="stars-4"></div>`, 4, 5},
		{`<div class="a-star-small-4-5"></div>`, 4.5, 5},
		{`<div class="rating_45"></div>`, 4.5, 5},
		{`<div class="star-rating Three"></div>`, 3, 5},
		{`<div class="stars90"></div>`, 4.5, 5},
		{`<div class="rating"><i class="star full"></i><i class="star full"></i><i class="star half"></i><i class="star empty"></i><i class="star empty"></i></div>`, 2.5, 5},
		{`<div class="rating"><i class="icon-star active"></i><i class="icon-star active"></i><i class="icon-star"></i><i class="icon-star"></i><i class="icon-star"></i></div>`, 2, 5},
		{`<div class="stars"><button><svg class="fullStar_3ab5"></svg></button><button><svg class="emptyStar_1G0F"></svg></button><button><svg class="emptyStar_1G0F"></svg></button><button><svg class="emptyStar_1G0F"></svg></button><button><svg class="emptyStar_1G0F"></svg></button></div>`, 1, 5},
		{`<img src="/img/stars_3.gif?x=1">`, 3, 5},
		{`<img src="/img/4-stars.png">`, 4, 5},
	} {
		r := Rating(parse(t, c.fragment))
		if r == nil || r.Value != c.value || r.Best != c.best {
			t.Errorf("%s: %+v, want %v of %v", c.fragment, r, c.value, c.best)
		}
	}
}

func TestNoGradeIsMadeUp(t *testing.T) {
	for _, fragment := range []string{
		`<p>4</p>`, `<p>12 of 15 people found this helpful</p>`, `<p>4/5/2019</p>`, `<p>3 reviews</p>`, `<p>Page 2 of 5 pages</p>`,
		`<div class="starter-5"></div>`, `<div class="rating-count-5"></div>`, `<div class="star_1G0Fx"></div>`, `<div style="width:80%"></div>`,
		`<div data-rating="0"></div>`, `<p aria-label="0 van 5 sterren"></p>`, `<li class="rating"><span class="ratingcount">+1</span></li>`,
		`<ul class=stars><li title="1 star"></li><li title="2 stars"></li><li title="3 stars"></li></ul>`, `<img src="/start_3.gif">`,
	} {
		if r := Rating(parse(t, fragment)); r != nil {
			t.Errorf("%s: %+v", fragment, r)
		}
	}
}

func TestTimesAreReadFromAttributesBeforeText(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		fragment, want string
		unsteady       bool
	}{
		{`<time datetime="2026-05-04T10:00:00+02:00">vorige maand</time>`, "2026-05-04T08:00:00Z", false},
		{`<div class=date><span data-shortdate="18 februari 2019 11:44" data-time="11:44" data-timestamp="1550486642">maandag</span></div>`, "2019-02-18T10:44:02Z", false},
		{`<abbr title="2026-01-10 12:00:00 +0000">10 jan</abbr>`, "2026-01-10T12:00:00Z", false},
		{`<span>Geplaatst op 3 mei 2026</span>`, "2026-05-03T00:00:00Z", false},
		{`<span>3 dagen geleden</span>`, "2026-05-29T00:00:00Z", true},
	} {
		s, ok := Time(parse(t, c.fragment), "nl", at)
		if !ok || s.Time.Format(time.RFC3339) != c.want || s.Unsteady != c.unsteady {
			t.Errorf("%s: %+v %v, want %s", c.fragment, s, ok, c.want)
		}
	}
	if s, ok := Time(parse(t, `<b>no date</b>`), "en", at); ok {
		t.Errorf("a date from nothing: %v", s)
	}
}

func TestWordsOfNames(t *testing.T) {
	for in, want := range map[string]string{
		"reviewCard__title-45": "review card title 45", "postbit_legacy": "postbit legacy", "stars4": "stars 4", "": "", "--": "", "ÉtoileÀ": "étoile à", "HTML": "html",
	} {
		if got := strings.Join(Words(in), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestProseLeavesTheTreeAlone(t *testing.T) {
	n := parse(t, `<div><p>one <b>two</b> three</p><p class=x>four</p>five</div>`)
	got := Prose(n, func(c *html.Node) bool { return c.Data == "b" || Attr(c, "class") == "x" })
	if got != "one three\n\nfive" {
		t.Errorf("%q", got)
	}
	if got := Prose(n, func(*html.Node) bool { return false }); got != "one two three\n\nfour\n\nfive" {
		t.Errorf("%q", got)
	}
}

// TestGradesOfSavedPages measures on snippets around grades of real pages; a
// snippet may show more grades than the one asked for.
func TestGradesOfSavedPages(t *testing.T) {
	raw, err := os.ReadFile("../../../../shared/pages/ratings/rating_values.json")
	if err != nil {
		t.Skip("skipped: ../shared/pages/ratings is not beside this checkout")
	}
	var cases []struct {
		HTML   string   `json:"html"`
		Parent string   `json:"parent_html"`
		Value  *float64 `json:"ratingValue"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	right, wrong, none := 0, 0, 0
	for _, c := range cases {
		if c.Value == nil {
			continue
		}
		r := Rating(parse(t, c.Parent))
		switch {
		case r == nil:
			none++
		case math.Abs(r.Value-*c.Value) < 0.06 || math.Abs(r.Value/r.Best-*c.Value/5) < 0.06: // bars and icons round
			right++
		default:
			wrong++
			if testing.Verbose() {
				t.Logf("%v of %v, want %v: %.300s", r.Value, r.Best, *c.Value, c.Parent)
			}
		}
	}
	t.Logf("%d right, %d wrong, %d without", right, wrong, none)
	if wrong*20 > right {
		t.Errorf("%d wrong, %d right", wrong, right)
	}
}

func FuzzRating(f *testing.F) {
	f.Add(`<div class="stars-4" aria-label="4 van 5"><i style="width:80%">★★★★☆</i></div>`)
	f.Add(`<img src="stars_3.gif" alt="3/5"><meter value=3 max=5>`)
	f.Fuzz(func(t *testing.T, fragment string) {
		n := parse(t, fragment)
		if r := Rating(n); r != nil && (math.IsNaN(r.Score) || r.Score < 0 || r.Score > 1) {
			t.Errorf("score %v", r.Score)
		}
		Time(n, "nl", time.Time{})
	})
}
