package document

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"klank/parsers/markup"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// decode returns body as valid UTF-8. Order: byte order mark, Content-Type,
// XML declaration, meta; but bytes that are valid UTF-8 are taken as such
// whatever is declared, since text in another charset practically never is
// (stateful 7-bit encodings excepted).
func decode(body []byte, contentType string) ([]byte, string) {
	if rest, ok := bytes.CutPrefix(body, utf8BOM); ok {
		return valid(rest)
	}
	if e := bomEncoding(body); e != nil {
		return convert(body, e)
	}
	name := declared(body, contentType)
	if utf8.Valid(body) && !strings.HasPrefix(name, "iso-2022") && !strings.HasPrefix(name, "utf-16") {
		return body, ""
	}
	if name == "" || name == "utf-8" {
		if looksUTF8(body) {
			return valid(body)
		}
		name = "windows-1252"
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		out, _ := valid(body)
		return out, "unknown charset " + name + ": read as UTF-8"
	}
	return convert(body, e)
}

func bomEncoding(body []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(body, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(body, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	}
	return nil
}

func convert(body []byte, e encoding.Encoding) ([]byte, string) {
	out, err := e.NewDecoder().Bytes(body)
	if err != nil {
		v, _ := valid(body)
		return v, "undecodable body: read as UTF-8"
	}
	return valid(out)
}

func valid(body []byte) ([]byte, string) {
	if utf8.Valid(body) {
		return body, ""
	}
	return bytes.ToValidUTF8(body, []byte("\uFFFD")), "invalid UTF-8 replaced"
}

// declared returns the canonical name of the charset that the header, the
// XML declaration or a meta element names; "" for none.
func declared(body []byte, contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		if _, name := charset.Lookup(params["charset"]); name != "" {
			return name
		}
	}
	head := body[:min(len(body), 1024)]
	if label := xmlEncoding(head); label != "" {
		if _, name := charset.Lookup(label); name != "" {
			return name
		}
	}
	// Without a content type DetermineEncoding prescans for meta; what it
	// guesses without finding one (certain false, windows-1252) counts as
	// undeclared here.
	_, name, certain := charset.DetermineEncoding(head, "")
	if !certain && (name == "windows-1252" || name == "utf-8") && !bytes.Contains(bytes.ToLower(head), []byte("charset")) {
		return ""
	}
	return name
}

// xmlEncoding returns the encoding label of an XML declaration.
func xmlEncoding(head []byte) string {
	head = bytes.TrimLeft(head, " \t\r\n")
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(head, []byte("?>"))
	if end < 0 {
		return ""
	}
	_, rest, ok := bytes.Cut(head[:end], []byte("encoding"))
	if !ok {
		return ""
	}
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if len(rest) < 2 || (rest[0] != '"' && rest[0] != '\'') {
		return ""
	}
	label, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(label)
}

// looksUTF8 tells whether most non-ASCII bytes form valid UTF-8: a UTF-8 page
// with a few broken bytes rather than one in another charset.
func looksUTF8(body []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(body); {
		if body[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && n <= 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good > bad
}

// mediaType returns the page's type: the header's, unless it is missing, says
// nothing, or contradicts what the body plainly is.
func mediaType(contentType string, body []byte) string {
	mt, _, _ := strings.Cut(contentType, ";")
	mt = strings.ToLower(strings.TrimSpace(mt))
	switch mt {
	case "", "text/plain", "application/octet-stream", "application/x-gzip", "application/gzip", "binary/octet-stream":
		return sniff(body)
	case "text/html":
		if s := sniff(body); s == "application/json" || s == "application/xml" {
			return s
		}
	}
	return mt
}

func sniff(body []byte) string {
	b := bytes.TrimLeft(body, " \t\r\n\f")
	if len(b) == 0 {
		return "text/plain"
	}
	head := bytes.ToLower(b[:min(len(b), 1024)])
	switch {
	case b[0] == '{' || b[0] == '[':
		return "application/json"
	case bytes.HasPrefix(head, []byte("<?xml")):
		if bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<!doctype html")) {
			return "text/html"
		}
		return "application/xml"
	case bytes.HasPrefix(head, []byte("<rss")), bytes.HasPrefix(head, []byte("<feed")), bytes.HasPrefix(head, []byte("<rdf:rdf")):
		return "application/xml"
	case b[0] == '<' || bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<div")) || bytes.Contains(head, []byte("<p>")):
		return "text/html"
	}
	return "text/plain"
}

// htmlLanguage returns the lang attribute of the html element.
func htmlLanguage(page string) string {
	tag := openTag(page[:min(len(page), 16<<10)], "<html")
	if lang := attr(tag, "lang"); lang != "" {
		return LanguageTag(lang)
	}
	return LanguageTag(attr(tag, "xml:lang"))
}

// baseHref returns the href of the first base element before the body.
func baseHref(page string) string {
	head, _, _ := strings.Cut(page, "<body")
	for range 3 { // a base with only a target may come first
		i := strings.Index(head, "<base")
		if i < 0 {
			if i = strings.Index(head, "<BASE"); i < 0 {
				return ""
			}
		}
		if href := attr(openTag(head[i:], "<base"), "href"); href != "" {
			return href
		}
		head = head[i+5:]
	}
	return ""
}

// openTag returns the first start tag that begins with name (lower case,
// with its "<"), from "<" to ">" or a few kilobytes.
func openTag(s string, name string) string {
	for i := 0; i < len(s); {
		j := strings.IndexByte(s[i:], '<')
		if j < 0 {
			return ""
		}
		i += j
		if len(s)-i > len(name) && strings.EqualFold(s[i:i+len(name)], name) && strings.IndexByte(" \t\r\n/>", s[i+len(name)]) >= 0 {
			return s[i:min(len(s), i+4096)]
		}
		i++
	}
	return ""
}

// attr returns an attribute of the start tag at the beginning of s, as a copy:
// it outlives the page.
func attr(s string, name string) string {
	if s == "" {
		return ""
	}
	z := markup.NewScanner(s)
	if kind := z.Next(); kind != html.StartTagToken && kind != html.SelfClosingTagToken {
		return ""
	}
	for i := range z.Attributes() {
		if z.Key(i) == name {
			_, v := z.Attribute(i)
			return strings.Clone(strings.TrimSpace(v))
		}
	}
	return ""
}

// LanguageTag tidies a language hint: the first of a list, "nl_NL" as
// "nl-NL"; "" for what is no tag.
func LanguageTag(s string) string {
	s, _, _ = strings.Cut(s, ",")
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	parts := strings.Split(s, "-")
	if n := len(parts[0]); n < 2 || n > 3 {
		return ""
	}
	for i, p := range parts {
		for _, c := range p {
			if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') {
				return ""
			}
		}
		parts[i] = strings.ToLower(p)
		if i > 0 && len(p) == 2 {
			parts[i] = strings.ToUpper(p)
		}
	}
	if len(s) > 35 || parts[0] == "und" {
		return ""
	}
	return strings.Join(parts, "-")
}
