package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError says what Parse did not understand.
type SyntaxError struct {
	// Offset is the byte of the text at which the trouble starts.
	Offset int
	// Msg says what is wrong, Hint what to write instead (may be empty).
	Msg, Hint string
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("query: %s (at byte %d)", e.Msg, e.Offset)
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// caretWindow is how many characters around the trouble Caret shows.
const caretWindow = 60

// Caret shows the place of the error in text on two lines: the text, at most
// 60 characters to both sides, and below it a caret under the character.
func (e *SyntaxError) Caret(text string) string {
	before := []rune(text[:min(max(e.Offset, 0), len(text))])
	after := []rune(text[min(max(e.Offset, 0), len(text)):])
	head, tail := "", ""
	if len(before) > caretWindow {
		before, head = before[len(before)-caretWindow:], "…"
	}
	if len(after) > caretWindow {
		after, tail = after[:caretWindow], "…"
	}
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, head+string(before)+string(after)+tail)
	return line + "\n" + strings.Repeat(" ", utf8.RuneCountInString(head)+len(before)) + "^"
}

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokOpen
	tokClose
	tokAnd
	tokOr
	tokNot    // NOT, or a - before what it negates
	tokNear   // NEAR/5
	tokField  // name: (val is the name)
	tokWord   // a bare run
	tokPhrase // "…", unescaped; star when a * follows, fuzzy what follows from a ~
)

type token struct {
	kind  tokenKind
	val   string
	star  bool
	fuzzy string
	pos   int
}

// lexer cuts a query into tokens. In a group of values, field:( … ), a colon
// is part of a value.
type lexer struct {
	in    string
	pos   int
	group bool
}

const quotes = "\"“”„"

func isQuote(r rune) bool { return strings.ContainsRune(quotes, r) }

// ends tells whether r ends a bare run.
func ends(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' || isQuote(r) }

func (l *lexer) skipSpace() {
	for l.pos < len(l.in) {
		r, n := utf8.DecodeRuneInString(l.in[l.pos:])
		if !unicode.IsSpace(r) {
			return
		}
		l.pos += n
	}
}

// run returns the bare run at the current position without consuming it.
func (l *lexer) run() string {
	if i := strings.IndexFunc(l.in[l.pos:], ends); i >= 0 {
		return l.in[l.pos : l.pos+i]
	}
	return l.in[l.pos:]
}

// next returns the next token. value asks for a field's value: no operators,
// no further fields, and it must stand right here.
func (l *lexer) next(value bool) (token, error) {
	if !value {
		l.skipSpace()
	}
	if l.pos >= len(l.in) {
		return token{kind: tokEnd, pos: len(l.in)}, nil
	}
	start := l.pos
	r, n := utf8.DecodeRuneInString(l.in[start:])
	switch {
	case r == '(' || r == ')':
		l.pos += n
		if r == '(' {
			return token{kind: tokOpen, pos: start}, nil
		}
		return token{kind: tokClose, pos: start}, nil
	case isQuote(r):
		l.pos += n
		return l.phrase(start)
	}
	run := l.run()
	if value {
		l.pos += len(run)
		return token{kind: tokWord, val: run, pos: start}, nil
	}
	switch run {
	case "AND", "OR", "NOT":
		l.pos += len(run)
		return token{kind: map[string]tokenKind{"AND": tokAnd, "OR": tokOr, "NOT": tokNot}[run], val: run, pos: start}, nil
	}
	if run == "NEAR" || strings.HasPrefix(run, "NEAR/") {
		l.pos += len(run)
		return token{kind: tokNear, val: run, pos: start}, nil
	}
	if run[0] == '-' && l.negates(start+1) {
		l.pos++
		return token{kind: tokNot, val: "-", pos: start}, nil
	}
	if name := fieldName(run); name != "" && !l.group {
		if _, known := Lookup(name); known || strings.EqualFold(name, savedField) || len(run) > len(name)+1 || l.opensValue(start+len(run)) {
			l.pos += len(name) + 1
			return token{kind: tokField, val: name, pos: start}, nil
		}
	}
	l.pos += len(run)
	return token{kind: tokWord, val: run, pos: start}, nil
}

// negates tells whether a - before at is a NOT: something stands there.
func (l *lexer) negates(at int) bool {
	if at >= len(l.in) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(l.in[at:])
	return r == '(' || isQuote(r) || r == '*' || r == '-' && l.negates(at+1) || unicode.IsLetter(r) || unicode.IsNumber(r)
}

// opensValue tells whether a quote or parenthesis stands at at.
func (l *lexer) opensValue(at int) bool {
	r, _ := utf8.DecodeRuneInString(l.in[at:])
	return r == '(' || isQuote(r)
}

// fieldName returns the name before the colon of a run such as name:value.
func fieldName(run string) string {
	name, _, found := strings.Cut(run, ":")
	if !found {
		return ""
	}
	for i, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || i > 0 && r >= '0' && r <= '9') {
			return ""
		}
	}
	return name
}

// phrase reads up to the closing quote; \ makes the next character plain.
func (l *lexer) phrase(start int) (token, error) {
	var b strings.Builder
	for l.pos < len(l.in) {
		r, n := utf8.DecodeRuneInString(l.in[l.pos:])
		l.pos += n
		switch {
		case isQuote(r):
			t := token{kind: tokPhrase, val: b.String(), pos: start}
			switch {
			case strings.HasPrefix(l.in[l.pos:], "*"):
				l.pos++
				t.star = true
			case strings.HasPrefix(l.in[l.pos:], "~"):
				rest := strings.TrimLeft(l.in[l.pos+1:], "0123456789")
				t.fuzzy = l.in[l.pos : len(l.in)-len(rest)]
				l.pos = len(l.in) - len(rest)
			}
			return t, nil
		case r == '\\' && l.pos < len(l.in):
			r, n = utf8.DecodeRuneInString(l.in[l.pos:])
			l.pos += n
		}
		b.WriteRune(r)
	}
	return token{}, &SyntaxError{start, "this quote is never closed", `close it with "`}
}
