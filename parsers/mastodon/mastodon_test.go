package mastodon

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "../../testdata/api/mastodon-*", Parse) }

func TestDetectNeedsTheShapeOfAStatus(t *testing.T) {
	status := `{"id":"1","content":"<p>x</p>","created_at":"2026-01-01T00:00:00Z","account":{"acct":"a"}}`
	for _, c := range []struct {
		name, body string
		want       bool
	}{
		{"array", "[" + status + "]", true},
		{"single", status, true},
		{"context", `{"ancestors":[],"descendants":[` + status + `]}`, true},
		{"search", `{"accounts":[],"statuses":[` + status + `],"hashtags":[]}`, true},
		{"boost", `[{"id":"2","content":"","account":{"acct":"b"},"reblog":` + status + `}]`, true},
		{"reduced", `[{"id":"1","created_at":"2026-01-01","content":"x","url":"https://a.example/1","account":{"acct":"a"}}]`, true},
		{"accounts", `[{"id":"1","acct":"a","note":"x","created_at":"2026-01-01T00:00:00Z"}]`, false},
		{"another API", `[{"id":"1","content":{"rendered":"x"},"account":{"name":"a"}}]`, false},
		{"empty array", `[]`, false},
		{"html", `<p>"account" "content"</p>`, false},
		{"broken", `[{"account":{}, "content":`, false},
		{"empty", ``, false},
	} {
		if got := Detect(foundtest.Open("timeline.json", []byte(c.body))); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func TestABrokenStatusCostsOnlyItself(t *testing.T) {
	f := Parse(foundtest.Open("timeline.json", []byte(`[null, {"id":{},"content":"x"}, {"id":3,"content":"good","account":null,"created_at":null}]`)))
	if len(f.Mentions) != 1 || f.Mentions[0].NativeID != "3" || f.Mentions[0].Text != "good" {
		t.Errorf("mentions: %+v", f.Mentions)
	}
	if len(f.Problems) != 1 || !strings.Contains(f.Problems[0].What, "2 of 3") {
		t.Errorf("problems: %+v", f.Problems)
	}
}

func TestDeepNestingIsAProblemNotACrash(t *testing.T) {
	body := strings.Repeat(`{"id":"1","content":"","reblog":`, 1<<16)
	if f := Parse(foundtest.Open("x.json", []byte(body))); len(f.Mentions) != 0 || len(f.Problems) != 1 {
		t.Errorf("%d mentions, problems %v", len(f.Mentions), f.Problems)
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "../../testdata/api/mastodon-*")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("timeline.json", body)
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" {
				t.Error("a status without an id")
			}
		}
	})
}
