// Package foundtest compares what a parser finds on saved pages with golden
// files beside them. It is for the tests of parsers only.
package foundtest

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
	"klank/parsers/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Fetched is when all pages of tests were fetched.
var Fetched = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// Open opens a body as the page https://www.example.com/<name>.
func Open(name string, body []byte) *document.Document {
	types := map[string]string{".html": "text/html; charset=utf-8", ".json": "application/json", ".xml": "application/xml"}
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/" + name, Status: 200,
		ContentType: types[filepath.Ext(name)], Body: body, Fetched: Fetched})
	return d
}

// OpenJSON opens a body as the answer of an API.
func OpenJSON(url, body string) *document.Document {
	d, _ := document.Open(&mention.Page{URL: url, Status: 200, ContentType: "application/json", Body: []byte(body), Fetched: Fetched})
	return d
}

// Golden runs parse on every file that pattern matches and compares what it
// finds, as JSON, with the file of the same name and ".golden" after it. With
// the flag -update it writes those files.
func Golden(t *testing.T, pattern string, parse func(*document.Document) document.Found) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		seen++
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := marshal(t, parse(Open(filepath.Base(file), body)))
			golden := file + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (go test -update writes it)", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("differs from %s (-want +got):\n%s", golden, d)
			}
		})
	}
	if seen == 0 {
		t.Fatalf("no file matches %s", pattern)
	}
}

// marshal writes what was found as JSON without the empty fields, so that a
// golden file shows what a parser filled and nothing else.
func marshal(t *testing.T, f document.Found) []byte {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(prune(v)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// prune drops empty values; nil means that nothing is left.
func prune(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	case map[string]any:
		for k, x := range v {
			if x = prune(x); x == nil {
				delete(v, k)
			} else {
				v[k] = x
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
		if len(v) == 0 {
			return nil
		}
	}
	return v
}
