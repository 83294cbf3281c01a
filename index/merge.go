package index

import (
	"cmp"
	"slices"

	"klank/mention"
)

// Merge joins what is stored of a mention with what was found now, so that no
// page takes away what another page told. The words, grades and labels found
// now win; what they leave empty is kept from the stored mention: item,
// rating, title, language, reply, engagement, … Also kept are
//
//   - the time of first collection
//   - a published time that is more precise than the one found now
//   - flags and duplicate_of: what a pass over the index says (duplicate,
//     suspect) until another pass, or a list with such a flag; other flags where
//     no analysis comes along. An empty list that is not nil clears them all
//   - the analysis and the brands, where none come along and the words are
//     the same
//
// removed is taken as found: a mention that is seen again is back. A page
// that was fetched before the one the stored mention was read on only fills
// gaps: old readings (a replay) never replace newer ones.
//
// The result carries the stored revision, plus one when its ContentHash
// differs from the stored one; that is Changed, anything else is Same.
func Merge(stored, found mention.Mention) (mention.Mention, Change) {
	hash := stored.ContentHash()
	older := !found.Evidence.Fetched.IsZero() && found.Evidence.Fetched.Before(stored.Evidence.Fetched)
	out, fill := found, stored
	if older {
		out, fill = stored, found
	}
	fillContent(&out, &fill)
	fillContext(&out, &fill)
	if !older {
		mergeFlags(&out, &stored)
	}
	if len(out.Flags) == 0 {
		out.Flags = nil
	}
	out.Collected = stored.Collected
	if out.Collected.IsZero() {
		out.Collected = found.Collected
	}
	out.Revision = max(stored.Revision, 1)
	if out.ContentHash() != hash {
		out.Revision++
		return out, Changed
	}
	if out.Analysis == nil {
		out.Analysis = fill.Analysis
	}
	if len(out.Brands) == 0 {
		out.Brands = fill.Brands
	}
	return out, Same
}

// mergeFlags joins the flags of m, as found, with the stored ones.
func mergeFlags(m, stored *mention.Mention) {
	if m.Flags != nil && len(m.Flags) == 0 || slices.ContainsFunc(m.Flags, byPass) {
		return
	}
	keep := byPass
	if m.Flags == nil && m.Analysis == nil {
		keep = func(mention.Flag) bool { return true }
	}
	flags := slices.Clone(m.Flags)
	for _, f := range stored.Flags {
		if keep(f) {
			flags = append(flags, f)
		}
	}
	m.Flags, m.DuplicateOf = flags, stored.DuplicateOf
}

// byPass tells whether a flag is one of those that only a pass over the index
// can give.
func byPass(f mention.Flag) bool {
	return f.Name == mention.FlagDuplicate || f.Name == mention.FlagSuspect
}

// fillContent fills what the content hash covers.
func fillContent(m, from *mention.Mention) {
	m.Kind = cmp.Or(m.Kind, from.Kind)
	m.Title = cmp.Or(m.Title, from.Title)
	m.Text = cmp.Or(m.Text, from.Text)
	m.Rating = cmp.Or(m.Rating, from.Rating)
	m.Reply = cmp.Or(m.Reply, from.Reply)
	if len(m.Ratings) == 0 {
		m.Ratings = from.Ratings
	}
}

// fillContext fills the rest, save what Merge decides itself.
func fillContext(m, from *mention.Mention) {
	m.NativeID = cmp.Or(m.NativeID, from.NativeID)
	m.Source.Name = cmp.Or(m.Source.Name, from.Source.Name)
	m.Source.Type = cmp.Or(m.Source.Type, from.Source.Type)
	m.Source.Host = cmp.Or(m.Source.Host, from.Source.Host)
	m.URL = cmp.Or(m.URL, from.URL)
	m.Page = cmp.Or(m.Page, from.Page)
	m.Item = fillItem(m.Item, from.Item)
	m.Author = fillAuthor(m.Author, from.Author)
	m.Language = cmp.Or(m.Language, from.Language)
	m.Parent = cmp.Or(m.Parent, from.Parent)
	m.Thread = cmp.Or(m.Thread, from.Thread)
	m.Engagement = cmp.Or(m.Engagement, from.Engagement)
	m.Verified = cmp.Or(m.Verified, from.Verified)
	m.Invited = cmp.Or(m.Invited, from.Invited)
	if m.Updated.IsZero() {
		m.Updated = from.Updated
	}
	if !from.Published.IsZero() && (m.Published.IsZero() || coarseness(m.PublishedPrecision) > coarseness(from.PublishedPrecision)) {
		m.Published, m.PublishedPrecision = from.Published, from.PublishedPrecision
	}
}

// fillItem completes an item from another reading of the same one; another
// name is another item.
func fillItem(i, from *mention.ItemRef) *mention.ItemRef {
	if i == nil || from == nil {
		return cmp.Or(i, from)
	}
	if i.Name != "" && from.Name != "" && i.Name != from.Name {
		return i
	}
	out := *i
	out.Name = cmp.Or(out.Name, from.Name)
	out.Brand = cmp.Or(out.Brand, from.Brand)
	out.Type = cmp.Or(out.Type, from.Type)
	out.URL = cmp.Or(out.URL, from.URL)
	out.GTIN = cmp.Or(out.GTIN, from.GTIN)
	out.SKU = cmp.Or(out.SKU, from.SKU)
	return &out
}

func fillAuthor(a, from *mention.Author) *mention.Author {
	if a == nil || from == nil {
		return cmp.Or(a, from)
	}
	if a.Key != from.Key {
		return a
	}
	out := *a
	out.Name = cmp.Or(out.Name, from.Name)
	out.URL = cmp.Or(out.URL, from.URL)
	return &out
}

func coarseness(p mention.Precision) int {
	switch p {
	case mention.Minute:
		return 1
	case mention.Day:
		return 2
	case mention.Month:
		return 3
	case mention.Year:
		return 4
	}
	return 0
}
