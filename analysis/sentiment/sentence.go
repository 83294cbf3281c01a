package sentiment

import (
	"slices"
	"strings"
	"unicode/utf8"

	"klank/analysis/pattern"
	"klank/analysis/text"
)

// state is what is known of one token while its sentence is scored.
type state struct {
	roles  role
	factor float64 // of a strengthening or weakening word
	unit   int     // the unit that covers this token, or -1
	used   bool    // a negation that turned something
	// negation tells of a negating word even inside a unit, where it has no
	// role of its own.
	negation bool
	conceded bool // stands after "although"
}

// found is a pattern that was found, with its tokens relative to the sentence.
type found struct {
	value       float64 // of its section
	rule        *pattern.Rule
	first, last int32
	// rank is higher for longer patterns, and of two as long for the one with
	// more words, gaps aside: the more, the more exact.
	rank int32
	role role
}

// unit is a word or phrase that carries a value.
type unit struct {
	first, last int // tokens, relative to the sentence
	value       float64
	rule        string
	dead        bool // it only strengthens another
	fixed       bool // it has its negation inside
	effects     effect
}

// effect is what changed the value of a unit.
type effect uint8

const (
	strengthened effect = 1 << iota
	negated
	conceded
	beforeBut
	afterBut
)

// names are those of explanations.
func (e effect) names() []string {
	var out []string
	for i, name := range [...]string{"strengthened", "negated", "conceded", "before but", "after but"} {
		if e&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// sentence reads a sentence by the rules of the languages in a range.
func (s *Scorer) sentence(w *Work, d *text.Doc, sent text.Sentence, from, to int, p *params) felt {
	w.found, w.roles = w.found[:0], 0
	for i := from; i < to; i++ {
		s.meet(w, i, d, d.Tokens[sent.First:sent.Last])
		w.words[i] = w.met[i]
		w.collect(s.lexicons[i], sent, w.matchers[i].Find(s.lexicons[i].patterns, d, sent))
	}
	return s.apply(w, d, sent, from, to, p)
}

// part reads a part of the sentence that was read last as if it was one.
func (s *Scorer) part(w *Work, d *text.Doc, sent, part text.Sentence, from, to int, p *params) felt {
	w.found, w.roles = w.found[:0], 0
	for i := from; i < to; i++ {
		w.words[i] = w.met[i][part.First-sent.First : part.Last-sent.First]
		w.collect(s.lexicons[i], part, w.matchers[i].Part(part.First, part.Last))
	}
	return s.apply(w, d, part, from, to, p)
}

// collect adds the patterns that were found in a sentence.
func (w *Work) collect(l *lexicon, sent text.Sentence, hits []pattern.Hit) {
	for _, h := range hits {
		rule := &l.patterns.Rules[h.Rule]
		section := l.sections[rule.Section]
		w.roles |= section.role
		w.found = append(w.found, found{
			section.value, rule, int32(h.First - sent.First), int32(h.Last - sent.First),
			int32(h.Last-h.First)<<16 | l.lengths[h.Rule], section.role,
		})
	}
}

// apply applies the rules to a sentence, or a part of one, of which the words
// and patterns were found.
func (s *Scorer) apply(w *Work, d *text.Doc, sent text.Sentence, from, to int, p *params) felt {
	tokens := d.Tokens[sent.First:sent.Last]
	w.tokens, w.units = w.tokens[:0], w.units[:0]
	for range tokens {
		w.tokens = append(w.tokens, state{factor: 1, unit: -1})
	}
	w.claim()
	w.assign()
	s.find(w, tokens, from, to, p)
	w.modify(tokens, p)
	if w.roles&negates != 0 {
		w.denials(p)
	}
	if w.roles&(contrasts|concedes) != 0 {
		w.contrast(tokens, p)
	}
	return w.total(d, tokens, p)
}

// claim makes units of the patterns with a value: the longest first, then the
// most exact, and none over the words of another.
func (w *Work) claim() {
	slices.SortStableFunc(w.found, func(a, b found) int { return int(b.rank - a.rank) })
	if w.roles&negates != 0 {
		for i := range w.found {
			if f := &w.found[i]; f.role == negates {
				w.tokens[f.first].negation = true
			}
		}
	}
	for i := range w.found {
		f := &w.found[i]
		free, fixed := f.role == carries, false
		for j := f.first; j < f.last && free; j++ {
			free = w.tokens[j].unit < 0
			fixed = fixed || f.last-f.first > 1 && w.tokens[j].negation
		}
		if free {
			w.add(unit{first: int(f.first), last: int(f.last), value: f.value, rule: f.rule.Source, fixed: fixed})
		}
	}
}

// assign gives the words their roles, except those inside a longer unit.
func (w *Work) assign() {
	for i := range w.found {
		f := &w.found[i]
		if f.role == carries {
			continue
		}
		for j := f.first; j < f.last; j++ {
			t := &w.tokens[j]
			if t.unit >= 0 && w.units[t.unit].last-w.units[t.unit].first > int(f.last-f.first) {
				continue
			}
			t.roles |= f.role
			if f.role == strengthens {
				t.factor = f.value
			}
		}
	}
}

func (w *Work) add(u unit) {
	for j := u.first; j < u.last; j++ {
		w.tokens[j].unit = len(w.units)
	}
	w.units = append(w.units, u)
}

// Rules that are no patterns.
const (
	ruleWord     = "word list"
	ruleSign     = "sign"
	ruleGrade    = "grade"
	ruleNegation = "negation"
	ruleLearned  = "learned"
)

// find adds the units that are no patterns: words of the lists, signs and
// grades.
func (s *Scorer) find(w *Work, tokens []text.Token, from, to int, p *params) {
	for i := range tokens {
		if w.tokens[i].unit >= 0 {
			continue
		}
		t := &tokens[i]
		switch t.Kind {
		case text.Word, text.Hashtag:
			if w.tokens[i].roles != 0 {
				continue // it changes others
			}
			if v := w.valence(i, from, to); v != 0 {
				w.add(unit{first: i, last: i + 1, value: v * p.List, rule: ruleWord})
			}
		case text.Emoji, text.Emoticon:
			if v := s.sign(t.Norm); v != 0 {
				w.add(unit{first: i, last: i + 1, value: v, rule: ruleSign})
			}
		case text.Number:
			if v, n, ok := grade(tokens, i); ok {
				w.add(unit{first: i, last: i + n, value: v, rule: ruleGrade})
			}
		}
	}
}

// valence is that of token i in the first list that has it.
func (w *Work) valence(i, from, to int) float64 {
	for l := from; l < to; l++ {
		if x := &w.words[l][i]; x.listed {
			return float64(x.valence) / 100
		}
	}
	return 0
}

// sign looks up an emoji without its variation and skin tone, or an emoticon.
func (s *Scorer) sign(norm string) float64 {
	if v, ok := s.signs[norm]; ok {
		return v
	}
	r, size := utf8.DecodeRuneInString(norm)
	if size > 1 && size < len(norm) && r != 0x1f1e6 {
		return s.signs[norm[:size]]
	}
	return 0
}

// How far before a word its negation and its strengthening word may stand.
const (
	negationReach   = 4
	strengthenReach = 2
)

// modify applies to each unit what stands before it.
func (w *Work) modify(tokens []text.Token, p *params) {
	for k := range w.units {
		u := &w.units[k]
		if u.dead || u.value == 0 {
			continue
		}
		factor, denials, chain := 1.0, 0, true
		for j := u.first - 1; j >= 0 && j >= u.first-negationReach; j-- {
			t := &w.tokens[j]
			if tokens[j].Kind != text.Word && tokens[j].Kind != text.Hashtag || t.roles&(contrasts|joins) != 0 {
				break
			}
			if t.roles&strengthens != 0 && chain && j >= u.first-strengthenReach {
				factor *= t.factor
				if t.unit >= 0 {
					w.units[t.unit].dead = true
				}
				continue
			}
			chain = false
			if t.roles&negates != 0 && !u.fixed {
				denials++
				t.used = true
				continue
			}
			if t.unit >= 0 && !w.units[t.unit].dead && w.units[t.unit].value != 0 {
				break
			}
		}
		u.apply(factor, denials, &tokens[u.first], p)
	}
}

// apply changes the value of a unit and notes why.
func (u *unit) apply(factor float64, denials int, t *text.Token, p *params) {
	if factor != 1 {
		u.value *= factor
		u.effects |= strengthened
	}
	if denials%2 == 1 {
		if u.value > 0 {
			u.value *= -p.NegatePositive
		} else {
			u.value *= -p.NegateNegative
		}
		u.effects |= negated
	}
	if t.Has(text.Upper) {
		u.value *= p.Capitals
	}
	if t.Has(text.Elongated) {
		u.value *= p.Elongated
	}
}

// denials adds a little for each negation that turned nothing.
func (w *Work) denials(p *params) {
	for j := range w.tokens {
		t := &w.tokens[j]
		if t.roles&negates != 0 && !t.used && t.unit < 0 && (j == 0 || w.tokens[j-1].roles&negates == 0) {
			w.add(unit{first: j, last: j + 1, value: p.Denial, rule: ruleNegation})
		}
	}
}

// contrast weakens what stands before the last "but" and what "although"
// introduces, and strengthens what follows the "but".
func (w *Work) contrast(tokens []text.Token, p *params) {
	but, conceding := -1, false
	for j := range w.tokens {
		t := &w.tokens[j]
		if t.roles&contrasts != 0 && j > 0 {
			but = j
		}
		if t.roles&concedes != 0 {
			conceding = true
		} else if tokens[j].Kind == text.Punct && tokens[j].Norm == "," {
			conceding = false
		}
		t.conceded = conceding
	}
	for k := range w.units {
		u := &w.units[k]
		switch {
		case w.tokens[u.first].conceded:
			u.value *= p.Concede
			u.effects |= conceded
		case but >= 0 && u.last <= but:
			u.value *= p.Before
			u.effects |= beforeBut
		case but >= 0 && u.first > but:
			u.value *= p.After
			u.effects |= afterBut
		}
	}
}

// total sums up the units and applies the sentence's end.
func (w *Work) total(d *text.Doc, tokens []text.Token, p *params) felt {
	var f felt
	w.steps = nil
	for k := range w.units {
		u := &w.units[k]
		if u.dead || u.value == 0 {
			continue
		}
		if u.value < 0 {
			u.value *= p.Negative
			f.bad += u.value
		} else {
			f.good += u.value
		}
		f.loaded = true
		switch u.rule {
		case ruleGrade:
			f.grade += u.value
		case ruleSign:
			f.sign += u.value
		}
		if w.explains {
			w.steps = append(w.steps, Step{d.Source[tokens[u.first].Start:tokens[u.last-1].End], u.rule, round(u.value), u.effects.names()})
		}
	}
	f.count(w, tokens)
	f.sum = (f.good + f.bad) * (1 + p.Exclaim*float64(min(f.exclaims, 3)))
	if f.asks > 0 {
		f.sum = f.sum*p.Question + p.Asked
	}
	return f
}

// count notes what a sentence has beside its values.
func (f *felt) count(w *Work, tokens []text.Token) {
	for i := range tokens {
		switch tokens[i].Kind {
		case text.Stop:
			f.exclaims += strings.Count(tokens[i].Norm, "!")
			if strings.Contains(tokens[i].Norm, "?") {
				f.asks++
			}
		case text.Word, text.Hashtag:
			f.words++
			if tokens[i].Has(text.Upper) {
				f.capitals++
			}
			roles := w.tokens[i].roles
			if roles&negates != 0 {
				f.denials++
			}
			f.contrast = f.contrast || roles&contrasts != 0
		}
	}
}
