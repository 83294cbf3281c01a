package query

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"klank/index/text"
)

// Language is the question language with what a configuration adds to it. It
// does not change once made, and is safe for concurrent use.
type Language struct {
	saved map[string]string // by the folded name
	names []string
	// synonyms are the words that a word stands for, by each of them as
	// written and by its stems.
	synonyms map[string][]*Text
}

// savedField is what a saved query is called with.
const savedField = "saved"

// NewLanguage returns the language with saved queries, by their names, which
// others may use (saved:name), and with groups of words that mean the same: one
// that is asked for without quotes, *, or ~ stands for all of its group. The error
// joins a *SavedError for every saved query that cannot be read.
func NewLanguage(saved map[string]string, synonyms [][]string) (*Language, error) {
	l := &Language{saved: map[string]string{}, names: slices.Sorted(maps.Keys(saved)), synonyms: map[string][]*Text{}}
	for name, q := range saved {
		l.saved[text.Fold(name)] = q
	}
	for _, group := range synonyms {
		var all []*Text
		for _, s := range group {
			if words := text.Words(s); len(words) > 0 {
				all = append(all, &Text{Words: words})
			}
		}
		for _, t := range all {
			for _, key := range spellings(t.Words) {
				l.synonyms[key] = append(l.synonyms[key], all...)
			}
		}
	}
	var errs []error
	for _, name := range l.names {
		if _, err := l.Parse(saved[name], time.Time{}); err != nil {
			errs = append(errs, &SavedError{name, err})
		}
	}
	return l, errors.Join(errs...)
}

// With returns the language with more saved queries, which win over those of
// the same name. l may be nil, and stays as it is. The error is that of
// NewLanguage, for the saved queries that are added; the language is returned
// with it, and such a query is told of where it is used.
func (l *Language) With(saved map[string]string) (*Language, error) {
	out := &Language{saved: map[string]string{}, synonyms: map[string][]*Text{}}
	if l != nil {
		out.names, out.synonyms = slices.Clone(l.names), l.synonyms
		maps.Copy(out.saved, l.saved)
	}
	for name, q := range saved {
		if _, ok := out.saved[text.Fold(name)]; !ok {
			out.names = append(out.names, name)
		}
		out.saved[text.Fold(name)] = q
	}
	slices.Sort(out.names)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(saved)) {
		if _, err := out.Parse(saved[name], time.Time{}); err != nil {
			errs = append(errs, &SavedError{name, err})
		}
	}
	return out, errors.Join(errs...)
}

// Saved returns the names of the saved queries, in order; l may be nil.
func (l *Language) Saved() []string {
	if l == nil {
		return nil
	}
	return slices.Clone(l.names)
}

// SavedError is a saved query that cannot be read.
type SavedError struct {
	Name string
	Err  error
}

func (e *SavedError) Error() string { return fmt.Sprintf("saved query %q: %v", e.Name, e.Err) }

func (e *SavedError) Unwrap() error { return e.Err }

// spellings are the words as written and in the stems of each language.
func spellings(words []string) []string {
	out := []string{strings.Join(words, " ")}
	var st text.Stemmer
	for _, language := range text.Stemmed {
		stems := make([]string, len(words))
		for i, w := range words {
			stems[i] = st.Stem(w, language)
		}
		out = append(out, language+":"+strings.Join(stems, " "))
	}
	return out
}

// synonyms returns t, or t and all that means the same.
func (p *parser) synonyms(t *Text) Node {
	if p.language == nil || len(p.language.synonyms) == 0 {
		return t
	}
	nodes := []Node{t}
	for _, key := range spellings(t.Words) {
		for _, s := range p.language.synonyms[key] {
			if !slices.ContainsFunc(nodes, func(n Node) bool { return n.String() == s.String() }) {
				nodes = append(nodes, s)
			}
		}
	}
	if len(nodes) == 1 {
		return t
	}
	return &Or{nodes}
}

// saved reads saved:name and the query that is saved under it. What that gets
// wrong is told of the name.
func (p *parser) saved(field token, depth int) (Node, error) {
	t, err := p.lex.next(true)
	if err != nil {
		return nil, err
	}
	if t.kind == tokOpen || t.empty() {
		return nil, &SyntaxError{field.pos, "saved: needs the name of a saved query", "write it right after the colon"}
	}
	name := text.Fold(t.val)
	if p.language == nil || p.language.saved[name] == "" {
		return nil, p.unknownSaved(t)
	}
	if slices.Contains(p.within, name) {
		return nil, &SyntaxError{t.pos, fmt.Sprintf("the saved query %q uses itself", t.val), ""}
	}
	if depth >= MaxDepth {
		return nil, &SyntaxError{t.pos, fmt.Sprintf("more than %d parentheses and saved queries in one another", MaxDepth), ""}
	}
	inner := &parser{language: p.language, now: p.now, parts: p.parts, depth: depth + 1, within: append(slices.Clip(p.within), name)}
	n, err := p.language.parse(p.language.saved[name], inner)
	if err != nil {
		var se *SyntaxError
		errors.As(err, &se)
		return nil, &SyntaxError{t.pos, fmt.Sprintf("the saved query %q: %s", t.val, se.Msg), se.Hint}
	}
	p.parts = inner.parts
	return n, p.advance()
}

func (p *parser) unknownSaved(t token) error {
	e := &SyntaxError{Offset: t.pos, Msg: fmt.Sprintf("no query is saved as %q", t.val)}
	names := p.language.Saved()
	if n := Nearest(strings.ToLower(t.val), names); n != "" {
		e.Hint = fmt.Sprintf("did you mean saved:%s?", n)
	} else if len(names) > 0 {
		e.Hint = "there are " + strings.Join(names, ", ")
	}
	return e
}

// empty tells of what follows a field that it is no value.
func (t token) empty() bool {
	return t.kind == tokEnd || t.kind == tokClose || t.kind == tokWord && t.val == ""
}
