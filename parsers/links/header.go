package links

import "strings"

// header is one link of a Link header.
type header struct{ target, rel, typ string }

// maxHeaders bounds the links that headers may give.
const maxHeaders = 100

// parseHeaders reads Link headers after RFC 8288 section 3; what does not
// parse is skipped. rel is in lower case.
func parseHeaders(values []string) []header {
	var out []header
	for _, v := range values {
		for len(out) < maxHeaders {
			_, rest, ok := strings.Cut(v, "<")
			if !ok {
				break
			}
			target, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			h := header{target: strings.TrimSpace(target)}
			v = h.params(rest)
			out = append(out, h)
		}
	}
	return out
}

// params reads ;name=value pairs up to the comma before the next link, and
// returns what follows.
func (h *header) params(s string) string {
	for {
		s = strings.TrimLeft(s, " \t")
		if !strings.HasPrefix(s, ";") {
			return s
		}
		s = strings.TrimLeft(s[1:], " \t")
		end := strings.IndexAny(s, "=;,")
		if end < 0 {
			return ""
		}
		name := strings.ToLower(strings.TrimSpace(s[:end]))
		value := ""
		if s[end] != '=' {
			s = s[end:]
		} else {
			value, s = paramValue(strings.TrimLeft(s[end+1:], " \t"))
		}
		switch {
		case name == "rel" && h.rel == "": // only the first counts
			h.rel = strings.ToLower(value)
		case name == "type" && h.typ == "":
			h.typ = value
		}
	}
}

// paramValue reads a token or quoted string.
func paramValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ";, \t")
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
