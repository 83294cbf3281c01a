package elastic

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"klank/index/text"
)

// The analyzers: each cuts and stems as package text does.
const (
	plainAnalyzer = "klank_plain"
	dutchAnalyzer = "klank_nl"
	engAnalyzer   = "klank_en"
)

// stemmedBy maps the languages that are stemmed to their analyzers and the
// algorithms (https://snowballstem.org) behind them.
var stemmedBy = []struct{ language, analyzer, snowball string }{
	{"nl", dutchAnalyzer, "Dutch"},
	{"en", engAnalyzer, "English"},
}

// analysis is the part of an index's settings that cuts text into words: what
// package text does in Go, without stop words. Names end in _search where the
// synonyms of the configuration are added, for words that are asked for.
func analysis(synonyms [][]string) object {
	tail := []string{"lowercase", "klank_cut"}
	filters := object{
		"klank_cut":        object{"type": "truncate", "length": text.MaxWord},
		"klank_apostrophe": object{"type": "pattern_replace", "pattern": "(.)'+$", "replacement": "$1"},
	}
	analyzers := object{}
	add := func(name string, filter []string) {
		analyzers[name] = object{"type": "custom", "tokenizer": "klank_words", "char_filter": []string{"klank_fold"}, "filter": filter}
		analyzers[name+"_search"] = object{"type": "custom", "tokenizer": "klank_words", "char_filter": []string{"klank_fold"}, "filter": withSynonyms(filter, synonyms)}
	}
	add(plainAnalyzer, tail)
	for _, s := range stemmedBy {
		filters["klank_stem_"+s.language] = object{"type": "snowball", "language": s.snowball}
		add(s.analyzer, append(slices.Clone(tail), "klank_stem_"+s.language, "klank_apostrophe"))
	}
	if len(synonyms) > 0 {
		filters["klank_synonyms"] = object{"type": "synonym_graph", "synonyms": synonymRules(synonyms), "lenient": true}
	}
	return object{
		"char_filter": object{"klank_fold": object{"type": "mapping", "mappings": foldings()}},
		"tokenizer":   object{"klank_words": object{"type": "standard", "max_token_length": 8191}},
		"filter":      filters,
		"analyzer":    analyzers,
	}
}

// withSynonyms puts the synonyms behind lower case, before stems.
func withSynonyms(filter []string, synonyms [][]string) []string {
	if len(synonyms) == 0 {
		return filter
	}
	return slices.Insert(slices.Clone(filter), 1, "klank_synonyms")
}

// synonymRules spells groups in the Solr format of the synonym_graph filter.
func synonymRules(groups [][]string) []string {
	var out []string
	for _, group := range groups {
		var words []string
		for _, s := range group {
			if w := text.Words(s); len(w) > 0 {
				words = append(words, strings.Join(w, " "))
			}
		}
		if len(words) > 1 {
			out = append(out, strings.Join(words, ", "))
		}
	}
	return out
}

// foldings are what text.Fold does beside lower case: ’ as ', soft hyphens
// dropped, and letters with loose marks composed (NFC, for the letters of
// Latin, Greek and Cyrillic; all of it would need the ICU plugin).
func foldings() []string {
	out := []string{`\u2019=>'`, `\u00AD=>`}
	for _, r := range [][2]rune{{0xC0, 0x24F}, {0x370, 0x52F}, {0x1E00, 0x1FFF}} {
		for c := r[0]; c <= r[1]; c++ {
			apart := norm.NFD.String(string(c))
			if utf8.RuneCountInString(apart) > 1 && norm.NFC.String(apart) == string(c) {
				out = append(out, apart+"=>"+string(c))
			}
		}
	}
	return out
}
