package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"klank/index"
	"klank/mention"
)

// clean makes foreign text fit to be shown: control characters become visible
// symbols, and the characters that reorder what follows them (bidi embeddings,
// overrides and isolates, which can make text read as what it is not) become
// the replacement character. Escaping is the templates' work.
func clean(s string) string {
	if !strings.ContainsFunc(s, unfit) && utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case !unfit(r):
			return r
		case r == '\r':
			return -1
		case r < 0x20:
			return 0x2400 + r
		case r == 0x7f:
			return 0x2421
		}
		return utf8.RuneError
	}, s)
}

func unfit(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// shorten cuts s after about n bytes, at a space where one is near.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := runeStart(s, n)
	if i := strings.LastIndexAny(s[:end], " \n\t"); i > n/2 {
		end = i
	}
	return strings.TrimRight(s[:end], " \n\t.,;:") + "…"
}

// runeStart returns the largest rune boundary of s that is not after i.
func runeStart(s string, i int) int {
	i = max(0, min(i, len(s)))
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// piece is a run of text, marked where it matched the query.
type piece struct {
	Text string
	Mark bool
}

// usable sorts the ranges of spans that lie in the named part (title or text)
// of s, and drops what is empty, outside or overlaps an earlier one: spans
// come from storage, and a wrong one must not break a page.
func usable(spans []mention.Span, in, s string) []mention.Span {
	var out []mention.Span
	for _, sp := range spans {
		if sp.In == in && sp.Start >= 0 && sp.Start < sp.End && sp.End <= len(s) {
			out = append(out, mention.Span{In: in, Start: runeStart(s, sp.Start), End: runeStart(s, sp.End)})
		}
	}
	slices.SortStableFunc(out, func(a, b mention.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	end := 0
	return slices.DeleteFunc(out, func(sp mention.Span) bool {
		if sp.Start < end || sp.Start >= sp.End {
			return true
		}
		end = sp.End
		return false
	})
}

// snippetBytes is about how much of a text a hit shows.
const snippetBytes = 420

// snippet cuts the text of a hit around its first match and marks the matches.
func snippet(s, in string, spans []mention.Span) []piece {
	spans = usable(spans, in, s)
	from, to := 0, len(s)
	if len(s) > snippetBytes {
		if len(spans) > 0 && spans[0].Start > snippetBytes*2/3 {
			from = runeStart(s, spans[0].Start-snippetBytes/3)
			if i := strings.IndexAny(s[from:spans[0].Start], " \n\t"); i >= 0 {
				from += i + 1
			}
		}
		to = runeStart(s, from+snippetBytes)
		if i := strings.LastIndexAny(s[from:to], " \n\t"); to < len(s) && i > snippetBytes/2 {
			to = from + i
		}
	}
	var out []piece
	add := func(text string, mark bool) {
		if text != "" {
			out = append(out, piece{Text: clean(text), Mark: mark})
		}
	}
	if from > 0 {
		add("… ", false)
	}
	at := from
	for _, sp := range spans {
		if sp.Start < at || sp.End > to {
			continue
		}
		add(s[at:sp.Start], false)
		add(s[sp.Start:sp.End], true)
		at = sp.End
	}
	add(s[at:to], false)
	if to < len(s) {
		add(" …", false)
	}
	return out
}

// sentence is a run of a mention's text; Labelled ones carry what the
// analysis says about them.
type sentence struct {
	Text        string
	Labelled    bool
	Label       string // negative, neutral or positive
	Score       float64
	Touchpoints []string
	Care        []string
	Span        mention.Span
	// Fix is where its labels can be corrected, empty for nowhere; Corrected
	// tells that somebody has done so.
	Fix       string
	Corrected bool
	// Space is the white space behind the sentence, kept outside its marks.
	Space string
}

// sentences cuts s at the analysis' sentences of the named part. All of s is
// in the result, in order.
func sentences(s, in string, labelled []mention.Sentence) []sentence {
	byStart := map[int]mention.Sentence{}
	var spans []mention.Span
	for _, l := range labelled {
		if l.In == in {
			spans = append(spans, l.Span)
			if _, ok := byStart[l.Start]; !ok {
				byStart[l.Start] = l
			}
		}
	}
	var out []sentence
	at := 0
	for _, sp := range usable(spans, in, s) {
		l, ok := byStart[sp.Start]
		if !ok {
			continue // it began inside a character
		}
		if sp.Start > at {
			out = append(out, sentence{Text: clean(s[at:sp.Start])})
		}
		body := s[sp.Start:sp.End]
		trimmed := strings.TrimRight(body, " \n\t")
		out = append(out, sentence{Text: clean(trimmed), Labelled: true, Label: index.SentenceLabel(l.Score),
			Score: l.Score, Touchpoints: l.Touchpoints, Care: l.Care, Span: l.Span, Space: clean(body[len(trimmed):])})
		at = sp.End
	}
	if at < len(s) {
		out = append(out, sentence{Text: clean(s[at:])})
	}
	return out
}

// webLink returns raw when it is an http or https address with a host, else
// "": nothing else from a mention ever becomes a link.
func webLink(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
