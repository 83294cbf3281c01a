package kiyoh

import (
	"os"
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/feed.*", Parse) }

func TestDetectKnowsBothForms(t *testing.T) {
	for body, want := range map[string]bool{
		`<ReviewFeedDto xmlns=""><reviews/></ReviewFeedDto>`:                        true,
		`<?xml version="1.0"?><ReviewFeedDto/>`:                                     true,
		`{"reviews":[{"reviewId":"1","reviewContent":[{"questionGroup":"x"}]}]}`:    true,
		`{"locationId":1,"locationName":"x","averageRating":9.1,"numberReviews":3}`: true,
		`{"reviews":[{"reviewId":"1","text":"x"}]}`:                                 false,
		`<feed xmlns="http://www.w3.org/2005/Atom"></feed>`:                         false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestXMLThatEndsTooEarlyGivesTheReviewsBeforeItsEnd(t *testing.T) {
	body, err := os.ReadFile("testdata/feed.xml")
	if err != nil {
		t.Fatal(err)
	}
	cut := body[:strings.LastIndex(string(body), "<reviewId>x-2")]
	f := Parse(foundtest.Open("feed.xml", cut))
	if len(f.Mentions) != 1 || f.Mentions[0].NativeID != "x-1" || len(f.Problems) != 1 {
		t.Errorf("%d mentions, problems %v", len(f.Mentions), f.Problems)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) {
	foundtest.Hostile(t, "reviews", Parse)
	f := Parse(foundtest.Open("x.xml", []byte("<ReviewFeedDto>"+strings.Repeat("<reviews>", 1<<17))))
	if len(f.Mentions) != 0 || len(f.Problems) != 1 {
		t.Errorf("%d mentions, problems %v", len(f.Mentions), f.Problems)
	}
}

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/feed.*", Detect, Parse) }
