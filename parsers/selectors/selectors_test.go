package selectors

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"klank/mention"
	"klank/parsers/foundtest"
)

// rules fit testdata/blocks/selectors.html.
var rules = Rules{
	Review: "li.opinion", ID: "@data-key", Author: ".who a || .who", Title: "h3", Text: ".said > p",
	Rating: ".grade@aria-label || .bar i@style", Date: "time@datetime || .when", URL: "a.perma", Reply: ".shop-answer",
	Item: "h1", ItemRating: ".summary .grade", ReviewCount: ".summary .n", Next: "a.more", Links: ".related a || .also a",
}

func compile(t testing.TB, r Rules) *Selectors {
	t.Helper()
	s, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGolden(t *testing.T) {
	foundtest.Golden(t, "../../testdata/blocks/selectors.html", compile(t, rules).Parse)
}

func TestErrorsNameTheFieldTheSelectorAndTheReason(t *testing.T) {
	for _, c := range []struct {
		rules Rules
		field string
		want  string
	}{
		{Rules{}, "review", "nothing to select"},
		{Rules{Review: ".a", Author: "div[", Kind: ""}, "author", `"div["`},
		{Rules{Review: ".a", Author: ".b ||  || .c"}, "author", "empty alternative"},
		{Rules{Review: ".a@href"}, "review", "@href has no meaning"},
		{Rules{Review: ".a", Text: "p::before"}, "text", "pseudo-elements"},
		{Rules{Review: ".a", Kind: "opinion"}, "kind", "review, post, comment"},
		{Rules{Review: ".a", Next: strings.Repeat("a ", 600)}, "next", "longer than"},
		{Rules{Review: ".a", Next: strings.Repeat("a || ", 20) + "a"}, "next", "alternatives"},
	} {
		_, err := Compile(c.rules)
		var e *Error
		if !errors.As(err, &e) || e.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c.rules, err)
		}
	}
}

func TestAnAtSignInAnAttributeSelectorIsNoAttribute(t *testing.T) {
	s := compile(t, Rules{Review: ".a", Author: `a[href="mailto:x@y.example"]@title || a[href*='@']`})
	if got := s.author[0]; got.attr != "title" {
		t.Errorf("first: %+v", got)
	}
	if got := s.author[1]; got.attr != "" {
		t.Errorf("second: %+v", got)
	}
}

func TestARuleThatMatchesNothingIsToldOnce(t *testing.T) {
	page := `<div class=r><b>a</b><p>text one</p></div><div class=r><p>text two</p></div>`
	f := compile(t, Rules{Review: ".r", Author: "i", Title: "b", Text: "p", Reply: ".reply", Item: "h1"}).Parse(foundtest.Open("a.html", []byte(page)))
	if len(f.Mentions) != 2 {
		t.Errorf("%d mentions", len(f.Mentions))
	}
	want := []string{"item gave nothing on the page", "author matched nothing in 2 blocks"}
	if len(f.Problems) != len(want) {
		t.Fatalf("problems: %v", f.Problems)
	}
	for i, p := range f.Problems {
		if p.What != want[i] {
			t.Errorf("problem %d: %q, want %q", i, p.What, want[i])
		}
	}
	f = compile(t, Rules{Review: ".none"}).Parse(foundtest.Open("a.html", []byte(page)))
	if len(f.Problems) != 1 || f.Problems[0].What != "review matched nothing on the page" {
		t.Errorf("problems: %v", f.Problems)
	}
}

func TestNestedBlocksKeepTheirOwnWordsAndNameTheirParent(t *testing.T) {
	page := `<div class=c id=c1><b>ann</b><p>outer</p><div class=c id=c2><b>ben</b><p>inner</p></div></div>`
	f := compile(t, Rules{Review: ".c", Kind: mention.Comment, ID: "@id", Author: "b", Text: "p"}).Parse(foundtest.Open("a.html", []byte(page)))
	if len(f.Mentions) != 2 || f.Mentions[0].Text != "outer" || f.Mentions[1].Text != "inner" || f.Mentions[1].ParentHandle != f.Mentions[0].Handle || f.Mentions[0].ParentHandle != "" {
		t.Errorf("%+v", f.Mentions)
	}
}

func TestTheRatingIsReadHoweverItIsShown(t *testing.T) {
	for _, c := range []struct {
		rule, page string
		want, best float64
	}{
		{".s", `<i class=s aria-label="4 van 5 sterren"></i>`, 4, 5},
		{".s@aria-label", `<i class=s aria-label="Rated 3.5 out of 5"></i>`, 3.5, 5},
		{".s", `<i class="s stars-4"></i>`, 4, 5},
		{".s", `<i class="s rating_45"></i>`, 4.5, 5},
		{".s@class", `<i class="s star-rating Two"></i>`, 2, 5},
		{".s", `<i class="s stars"><b style="width: 80%"></b></i>`, 4, 5},
		{".s b@style", `<i class="s"><b style="color:red;width:60%"></b></i>`, 3, 5},
		{".s", `<i class=s data-rating="7,5" data-max="10"></i>`, 7.5, 10},
		{".s", `<i class=s title="8/10"></i>`, 8, 10},
		{".s", `<i class=s>★★★☆☆</i>`, 3, 5},
		{".s", `<i class=s>9</i>`, 9, 10},
		{"img@src", `<img src="/i/stars_3.gif">`, 3, 5},
	} {
		f := compile(t, Rules{Review: ".r", Rating: c.rule}).Parse(foundtest.Open("a.html", []byte("<div class=r>"+c.page+"</div>")))
		if len(f.Mentions) != 1 || f.Mentions[0].Rating == nil || f.Mentions[0].Rating.Value != c.want || f.Mentions[0].Rating.Best != c.best {
			t.Errorf("%s: %+v", c.page, f.Mentions)
		}
	}
}

// FuzzParse holds that no rule on any page ends a run.
func FuzzParse(f *testing.F) {
	page, err := os.ReadFile("../../testdata/blocks/selectors.html")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page, rules.Review, rules.Rating)
	f.Add([]byte("<p>x"), "p:has(> a) || @id", "@class || *")
	f.Fuzz(func(t *testing.T, page []byte, review, any string) {
		s, err := Compile(Rules{Review: review, ID: any, Author: any, Title: any, Text: any, Rating: any, Date: any, URL: any, Item: any, Next: any, Links: any})
		if err != nil || len(page) > 1<<12 {
			return
		}
		d := foundtest.Open("page.html", page)
		root := d.Root()
		before := count(root)
		s.Parse(d)
		if count(root) != before {
			t.Error("the shared DOM was changed")
		}
	})
}

func count(n *html.Node) int {
	total := 1
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		total += count(c)
	}
	return total
}
