package lemmy

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsViews(t *testing.T) {
	for body, want := range map[string]bool{
		`{"posts":[{"post":{"ap_id":"x"},"creator":{}}]}`:         true,
		`{"comment_view":{"comment":{"ap_id":"x"},"creator":{}}}`: true,
		`{"posts":[{"creator":{}}]}`:                              false,
		`<p>"posts" "creator" "ap_id"`:                            false,
		``:                                                        false,
	} {
		if got := Detect(foundtest.OpenJSON("", body)); got != want {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

func TestTheNextPageAndTheCommentsOfPostsAreLinked(t *testing.T) {
	const api = "https://www.example.com/api/v3/"
	comment := `{"comment":{"id":1,"content":"x"},"creator":{"name":"a"}}`
	for _, c := range []struct{ url, body, want string }{
		{api + "post/list?limit=5", `{"posts":[{"post":{"id":3,"name":"x"},"creator":{"name":"a"},"counts":{"comments":1}}],"next_page":"P4"}`,
			"item " + api + "comment/list?limit=50&post_id=3&sort=New&type_=All\nnext " + api + "post/list?limit=5&page_cursor=P4"},
		{api + "comment/list?post_id=3&limit=2", `{"comments":[` + comment + `,` + comment + `]}`, "next " + api + "comment/list?post_id=3&limit=2&page=2"},
		{api + "comment/list?post_id=3&limit=2&page=2", `{"comments":[` + comment + `]}`, ""},
		{api + "post/list?page_cursor=P4", `{"posts":[]}`, ""},
	} {
		var got []string
		for _, l := range Parse(foundtest.OpenJSON(c.url, c.body)).Links {
			got = append(got, string(l.Kind)+" "+l.URL)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.url, strings.Join(got, "\n"), c.want)
		}
	}
}

func TestAnAddressThatIsLookedUpIsRead(t *testing.T) {
	f := Parse(foundtest.OpenJSON("", `{"post":{"post":{"id":3,"name":"x"},"creator":{"name":"a"}},"comment":null}`))
	if len(f.Mentions) != 1 || f.Mentions[0].NativeID != "post_3" || len(f.Problems) != 0 {
		t.Errorf("%+v", f)
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.OpenJSON("https://www.example.com/api/v3/post/list", string(body))
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" || m.Text == "" && m.Title == "" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
