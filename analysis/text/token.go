// Package text turns a text into tokens and sentences with exact byte spans,
// for Dutch and English as customers write them: missing spaces, emoji,
// elongated words, "!!!". One pass makes both, and every later step of the
// analysis reads these tokens.
//
// It is not for full-text search, where UAX #29 words are wanted, and it does
// not know any vocabulary beyond the abbreviations that do not end sentences.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the sort of a token.
type Kind uint8

// The kinds of tokens.
const (
	Word     Kind = iota
	Number        // digits, with their decimals, fraction or clock part: 8,5 2/10 17:45
	Stop          // a run of . ! ? …
	Punct         // any other sign, and bytes that are not UTF-8
	Emoji         // one pictograph with its modifiers
	Emoticon      // :-) <3
	Link          // a URL, host name or e-mail address
	Handle        // @name
	Hashtag       // #word; Norm holds the word
)

// Flags are properties of a token's form and of the white space before it.
type Flags uint8

// The flags of a token.
const (
	Upper     Flags = 1 << iota // two or more letters, all capitals
	Title                       // starts with a capital
	Elongated                   // a letter is repeated three times or more: sooo
	Spaced                      // white space stands before
	Newline                     // a line break stands before
	Paragraph                   // an empty line stands before
	Plain                       // ASCII letters between blanks or signs: what it is to any reader of words
)

// Token is a byte range of the source with its normal form.
type Token struct {
	Start, End int
	// Norm is the form for look-ups: lower case, without diacritics, straight
	// apostrophes, repeated letters cut to two.
	Norm  string
	Kind  Kind
	Flags Flags
	// Word is its number in the Doc's Words, 0 for none.
	Word int32
}

// Has tells whether all the given flags are set.
func (t *Token) Has(f Flags) bool { return t.Flags&f == f }

// Single is the normal form with repeated letters cut to one, the second
// guess for an elongated word: "gooed" may be "goed", "heeel" is "heel".
func (t *Token) Single() string {
	var b strings.Builder
	var prev byte
	for i := 0; i < len(t.Norm); i++ {
		if c := t.Norm[i]; c != prev || !isLetter(c) {
			b.WriteByte(c)
			prev = c
		}
	}
	return b.String()
}

// Sentence is a byte range of the source, and the half-open range of its
// tokens.
type Sentence struct {
	Start, End  int
	First, Last int
}

// Doc is a parsed text. The zero Doc is ready for use; Parse reuses its
// memory.
type Doc struct {
	Source    string
	Tokens    []Token
	Sentences []Sentence
	// Words, when set, numbers the tokens that Parse finds.
	Words *Words

	norm    []byte    // the normal forms of tokens without a number
	spelled []spelled // these
}

// spelled is a token, and the end of its normal form.
type spelled struct{ token, end int }

// Parse replaces d's content by the tokens and sentences of source, in time
// linear in its length. Any bytes are accepted; spans never cut a rune.
func (d *Doc) Parse(source string) {
	d.Source, d.Tokens, d.Sentences = source, d.Tokens[:0], d.Sentences[:0]
	d.norm, d.spelled = d.norm[:0], d.spelled[:0]
	s := scanner{d: d, s: source}
	for s.next() {
	}
	norms := string(d.norm)
	from := 0
	for _, x := range d.spelled {
		d.Tokens[x.token].Norm = norms[from:x.end]
		from = x.end
	}
	d.split()
}

// scanner walks over the source; each call of next adds a token.
type scanner struct {
	d   *Doc
	s   string
	pos int
}

func (s *scanner) next() bool {
	flags := s.space()
	if s.pos >= len(s.s) {
		return false
	}
	start := s.pos
	c := s.s[start]
	switch {
	case isLetter(c):
		if s.plain(flags) {
			return true
		}
		if s.link() {
			s.add(start, Link, flags)
			return true
		}
		if n := emoticonLetters(s.s[start:]); n > 0 && (start == 0 || flags&Spaced != 0) {
			s.pos += n
			s.add(start, Emoticon, flags)
			return true
		}
		s.word(flags)
	case isDigit(c):
		s.number()
		s.add(start, Number, flags)
	case c == '@' || c == '#':
		s.tag(c, flags)
	case isStop(c):
		s.stops()
		s.add(start, Stop, flags)
	case c < utf8.RuneSelf:
		if n := emoticon(s.s[start:]); n > 0 {
			s.pos += n
			s.add(start, Emoticon, flags)
			return true
		}
		if c == '\'' && s.shortened() {
			s.word(flags)
			return true
		}
		s.pos++
		s.add(start, Punct, flags)
	default:
		s.wide(flags)
	}
	return true
}

// space skips white space, and a joining sign between two letters or digits,
// which makes no token: prijs-kwaliteit, goed/slecht.
func (s *scanner) space() Flags {
	var flags Flags
	if p := s.pos; p > 0 && p+1 < len(s.s) && (s.s[p] == '-' || s.s[p] == '/') && isAlnum(s.s[p-1]) && isAlnum(s.s[p+1]) {
		s.pos++
		return 0
	}
	lines := 0
	for s.pos < len(s.s) {
		c := s.s[s.pos]
		size := 1
		switch {
		case c == '\n':
			lines++
		case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.s[s.pos:])
			if !unicode.IsSpace(r) && r != '\u200b' && r != '\ufeff' {
				size = 0
			} else if size = n; r == '\u2028' || r == '\u2029' {
				lines++
			}
		default:
			size = 0
		}
		if size == 0 {
			break
		}
		flags |= Spaced
		s.pos += size
	}
	if lines > 0 {
		flags |= Newline
	}
	if lines > 1 {
		flags |= Paragraph
	}
	return flags
}

// plain reads a word of ASCII letters before a blank or a sign that can only end
// it, which is most of any text; where there is none it reads nothing.
func (s *scanner) plain(flags Flags) bool {
	start, at, norm := s.pos, s.pos, s.d.norm
	uppers, run := 0, 0
	var prev byte
	for at < len(s.s) && isLetter(s.s[at]) {
		c := s.s[at]
		if c < 'a' {
			uppers++
			c |= 0x20
		}
		if c != prev {
			prev, run = c, 0
		}
		if run++; run == 3 {
			return false // elongated
		}
		norm = append(norm, c)
		at++
	}
	if first := s.s[start] | 0x20; first == 'x' || at < len(s.s) && !s.ends(at, first) {
		return false // perhaps a face, or something longer
	}
	if start == 0 || flags&Spaced != 0 {
		flags |= Plain
	}
	if s.s[start] < 'a' {
		flags |= Title
	}
	if n := at - start; n > 1 && uppers == n {
		flags |= Upper
	}
	s.pos, s.d.norm = at, norm
	s.push(start, Word, flags)
	return true
}

// ends tells whether a word that begins with a letter ends before at for sure,
// and is no part of a host name.
func (s *scanner) ends(at int, first byte) bool {
	switch s.s[at] {
	case ' ', '\n', ',', '!', '?', ')', ';', '"':
		return true
	case '.':
		return first != 'w' && (at+1 == len(s.s) || !isLetter(s.s[at+1]))
	}
	return false
}

// word reads letters, digits and inner apostrophes and writes the normal form.
func (s *scanner) word(flags Flags) {
	start := s.pos
	letters, uppers, run, drop := 0, 0, 0, 0
	var prev rune
	for s.pos < len(s.s) {
		c := s.s[s.pos]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s.s[s.pos:])
			if r == '’' || r == '‘' || r == '´' {
				if s.pos == start || !s.letterAt(s.pos+size) {
					break
				}
				s.d.norm = append(s.d.norm, '\'')
				s.pos += size
				prev = 0
				continue
			}
			if !unicode.IsLetter(r) && !unicode.IsMark(r) {
				break
			}
			lower := unicode.ToLower(r)
			letters++
			if lower != r {
				uppers++
				if s.pos == start {
					flags |= Title
				}
			}
			s.pos += size
			if lower == prev {
				run++
			} else {
				prev, run = lower, 1
			}
			if run >= 3 {
				flags |= Elongated
				continue
			}
			s.d.norm = fold(s.d.norm, lower)
			continue
		}
		switch {
		case isLetter(c):
			letters++
			if c < 'a' {
				uppers++
				if s.pos == start {
					flags |= Title
				}
				c |= 0x20
			}
		case isDigit(c) && letters > 0:
		case c == '\'' && (s.pos == start || s.letterAt(s.pos+1)):
		case c == '`' && s.pos > start && s.letterAt(s.pos+1):
			c = '\''
		default:
			drop = 1
		}
		if drop == 1 {
			break
		}
		s.pos++
		if rune(c) == prev {
			run++
		} else {
			prev, run = rune(c), 1
		}
		if run >= 3 && isLetter(c) {
			flags |= Elongated
			continue
		}
		s.d.norm = append(s.d.norm, c)
	}
	if letters > 1 && uppers == letters {
		flags |= Upper
	}
	s.push(start, Word, flags)
}

// number reads digits with inner signs: 1.000,50 17:45 2/10.
func (s *scanner) number() {
	for s.pos < len(s.s) {
		c := s.s[s.pos]
		switch {
		case isDigit(c):
		case (c == '.' || c == ',' || c == ':' || c == '/') && s.pos+1 < len(s.s) && isDigit(s.s[s.pos+1]):
		default:
			return
		}
		s.pos++
	}
}

// tag reads @name or #word.
func (s *scanner) tag(c byte, flags Flags) {
	start := s.pos
	if s.pos++; !s.letterAt(s.pos) {
		s.add(start, Punct, flags)
		return
	}
	if c == '#' {
		s.word(flags)
		t := &s.d.Tokens[len(s.d.Tokens)-1]
		t.Start, t.Kind = start, Hashtag
		return
	}
	for s.pos < len(s.s) && (isAlnum(s.s[s.pos]) || s.s[s.pos] == '_') {
		s.pos++
	}
	if s.pos == start+1 {
		_, size := utf8.DecodeRuneInString(s.s[s.pos:])
		s.pos += size
	}
	s.add(start, Handle, flags)
}

// stops reads a run of sentence signs.
func (s *scanner) stops() {
	for s.pos < len(s.s) {
		if isStop(s.s[s.pos]) {
			s.pos++
		} else if strings.HasPrefix(s.s[s.pos:], "…") {
			s.pos += len("…")
		} else {
			return
		}
	}
}

// wide reads what starts with a byte outside ASCII.
func (s *scanner) wide(flags Flags) {
	start := s.pos
	r, size := utf8.DecodeRuneInString(s.s[start:])
	switch {
	case r == '…':
		s.stops()
		s.add(start, Stop, flags)
	case (r == '’' || r == '‘' || r == '´') && s.shortened():
		s.d.norm = append(s.d.norm, '\'')
		s.pos += size
		s.word(flags)
		s.d.Tokens[len(s.d.Tokens)-1].Start = start
	case unicode.IsLetter(r):
		s.word(flags)
	case IsEmoji(r):
		s.pos += size
		s.emojiTail(r)
		s.add(start, Emoji, flags)
	default:
		s.pos += size
		s.add(start, Punct, flags)
	}
}

// shortened tells whether an apostrophe here opens a Dutch clitic: 't 's 'n.
func (s *scanner) shortened() bool {
	_, size := utf8.DecodeRuneInString(s.s[s.pos:])
	p := s.pos + size
	return p < len(s.s) && strings.IndexByte("tsnkmrTSNKMR", s.s[p]) >= 0 && !s.alnumAt(p+1) &&
		(s.pos == 0 || !isAlnum(s.s[s.pos-1]))
}

func (s *scanner) letterAt(p int) bool {
	if p >= len(s.s) {
		return false
	}
	if s.s[p] < utf8.RuneSelf {
		return isLetter(s.s[p])
	}
	r, _ := utf8.DecodeRuneInString(s.s[p:])
	return unicode.IsLetter(r)
}

func (s *scanner) alnumAt(p int) bool { return s.letterAt(p) || p < len(s.s) && isDigit(s.s[p]) }

// hostEnds are the last labels by which a host name without a scheme is known.
var hostEnds = []string{"nl", "com", "be", "org", "net", "eu", "de", "co.uk", "io", "info", "app", "shop", "fr"}

// link reads a URL, a host name or an e-mail address that starts here.
func (s *scanner) link() bool {
	rest := s.s[s.pos:]
	if first := rest[0] | 0x20; (first == 'h' || first == 'w') && (hasFoldPrefix(rest, "http://") || hasFoldPrefix(rest, "https://") || hasFoldPrefix(rest, "www.")) {
		n := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '<' || r == '"' || r == '>' })
		if n < 0 {
			n = len(rest)
		}
		s.pos += len(strings.TrimRight(rest[:n], ".,!?;:)'"))
		return true
	}
	n := 0
	for n < len(rest) && n < 64 && (isAlnum(rest[n]) || rest[n] == '-' || rest[n] == '_') {
		n++
	}
	if n == 0 || n >= len(rest) {
		return false
	}
	switch rest[n] {
	case '@':
		m := n + 1
		for m < len(rest) && m < n+64 && (isAlnum(rest[m]) || rest[m] == '-' || rest[m] == '.') {
			m++
		}
		if m == n+1 {
			return false
		}
		s.pos += len(strings.TrimRight(rest[:m], ".-"))
		return true
	case '.':
		if n < 2 || n+1 == len(rest) || !isLetter(rest[n+1]) {
			return false
		}
		for _, end := range hostEnds {
			if hasFoldPrefix(rest[n+1:], end) && !(len(rest) > n+1+len(end) && rest[n+1+len(end)] >= utf8.RuneSelf) &&
				!(len(rest) > n+1+len(end) && isAlnum(rest[n+1+len(end)])) && rest[n+1]&0x20 != 0 {
				s.pos += n + 1 + len(end)
				return true
			}
		}
	}
	return false
}

// add ends a token whose normal form is its own text.
func (s *scanner) add(start int, kind Kind, flags Flags) {
	s.d.norm = append(s.d.norm, s.s[start:s.pos]...)
	s.push(start, kind, flags)
}

// push adds a token whose normal form has been written.
func (s *scanner) push(start int, kind Kind, flags Flags) {
	d, t := s.d, Token{Start: start, End: s.pos, Kind: kind, Flags: flags}
	from := 0
	if n := len(d.spelled); n > 0 {
		from = d.spelled[n-1].end
	}
	if d.Words != nil {
		t.Word, t.Norm = d.Words.number(d.norm[from:], kind, flags)
	}
	if t.Word != 0 {
		d.norm = d.norm[:from]
	} else {
		d.spelled = append(d.spelled, spelled{len(d.Tokens), len(d.norm)})
	}
	d.Tokens = append(d.Tokens, t)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isAlnum(c byte) bool  { return isLetter(c) || isDigit(c) }
func isStop(c byte) bool   { return c == '.' || c == '!' || c == '?' }

func hasFoldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
