package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"klank/mention"
)

const helloDigest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func testPage() *mention.Page {
	return &mention.Page{
		URL:          "https://shop.example/p/1?page=2",
		Source:       mention.Source{Name: "shop", Type: "site", Host: "shop.example"},
		Status:       200,
		ContentType:  "text/html; charset=iso-8859-1",
		Body:         []byte("hello"),
		Link:         []string{`<https://shop.example/p/1?page=3>; rel="next"`, `</feed>; rel=alternate`},
		Language:     "nl",
		ETag:         `W/"abc"`,
		LastModified: "Mon, 02 Mar 2026 10:00:00 GMT",
		Fetched:      time.Date(2026, 3, 2, 10, 0, 1, 123456789, time.UTC),
		SHA256:       helloDigest,
		Directives:   mention.Directives{NoIndex: true, NoFollow: true, TDMReserved: true},
		Origin:       &mention.Origin{Page: "https://shop.example/p/1", Item: &mention.ItemRef{Name: "Kettle é", SKU: "k-1"}},
	}
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// records reads a file as any WARC tool does: member after member.
func records(t *testing.T, path string) (kinds []string, err error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := bufio.NewReader(bytes.NewReader(data))
	for {
		if _, err := b.Peek(1); err == io.EOF {
			return kinds, nil
		}
		z, err := gzip.NewReader(b)
		if err != nil {
			return kinds, err
		}
		z.Multistream(false)
		r, err := readRecord(z)
		if err != nil {
			return kinds, err
		}
		kinds = append(kinds, r.kind)
	}
}

func warcFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.warc.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPageComesBackWhole(t *testing.T) {
	for name, change := range map[string]func(*mention.Page){
		"full": func(*mention.Page) {},
		"empty": func(p *mention.Page) {
			*p = mention.Page{URL: p.URL, Status: 200, SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
		},
		"nofollow": func(p *mention.Page) { p.Directives = mention.Directives{NoFollow: true} },
		"binary":   func(p *mention.Page) { p.Body, p.SHA256 = []byte("\r\n\r\n\x00\xff"), "" },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir)
			want := testPage()
			change(want)
			loc, err := s.Put(t.Context(), want)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Has(loc) {
				t.Errorf("Has(%s) = false", loc)
			}
			got, err := openStore(t, dir).Get(loc) // as another process would
			if err != nil {
				t.Fatal(err)
			}
			want.Snapshot = loc
			if want.SHA256 == "" {
				want.SHA256 = got.SHA256
			}
			if want.Body == nil {
				want.Body = []byte{}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFileReadsAsWARC(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	for range 3 {
		if _, err := s.Put(t.Context(), testPage()); err != nil {
			t.Fatal(err)
		}
	}
	names := warcFiles(t, dir)
	if len(names) != 1 {
		t.Fatalf("files: %v", names)
	}
	kinds, err := records(t, names[0])
	if err != nil || strings.Join(kinds, " ") != "warcinfo response response response" {
		t.Errorf("records %v, error %v", kinds, err)
	}
}

func TestHeaderValueCannotForgeAField(t *testing.T) {
	s := openStore(t, t.TempDir())
	p := testPage()
	p.Language = "nl\r\nETag: forged"
	p.ETag = ""
	p.URL = "https://shop.example/\r\nWARC-Type: warcinfo"
	loc, err := s.Put(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(loc)
	if err != nil {
		t.Fatal(err)
	}
	if got.ETag != "" || !strings.Contains(got.Language, "forged") {
		t.Errorf("ETag %q, Language %q", got.ETag, got.Language)
	}
}

func TestRotatesBySizeAndKeepsEveryRecord(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	s.maxFile = 2000
	var pages []*mention.Page
	for i := range 30 {
		p := testPage()
		p.URL = fmt.Sprintf("https://shop.example/p/%d", i)
		pages = append(pages, p)
	}
	locs, err := s.PutAll(t.Context(), pages)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(warcFiles(t, dir)); n < 3 {
		t.Errorf("%d files, want several", n)
	}
	for i, loc := range locs {
		got, err := s.Get(loc)
		if err != nil {
			t.Fatal(err)
		}
		if got.URL != pages[i].URL {
			t.Errorf("%s holds %s, want %s", loc, got.URL, pages[i].URL)
		}
	}
}

func TestConcurrentPutsAreAllReadable(t *testing.T) {
	dir := t.TempDir()
	stores := []*Store{openStore(t, dir), openStore(t, dir)} // like two processes
	var mu sync.Mutex
	where := map[string]string{}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				p := testPage()
				p.URL = fmt.Sprintf("https://shop.example/%d/%d", w, i)
				loc, err := stores[w%2].Put(context.Background(), p)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				where[loc] = p.URL
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(where) != 160 {
		t.Fatalf("%d locators, want 160", len(where))
	}
	if n := len(warcFiles(t, dir)); n != 2 {
		t.Errorf("%d files, want one a store", n)
	}
	for loc, url := range where {
		got, err := stores[0].Get(loc)
		if err != nil || got.URL != url {
			t.Fatalf("%s: %v, want %s", loc, err, url)
		}
	}
}

// A kill can leave the end of the last record out, at any byte.
func TestTornEndHarmsNothingBeforeIt(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	first, err := s.Put(t.Context(), testPage())
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Put(t.Context(), testPage())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, offset, _ := split(second)
	name := warcFiles(t, dir)[0]
	info, _ := os.Stat(name)
	for size := info.Size() - 1; size >= offset; size-- {
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
		again := openStore(t, dir)
		if _, err := again.Get(first); err != nil {
			t.Fatalf("cut at %d: first record: %v", size, err)
		}
		if p, err := again.Get(second); err == nil {
			t.Fatalf("cut at %d: the torn record was read: %v", size, p)
		}
	}
	again := openStore(t, dir)
	third, err := again.Put(t.Context(), testPage())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Get(third); err != nil || strings.HasPrefix(third, filepath.Base(name)) {
		t.Errorf("after the tear: %s, %v", third, err)
	}
}

func TestDamageIsAnErrorNotAPage(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	p := testPage()
	p.SHA256 = strings.Repeat("0", 64) // not the digest of the body
	loc, err := s.Put(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(loc); err == nil || !strings.Contains(err.Error(), "digest") {
		t.Errorf("wrong digest: %v", err)
	}
	name, _, _ := split(loc)
	if _, err := s.Get(name + ":0"); err == nil || !strings.Contains(err.Error(), "warcinfo") {
		t.Errorf("warcinfo: %v", err)
	}
	if _, err := s.Get(name + ":5"); err == nil {
		t.Error("an offset within a record was read")
	}
}

func TestLocatorsAreChecked(t *testing.T) {
	s := openStore(t, t.TempDir())
	for _, loc := range []string{"", ":", "x.warc.gz", "x.warc.gz:", "x.warc.gz:-1", "../x.warc.gz:0", "/etc/x.warc.gz:0", "x:0", "x.warc.gz:1e3"} {
		if _, err := s.Get(loc); !errors.Is(err, ErrLocator) {
			t.Errorf("Get(%q): %v", loc, err)
		}
		if s.Has(loc) {
			t.Errorf("Has(%q)", loc)
		}
	}
	if _, err := s.Get("gone.warc.gz:0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if s.Has("gone.warc.gz:0") {
		t.Error("Has a missing file")
	}
}

func TestUnusableFolderSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(path, "sub")); err == nil || !strings.Contains(err.Error(), "cannot make the folder") {
		t.Errorf("Open below a file: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "gone")
	s := openStore(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), testPage()); err == nil || !strings.Contains(err.Error(), "snapshot: write klank-") {
		t.Errorf("Put into a removed folder: %v", err)
	}
}

func TestFailedWriteLeavesAWholeFileAndTheStoreGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	first, err := s.Put(t.Context(), testPage())
	if err != nil {
		t.Fatal(err)
	}
	s.file.f.Close() // the next write fails, as on a broken disk
	if _, err := s.Put(t.Context(), testPage()); err == nil {
		t.Fatal("Put succeeded on a closed file")
	}
	if _, err := s.Put(t.Context(), testPage()); err != nil {
		t.Errorf("the store does not go on: %v", err)
	}
	if _, err := s.Get(first); err != nil {
		t.Error(err)
	}
	for _, name := range warcFiles(t, dir) {
		if _, err := records(t, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFullDiskAndReadOnlyFolderSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{{syscall.ENOSPC, "free some space"}, {syscall.EROFS, "must be writable"}, {fs.ErrPermission, "must be writable"}} {
		err := writeError("x.warc.gz", &fs.PathError{Op: "write", Path: "x.warc.gz", Err: test.err})
		if !strings.Contains(err.Error(), test.want) || !errors.Is(err, test.err) {
			t.Error(err)
		}
	}
}

func TestPutStopsWithItsContext(t *testing.T) {
	s := openStore(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, testPage()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzReadPage(f *testing.F) {
	dir := f.TempDir()
	s := openStore(f, dir)
	if _, err := s.Put(context.Background(), testPage()); err != nil {
		f.Fatal(err)
	}
	e := encoders.Get().(*encoder)
	whole, err := e.response(testPage())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(whole), true)
	z, _ := gzip.NewReader(bytes.NewReader(whole))
	plain, _ := io.ReadAll(z)
	f.Add(plain, false)
	f.Add([]byte("WARC/1.1\r\nContent-Length: 9999999999\r\n\r\n"), false)
	f.Add([]byte("WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 4\r\n\r\nHTTP\r\n\r\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, zipped bool) {
		if zipped {
			_, _ = readPage(bytes.NewReader(data))
			return
		}
		rec, err := readRecord(bytes.NewReader(data))
		if err != nil {
			return
		}
		_, _ = rec.page()
	})
}

// BenchmarkPut74KB tells the CPU of saving a page of the usual size, without
// the wait for the disk; the target is at most half a millisecond.
func BenchmarkEncode74KB(b *testing.B) {
	p := testPage()
	p.Body, p.SHA256 = htmlOf(74<<10), ""
	p.SHA256 = strings.Repeat("0", 64) // the fetcher has computed it
	e := encoders.Get().(*encoder)
	b.SetBytes(int64(len(p.Body)))
	var size int
	for b.Loop() {
		out, err := e.response(p)
		if err != nil {
			b.Fatal(err)
		}
		size = len(out)
	}
	b.ReportMetric(float64(size), "bytes/record")
}

func BenchmarkPut74KB(b *testing.B) {
	s := openStore(b, b.TempDir())
	p := testPage()
	p.Body, p.SHA256 = htmlOf(74<<10), strings.Repeat("0", 64)
	for b.Loop() {
		if _, err := s.Put(context.Background(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// htmlOf makes markup with about the redundancy of a shop's page.
func htmlOf(size int) []byte {
	words := strings.Fields("goed product snelle levering battery lasts long but screen scratches easily klantenservice reageert niet after two weeks returned it helaas tevreden aanrader price quality fine never again")
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "<div class=\"review review--%d\" data-id=\"%08x\"><span class=\"review__author\">%s</span><p class=\"review__text\">", i%5, r.Uint32(), words[r.IntN(len(words))])
		for range 40 {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		b.WriteString("</p></div>\n")
	}
	return b.Bytes()[:size]
}
