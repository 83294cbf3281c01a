package stackexchange

import (
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsPosts(t *testing.T) {
	for body, want := range map[string]bool{
		`{"items":[{"question_id":1}],"has_more":false}`:           true,
		`{"items":[{"answer_id":1,"owner":{},"creation_date":1}]}`: true,
		`{"items":[{"badge_id":1}],"has_more":false}`:              false,
		`{"items":[{"question_id":1}]}`:                            false,
		`<p>"items" "has_more" "question_id"`:                      false,
		``:                                                         false,
	} {
		if got := Detect(foundtest.OpenJSON("", body)); got != want {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

const api = "https://api.stackexchange.com/2.3/"

func TestWhatAnAnswerLeavesOutIsLinked(t *testing.T) {
	for _, c := range []struct{ url, body, want string }{
		{api + "questions?site=coffee&key=K&page=2", `{"items":[{"question_id":1,"title":"a","answer_count":3},{"question_id":2,"title":"b","answer_count":1}],"has_more":true}`,
			"item " + api + "questions/1;2/answers?filter=withbody&key=K&pagesize=100&site=coffee\nnext " + api + "questions?site=coffee&key=K&page=3"},
		{api + "search/excerpts?q=x&site=coffee", `{"items":[{"item_type":"question","question_id":1,"excerpt":"x"},{"item_type":"answer","answer_id":3,"question_id":2,"excerpt":"y"}],"has_more":false}`,
			"item " + api + "questions/1?filter=withbody&pagesize=100&site=coffee\nitem " + api + "answers/3?filter=withbody&pagesize=100&site=coffee"},
	} {
		var got []string
		for _, l := range Parse(foundtest.OpenJSON(c.url, c.body)).Links {
			got = append(got, string(l.Kind)+" "+l.URL)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
		}
	}
}

func TestTheHostIsTheSitesNotTheAPIs(t *testing.T) {
	for site, want := range map[string]string{
		"stackoverflow": "stackoverflow.com", "nl.stackoverflow": "nl.stackoverflow.com", "meta.superuser": "meta.superuser.com", "coffee": "coffee.stackexchange.com",
		"coffee.meta": "coffee.meta.stackexchange.com", "mathoverflow.net": "mathoverflow.net", "askubuntu.com": "askubuntu.com", "a/b": "", "": "",
	} {
		f := Parse(foundtest.OpenJSON(api+"answers?site="+site, `{"items":[{"answer_id":1,"question_id":2,"body":"x"}],"has_more":false}`))
		if got := f.Mentions[0].Source.Host; got != want {
			t.Errorf("%q: got %q, want %q", site, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.OpenJSON(api+"questions?site=coffee", string(body))
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" || m.Text == "" && m.Title == "" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
