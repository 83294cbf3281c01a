package document

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"klank/mention"
)

func open(contentType, body string) *Document {
	d, _ := Open(&mention.Page{URL: "https://www.example.com/a/b?c=1", ContentType: contentType, Body: []byte(body)})
	return d
}

func TestEveryCharsetBecomesUTF8(t *testing.T) {
	const want = "café €"
	for name, c := range map[string]struct{ contentType, body string }{
		"plain UTF-8":           {"text/html", "<p>café €"},
		"byte order mark":       {"text/html; charset=iso-8859-1", "\xef\xbb\xbf<p>café €"},
		"UTF-16":                {"text/html", "\xff\xfe<\x00p\x00>\x00c\x00a\x00f\x00\xe9\x00 \x00\xac\x20"},
		"header":                {"text/html; charset=windows-1252", "<p>caf\xe9 \x80"},
		"header, latin1":        {"text/html; charset=ISO-8859-1", "<p>caf\xe9 \x80"},
		"header wins over meta": {"text/html; charset=windows-1252", "<meta charset=utf-8><p>caf\xe9 \x80"},
		"meta":                  {"text/html", "<meta charset=windows-1252><p>caf\xe9 \x80"},
		"meta http-equiv":       {"", `<html><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15"><p>caf` + "\xe9 \xa4"},
		"wrongly declared":      {"text/html; charset=iso-8859-1", "<p>café €"},
		"undeclared":            {"text/html", "<p>caf\xe9 \x80"},
		"xml":                   {"application/xml", `<?xml version="1.0" encoding="iso-8859-15"?><p>caf` + "\xe9 \xa4</p>"},
	} {
		if got := string(open(c.contentType, c.body).Body); !strings.Contains(got, want) || !utf8.ValidString(got) {
			t.Errorf("%s: body is %q", name, got)
		}
	}
	d, problems := Open(&mention.Page{Body: []byte("<p>café €, ok\xff, ok")})
	if len(problems) != 1 || !utf8.Valid(d.Body) || !bytes.Contains(d.Body, []byte("café €")) {
		t.Errorf("a single broken byte: %q, %v", d.Body, problems)
	}
}

func TestTheMediaTypeIsSniffedWhereTheHeaderSaysNothing(t *testing.T) {
	for _, c := range []struct{ contentType, body, want string }{
		{"TEXT/HTML; charset=utf-8", "<p>", "text/html"},
		{"", "<!DOCTYPE html>", "text/html"},
		{"", " \n<div>", "text/html"},
		{"", `{"a":1}`, "application/json"},
		{"text/plain", `[1]`, "application/json"},
		{"text/html", `{"a":1}`, "application/json"},
		{"", `<?xml version="1.0"?><rss>`, "application/xml"},
		{"text/html", `<?xml version="1.0"?><feed>`, "application/xml"},
		{"", `<?xml version="1.0"?><!DOCTYPE html><html>`, "text/html"},
		{"application/rss+xml", "<rss>", "application/rss+xml"},
		{"", "hello", "text/plain"},
		{"", "", "text/plain"},
	} {
		if got := open(c.contentType, c.body).MediaType; got != c.want {
			t.Errorf("%q %q: %s, want %s", c.contentType, c.body, got, c.want)
		}
	}
	for mt, want := range map[string]string{"text/html": "html", "application/xhtml+xml": "html", "application/ld+json": "json", "text/xml": "xml", "application/atom+xml": "xml", "text/plain": ""} {
		d := &Document{MediaType: mt}
		got := ""
		switch {
		case d.IsHTML() && !d.IsXML():
			got = "html"
		case d.IsJSON():
			got = "json"
		case d.IsXML():
			got = "xml"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", mt, got, want)
		}
	}
}

func TestReferencesResolveAgainstTheBase(t *testing.T) {
	d := open("text/html", "<html><head><!-- --><BASE target=x><base href='/winkel/'></head><body><base href='/no/'>")
	for ref, want := range map[string]string{
		"x": "https://www.example.com/winkel/x", "/y#z": "https://www.example.com/y", "//other.example": "https://other.example/",
		"": "", " ": "", "mailto:a@b": "", "javascript:1": "", "http://[": "",
	} {
		if got := d.Abs(ref); got != want {
			t.Errorf("Abs(%q) = %q, want %q", ref, got, want)
		}
	}
	if got := d.Ref("/y#z"); got != "https://www.example.com/y#z" {
		t.Errorf("Ref keeps no fragment: %q", got)
	}
	if got := open("text/html", "").Ref("#r1"); got != "https://www.example.com/a/b?c=1#r1" {
		t.Errorf("Ref of a fragment: %q", got)
	}
}

func FuzzAbs(f *testing.F) {
	for _, s := range []string{"/a/b", "/a/./b", "/a/..", "//x", "/a#b", "/.a", "https://www.example.com/x_y", "/a;b", "/a b", "/A%20b", "/a?utm_source=x&y=1", "/;jsessionid=1"} {
		f.Add(s)
	}
	d := open("text/html", "")
	f.Fuzz(func(t *testing.T, ref string) {
		got, ok := d.plain(ref)
		ref, _, _ = strings.Cut(ref, "#") // a broken fragment is no reason to lose a link
		if want, err := mention.CanonicalURL(d.URL, ref); ok && (err != nil || got != want) {
			t.Errorf("%q is %q, want %q (%v)", ref, got, want, err)
		}
	})
}

func TestTheLanguageIsTheElementsElseTheHeaders(t *testing.T) {
	for body, want := range map[string]string{`<!doctype html><HTML class=x LANG="nl_nl">`: "nl-NL", `<html xml:lang=de>`: "de", `<html lang="">`: "fr", `<p lang=it>`: "fr"} {
		d, _ := Open(&mention.Page{ContentType: "text/html", Body: []byte(body), Language: "fr, en"})
		if d.Language != want {
			t.Errorf("%s: language %q, want %q", body, d.Language, want)
		}
	}
}

func TestTheOutlineSkipsCommentsAndScripts(t *testing.T) {
	o := open("text/html", `<title>A &amp; B</title><!-- <a href=no> <script type="application/ld+json">1</script> -->
<script>var a = '<a href="no">'</script><script type="Application/LD+JSON; charset=utf-8">{"a":"<b>"}</script>
<nav><a href="/x" rel="NEXT" title="T">one <b>two</b></a></nav><li><a name=no>anchor</a><a href="/y" aria-label="L">y</a>`).Outline()
	if o.Title != "A & B" || len(o.LD) != 1 || o.LD[0] != `{"a":"<b>"}` || len(o.Anchors) != 2 {
		t.Fatalf("outline is %+v", o)
	}
	if a := o.Anchors[0]; a != (Anchor{Element: "a", Href: "/x", Rel: "next", Label: "T", Text: "one two", Nav: true}) {
		t.Errorf("first anchor is %+v", a)
	}
	if a := o.Anchors[1]; a != (Anchor{Element: "a", Href: "/y", Label: "L", Text: "y", List: true}) {
		t.Errorf("second anchor is %+v", a)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add("text/html; charset=utf-8", "<html lang=nl><base href=/x><a href=y>z</a>")
	f.Add("", "\xff\xfe<\x00")
	f.Add("text/xml", `<?xml version="1.0" encoding="iso-2022-jp"?>`)
	f.Add("text/html", "<meta charset=shift_jis>\x83\x5c")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		d, _ := Open(&mention.Page{URL: "https://www.example.com/", ContentType: contentType, Body: []byte(body)})
		if !utf8.Valid(d.Body) {
			t.Errorf("body is not UTF-8: %q", d.Body)
		}
		d.Outline()
		d.Abs(body)
		if d.IsHTML() {
			d.Root()
		}
	})
}
