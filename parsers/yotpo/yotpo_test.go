package yotpo

import (
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsReviewsOrAverages(t *testing.T) {
	for body, want := range map[string]bool{
		`{"response":{"bottomline":{},"reviews":[]}}`:            true,
		`{"reviews":[{"score":5,"votes_up":1,"content":"x"}]}`:   true,
		`{"bottomlines":[{"domain_key":"1","product_score":5}]}`: true,
		`{"reviews":[{"score":5,"votes":1,"content":"x"}]}`:      false,
		`<p>"reviews" "bottomline"</p>`:                          false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestPagesGoOnUntilTheTotal(t *testing.T) {
	for _, c := range []struct{ url, body, want string }{
		{"v1/widget/k/products/9/reviews.json?per_page=1&page=2", `{"response":{"pagination":{"page":2,"per_page":1,"total":3},"bottomline":{"total_review":3},"reviews":[{"score":5}]}}`,
			"https://www.example.com/v1/widget/k/products/9/reviews.json?per_page=1&page=3"},
		{"v1/widget/k/products/9/reviews.json?per_page=1&page=3", `{"response":{"pagination":{"page":3,"per_page":1,"total":3},"reviews":[{"score":5}]}}`, ""},
		{"v1/apps/k/reviews?count=1", `{"reviews":[{"score":5}]}`, "https://www.example.com/v1/apps/k/reviews?count=1&page=2"},
		{"v1/apps/k/reviews?count=2&page=4", `{"reviews":[{"score":5}]}`, ""},
		{"v1/apps/k/reviews?count=2&page=4", `{"reviews":[]}`, ""},
	} {
		f := Parse(foundtest.Open(c.url, []byte(c.body)))
		got := ""
		if len(f.Links) > 0 {
			got = f.Links[0].URL
		}
		if got != c.want {
			t.Errorf("%s goes on with %q", c.url, got)
		}
	}
	f := Parse(foundtest.Open("v1/widget/k/products/9/reviews.json", []byte(`{"response":{"bottomline":{"total_review":3,"average_score":4},"reviews":[]}}`)))
	if len(f.Items) != 1 || f.Items[0].SKU != "9" || *f.Items[0].ReviewCount != 3 {
		t.Errorf("items: %+v", f.Items)
	}
	f = Parse(foundtest.Open("products/key/9/bottomline", []byte(`{"response":{"bottomline":{"total_reviews":3,"average_score":4}}}`)))
	if len(f.Items) != 1 || f.Items[0].SKU != "9" || *f.Items[0].ReviewCount != 3 {
		t.Errorf("items: %+v", f.Items)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "reviews", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
