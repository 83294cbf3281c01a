package wordpress

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*.json", Parse) }

func TestDetectNeedsEntries(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !Detect(foundtest.Open("x.json", body)) {
			t.Errorf("%s is not recognised", file)
		}
	}
	for _, body := range []string{`[{"id":1,"content":"x","author":"a"}]`, `{"name":"site","routes":{}}`, `<p>"author_name" "content" "rendered"`, ``} {
		if Detect(foundtest.Open("x.json", []byte(body))) {
			t.Errorf("%s is recognised", body)
		}
	}
}

func TestAPageThatIsNoJSONIsAProblem(t *testing.T) {
	for _, body := range []string{`[{"content":`, strings.Repeat(`{"content":`, 1<<15)} {
		if f := Parse(foundtest.Open("x.json", []byte(body))); len(f.Mentions) != 0 || len(f.Problems) != 1 {
			t.Errorf("%d mentions, problems %v", len(f.Mentions), f.Problems)
		}
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "testdata/*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("x.json", body)
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.NativeID == "" {
				t.Errorf("%+v", m.Mention)
			}
		}
	})
}
