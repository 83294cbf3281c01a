package research

import (
	"fmt"
	"strings"
	"time"
)

// Saying is a sentence or a few words that a report itself says, apart from
// what it says them of, so that they can be said in another language: Form is
// the English, with the verbs of package fmt. It is written as English
// (fmt.Stringer, JSON) by who does not translate.
type Saying struct {
	Form string
	// Args are numbers, strings that are nobody's words but the data's, Terms,
	// or Sayings.
	Args []any
}

// String is the saying in English.
func (s Saying) String() string { return fmt.Sprintf(s.Form, s.Args...) }

// MarshalText writes it in English.
func (s Saying) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Term is a value of a closed list: touchpoint, moment, care, signal,
// sentiment, kind, language, day (2026-01-31) or month (2026-01).
type Term struct{ List, Value string }

// String is the value itself.
func (t Term) String() string { return t.Value }

func say(form string, args ...any) Saying { return Saying{form, args} }

// spoken and told are cells of the report's own words.
func spoken(s Saying) Cell { return Cell{Text: s.String(), Said: &s} }

func told(form string, args ...any) Cell { return spoken(say(form, args...)) }

// dated is a cell of a day, empty for no time.
func dated(t time.Time) Cell {
	if t.IsZero() {
		return Cell{}
	}
	return termed("day", dayOf(t))
}

// termed is a cell of a value of a closed list.
func termed(list, value string) Cell { return told("%s", Term{list, value}) }

// together says several things after each other.
func together(parts []Saying) Saying {
	args := make([]any, len(parts))
	for i, p := range parts {
		args[i] = p
	}
	return Saying{strings.TrimSuffix(strings.Repeat("%s, ", len(parts)), ", "), args}
}
