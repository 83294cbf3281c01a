package reddit

import (
	"os"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsPostsOrComments(t *testing.T) {
	for body, want := range map[string]bool{
		`{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"name":"t3_a"}}]}}`:        true,
		`{"kind":"t1","data":{"id":"b","parent_id":"t1_a"}}`:                                   true,
		`[{"kind":"Listing","data":{"children":[{"kind":"t1","data":{"parent_id":"t1_a"}}]}}]`: true,
		`{"kind":"Listing","data":{"children":[{"kind":"t5","data":{"name":"t5_a"}}]}}`:        false,
		`{"kind":"youtube#commentThreadListResponse","items":[]}`:                              false,
		`<p>"kind" "data" "t1" "t1_a"`:                                                         false,
		``:                                                                                     false,
	} {
		if got := Detect(foundtest.Open("x.json", []byte(body))); got != want {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

func TestTheNextPageOfAListingIsItsCursor(t *testing.T) {
	f := Parse(foundtest.OpenJSON("https://oauth.reddit.com/r/koffie/new?limit=100&after=t3_1", `{"kind":"Listing","data":{"after":"t3_2","children":[]}}`))
	want := mention.Link{URL: "https://oauth.reddit.com/r/koffie/new?limit=100&after=t3_2", Kind: mention.LinkNext}
	if len(f.Links) != 1 || f.Links[0] != want {
		t.Errorf("links: %+v", f.Links)
	}
}

func TestCommentsThatATreeLeavesOutAreLinked(t *testing.T) {
	body, err := os.ReadFile("testdata/comments.json")
	if err != nil {
		t.Fatal(err)
	}
	f := Parse(foundtest.OpenJSON("https://www.reddit.com/r/koffie/comments/1abc01.json", string(body)))
	want := []string{
		"https://www.reddit.com/api/morechildren.json?api_type=json&children=k7%2Ck8%2Ck9%2Cka&link_id=t3_1abc01",
		"https://www.reddit.com/comments/1abc01/_/k3.json",
	}
	if len(f.Links) != len(want) || len(f.Problems) != 0 {
		t.Fatalf("links: %+v, problems: %v", f.Links, f.Problems)
	}
	for i, l := range f.Links {
		if l.URL != want[i] || l.Kind != mention.LinkNext {
			t.Errorf("got %+v, want %s", l, want[i])
		}
	}
}

func TestDeepTreesAreReadOrRefusedInLinearTime(t *testing.T) {
	level := `{"kind":"t1","data":{"id":"a","body":"x","replies":{"kind":"Listing","data":{"children":[`
	if f := Parse(foundtest.Open("x.json", []byte(strings.Repeat(level, 1<<13)))); len(f.Problems) != 1 {
		t.Errorf("problems: %v", f.Problems)
	}
	f := Parse(foundtest.Open("x.json", []byte(strings.Repeat(level, 1500)+strings.Repeat(`]}}}}`, 1500))))
	if len(f.Mentions) != 1 { // all have one id
		t.Errorf("%d mentions, %v", len(f.Mentions), f.Problems)
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("r.json", body)
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" || m.Text == "[removed]" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
