package normalize

import (
	"strings"
	"unicode"
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

func lex(s string) []token {
	if len(s) > maxDate {
		s = strings.ToValidUTF8(s[:maxDate], "")
	}
	var out []token
	glued := false
	rs := []rune(strings.ToLower(s))
	for i := 0; i < len(rs); {
		r := rs[i]
		j := i + 1
		switch {
		case unicode.IsSpace(r) || r == '\u200e' || r == '\u200f':
			glued = false
			i++
			continue
		case (r == '\'' || r == '’') && j < len(rs) && rs[j] >= '0' && rs[j] <= '9': // '26
			i++
			continue
		case r >= '0' && r <= '9':
			v := int(r - '0')
			for ; j < len(rs) && rs[j] >= '0' && rs[j] <= '9'; j++ {
				if j-i < 9 {
					v = v*10 + int(rs[j]-'0')
				}
			}
			out = append(out, token{'n', string(rs[i:j]), v, glued})
		case unicode.IsLetter(r):
			for j < len(rs) && (unicode.IsLetter(rs[j]) || unicode.IsMark(rs[j])) {
				j++
			}
			out = append(out, token{'w', string(rs[i:j]), 0, glued})
		default:
			if r == '\u2212' || r == '\u2013' {
				r = '-'
			}
			out = append(out, token{'p', string(r), 0, glued})
		}
		glued = true
		i = j
	}
	return out
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
