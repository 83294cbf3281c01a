package webwinkelkeur

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsRatingsOrASummary(t *testing.T) {
	for body, want := range map[string]bool{
		`{"status":"success","ratings":[{"rating":5,"comment":"x","reaction":""}]}`: true,
		`{"data":{"amount":1,"rating_average":5,"ratings_average":{}}}`:             true,
		`{"status":"success","ratings":[{"rating":5,"text":"x"}]}`:                  false,
		`<p>"status" "ratings" "comment" "rating" "reaction"</p>`:                   false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestTheOffsetLeadsToTheNextPageOfTheShop(t *testing.T) {
	body := `{"status":"success","total":5,"ratings":[{"rating":5,"comment":"a"},{"rating":4,"comment":"b"}]}`
	f := Parse(foundtest.Open("api/1.0/ratings.json?id=9&limit=2&offset=2", []byte(body)))
	if len(f.Links) != 1 || f.Links[0].URL != "https://www.example.com/api/1.0/ratings.json?id=9&limit=2&offset=4" {
		t.Errorf("links: %+v", f.Links)
	}
	if len(f.Items) != 1 || f.Items[0].SKU != "9" || *f.Items[0].ReviewCount != 5 || f.Mentions[0].Item.SKU != "9" {
		t.Errorf("items: %+v", f.Items)
	}
	if f := Parse(foundtest.Open("api/1.0/ratings.json?offset=3", []byte(body))); len(f.Links) != 0 {
		t.Errorf("the last page goes on: %+v", f.Links)
	}
}

func TestAnErrorOfTheAPIIsAProblem(t *testing.T) {
	f := Parse(foundtest.Open("x.json", []byte(`{"status":"error","message":"Incorrect authentication credentials."}`)))
	if len(f.Problems) != 1 || !strings.Contains(f.Problems[0].What, "credentials") {
		t.Errorf("problems: %+v", f.Problems)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "ratings", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
