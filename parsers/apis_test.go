package parsers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

// TestAnswersOfAPIsAreKnownByTheirContent reads the saved answers of all API
// parsers without their URLs: each must be claimed by its own parser.
func TestAnswersOfAPIsAreKnownByTheirContent(t *testing.T) {
	names := map[string]bool{}
	for _, p := range New().parsers {
		names[p.name] = p.whole
	}
	files, err := filepath.Glob("*/testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		want := filepath.Dir(filepath.Dir(file))
		info, err := os.Stat(file)
		if err != nil || info.IsDir() || strings.HasSuffix(file, ".golden") || !names[want] {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		d, _ := document.Open(&mention.Page{URL: "https://api.example/answer", Status: 200, Body: body})
		got := ""
		for _, p := range New().parsers[1:] {
			if p.detect(d) {
				got = p.name
				break
			}
		}
		if got != want {
			t.Errorf("%s is claimed by %q", file, got)
		}
	}
	if seen == 0 {
		t.Error("no answers found")
	}
}

// TestACommentNamesItsReviewOnAnotherPage also holds where both have the same
// number, which is theirs among their own kind only.
func TestACommentNamesItsReviewOnAnotherPage(t *testing.T) {
	parse := func(body string) mention.Mention {
		t.Helper()
		res, err := New().Parse(&mention.Page{URL: "https://api.example/data", Status: 200, Body: []byte(body)}, Options{})
		if err != nil || len(res.Mentions) != 1 {
			t.Fatalf("%+v, %v", res, err)
		}
		return res.Mentions[0]
	}
	review := parse(`{"Results":[{"Id":"7","ReviewText":"good","Rating":5}],"TotalResults":1,"Includes":{}}`)
	comment := parse(`{"Results":[{"Id":"7","ReviewId":"7","CommentText":"so it is"}],"TotalResults":1,"Includes":{}}`)
	if comment.Parent != review.ID || comment.Thread != review.ID || comment.ID == review.ID {
		t.Errorf("review %s, comment %s of %s in %s", review.ID, comment.ID, comment.Parent, comment.Thread)
	}
}
