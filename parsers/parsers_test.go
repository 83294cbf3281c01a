package parsers

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/mention"
)

var update = flag.Bool("update", false, "write the golden files anew")

func page(url, body string) *mention.Page {
	return &mention.Page{URL: url, Status: 200, ContentType: "text/html; charset=utf-8", Body: []byte(body),
		Fetched: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), SHA256: "0123", Snapshot: "a.warc.gz:7"}
}

func parse(t *testing.T, p *mention.Page, o Options) Result {
	t.Helper()
	r, err := New().Parse(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden reads every page of testdata/pages as one of www.example.com
// and compares the whole result with the file beside it.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("../testdata/pages/*.html")
	if len(files) == 0 {
		t.Fatal("no pages")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := new(bytes.Buffer)
			enc := json.NewEncoder(got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(parse(t, page("https://www.example.com/p/"+name, string(body)), Options{})); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".html") + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("differs from %s (-want +got):\n%s", golden, d)
			}
		})
	}
}
