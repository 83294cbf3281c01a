// Package brands tells which configured brands a text mentions, by name and
// alias on word boundaries. It is not for deciding what a text says about
// them.
package brands

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Brand is one brand with the other spellings that mean it, and the phrases
// that contain a spelling and mean something else.
type Brand struct {
	Name             string
	Aliases, Exclude []string
}

// Matcher finds brands in text. It is safe for concurrent use.
type Matcher struct {
	brands []compiled
}

type compiled struct {
	name     string
	words    []string // lower case, longest first
	excludes []string
}

// New compiles the brands; order decides the order of matches.
func New(brands []Brand) *Matcher {
	m := &Matcher{}
	for _, b := range brands {
		c := compiled{name: b.Name}
		for _, w := range append([]string{b.Name}, b.Aliases...) {
			if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
				c.words = append(c.words, w)
			}
		}
		sort.SliceStable(c.words, func(i, j int) bool { return len(c.words[i]) > len(c.words[j]) })
		for _, x := range b.Exclude {
			c.excludes = append(c.excludes, strings.ToLower(x))
		}
		m.brands = append(m.brands, c)
	}
	return m
}

// Match returns the names of the brands that any of the texts mentions.
func (m *Matcher) Match(texts ...string) []string {
	if len(m.brands) == 0 {
		return nil
	}
	for i, t := range texts {
		texts[i] = strings.ToLower(t)
	}
	var found []string
	for _, b := range m.brands {
		for _, t := range texts {
			if b.in(t) {
				found = append(found, b.name)
				break
			}
		}
	}
	return found
}

func (c *compiled) in(text string) bool {
	for _, x := range c.excludes {
		text = strings.ReplaceAll(text, x, " ")
	}
	for _, w := range c.words {
		for from := 0; ; {
			i := strings.Index(text[from:], w)
			if i < 0 {
				break
			}
			start, end := from+i, from+i+len(w)
			if boundaryBefore(text, start) && boundaryAfter(text, end) {
				return true
			}
			from = end
		}
	}
	return false
}

func boundaryBefore(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || !isWord(r)
}

// boundaryAfter accepts the end of a word and the Dutch and English genitive
// s ("Lumo's", "Lumos").
func boundaryAfter(s string, i int) bool {
	rest := s[i:]
	for _, suffix := range []string{"'s", "’s", "s", ""} {
		if after, ok := strings.CutPrefix(rest, suffix); ok {
			if r, _ := utf8.DecodeRuneInString(after); after == "" || !isWord(r) {
				return true
			}
		}
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
