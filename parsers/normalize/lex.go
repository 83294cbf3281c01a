package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a number, a word (lower case) or one sign of a date string.
type token struct {
	kind  byte // 'n', 'w' or 'p'
	text  string
	val   int  // of a number
	glued bool // no white space before it
}

// maxDate is how much of a string is looked at: a longer one is a text that
// may contain a date near its start.
const maxDate = 256

// lex appends the tokens of s.
func lex(out []token, s string) []token {
	if len(s) > maxDate {
		s = strings.ToValidUTF8(s[:maxDate], "")
	}
	s = strings.ToLower(s) // valid UTF-8 from here on
	glued := false
	for i := 0; i < len(s); {
		r, j := rune(s[i]), i+1
		if r >= utf8.RuneSelf {
			r, j = utf8.DecodeRuneInString(s[i:])
			j += i
		}
		switch {
		case unicode.IsSpace(r) || r == '\u200e' || r == '\u200f':
			glued = false
			i = j
			continue
		case (r == '\'' || r == '’') && j < len(s) && isDigit(s[j]): // '26
			i = j
			continue
		case r >= '0' && r <= '9':
			v := int(r - '0')
			for ; j < len(s) && isDigit(s[j]); j++ {
				if j-i < 9 {
					v = v*10 + int(s[j]-'0')
				}
			}
			out = append(out, token{'n', s[i:j], v, glued})
		case unicode.IsLetter(r):
			j = wordEnd(s, j)
			out = append(out, token{'w', s[i:j], 0, glued})
		case r == '\u2212' || r == '\u2013':
			out = append(out, token{'p', "-", 0, glued})
		default:
			out = append(out, token{'p', s[i:j], 0, glued})
		}
		glued = true
		i = j
	}
	return out
}

// wordEnd returns where the letters and marks from i on end.
func wordEnd(s string, i int) int {
	for i < len(s) {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			break
		}
		i += n
	}
	return i
}

// tokens gives bounds-free access: beyond either end stands an empty token.
type tokens []token

func (t tokens) at(i int) token {
	if i < 0 || i >= len(t) {
		return token{}
	}
	return t[i]
}

// is tells whether token i is one of the words or signs.
func (t tokens) is(i int, texts ...string) bool {
	for _, x := range texts {
		if t.at(i).kind != 'n' && t.at(i).text == x {
			return true
		}
	}
	return false
}

// num returns the value of token i when it is a number of lo to hi digits,
// else -1.
func (t tokens) num(i, lo, hi int) int {
	if x := t.at(i); x.kind == 'n' && len(x.text) >= lo && len(x.text) <= hi {
		return x.val
	}
	return -1
}
