package enrich

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/mention"
)

const (
	// stockPhrase is how many others may have the same words before these are
	// nobody's: what a form writes for people, a slogan, a signature.
	stockPhrase = 100
	// exactBelow is below how many words a text must be the same word for word;
	// longer ones are near-identical from nearlySame on: two words of twenty
	// changed, or a sentence added to a longer text. What different people write
	// stays below a tenth.
	exactBelow = 20
	nearlySame = 0.5
)

// card is what is compared of a mention.
type card struct {
	id, host, item, author string
	kind                   mention.Kind
	day                    string // published, UTC; "" unknown
	collected              time.Time
	native                 bool
	parent, thread         string
	flags                  []mention.Flag // as stored, with original
	original               string

	key   uint64 // mention.NearKey
	was   uint64 // the one it had at the last pass
	words int
	text  uint64 // a hash of the normalised text
	// sketch is that of the text; none of one that must be the same word for
	// word.
	sketch []uint32
}

// sketchSize is how many hashes tell a text: all of one of up to 130 words.
const sketchSize = 128

// sketch is what texts are compared by, without reading them again: the least
// hashes of their sequences of three words (Broder 1997, "On the resemblance
// and containment of documents").
func sketch(words []string) []uint32 {
	all := make([]uint32, 0, len(words))
	for i := 2; i < len(words); i++ {
		h := fnv.New32a()
		for _, w := range words[i-2 : i+1] {
			h.Write([]byte(w))
			h.Write([]byte{0})
		}
		all = append(all, h.Sum32())
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.Clone(all[:min(len(all), sketchSize)])
}

// resemblance is the share of the sequences of either text that stand in both,
// 0..1: exact where the sketches hold all of them, else an estimate.
func resemblance(a, b []uint32) float64 {
	reach := uint32(math.MaxUint32) // what both sketches tell of
	for _, s := range [][]uint32{a, b} {
		if len(s) == sketchSize {
			reach = min(reach, s[len(s)-1])
		}
	}
	both, all := 0, 0
	for i, j := 0, 0; i < len(a) || j < len(b); all++ {
		switch {
		case j == len(b) || i < len(a) && a[i] < b[j]:
			if a[i] > reach {
				return share(both, all)
			}
			i++
		case i == len(a) || b[j] < a[i]:
			if b[j] > reach {
				return share(both, all)
			}
			j++
		default:
			if a[i] > reach {
				return share(both, all)
			}
			i, j, both = i+1, j+1, both+1
		}
	}
	return share(both, all)
}

func share(part, all int) float64 { return float64(part) / float64(max(1, all)) }

func cardOf(m *mention.Mention) *card {
	c := &card{id: m.ID, host: m.Source.Host, author: index.Author(m), kind: m.Kind, collected: m.Collected, native: m.NativeID != "",
		parent: m.Parent, thread: m.Thread, flags: m.Flags, original: m.DuplicateOf, key: m.NearKey()}
	if names := index.Keywords(m, "item"); len(names) > 0 {
		c.item = names[0]
	}
	if !m.Published.IsZero() {
		c.day = m.Published.UTC().Format(time.DateOnly)
	}
	text := mention.NormalText(m.Body())
	words := strings.Fields(text)
	if c.words = len(words); c.words >= exactBelow {
		c.sketch = sketch(words)
	}
	h := fnv.New64a()
	h.Write([]byte(text))
	c.text = h.Sum64()
	return c
}

// before orders mentions by which of them is the original: the first published,
// then the one that its source knows by an id, then the first collected.
func before(a, b *card) int {
	known := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(known(a.day != ""), known(b.day != "")), strings.Compare(a.day, b.day), cmp.Compare(known(a.native), known(b.native)),
		a.collected.Compare(b.collected), strings.Compare(a.id, b.id))
}

// relation is what one mention is to another one with the same words.
type relation int

const (
	unrelated relation = iota
	copyOf             // the same review or post once more
	borrowed           // another author's words on another item
)

// relate tells what b is to a; they have the same words.
func relate(a, b *card) relation {
	known := a.author != "" && b.author != ""
	switch {
	case a.host != b.host:
		return copyOf // authors cannot be compared there
	case a.kind != b.kind:
		return unrelated
	case known && a.author == b.author:
		return copyOf
	case a.words < mention.ShortText:
		return unrelated // many people say so
	case !known:
		return copyOf
	case a.item == b.item && a.day != "" && a.day == b.day:
		return copyOf // the name is shown in two ways
	case a.item != b.item && a.kind == mention.Review && b.kind == mention.Review:
		return borrowed
	}
	return unrelated
}

// findCopies looks at a batch and at what has the same words. Every mention is
// a copy of the first of those that came before it; so what is said of one
// depends on its own neighbours only, and all that a batch can change are its
// mentions and theirs.
func (p *pass) findCopies(batch []*card) error {
	cards := make(map[string]*card, len(batch))
	for _, c := range batch {
		cards[c.id] = c
	}
	alike, err := p.alike(batch, cards)
	if err != nil {
		return err
	}
	want := make(map[string]finding, len(batch))
	var further []*card // neighbours that are not of the batch
	stored := make(map[string]*card, len(batch))
	for i, c := range batch {
		want[c.id], stored[c.id] = judge(c, alike[i]), c
	}
	met := map[string]bool{}
	meet := func(n *card) {
		if _, in := want[n.id]; !in && !met[n.id] {
			met[n.id] = true
			further = append(further, n)
		}
	}
	for i := range batch {
		for _, n := range alike[i] {
			meet(n)
		}
	}
	if err := p.formerNeighbours(batch, cards, meet); err != nil {
		return err
	}
	for part := range slices.Chunk(further, batchSize) {
		alike, err := p.alike(part, cards)
		if err != nil {
			return err
		}
		for i, c := range part {
			want[c.id], stored[c.id] = judge(c, alike[i]), c
		}
	}
	maps.DeleteFunc(want, func(id string, f finding) bool { return f.holds(stored[id]) })
	return p.mark(want)
}

// formerNeighbours meets those that may have had the same words as a mention of
// the batch before its text was changed.
func (p *pass) formerNeighbours(batch []*card, cards map[string]*card, meet func(*card)) error {
	var keys []uint64
	for _, c := range batch {
		if c.was != 0 && c.was != c.key {
			keys = append(keys, c.was)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	near, err := p.st.Similar(p.ctx, keys, stockPhrase+1)
	if err != nil {
		return err
	}
	for _, ids := range near {
		for _, id := range ids {
			n, err := p.card(id, cards)
			if err != nil {
				return err
			}
			if n != nil {
				meet(n)
			}
		}
	}
	return nil
}

// card returns what is compared of a mention, from cards or the index; nil where
// it has gone.
func (p *pass) card(id string, cards map[string]*card) (*card, error) {
	if c := cards[id]; c != nil {
		return c, nil
	}
	m, err := p.get(id)
	if m == nil || err != nil {
		return nil, err
	}
	cards[id] = cardOf(m)
	return cards[id], nil
}

// judge says what a mention is among those with the same words.
func judge(c *card, alike []*card) finding {
	f := finding{copies: true, suspect: map[rule]string{ruleCopied: ""}}
	if len(alike) >= stockPhrase {
		return f
	}
	if c.words < mention.ShortText && common(append(slices.Clone(alike), c)) {
		return f
	}
	var original, owner *card
	there := false // on this item of this host, or by this author
	for _, n := range alike {
		if before(n, c) >= 0 {
			continue
		}
		r := relate(c, n)
		there = there || n.host == c.host && (r == copyOf || n.item == c.item)
		switch {
		case r == copyOf && (original == nil || before(n, original) < 0):
			original = n
		case r == borrowed && (owner == nil || before(n, owner) < 0):
			owner = n
		}
	}
	if original != nil {
		f.original, f.reason = original.id, originalOf(c, original)
	}
	if owner != nil && !there {
		f.suspect[ruleCopied] = "the words of another author" + place(c, owner)
	}
	return f
}

// common tells whether two authors of one host say the same, so that a third
// who does may be either, or none.
func common(cs []*card) bool {
	author := map[string]string{} // by host
	for _, c := range cs {
		if a, met := author[c.host]; met && (a == "" || a != c.author) {
			return true
		}
		author[c.host] = c.author
	}
	return false
}

// originalOf says in words of what c is a copy.
func originalOf(c, original *card) string {
	if c.host != original.host {
		return fmt.Sprintf("the same text is at %s%s", original.host, since(original))
	}
	return "the same text is already there" + place(c, original)
}

func place(c, other *card) string {
	if other.item == "" || other.item == c.item {
		return since(other)
	}
	return fmt.Sprintf(" on %q%s", other.item, since(other))
}

func since(c *card) string {
	if c.day == "" {
		return ""
	}
	return ", published " + c.day
}

// alike returns for each mention the others with the same words, up to
// stockPhrase of them. What it reads goes into cards.
func (p *pass) alike(cs []*card, cards map[string]*card) ([][]*card, error) {
	keys := make([]uint64, len(cs))
	for i, c := range cs {
		keys[i] = c.key
	}
	near, err := p.st.Similar(p.ctx, keys, stockPhrase+1)
	if err != nil {
		return nil, err
	}
	out := make([][]*card, len(cs))
	for i, ids := range near {
		for _, id := range ids {
			if id == cs[i].id {
				continue
			}
			n, err := p.card(id, cards)
			if err != nil {
				return nil, err
			}
			if n == nil {
				continue
			}
			if same(cs[i], n) {
				out[i] = append(out[i], n)
			}
		}
	}
	return out, nil
}

// same tells whether two mentions with near keys have the same words, near
// enough for their length.
func same(a, b *card) bool {
	switch words := min(a.words, b.words); {
	case words < mention.ShortText:
		return a.key == b.key
	case a.text == b.text:
		return true
	case words < exactBelow:
		return false
	}
	return resemblance(a.sketch, b.sketch) >= nearlySame
}
