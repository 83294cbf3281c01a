package schemaorg

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// reviewed returns what a mention at n is about: what it says itself
// (itemReviewed), else the thing it hangs below.
func (r *reader) reviewed(n node, kind mention.Kind) *mention.ItemRef {
	var ref mention.ItemRef
	if t := r.g.thing(n.Thing, "itemReviewed", "about"); t != nil {
		ref = r.itemRef(t)
	} else if name := n.Thing.line("itemReviewed"); strings.HasPrefix(name, "http") && !strings.Contains(name, " ") {
		ref.URL = r.d.Abs(name)
	} else if name != "" {
		ref.Name = name
	}
	if owner := r.owner(n, kind); owner != nil {
		o := r.itemRef(owner)
		if ref.Name == "" || strings.EqualFold(ref.Name, o.Name) {
			ref = mergeRef(ref, o)
		}
	}
	if ref == (mention.ItemRef{}) || ref.Name == "" && ref.URL == "" && ref.GTIN == "" && ref.SKU == "" {
		return nil
	}
	return &ref
}

// owner returns the item a mention hangs below, whatever other mentions stand
// between (the answer to a question about a product is about the product).
func (r *reader) owner(n node, kind mention.Kind) *Thing {
	for range maxDepth {
		up := n.parent
		if up == nil {
			return nil
		}
		n = up.place
		if kindOf(up) != "" {
			continue
		}
		if (kind == mention.Review || owning(n.prop)) && !frame(up) || owningItem(up) {
			return up
		}
		if kind == mention.Review && frame(up) && up.text("name") != "" && !up.is("ListItem", "ItemList", "BreadcrumbList", "Person", "Offer", "Rating") {
			return up
		}
	}
	return nil
}

// owningItem tells whether comments and questions below t are about it.
func owningItem(t *Thing) bool { return !frame(t) && t.text("name", "headline") != "" }

func mergeRef(a, b mention.ItemRef) mention.ItemRef {
	fill := func(dst *string, src string) {
		if *dst == "" {
			*dst = src
		}
	}
	fill(&a.Name, b.Name)
	fill(&a.Brand, b.Brand)
	fill(&a.Type, b.Type)
	fill(&a.URL, b.URL)
	fill(&a.GTIN, b.GTIN)
	fill(&a.SKU, b.SKU)
	return a
}

func (r *reader) itemRef(t *Thing) mention.ItemRef {
	ref := mention.ItemRef{
		Name: t.line("name", "headline"),
		GTIN: GTIN(t.text("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn", "isbn13", "ean", "ean13", "upc")),
		SKU:  t.line("sku", "productID", "mpn"),
		URL:  r.d.Abs(t.text("url")),
	}
	if len(t.Types) > 0 {
		ref.Type = strings.Clone(t.Types[0]) // not a part of the whole script
	}
	for _, prop := range []string{"brand", "manufacturer"} {
		if b := r.g.thing(t, prop); b != nil && ref.Brand == "" {
			ref.Brand = b.line("name")
		}
		if ref.Brand == "" {
			ref.Brand = t.line(prop)
		}
	}
	if ref.URL == "" && strings.HasPrefix(t.ID, "http") {
		ref.URL = r.d.Abs(t.ID)
	}
	return ref
}

// GTIN returns the digits of a GTIN-8, -12, -13 or -14 (EAN, UPC, ISBN-13),
// and the ISBN-13 of an ISBN-10; what has another length is none.
func GTIN(s string) string {
	var digits []byte
	for i := 0; i < len(s); i++ {
		if c := s[i]; '0' <= c && c <= '9' || len(digits) == 9 && (c == 'X' || c == 'x') {
			digits = append(digits, c)
		}
	}
	switch len(digits) {
	case 10:
		return isbn13(digits)
	case 8, 12, 13, 14:
		if gtin := string(digits); strings.Trim(gtin, "0") != "" && !strings.ContainsAny(gtin, "Xx") {
			return gtin
		}
	}
	return ""
}

// isbn13 converts an ISBN-10 whose check digit is right; "" for another number.
func isbn13(isbn10 []byte) string {
	sum := 0
	for i, c := range isbn10 {
		d := int(c - '0')
		if c == 'X' || c == 'x' {
			d = 10
		}
		sum += (10 - i) * d
	}
	if sum%11 != 0 || strings.Trim(string(isbn10), "0") == "" {
		return ""
	}
	out := "978" + string(isbn10[:9])
	sum = 0
	for i := range len(out) {
		sum += int(out[i]-'0') * (1 + i%2*2)
	}
	return out + string(rune('0'+(10-sum%10)%10))
}

// item emits the aggregate rating that stands at n: as a property of an item,
// or by itself with itemReviewed.
func (r *reader) item(n node) {
	if agg := r.g.thing(n.Thing, "aggregateRating"); agg != nil {
		r.emitItem(n.Thing, agg)
		return
	}
	if isAggregate(n.Thing) && n.prop != "aggregateRating" && !r.referenced(n) {
		of := r.g.thing(n.Thing, "itemReviewed")
		if of == nil {
			of = n.Thing
			if n.parent != nil && !frame(n.parent) && kindOf(n.parent) == "" {
				of = n.parent
			}
		}
		r.emitItem(of, n.Thing)
		return
	}
	if plainItem(n) {
		r.out.Items = append(r.out.Items, mention.Item{ItemRef: r.itemRef(n.Thing)})
	}
}

// referenced tells whether an aggregate with an @id hangs below an item by
// reference, where it is emitted.
func (r *reader) referenced(n node) bool { return n.Thing.place.prop == "aggregateRating" }

// plainItem tells whether n is a page's own product without a grade: a root,
// or the main entity of the page.
func plainItem(n node) bool {
	if n.parent != nil && n.prop != "@graph" && n.prop != "mainEntity" && n.prop != "about" {
		return false
	}
	return n.is("Product", "ProductGroup", "IndividualProduct", "ProductModel", "Vehicle", "Car", "Book", "Movie", "SoftwareApplication", "MobileApplication",
		"WebApplication", "VideoGame", "LocalBusiness", "Restaurant", "Hotel", "LodgingBusiness", "Recipe", "Course", "Event", "TVSeries", "Game") && n.text("name") != ""
}

func (r *reader) emitItem(of, agg *Thing) {
	it := mention.Item{ItemRef: r.itemRef(of), Rating: r.rating(agg)}
	if of == agg {
		it.Type = ""
		it.Name = agg.line("itemReviewed", "name")
	}
	it.RatingCount = count(agg.text("ratingCount", "votes"))
	it.ReviewCount = count(agg.text("reviewCount", "count"))
	if it.ReviewCount == nil && agg != of {
		it.ReviewCount = count(of.text("reviewCount"))
	}
	if it.Rating == nil && it.RatingCount == nil && it.ReviewCount == nil {
		return
	}
	r.out.Items = append(r.out.Items, it)
}

func count(s string) *int {
	if n, ok := normalize.Count(s); ok {
		return &n
	}
	return nil
}

// native sets the id that the source uses, and within what it is unique.
//
// A fragment names a review within its page only. One that is a counter
// ("#review-3") moves on with every new review, so it counts only where
// nothing better (author and date) tells mentions apart.
func (r *reader) native(c *document.Candidate, t *Thing) {
	id := identifier(t)
	if id == "" {
		id = t.ID
	}
	if id == "" || strings.HasPrefix(id, "_:") {
		id = t.Anchor
		if id != "" {
			id = "#" + id
		}
	}
	if base, frag, ok := strings.Cut(id, "#"); ok && frag != "" && (base == "" || base == r.d.URL || r.d.Abs(base) == r.d.URL) {
		if counter(frag) && c.Author != nil && !c.Published.IsZero() {
			return
		}
		c.NativeID, c.IDScope = strings.Clone(frag), r.d.URL
		if c.URL == "" {
			c.URL = r.d.Ref("#" + frag)
		}
		return
	}
	c.NativeID = strings.Clone(id)
	if c.URL == "" && (strings.HasPrefix(id, "http") || strings.HasPrefix(id, "/")) {
		c.URL = r.d.Ref(id)
	}
	if id != "" && len(id) <= 5 && counter(id) {
		c.IDScope = r.d.URL
		if c.Item != nil && c.Item.URL != "" {
			c.IDScope = c.Item.URL
		}
	}
}

// identifier returns the identifier property: a text or a PropertyValue.
func identifier(t *Thing) string {
	for _, v := range t.values("identifier", "reviewId", "commentId") {
		s := v.Text
		if v.Thing != nil {
			s = v.Thing.text("value", "@value")
			if s == "" {
				s = v.Thing.ID
			}
		}
		if s = normalize.Line(s); s != "" && len(s) <= 300 {
			return s
		}
	}
	return ""
}

// counter tells whether an id is a small number, perhaps after a word.
func counter(id string) bool {
	digits := 0
	for i := len(id) - 1; i >= 0 && id[i] >= '0' && id[i] <= '9'; i-- {
		digits++
	}
	for i := range len(id) - digits {
		if id[i] >= '0' && id[i] <= '9' {
			return false
		}
	}
	return digits <= 4
}
