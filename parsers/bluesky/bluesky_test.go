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

func TestWhatIsForMembersOnlyIsLeftOut(t *testing.T) {
	post := func(author, own, record string) string {
		return `{"uri":"at://did:plc:a/app.bsky.feed.post/1","cid":"c","author":{"handle":"a.example"` + author + `},"record":{"text":"x"` + record + `}` + own + `}`
	}
	for name, c := range map[string]struct {
		post string
		want int
	}{
		"no labels":        {post(`,"labels":[]`, ``, ``), 1},
		"another label":    {post(`,"labels":[{"val":"nudity"}]`, `,"labels":[{"val":"spam"}]`, ``), 1},
		"by the author":    {post(`,"labels":[{"src":"did:plc:a","val":"!no-unauthenticated"}]`, ``, ``), 0},
		"taken back":       {post(`,"labels":[{"val":"!no-unauthenticated","neg":true}]`, ``, ``), 1},
		"by a moderator":   {post(``, `,"labels":[{"val":"porn"},{"val":"!hide"}]`, ``), 0},
		"within the post":  {post(``, ``, `,"labels":{"$type":"com.atproto.label.defs#selfLabels","values":[{"val":"!no-unauthenticated"}]}`), 0},
		"labels unlike it": {post(`,"labels":"!no-unauthenticated"`, `,"labels":{"a":1}`, `,"labels":[null,1]`), 1},
	} {
		f := Parse(foundtest.Open("x.json", []byte(c.post)))
		if len(f.Mentions) != c.want || len(f.Problems) != 1-c.want {
			t.Errorf("%s: %+v", name, f)
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
