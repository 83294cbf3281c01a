package feed

import (
	"bytes"
	"strings"

	"klank/parsers/document"
)

// detectWindow is how much of a body is searched for what tells a feed: real
// feeds say it at once.
const detectWindow = 16 << 10

// Detect tells whether the page is an RSS, Atom, RDF or JSON feed, by content
// rather than by type: feeds are served as anything.
func Detect(d *document.Document) bool {
	if b := firstByte(d.Body); b == '{' {
		return isJSONFeed(d.Body)
	}
	start, name := rootTag(d.Body)
	if start < 0 {
		return false
	}
	local := name[strings.IndexByte(name, ':')+1:]
	head := d.Body[start:min(len(d.Body), start+detectWindow)]
	switch strings.ToLower(local) {
	case "rss":
		return true
	case "rdf":
		return bytes.Contains(head, []byte("/rss/")) || bytes.Contains(head, []byte("/rdf/simple/")) || bytes.Contains(head, []byte("<item"))
	case "feed":
		return bytes.Contains(bytes.ToLower(head), []byte("atom")) || bytes.Contains(head, []byte("<entry"))
	}
	return false
}

func firstByte(b []byte) byte {
	if b = bytes.TrimLeft(b, " \t\r\n\ufeff"); len(b) > 0 {
		return b[0]
	}
	return 0
}

func isJSONFeed(body []byte) bool {
	head := body[:min(len(body), detectWindow)]
	return bytes.Contains(head, []byte("jsonfeed.org/version/")) || bytes.Contains(head, []byte(`jsonfeed.org\/version\/`))
}

// rootTag returns where the root element of an XML document starts and its
// name, past declaration, comments and document type; -1 where there is none.
func rootTag(b []byte) (int, string) {
	i := 0
	for i < len(b) {
		rest := b[i:]
		switch {
		case rest[0] != '<':
			if !bytes.ContainsAny(rest[:1], " \t\r\n\x00") && !bytes.HasPrefix(rest, []byte("\ufeff")) && rest[0] < 0x80 {
				return -1, ""
			}
			i++
		case bytes.HasPrefix(rest, []byte("<?")):
			i += past(rest, "?>")
		case bytes.HasPrefix(rest, []byte("<!--")):
			i += past(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<!")):
			i += pastDoctype(rest)
		default:
			name := rest[1:]
			if end := bytes.IndexAny(name[:min(len(name), 200)], " \t\r\n/>"); end > 0 {
				return i, string(name[:end])
			}
			return -1, ""
		}
	}
	return -1, ""
}

// past returns the length of b up to and with end, or all of it.
func past(b []byte, end string) int {
	if i := bytes.Index(b, []byte(end)); i >= 0 {
		return i + len(end)
	}
	return len(b)
}

// pastDoctype skips a document type with its internal subset.
func pastDoctype(b []byte) int {
	if end := bytes.IndexByte(b, '>'); end >= 0 && bytes.IndexByte(b[:end], '[') < 0 {
		return end + 1
	}
	if end := bytes.Index(b, []byte("]>")); end >= 0 {
		return end + 2
	}
	return past(b, ">")
}

// maxDepth bounds the nesting of elements: the feed library recurses, and no
// feed is deeper than some tens.
const maxDepth = 2000

// tooDeep tells whether an XML body nests deeper than maxDepth. It only
// counts tags, so that it is cheap; in malformed markup it may count a level
// too many.
func tooDeep(b []byte) bool {
	depth := 0
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 || i+1 >= len(b) {
			return false
		}
		b = b[i:]
		switch b[1] {
		case '/':
			depth--
			b = b[past(b, ">"):]
		case '?':
			b = b[past(b, "?>"):]
		case '!':
			switch {
			case bytes.HasPrefix(b, []byte("<!--")):
				b = b[past(b, "-->"):]
			case bytes.HasPrefix(b, []byte("<![CDATA[")):
				b = b[past(b, "]]>"):]
			default:
				b = b[past(b, ">"):]
			}
		default:
			end := past(b, ">")
			if end < 2 || b[end-2] != '/' {
				depth++
			}
			if depth > maxDepth {
				return true
			}
			b = b[end:]
		}
	}
}
