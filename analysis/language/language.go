// Package language names the language of a text: Dutch, English, German and
// Afrikaans by a small model of letter sequences, other languages by their
// script or their most frequent words.
//
// It is made for reviews and posts, from one word up, where Dutch and English
// are likely and Afrikaans is rare. It is not for telling dialects apart, nor
// for texts in several languages.
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

// Unknown is the tag of a text whose language cannot be told.
const Unknown = "und"

// Detector is read-only and safe for concurrent use.
type Detector struct {
	scale   float32
	weights [][len(Classes)]int8
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
		weights: make([][len(Classes)]int8, buckets),
		words:   map[string]uint32{},
	}
	for b := range d.weights {
		for c := range Classes {
			d.weights[b][c] = int8(modelFile[4+b*len(Classes)+c])
		}
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

// Places in Classes.
const (
	dutch     = 0
	afrikaans = 3
)

// What is known beforehand, in the model's log-odds: Afrikaans is rare where
// Dutch is read, and a page's own word counts for a little.
const (
	rareAfrikaans = 0.5
	hintWeight    = 1.0
	sureAfrikaans = 0.6
	// sure is the least probability at which a short text gets a language.
	sure = 0.38
)

// Detect returns the BCP 47 tag of a text, or Unknown, and a confidence in
// [0, 1]. hint is what the page or caller says, or ""; it tips the balance
// where the text leaves doubt.
func (d *Detector) Detect(doc *text.Doc, hint string) (string, float64) {
	if tag, share := script(doc.Source); tag != "" {
		return tag, share
	}
	hint, _, _ = strings.Cut(strings.ToLower(hint), "-")
	tag, p := d.byLetters(doc, hint)
	hits := d.countWords(doc)
	if tag == "af" && hint != "af" && (hits[dutch] > hits[afrikaans] || hits[dutch] == hits[afrikaans] && p < sureAfrikaans) {
		tag = "nl"
	}
	other, lead := d.byWords(&hits, hint)
	if other != "" && (lead >= 2 || p < 0.6) {
		return other, min(1, 0.5+0.1*float64(lead))
	}
	if p < sure {
		return Unknown, float64(p)
	}
	return tag, float64(p)
}

// byLetters asks the model.
func (d *Detector) byLetters(doc *text.Doc, hint string) (string, float32) {
	var sums [len(Classes)]int32
	total := 0
	features(doc.Source, func(buckets []uint32) {
		for _, b := range buckets {
			w := &d.weights[b]
			for c := range sums {
				sums[c] += int32(w[c])
			}
		}
		total += len(buckets)
	})
	if total == 0 {
		return Unknown, 0
	}
	norm := d.scale / float32(math.Sqrt(float64(total)))
	var logits [len(Classes)]float32
	for c, name := range Classes {
		logits[c] = float32(sums[c]) * norm
		if c == afrikaans {
			logits[c] -= rareAfrikaans
		}
		if name == hint {
			logits[c] += hintWeight
		}
	}
	p := softmax(logits)
	best := 0
	for c := range p {
		if p[c] > p[best] {
			best = c
		}
	}
	return Classes[best], p[best]
}

// countWords counts the frequent words of each language.
func (d *Detector) countWords(doc *text.Doc) (hits [maxTags]int) {
	read := 0
	for i := range doc.Tokens {
		t := &doc.Tokens[i]
		if t.Kind != text.Word || len(t.Norm) > 12 {
			continue
		}
		if read++; read > 200 {
			break
		}
		for set := d.words[t.Norm]; set != 0; set &= set - 1 {
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
