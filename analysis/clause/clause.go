// Package clause cuts sentences into the clauses in which one thing is said of
// one other: "great phone, terrible service" has two. What a sentence says of
// a brand or an aspect is what its clause says.
//
// It goes by signs and by Dutch and English conjunctions and knows no grammar,
// so that a list of nouns makes clauses too; Settle gives those the attitude
// of what they are listed with.
package clause

import "klank/analysis/text"

// Joint is what stands between a clause and the one before it.
type Joint uint8

// The joints. The first clause of a sentence has None.
const (
	None Joint = iota
	Comma
	And
	But
	Because
)

// Clause is a part of a sentence: bytes and tokens, as in text.Sentence.
type Clause struct {
	text.Sentence
	// Of is the sentence, counted from that given to Split.
	Of    int
	Joint Joint
	// Score is the attitude, in [-1, 1]; Loaded tells whether any word carries
	// it. Both are the caller's to set, and Settle's.
	Score  float64
	Loaded bool
}

// joint tells what a token joins, if it does.
func joint(t *text.Token) Joint {
	switch t.Kind {
	case text.Punct:
		switch t.Norm {
		case ",", ";", ":", "(", ")", "–", "—":
			return Comma
		case "-":
			if t.Has(text.Spaced) {
				return Comma
			}
		case "&":
			if t.Has(text.Spaced) {
				return And
			}
		}
	case text.Stop:
		return Comma // a pause: "goed... maar duur"
	case text.Word:
		switch t.Norm {
		case "en", "and", "or", "alsook", "evenals": // not "of", which is English too
			return And
		case "maar", "but", "terwijl", "while", "whereas", "echter", "however", "hoewel", "alhoewel", "ofschoon", "although", "though",
			"behalve", "except", "daarentegen", "alleen":
			return But
		case "want", "omdat", "because", "doordat", "aangezien", "dus", "zodat":
			return Because
		}
	}
	return None
}

// Split appends the clauses of the nth sentence of d. A clause has at least
// one word; the signs and conjunctions before it belong to it.
func Split(dst []Clause, d *text.Doc, n int) []Clause {
	sent := d.Sentences[n]
	first, words, join := sent.First, 0, None
	for i := sent.First; i < sent.Last; i++ {
		t := &d.Tokens[i]
		if j := joint(t); j != None {
			if words > 0 {
				dst = append(dst, cut(d, first, i, n, join))
				first, words, join = i, 0, None
			}
			if first > sent.First {
				join = max(join, j)
			}
			continue
		}
		if t.Kind != text.Punct && t.Kind != text.Stop {
			words++
		}
	}
	if words == 0 && first > sent.First { // signs alone: they close the clause before
		dst[len(dst)-1] = cut(d, dst[len(dst)-1].First, sent.Last, n, dst[len(dst)-1].Joint)
		return dst
	}
	return append(dst, cut(d, first, sent.Last, n, join))
}

func cut(d *text.Doc, first, last, n int, join Joint) Clause {
	return Clause{Of: n, Joint: join, Sentence: text.Sentence{
		Start: d.Tokens[first].Start, End: d.Tokens[last-1].End, First: first, Last: last,
	}}
}

// Settle gives the clauses of a sentence that carry nothing the attitude of a
// neighbour: of the one they are joined to by "and", else of the next one for
// the first, else of the one before. Loaded stays as it was.
func Settle(cs []Clause) {
	for i := len(cs) - 1; i >= 0; i-- {
		c := &cs[i]
		if c.Loaded {
			continue
		}
		c.Score = 0
		if i+1 < len(cs) && (cs[i+1].Joint == And || i == 0 && cs[i+1].Joint != But) {
			c.Score = cs[i+1].Score
		}
	}
	for i := 1; i < len(cs); i++ {
		if c := &cs[i]; !c.Loaded && c.Score == 0 && c.Joint != But {
			c.Score = cs[i-1].Score
		}
	}
}
