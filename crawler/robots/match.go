package robots

import "strings"

// rule is a Rule made ready for matching.
type rule struct {
	Rule
	// match is the pattern in the spelling it is compared in: see compile.
	match string
	// length is the pattern's rank: octets, non-ASCII ones escaped.
	length int
}

// compile spells the pattern for comparison. RFC 9309, 2.2.2 compares after
// decoding escaped unreserved characters, Google's parser without decoding.
// A Disallow is compared in the RFC's way, so that no spelling of a URL
// slips past it; an Allow literally, so that no spelling opens more than was
// written.
func compile(r Rule) rule {
	literal := escape(r.Pattern)
	c := rule{Rule: r, match: literal, length: len(literal)}
	if !r.Allow {
		c.match = unescapeUnreserved(literal)
	}
	return c
}

// target is the path and query of a URL in both spellings.
type target struct{ literal, normal string }

func newTarget(url string) target {
	p := pathAndQuery(url)
	return target{literal: p, normal: unescapeUnreserved(escape(p))}
}

// pathAndQuery returns what follows the authority, without the fragment.
func pathAndQuery(url string) string {
	url, _, _ = strings.Cut(url, "#")
	if !strings.HasPrefix(url, "/") {
		if i := strings.Index(url, "://"); i >= 0 {
			url = url[i+len("://"):]
		}
		i := strings.IndexAny(url, "/?;")
		if i < 0 {
			return "/"
		}
		url = url[i:]
	}
	if !strings.HasPrefix(url, "/") {
		return "/" + url
	}
	return url
}

func (c *rule) matches(t target) bool {
	if !c.Allow {
		return matches(c.match, t.normal)
	}
	if matches(c.match, t.literal) {
		return true
	}
	// Allowing a folder's index page allows the folder, as with Google.
	folder, page := cutLast(c.match, '/')
	return strings.HasPrefix(page, "index.htm") && matches(folder+"$", t.literal)
}

func cutLast(s string, sep byte) (upTo, after string) {
	i := strings.LastIndexByte(s, sep)
	return s[:i+1], s[i+1:]
}

// matches tells whether the pattern matches a beginning of path. '*' stands
// for any run of octets, '$' at the end for the end of path. Each piece
// between stars is sought once, leftmost, so time is linear in path and
// pattern for any number of stars.
func matches(pattern, path string) bool {
	pattern, anchored := strings.CutSuffix(pattern, "$")
	piece, rest, star := strings.Cut(pattern, "*")
	path, ok := strings.CutPrefix(path, piece)
	if !ok {
		return false
	}
	if !star {
		return !anchored || path == ""
	}
	for {
		piece, rest, star = strings.Cut(rest, "*")
		if !star {
			if anchored {
				return strings.HasSuffix(path, piece)
			}
			return strings.Contains(path, piece)
		}
		i := strings.Index(path, piece)
		if i < 0 {
			return false
		}
		path = path[i+len(piece):]
	}
}

const upperHex = "0123456789ABCDEF"

// escape percent-encodes the octets of s that are no printable ASCII, and
// writes the hex digits of existing escapes in upper case.
func escape(s string) string {
	i := 0
	for i < len(s) && s[i] > ' ' && s[i] < 0x7f && s[i] != '%' {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && isEscape(s[i:]):
			b.WriteString(strings.ToUpper(s[i : i+3]))
			i += 2
		case c > ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// unescapeUnreserved decodes the escapes of characters that never need one
// (RFC 3986, 2.3: letters, digits, "-._~").
func unescapeUnreserved(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && isEscape(s[i:]) {
			if c := unhex(s[i+1])<<4 | unhex(s[i+2]); isUnreserved(c) {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isEscape(s string) bool { return len(s) >= 3 && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isUnreserved(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
