package wire

import (
	"strings"
	"testing"
	"time"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/foundtest"
)

type record struct {
	ID    ID      `json:"id"`
	Text  string  `json:"text"`
	Likes Count   `json:"likes"`
	When  Unix    `json:"when"`
	Kids  []*node `json:"kids"`
}

type node struct {
	Text string  `json:"text"`
	Kids []*node `json:"kids"`
}

func TestAWrongTypeCostsItsOwnFieldOnly(t *testing.T) {
	var got []record
	err := Decode([]byte(`[null, 5, {"id":7,"text":{"a":1},"likes":"12","when":"1700000000","kids":[1,{"text":"x","kids":"no"}]},
		{"id":"a1","text":"good","likes":-3,"when":1700000000.5},{"id":true,"likes":[1],"when":"soon","text":"last"}]`), &got)
	if err != nil || len(got) != 5 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	when := time.Unix(1700000000, 0).UTC()
	if r := got[2]; r.ID != "7" || r.Text != "" || r.Likes != 12 || !r.When.Equal(when) || len(r.Kids) != 2 || r.Kids[1].Text != "x" {
		t.Errorf("third record: %+v", r)
	}
	if r := got[3]; r.ID != "a1" || r.Text != "good" || r.Likes != 0 || !r.When.Equal(when) {
		t.Errorf("fourth record: %+v", r)
	}
	if r := got[4]; r.ID != "" || r.Text != "last" || r.Likes != 0 || !r.When.IsZero() {
		t.Errorf("fifth record: %+v", r)
	}
	if err := Decode([]byte(`{"id":`), &record{}); err == nil {
		t.Error("broken JSON is no error")
	}
}

func TestDeepNestingIsAnErrorInLinearTime(t *testing.T) {
	body := strings.Repeat(`{"kids":[`, 1<<17)
	if err := Decode([]byte(body), &node{}); err == nil {
		t.Error("no error")
	}
	deep := strings.Repeat(`{"kids":[`, 4000) + strings.Repeat(`]}`, 4000)
	if err := Decode([]byte(deep), &node{}); err != nil {
		t.Error(err)
	}
}

func TestMoreObjectsThanAnswersHaveAreRefused(t *testing.T) {
	var got []*record
	if err := Decode([]byte("["+strings.Repeat("{},", 1<<18)+"{}]"), &got); err == nil || len(got) > 0 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func TestTheNextPageKeepsTheOtherParameters(t *testing.T) {
	d, _ := document.Open(&mention.Page{URL: "https://api.example/list?q=a%20b&cursor=1&limit=5", Body: []byte("{}")})
	if got := With(d, "cursor", "x=&y"); got != "https://api.example/list?q=a%20b&cursor=x%3D%26y&limit=5" {
		t.Error(got)
	}
	if got := With(d, "page", "2"); got != "https://api.example/list?q=a%20b&cursor=1&limit=5&page=2" {
		t.Error(got)
	}
	if Param(d, "q") != "a b" || Param(d, "none") != "" || Page(d, "cursor", 0) != 1 || Page(d, "page", 3) != 3 {
		t.Error("parameters are misread")
	}
	none, _ := document.Open(&mention.Page{Body: []byte("{}")})
	if With(none, "a", "b") != "" || Param(none, "a") != "" {
		t.Error("a page without URL has no next")
	}
}

func TestHoldsNeedsJSONWithAllKeys(t *testing.T) {
	for body, want := range map[string]bool{` {"a":1,"b":2}`: true, `{"a":1}`: false, `<p>"a" "b"`: false, ``: false, `["a","b"]`: true} {
		if Holds([]byte(body), "a", "b") != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`[{"id":1e3,"likes":1e400,"when":"-1"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var rs []record
		_ = Decode(body, &rs)
		for _, r := range rs {
			if r.Likes < 0 || strings.ContainsAny(string(r.ID), " \n") {
				t.Errorf("%+v", r)
			}
		}
		With(foundtest.Open("x.json?"+string(body), nil), string(body), string(body))
	})
}
