package text

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed abbreviations.txt
var abbreviationList string

// abbreviations do not end a sentence by their full stop; true for those that
// stand before a name.
var abbreviations = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	names := false
	for line := range strings.Lines(abbreviationList) {
		switch {
		case line[0] == '#':
		case line[0] == '[':
			names = strings.HasPrefix(line, "[before a name")
		default:
			for _, w := range strings.Fields(line) {
				set[w] = names
			}
		}
	}
	return set
})

// split cuts the tokens into sentences. A sentence ends after a Stop (with
// the closing signs and emoji that belong to it), at a paragraph, at a line
// that visibly starts anew, and after an emoji that a capital follows. A text
// without any of these stays one sentence, however long.
func (d *Doc) split() {
	first := 0
	for i := range d.Tokens {
		if i+1 < len(d.Tokens) && !d.endsAt(first, i) {
			continue
		}
		d.Sentences = append(d.Sentences, Sentence{
			Start: d.Tokens[first].Start, End: d.Tokens[i].End, First: first, Last: i + 1,
		})
		first = i + 1
	}
}

// endsAt tells whether a sentence that began at token first ends after i.
func (d *Doc) endsAt(first, i int) bool {
	next := &d.Tokens[i+1]
	if next.Has(Paragraph) {
		return true
	}
	if next.Has(Newline) && d.startsLine(next, i) {
		return true
	}
	if next.trails() {
		return false
	}
	// Closing signs and emoji belong to the Stop before them.
	j := i
	for j > first && d.Tokens[j].trails() && d.Tokens[j].Kind != Stop {
		j--
	}
	t := &d.Tokens[j]
	if t.Kind != Stop {
		return d.Tokens[i].Kind >= Emoji && d.Tokens[i].Kind <= Emoticon && next.Kind == Word && next.Has(Title|Spaced) && i > first
	}
	return d.stopEnds(first, j, next)
}

// stopEnds tells whether the Stop at token j ends a sentence before next.
func (d *Doc) stopEnds(first, j int, next *Token) bool {
	stop := d.Source[d.Tokens[j].Start:d.Tokens[j].End]
	if j == first { // signs alone: "... en toen"
		return false
	}
	if strings.ContainsAny(stop, "!?") {
		return next.Has(Spaced) || next.Has(Title) || j+1 < len(d.Tokens) && &d.Tokens[j+1] != next
	}
	prev := &d.Tokens[j-1]
	if len(stop) > 1 { // an ellipsis: a pause, unless a capital follows
		return next.Has(Title) || next.Kind == Number && next.Has(Spaced)
	}
	if !next.Has(Spaced) && &d.Tokens[j+1] == next {
		// No space: "goed.Een goed boek", not "Node.js", "a.s." or "U.S.A".
		return prev.Kind == Word && next.Kind == Word && next.Has(Title) &&
			prev.End-prev.Start > 1 && next.End-next.Start > 1 && !prev.Has(Upper) && !d.abbreviated(first, j)
	}
	if d.abbreviated(first, j) {
		return false
	}
	if prev.Kind == Number { // "op 3. mei", "1. Snel geleverd"
		return j-1 > first && (next.Has(Title) || next.Kind != Word)
	}
	return true
}

// abbreviated tells whether the word before the Stop at j is an abbreviation
// or an initial.
func (d *Doc) abbreviated(first, j int) bool {
	prev := &d.Tokens[j-1]
	if prev.Kind != Word || prev.Has(Spaced) && d.Tokens[j].Has(Spaced) {
		return false
	}
	if prev.End-prev.Start == 1 {
		// An initial, or the end of "o.a." and "b.v.".
		return prev.Has(Title) && prev.Norm != "i" && j+1 < len(d.Tokens) && d.Tokens[j+1].Kind == Word ||
			j-2 >= first && d.Tokens[j-2].Kind == Stop && !prev.Has(Spaced)
	}
	name, ok := abbreviations()[prev.Norm]
	return ok && (name || j+1 >= len(d.Tokens) || !d.Tokens[j+1].Has(Title) || d.Tokens[j+1].Has(Upper))
}

// startsLine tells whether the token after a single line break begins a new
// sentence; if not, the line was only wrapped.
func (d *Doc) startsLine(next *Token, i int) bool {
	if d.Tokens[i].Kind == Stop || d.Tokens[i].Kind >= Emoji {
		return true
	}
	return next.Kind != Word || next.Has(Title)
}

// trails tells whether a token belongs to the sentence before it: closing
// brackets and quotes, and emoji.
func (t *Token) trails() bool {
	switch t.Kind {
	case Emoji, Emoticon:
		return true
	case Stop:
		return true
	case Punct:
		switch t.Norm {
		case ")", "]", "}", "»", "”":
			return true
		case "\"", "'", "’":
			return !t.Has(Spaced)
		}
	}
	return false
}
