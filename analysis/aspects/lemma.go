package aspects

import "strings"

// sort is how sure it is that a word is a noun.
type sort uint8

const (
	noNoun sort = iota
	doubtful
	listed // doubtful, but among those that customers speak of
	sureNoun
)

// longest is the length from which a word is no word: taking it apart takes the
// square of its length.
const longest = 40

// noun returns the singular of a word and how sure it is a noun. The singular
// is a part of the word where it can be; else it is made. The hash of the word
// and what it does beside are known already.
func (l *lexicon) noun(w string, hash uint64, is role) (lemma string, s sort) {
	if len(w) > longest {
		return w, noNoun
	}
	switch {
	case is&stays != 0:
		return w, sureNoun
	case is&small != 0 && is&noun == 0:
		return w, noNoun
	}
	if ok, doubt := l.nouns.has(hash); ok && len(w) > 1 {
		return w, l.sortOf(is, doubt || !l.dutch && strings.HasSuffix(w, "ing"))
	}
	if len(w) > 3 {
		if one, s := l.singular(w); s != noNoun {
			return one, s
		}
	}
	switch {
	case is&noun != 0:
		return w, sureNoun
	case l.dutch && len(w) >= 7:
		return l.compound(w)
	case !l.dutch && len(w) >= 7 && hasSuffix(w, "ness", "ment", "tion", "ity"):
		return w, sureNoun
	}
	return w, noNoun
}

func (l *lexicon) sortOf(is role, doubt bool) sort {
	switch {
	case !doubt, is&noun != 0 && l.dutch:
		return sureNoun
	case is&noun != 0:
		return listed
	}
	return doubtful
}

func hasSuffix(w string, endings ...string) bool {
	for _, e := range endings {
		if strings.HasSuffix(w, e) {
			return true
		}
	}
	return false
}

// known tells whether a word is a noun as it stands.
func (l *lexicon) known(w string) sort { return l.knownBy(w, hashOf(w)) }

// knownBy is known for a word of which the hash is known already.
func (l *lexicon) knownBy(w string, hash uint64) sort {
	is := l.role(w, hash)
	if ok, doubt := l.nouns.has(hash); ok && len(w) > 1 {
		return l.sortOf(is, doubt)
	}
	if is&noun != 0 {
		return sureNoun
	}
	return noNoun
}

// singular undoes a plural.
func (l *lexicon) singular(w string) (string, sort) {
	if l.dutch {
		return l.dutchSingular(w)
	}
	if strings.HasSuffix(w, "'s") || !strings.HasSuffix(w, "s") || hasSuffix(w, "ss", "us", "is") {
		return w, noNoun
	}
	if s := l.known(w[:len(w)-1]); s != noNoun {
		return w[:len(w)-1], s
	}
	if strings.HasSuffix(w, "ies") && len(w) > 4 {
		one := w[:len(w)-3] + "y"
		return one, l.known(one)
	}
	if strings.HasSuffix(w, "es") {
		return w[:len(w)-2], l.known(w[:len(w)-2])
	}
	return w, noNoun
}

func (l *lexicon) dutchSingular(w string) (string, sort) {
	n := len(w)
	if one, ok := strings.CutSuffix(w, "'s"); ok {
		return one, l.known(one)
	}
	if w[n-1] == 's' {
		return w[:n-1], l.known(w[:n-1])
	}
	if !strings.HasSuffix(w, "en") || n < 5 {
		return w, noNoun
	}
	stem := w[:n-2]
	last, before := stem[len(stem)-1], stem[len(stem)-2]
	switch {
	case last == before && !vowel(last): // bedden
		if s := l.known(stem[:len(stem)-1]); s != noNoun {
			return stem[:len(stem)-1], s
		}
	case !vowel(last) && vowel(before) && (len(stem) < 3 || !vowel(stem[len(stem)-3])): // muren, brieven is below
		for _, end := range [2]byte{last, hard(last)} {
			one := stem[:len(stem)-1] + string(before) + string(end)
			if s := l.known(one); s != noNoun {
				return one, s
			}
		}
	}
	if h := hard(last); h != last {
		one := stem[:len(stem)-1] + string(h)
		if s := l.known(one); s != noNoun {
			return one, s
		}
	}
	return stem, l.known(stem)
}

// hard is the consonant that ends a word where its plural has a soft one:
// prijzen, brieven.
func hard(c byte) byte {
	switch c {
	case 'z':
		return 's'
	case 'v':
		return 'f'
	}
	return c
}

func vowel(c byte) bool { return strings.IndexByte("aeiouy", c) >= 0 }

// compound reads a Dutch word as two nouns, the longest second one first.
func (l *lexicon) compound(w string) (string, sort) {
	if hasSuffix(w, "heid", "teit", "atie", "schap", "isme") {
		return w, sureNoun
	}
	var hashes [longest + 1]uint64 // of the starts of the word
	hashes[0] = noHash
	for i := range len(w) {
		hashes[i+1] = step(hashes[i], w[i])
	}
	for i := 3; i <= len(w)-3; i++ {
		if !l.modifier(w[:i], &hashes) {
			continue
		}
		end := w[i:]
		if s := l.known(end); s != noNoun && (len(end) > 3 || s == sureNoun) && !hasSuffix(end, "lijk", "loos", "baar", "rijk", "zaam") {
			return w, sureNoun
		}
		if len(end) > 4 {
			if one, s := l.singular(end); s == sureNoun {
				return w[:i] + one, s
			}
		}
	}
	return w, noNoun
}

// modifier tells whether a noun, perhaps with a joining sound, begins a
// compound. The hashes are those of the starts of the word.
func (l *lexicon) modifier(w string, hashes *[longest + 1]uint64) bool {
	for _, joint := range [4]string{"", "s", "en", "e"} {
		if base, ok := strings.CutSuffix(w, joint); ok && len(base) >= 3 {
			if l.knownBy(base, hashes[len(base)]) >= listed {
				return true
			}
		}
	}
	return false
}
