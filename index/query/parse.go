package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"klank/index/text"
)

// The bounds of a query: bytes of text, nested parentheses and negations, and
// parts (words, phrases, terms, ranges). They keep the tree small enough for
// every back-end.
const (
	MaxBytes = 16 << 10
	MaxDepth = 50
	MaxParts = 500
)

// Parse reads a query. now is what 30d counts back from. An empty text gives
// nil: everything. The tree comes back simplified, so that parsing its String
// gives the same tree again. Errors are *SyntaxError.
func Parse(text string, now time.Time) (Node, error) { return (*Language)(nil).Parse(text, now) }

// Parse reads a query as the function Parse does, with what l adds.
func (l *Language) Parse(text string, now time.Time) (Node, error) {
	n, err := l.parse(text, &parser{language: l, now: now.UTC()})
	if err != nil {
		return nil, err
	}
	return Simplify(n), nil
}

// parse reads a query with a parser that has only its language, its clock and
// what it is within.
func (l *Language) parse(text string, p *parser) (Node, error) {
	if len(text) > MaxBytes {
		return nil, &SyntaxError{MaxBytes, fmt.Sprintf("the query is longer than %d bytes", MaxBytes), ""}
	}
	if i := invalidUTF8(text); i >= 0 {
		return nil, &SyntaxError{i, "not valid UTF-8", ""}
	}
	p.lex, p.skipped = lexer{in: text}, -1
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		if p.skipped >= 0 {
			return nil, &SyntaxError{p.skipped, "no letters or digits to search for", ""}
		}
		return nil, nil
	}
	n, err := p.or(p.depth)
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokClose {
		return nil, &SyntaxError{p.tok.pos, "this parenthesis was never opened", "put quotes around words that hold one"}
	}
	return n, nil
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

// parser is a recursive descent over
//
//	or    = and { "OR" and }
//	and   = not { ["AND"] not }
//	not   = { "NOT" | "-" } near
//	near  = part { "NEAR/n" part }
//	part  = "*" | "(" or ")" | phrase | word | field value | field "(" or ")"
type parser struct {
	language *Language
	lex      lexer
	tok      token
	now      time.Time
	field    *Field // inside field:( … )
	parts    int
	skipped  int      // where punctuation alone was first passed over, or -1
	within   []string // the saved queries that it is within,
	depth    int      // and the parentheses
}

// advance takes the next token, passing over punctuation that stands alone.
func (p *parser) advance() error {
	for {
		t, err := p.lex.next(false)
		if err != nil {
			return err
		}
		p.tok = t
		if t.kind != tokWord || p.field != nil || strings.Contains(t.val, "*") || len(text.Words(t.val)) > 0 {
			return nil
		}
		if p.skipped < 0 {
			p.skipped = t.pos
		}
	}
}

func (p *parser) or(depth int) (Node, error) {
	var nodes []Node
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if p.tok.kind != tokOr {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return &Or{nodes}, nil
}

func (p *parser) and(depth int) (Node, error) {
	var nodes []Node
	for {
		n, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		switch p.tok.kind {
		case tokAnd:
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		case tokOr, tokClose, tokEnd:
			if len(nodes) == 1 {
				return nodes[0], nil
			}
			return &And{nodes}, nil
		}
	}
}

func (p *parser) not(depth int) (Node, error) {
	negated := false
	for p.tok.kind == tokNot {
		negated = !negated
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n, err := p.near(depth)
	if err != nil || !negated {
		return n, err
	}
	return &Not{n}, nil
}

// near reads a part, or a chain of those that are to stand near each other:
// words and phrases, or alternatives of them.
func (p *parser) near(depth int) (Node, error) {
	at := p.tok.pos
	n, err := p.part(depth)
	if err != nil || p.tok.kind != tokNear {
		return n, err
	}
	as, err := nearOperands(n, at)
	if err != nil {
		return nil, err
	}
	var chain []Node
	for p.tok.kind == tokNear {
		distance, err := nearDistance(p.tok)
		if err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		at = p.tok.pos
		if n, err = p.part(depth); err != nil {
			return nil, err
		}
		bs, err := nearOperands(n, at)
		if err != nil {
			return nil, err
		}
		// each pair is spelled with both of its texts
		if p.parts += 2 * len(as) * len(bs); p.parts > MaxParts {
			return nil, tooMany(at)
		}
		var pairs []Node
		for _, a := range as {
			for _, b := range bs {
				pairs = append(pairs, &Near{a, b, distance})
			}
		}
		chain = append(chain, &Or{pairs})
		as = bs
	}
	return &And{chain}, nil
}

func tooMany(at int) error {
	return &SyntaxError{at, fmt.Sprintf("more than %d words and terms", MaxParts), ""}
}

func nearOperands(n Node, at int) ([]*Text, error) {
	nodes := []Node{n}
	if or, ok := Simplify(n).(*Or); ok {
		nodes = or.Nodes
	}
	var out []*Text
	for _, n := range nodes {
		switch t, ok := n.(*Text); {
		case !ok:
			return nil, &SyntaxError{at, "NEAR joins words and phrases", `for example traag NEAR/5 "te laat"`}
		case t.Prefix || t.Fuzzy > 0:
			return nil, &SyntaxError{at, "NEAR joins whole words", "leave out the * or ~"}
		default:
			out = append(out, t)
		}
	}
	return out, nil
}

// MaxDistance is the longest distance of NEAR.
const MaxDistance = 100

func nearDistance(t token) (int, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(t.val, "NEAR"), "/")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > MaxDistance || strings.Trim(digits, "0123456789") != "" {
		return 0, &SyntaxError{t.pos, "NEAR needs a distance", fmt.Sprintf("write NEAR/5 for at most five words between; allowed are 0 to %d", MaxDistance)}
	}
	return n, nil
}

func (p *parser) part(depth int) (Node, error) {
	t := p.tok
	if p.parts++; p.parts > MaxParts {
		return nil, tooMany(t.pos)
	}
	switch t.kind {
	case tokOpen:
		return p.parens(depth+1, p.field)
	case tokField:
		return p.fieldPart(depth)
	case tokWord, tokPhrase:
		n, err := p.leaf(t)
		if err != nil {
			return nil, err
		}
		return n, p.advance()
	}
	return nil, p.missing()
}

// missing says what was found where a word or term should stand.
func (p *parser) missing() error {
	e := &SyntaxError{Offset: p.tok.pos}
	switch p.tok.kind {
	case tokEnd:
		e.Msg, e.Hint = "the query ends where a word should follow", "put quotes around AND, OR and NOT to search for the words"
	case tokClose:
		e.Msg, e.Hint = "nothing stands before this parenthesis", "write a word before it"
	default:
		e.Msg, e.Hint = p.tok.val+" has nothing before it", `put quotes around it to search for the word`
	}
	return e
}

// parens reads what stands between parentheses; the current token opens them.
// With a field, its values stand there.
func (p *parser) parens(depth int, field *Field) (Node, error) {
	open, outer := p.tok.pos, p.field
	if depth > MaxDepth {
		return nil, &SyntaxError{open, fmt.Sprintf("more than %d parentheses in one another", MaxDepth), ""}
	}
	p.field, p.lex.group = field, field != nil
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or(depth)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokClose {
		return nil, &SyntaxError{open, "this parenthesis is never closed", "close it with )"}
	}
	p.field, p.lex.group = outer, outer != nil
	return n, p.advance()
}

// fieldPart reads field:value, field:"value" or field:( … ).
func (p *parser) fieldPart(depth int) (Node, error) {
	name := p.tok
	if strings.EqualFold(name.val, savedField) {
		return p.saved(name, depth)
	}
	f, ok := Lookup(strings.ToLower(name.val))
	if !ok {
		return nil, unknownField(name)
	}
	t, err := p.lex.next(true)
	if err != nil {
		return nil, err
	}
	p.tok = t
	if t.kind == tokOpen {
		return p.parens(depth+1, &f)
	}
	if t.empty() {
		return nil, &SyntaxError{name.pos, f.Name + ": needs a value", "write it right after the colon: " + f.example()}
	}
	n, err := p.value(f, t)
	if err != nil {
		return nil, err
	}
	return n, p.advance()
}

func unknownField(t token) error {
	e := &SyntaxError{Offset: t.pos, Msg: fmt.Sprintf("unknown field %q", t.val)}
	names := make([]string, len(Fields))
	for i, f := range Fields {
		names[i] = f.Name
	}
	names = append(names, savedField)
	if n := Nearest(strings.ToLower(t.val), names); n != "" {
		e.Hint = fmt.Sprintf("did you mean %s:?", n)
	} else {
		e.Hint = "put quotes around words with a colon; the fields are " + strings.Join(names, ", ")
	}
	return e
}

// leaf turns a word or phrase into a node: a value inside field:( … ).
func (p *parser) leaf(t token) (Node, error) {
	if p.field != nil {
		return p.value(*p.field, t)
	}
	if fuzzy, err := fuzzyWord(t); fuzzy != nil || err != nil {
		return fuzzy, err
	}
	if t.kind == tokWord {
		if t.val == "*" {
			return nil, nil
		}
		t.val, t.star = strings.CutSuffix(t.val, "*")
		if i := strings.IndexByte(t.val, '*'); i >= 0 {
			return nil, &SyntaxError{t.pos + i, "a * stands only at the end of a word", "for example lever*"}
		}
	}
	words := text.Words(t.val)
	if len(words) == 0 {
		return nil, &SyntaxError{t.pos, "no letters or digits to search for", ""}
	}
	n := &Text{Words: words, Prefix: t.star}
	if t.kind == tokWord && !t.star {
		return p.synonyms(n), nil
	}
	return n, nil
}

// fuzzyWord reads word~, word~1 and word~2, also in quotes; nil for any other
// word. Without a number it is one error up to five letters, two from six.
func fuzzyWord(t token) (Node, error) {
	spelled, errs := t.val, t.fuzzy
	if i := strings.LastIndexByte(t.val, '~'); t.kind == tokWord && i > 0 && strings.Trim(t.val[i+1:], "0123456789") == "" {
		spelled, errs = t.val[:i], t.val[i:]
	}
	words := text.Words(spelled)
	if errs == "" || len(words) == 0 {
		return nil, nil
	}
	letters := utf8.RuneCountInString(words[0])
	switch {
	case len(words) > 1 || strings.HasSuffix(spelled, "*"):
		return nil, &SyntaxError{t.pos, "a ~ is for one word", "for words near each other write a NEAR/3 b"}
	case letters < 3:
		return nil, &SyntaxError{t.pos, "a ~ needs a word of three letters or more", ""}
	case errs == "~2" || errs == "~" && letters > 5:
		return &Text{Words: words, Fuzzy: 2}, nil
	case errs == "~1" || errs == "~":
		return &Text{Words: words, Fuzzy: 1}, nil
	}
	return nil, &SyntaxError{t.pos, "a ~ takes 1 or 2 typing errors", "write " + words[0] + "~2"}
}

// value turns the value t of field f into a node.
func (p *parser) value(f Field, t token) (Node, error) {
	bare := t.kind == tokWord
	if bare && t.val == "*" {
		return p.present(f, t)
	}
	if t.fuzzy != "" {
		return nil, &SyntaxError{t.pos, "a ~ is for words, not for fields", ""}
	}
	if t.star || bare && strings.HasSuffix(t.val, "*") {
		return nil, &SyntaxError{t.pos, "a * is for words, not for fields", fmt.Sprintf("%s:* finds all that have one", f.Name)}
	}
	if strings.TrimSpace(t.val) == "" {
		return nil, &SyntaxError{t.pos, f.Name + ": needs a value", "for example " + f.example()}
	}
	switch f.Type {
	case Number:
		return numberNode(f, t)
	case Date:
		return dateNode(f, t, p.now)
	case Presence:
		return enumerated(f, t, Presences)
	}
	switch {
	case f.Name == "language":
		t.val = text.Primary(t.val)
	case f.Values != nil:
		return enumerated(f, t, f.Values)
	}
	return &Term{f.Name, t.val}, nil
}

// present reads field:*, another spelling of has:field.
func (p *parser) present(f Field, t token) (Node, error) {
	if !slices.Contains(Presences, f.Name) {
		return nil, &SyntaxError{t.pos, f.Name + ": needs a value", "for example " + f.example()}
	}
	return &Term{"has", f.Name}, nil
}

func enumerated(f Field, t token, values []string) (Node, error) {
	v := strings.ToLower(t.val)
	if slices.Contains(values, v) {
		return &Term{f.Name, v}, nil
	}
	e := &SyntaxError{Offset: t.pos, Msg: fmt.Sprintf("%s: has no value %q", f.Name, t.val)}
	if n := Nearest(v, values); n != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", n)
	} else {
		e.Hint = "it is one of " + strings.Join(values, ", ")
	}
	return nil, e
}

// example is a field with a value, for hints.
func (f Field) example() string {
	switch {
	case f.Type == Number:
		return f.Name + ":>=4"
	case f.Type == Date:
		return f.Name + ":2026-05"
	case f.Type == Presence:
		return f.Name + ":" + Presences[0]
	case f.Values != nil:
		return f.Name + ":" + f.Values[0]
	}
	return f.Name + `:"a name"`
}
