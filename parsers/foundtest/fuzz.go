package foundtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"klank/mention"
	"klank/parsers/document"
)

// Seed adds the files that pattern matches, without golden ones, to the corpus.
func Seed(f *testing.F, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil && filepath.Ext(file) != ".golden" {
			f.Add(body)
		}
	}
}

// Fuzz feeds a parser with foreign bytes, beginning with the files that
// pattern matches, and holds what is true of everything that is found: valid
// text, grades within their scale, absolute links, something said.
func Fuzz(f *testing.F, pattern string, detect func(*document.Document) bool, parse func(*document.Document) document.Found) {
	Seed(f, pattern)
	f.Fuzz(func(t *testing.T, body []byte) {
		d := Open("api/v1/reviews?page=1", body)
		detect(d)
		found := parse(d)
		for i := range found.Mentions {
			m := &found.Mentions[i].Mention
			if m.Text == "" && m.Title == "" && m.Rating == nil {
				t.Errorf("a mention that says nothing: %+v", m)
			}
			if !utf8.ValidString(m.Text) || !utf8.ValidString(m.Title) {
				t.Errorf("invalid text: %q %q", m.Title, m.Text)
			}
			checkGrade(t, m.Rating)
			for _, r := range m.Ratings {
				checkGrade(t, &mention.Rating{Value: r.Value, Best: r.Best, Score: r.Score})
			}
		}
		for i := range found.Items {
			checkGrade(t, found.Items[i].Rating)
		}
		for _, l := range found.Links {
			if !strings.HasPrefix(l.URL, "http") || l.URL == d.URL {
				t.Errorf("link to %q", l.URL)
			}
		}
	})
}

func checkGrade(t *testing.T, r *mention.Rating) {
	if r != nil && (!(r.Score >= 0 && r.Score <= 1) || r.Value > r.Best) {
		t.Errorf("grade out of its scale: %+v", r)
	}
}

// Hostile checks that a parser of JSON reads what is built to hurt it in
// bounded time: nesting without end, a long list of nothing under the key
// that holds its list, a list cut off in the middle.
func Hostile(t *testing.T, key string, parse func(*document.Document) document.Found) {
	t.Helper()
	for name, body := range map[string]string{
		"nesting":   strings.Repeat(`{"`+key+`":[`, 1<<16),
		"empty":     `{"` + key + `":[{}` + strings.Repeat(",{}", 300_000) + `]}`,
		"no object": `{"` + key + `":[0` + strings.Repeat(`,0,"x",null`, 100_000) + `]}`,
		"cut off":   `{"` + key + `":[{"id":"1","text":"x`,
	} {
		start := time.Now()
		found := parse(Open("x.json", []byte(body)))
		if len(found.Mentions) != 0 {
			t.Errorf("%s: %d mentions", name, len(found.Mentions))
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
}
