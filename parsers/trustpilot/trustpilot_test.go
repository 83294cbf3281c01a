package trustpilot

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsReviewsOrAUnit(t *testing.T) {
	for body, want := range map[string]bool{
		`{"reviews":[{"consumer":{},"stars":1,"createdAt":"x"}]}`:           true,
		`{"consumer":{"displayName":"x"},"stars":1,"createdAt":"x"}`:        true,
		`{"displayName":"x","score":{"trustScore":4},"numberOfReviews":{}}`: true,
		`{"reviews":[{"user":{},"stars":1,"created_at":"x"}]}`:              false,
		`<p>"reviews" "consumer" "stars" "createdAt"</p>`:                   false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestAFullPageWithoutLinksGoesOnByNumber(t *testing.T) {
	full := `{"reviews":[{"stars":1}` + strings.Repeat(`,{"stars":1}`, 19) + `]}`
	if f := Parse(foundtest.Open("v1/business-units/b/reviews?page=3", []byte(full))); len(f.Links) != 1 || f.Links[0].URL != "https://www.example.com/v1/business-units/b/reviews?page=4" {
		t.Errorf("links: %+v", f.Links)
	}
	if f := Parse(foundtest.Open("v1/business-units/b/reviews?perPage=100", []byte(full))); len(f.Links) != 0 {
		t.Errorf("the last page goes on: %+v", f.Links)
	}
	last := strings.Replace(full, `{"reviews"`, `{"links":[{"rel":"self","href":"/x"}],"reviews"`, 1)
	if f := Parse(foundtest.Open("v1/business-units/b/reviews", []byte(last))); len(f.Links) != 0 {
		t.Errorf("a page that links elsewhere but not on goes on: %+v", f.Links)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "reviews", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
