package jsonld

import (
	"fmt"
	stdhtml "html"
	"slices"
	"strings"
	"unicode/utf8"

	"klank/parsers/schemaorg"
)

// maxNesting bounds the depth of a block: real ones stay below 20.
const maxNesting = 100

// decode reads one block into things. It accepts, besides JSON: byte order
// marks, HTML comments and CDATA around the block, comments and trailing
// commas within, raw line ends and stray quotes in strings, quotes that are
// single or curly, names without any, decimal commas, brackets too many or too
// few, several values in a row, encoded quotes throughout, a block that is one
// string of JSON. What else is no JSON is passed over up to the next member;
// fault says what was met first.
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
		if p.i >= len(p.s) {
			return things, p.fault
		}
		start := p.i
		p.values(0, atTop)
		for _, v := range p.found {
			if v.Thing != nil {
				things = append(things, v.Thing)
			}
		}
		p.found = p.found[:0]
		if p.i == start {
			p.unexpected()
			next := strings.IndexAny(p.s[p.i+1:], "{[")
			if next < 0 {
				return things, p.fault
			}
			p.i += 1 + next
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
	// found are the values that were read and not used yet: of the arrays and
	// members at hand, the innermost last.
	found []schemaorg.Value
}

// fail records the first fault and ends the reading.
func (p *decoder) fail(what string) {
	p.note(what)
	p.i = len(p.s)
}

// note records the first fault.
func (p *decoder) note(what string) {
	if p.fault == "" {
		p.fault = fmt.Sprintf("%s (byte %d)", what, p.i)
	}
}

func (p *decoder) unexpected() { p.note(fmt.Sprintf("has an unexpected %q", p.peek())) }

// maxName is the length of a name at which an object can be read on behind a
// fault; those of schema.org are shorter.
const maxName = 40

// skip passes over what is no JSON in an object, up to its next named member
// or its end: the words of a template or of an error message.
func (p *decoder) skip() {
	for p.i < len(p.s) && p.s[p.i] != '}' {
		if p.s[p.i] == '"' {
			name, rest, ok := strings.Cut(p.s[p.i+1:min(len(p.s), p.i+maxName)], `"`)
			if ok && name != "" && !strings.ContainsAny(name, " ,{}[]") && strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":") {
				return
			}
		}
		p.i++
	}
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

// values adds the value at hand to those found; lists, sets and arrays within
// arrays come out flat, null as nothing.
func (p *decoder) values(depth int, in place) {
	p.space()
	if depth > maxNesting {
		p.fail("is nested too deeply")
		return
	}
	switch c := p.peek(); c {
	case '{':
		p.object(depth)
		return
	case '[':
		p.array(depth)
		return
	case '"', '\'':
		p.found = append(p.found, schemaorg.Value{Text: p.str(c, in)})
		return
	}
	start := p.i
	for p.i < len(p.s) && (strings.IndexByte(",]}\n\r\t :\"{[", p.s[p.i]) < 0 || p.inClock(start)) {
		p.i++
	}
	if in == ofMember {
		p.decimals(start)
	}
	word := p.s[start:p.i]
	switch {
	case word == "":
		if p.i < len(p.s) && strings.IndexByte(",]}", p.s[p.i]) < 0 {
			p.unexpected()
		}
		return // "key": , is a value left out
	case word == "null", word == "undefined", word == "NaN":
		return
	}
	p.found = append(p.found, schemaorg.Value{Text: word})
}

// inClock tells whether the colon at hand is one of a time that begins at
// start and lacks its quotes.
func (p *decoder) inClock(start int) bool {
	return p.s[p.i] == ':' && p.i > start && p.i+1 < len(p.s) && isDigit(p.s[start]) && isDigit(p.s[p.i-1]) && isDigit(p.s[p.i+1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// decimals goes on behind the comma of a number that begins at start and is
// written in the language of the page: 4,5 without quotes.
func (p *decoder) decimals(start int) {
	if !digits(p.s[start:p.i]) || p.peek() != ',' {
		return
	}
	end := p.i + 1
	for end < len(p.s) && isDigit(p.s[end]) {
		end++
	}
	if end > p.i+1 && (end == len(p.s) || strings.IndexByte(",}] \t\r\n", p.s[end]) >= 0) {
		p.i = end
	}
}

// digits tells whether a word is a number, perhaps with points between its
// thousands.
func digits(word string) bool { return word != "" && strings.Trim(word, "0123456789.") == "" }

func (p *decoder) array(depth int) {
	p.i++
	for {
		p.space()
		switch c := p.peek(); {
		case p.i >= len(p.s):
			p.fail("ends within an array")
			return
		case c == ']':
			p.i++
			return
		case c == ',':
			p.i++
		case c == '}' && p.goesOn():
			p.i++ // one too many
		case c == '}' || c == ':':
			p.fail(fmt.Sprintf("has an unexpected %q", c))
			return
		default:
			p.values(depth+1, ofElement)
		}
	}
}

// goesOn tells whether the array around goes on behind the bracket at hand.
func (p *decoder) goesOn() bool {
	rest := strings.TrimLeft(p.s[p.i+1:min(len(p.s), p.i+maxGap)], " \t\r\n")
	return strings.HasPrefix(rest, ",") || strings.HasPrefix(rest, "]")
}

// object reads an object. What stands in it without a name belongs to the
// member before it, as where the brackets of a list were forgotten.
func (p *decoder) object(depth int) {
	t := &schemaorg.Thing{}
	var plain []schemaorg.Value // of a value object or a list
	isPlain := false
	last := ""
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
				p.note("lacks a colon")
				p.skip()
				continue
			}
			p.i++
			last = key
			vs := p.member(depth)
			if !add(t, key, vs) {
				isPlain = true
				plain = append(plain, vs...)
			}
			continue
		case c == '{':
			p.unexpected()
			vs := p.member(depth)
			if last == "" || last == "@context" || !add(t, last, vs) {
				isPlain = true
				plain = append(plain, vs...)
			}
			continue
		default:
			p.unexpected()
			p.skip()
			continue
		}
		if isPlain {
			p.found = append(p.found, plain...)
		} else {
			p.found = append(p.found, list(t)...)
		}
		return
	}
}

// member reads the value of a member. It holds until the next is read.
func (p *decoder) member(depth int) []schemaorg.Value {
	from := len(p.found)
	p.values(depth+1, ofMember)
	vs := p.found[from:]
	p.found = p.found[:from]
	return vs
}

// list returns the values of an object whose names are numbers, which PHP makes
// of a list with gaps; of any other the object itself.
func list(t *schemaorg.Thing) []schemaorg.Value {
	self := []schemaorg.Value{{Thing: t}}
	var out []schemaorg.Value
	for _, p := range t.Props {
		if strings.Trim(p.Name, "0123456789") != "" {
			return self
		}
		out = append(out, p.Values...)
	}
	if len(out) == 0 || len(t.Types) > 0 || t.ID != "" {
		return self
	}
	return out
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
	for p.i < len(p.s) && (letter(p.s[p.i]) || isDigit(p.s[p.i])) {
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
