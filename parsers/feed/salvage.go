package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// salvage cuts a malformed feed into its entries and returns a feed of those
// that are well formed by themselves, with their number and that of the lost.
// Each entry is read once, so the cost stays linear.
func salvage(body []byte) (feed []byte, kept, lost int) {
	start, root := rootTag(body)
	if start < 0 {
		return nil, 0, 0
	}
	open := body[start : start+past(body[start:], ">")]
	if len(open) > 8<<10 || bytes.HasSuffix(open, []byte("/>")) {
		return nil, 0, 0
	}
	tag := entryTag(root)
	var out bytes.Buffer
	out.Write(open)
	if tag == "item" {
		out.WriteString("<channel>")
	}
	closing := -1 // where in body the next end tag stands, not before at
	for at := start + len(open); ; {
		i := bytes.Index(body[at:], []byte("<"+tag))
		if i < 0 {
			break
		}
		at += i
		if closing < at {
			if i = bytes.Index(body[at:], []byte("</"+tag)); i < 0 {
				lost++
				break
			}
			closing = at + i
		}
		// An entry that is never closed ends where the next one starts.
		if last := bytes.LastIndex(body[at:closing], []byte("<"+tag)); last > 0 {
			lost++
			at += last
		}
		end := closing + past(body[closing:], ">")
		if entry := body[at:end]; wellFormed(entry) {
			out.Write(entry)
			kept++
		} else {
			lost++
		}
		at = end
	}
	if tag == "item" {
		out.WriteString("</channel>")
	}
	out.WriteString("</" + root + ">")
	return out.Bytes(), kept, lost
}

// entryTag names the entries of a feed by the name of its root element.
func entryTag(root string) string {
	if strings.HasSuffix(strings.ToLower(root), "feed") {
		return "entry"
	}
	return "item"
}

// countEntries counts the start tags of entries outside CDATA.
func countEntries(body []byte) int {
	_, root := rootTag(body)
	tag := []byte("<" + entryTag(root))
	n := 0
	for {
		i := bytes.Index(body, tag)
		if i < 0 || i+len(tag) >= len(body) {
			return n
		}
		if c := bytes.Index(body[:i], []byte("<![CDATA[")); c >= 0 {
			body = body[c+past(body[c:], "]]>"):]
			continue
		}
		if bytes.IndexByte([]byte(" \t\r\n>"), body[i+len(tag)]) >= 0 {
			n++
		}
		body = body[i+len(tag):]
	}
}

// firstContents drops the second content of Atom entries, which RFC 4287
// forbids but the App Store writes: first the author's words, then the same
// laid out as a table. The library would take the last.
func firstContents(body []byte) []byte {
	if !bytes.Contains(body, []byte("<im:rating")) || !bytes.Contains(body, []byte("<entry")) {
		return body
	}
	var out bytes.Buffer
	for i, entry := range bytes.Split(body, []byte("<entry")) {
		if i > 0 {
			out.WriteString("<entry")
		}
		first := bytes.Index(entry, []byte("</content>"))
		if first >= 0 {
			first += len("</content>")
			out.Write(entry[:first])
			entry = entry[first:]
			if from, to := bytes.Index(entry, []byte("<content")), bytes.LastIndex(entry, []byte("</content>")); from >= 0 && to > from {
				out.Write(entry[:from])
				entry = entry[to+len("</content>"):]
			}
		}
		out.Write(entry)
	}
	return out.Bytes()
}

func wellFormed(entry []byte) bool {
	dec := xml.NewDecoder(bytes.NewReader(entry))
	dec.Strict = false
	for {
		if _, err := dec.Token(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}
