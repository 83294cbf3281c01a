package selectors

import (
	"strings"
	"testing"
	"time"

	"klank/mention"
	"klank/parsers/foundtest"
)

// jsonRules fit testdata/blocks/answer.json.
var jsonRules = Rules{
	Review: "li.review || $.data.reviews[*]", ID: "$.id", Author: "$.author.name", Title: "$.title", Text: "$.body || $.parts[*].text",
	Rating: "$.rating", Date: "$.created", URL: "$['perma link']", Reply: "$.reply.text",
	Item: "$.data.product.name", ItemRating: "$.data.product.average", ReviewCount: "$.data.product.count", Next: "$.data.next",
}

func TestGoldenOfJSON(t *testing.T) {
	foundtest.Golden(t, "../../testdata/blocks/answer.json", compile(t, jsonRules).Parse)
}

func TestPathsThatAreNoneAreRefused(t *testing.T) {
	for _, p := range []string{"$.", "$..x", "$[", "$['x'", "$[x]", "$x", "$.a b", "$[?(@.x)]", "$.a.", "$.b@href"} {
		if _, err := Compile(Rules{Review: p}); err == nil {
			t.Errorf("%s is taken", p)
		}
	}
}

func TestPathsReachWhatTheyName(t *testing.T) {
	root, err := readJSON([]byte(`{"a":[{"b":1},{"b":2.50}],"c d":{"]":"x"},"o":{"z":1,"y":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{
		"$.a[*].b": "1 2.50", "$.a[-1].b": "2.50", "$.a[1]['b']": "2.50", "$['c d'][']']": "x", `$["c d"]["]"]`: "x",
		"$.o.*": "2 1", "$.a[2].b": "", "$.none": "", "$.a.b": "", "$.o[0]": "",
	} {
		parsed, err := parsePath(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		var got []string
		for _, v := range parsed.of(root) {
			got = append(got, scalar(v))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
}

func TestNumbersAreTimesOfTheUnixEpoch(t *testing.T) {
	s := compile(t, Rules{Review: "$[*]", Text: "$.t", Date: "$.d"})
	for number, want := range map[string]string{"1735689600": "2025-01-01T00:00:00Z", "1735689600123": "2025-01-01T00:00:00.123Z", "-5": "", "1e99": ""} {
		f := s.Parse(foundtest.Open("a.json", []byte(`[{"t":"x","d":`+number+`}]`)))
		got := ""
		if len(f.Mentions) == 1 && !f.Mentions[0].Published.IsZero() {
			got = f.Mentions[0].Published.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}

func TestShortNumbersOfAnAnswerAreThoseOfItsList(t *testing.T) {
	d := foundtest.Open("reviews.json", []byte(`[{"n":12,"t":"x"}]`))
	d.Page.Origin = &mention.Origin{Page: "https://www.example.com/p/1"}
	f := compile(t, Rules{Review: "$[*]", ID: "$.n", Text: "$.t"}).Parse(d)
	if len(f.Mentions) != 1 || f.Mentions[0].IDScope != "https://www.example.com/p/1" {
		t.Errorf("%+v", f.Mentions)
	}
}

func TestEachKindOfRuleIsForItsKindOfPage(t *testing.T) {
	both, css := compile(t, jsonRules), compile(t, Rules{Review: "li"})
	page, answer := foundtest.Open("a.html", []byte("<li class=review>x")), foundtest.Open("a.json", []byte("{}"))
	if !both.Detect(page) || !both.Detect(answer) || !css.Detect(page) || css.Detect(answer) {
		t.Error("detected wrongly")
	}
	for _, body := range []string{"{", "{}{}", ""} {
		if f := both.Parse(foundtest.Open("a.json", []byte(body))); len(f.Mentions) != 0 || len(f.Problems) != 1 {
			t.Errorf("%q: %+v", body, f)
		}
	}
}

// FuzzJSON holds that no path on any answer ends a run.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"data":{"reviews":[{"id":1,"body":"x","rating":"4/5","created":1735689600}]}}`), "$.data.reviews[*]", "$.id")
	f.Add([]byte(`[[[]]]`), "$[*][-1].*", "$['a']")
	f.Fuzz(func(t *testing.T, body []byte, review, any string) {
		s, err := Compile(Rules{Review: review, ID: any, Author: any, Title: any, Text: any, Rating: any, Date: any, URL: any, Reply: any, Item: any, ReviewCount: any, Next: any, Links: any})
		if err != nil || len(body) > 1<<12 {
			return
		}
		s.Parse(foundtest.Open("answer.json", body))
	})
}
