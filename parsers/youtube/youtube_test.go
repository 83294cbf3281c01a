package youtube

import (
	"os"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsCommentsOrVideos(t *testing.T) {
	for body, want := range map[string]bool{
		`{"kind":"youtube#commentThreadListResponse","items":[{"kind":"youtube#commentThread","snippet":{}}]}`: true,
		`[{"snippet":{"topLevelComment":{"snippet":{"textDisplay":"x"}}}}]`:                                    true,
		`{"kind":"youtube#channelListResponse","items":[{"kind":"youtube#channel","snippet":{}}]}`:             false,
		`<p>"snippet" "youtube#comment"`: false, ``: false,
	} {
		if got := Detect(foundtest.Open("x.json", []byte(body))); got != want {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

func links(t *testing.T, u, body string) []string {
	t.Helper()
	d, _ := document.Open(&mention.Page{URL: u, ContentType: "application/json", Body: []byte(body)})
	var out []string
	for _, l := range Parse(d).Links {
		out = append(out, string(l.Kind)+" "+l.URL)
	}
	return out
}

func TestWhatAnAnswerLeavesOutIsLinkedWithTheSameKey(t *testing.T) {
	threads, err := os.ReadFile("testdata/comment-threads.json")
	if err != nil {
		t.Fatal(err)
	}
	const api = "https://www.googleapis.com/youtube/v3/"
	for u, c := range map[string]struct{ body, want string }{
		api + "commentThreads?part=snippet&videoId=vid01&key=K": {string(threads),
			"next " + api + "comments?key=K&maxResults=100&parentId=Ugx1&part=snippet\n" +
				"next " + api + "commentThreads?part=snippet&videoId=vid01&key=K&pageToken=QURT%3D%3D"},
		api + "search?q=molen&pageToken=A&key=K": {`{"nextPageToken":"B","items":[{"kind":"youtube#searchResult","id":{"kind":"youtube#video","videoId":"v1"},"snippet":{"title":"x"}},{"kind":"youtube#searchResult","id":{"kind":"youtube#channel","channelId":"c"},"snippet":{}}]}`,
			"item " + api + "videos?id=v1&key=K&part=snippet%2Cstatistics\n" +
				"item " + api + "commentThreads?key=K&maxResults=100&part=snippet%2Creplies&textFormat=plainText&videoId=v1\n" +
				"next " + api + "search?q=molen&pageToken=B&key=K"},
	} {
		if got := strings.Join(links(t, u, c.body), "\n"); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("youtube/v3/x.json", body)
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" || m.Text == "" && m.Title == "" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
