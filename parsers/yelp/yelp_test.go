package yelp

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsReviewsOrABusinessOfYelp(t *testing.T) {
	for body, want := range map[string]bool{
		`{"reviews":[],"total":0,"possible_languages":["en"]}`:        true,
		`{"reviews":[{"time_created":"x","user":{},"rating":5}]}`:     true,
		`{"name":"x","alias":"y","review_count":1,"is_closed":false}`: true,
		`{"reviews":[{"created_at":"x","user":{},"score":5}]}`:        false,
		`<p>"reviews" "possible_languages"</p>`:                       false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestAPageAsFullAsAskedForGoesOn(t *testing.T) {
	three := `{"reviews":[` + strings.Repeat(`{"text":"a","rating":1},`, 2) + `{"text":"a","rating":1}],"total":9,"possible_languages":[]}`
	for url, want := range map[string]string{
		"v3/businesses/pho-corner/reviews":                  "",
		"v3/businesses/pho-corner/reviews?limit=3":          "https://www.example.com/v3/businesses/pho-corner/reviews?limit=3&offset=3",
		"v3/businesses/pho-corner/reviews?limit=3&offset=3": "https://www.example.com/v3/businesses/pho-corner/reviews?limit=3&offset=6",
		"v3/businesses/pho-corner/reviews?limit=3&offset=6": "",
	} {
		f := Parse(foundtest.Open(url, []byte(three)))
		got := ""
		if len(f.Links) > 0 {
			got = f.Links[0].URL
		}
		if got != want {
			t.Errorf("%s goes on with %q", url, got)
		}
		if f.Items[0].SKU != "pho-corner" || *f.Items[0].ReviewCount != 9 {
			t.Errorf("items: %+v", f.Items)
		}
	}
}

func TestReviewsOfSeveralBusinessesNameNone(t *testing.T) {
	f := Parse(foundtest.Open("x", []byte(`{"reviews":[{"url":"https://www.yelp.com/biz/a?hrid=1","text":"x"},{"url":"https://www.yelp.com/biz/b?hrid=2","text":"y"}]}`)))
	if len(f.Items) != 0 || f.Mentions[0].Item != nil {
		t.Errorf("items: %+v", f.Items)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "reviews", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
