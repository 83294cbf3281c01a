package index

import (
	"slices"
	"strings"

	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// Highlights returns the byte spans of a mention's title and text where the
// words of q match that q asks for (not those it excludes), in order and
// without overlaps.
func Highlights(m *mention.Mention, q query.Node) []mention.Span {
	patterns := newPatternSet(Patterns(q))
	if patterns == nil {
		return nil
	}
	var out []mention.Span
	var st text.Stemmer
	language := Language(m)
	for _, part := range []struct{ in, s string }{{"title", m.Title}, {"text", m.Text}} {
		tokens := text.Tokens(part.s)
		stems := make([]string, len(tokens))
		for i, t := range tokens {
			stems[i] = st.Stem(t.Word, language)
		}
		var spans []mention.Span
		for i := range tokens {
			if n := patterns.longest(tokens, stems, i); n > 0 {
				spans = append(spans, mention.Span{In: part.in, Start: tokens[i].Start, End: tokens[i+n-1].End})
			}
		}
		out = append(out, join(spans)...)
	}
	return out
}

// join merges overlapping spans; their starts ascend.
func join(spans []mention.Span) []mention.Span {
	var out []mention.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// A Pattern is one sequence of words to look for: as stems, or as written with
// the last word as a prefix (Prefix), or the words that resemble one (Fuzzy; see
// query.Text).
type Pattern struct {
	Words  []string
	Prefix bool
	Fuzzy  int
}

// PatternsOf returns the patterns of one Text node, of which any may match:
// its words unstemmed and in the stems of each language. There are none when
// the node holds no words.
func PatternsOf(t *query.Text) []Pattern {
	words := text.Words(strings.Join(t.Words, " "))
	if len(words) == 0 {
		return nil
	}
	if t.Prefix || t.Fuzzy > 0 {
		return []Pattern{{words, t.Prefix, t.Fuzzy}}
	}
	out := []Pattern{{Words: words}}
	var st text.Stemmer
	for _, l := range text.Stemmed {
		stems := make([]string, len(words))
		for i, w := range words {
			stems[i] = st.Stem(w, l)
		}
		if !slices.ContainsFunc(out, func(p Pattern) bool { return slices.Equal(p.Words, stems) }) {
			out = append(out, Pattern{Words: stems})
		}
	}
	return out
}

// Patterns returns the patterns of all words that q asks for.
func Patterns(q query.Node) []Pattern {
	switch q := q.(type) {
	case *query.And:
		return patternsOfAll(q.Nodes)
	case *query.Or:
		return patternsOfAll(q.Nodes)
	case *query.Text:
		return PatternsOf(q)
	case *query.Near:
		return slices.Concat(PatternsOf(q.A), PatternsOf(q.B))
	}
	return nil
}

// NearPatterns returns the pairs of patterns of a Near node, of which any may
// stand near each other. A pair of the same two is met by one of it.
func NearPatterns(n *query.Near) [][2]Pattern {
	var out [][2]Pattern
	for _, a := range PatternsOf(n.A) {
		for _, b := range PatternsOf(n.B) {
			out = append(out, [2]Pattern{a, b})
		}
	}
	return out
}

func patternsOfAll(nodes []query.Node) []Pattern {
	var out []Pattern
	for _, n := range nodes {
		out = append(out, Patterns(n)...)
	}
	return out
}

// patternSet finds patterns by their first word, so that a long query over a
// long text costs what the text costs.
type patternSet struct {
	stems  map[string][]Pattern // by the stem of their first word
	plain  map[string][]Pattern // prefixes of several words, by the first
	single []Pattern            // of one word: prefixes and fuzzy ones
}

// newPatternSet returns nil when there are no patterns.
func newPatternSet(ps []Pattern) *patternSet {
	if len(ps) == 0 {
		return nil
	}
	s := &patternSet{stems: map[string][]Pattern{}, plain: map[string][]Pattern{}}
	for _, p := range ps {
		first := p.Words[0]
		switch {
		case !p.Prefix && p.Fuzzy == 0:
			s.stems[first] = append(s.stems[first], p)
		case len(p.Words) > 1:
			s.plain[first] = append(s.plain[first], p)
		default:
			s.single = append(s.single, p)
		}
	}
	return s
}

// longest returns the number of words of the longest pattern that stands at
// tokens[i:], or 0.
func (s *patternSet) longest(tokens []text.Token, stems []string, i int) int {
	n := 0
	for _, ps := range [][]Pattern{s.stems[stems[i]], s.plain[tokens[i].Word], s.single} {
		for _, p := range ps {
			if len(p.Words) > n && p.matches(tokens, stems, i) {
				n = len(p.Words)
			}
		}
	}
	return n
}

// matches tells whether p stands at tokens[i:].
func (p Pattern) matches(tokens []text.Token, stems []string, i int) bool {
	if i+len(p.Words) > len(tokens) {
		return false
	}
	for j, w := range p.Words {
		switch {
		case p.Fuzzy > 0:
			if !text.Resembles(tokens[i+j].Word, w, p.Fuzzy) {
				return false
			}
		case p.Prefix && j == len(p.Words)-1:
			if !strings.HasPrefix(tokens[i+j].Word, w) {
				return false
			}
		case p.Prefix:
			if tokens[i+j].Word != w {
				return false
			}
		case stems[i+j] != w:
			return false
		}
	}
	return true
}
