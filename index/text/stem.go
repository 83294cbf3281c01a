package text

import (
	"hash/maphash"
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
// of stemming. It takes one line of the processor's cache, the letters being in
// the table, which is what matters among many words. A word that is new takes
// the place of the one of two that was not met for longer, once there is no more
// room to grow.
type stems struct {
	pairs [][2]stemmed // a power of two of them
}

// firstPairs are enough for a question, maxPairs bound what is kept for a
// language: 512 KB.
const (
	firstPairs = 1 << 5
	maxPairs   = 1 << 13
)

// stemmed is a word with its stem: letters[:word] are the word, and the stem is
// letters[:keep] and then letters[word:end].
type stemmed struct {
	word, keep, end uint8
	letters         [29]byte
}

// find returns the entry of a word with this hash; nil where there is none. It
// stays until the next call.
func (k *stems) find(hash uint64, word string) *stemmed {
	if len(k.pairs) == 0 {
		return nil
	}
	p := &k.pairs[k.at(hash)]
	if e := &p[0]; string(e.letters[:e.word]) == word {
		return e
	}
	if e := &p[1]; string(e.letters[:e.word]) == word {
		p[0], p[1] = p[1], p[0]
		return &p[0]
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
	if len(k.pairs) == 0 || k.pairs[k.at(hash)][1].word > 0 && len(k.pairs) < maxPairs {
		k.grow()
	}
	k.put(hash, e)
}

// put keeps an entry in the place of the older one of its pair.
func (k *stems) put(hash uint64, e stemmed) {
	p := &k.pairs[k.at(hash)]
	p[0], p[1] = e, p[0]
}

// at is where the pair of a hash stands.
func (k *stems) at(hash uint64) uint64 { return hash & uint64(len(k.pairs)-1) }

// grow doubles the room.
func (k *stems) grow() {
	old := k.pairs
	k.pairs = make([][2]stemmed, max(firstPairs, 2*len(old)))
	for _, p := range old {
		for _, e := range [...]stemmed{p[1], p[0]} { // the newer one last
			if e.word > 0 {
				k.put(maphash.Bytes(seed, e.letters[:e.word]), e)
			}
		}
	}
}
