// Package language names the language of a text: Dutch, English, German,
// Afrikaans, French, Spanish, Italian and Portuguese by a small model of letter
// sequences, other languages by their script or their most frequent words.
//
// It is made for reviews and posts, from one word up, where Dutch and English
// are likely and Afrikaans is rare. It is not for telling dialects apart.
//
// The model (model.bin, half a megabyte) is a multinomial logistic regression
// over hashed n-grams of one to five bytes and whole words, a byte a weight.
// It is made by analysis/train/language from sentences, word pairs and words
// of the lingua project (nl, en, de, af; Apache-2.0 and CC BY), klank's own
// corpus (nl, en), the words of the sentiment lexicons, and word lists and
// prose of Debian packages (the rest, and words of all), whose licences their
// copyright files state. It holds weights, no text.
package language

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"unicode"

	"klank/analysis/text"
)

//go:embed model.bin
var modelFile []byte

//go:embed words.txt
var wordFile string

// Places in Classes.
const (
	dutch     = 0
	english   = 1
	afrikaans = 3
)

// Unknown is the tag of a text whose language cannot be told.
const Unknown = "und"

// Detector is read-only and safe for concurrent use.
type Detector struct {
	scale float32
	// weights has a byte for each class, with 128 for zero: a bucket's are
	// added all at once.
	weights []uint64
	words   map[string]uint32 // a bit for each of tags
	tags    []string
}

// New reads the embedded model.
func New() (*Detector, error) {
	if len(modelFile) != 4+buckets*len(Classes) {
		return nil, errors.New("language: model.bin has not the size of the model")
	}
	d := &Detector{
		scale:   math.Float32frombits(binary.LittleEndian.Uint32(modelFile)),
		weights: make([]uint64, buckets),
		words:   map[string]uint32{},
	}
	for b := range d.weights {
		d.weights[b] = binary.LittleEndian.Uint64(modelFile[4+b*len(Classes):]) ^ zeros
	}
	for line := range strings.Lines(wordFile) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		bit := uint32(1) << len(d.tags)
		d.tags = append(d.tags, fields[0])
		for _, w := range fields[1:] {
			d.words[text.Normalize(w)] |= bit
		}
	}
	if len(d.tags) > maxTags || len(d.tags) < len(Classes) || [len(Classes)]string(d.tags[:len(Classes)]) != Classes {
		return nil, fmt.Errorf("language: words.txt starts with %v and has at most %d languages", Classes, maxTags)
	}
	return d, nil
}

const maxTags = 32

// rare is what is known beforehand, in the model's log-odds: that a short text
// is Dutch first, then English, and seldom anything else.
var rare = [len(Classes)]float32{0, 0.2, 0.3, 0.6, 0.6, 0.9, 1.1, 0.9}

const (
	// manyFeatures is the evidence (some 60 letters) from which nothing is
	// taken as known beforehand.
	manyFeatures = 250
	// hintWeight is what a page's own word counts.
	hintWeight = 1.0
	// frequentWeight is what one of a language's most frequent words counts.
	frequentWeight = 0.4
	sureAfrikaans  = 0.75
	// sure is the least probability at which a short text gets a language.
	sure = 0.35
	// sureSentence is the probability at which a sentence of so many words or
	// more is held to be in another language than its text.
	sureSentence  = 0.9
	sentenceWords = 3
)

// Result is the language of a text.
type Result struct {
	// Tag is a BCP 47 tag, or Unknown.
	Tag string
	// Sure is a confidence in [0, 1].
	Sure float64
	// Mixed tells that some sentences are clearly Dutch and others clearly
	// English.
	Mixed bool
}

// Work is the memory of what is known of words; each goroutine needs its own.
// The zero Work is ready for use.
type Work struct {
	plain    text.Facts[plainSums]
	words    text.Words       // of others as the model spells them: with their diacritics
	sums     text.Facts[sums] // of these
	frequent text.Facts[uint32]
}

// sums are the weights of the features of a word or text, and their number.
type sums struct {
	of [len(Classes)]int32
	n  int
}

// plainSums are those of a plain word, which is short enough for so few bits.
type plainSums struct {
	of [len(Classes)]int16
	n  uint16
}

// Detect names the language of a text. hint is what the page or caller says,
// or ""; it tips the balance where the text leaves doubt.
func (d *Detector) Detect(w *Work, doc *text.Doc, hint string) Result {
	if tag, share := script(doc.Source); tag != "" {
		return Result{Tag: tag, Sure: share}
	}
	hint, _, _ = strings.Cut(strings.ToLower(hint), "-")
	hits := d.countWords(w, doc)
	best, p, mixed := d.byLetters(w, doc, &hits, hint)
	tag := Unknown
	if best >= 0 {
		tag = Classes[best]
	}
	if best == afrikaans && hint != "af" && (hits[dutch] > hits[afrikaans] || hits[dutch] == hits[afrikaans] && p < sureAfrikaans ||
		hint != "" && len(doc.Tokens) < sentenceWords) {
		tag = "nl"
	}
	other, lead := d.byWords(&hits, hint)
	switch {
	case other != "" && (lead >= 2 || p < 0.6):
		return Result{other, min(1, 0.5+0.1*float64(lead)), mixed}
	case p < sure:
		tag = Unknown
	}
	return Result{tag, float64(p), mixed}
}

// byLetters asks the model for the most likely class, -1 for none, sentence by
// sentence.
func (d *Detector) byLetters(w *Work, doc *text.Doc, hits *[maxTags]int, hint string) (best int, p float32, mixed bool) {
	w.words.Renew()
	w.sums.Begin(&w.words, d)
	w.plain.Begin(doc.Words, d)
	var all sums
	left := maxBytes
	var seen [len(Classes)]bool // of sentences, as far as it matters
	for _, sent := range doc.Sentences {
		if left <= 0 {
			break
		}
		end := min(sent.End, sent.Start+left)
		left -= end - sent.Start
		sum, count := d.sum(w, doc, sent, end)
		all.add(&sum)
		if len(doc.Sentences) > 1 && count >= sentenceWords {
			z := d.logits(&sum, nil, "")
			if c := most(&z); (c == dutch || c == english) && !seen[c] {
				seen[c] = softmax(z)[c] >= sureSentence
			}
		}
	}
	best, p = d.likely(&all, hits, hint)
	return best, p, seen[dutch] && seen[english]
}

// likely returns the most likely class for some sums, or -1.
func (d *Detector) likely(s *sums, hits *[maxTags]int, hint string) (int, float32) {
	if s.n == 0 {
		return -1, 0
	}
	p := softmax(d.logits(s, hits, hint))
	best := most(&p)
	return best, p[best]
}

// logits are the outputs of the model for some sums, of which there are some.
func (d *Detector) logits(s *sums, hits *[maxTags]int, hint string) (out [len(Classes)]float32) {
	norm := d.scale / float32(math.Sqrt(float64(s.n)))
	for c, name := range Classes {
		out[c] = float32(s.of[c]) * norm
		if s.n < manyFeatures {
			out[c] -= rare[c]
		}
		if hits != nil {
			out[c] += frequentWeight * float32(min(hits[c], 8))
		}
		if name == hint {
			out[c] += hintWeight
		}
	}
	return out
}

// most is the place of the largest number, the first of them.
func most(x *[len(Classes)]float32) int {
	best := 0
	for c := range x {
		if x[c] > x[best] {
			best = c
		}
	}
	return best
}

const (
	zeros = 0x8080808080808080
	lanes = 0x00ff00ff00ff00ff
	// batch is how many bytes a lane of 16 bits holds at least.
	batch = 256
)

// add adds the sums of another part.
func (s *sums) add(t *sums) {
	for c := range s.of {
		s.of[c] += t.of[c]
	}
	s.n += t.n
}

// sum adds up the weights of a sentence's features as far as end. It also returns
// the number of its words.
func (d *Detector) sum(w *Work, doc *text.Doc, sent text.Sentence, end int) (all sums, count int) {
	at, letters := sent.Start, false // what is not read yet, and whether it may have letters
	for i := sent.First; i < sent.Last && doc.Tokens[i].End <= end; i++ {
		switch t := &doc.Tokens[i]; {
		case t.Word != 0 && t.Has(text.Plain):
			if letters {
				count += d.read(w, &all, doc.Source[at:t.Start])
			}
			x := w.plain.Find(t.Word)
			if x == nil {
				x = w.plain.Add(t.Word)
				*x = d.ofPlain(t.Norm)
			}
			for c, sum := range x.of {
				all.of[c] += int32(sum)
			}
			all.n += int(x.n)
			count++
			at, letters = t.End, false
		case t.Kind != text.Punct && t.Kind != text.Stop && t.Kind != text.Number:
			letters = true
		}
	}
	return all, count + d.read(w, &all, doc.Source[at:end])
}

// read adds the weights of a stretch of text and returns the number of its words.
func (d *Detector) read(w *Work, to *sums, s string) (count int) {
	text := words{s: s}
	for word := text.next(); word != nil; word = text.next() {
		count++
		number := w.words.Number(word)
		x := w.sums.Find(number)
		if x == nil {
			x = w.sums.Add(number)
			*x = d.ofWord(word)
		}
		to.add(x)
	}
	return count
}

// ofPlain adds up the weights of a plain word's features.
func (d *Detector) ofPlain(norm string) (s plainSums) {
	var word [maxWord + 2]byte
	word[0] = '<'
	n := 1 + copy(word[1:maxWord+1], norm)
	word[n] = '>'
	sums := d.ofWord(word[:n+1])
	for c, sum := range sums.of {
		s.of[c] = int16(sum)
	}
	s.n = uint16(sums.n)
	return s
}

// ofWord adds up the weights of a word's features.
func (d *Detector) ofWord(word []byte) (s sums) {
	var buffer [maxGrams]uint32
	for rest := grams(buffer[:0], word); len(rest) > 0; {
		part := rest[:min(len(rest), batch)]
		rest = rest[len(part):]
		s.n += len(part)
		var even, odd uint64
		for _, b := range part {
			w := d.weights[b&(buckets-1)]
			even += w & lanes
			odd += w >> 8 & lanes
		}
		for c := 0; c < len(Classes); c += 2 {
			s.of[c] += int32(even>>(8*c)&0xffff) - 128*int32(len(part))
			s.of[c+1] += int32(odd>>(8*c)&0xffff) - 128*int32(len(part))
		}
	}
	return s
}

// countWords counts the frequent words of each language.
func (d *Detector) countWords(w *Work, doc *text.Doc) (hits [maxTags]int) {
	w.frequent.Begin(doc.Words, d)
	read := 0
	for i := range doc.Tokens {
		t := &doc.Tokens[i]
		if t.Kind != text.Word || len(t.Norm) > 12 {
			continue
		}
		if read++; read > 200 {
			break
		}
		of := w.frequent.Find(t.Word)
		if of == nil {
			of = w.frequent.Add(t.Word)
			*of = d.words[t.Norm]
		}
		for set := *of; set != 0; set &= set - 1 {
			hits[bits.TrailingZeros32(set)]++
		}
	}
	return hits
}

// byWords returns a language that is none of Classes when the frequent words
// speak for it, with its lead in words over every one of Classes.
func (d *Detector) byWords(hits *[maxTags]int, hint string) (string, int) {
	ours := 0
	for c := range Classes {
		ours = max(ours, hits[c])
	}
	best := 0
	for i := len(Classes); i < len(d.tags); i++ {
		n := hits[i]
		if n > 0 && d.tags[i] == hint {
			n++
		}
		if n > ours && (best == 0 || n > hits[best]) {
			best = i
		}
	}
	if best == 0 {
		return "", 0
	}
	return d.tags[best], hits[best] - ours
}

// scripts are told apart by their letters alone.
var scripts = []struct {
	table *unicode.RangeTable
	tag   string
}{
	{unicode.Hiragana, "ja"}, {unicode.Katakana, "ja"}, {unicode.Han, "zh"}, {unicode.Hangul, "ko"},
	{unicode.Cyrillic, "ru"}, {unicode.Greek, "el"}, {unicode.Arabic, "ar"}, {unicode.Hebrew, "he"},
	{unicode.Thai, "th"}, {unicode.Devanagari, "hi"},
}

// script returns the language of a text that is mostly in a script of its
// own, with that script's share of the letters.
func script(s string) (string, float64) {
	if len(s) > maxBytes {
		s = s[:maxBytes]
	}
	wide := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xcd { // Greek and all that follows
			wide++
		}
	}
	if wide == 0 {
		return "", 0
	}
	letters, kana := 0, false
	var counts [16]int
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		if r < 0x370 {
			continue
		}
		for i, x := range scripts {
			if unicode.Is(x.table, r) {
				counts[i]++
				kana = kana || x.tag == "ja"
				break
			}
		}
	}
	for i, x := range scripts {
		n := counts[i]
		if n*2 > letters || kana && x.tag == "zh" && (n+counts[0]+counts[1])*2 > letters {
			if kana && x.tag == "zh" {
				return "ja", 1
			}
			return x.tag, float64(n) / float64(letters)
		}
	}
	return "", 0
}
