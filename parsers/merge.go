package parsers

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// maxMentions bounds what one page can yield: ten thousand take up some 60 MB
// until they are merged.
const maxMentions = 10_000

// merger joins what several parsers found on one page: the same review told
// in two syntaxes becomes one mention with the union of their fields.
type merger struct {
	candidates []document.Candidate
	items      itemSet
	// byKey finds the first keyed candidates, which a later parser may tell of,
	// too.
	byKey map[string][]int
	keyed int
	// from counts the parsers, taken says which of them a candidate has
	// been joined with already: one parser's two reviews stay two.
	from  int
	taken []int
	// same leads from the handles of candidates that were joined with others
	// to the handles of those.
	same map[string]string
	// cut says that there were more than maxMentions.
	cut bool
	// whole and other are room for wholeKey.
	whole, other []byte
}

// How many letters and digits of a text are compared, and how many must be
// there to recognise a review by: one syntax may cut texts short.
const (
	prefixLen = 60
	keyLen    = 25
)

// letters tells of each byte of ASCII what it is without case: a letter or
// digit, or 0 for what is neither; built once, never changed.
var letters = func() (out [utf8.RuneSelf]byte) {
	for c := range out {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			out[c] = byte(c)
		case 'A' <= c && c <= 'Z':
			out[c] = byte(c) | 0x20
		}
	}
	return out
}()

// appendPrefix appends the beginning of a text without case, spaces and signs:
// n letters and digits of it.
func appendPrefix(b []byte, s string, n int) []byte {
	for i := 0; i < len(s) && n > 0; i++ {
		if c := s[i]; c < utf8.RuneSelf {
			if l := letters[c]; l != 0 {
				b = append(b, l)
				n--
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size - 1
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b = utf8.AppendRune(b, unicode.ToLower(r))
			n--
		}
	}
	return b
}

// prefix is what appendPrefix appends.
func prefix(s string, n int) string {
	var room [256]byte
	return string(appendPrefix(room[:0], s, n))
}

// words are what a candidate says: a question's may all be in its title.
func words(c *document.Candidate) string { return cmp.Or(c.Text, c.Title) }

// keys are the ways to recognise a candidate, the surest first.
func keys(c *document.Candidate) []string {
	var out []string
	kind := string(c.Kind) + "\x00"
	if c.NativeID != "" {
		out = append(out, kind+"id\x00"+c.NativeID)
	}
	author := ""
	if c.Author != nil {
		author = prefix(c.Author.Name, 40)
	}
	text := prefix(words(c), keyLen)
	switch {
	case text != "" && author != "":
		out = append(out, kind+"text\x00"+author+"\x00"+text)
	case author != "" && c.Rating != nil && !c.Published.IsZero():
		out = append(out, kind+"day\x00"+author+"\x00"+c.Published.Format("2006-01-02"))
	}
	if len(text) >= keyLen {
		out = append(out, kind+"long\x00"+text)
	}
	return out
}

// add takes what the next parser found.
func (m *merger) add(f document.Found) {
	if m.byKey == nil {
		m.byKey, m.same = map[string][]int{}, map[string]string{}
	}
	seed := maphash.MakeSeed()
	twice := map[uint64][]int{} // by the hash of the key
	m.from++
	before := len(m.candidates)
	if before == 0 {
		m.candidates = f.Mentions[:0] // where the first parser's may stay
	}
	for i := range f.Mentions {
		c := &f.Mentions[i]
		c.Text = normalize.Edges(c.Text)
		if c.Reply != nil {
			c.Reply.Text = normalize.Edges(c.Reply.Text)
		}
		if at := m.find(c, before); at >= 0 {
			m.taken[at] = m.from
			m.join(at, c)
			continue
		}
		var sure bool
		m.whole, sure = wholeKey(m.whole[:0], c)
		key := uint64(0)
		if sure {
			key = maphash.Bytes(seed, m.whole)
			if at := slices.IndexFunc(twice[key], func(i int) bool { return copies(&m.candidates[i], c) && m.alike(i) }); at >= 0 {
				m.join(twice[key][at], c)
				continue
			}
		}
		if len(m.candidates) >= maxMentions {
			m.cut = true
			break
		}
		if sure && len(twice[key]) < maxAlike {
			twice[key] = append(twice[key], len(m.candidates))
		}
		m.candidates = append(m.candidates, *c)
		m.taken = append(m.taken, 0)
	}
	m.relink(before)
	for i := range f.Items {
		m.items.add(f.Items[i])
	}
}

// join completes the candidate at with what c knows beyond it.
func (m *merger) join(at int, c *document.Candidate) {
	if to := m.candidates[at].Handle; c.Handle != "" && to != "" {
		m.same[c.Handle] = to
	}
	join(&m.candidates[at], c)
}

// relink leads the candidates from the first on to what their parents and
// threads were joined with.
func (m *merger) relink(first int) {
	if len(m.same) == 0 {
		return
	}
	for i := first; i < len(m.candidates); i++ {
		c := &m.candidates[i]
		if to, ok := m.same[c.ParentHandle]; ok {
			c.ParentHandle = to
		}
		if to, ok := m.same[c.ThreadHandle]; ok {
			c.ThreadHandle = to
		}
	}
}

// wholeKey appends all that somebody wrote; sure says that it is enough for
// nobody to write it twice.
func wholeKey(b []byte, c *document.Candidate) (key []byte, sure bool) {
	if c.Author == nil || c.Author.Name == "" {
		return b, false
	}
	b = append(append(b, c.Kind...), 0)
	b = append(appendPrefix(b, c.Author.Name, 40), 0)
	start := len(b)
	b = appendPrefix(b, words(c), math.MaxInt)
	return b, len(b)-start >= keyLen
}

// alike tells whether candidate i has the key at hand, and not only its hash.
func (m *merger) alike(i int) bool {
	m.other, _ = wholeKey(m.other[:0], &m.candidates[i])
	return bytes.Equal(m.whole, m.other)
}

// copies tells whether two candidates of one parser with the same author and
// text are one review told twice, as by two programs of a shop in a block
// each: nothing that both say differs.
func copies(a, b *document.Candidate) bool {
	day := "2006-01-02"
	switch {
	case a.NativeID != "" && b.NativeID != "" && a.NativeID != b.NativeID,
		a.Rating != nil && b.Rating != nil && a.Rating.Value != b.Rating.Value,
		!a.Published.IsZero() && !b.Published.IsZero() && a.Published.Format(day) != b.Published.Format(day),
		!sameOrNone(a.ParentHandle, b.ParentHandle), a.ByPublisher() != b.ByPublisher():
		return false
	}
	return a.Item == nil || b.Item == nil || sameOrNone(prefix(a.Item.Name, 200), prefix(b.Item.Name, 200))
}

// voices tells whether anything was found that the site did not say itself.
func (m *merger) voices() bool {
	return slices.ContainsFunc(m.candidates, func(c document.Candidate) bool { return !c.ByPublisher() })
}

// maxAlike bounds how many candidates with the same key are compared.
const maxAlike = 20

// find returns the candidate of an earlier parser that is the same mention,
// or -1.
func (m *merger) find(c *document.Candidate, before int) int {
	for ; m.keyed < before; m.keyed++ {
		for _, k := range keys(&m.candidates[m.keyed]) {
			m.byKey[k] = append(m.byKey[k], m.keyed)
		}
	}
	if before == 0 {
		return -1
	}
	for _, k := range keys(c) {
		list := m.byKey[k]
		for len(list) > 0 && m.taken[list[0]] == m.from {
			list = list[1:]
		}
		m.byKey[k] = list
		for _, at := range list[:min(len(list), maxAlike)] {
			if m.taken[at] != m.from && compatible(&m.candidates[at], c) {
				return at
			}
		}
	}
	return -1
}

// compatible tells whether two candidates with a common key can be the same:
// known authors must agree, and so must texts.
func compatible(a, b *document.Candidate) bool {
	if a.Author != nil && b.Author != nil && a.Author.Name != "" && b.Author.Name != "" {
		x, y := prefix(a.Author.Name, 40), prefix(b.Author.Name, 40)
		if !strings.HasPrefix(x, y) && !strings.HasPrefix(y, x) {
			return false
		}
	}
	x, y := prefix(words(a), prefixLen), prefix(words(b), prefixLen)
	return x == "" || y == "" || strings.HasPrefix(x, y) || strings.HasPrefix(y, x)
}

// join completes a with what b knows beyond it.
func join(a, b *document.Candidate) {
	if a.NativeID == "" {
		a.NativeID, a.IDScope = b.NativeID, b.IDScope
	}
	fill(&a.URL, b.URL)
	fill(&a.Title, b.Title)
	fill(&a.Language, b.Language)
	fill(&a.Parent, b.Parent)
	fill(&a.Thread, b.Thread)
	fill(&a.ParentHandle, b.ParentHandle)
	fill(&a.ThreadHandle, b.ThreadHandle)
	if cutOff(a.Text, b.Text) {
		a.Text = b.Text
	}
	if a.Title == a.Text {
		a.Title = ""
	}
	a.Item = joinRef(a.Item, b.Item)
	if a.Author == nil {
		a.Author = b.Author
	} else if b.Author != nil {
		fill(&a.Author.Name, b.Author.Name)
		fill(&a.Author.URL, b.Author.URL)
	}
	a.Rating = joinRating(a.Rating, b.Rating)
	for _, r := range b.Ratings {
		if !slices.ContainsFunc(a.Ratings, func(have mention.SubRating) bool { return strings.EqualFold(have.Name, r.Name) }) {
			a.Ratings = append(a.Ratings, r)
		}
	}
	if a.Published.IsZero() || a.Unsteady && !b.Unsteady && !b.Published.IsZero() {
		a.Published, a.PublishedPrecision, a.Unsteady = b.Published, b.PublishedPrecision, b.Unsteady
	}
	fill(&a.Undecided, b.Undecided)
	if a.Updated.IsZero() {
		a.Updated = b.Updated
	}
	if a.Reply == nil {
		a.Reply = b.Reply
	}
	a.Engagement = joinEngagement(a.Engagement, b.Engagement)
	if a.Verified == nil {
		a.Verified = b.Verified
	}
	if a.Invited == nil {
		a.Invited = b.Invited
	}
}

// joinRating prefers the grade that comes with its scale.
func joinRating(a, b *mention.Rating) *mention.Rating {
	switch {
	case a == nil:
		return b
	case b == nil || a.Value != b.Value:
		return a
	case a.Assumed && !b.Assumed, a.Worst == nil && b.Worst != nil && a.Best == b.Best:
		return b
	}
	return a
}

// joinEngagement has of each count the higher: a syntax that lacks one says 0.
func joinEngagement(a, b *mention.Engagement) *mention.Engagement {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return &mention.Engagement{Likes: max(a.Likes, b.Likes), Replies: max(a.Replies, b.Replies), Shares: max(a.Shares, b.Shares),
		Views: max(a.Views, b.Views), Helpful: max(a.Helpful, b.Helpful)}
}

// cutOff tells whether a is the beginning of b and no more.
func cutOff(a, b string) bool {
	return len(b) > len(a) && strings.HasPrefix(prefix(b, len(b)), prefix(a, len(a)))
}

func fill(dst *string, src string) {
	if *dst == "" {
		*dst = src
	}
}
