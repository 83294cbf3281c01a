package googleplaces

import (
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectKnowsBothForms(t *testing.T) {
	for body, want := range map[string]bool{
		`{"result":{"reviews":[{"author_name":"a","rating":5}]},"status":"OK"}`:       true,
		`{"result":{"place_id":"x","user_ratings_total":3}}`:                          true,
		`{"reviews":[{"authorAttribution":{},"publishTime":"2026-01-01T00:00:00Z"}]}`: true,
		`{"places":[{"displayName":{"text":"x"},"userRatingCount":3}]}`:               true,
		`{"result":{"id":1},"reviews":[{"author":"a"}]}`:                              false,
		`<script>{"authorAttribution":1,"publishTime":2,"reviews":3}</script>`:        false,
		``: false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestHostileAnswersCostLittle(t *testing.T) {
	foundtest.Hostile(t, "reviews", Parse)
	foundtest.Hostile(t, "places", Parse)
}

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
