package steam

import (
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsReviewsOfSteam(t *testing.T) {
	for body, want := range map[string]bool{
		`{"reviews":[{"recommendationid":"1","voted_up":true}]}`:          true,
		`{"query_summary":{"review_score":0},"reviews":[]}`:               true,
		`{"reviews":[{"id":"1","rating":5}]}`:                             false,
		`<p>"reviews" "recommendationid" "voted_up"</p>`:                  false,
		`{"query_summary":{"num_reviews":0},"success":1,"cursor":"AoI="}`: false,
		``: false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestTheCursorLeadsToTheNextPageOfTheApp(t *testing.T) {
	body := `{"query_summary":{"total_reviews":9},"reviews":[{"recommendationid":"1","review":"x","voted_up":true}],"cursor":"a+b/c="}`
	f := Parse(foundtest.Open("appreviews/440?json=1&cursor=*", []byte(body)))
	if len(f.Links) != 1 || f.Links[0].URL != "https://www.example.com/appreviews/440?json=1&cursor=a%2Bb%2Fc%3D" {
		t.Errorf("links: %+v", f.Links)
	}
	if len(f.Items) != 1 || f.Items[0].SKU != "440" || *f.Items[0].ReviewCount != 9 || f.Mentions[0].Item.URL != "https://store.steampowered.com/app/440" {
		t.Errorf("items: %+v", f.Items)
	}
	end := `{"query_summary":{"num_reviews":0},"reviews":[],"cursor":"a+b/c="}`
	if f := Parse(foundtest.Open("appreviews/440?cursor=z", []byte(end))); len(f.Links) != 0 {
		t.Errorf("the last page goes on: %+v", f.Links)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "reviews", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
