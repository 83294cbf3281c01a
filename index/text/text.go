// Package text cuts prose into words and brings words to their stems, the
// same way for what is stored and for what is asked. Every back-end builds on
// it or configures its server to the same make:
//
//   - words by UAX #29 (what Elasticsearch calls the standard tokenizer),
//     emoji included; a word is kept to its first MaxWord letters
//   - NFC, lower case, the typographic apostrophe as ', soft hyphens dropped
//   - Snowball stems for Dutch (the classical algorithm by Martin Porter, the
//     one Elasticsearch calls "dutch") and English (Porter 2), without a
//     trailing apostrophe left over from foto's; other languages unstemmed
//   - accents stay: café and cafe are two words, as they are to Elasticsearch
//     without asciifolding (the Dutch stemmer itself drops ë, é, ï …)
//
// It is not for judging language or sentence boundaries: that is analysis.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"golang.org/x/text/unicode/norm"
)

// MaxWord is how many letters of a word count. Longer ones are not language.
const MaxWord = 255

// Token is one word of a text: its folded form and its bytes [Start, End).
type Token struct {
	Word       string
	Start, End int
}

// Tokens returns the words of s in order.
func Tokens(s string) []Token { return AppendTokens(nil, s) }

// AppendTokens appends the words of s to dst.
func AppendTokens(dst []Token, s string) []Token {
	if !utf8.ValidString(s) {
		s = blankInvalid(s)
	}
	for i := 0; i < len(s); {
		start, end, next, plain, lower := plainWord(s, i)
		switch {
		case !plain:
			dst = appendWords(dst, s[i:next], i)
		case start == end:
		case lower:
			dst = append(dst, Token{cut(s[start:end]), start, end})
		default:
			dst = append(dst, Token{cut(strings.ToLower(s[start:end])), start, end})
		}
		i = next + 1
	}
	return dst
}

// appendWords appends the words of s, which stands at offset, by UAX #29.
func appendWords(dst []Token, s string, offset int) []Token {
	it := words.FromString(s)
	for it.Next() {
		w := it.Value()
		if !isWord(w) {
			continue
		}
		if w = cut(Fold(w)); w != "" {
			dst = append(dst, Token{w, offset + it.Start(), offset + it.End()})
		}
	}
	return dst
}

// plainWord looks at what stands from i to the next space or line end, where
// words always end. It is plain when it is ASCII with one run of letters and
// digits at most, s[start:end], and no underscore: then UAX #29 has nothing
// to join, and need not be asked. It is lower where that run has no capital.
func plainWord(s string, i int) (start, end, next int, plain, lower bool) {
	for next = i; next < len(s) && classes[s[next]] == mark; next++ {
	}
	start = next
	class := uint8(small)
	for ; next < len(s) && classes[s[next]] <= capital; next++ {
		class |= classes[s[next]]
	}
	end = next
	for ; next < len(s) && classes[s[next]] == mark; next++ {
	}
	plain = next == len(s) || classes[s[next]] == space
	for ; next < len(s) && classes[s[next]] != space; next++ {
	}
	return start, end, next, plain, class == small
}

// The classes of bytes, as plainWord tells them apart.
const (
	small   = iota // letters and digits
	capital        // letters
	mark           // what stands between words
	space          // what ends them
	other          // what may join or be a word in ways of its own
)

var classes = func() (table [256]uint8) {
	for c := range table {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			table[c] = small
		case c >= 'A' && c <= 'Z':
			table[c] = capital
		case c == ' ' || c == '\n':
			table[c] = space
		case c >= utf8.RuneSelf || c == '_':
			table[c] = other
		default:
			table[c] = mark
		}
	}
	return table
}()

// blankInvalid puts spaces for the bytes that are not UTF-8: they end words,
// and the places of all others stay.
func blankInvalid(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			b[i] = ' '
		}
		i += n
	}
	return string(b)
}

// Words returns the folded words of s in order.
func Words(s string) []string {
	var out []string
	for _, t := range Tokens(s) {
		out = append(out, t.Word)
	}
	return out
}

// Fold brings a string to the form in which words and names are compared:
// NFC, lower case, ’ as ', no soft hyphens. Invalid UTF-8 becomes U+FFFD.
func Fold(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if !ascii {
		s = strings.ToValidUTF8(s, "\uFFFD")
		s = folder.Replace(s)
		s = norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
	} else {
		s = strings.ToLower(s)
	}
	return s
}

var folder = strings.NewReplacer("’", "'", "\u00AD", "")

// isWord tells words and emoji from space and punctuation.
func isWord(s string) bool {
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
				return true
			}
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			return true
		case isPictograph(r):
			return true
		}
	}
	return false
}

// isPictograph covers the emoji blocks: Miscellaneous Symbols, Dingbats, and
// everything in the supplementary symbol planes.
func isPictograph(r rune) bool {
	return (r >= 0x2600 && r <= 0x27BF || r >= 0x1F000 && r <= 0x1FAFF) && unicode.Is(unicode.So, r)
}

// cut keeps the first MaxWord letters of an over-long word.
func cut(w string) string {
	if len(w) <= MaxWord {
		return w
	}
	n := 0
	for i := range w {
		if n == MaxWord {
			return strings.TrimRightFunc(w[:i], func(r rune) bool {
				return !unicode.IsLetter(r) && !unicode.IsNumber(r)
			})
		}
		n++
	}
	return w
}

// Primary returns the lower-case primary language of a BCP 47 tag: nl for
// nl-BE and NL_be.
func Primary(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}
