package bluesky

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsPosts(t *testing.T) {
	post := `{"uri":"at://did:plc:a/app.bsky.feed.post/1","cid":"c","record":{"text":"x"}}`
	for body, want := range map[string]bool{
		post: true, `{"posts":[` + post + `]}`: true, `[` + post + `]`: true,
		`{"uri":"at://did:plc:a/app.bsky.actor.profile/self","cid":"c"}`: false, `<p>"uri" "cid" /app.bsky.feed.post/`: false, ``: false,
	} {
		d := foundtest.Open("x.json", []byte(body))
		if got := Detect(d); got != want {
			t.Errorf("%s: got %v", body, got)
		}
		if n := len(Parse(d).Mentions); want && n != 1 {
			t.Errorf("%s: %d mentions", body, n)
		}
	}
}

func TestDeepThreadsAreReadOrRefused(t *testing.T) {
	for n, problems := range map[int]int{3000: 0, 1 << 14: 1} {
		body := `{"thread":` + strings.Repeat(`{"replies":[`, n) + strings.Repeat(`]}`, n) + `}`
		if f := Parse(foundtest.Open("x.json", []byte(body))); len(f.Mentions) != 0 || len(f.Problems) != problems {
			t.Errorf("%d levels: problems %v", n, f.Problems)
		}
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("x.json", body)
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" || m.URL == "" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
