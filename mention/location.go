package mention

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

var errPort = errors.New("not a URL: the port is not a number up to 65535")

// location is an http or https URL, taken apart after the WHATWG URL standard
// (https://url.spec.whatwg.org) and put into the form of CanonicalURL.
type location struct {
	scheme, host string
	// port is empty for the scheme's own.
	port string
	// path begins with a slash.
	path, query string
}

func (l *location) String() string {
	var b strings.Builder
	b.Grow(len(l.scheme) + len(l.host) + len(l.port) + len(l.path) + len(l.query) + 5)
	b.WriteString(l.scheme)
	b.WriteString("://")
	b.WriteString(l.host)
	if l.port != "" {
		b.WriteByte(':')
		b.WriteString(l.port)
	}
	b.WriteString(l.path)
	if l.query != "" {
		b.WriteByte('?')
		b.WriteString(l.query)
	}
	return b.String()
}

// parseLocation parses a URL without fragment, relative to base when that is
// not nil.
func parseLocation(s string, base *location) (location, error) {
	if strings.ContainsAny(s, "\t\n\r") {
		s = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
	}
	scheme, rest, ok := cutScheme(s)
	if !ok {
		if base == nil {
			return location{}, ErrScheme
		}
		return base.resolve(s)
	}
	if scheme != "http" && scheme != "https" {
		return location{}, ErrScheme
	}
	if base != nil && base.scheme == scheme && !strings.HasPrefix(rest, "//") {
		return base.resolve(rest)
	}
	return parseAuthority(scheme, rest)
}

// cutScheme splits off a scheme, in lower case.
func cutScheme(s string) (scheme, rest string, ok bool) {
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case 'a' <= c && c <= 'z':
		case i > 0 && s[i] == ':':
			return strings.ToLower(s[:i]), s[i+1:], true
		case i > 0 && ('0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return "", s, false
		}
	}
	return "", s, false
}

func isSlash(s string, i int) bool { return i < len(s) && (s[i] == '/' || s[i] == '\\') }

// resolve parses what has no scheme and no fragment.
func (l *location) resolve(s string) (location, error) {
	if isSlash(s, 0) && isSlash(s, 1) {
		return parseAuthority(l.scheme, s)
	}
	return l.follow(s), nil
}

// follow goes on to what has neither scheme nor host.
func (l *location) follow(s string) location {
	to := *l
	if s == "" {
		return to
	}
	path, query, _ := strings.Cut(s, "?")
	switch {
	case isSlash(s, 0):
		to.path = resolvePath("/", path[1:])
	case path != "":
		to.path = resolvePath(l.path[:strings.LastIndexByte(l.path, '/')+1], path)
	}
	to.query = cleanQuery(escape(query, inQuery))
	return to
}

// parseAuthority parses what follows the scheme, past any number of slashes.
func parseAuthority(scheme, s string) (location, error) {
	s = strings.TrimLeft(s, `/\`)
	end := strings.IndexAny(s, `/\?`)
	if end < 0 {
		end = len(s)
	}
	authority, s := s[:end], s[end:]
	authority = authority[strings.LastIndexByte(authority, '@')+1:] // without credentials
	l := location{scheme: scheme, path: "/"}
	name := authority
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		name = authority[:colon]
		var ok bool
		if l.port, ok = parsePort(authority[colon+1:], scheme); !ok {
			return l, errPort
		}
	}
	if name == "" {
		return l, ErrScheme
	}
	var err error
	if l.host, err = hostname(name); err != nil {
		return l, err
	}
	return l.follow(s), nil
}

// parsePort returns "" for the scheme's own port and for none.
func parsePort(s, scheme string) (port string, ok bool) {
	if s == "" {
		return "", true
	}
	if strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return "", false
	}
	if (scheme == "http" && n == 80) || (scheme == "https" && n == 443) {
		return "", true
	}
	return strconv.FormatUint(n, 10), true
}

// resolvePath appends a path to a folder, which begins and ends with a slash.
func resolvePath(folder, path string) string {
	b := append(make([]byte, 0, len(folder)+len(path)+8), folder...)
	for more := true; more; {
		segment := path
		i := strings.IndexAny(path, `/\`)
		if more = i >= 0; more {
			segment, path = path[:i], path[i+1:]
		}
		segment = withoutSession(segment)
		switch dots(segment) {
		case 1:
		case 2:
			if len(b) > 1 {
				b = b[:strings.LastIndexByte(string(b[:len(b)-1]), '/')+1]
			}
		default:
			b = appendEscaped(b, segment, inPath)
			if more {
				b = append(b, '/')
			}
		}
	}
	return string(b)
}

// dots tells a segment "." (1) and ".." (2), also escaped, from any other (0).
func dots(segment string) int {
	n := 0
	for ; segment != ""; n++ {
		switch {
		case n == 2:
			return 0
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) > 2 && strings.EqualFold(segment[:3], "%2e"):
			segment = segment[3:]
		default:
			return 0
		}
	}
	return n
}

// withoutSession drops the session id of a Java server from a segment.
func withoutSession(segment string) string {
	const session = ";jsessionid="
	for i := strings.IndexByte(segment, ';'); i >= 0 && i+len(session) <= len(segment); {
		end := strings.IndexByte(segment[i+1:], ';')
		if end < 0 {
			end = len(segment)
		} else {
			end += i + 1
		}
		if strings.EqualFold(segment[i:i+len(session)], session) {
			segment = segment[:i] + segment[end:]
		} else {
			i = end
		}
	}
	return segment
}

// The percent-encode sets of the standard, as bits of escapes.
const (
	inPath  = 1 << iota // path
	inQuery             // special-query
	plain               // not an escape: bytes that may stand in either as they are, and end nothing
)

var escapes = func() (t [256]byte) {
	for c := range t {
		if c <= ' ' || c >= 0x7f {
			t[c] = inPath | inQuery
		}
	}
	for _, c := range []byte(`"#<>`) {
		t[c] = inPath | inQuery
	}
	for _, c := range []byte("?^`{}") {
		t[c] |= inPath
	}
	t['\''] |= inQuery
	for c := range t {
		if t[c] == 0 && c != '%' && c != ';' && c != '\\' && c != '.' {
			t[c] = plain
		}
	}
	return t
}()

func escape(s string, set byte) string {
	for i := range len(s) {
		if escapes[s[i]]&set != 0 {
			return string(appendEscaped(make([]byte, 0, len(s)+16), s, set))
		}
	}
	return s
}

func appendEscaped(b []byte, s string, set byte) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if escapes[c]&set != 0 || (c == '%' && set == inPath && !isEscape(s[i:])) {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

func isEscape(s string) bool { return len(s) > 2 && unhex(s[1]) >= 0 && unhex(s[2]) >= 0 }

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// plainOrigin returns the length of scheme, host and port when they are in
// canonical form already and a path follows; 0 when it takes more to tell. Most
// links of a page pass it, and then nothing is copied.
func plainOrigin(s string) int {
	var start int
	switch {
	case strings.HasPrefix(s, "https://"):
		start = len("https://")
	case strings.HasPrefix(s, "http://"):
		start = len("http://")
	default:
		return 0
	}
	end := start + strings.IndexByte(s[start:], '/')
	if end <= start {
		return 0
	}
	name, port, some := strings.Cut(s[start:end], ":")
	if some {
		if p, ok := parsePort(port, s[:start-len("://")]); !ok || p != port || p == "" {
			return 0
		}
	}
	label := 0
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-':
		case c == '.':
			label = i + 1
		default:
			return 0
		}
	}
	if label == len(name) || len(name) > maxHost {
		return 0
	}
	if name[label] <= '9' {
		if _, err := netip.ParseAddr(name); err != nil {
			return 0
		}
	}
	return end
}

// plainRest tells that a path with its query is in canonical form but for
// parameters to be dropped. A dot must follow a byte that makes it no segment.
func plainRest(s string) bool {
	if s == "" || s[0] != '/' {
		return false
	}
	set := byte(plain)
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case escapes[c]&plain != 0:
		case c == '.' && s[i-1] != '/':
		case c == '?' && set == plain:
			set = inQuery
		case set == inQuery && escapes[c]&inQuery == 0:
		case c == '%' && isEscape(s[i:]) && (s[i+1] != '2' || s[i+2]|0x20 != 'e'):
		default:
			return false
		}
	}
	return true
}
