package jsonld

import (
	"fmt"
	stdhtml "html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"klank/parsers/schemaorg"
)

// maxNesting bounds the depth of a block: real ones stay below 20.
const maxNesting = 100

// decode reads one block into things. It accepts, besides JSON: byte order
// marks, HTML comments and CDATA around the block, comments and trailing
// commas within, raw line ends and stray quotes in strings, quotes that are
// single or curly, names without any, brackets too many or too few, several
// values in a row, encoded quotes throughout, a block that is one string of
// JSON. fault says what stopped the reading early; the things before it are
// returned.
func decode(block string) (things []*schemaorg.Thing, fault string) {
	s := quoted(unwrap(block))
	if strings.HasPrefix(s, `"{`) || strings.HasPrefix(s, `"[`) {
		p := decoder{s: s}
		s = p.str('"', atTop)
	}
	p := decoder{s: s}
	for {
		p.space()
		for p.peek() == ';' || p.peek() == ',' {
			p.i++
			p.space()
		}
		if p.i >= len(p.s) || p.fault != "" {
			return things, p.fault
		}
		start := p.i
		for _, v := range p.values(0, atTop) {
			if v.Thing != nil {
				things = append(things, v.Thing)
			}
		}
		if p.i == start {
			p.fail(fmt.Sprintf("has an unexpected %q", p.peek()))
		}
	}
}

// typographic are the quotes that text filters make of plain ones.
var typographic = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "″", `"`, "‟", `"`)

// quoted gives a block plain quotes where all of its are encoded or curly.
func quoted(s string) string {
	first := strings.TrimLeft(s, "[{ \t\r\n")
	if strings.HasPrefix(first, "&") { // &quot; &#34; &#8220; …
		s = stdhtml.UnescapeString(s)
		first = strings.TrimLeft(s, "[{ \t\r\n")
	}
	for _, q := range []string{"“", "”", "„", "″", "‟"} {
		if strings.HasPrefix(first, q) {
			return typographic.Replace(s)
		}
	}
	return s
}

// unwrap strips what hides scripts from old browsers.
func unwrap(s string) string {
	for {
		s = strings.TrimLeft(s, "\ufeff \t\r\n")
		trimmed := s
		for _, prefix := range []string{"<!--", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */", "<![CDATA["} {
			trimmed = strings.TrimPrefix(trimmed, prefix)
		}
		if trimmed == s {
			break
		}
		s = trimmed
	}
	for {
		s = strings.TrimRight(s, " \t\r\n")
		trimmed := s
		for _, suffix := range []string{"-->", "//]]>", "// ]]>", "/*]]>*/", "/* ]]> */", "]]>", "//"} {
			trimmed = strings.TrimSuffix(trimmed, suffix)
		}
		if trimmed == s {
			return s
		}
		s = trimmed
	}
}

type decoder struct {
	s     string
	i     int
	fault string
}

// fail records the first fault and ends the reading.
func (p *decoder) fail(what string) {
	if p.fault == "" {
		p.fault = fmt.Sprintf("%s (byte %d)", what, p.i)
	}
	p.i = len(p.s)
}

func (p *decoder) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// space skips white space and comments.
func (p *decoder) space() {
	for p.i < len(p.s) {
		rest := p.s[p.i:]
		switch c := rest[0]; {
		case c <= ' ':
			p.i++
		case strings.HasPrefix(rest, "//"):
			p.skipPast("\n")
		case strings.HasPrefix(rest, "/*"):
			p.skipPast("*/")
		case strings.HasPrefix(rest, "<!--"):
			p.skipPast("-->")
		case strings.HasPrefix(rest, "\ufeff"), strings.HasPrefix(rest, "\u00a0"):
			_, w := utf8.DecodeRuneInString(rest)
			p.i += w
		default:
			return
		}
	}
}

func (p *decoder) skipPast(end string) {
	if j := strings.Index(p.s[p.i:], end); j >= 0 {
		p.i += j + len(end)
	} else {
		p.i = len(p.s)
	}
}

// values reads the value at hand; lists, sets and arrays within arrays come
// out flat, null as nothing.
func (p *decoder) values(depth int, in place) []schemaorg.Value {
	p.space()
	if depth > maxNesting {
		p.fail("is nested too deeply")
		return nil
	}
	switch c := p.peek(); c {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"', '\'':
		return []schemaorg.Value{{Text: p.str(c, in)}}
	}
	start := p.i
	for p.i < len(p.s) && strings.IndexByte(",]}\n\r\t :\"{[", p.s[p.i]) < 0 {
		p.i++
	}
	word := p.s[start:p.i]
	switch {
	case word == "":
		if p.i < len(p.s) && strings.IndexByte(",]}", p.s[p.i]) < 0 {
			p.fail(fmt.Sprintf("has an unexpected %q", p.s[p.i]))
		}
		return nil // "key": , is a value left out
	case word == "null", word == "undefined", word == "NaN":
		return nil
	}
	return []schemaorg.Value{{Text: word}}
}

func (p *decoder) array(depth int) []schemaorg.Value {
	var out []schemaorg.Value
	p.i++
	for {
		p.space()
		switch c := p.peek(); {
		case p.i >= len(p.s):
			p.fail("ends within an array")
			return out
		case c == ']':
			p.i++
			return out
		case c == ',':
			p.i++
		case c == '}' && p.goesOn():
			p.i++ // one too many
		case c == '}' || c == ':':
			p.fail(fmt.Sprintf("has an unexpected %q", c))
			return out
		default:
			out = append(out, p.values(depth+1, ofElement)...)
		}
	}
}

// goesOn tells whether the array around goes on behind the bracket at hand.
func (p *decoder) goesOn() bool {
	rest := strings.TrimLeft(p.s[p.i+1:min(len(p.s), p.i+maxGap)], " \t\r\n")
	return strings.HasPrefix(rest, ",") || strings.HasPrefix(rest, "]")
}

func (p *decoder) object(depth int) []schemaorg.Value {
	t := &schemaorg.Thing{}
	var plain []schemaorg.Value // of a value object or a list
	isPlain := false
	p.i++
	for {
		p.space()
		c := p.peek()
		switch {
		case p.i >= len(p.s):
			p.fail("ends within an object")
		case c == '}':
			p.i++
		case c == ']' && depth > 0: // its end was forgotten
		case c == ',':
			p.i++
			continue
		case c == '"' || c == '\'' || letter(c):
			key := p.key(c)
			p.space()
			if p.peek() != ':' {
				p.fail("lacks a colon")
				break
			}
			p.i++
			vs := p.values(depth+1, ofMember)
			if !add(t, key, vs) {
				isPlain = true
				plain = append(plain, vs...)
			}
			continue
		default:
			p.fail(fmt.Sprintf("has an unexpected %q", c))
		}
		if isPlain {
			return plain
		}
		return []schemaorg.Value{{Thing: t}}
	}
}

// letter tells whether c can begin a name without quotes.
func letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '@' || c == '_' || c == '$'
}

// key reads the name of a member, which scripts write without quotes.
func (p *decoder) key(c byte) string {
	if c == '"' || c == '\'' {
		return p.str(c, ofName)
	}
	start := p.i
	for p.i < len(p.s) && (letter(p.s[p.i]) || '0' <= p.s[p.i] && p.s[p.i] <= '9') {
		p.i++
	}
	return p.s[start:p.i]
}

// inverse are the properties that say of the one what others say of the other.
var inverse = map[string]string{"itemReviewed": "review", "parentItem": "comment"}

// add adds a member to t; false says that the object is only a wrapper of
// these values (@value, @list, @set).
func add(t *schemaorg.Thing, key string, vs []schemaorg.Value) bool {
	switch key {
	case "@value", "@list", "@set":
		return false
	case "@context", "@language", "@direction", "@index":
		return true
	case "@reverse":
		for _, v := range vs {
			if v.Thing != nil {
				reverse(t, v.Thing)
			}
		}
		return true
	case "@id", "id":
		if len(vs) > 0 && vs[0].Thing == nil && (t.ID == "" || key == "@id") {
			t.ID = strings.TrimSpace(vs[0].Text)
		}
		return true
	case "@type", "type":
		for _, v := range vs {
			if name := schemaorg.Bare(v.Text); v.Thing == nil && name != "" {
				t.Types = append(t.Types, name)
			}
		}
		return true
	}
	name := schemaorg.Bare(key)
	for _, v := range vs {
		t.Add(name, v)
	}
	return true
}

// reverse adds what others say of t.
func reverse(t, others *schemaorg.Thing) {
	for _, p := range others.Props {
		for _, v := range p.Values {
			name := inverse[p.Name]
			if v.Thing != nil && slices.Contains(v.Thing.Types, "AggregateRating") {
				name = "aggregateRating"
			}
			if name != "" {
				t.Add(name, v)
			}
		}
	}
}

// place is where a string stands, which tells what may follow it.
type place int

const (
	atTop place = iota
	ofName
	ofMember
	ofElement
)

// maxGap is how far behind a quote is looked for what follows it.
const maxGap = 200

// str reads a string that starts with the quote q. A quote that is not
// followed by what may stand behind a string there was meant to be text.
func (p *decoder) str(q byte, in place) string {
	p.i++
	start := p.i
	var b []byte // set as soon as the text differs from the source
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == q && p.closes(in):
			text := p.s[start:p.i]
			p.i++
			if b != nil {
				return string(append(b, text...))
			}
			return text
		case c == '\\' && p.i+1 < len(p.s):
			b = append(b, p.s[start:p.i]...)
			b = p.escape(b)
			start = p.i
		default:
			p.i++
		}
	}
	text := string(append(b, p.s[start:]...))
	p.fail("ends within a string")
	return text
}

// closes tells whether the quote at hand ends its string.
func (p *decoder) closes(in place) bool {
	rest := p.s[p.i+1 : min(len(p.s), p.i+1+maxGap)]
	next := strings.TrimLeft(rest, " \t\r\n\x00")
	if next == "" {
		return true
	}
	switch c := next[0]; {
	case c == ':':
		return in != ofMember && in != ofElement
	case c == '}', c == ']', c == ';', c == '/':
		return in != ofName
	case c == ',':
		return in != ofMember || named(next[1:])
	case c == '"': // a comma was forgotten
		return in != ofName && strings.Contains(rest[:len(rest)-len(next)], "\n") && (in != ofMember || named(next))
	}
	return false
}

// named tells whether the name of a member follows, or what ends an object,
// as far as can be seen.
func named(s string) bool {
	s = strings.TrimLeft(s, ", \t\r\n\x00")
	if s == "" {
		return true
	}
	switch c := s[0]; {
	case c == '"' || c == '\'':
		end := 1
		for end < len(s) && s[end] != c {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		s = strings.TrimLeft(s[min(len(s), end+1):], " \t\r\n")
		return s == "" || s[0] == ':'
	case letter(c):
		s = strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@_$")
		return s == "" || s[0] == ':'
	case c == '}', c == ']', c == '/', c == '<':
		return true
	}
	return false
}

// escape decodes the escape sequence at hand.
func (p *decoder) escape(b []byte) []byte {
	c := p.s[p.i+1]
	p.i += 2
	switch c {
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'b', 'f':
		return append(b, ' ')
	case 'u':
		r, ok := p.hex()
		if !ok {
			return append(b, 'u')
		}
		if utf16.IsSurrogate(r) {
			save := p.i
			if strings.HasPrefix(p.s[p.i:], `\u`) {
				p.i += 2
				if low, ok := p.hex(); ok {
					if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
						return utf8.AppendRune(b, full)
					}
				}
			}
			p.i = save
			r = utf8.RuneError
		}
		return utf8.AppendRune(b, r)
	}
	return append(b, c)
}

func (p *decoder) hex() (rune, bool) {
	if p.i+4 > len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 32)
	if err != nil {
		return 0, false
	}
	p.i += 4
	return rune(n), true
}
