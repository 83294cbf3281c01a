package index

import (
	"context"
	"slices"
	"strings"

	"klank/mention"
)

// Aliases is the optional ability of an index that knows an edited mention again
// of which nothing but the text tells what it is: in Absences.PutSeen one that
// Succeeds another, in the run in which that one vanished from all pages, becomes
// its next revision and keeps its id. The id made of its own text is an alias
// from then on, and Put takes the one for the other.
type Aliases interface {
	// Resolve returns the ids that these are aliases of; ids that are none are
	// left out.
	Resolve(ctx context.Context, ids []string) (map[string]string, error)
	// AliasesOf returns the aliases of mentions: who erases one suppresses them
	// too, or an edited text would come back.
	AliasesOf(ctx context.Context, ids []string) ([]string, error)
}

const (
	// editedWords is below how many words a text is too little to be known again
	// by; without an author it is mention.ShortText.
	editedWords = 4
	// edited is from what similarity on a text is an edit of another one.
	edited = 0.6
)

// SameVoice tells whether two mentions that only their texts identify are by the
// same author on the same item of the same host.
func SameVoice(a, b *mention.Mention) bool {
	return a.NativeID == "" && b.NativeID == "" && a.Kind == b.Kind && a.Source.Host == b.Source.Host &&
		Author(a) == Author(b) && itemName(a.Item) == itemName(b.Item)
}

// Succeeds tells whether found is the same mention as lost, which has vanished
// meanwhile: by the SameVoice, with a near-identical text. An edit may change a
// third of it, or add to it at the beginning or the end. The likeness, 0..1, is
// for choosing among several.
func Succeeds(found, lost *mention.Mention) (likeness float64, is bool) {
	if !SameVoice(found, lost) {
		return 0, false
	}
	a, b := mention.NormalText(found.Body()), mention.NormalText(lost.Body())
	least := editedWords
	if Author(found) == "" {
		least = mention.ShortText
	}
	if min(strings.Count(a, " "), strings.Count(b, " "))+1 < least {
		return 0, false
	}
	likeness = mention.Similarity(a, b)
	return likeness, likeness >= edited || within(a, b) || within(b, a)
}

// maxCompared bounds the texts that one call compares, at a tenth of a
// millisecond each: where a site has rewritten all that it shows, the rest is
// new.
const maxCompared = 2000

// Succession says that one of the mentions that came succeeds one of those that
// went, by their places.
type Succession struct{ Came, Gone int }

// Successions joins each mention that came with the likest of those that went
// that it Succeeds. No mention is joined twice, nor one that went from one page
// and is elsewhere still, which is asked only for what is about to be joined.
func Successions(came, gone []*mention.Mention, elsewhere func(gone int) (bool, error)) ([]Succession, error) {
	var out []Succession
	joined, taken := map[string]bool{}, map[string]bool{}
	compared := 0
	for i, c := range came {
		if joined[c.ID] {
			continue
		}
		best, most := -1, -1.0
		for j, g := range gone {
			if taken[g.ID] || g.ID == c.ID || !SameVoice(c, g) {
				continue
			}
			if compared++; compared > maxCompared {
				break
			}
			if likeness, is := Succeeds(c, g); is && likeness > most {
				best, most = j, likeness
			}
		}
		if best < 0 {
			continue
		}
		if there, err := elsewhere(best); err != nil || there {
			if err != nil {
				return nil, err
			}
			continue
		}
		joined[c.ID], taken[gone[best].ID] = true, true
		out = append(out, Succession{i, best})
	}
	return out, nil
}

// RenameSeen returns readings with the ids that are aliases replaced. seen stays
// as it is.
func RenameSeen(seen []Sighting, ids map[string]string) []Sighting {
	if len(ids) == 0 {
		return seen
	}
	seen = slices.Clone(seen)
	for i := range seen {
		g := &seen[i]
		g.IDs = slices.Clone(g.IDs)
		for j, id := range g.IDs {
			if is, ok := ids[id]; ok {
				g.IDs[j] = is
			}
		}
		g.Texts = slices.DeleteFunc(slices.Clone(g.Texts), func(id string) bool { return ids[id] != "" })
	}
	return seen
}

// within tells whether a begins or ends with b.
func within(a, b string) bool {
	return strings.HasPrefix(a, b+" ") || strings.HasSuffix(a, " "+b)
}

// Rename returns ms with the ids that are aliases replaced, those of parents and
// threads too. ms stays as it is.
func Rename(ms []mention.Mention, ids map[string]string) []mention.Mention {
	if len(ids) == 0 {
		return ms
	}
	ms = slices.Clone(ms)
	for i := range ms {
		for _, id := range []*string{&ms[i].ID, &ms[i].Parent, &ms[i].Thread} {
			if is, ok := ids[*id]; ok {
				*id = is
			}
		}
	}
	return ms
}
