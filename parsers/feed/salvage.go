package feed

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"iter"
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

// starts yields where the entries of a feed begin, outside CDATA.
func starts(body []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		_, root := rootTag(body)
		tag := []byte("<" + entryTag(root))
		for at := 0; ; {
			i := bytes.Index(body[at:], tag)
			if i < 0 || at+i+len(tag) >= len(body) {
				return
			}
			if c := bytes.Index(body[at:at+i], []byte("<![CDATA[")); c >= 0 {
				at += c + past(body[at+c:], "]]>")
				continue
			}
			if bytes.IndexByte([]byte(" \t\r\n>/"), body[at+i+len(tag)]) >= 0 && !yield(at+i) {
				return
			}
			at += i + len(tag)
		}
	}
}

// countEntries counts the start tags of entries.
func countEntries(body []byte) (n int) {
	for range starts(body) {
		n++
	}
	return n
}

// maxEntries bounds the entries of a feed: the library takes 20 µs and 5 KB for
// one, however little is in it. Feeds are windows of some dozen.
const maxEntries = 10_000

// firstEntries returns a feed of the first maxEntries entries, and whether
// there were more.
func firstEntries(body []byte) ([]byte, bool) {
	if firstByte(body) == '{' {
		return firstItems(body)
	}
	n := 0
	for at := range starts(body) {
		if n++; n <= maxEntries {
			continue
		}
		_, root := rootTag(body)
		out := bytes.Clone(body[:at])
		if strings.EqualFold(root, "rss") {
			out = append(out, "</channel>"...)
		}
		return append(out, "</"+root+">"...), true
	}
	return body, false
}

// firstItems is firstEntries for JSON Feed.
func firstItems(body []byte) ([]byte, bool) {
	if bytes.Count(body, []byte("{")) <= maxEntries {
		return body, false
	}
	var feed map[string]json.RawMessage
	var items []json.RawMessage
	if json.Unmarshal(body, &feed) != nil || json.Unmarshal(feed["items"], &items) != nil || len(items) <= maxEntries {
		return body, false
	}
	var err error
	if feed["items"], err = json.Marshal(items[:maxEntries]); err != nil {
		return body, false
	}
	if body, err = json.Marshal(feed); err != nil {
		return nil, false // of what was just read: it cannot fail
	}
	return body, true
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
