package jsonld

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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
	case c == '}', c == ']', c == '{', c == '/', c == '<':
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
	case 'x':
		if r, ok := p.hex(2); ok {
			return utf8.AppendRune(b, r)
		}
	case 'u':
		r, ok := p.hex(4)
		if !ok {
			return append(b, 'u')
		}
		if utf16.IsSurrogate(r) {
			save := p.i
			if strings.HasPrefix(p.s[p.i:], `\u`) {
				p.i += 2
				if low, ok := p.hex(4); ok {
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

// hex reads the digits of a character.
func (p *decoder) hex(digits int) (rune, bool) {
	if p.i+digits > len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+digits], 16, 32)
	if err != nil {
		return 0, false
	}
	p.i += digits
	return rune(n), true
}
