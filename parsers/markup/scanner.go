// Package markup reads HTML faster than golang.org/x/net/html does: the tokens
// of a page, and its tree.
//
// The tokens are exactly those of x/net: the scanner knows plain markup, which
// most pages are made of, and for each token that asks for more of the
// standard's rules asks x/net. The tree is
// that of x/net for what is nested as it should be, and by and large for what
// is not; fuzz tests hold both to that. Other than x/net's it has a bound for
// every page: it is neither refused nor does it grow beyond a page's size. It
// is not for judging what is on a page.
package markup

import (
	stdhtml "html"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Scanner yields the tokens of a page as html.Tokenizer does. It finds the
// ends of texts with IndexByte and cuts names, values and texts out of the
// page instead of copying them, which makes it some five times as fast.
type Scanner struct {
	s   string
	pos int
	// from and to are where the text of the current token stands in s, or the
	// name of its tag. Places take the collector less to note than strings.
	from, to int
	raw      bool   // the text holds no references
	name     string // of the tag, where it is not as written
	atom     atom.Atom
	attr     []attribute
	// own are names and values of attributes that are not as written.
	own []string
	// inside is the element whose raw text comes next, rest where that ends.
	inside atom.Atom
	rest   int
	// slow reads what is not plain. It is asked for one token, or for an
	// element of raw text, so many times; resume is where the scanner goes on
	// after that, 0 while it does not.
	slow    *html.Tokenizer
	asked   int
	at      int
	resume  int
	holding atom.Atom
	kind    html.TokenType
}

// attribute is where the name and the value of an attribute stand in the page.
// Where own is not 0 the name is that of Scanner.own before it; whole says that
// the value is the one there.
type attribute struct {
	key, keyEnd, val, valEnd int
	own                      int
	whole                    bool
}

// maxAttributes bounds the attributes of a plain tag: each is compared with
// those before it.
const maxAttributes = 32

// maxAsked is how often x/net is asked for a token; then it reads the rest.
const maxAsked = 64

// Lines returns a page with \n for every line end, as the standard has it read.
func Lines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\r", "\n")
}

// NewScanner returns a scanner of a page in UTF-8. Tokens are parts of s and
// keep it in memory.
func NewScanner(s string) *Scanner {
	// What x/net replaces in every token is seen to once.
	z := &Scanner{s: Lines(s), attr: make([]attribute, 0, 16)}
	if strings.IndexByte(s, 0) >= 0 {
		z.asked = maxAsked
		z.handOver(0)
	}
	return z
}

// Plain tells whether the current token is plain markup.
func (z *Scanner) Plain() bool { return z.slow == nil }

// handOver lets x/net read on from a token's start.
func (z *Scanner) handOver(at int) {
	z.slow = html.NewTokenizer(strings.NewReader(z.s[at:]))
	z.at, z.inside, z.holding = at, 0, 0
	z.asked++
}

// Next advances to the next token and returns its kind.
func (z *Scanner) Next() html.TokenType {
	if z.resume > 0 {
		z.pos, z.resume, z.slow = z.resume, 0, nil
	}
	if z.slow == nil {
		start := z.pos
		if kind, ok := z.next(); ok {
			z.kind = kind
			return kind
		}
		z.handOver(start)
	}
	return z.nextSlow()
}

func (z *Scanner) nextSlow() html.TokenType {
	z.kind = z.slow.Next()
	z.attr, z.own = z.attr[:0], z.own[:0]
	switch z.kind {
	case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
		name, more := z.slow.TagName()
		z.atom = atom.Lookup(name)
		z.name = string(name)
		for more {
			var k, v []byte
			k, v, more = z.slow.TagAttr()
			if len(z.attr) < maxSlowAttributes {
				z.own = append(z.own, string(k), string(v))
				z.attr = append(z.attr, attribute{own: len(z.own) - 1, whole: true})
			}
		}
	}
	z.at += len(z.slow.Raw())
	switch {
	case (z.kind == html.StartTagToken || z.kind == html.SelfClosingTagToken) && holdsRaw(z.atom):
		z.holding = z.atom
	case z.kind == html.EndTagToken && z.atom == z.holding:
		z.holding = 0
	}
	if z.holding == 0 && z.asked < maxAsked && z.kind != html.ErrorToken {
		z.resume = z.at
	}
	return z.kind
}

// maxSlowAttributes bounds the attributes of a tag that is not plain; the
// others are left out.
const maxSlowAttributes = 1000

// holdsRaw tells the elements that hold no markup.
func holdsRaw(a atom.Atom) bool {
	switch a {
	case atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Plaintext, atom.Script, atom.Style, atom.Textarea, atom.Title, atom.Xmp:
		return true
	}
	return false
}

// Name returns the name of the current tag in lower case.
func (z *Scanner) Name() string {
	if z.name != "" {
		return z.name
	}
	return z.s[z.from:z.to]
}

// Atom is the atom of the current tag's name.
func (z *Scanner) Atom() atom.Atom { return z.atom }

// Attributes returns how many attributes the current tag has, each name once.
func (z *Scanner) Attributes() int { return len(z.attr) }

// Key returns the name of attribute i of the current tag, in lower case.
func (z *Scanner) Key(i int) string {
	a := &z.attr[i]
	if a.own > 0 {
		return z.own[a.own-1]
	}
	return z.s[a.key:a.keyEnd]
}

// Attribute returns attribute i of the current tag: its name in lower case,
// and its value with references undone.
func (z *Scanner) Attribute(i int) (key, val string) {
	a := &z.attr[i]
	if a.whole {
		return z.Key(i), z.own[a.own]
	}
	val = z.s[a.val:a.valEnd]
	if strings.IndexByte(val, '&') >= 0 {
		val = unescape(val)
	}
	return z.Key(i), val
}

// Text returns the text of the current text, comment or doctype token, with
// references undone where it may hold them. It may be called once for each.
func (z *Scanner) Text() string {
	if z.slow != nil {
		return string(z.slow.Text())
	}
	text := z.s[z.from:z.to]
	switch {
	case z.raw || strings.IndexByte(text, '&') < 0:
		return text
	case !terminated(text):
		return html.UnescapeString(text) // the two differ in "&#0"
	}
	return stdhtml.UnescapeString(text)
}

// rawBody returns what the element of the current start tag holds where that
// is raw text, for a plain page.
func (z *Scanner) rawBody() string { return z.s[z.pos:max(z.pos, z.rest)] }

// Raw returns the current text token as it is written, but for its line ends,
// which are all \n.
func (z *Scanner) Raw() string {
	if z.slow != nil {
		return string(z.slow.Raw())
	}
	return z.s[z.from:z.to]
}

// unescape undoes the references in an attribute's value. Those that end in a
// semicolon mean the same there as in text; for others the rules differ, and
// x/net knows them.
func unescape(v string) string {
	if terminated(v) {
		return stdhtml.UnescapeString(v)
	}
	quote := `"`
	if strings.Contains(v, quote) {
		quote = `'` // a plain value holds one of them at most
	}
	z := html.NewTokenizer(strings.NewReader("<a b=" + quote + v + quote + ">"))
	z.Next()
	_, val, _ := z.TagAttr()
	return string(val)
}

// terminated tells whether every "&" of v begins a reference that ends in a
// semicolon, or is followed by a space.
func terminated(v string) bool {
	for {
		i := strings.IndexByte(v, '&')
		if i < 0 {
			return true
		}
		v = v[i+1:]
		n := 0
		for n < len(v) && (isLetter(v[n]) || '0' <= v[n] && v[n] <= '9' || n == 0 && v[n] == '#') {
			n++
		}
		if n >= len(v) || v[n] != ';' && (n > 0 || v[n] != ' ') {
			return false
		}
		v = v[n:]
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isSpace(c byte) bool { return signs[c]&space != 0 }

// next reads a token at pos; false says that it is not plain, and that pos
// must not be trusted.
func (z *Scanner) next() (html.TokenType, bool) {
	if z.inside != 0 {
		a, start := z.inside, z.pos
		z.inside = 0
		if z.rest > start {
			z.from, z.to, z.pos = start, z.rest, z.rest
			z.raw = a != atom.Title && a != atom.Textarea
			return html.TextToken, true
		}
	}
	if z.pos >= len(z.s) {
		return html.ErrorToken, true
	}
	end := z.textEnd()
	if end > z.pos {
		z.from, z.to, z.pos, z.raw = z.pos, end, end, false
		return html.TextToken, true
	}
	switch c := z.s[z.pos+1]; {
	case c == '/':
		return html.EndTagToken, z.endTag()
	case c == '!':
		return z.declaration()
	case c == '?':
		return 0, false
	}
	return z.startTag()
}

// textEnd returns where the text at pos ends: at a "<" that begins a tag,
// comment or declaration.
func (z *Scanner) textEnd() int {
	for i := z.pos; ; i++ {
		if z.s[i] != '<' { // most tags follow another
			j := strings.IndexByte(z.s[i:], '<')
			if j < 0 {
				return len(z.s)
			}
			i += j
		}
		if i+1 >= len(z.s) {
			return len(z.s)
		}
		if c := z.s[i+1]; isLetter(c) || c == '/' || c == '!' || c == '?' {
			return i
		}
	}
}

// declaration reads a comment or a doctype.
func (z *Scanner) declaration() (html.TokenType, bool) {
	s := z.s[z.pos+2:]
	if body, ok := strings.CutPrefix(s, "--"); ok {
		end := strings.Index(body, "-->")
		if end < 0 || strings.HasPrefix(body, ">") || strings.HasPrefix(body, "->") || strings.Contains(body[:end], "--!") {
			return 0, false
		}
		z.from = z.pos + len("<!--")
		z.to, z.raw = z.from+end, false
		z.pos = z.to + len("-->")
		return html.CommentToken, true
	}
	const doctype = "DOCTYPE"
	end := strings.IndexByte(s, '>')
	if end < len(doctype) || !strings.EqualFold(s[:len(doctype)], doctype) {
		return 0, false
	}
	z.to, z.raw = z.pos+len("<!")+end, false
	z.from = z.to - len(strings.TrimLeft(s[len(doctype):end], " \n\t\f"))
	z.pos = z.to + 1
	return html.DoctypeToken, true
}

// endTag reads an end tag without attributes.
func (z *Scanner) endTag() bool {
	i := z.pos + 2
	if i >= len(z.s) || !isLetter(z.s[i]) {
		return false
	}
	i = z.tagName(i)
	for i < len(z.s) && isSpace(z.s[i]) {
		i++
	}
	if i >= len(z.s) || z.s[i] != '>' {
		return false
	}
	z.attr, z.own = z.attr[:0], z.own[:0]
	z.pos = i + 1
	return true
}

func (z *Scanner) startTag() (html.TokenType, bool) {
	z.attr, z.own = z.attr[:0], z.own[:0]
	i := z.tagName(z.pos + 1)
	kind := html.StartTagToken
	for {
		for i < len(z.s) && isSpace(z.s[i]) {
			i++
		}
		if i >= len(z.s) {
			return 0, false
		}
		if z.s[i] == '>' {
			break
		}
		if z.s[i] == '/' {
			if i+1 >= len(z.s) || z.s[i+1] != '>' {
				return 0, false
			}
			kind = html.SelfClosingTagToken
			i++
			break
		}
		if i = z.attribute(i); i < 0 {
			return 0, false
		}
	}
	z.pos = i + 1
	return kind, z.rawText()
}

// attribute reads the attribute that starts at i and returns where it ends;
// -1 where it is not plain.
func (z *Scanner) attribute(i int) int {
	s, start := z.s, i
	var met sign
	for ; ; i++ {
		if i >= len(s) {
			return -1
		}
		is := signs[s[i]]
		if is&(space|equal|slash|greater) != 0 {
			break
		}
		met |= is
	}
	a := attribute{key: start, keyEnd: i}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) && s[i] == '=' {
		i++
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		if i >= len(s) {
			return -1
		}
		var end int
		if q := s[i]; q == '"' || q == '\'' {
			i++
			end = strings.IndexByte(s[i:], q)
		} else {
			end = strings.IndexAny(s[i:], " \n\t\f>")
			if end == 0 || end > 0 && strings.ContainsAny(s[i:i+end], "\"'") {
				return -1
			}
		}
		if end < 0 {
			return -1
		}
		a.val, a.valEnd = i, i+end
		i += end
		if s[i] == '"' || s[i] == '\'' { // the end of a quoted value
			i++
		}
	}
	if a.keyEnd == start || len(z.attr) >= maxAttributes {
		return -1
	}
	key := s[start:a.keyEnd]
	if met&capital != 0 {
		key = lower(key)
	}
	for k := range z.attr {
		if z.Key(k) == key {
			return i // only the first of a name counts
		}
	}
	if met&capital != 0 {
		z.own = append(z.own, key)
		a.own = len(z.own)
	}
	z.attr = append(z.attr, a)
	return i
}

// rawText looks for the end of an element that holds no markup, and tells
// whether it is plain.
func (z *Scanner) rawText() bool {
	switch {
	case z.atom == atom.Plaintext:
		return false
	case !holdsRaw(z.atom):
		return true
	}
	name := z.Name()
	for i := z.pos; ; i += 2 {
		j := strings.Index(z.s[i:], "</")
		if j < 0 {
			return false
		}
		i += j
		end := i + 2 + len(name)
		if end >= len(z.s) {
			return false
		}
		if c := z.s[end]; strings.EqualFold(z.s[i+2:end], name) && (isSpace(c) || c == '/' || c == '>') {
			z.inside, z.rest = z.atom, i
			break
		}
	}
	// A script within a comment within a script does not end it.
	body := z.s[z.pos:z.rest]
	return z.atom != atom.Script || !strings.Contains(body, "<!--") || !strings.Contains(lower(body), "<script")
}
