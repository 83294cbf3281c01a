package parsers

import (
	"math"
	"slices"

	"klank/mention"
	"klank/parsers/document"
)

// maxItems bounds the items of one page.
const maxItems = 2000

// itemSet holds the items of a page, each once.
type itemSet struct {
	list  []mention.Item
	byKey map[string][]int
}

// nameKey is the key of an item's name.
func nameKey(name string) string { return "name\x00" + prefix(name, 200) }

// itemKeys are the ways to recognise an item.
func itemKeys(r *mention.ItemRef) []string {
	var out []string
	if r.GTIN != "" {
		out = append(out, "gtin\x00"+r.GTIN)
	}
	if r.Name != "" {
		out = append(out, nameKey(r.Name))
	}
	if r.SKU != "" {
		out = append(out, "sku\x00"+r.SKU)
	}
	if r.URL != "" {
		out = append(out, "url\x00"+r.URL)
	}
	if len(out) == 0 {
		out = append(out, "")
	}
	return out
}

// add adds an item or completes the one that is the same.
func (s *itemSet) add(it mention.Item) {
	if s.byKey == nil {
		s.byKey = map[string][]int{}
	}
	for _, k := range itemKeys(&it.ItemRef) {
		at := s.byKey[k]
		for _, i := range at[:min(len(at), maxAlike)] {
			if sameItem(&s.list[i], &it) {
				complete(&s.list[i], &it)
				s.index(i)
				return
			}
		}
	}
	if len(s.list) >= maxItems {
		return
	}
	s.list = append(s.list, it)
	s.index(len(s.list) - 1)
}

// index makes item i known under all its keys.
func (s *itemSet) index(i int) {
	for _, k := range itemKeys(&s.list[i].ItemRef) {
		if !slices.Contains(s.byKey[k], i) {
			s.byKey[k] = append(s.byKey[k], i)
		}
	}
}

func complete(have, it *mention.Item) {
	have.ItemRef = *joinRef(&have.ItemRef, &it.ItemRef)
	if have.Rating == nil {
		have.Rating = it.Rating
	}
	if have.RatingCount == nil {
		have.RatingCount = it.RatingCount
	}
	if have.ReviewCount == nil {
		have.ReviewCount = it.ReviewCount
	}
}

// sameItem tells whether two items are one: the same name or number, and
// grades that do not contradict each other beyond rounding.
func sameItem(a, b *mention.Item) bool {
	if a.Rating != nil && b.Rating != nil && math.Abs(a.Rating.Score-b.Rating.Score) > 0.02 {
		return false
	}
	if a.RatingCount != nil && b.RatingCount != nil && *a.RatingCount != *b.RatingCount {
		return false
	}
	switch {
	case a.GTIN != "" && b.GTIN != "":
		return a.GTIN == b.GTIN
	case a.Name != "" && b.Name != "":
		return prefix(a.Name, 200) == prefix(b.Name, 200) && sameOrNone(a.URL, b.URL)
	case a.SKU != "" && b.SKU != "":
		return a.SKU == b.SKU
	}
	if a.ItemRef == (mention.ItemRef{}) && b.ItemRef == a.ItemRef {
		return a.Rating != nil && b.Rating != nil && a.Rating.Value == b.Rating.Value
	}
	return a.URL != "" && a.URL == b.URL
}

func sameOrNone(a, b string) bool { return a == "" || b == "" || a == b }

func joinRef(a, b *mention.ItemRef) *mention.ItemRef {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	if a.Name != "" && b.Name != "" && prefix(a.Name, 200) != prefix(b.Name, 200) {
		return a
	}
	out := *a
	fill(&out.Name, b.Name)
	fill(&out.Brand, b.Brand)
	fill(&out.Type, b.Type)
	fill(&out.URL, b.URL)
	fill(&out.GTIN, b.GTIN)
	fill(&out.SKU, b.SKU)
	return &out
}

// about completes what a mention is about with what the page says of its
// items; a mention that names nothing is about the page's main item, unless
// it is a post, which may be about anything.
func (s *itemSet) about(ref *mention.ItemRef, kind mention.Kind, main *mention.ItemRef) *mention.ItemRef {
	if ref == nil {
		if main == nil || kind == mention.Post {
			return nil
		}
		ref = main
	}
	out := *ref
	keys := []string{nameKey(out.Name)}
	if out.Name == "" {
		keys = itemKeys(&out)
	}
	for _, k := range keys {
		for _, i := range s.byKey[k] {
			if k != "" && sameOrNone(out.URL, s.list[i].URL) {
				return joinRef(&out, &s.list[i].ItemRef)
			}
		}
	}
	return &out
}

// main returns what the page is about: its only item, else the one that the
// page's own URL names; nil when that is not plain.
func (s *itemSet) main(d *document.Document) *mention.ItemRef {
	if len(s.list) == 1 {
		return &s.list[0].ItemRef
	}
	if own := s.byKey["url\x00"+d.URL]; len(own) == 1 {
		return &s.list[own[0]].ItemRef
	}
	if d.Page.Origin != nil {
		return d.Page.Origin.Item
	}
	return nil
}

// belong gives the only item of an answer that does not say its name that of
// the page whose list it goes on with.
func (s *itemSet) belong(o *mention.Origin) {
	if o != nil && o.Item != nil && len(s.list) == 1 && s.list[0].ItemRef == (mention.ItemRef{}) {
		s.list[0].ItemRef = *o.Item
		s.index(0)
	}
}

// published tells whether the page's items are works that the site itself
// publishes on the page: recipes, articles.
func (s *itemSet) published() bool {
	works := 0
	for i := range s.list {
		switch s.list[i].Type {
		case "Recipe", "HowTo", "Article", "NewsArticle", "BlogPosting", "TechArticle", "LiveBlogPosting", "Report":
			works++
		case "":
		default:
			return false
		}
	}
	return works > 0
}
