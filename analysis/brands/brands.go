// Package brands finds configured brands in texts and tells the attitude to
// each.
//
// A name that is no ordinary word is found wherever it stands alone, in any
// case, with its endings and in compounds ("Ziggo's", "ziggomodem",
// "T Mobile"). A name that is one ("Ben", "Next", "Action") counts only where
// what stands around it speaks for the brand: capitals, "bij Ben", "Next
// refused", words of the trade, the brand's own context words, another brand,
// or the brand of the item that the text is about. The words that decide are
// in cues.txt.
//
// It is not for finding brands that are not configured.
package brands

import (
	"slices"
	"strings"
	"unicode"

	"klank/analysis/text"
	"klank/mention"
)

// Brand is one brand to find.
type Brand struct {
	Name string
	// Aliases are other names and products: who says one, means the brand.
	Aliases []string
	// Exclude are phrases that contain a name and mean something else.
	Exclude []string
	// Context are words that stand near the name when it is meant.
	Context []string
}

// Matcher finds brands. It is read-only and safe for concurrent use.
type Matcher struct {
	names    []string
	variants []variant
	// byFirst has the variants by their first token, the longest first.
	byFirst  map[string][]int32
	starts   map[[3]byte]bool // of names that compounds may begin with
	excludes map[string][][]string
	context  []map[string]bool // by brand
	cues     map[string]cue
}

// variant is one spelling of a name.
type variant struct {
	brand  int32
	tokens []string
	// form is the spelling as configured, for names in capitals.
	form string
	// word tells in which languages all of its tokens are ordinary words;
	// only those names need to be spoken for.
	word      tongue
	short     bool // two or three letters that are easily something else
	firstName bool
	calendar  bool
	capitals  bool // written in capitals: ING
}

// Found is a place where a brand is mentioned.
type Found struct {
	// Brand is its place in the brands given to New.
	Brand int
	mention.Span
	// First and Last are its tokens, Sentence its sentence, counted over title
	// and text.
	First, Last, Sentence int
}

// New compiles the brands.
func New(brands []Brand) (*Matcher, error) {
	m := &Matcher{byFirst: map[string][]int32{}, starts: map[[3]byte]bool{}, excludes: map[string][][]string{}}
	if len(brands) == 0 {
		return m, nil
	}
	var err error
	if m.cues, err = readCues(); err != nil {
		return nil, err
	}
	words := map[string]tongue{}
	for i, b := range brands {
		m.names = append(m.names, b.Name)
		context := map[string]bool{}
		for _, w := range b.Context {
			for _, t := range chunks(w) {
				context[strings.ToLower(t)] = true
			}
		}
		m.context = append(m.context, context)
		for _, x := range b.Exclude {
			if ts := tokens(x); len(ts) > 0 {
				m.excludes[ts[0]] = append(m.excludes[ts[0]], ts)
			}
		}
		for _, name := range append([]string{b.Name}, b.Aliases...) {
			for _, ts := range spellings(name) {
				m.variants = append(m.variants, variant{brand: int32(i), tokens: ts, form: strings.TrimSpace(name)})
				for _, t := range ts {
					words[t] = 0
				}
			}
		}
	}
	if err := ordinary(words); err != nil {
		return nil, err
	}
	for i := range m.variants {
		m.index(int32(i), words)
	}
	for _, list := range m.byFirst {
		slices.SortStableFunc(list, func(a, b int32) int {
			return len(m.variants[b].tokens) - len(m.variants[a].tokens)
		})
	}
	return m, nil
}

// index files a variant under its first token.
func (m *Matcher) index(i int32, words map[string]tongue) {
	v := &m.variants[i]
	first := v.tokens[0]
	m.byFirst[first] = append(m.byFirst[first], i)
	v.word = dutch | english
	for _, t := range v.tokens {
		v.word &= words[t]
	}
	v.capitals = len(v.form) > 1 && strings.ToUpper(v.form) == v.form && strings.IndexFunc(v.form, unicode.IsLetter) >= 0
	if len(v.tokens) > 1 {
		return
	}
	v.short = len(first) <= 2 || len(first) == 3 && v.capitals && first == "ing"
	cues := m.cues[first]
	v.firstName, v.calendar = cues&firstName != 0, cues&calendar != 0
	if v.firstName || v.calendar || v.short {
		v.word |= dutch | english
	}
	if len(first) >= 3 {
		m.starts[[3]byte([]byte(first[:3]))] = true
	}
}

// Name returns the name of the nth brand.
func (m *Matcher) Name(n int) string { return m.names[n] }

// maxChunks bounds the ways in which a name of many parts may be joined.
const maxChunks = 5

// spellings gives the token sequences that a name may be written as: "Media
// Markt" and "mediamarkt", "T-Mobile", "t mobile" and "tmobile".
func spellings(name string) [][]string {
	parts := tokens(name)
	switch {
	case len(parts) == 0:
		return nil
	case len(parts) == 1 || len(parts) > maxChunks || slices.Contains(parts, "&"):
		return [][]string{parts}
	}
	var out [][]string
	for joins := range 1 << (len(parts) - 1) {
		ts := []string{parts[0]}
		for i, p := range parts[1:] {
			if joins>>i&1 == 1 {
				ts[len(ts)-1] += p
			} else {
				ts = append(ts, p)
			}
		}
		out = append(out, ts)
	}
	return out
}

// tokens gives the parts of a name or phrase in normal form.
func tokens(s string) []string {
	var out []string
	for _, c := range chunks(s) {
		out = append(out, text.Normalize(c))
	}
	return out
}

// chunks cuts at signs and where small letters meet a capital: HelloFresh. An
// ampersand is a chunk of its own.
func chunks(s string) []string {
	var out []string
	start := -1
	var prev rune
	end := func(i int) {
		if start >= 0 {
			out = append(out, s[start:i])
		}
		start = -1
	}
	for i, r := range s {
		switch {
		case r == '&':
			end(i)
			out = append(out, "&")
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			end(i)
		case start < 0:
			start = i
		case unicode.IsUpper(r) && unicode.IsLower(prev):
			end(i)
			start = i
		}
		prev = r
	}
	end(len(s))
	return out
}
