package hackernews

import (
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsItemsOrTheAPI(t *testing.T) {
	for _, c := range []struct {
		url, body string
		want      bool
	}{
		{"", `{"by":"a","id":1,"time":1,"type":"story","title":"x"}`, true},
		{"", `[{"deleted":true,"id":1,"time":1,"type":"comment"},{"by":"a"}]`, true},
		{"", `{"hits":[{"objectID":"1","_tags":["story"]}]}`, true},
		{"", `{"id":1,"created_at_i":1,"author":"a","children":[]}`, true},
		{"https://hacker-news.firebaseio.com/v0/topstories.json", `[1,2]`, true},
		{"https://shop.example/v0/topstories.json", `[1,2]`, false},
		{"", `{"by":"a","id":"x","time":"noon","type":"comment"}`, false},
		{"", `{"hits":[{"objectID":"1","price":3}]}`, false},
		{"", ``, false},
	} {
		if got := Detect(foundtest.OpenJSON(c.url, c.body)); got != c.want {
			t.Errorf("%s %s: got %v", c.url, c.body, got)
		}
	}
}

func TestItemsThatAreNamedAreLinked(t *testing.T) {
	const items, algolia = "https://hacker-news.firebaseio.com/v0/", "https://hn.algolia.com/api/v1/"
	for _, c := range []struct{ url, body, want string }{
		{items + "newstories.json", `[7,8,null]`, "item " + items + "item/7.json\nitem " + items + "item/8.json"},
		{items + "updates.json", `{"items":[9],"profiles":["a"]}`, "item " + items + "item/9.json"},
		{items + "item/1.json", `{"id":1,"by":"a","time":1,"type":"story","title":"x","kids":[2,3]}`, "next " + items + "item/2.json\nnext " + items + "item/3.json"},
		{items + "item/1.json", `null`, ""},
		{algolia + "search?query=x&page=1", `{"hits":[{"objectID":"5","title":"x","num_comments":2,"_tags":["story"]}],"page":1,"nbPages":3}`, "item " + algolia + "items/5\nnext " + algolia + "search?query=x&page=2"},
		{algolia + "search?query=x&page=2", `{"hits":[{"objectID":"5","title":"x","_tags":["story"]}],"page":2,"nbPages":3}`, ""},
	} {
		var got []string
		f := Parse(foundtest.OpenJSON(c.url, c.body))
		for _, l := range f.Links {
			got = append(got, string(l.Kind)+" "+l.URL)
		}
		if strings.Join(got, "\n") != c.want || len(f.Problems) != 0 {
			t.Errorf("%s: got\n%s\nproblems %v", c.url, strings.Join(got, "\n"), f.Problems)
		}
	}
}

func TestDeepTreesAreReadOrRefused(t *testing.T) {
	for n, problems := range map[int]int{3000: 0, 1 << 14: 1} {
		body := strings.Repeat(`{"created_at_i":1,"children":[`, n) + strings.Repeat(`]}`, n)
		if f := Parse(foundtest.OpenJSON("", body)); len(f.Mentions) != 0 || len(f.Problems) != problems {
			t.Errorf("%d levels: %d mentions, problems %v", n, len(f.Mentions), f.Problems)
		}
	}
}

func TestAHitWithACommentsTextIsOne(t *testing.T) {
	f := Parse(foundtest.Open("x.json", []byte(`{"hits":[{"objectID":"5","author":"a","comment_text":"c","parent_id":4,"story_id":3,"created_at_i":1577836800}]}`)))
	if len(f.Mentions) != 1 || f.Mentions[0].Kind != mention.Comment || f.Mentions[0].Parent != "4" || f.Mentions[0].Thread != "3" {
		t.Errorf("found %+v", f)
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.OpenJSON("https://hacker-news.firebaseio.com/v0/x.json", string(body))
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" || m.Text == "" && m.Title == "" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
