package fetch

import (
	"bytes"
	"net/http"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding/unicode"

	"klank/mention"
)

// robotsTag reads X-Robots-Tag headers. A value is a list of directives, and
// may name the crawler that the ones after it are for:
//
//	noindex, nofollow
//	klank: none
//	otherbot: noindex, klank: nofollow
//
// Directives with values of their own (unavailable_after, max-snippet) are
// not about what klank does and are skipped.
func robotsTag(values []string) mention.Directives {
	var d mention.Directives
	for _, value := range values {
		forUs := true
		for part := range strings.SplitSeq(strings.ToLower(value), ",") {
			if name, rest, ok := strings.Cut(part, ":"); ok {
				name = strings.TrimSpace(name)
				if !isCrawlerName(name) {
					continue
				}
				forUs, part = name == agentToken || name == "*", rest
			}
			if !forUs {
				continue
			}
			switch strings.TrimSpace(part) {
			case "noindex":
				d.NoIndex = true
			case "nofollow":
				d.NoFollow = true
			case "none":
				d.NoIndex, d.NoFollow = true, true
			}
		}
	}
	return d
}

// isCrawlerName tells a crawler's name before a colon from a directive with
// a value, and from the hour of a date.
func isCrawlerName(name string) bool {
	switch name {
	case "", "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview":
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && r != '-' && r != '_' && r != '*'
	})
}

// tdmReserved tells whether the TDM Reservation Protocol's header reserves
// the rights to mine the answer.
func tdmReserved(h http.Header) bool {
	return strings.TrimSpace(h.Get("Tdm-Reservation")) == "1"
}

// tdmName is the name of the element that reserves these rights in a page.
const tdmName = "tdm-reservation"

// MarkupReserved tells whether a page's own markup reserves the rights to mine
// it: <meta name="tdm-reservation" content="1"> in its head (TDM Reservation
// Protocol, W3C Community Group report, section 7). A page that does not hold
// the name at all, which is nearly every page, costs one look at its bytes.
func MarkupReserved(body []byte) bool {
	if bytes.HasPrefix(body, []byte("\xfe\xff")) || bytes.HasPrefix(body, []byte("\xff\xfe")) {
		utf16 := unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
		body, _ = utf16.NewDecoder().Bytes(body) // what cannot be read becomes U+FFFD
	}
	if !holdsFold(body, tdmName) {
		return false
	}
	z := html.NewTokenizer(bytes.NewReader(body))
	for depth := 0; ; { // in templates, where nothing is said
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.SelfClosingTagToken:
			switch t := z.Token(); {
			case t.DataAtom == atom.Body:
				return false
			case t.DataAtom == atom.Template:
				depth++
			case t.DataAtom == atom.Meta && depth == 0 && reserves(t.Attr):
				return true
			}
		case html.EndTagToken:
			switch t := z.Token(); t.DataAtom {
			case atom.Head:
				return false
			case atom.Template:
				depth = max(0, depth-1)
			}
		}
	}
}

func reserves(attributes []html.Attribute) bool {
	name, content := "", ""
	for _, a := range attributes {
		switch a.Key {
		case "name":
			name = a.Val
		case "content":
			content = a.Val
		}
	}
	return strings.EqualFold(strings.TrimSpace(name), tdmName) && strings.TrimSpace(content) == "1"
}

// holdsFold tells whether b holds s, a word in small ASCII letters that has a
// hyphen, in letters of any case. It looks at hyphens only.
func holdsFold(b []byte, s string) bool {
	hyphen := strings.IndexByte(s, '-')
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], '-')
		if i < 0 {
			return false
		}
		at += i
		if from := at - hyphen; from >= 0 && from+len(s) <= len(b) && strings.EqualFold(string(b[from:from+len(s)]), s) {
			return true
		}
	}
}
