package normalize

import (
	stdhtml "html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown returns the plain text of CommonMark (https://spec.commonmark.org)
// as forums write it: marks of emphasis, headings, lists, quotes, code and
// tables are removed, each item of a list is a paragraph, and a link is its
// words with the address in brackets after them.
func Markdown(s string) string {
	s = strings.ReplaceAll(stdhtml.UnescapeString(s), "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	fenced := false
	for line := range strings.SplitSeq(s, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~"):
			fenced = !fenced
			b.WriteString("\n\n")
		case fenced:
			b.WriteString(literal(line))
			b.WriteByte('\n')
		default:
			rest, apart := blockMarks(trimmed)
			if apart {
				b.WriteString("\n\n")
			}
			inline(&b, rest)
			b.WriteByte('\n')
			if strings.HasSuffix(line, "  ") { // a hard line break
				b.WriteByte('\n')
			}
		}
	}
	return Text(b.String())
}

// literal keeps "<" of code and of plain signs from being read as tags.
func literal(s string) string { return strings.ReplaceAll(s, "<", "&lt;") }

// blockMarks removes the marks at the beginning of a line; apart tells whether
// the line stands apart from the one before.
func blockMarks(s string) (rest string, apart bool) {
	for strings.HasPrefix(s, ">") && !strings.HasPrefix(s, ">!") {
		s = strings.TrimLeft(s[1:], " \t")
	}
	if s == "" || ruler(s) {
		return "", true
	}
	if n := len(s) - len(strings.TrimLeft(s, "#")); n > 0 && n <= 6 && (n == len(s) || s[n] == ' ') {
		return strings.Trim(s[n:], "# "), true
	}
	if len(s) > 1 && strings.IndexByte("*-+", s[0]) >= 0 && s[1] == ' ' {
		return s[2:], true
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits > 0 && digits <= 9 && digits+1 < len(s) && (s[digits] == '.' || s[digits] == ')') && s[digits+1] == ' ' {
		return s, true
	}
	if s[0] == '|' {
		return strings.ReplaceAll(s, "|", " "), true
	}
	return s, false
}

// ruler tells whether a line is a rule, the underline of a heading, or the
// line between a table's head and body.
func ruler(s string) bool {
	return len(s) >= 3 && (strings.Trim(s, "-|: ") == "" || strings.Trim(s, "=") == "" || strings.Trim(s, "* ") == "" || strings.Trim(s, "_ ") == "")
}

// mark is a run of emphasis marks that may open or close.
type mark struct {
	at, n int // in parts
	c     byte
}

// inline writes a line without its marks. A run of "*", "_" or "~" goes only
// where it opens and something closes it.
func inline(b *strings.Builder, s string) {
	var parts []string
	var open []mark
	from, failed := 0, 0
	flush := func(to int) {
		if to > from {
			parts = append(parts, s[from:to])
		}
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte("\\`*_{}[]()#+-.!~>|^<&/", s[i+1]) >= 0:
			flush(i)
			parts = append(parts, literal(s[i+1:i+2]))
			i += 2
			from = i
		case c == '*' || c == '_' || c == '~':
			n := i
			for n < len(s) && s[n] == c {
				n++
			}
			flush(i)
			parts = append(parts, s[i:n])
			open = emphasis(parts, open, s, i, n)
			i, from = n, n
		case c == '`':
			flush(i)
			i++
			from = i
		case c == '>' && strings.HasPrefix(s[i:], ">!") || c == '!' && strings.HasPrefix(s[i:], "!<"): // a spoiler
			flush(i)
			i += 2
			from = i
		case c == '[' || c == '!' && strings.HasPrefix(s[i:], "!["):
			start := i
			if c == '!' {
				start++
			}
			words, address, end := "", "", -1
			if failed < maxFailed {
				words, address, end = link(s, start)
			}
			flush(i)
			if end < 0 {
				failed++
				parts = append(parts, s[i:start+1])
				i = start + 1
			} else {
				parts = append(parts, plainLink(words, address))
				i = end
			}
			from = i
		case c == '<':
			flush(i)
			if end := autolink(s[i:]); end > 0 {
				parts = append(parts, s[i+1:i+end-1])
				i += end
			} else {
				parts = append(parts, "<")
				i++
			}
			from = i
		default:
			i++
		}
	}
	flush(len(s))
	for _, p := range parts {
		b.WriteString(p)
	}
}

// emphasis judges the run of marks s[i:n], the last of parts: what closes an
// open run of the same kind takes both away.
func emphasis(parts []string, open []mark, s string, i, n int) []mark {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[n:])
	opens := n < len(s) && !unicode.IsSpace(after)
	closes := i > 0 && !unicode.IsSpace(before)
	c := s[i]
	if c == '_' && opens && closes && word(before) && word(after) || c == '~' && n-i < 2 {
		return open
	}
	last := len(parts) - 1
	if closes {
		for k := len(open) - 1; k >= 0 && k >= len(open)-4; k-- {
			if open[k].c == c && open[k].n == n-i {
				parts[open[k].at], parts[last] = "", ""
				return open[:k]
			}
		}
	}
	if opens {
		open = append(open, mark{last, n - i, c})
	}
	return open
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// maxLink bounds how far the end of a link is looked for, maxFailed how often
// in vain on a line.
const (
	maxLink   = 2048
	maxFailed = 20
)

// link reads [words](address "title") at s[i]; end is -1 where there is none.
func link(s string, i int) (words, address string, end int) {
	limit := min(len(s), i+maxLink)
	depth, j := 0, i
	for ; j < limit; j++ {
		switch s[j] {
		case '\\':
			j++
			continue
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if j+1 >= limit || s[j+1] != '(' {
		return "", "", -1
	}
	words, depth = s[i+1:j], 0
	for k := j + 1; k < limit; k++ {
		switch s[k] {
		case '\\':
			k++
			continue
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			address, _, _ = strings.Cut(strings.TrimSpace(s[j+2:k]), " ")
			return words, strings.Trim(address, "<>"), k + 1
		}
	}
	return "", "", -1
}

// plainLink is a link as plain text.
func plainLink(words, address string) string {
	var b strings.Builder
	if !strings.Contains(words, "](") { // an image in a link is not taken apart
		inline(&b, words)
	}
	switch plain := b.String(); {
	case address == "" || plain == address:
		return plain
	case strings.TrimSpace(plain) == "":
		return literal(address)
	default:
		return plain + " (" + literal(address) + ")"
	}
}

// autolink returns the length of <https://…> at the beginning of s, 0 for
// what is none.
func autolink(s string) int {
	end := strings.IndexAny(s[1:min(len(s), maxLink)], "<> ")
	if end < 0 || s[end+1] != '>' || !strings.HasPrefix(s, "<http://") && !strings.HasPrefix(s, "<https://") && !strings.HasPrefix(s, "<mailto:") {
		return 0
	}
	return end + 2
}
