package brands

import (
	"slices"
	"strings"

	"klank/analysis/text"
	"klank/mention"
)

// Work is the memory that finding needs; each goroutine needs its own. The
// zero Work is ready for use.
type Work struct {
	found, doubtful []Found
	variants        []int32 // of doubtful
	marks           []place
	known           text.Facts[begins]
}

// begins tells what may begin with a word: most begin nothing.
type begins struct{ name, exclude bool }

// place is a range of tokens that means something else.
type place struct{ first, last int }

// Find appends the places where the title and the text (of a language, BCP 47)
// mention brands, in their order. about are brands known otherwise to be
// meant: of the item, or of the source. The result is valid until the next
// call.
func (m *Matcher) Find(w *Work, title, body *text.Doc, language string, about []int) []Found {
	w.found, w.doubtful, w.variants = w.found[:0], w.doubtful[:0], w.variants[:0]
	if len(m.byFirst) == 0 {
		return nil
	}
	speaks := tongueOf(language)
	m.candidates(w, title, "title", 0, speaks)
	titles := len(w.doubtful)
	m.candidates(w, body, "text", len(title.Sentences), speaks)
	if len(w.doubtful) == 0 {
		return w.found
	}
	for range 2 { // what is found speaks for those before it too
		for i := range w.doubtful {
			f := &w.doubtful[i]
			if f.Brand < 0 {
				continue
			}
			d, base := body, len(title.Sentences)
			if i < titles {
				d, base = title, 0
			}
			c := clues{m: m, d: d, f: f, v: &m.variants[w.variants[i]], language: speaks,
				about: slices.Contains(about, f.Brand), known: w.found, sentence: d.Sentences[f.Sentence-base]}
			if c.weigh() >= threshold {
				w.found = append(w.found, *f)
				f.Brand = -1
			}
		}
	}
	slices.SortFunc(w.found, func(a, b Found) int {
		if a.Sentence != b.Sentence {
			return a.Sentence - b.Sentence
		}
		return a.First - b.First
	})
	return w.found
}

// mostFound bounds the names of one text: each is weighed beside the others.
const mostFound = 500

// candidates adds the names of one part: those that are no ordinary words to
// found, the others to doubtful.
func (m *Matcher) candidates(w *Work, d *text.Doc, in string, base int, speaks tongue) {
	w.known.Begin(d.Words, m)
	m.exclude(w, d)
	for s, sent := range d.Sentences {
		for i := sent.First; i < sent.Last && len(w.found)+len(w.doubtful) < mostFound; {
			if !m.begins(w, &d.Tokens[i]).name {
				i++
				continue
			}
			v, n, sure := m.at(d, i, sent.Last)
			if n == 0 || w.excluded(i, i+n) {
				i++
				continue
			}
			f := Found{Brand: int(m.variants[v].brand), First: i, Last: i + n, Sentence: base + s,
				Span: mention.Span{In: in, Start: d.Tokens[i].Start, End: d.Tokens[i+n-1].End}}
			if sure || m.variants[v].word == 0 {
				w.found = append(w.found, f)
			} else {
				w.doubtful, w.variants = append(w.doubtful, f), append(w.variants, v)
			}
			i += n
		}
	}
}

// begins looks up what may begin with a token.
func (m *Matcher) begins(w *Work, t *text.Token) begins {
	if b := w.known.Find(t.Word); b != nil {
		return *b
	}
	b := w.known.Add(t.Word)
	b.exclude = len(m.excludes[t.Norm]) > 0
	switch t.Kind {
	case text.Link, text.Handle:
		b.name = true
	case text.Word, text.Hashtag, text.Number:
		b.name = len(m.byFirst[t.Norm]) > 0 || len(m.byFirst[bare(t.Norm)]) > 0
		if !b.name {
			_, b.name = m.compound(t)
		}
	}
	return *b
}

// exclude marks the phrases that mean something else.
func (m *Matcher) exclude(w *Work, d *text.Doc) {
	w.marks = w.marks[:0]
	if len(m.excludes) == 0 {
		return
	}
	for i := range d.Tokens {
		if !m.begins(w, &d.Tokens[i]).exclude {
			continue
		}
		for _, phrase := range m.excludes[d.Tokens[i].Norm] {
			if n := len(phrase); i+n <= len(d.Tokens) && same(d.Tokens[i:i+n], phrase) {
				w.marks = append(w.marks, place{i, i + n})
			}
		}
	}
}

func (w *Work) excluded(first, last int) bool {
	for _, p := range w.marks {
		if p.first < last && first < p.last {
			return true
		}
	}
	return false
}

func same(ts []text.Token, words []string) bool {
	for i, w := range words {
		if n := ts[i].Norm; n != w && (i+1 < len(words) || bare(n) != w) {
			return false
		}
	}
	return true
}

// at returns the variant that stands at token i and its number of tokens, and
// whether its form alone makes it sure: an address, a compound.
func (m *Matcher) at(d *text.Doc, i, end int) (v int32, n int, sure bool) {
	t := &d.Tokens[i]
	switch t.Kind {
	case text.Link, text.Handle:
		v, ok := m.address(t)
		return v, b2i(ok), true
	case text.Word, text.Hashtag, text.Number:
	default:
		return 0, 0, false
	}
	for _, key := range [2]string{t.Norm, bare(t.Norm)} {
		for _, v := range m.byFirst[key] {
			x := &m.variants[v]
			n := len(x.tokens)
			if n > 1 && key != t.Norm || i+n > end || !same(d.Tokens[i:i+n], x.tokens) {
				continue
			}
			if key != t.Norm && x.word != 0 && !m.inflected(d.Source[t.Start:t.End], x) {
				continue
			}
			return v, n, false
		}
		if key == bare(key) && key == t.Norm {
			break
		}
	}
	if v, ok := m.compound(t); ok {
		return v, 1, true
	}
	return 0, 0, false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bare cuts the genitive and plural from a word: ziggo's, lumos.
func bare(norm string) string {
	if i := strings.IndexByte(norm, '\''); i > 0 {
		return norm[:i]
	}
	if n := len(norm) - 1; n >= 3 && norm[n] == 's' {
		return norm[:n]
	}
	return norm
}

// inflected tells whether an ordinary word with an ending may be the name:
// with an apostrophe, or the name's own capitals (INGs).
func (m *Matcher) inflected(source string, v *variant) bool {
	return strings.ContainsAny(source, "'’`") || v.capitals && strings.HasPrefix(source, v.form)
}

// longestCompound bounds the word that is taken apart.
const longestCompound = 60

// compound finds a name that a noun is glued to: ziggomodem, bolpakket.
func (m *Matcher) compound(t *text.Token) (int32, bool) {
	n := t.Norm
	if len(n) < 6 || len(n) > longestCompound || !m.starts[[3]byte([]byte(n[:3]))] {
		return 0, false
	}
	for cut := 3; cut <= len(n)-3; cut++ {
		if m.cues[n[cut:]]&compoundHead == 0 {
			continue
		}
		for _, v := range m.byFirst[n[:cut]] {
			if x := &m.variants[v]; len(x.tokens) == 1 {
				return v, true
			}
		}
	}
	return 0, false
}

// countries are what brands append to their name in handles.
var countries = []string{"", "nl", "be", "uk", "us", "de", "eu", "help", "support", "care", "webcare", "service", "online", "official", "app", "nederland", "belgie", "media"}

// address finds a name as the host of a link or e-mail address, or a handle.
func (m *Matcher) address(t *text.Token) (int32, bool) {
	s := t.Norm
	if t.Kind == text.Handle {
		s = text.Normalize(strings.TrimPrefix(s, "@"))
		for cut := min(len(s), 40); cut >= 2; cut-- {
			for _, v := range m.byFirst[s[:cut]] {
				if len(m.variants[v].tokens) == 1 && slices.Contains(countries, strings.Trim(s[cut:], "_")) {
					return v, true
				}
			}
		}
		return 0, false
	}
	if _, host, ok := strings.Cut(s, "@"); ok {
		s = host
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	labels := strings.Split(text.Normalize(s), ".")
	for i := len(labels) - 2; i >= max(0, len(labels)-3); i-- {
		for _, key := range [2]string{labels[i], strings.Join(labels[i:], "")} {
			for _, v := range m.byFirst[strings.ReplaceAll(key, "-", "")] {
				if len(m.variants[v].tokens) == 1 {
					return v, true
				}
			}
		}
	}
	return 0, false
}
