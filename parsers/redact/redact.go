// Package redact blanks passages in raw pages: in HTML, JSON, feeds and plain
// text, whatever markup, entities, escapes or white space stand within them.
//
// It is for erasing a person from a saved page whose other content stays. It
// knows passages by their letters only, and is not for finding out which
// passages those are.
package redact

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// blank stands in the place of every byte that is taken away: no letter, and
// nothing special in HTML, JSON, XML or a URL.
const blank = '-'

// Body returns a copy of body in which every passage is blanked, and how many
// were found. A passage is found by its letters and digits, without regard to
// case: as it stands, with tags and comments within, as HTML entities, JSON or
// percent escapes, however often encoded, up to three times; and in tags. It
// must not be part of longer words. The length of body does not change.
// Passages without letters or digits are left out.
func Body(body []byte, passages []string) ([]byte, int) {
	needles := prepare(passages)
	out, n := bytes.Clone(body), 0
	if len(needles) == 0 {
		return out, 0
	}
	for range maxRounds { // what stood on either side of a passage may be one
		found := blankAll(out, read(out, true), needles) + blankAll(out, read(out, false), needles)
		if n += found; found == 0 {
			break
		}
	}
	return out, n
}

// maxRounds bounds the work on a hostile body; who must be sure asks Contains.
const maxRounds = 8

// blankAll blanks the needles of a stream of letters in the body.
func blankAll(body []byte, stream []letter, needles map[rune][][]rune) (n int) {
	for i := range stream {
		if stream[i].joined {
			continue // in the middle of a word
		}
		for _, needle := range needles[stream[i].letter] {
			if match(stream[i:], needle) {
				n++
				for _, l := range stream[i : i+len(needle)] {
					for j := l.start; j < l.end; j++ {
						body[j] = blank
					}
				}
			}
		}
	}
	return n
}

// prepare returns the letters of passages, by the first of them.
func prepare(passages []string) map[rune][][]rune {
	out := map[rune][][]rune{}
	for _, p := range passages {
		if u, err := url.PathUnescape(p); err == nil {
			p = u
		}
		var letters []rune
		for _, r := range p {
			if isLetter(r) {
				letters = append(letters, fold(r))
			}
		}
		if len(letters) > 0 {
			out[letters[0]] = append(out[letters[0]], letters)
		}
	}
	return out
}

// match tells whether a stream begins with a needle that ends with a word.
func match(stream []letter, needle []rune) bool {
	if len(stream) < len(needle) {
		return false
	}
	for i, r := range needle {
		if stream[i].letter != r {
			return false
		}
	}
	return len(stream) == len(needle) || !stream[len(needle)].joined
}

func isLetter(r rune) bool {
	if r == utf8.RuneError {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.So, r) // emoji say who somebody is, too
}

func fold(r rune) rune { return unicode.ToLower(r) }

// letter is a letter or digit of a body and the bytes that spell it.
type letter struct {
	letter     rune
	start, end int
	// joined says that it stands right behind the letter before.
	joined bool
}

// read reads a body as letters, with its tags and comments or without.
func read(body []byte, tags bool) []letter {
	out := make([]letter, 0, len(body)/2)
	last := -1 // where the letter before ended
	for i := 0; i < len(body); {
		if n := 0; !tags {
			if n = tag(body[i:]); n > 0 {
				i += n
				continue
			}
		}
		r, n := char(body[i:], 3)
		if isLetter(r) {
			out = append(out, letter{fold(r), i, i + n, last == i})
			last = i + n
		}
		i += n
	}
	return out
}

// maxTag bounds the bytes of a tag.
const maxTag = 4096

// tag is the length of the tag or comment at the beginning of b, 0 for none.
func tag(b []byte) int {
	if len(b) < 3 || b[0] != '<' || b[1] != '/' && b[1] != '!' && (b[1]|0x20 < 'a' || b[1]|0x20 > 'z') {
		return 0
	}
	quote := byte(0)
	for i := 2; i < min(len(b), maxTag); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1
		case b[i-1] == '=' && (c == '"' || c == '\''):
			quote = c
		}
	}
	return 0
}

// char reads one character as a page may spell it: up to depth codings, one in
// the other.
func char(b []byte, depth int) (rune, int) {
	switch {
	case b[0] == '&' && depth > 0:
		if r, n, ok := entity(b, depth); ok {
			return r, n
		}
	case b[0] == '\\' && len(b) > 1 && depth > 0:
		if r, n, ok := escape(b, depth); ok {
			return r, n
		}
	case b[0] == '%' && depth > 0:
		if r, n, ok := percent(b, depth); ok {
			return r, n
		}
	}
	return utf8.DecodeRune(b)
}

// entity reads &name; and &#…; (HTML, 13.2.5.72); &amp;name; is one that was
// encoded twice.
func entity(b []byte, depth int) (rune, int, bool) {
	end := bytes.IndexByte(b[:min(len(b), 40)], ';')
	if end < 2 {
		return 0, 0, false
	}
	text := html.UnescapeString(string(b[:end+1]))
	r, n := utf8.DecodeRuneInString(text)
	if n != len(text) || text == string(b[:end+1]) {
		return 0, 0, false
	}
	if r == '&' || r == '\\' || r == '%' {
		inner := append([]byte(string(r)), b[end+1:min(len(b), end+60)]...)
		if s, n := char(inner, depth-1); n > 1 {
			return s, end + n, true
		}
	}
	return r, end + 1, true
}

// escape reads \uXXXX, with surrogates, and \n and the like (RFC 8259, 7);
// \\u is one that was encoded twice.
func escape(b []byte, depth int) (rune, int, bool) {
	switch b[1] {
	case '\\':
		if r, n := char(b[1:], depth-1); n > 1 {
			return r, n + 1, true
		}
		return '\\', 2, true
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return 0, 0, false
		}
		if rest := bytes.TrimLeft(b[6:min(len(b), 16)], "\\"); r >= 0xd800 && r < 0xdc00 && len(rest) > 0 && rest[0] == 'u' {
			if low, ok := hex4(rest[1:]); ok && low >= 0xdc00 && low < 0xe000 {
				return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, min(len(b), 16) - len(rest) + 5, true
			}
		}
		return r, 6, true
	case 'n', 'r', 't', 'b', 'f', '/', '"', '\'':
		return ' ', 2, true
	}
	return 0, 0, false
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[:4]), 16, 32)
	return rune(v), err == nil
}

// percent reads the bytes %XX of one character (RFC 3986, 2.1).
func percent(b []byte, depth int) (rune, int, bool) {
	var raw []byte
	for i := 0; len(raw) < utf8.UTFMax && i+2 < len(b) && b[i] == '%'; i += 3 {
		v, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8)
		if err != nil {
			break
		}
		raw = append(raw, byte(v))
		if utf8.Valid(raw) {
			r, _ := utf8.DecodeRune(raw)
			if r == '%' {
				inner := append([]byte{'%'}, b[i+3:min(len(b), i+40)]...)
				if s, n := char(inner, depth-1); n > 1 {
					return s, i + 2 + n, true
				}
			}
			return r, len(raw) * 3, true
		}
	}
	return 0, 0, false
}

// Contains tells whether body still holds one of the passages.
func Contains(body []byte, passages []string) bool {
	_, n := Body(body, passages)
	return n > 0
}

// Names returns the spellings by which a person may stand on a page: as given,
// and as the last part of the path of a profile's URL.
func Names(name, profile string) []string {
	var out []string
	if strings.TrimSpace(name) != "" {
		out = append(out, name)
	}
	u, err := url.Parse(profile)
	if err != nil || u.Host == "" {
		return out
	}
	parts := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
	if len(parts) > 0 {
		out = append(out, parts[len(parts)-1])
	}
	return out
}

// Paragraphs are the passages of a text: what a page puts between them may be
// anything.
func Paragraphs(text string) []string { return strings.Split(text, "\n\n") }

// Blanked tells whether nothing but blanks is left of a text.
func Blanked(text string) bool {
	return strings.Contains(text, "--") && !strings.ContainsFunc(text, isLetter)
}
