package blocks

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

var noWord = regexp.MustCompile(`[\W_]+`)

// short is a text without spaces and signs, cut short, as the truth has it.
func short(s string) string {
	s = noWord.ReplaceAllString(strings.ToLower(s), "")
	return s[:min(len(s), 40)]
}

// TestFloorOnPagesWithoutMarkup holds what is found on saved pages for which
// others wrote down the truth by hand.
func TestFloorOnPagesWithoutMarkup(t *testing.T) {
	root := "../../../shared/pages"
	wanted, found, extra := 0, 0, 0
	// Of a post that begins with the quoted words of another the truth of one
	// forum has those first; they are left out here on purpose.
	for _, file := range []string{"hand.json", "dutch.json"} {
		raw, err := os.ReadFile(filepath.Join(root, "truth", file))
		if err != nil {
			t.Skip("skipped: ../shared/pages is not beside this checkout")
		}
		type record struct {
			Key       string `json:"key"`
			WithoutIt string `json:"key_noquote"`
		}
		var pages []struct {
			Page, URL      string
			Reviews, Posts []record
		}
		if err := json.Unmarshal(raw, &pages); err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			f, err := os.Open(filepath.Join(root, p.Page))
			if err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			d, _ := document.Open(&mention.Page{URL: p.URL, ContentType: "text/html", Body: body})
			got := map[string]int{}
			for _, m := range Parse(d).Mentions {
				if m.Kind == mention.Review != (len(p.Reviews) > 0) {
					continue // the truth is of the others only
				}
				got[short(m.Text)]++
				extra++
			}
			for _, r := range append(p.Reviews, p.Posts...) {
				wanted++
				for _, k := range []string{short(r.Key), short(r.WithoutIt)} {
					if k != "" && got[k] > 0 {
						got[k]--
						found++
						extra--
						break
					}
				}
			}
		}
	}
	t.Logf("%d of %d found, %d not in the truth", found, wanted, extra)
	if float64(found) < 0.96*float64(wanted) || extra > wanted/20 {
		t.Errorf("%d of %d found, %d not in the truth", found, wanted, extra)
	}
}
