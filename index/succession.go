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
