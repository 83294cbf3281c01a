package text

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
)

// Stemmed lists the languages that are stemmed. A query does not say its
// language, so its words are looked for as they are and under each of these.
var Stemmed = []string{"nl", "en"}

// A Stemmer stems folded words. It keeps a buffer and the stems it has made,
// and is not safe for concurrent use; the zero value is ready.
type Stemmer struct {
	env            *snowballstem.Env
	dutch, english stems
	buf            []byte
}

// Stem returns the stem of a folded word in a language (BCP 47; only the
// primary subtag counts). Languages other than nl and en leave it as it is.
func (s *Stemmer) Stem(word, language string) string {
	s.buf = s.AppendStem(s.buf[:0], word, language)
	return string(s.buf)
}

// AppendStem appends to dst what Stem returns.
func (s *Stemmer) AppendStem(dst []byte, word, language string) []byte {
	if language != "nl" && language != "en" { // as mostly
		language = Primary(language)
	}
	switch language {
	case "nl":
		return s.known(dst, &s.dutch, word, dutch.Stem)
	case "en":
		return s.known(dst, &s.english, word, english.Stem)
	}
	return append(dst, word...)
}

// known appends the stem of a word, and keeps it where it is new.
func (s *Stemmer) known(dst []byte, known *stems, word string, stem func(*snowballstem.Env) bool) []byte {
	hash := maphash.String(seed, word)
	if e := known.find(hash, word); e != nil {
		return append(append(dst, e.letters[:e.keep]...), e.letters[e.word:e.end]...)
	}
	out := s.make(word, stem)
	known.add(hash, word, out)
	return append(dst, out...)
}

// make stems a word.
func (s *Stemmer) make(word string, stem func(*snowballstem.Env) bool) string {
	if s.env == nil {
		s.env = snowballstem.NewEnv("")
	}
	s.env.SetCurrent(word)
	stem(s.env)
	if out := strings.TrimRight(s.env.Current(), "'"); out != "" {
		return out
	}
	return word
}

// seed is that of the hashes of all stems.
var seed = maphash.MakeSeed()

// stems are stems by word. Texts repeat their words: a look-up costs a twentieth
// of stemming. It touches one line of the processor's cache, as the letters are
// in the table, which is what matters among many words. A word that is new takes
// the place of the one of four that was not met for longest, once there is no
// more room to grow.
type stems struct {
	lines [][4]stemmed // a power of two of them; in each the last one met first
}

// firstLines are enough for a question, maxLines bound what is kept for a
// language: 512 KB.
const (
	firstLines = 1 << 4
	maxLines   = 1 << 13
)

// stemmed is a word with its stem: letters[:word] are the word, and the stem is
// letters[:keep] and then letters[word:end].
type stemmed struct {
	word, keep, end uint8
	letters         [13]byte
}

// at is where words with this hash stand.
func (k *stems) at(hash uint64) *[4]stemmed { return &k.lines[hash&uint64(len(k.lines)-1)] }

// find returns the entry of a word with this hash; nil where there is none. It
// stays until the next call.
func (k *stems) find(hash uint64, word string) *stemmed {
	if len(k.lines) == 0 {
		return nil
	}
	line := k.at(hash)
	for i := range line {
		if e := &line[i]; string(e.letters[:e.word]) == word {
			if i > 0 {
				met := *e
				copy(line[1:], line[:i])
				line[0] = met
			}
			return &line[0]
		}
	}
	return nil
}

// add keeps the stem of a word that is not there, if it is not too long.
func (k *stems) add(hash uint64, word, stem string) {
	keep := 0
	for keep < min(len(word), len(stem)) && word[keep] == stem[keep] {
		keep++
	}
	var e stemmed
	end := len(word) + len(stem) - keep
	if end > len(e.letters) {
		return
	}
	copy(e.letters[copy(e.letters[:], word):], stem[keep:])
	e.word, e.keep, e.end = uint8(len(word)), uint8(keep), uint8(end)
	if len(k.lines) == 0 || k.at(hash)[3].word > 0 && len(k.lines) < maxLines {
		k.grow()
	}
	k.put(hash, e)
}

// put keeps an entry in the place of the oldest one of its line.
func (k *stems) put(hash uint64, e stemmed) {
	line := k.at(hash)
	copy(line[1:], line[:])
	line[0] = e
}

// grow doubles the room.
func (k *stems) grow() {
	old := k.lines
	k.lines = make([][4]stemmed, max(firstLines, 2*len(old)))
	for _, line := range old {
		for _, e := range slices.Backward(line[:]) { // the last one met last
			if e.word > 0 {
				k.put(maphash.Bytes(seed, e.letters[:e.word]), e)
			}
		}
	}
}
