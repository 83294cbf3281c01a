package googleplay

import (
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsAUsersComment(t *testing.T) {
	for body, want := range map[string]bool{
		`{"reviews":[{"reviewId":"1","comments":[{"userComment":{}}]}]}`: true,
		`{"reviewId":"1","comments":[{"userComment":{}}]}`:               true,
		`{"reviews":[{"reviewId":"1","comments":[{"text":"x"}]}]}`:       false,
		`<p>"reviewId" "comments" "userComment"</p>`:                     false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestTheTokenLeadsToTheNextPageOfTheApp(t *testing.T) {
	body := `{"reviews":[{"reviewId":"1","comments":[{"userComment":{"text":"x"}}]}],"tokenPagination":{"nextPageToken":"b="},"pageInfo":{"totalResults":3}}`
	f := Parse(foundtest.Open("androidpublisher/v3/applications/org.example.app/reviews?token=a", []byte(body)))
	if len(f.Links) != 1 || f.Links[0].URL != "https://www.example.com/androidpublisher/v3/applications/org.example.app/reviews?token=b%3D" {
		t.Errorf("links: %+v", f.Links)
	}
	if len(f.Items) != 1 || *f.Items[0].ReviewCount != 3 || f.Mentions[0].Item.URL != "https://play.google.com/store/apps/details?id=org.example.app" {
		t.Errorf("items: %+v", f.Items)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "reviews", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
