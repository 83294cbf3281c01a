package bazaarvoice

import (
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsTheEnvelope(t *testing.T) {
	for body, want := range map[string]bool{
		`{"Results":[],"TotalResults":0,"Includes":{}}`: true,
		`{"BatchedResults":{"q0":{"Results":[]}}}`:      true,
		`{"results":[],"total":0}`:                      false,
		`<p>"Results" "TotalResults" "Includes"</p>`:    false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestTheOffsetLeadsToTheNextPage(t *testing.T) {
	body := `{"Results":[{"ReviewText":"a"},{"ReviewText":"b"}],"Offset":4,"Limit":2,"TotalResults":7,"Includes":{}}`
	for url, want := range map[string]string{
		"data/reviews.json?passkey=k&Offset=4&Limit=2": "https://www.example.com/data/reviews.json?passkey=k&Offset=6&Limit=2",
		"data/reviews.json?offset=4":                   "https://www.example.com/data/reviews.json?offset=6",
	} {
		f := Parse(foundtest.Open(url, []byte(body)))
		if len(f.Links) != 1 || f.Links[0].URL != want {
			t.Errorf("%s: %+v", url, f.Links)
		}
	}
	if f := Parse(foundtest.Open("x.json", []byte(`{"Results":[{"ReviewText":"a"}],"Offset":6,"TotalResults":7,"Includes":{}}`))); len(f.Links) != 0 {
		t.Errorf("the last page goes on: %+v", f.Links)
	}
	if f := Parse(foundtest.Open("x.json", []byte(`{"Results":[],"Offset":2,"TotalResults":7,"Includes":{}}`))); len(f.Links) != 0 {
		t.Errorf("an empty page goes on: %+v", f.Links)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) { foundtest.Hostile(t, "Results", Parse) }

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*.json", Detect, Parse) }
