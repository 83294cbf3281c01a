package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// folded holds the base letters of U+00C0 to U+017F; a blank keeps the rune.
const folded = "aaaaaa ceeeeiiii nooooo ouuuuy  aaaaaa ceeeeiiii nooooo ouuuuy y" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii  jjkk llllll  llnnnnnn   oooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

// fold appends a lower-case letter without its diacritics.
func fold(dst []byte, r rune) []byte {
	switch {
	case r == 'ß':
		return append(dst, "ss"...)
	case r == 'æ':
		return append(dst, "ae"...)
	case r == 'œ':
		return append(dst, "oe"...)
	case r == 'ĳ':
		return append(dst, "ij"...)
	case r >= 0x300 && r <= 0x36f: // combining marks
		return dst
	case r >= 0xc0 && int(r-0xc0) < len(folded) && folded[r-0xc0] != ' ':
		return append(dst, folded[r-0xc0])
	}
	return utf8.AppendRune(dst, r)
}

// Normalize gives a word of a lexicon the form that tokens have in Norm.
func Normalize(word string) string {
	if isNormal(word) {
		return word
	}
	var dst []byte
	var prev rune
	run := 0
	for _, r := range word {
		if r == '’' || r == '‘' || r == '´' || r == '`' {
			r = '\''
		}
		r = unicode.ToLower(r)
		if r == prev {
			run++
		} else {
			prev, run = r, 1
		}
		if run < 3 || !unicode.IsLetter(r) {
			dst = fold(dst, r)
		}
	}
	return string(dst)
}

// isNormal tells of most words that they have their normal form: small letters,
// digits and signs, none of them thrice.
func isNormal(word string) bool {
	for i := range len(word) {
		c := word[i]
		if c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' || c == '`' || i >= 2 && c == word[i-1] && c == word[i-2] {
			return false
		}
	}
	return true
}

// IsEmoji tells whether a rune is a pictograph that can stand alone.
func IsEmoji(r rune) bool {
	switch {
	case r < 0x203c:
		return false
	case r >= 0x1f000 && r <= 0x1faff:
		return true
	case r >= 0x2600 && r <= 0x27bf, r >= 0x2b00 && r <= 0x2bff, r >= 0x2300 && r <= 0x23ff:
		return true
	}
	return r == 0x203c || r == 0x2049 || r == 0x2122 || r == 0x3030 || r == 0x303d
}

// emojiTail reads variation selectors, skin tones, joined pictographs and the
// second half of a flag.
func (s *scanner) emojiTail(first rune) {
	flag := first >= 0x1f1e6 && first <= 0x1f1ff
	for s.pos < len(s.s) {
		r, size := utf8.DecodeRuneInString(s.s[s.pos:])
		switch {
		case r == 0xfe0f || r == 0xfe0e || r == 0x20e3 || r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f:
		case r == 0x200d:
			if next, n := utf8.DecodeRuneInString(s.s[s.pos+size:]); IsEmoji(next) || next == 0x2640 || next == 0x2642 {
				size += n
			}
		case flag && r >= 0x1f1e6 && r <= 0x1f1ff:
			flag = false
		default:
			return
		}
		s.pos += size
	}
}

// emoticon returns the length of a face made of signs at the start of s, or 0.
func emoticon(s string) int {
	if strings.HasPrefix(s, "<3") || strings.HasPrefix(s, "</3") {
		return strings.IndexByte(s, '3') + 1
	}
	if s[0] == '(' && len(s) > 1 { // turned: (: (-:
		p := 1
		if s[p] == '-' {
			p++
		}
		if p < len(s) && (s[p] == ':' || s[p] == ';') && (p+1 == len(s) || !isAlnum(s[p+1])) {
			return p + 1
		}
		return 0
	}
	if s[0] != ':' && s[0] != ';' && s[0] != '=' {
		return 0
	}
	p := 1
	if p < len(s) && (s[p] == '\'' || s[p] == ',') {
		p++
	}
	if p < len(s) && s[p] == '-' {
		p++
	}
	return mouth(s, p)
}

// emoticonLetters does the same for faces with a letter for eyes: xD.
func emoticonLetters(s string) int {
	if s[0] != 'x' && s[0] != 'X' {
		return 0
	}
	if n := mouth(s, 1); n > 0 && s[1] == 'D' {
		return n
	}
	return 0
}

func mouth(s string, p int) int {
	if p >= len(s) || strings.IndexByte(")(DPp/\\|]['*oO3", s[p]) < 0 {
		return 0
	}
	letter := isAlnum(s[p])
	c := s[p]
	for p++; p < len(s) && s[p] == c; p++ {
	}
	if letter && p < len(s) && isAlnum(s[p]) || c == '/' && p < len(s) && s[p] == '/' {
		return 0
	}
	if c == '/' && s[0] != ':' {
		return 0
	}
	return p
}
