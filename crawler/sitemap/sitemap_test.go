package sitemap

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// read returns the entries as "URL" or "URL TIME".
func read(r io.Reader) (Kind, []string, error) {
	var got []string
	sitemaps := 0
	kind, err := Read(r, func(e Entry) error {
		s := e.URL
		if e.Sitemap {
			sitemaps++
		}
		if !e.LastMod.IsZero() {
			s += " " + e.LastMod.Format(time.RFC3339)
		}
		if e.Within > 0 {
			s += within[e.Within]
		}
		got = append(got, s)
		return nil
	})
	if err == nil && kind == Index && sitemaps != len(got) || kind != Index && sitemaps > 0 {
		err = fmt.Errorf("%d sitemaps among %d entries", sitemaps, len(got))
	}
	return kind, got, err
}

var within = map[time.Duration]string{36 * time.Hour: " a day", 31*24*time.Hour + 12*time.Hour: " a month", forever: " or later"}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	w.Close()
	return b.String()
}

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

const two = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://shop.example/a?x=1&amp;y=2 </loc><lastmod>2026-03-01</lastmod></url>
<url><lastmod>2026-03-01T10:00:00+01:00</lastmod><loc>https://shop.example/b</loc><priority>0.5</priority></url></urlset>`

var twoEntries = []string{"https://shop.example/a?x=1&y=2 2026-03-01T00:00:00Z a day", "https://shop.example/b 2026-03-01T10:00:00+01:00"}

func TestReadsWhatSitesCallASitemap(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		kind Kind
		want []string
	}{
		"urlset":         {two, URLSet, twoEntries},
		"gzip":           {gzipped(two), URLSet, twoEntries},
		"byte order":     {"\ufeff\n" + two, URLSet, twoEntries},
		"UTF-16":         {utf16le(two), URLSet, twoEntries},
		"no namespace":   {"<urlset><url><loc>https://a.example/</loc></url></urlset>", URLSet, []string{"https://a.example/"}},
		"prefix":         {`<S:URLSET xmlns:S="x"><S:Url><S:Loc>https://a.example/</S:Loc></S:Url></S:URLSET>`, URLSet, []string{"https://a.example/"}},
		"empty":          {"<urlset/>", URLSet, nil},
		"CDATA":          {"<urlset><url><loc><![CDATA[https://a.example/?a=1&b=[2]&amp;]]></loc></url></urlset>", URLSet, []string{"https://a.example/?a=1&b=[2]&amp;"}},
		"bare ampersand": {"<urlset><url><loc>https://a.example/?a=1&copy=2&#38;c=&#x33;&#0;</loc></url></urlset>", URLSet, []string{"https://a.example/?a=1&copy=2&c=3&#0;"}},
		"comments":       {"<!-- a -- <urlset> ---><urlset><url><!-- <loc>x</loc> --><loc>https://a.example/<!-- b -->c</loc></url></urlset>", URLSet, []string{"https://a.example/c"}},
		"extensions": {`<urlset><url><image:image><image:loc>https://a.example/1.jpg</image:loc></image:image><loc>https://a.example/</loc>
			<xhtml:link rel="alternate" href="https://a.example/de"/><mobile:mobile/><news:news><news:publication_date>2020-01-01</news:publication_date></news:news></url></urlset>`,
			URLSet, []string{"https://a.example/"}},
		"left open": {"<urlset><url><loc>https://a.example/1</loc><url><loc>https://a.example/2</url></urlset>", URLSet, []string{"https://a.example/1", "https://a.example/2"}},
		"no location": {"<urlset><url><lastmod>2026</lastmod></url><url><loc/></url><url><loc>https://a.example/</loc><lastmod>soon</lastmod></url></urlset>",
			URLSet, []string{"https://a.example/"}},
		"index": {"<sitemapindex><sitemap><loc>https://a.example/1.xml.gz</loc><lastmod>2026-03</lastmod></sitemap><sitemap> https://a.example/2.xml </sitemap></sitemapindex>",
			Index, []string{"https://a.example/1.xml.gz 2026-03-01T00:00:00Z a month", "https://a.example/2.xml"}},
		"text": {"\ufeff\r\nhttps://a.example/1\r\n\r\nno URL\r\n HTTP://a.example/2", Text, []string{"https://a.example/1", "HTTP://a.example/2"}},
		"RSS": {`<rss version="2.0"><channel><link>https://a.example/</link><item><title>&lt;a></title><link>https://a.example/1</link><pubDate>Sun, 01 Mar 2026 10:00:00 +0000</pubDate></item></channel></rss>`,
			Feed, []string{"https://a.example/1 2026-03-01T10:00:00Z or later"}},
		"Atom": {`<feed><link href="https://a.example/"/><entry><link rel="edit" href="https://a.example/e"/><link title='a "> b' rel='alternate' href='https://a.example/1'/><updated>2026-03-01T10:00:00Z</updated></entry></feed>`,
			Feed, []string{"https://a.example/1 2026-03-01T10:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			kind, got, err := read(strings.NewReader(c.in))
			if err != nil || kind != c.kind || !slices.Equal(got, c.want) {
				t.Errorf("got %s %q, %v; want %s %q", kind, got, err, c.kind, c.want)
			}
		})
	}
}

func TestWhatIsNoSitemapIsAnError(t *testing.T) {
	for name, in := range map[string]string{
		"nothing": "", "space": " \n", "form feed": "\f", "page": "<!DOCTYPE html><html><body><url><loc>https://a.example/</loc></url></body></html>",
		"words": "Not found\nhttps://a.example/", "JSON": `{"urls":["https://a.example/"]}`, "only a comment": "<!-- urlset -->", "binary": "\x00\x01\x02",
		"a long line": strings.Repeat("x", 1<<17),
	} {
		if kind, got, err := read(strings.NewReader(in)); err != ErrNotSitemap || kind != "" || got != nil {
			t.Errorf("%s: got %s %q, %v", name, kind, got, err)
		}
	}
}

func TestDamageComesAfterTheEntriesBeforeIt(t *testing.T) {
	long := gzipped(two)
	for name, in := range map[string]string{
		"cut":         two[:len(two)-20],
		"cut gzip":    long[:len(long)-4],
		"deep":        strings.Replace(two, "</urlset>", strings.Repeat("<a>", maxDepth)+"</urlset>", 1),
		"a vast tag":  strings.Replace(two, "</urlset>", "<a "+strings.Repeat("x", maxTag)+"></urlset>", 1),
		"cut comment": strings.Replace(two, "</urlset>", "<!-- ", 1),
	} {
		kind, got, err := read(strings.NewReader(in))
		if err == nil || kind != URLSet || len(got) == 0 || got[0] != twoEntries[0] {
			t.Errorf("%s: got %s %q, %v", name, kind, got, err)
		}
	}
}

func TestErrorOfTheCallerEndsIt(t *testing.T) {
	stop := errors.New("enough")
	for _, in := range []string{two, "https://a.example/1\nhttps://a.example/2"} {
		n := 0
		if _, err := Read(strings.NewReader(in), func(Entry) error { n++; return stop }); err != stop || n != 1 {
			t.Errorf("%d entries, %v", n, err)
		}
	}
}

func TestEntityBombsAndVastElementsAreHarmless(t *testing.T) {
	bomb := `<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa>"><!ENTITY b "&a;&a;&a;&a;">
		<!ENTITY x SYSTEM "file:///etc/passwd">]>` +
		"<urlset><url><loc>https://a.example/&b;&x;</loc></url><url><loc>https://a.example/" + strings.Repeat("x", 1<<20) + "</loc></url></urlset>"
	kind, got, err := read(strings.NewReader(bomb))
	if err != nil || kind != URLSet || !slices.Equal(got, []string{"https://a.example/&b;&x;"}) {
		t.Errorf("got %s %.200q, %v", kind, got, err)
	}
}

// generated is a sitemap of n URLs that is never in memory as a whole.
type generated struct {
	n, i int
	rest []byte
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.rest) < len(p) && g.i <= g.n {
		switch g.i {
		case 0:
			g.rest = append(g.rest, "<urlset>\n"...)
		default:
			g.rest = fmt.Appendf(g.rest, "<url><loc>https://shop.example/p/%d?a=1&amp;b=2</loc><lastmod>2026-03-01</lastmod></url>\n", g.i)
		}
		if g.i++; g.i > g.n {
			g.rest = append(g.rest, "</urlset>"...)
		}
	}
	n := copy(p, g.rest)
	g.rest = append(g.rest[:0], g.rest[n:]...)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestTwoMillionLinksTakeConstantMemory(t *testing.T) {
	n := 2_000_000
	if testing.Short() {
		n = 100_000
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	count, most := 0, uint64(0)
	if _, err := Read(&generated{n: n}, func(Entry) error {
		if count++; count%(n/10) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
		return nil
	}); err != nil || count != n {
		t.Fatalf("%d entries, %v", count, err)
	}
	if most > before.HeapAlloc+1<<20 {
		t.Errorf("the heap grew by %d KiB", (most-before.HeapAlloc)>>10)
	}
}

func TestSharedCases(t *testing.T) {
	root := "../../../shared/pages/sitemaps"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared sitemaps are not here: ", err)
	}
	files, err := filepath.Glob(root + "/*/*")
	for _, pattern := range []string{"/*/*/*", "/*/*/*/*"} {
		more, e := filepath.Glob(root + pattern)
		files, err = append(files, more...), errors.Join(err, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		kind, got, err := read(f)
		f.Close()
		t.Log(strings.TrimPrefix(name, root), kind, len(got), err)
		if err != nil || (len(got) == 0 && !strings.Contains(name, "no_urls")) {
			t.Errorf("%s: %s, %d entries, %v", name, kind, len(got), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{two, gzipped(two), utf16le(two), "https://a.example/\nx", "<!DOCTYPE a [<!ENTITY b 'c'>]><feed><entry><link href=a rel='alternate'/><![CDATA[]]]></entry></feed>",
		"<sitemapindex><sitemap>https://a.example/</sitemap></sitemapindex>", "<rss><item><link>&#x41;&amp;</link><pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate><item>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		kind, err := Read(bytes.NewReader(in), func(e Entry) error {
			if e.URL == "" || len(e.URL) > 4*maxLocation {
				t.Fatalf("an entry of %d bytes", len(e.URL))
			}
			return nil
		})
		if kind == "" && err == nil {
			t.Fatal("no kind and no error")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := Read(&generated{n: 10_000}, func(Entry) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/link")
}
