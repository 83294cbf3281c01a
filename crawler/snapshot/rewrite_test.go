package snapshot

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// contents is all that the files of a folder hold, unpacked, as other tools
// read them.
func contents(t *testing.T, dir string) []byte {
	t.Helper()
	var out []byte
	for _, name := range warcFiles(t, dir) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(z)
		if err != nil {
			t.Fatalf("%s is no gzip file any more: %v", name, err)
		}
		out = append(out, all...)
	}
	return out
}

func TestARewrittenPageLeavesNothingOfWhatItWas(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 2)
	page := testPage()
	page.Body = append(htmlOf(30<<10), "<p>Jan Jansen says hello</p>"...)
	page.SHA256 = ""
	locator, err := s.Put(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	locators = append(locators, putPages(t, s, 2)...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir)
	body := bytes.ReplaceAll(page.Body, []byte("Jan Jansen"), []byte("----------"))
	kept, err := s.Rewrite(locator, body)
	if err != nil || !kept {
		t.Fatalf("kept %v, %v", kept, err)
	}
	got, err := s.Get(locator)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Body, body) || got.URL != page.URL || !got.Fetched.Equal(page.Fetched) || got.ETag != page.ETag || got.SHA256 == "" {
		t.Errorf("it is read back as %+v", got)
	}
	for _, l := range locators {
		if _, err := s.Get(l); err != nil {
			t.Errorf("another page: %v", err)
		}
	}
	if heads, damages := walk(t, s); len(heads) != 5 || len(damages) != 0 {
		t.Errorf("a walk finds %d pages, %v", len(heads), damages)
	}
	if all := contents(t, dir); bytes.Contains(all, []byte("Jan Jansen")) || !bytes.Contains(all, []byte("says hello")) {
		t.Error("the old words are there, or the others are not")
	}
}

func TestASmallPageIsRewrittenInItsPlaceToTheByte(t *testing.T) {
	for words := range 40 { // whatever is left of the place
		dir := t.TempDir()
		s := openStore(t, dir)
		page := testPage()
		page.Body, page.SHA256 = append(htmlOf(600), bytes.Repeat([]byte("Jan Jansen "), words)...), ""
		locators := putPages(t, s, 1)
		locator, err := s.Put(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		locators = append(locators, putPages(t, s, 1)...)
		body := bytes.ReplaceAll(page.Body, []byte("Jan Jansen"), []byte("----------"))
		if kept, err := s.Rewrite(locator, body); err != nil || !kept {
			t.Errorf("%d words: kept %v, %v", words, kept, err)
		}
		for _, l := range append(locators, locator) {
			if _, err := s.Get(l); err != nil {
				t.Errorf("%d words: %v", words, err)
			}
		}
		if _, damages := walk(t, s); len(damages) > 0 {
			t.Errorf("%d words: %v", words, damages)
		}
		contents(t, dir)
	}
}

func TestABodyThatDoesNotFitErasesThePage(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 3)
	kept, err := s.Rewrite(locators[1], []byte(strings.Repeat("0123456789abcdef"+string(htmlOf(100)), 5000)))
	if err != nil || kept {
		t.Fatalf("kept %v, %v", kept, err)
	}
	unkept(t, s, locators[1])
	for _, l := range []string{locators[0], locators[2]} {
		if _, err := s.Get(l); err != nil {
			t.Error(err)
		}
	}
	contents(t, dir)
	if _, err := s.Rewrite(locators[1], nil); err == nil {
		t.Error("an erased page is rewritten")
	}
	if _, err := s.Rewrite("nonsense", nil); err == nil {
		t.Error("a wrong locator is taken")
	}
}
