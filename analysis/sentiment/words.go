package sentiment

import "klank/analysis/text"

// word is what a language's list and model know of a word by itself.
type word struct {
	hash    uint32
	valence int32 // in hundredths
	// chars are the sums of the model's weights of its letter n-grams, nChars
	// their number; a word has few enough for so few bits.
	chars  [outputs]int16
	nChars uint8
	listed bool
}

// meet looks up the words of a sentence in a language: w.met has an entry for
// each token, empty for what is no word.
func (s *Scorer) meet(w *Work, language int, d *text.Doc, tokens []text.Token) {
	known := &w.known[language]
	known.Begin(d.Words, s)
	words := w.met[language][:0]
	for i := range tokens {
		t := &tokens[i]
		if !isWord(t) {
			words = append(words, word{})
			continue
		}
		x := known.Find(t.Word)
		if x == nil {
			x = known.Add(t.Word)
			s.learnWord(w, x, language, t)
		}
		words = append(words, *x)
	}
	w.met[language] = words
}

// learnWord fills in what is known of a word; of an elongated one that the list
// has not, the short form counts.
func (s *Scorer) learnWord(w *Work, x *word, language int, t *text.Token) {
	if l := s.lexicons[language]; len(t.Norm) <= longestListed {
		x.valence, x.listed = l.words.find(t.Norm)
		if !x.listed && t.Has(text.Elongated) {
			x.valence, x.listed = l.words.find(t.Single())
		}
	}
	w.grams, x.hash = appendLetters(w.grams[:0], t.Norm)
	if m := s.models[language]; m != nil {
		var sum [outputs]int32
		m.add(&sum, w.grams)
		for k := range sum {
			x.chars[k] = int16(sum[k])
		}
	}
	x.nChars = uint8(len(w.grams))
}

// longestListed bounds the words that are looked up.
const longestListed = 64

// sum appends to dst what the models, the first that of a language, make of the
// n-grams of the sentence at hand.
func (w *Work) sum(dst []sums, models []*Model, language int, tokens []text.Token) []sums {
	w.each = w.each[:0]
	for i, m := range models {
		dst = append(dst, w.sumBy(m, language+i, tokens))
	}
	return dst
}

// sumBy adds up the n-grams of the sentence at hand by the model of a language.
// Where it is to be explained, it appends those of each token to w.each.
func (w *Work) sumBy(m *Model, language int, tokens []text.Token) sums {
	var s sums
	grams := w.grams[:0]
	r := reader{before: stopHash}
	words := w.words[language]
	var a, b, c int32 // in registers
	for i := range words {
		x := &words[i]
		a, b, c = a+int32(x.chars[0]), b+int32(x.chars[1]), c+int32(x.chars[2])
		s.nChars += int(x.nChars)
		from := len(grams)
		grams = r.next(grams, &tokens[i], x.hash, w.tokens[i].roles)
		if w.explains {
			w.each = append(w.each, m.sumOf(x, grams[from:]))
		}
	}
	s.chars, s.nWords = [outputs]int32{a, b, c}, len(grams)
	m.add(&s.words, grams) // at once, so that the processor waits for many weights together
	w.grams = grams
	return s
}

// sumOf is the sum of a word by itself and the n-grams that it ends.
func (m *Model) sumOf(x *word, grams []uint32) sums {
	s := sums{nChars: int(x.nChars), nWords: len(grams)}
	for k, c := range x.chars {
		s.chars[k] = int32(c)
	}
	m.add(&s.words, grams)
	return s
}
