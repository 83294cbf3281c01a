package schemaorg

import (
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

// thing builds a thing of texts and things: name, value, name, value …
func thing(typ string, props ...any) *Thing {
	t := &Thing{}
	if typ != "" {
		t.Types = []string{typ}
	}
	for i := 0; i < len(props); i += 2 {
		switch v := props[i+1].(type) {
		case string:
			t.Add(props[i].(string), Value{Text: v})
		case *Thing:
			t.Add(props[i].(string), Value{Thing: v})
		}
	}
	return t
}

func read(roots ...*Thing) document.Found {
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/p/1", ContentType: "text/html"})
	return Read(d, roots, "test")
}

func TestNamesAreBare(t *testing.T) {
	for in, want := range map[string]string{"Review": "Review", "schema:Review": "Review", "https://schema.org/Review": "Review", "http://schema.org/Review/": "Review",
		"http://data-vocabulary.org/Review-aggregate": "Review-aggregate", "https://example.com/v#Review": "Review", "v:rating": "rating", "//schema.org/Review": "Review", "schema.org/Review": "Review", "og:rating": "og:rating", " name ": "name"} {
		if got := Bare(in); got != want {
			t.Errorf("Bare(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTheOlderVocabularyIsRead(t *testing.T) {
	f := read(thing("Review", "itemreviewed", "Café Zon", "reviewer", "Noor", "dtreviewed", "2026-01-02", "summary", "Fijn", "description", "Goede koffie.", "rating", "4.5"),
		thing("Review-aggregate", "itemreviewed", "Café Zon", "rating", thing("Rating", "average", "9", "best", "10"), "votes", "24", "count", "5"))
	if len(f.Mentions) != 1 || len(f.Items) != 1 {
		t.Fatalf("found %+v", f)
	}
	if m := f.Mentions[0]; m.Item.Name != "Café Zon" || m.Author.Name != "Noor" || m.Title != "Fijn" || m.Text != "Goede koffie." || m.Rating.Value != 4.5 || m.Published.IsZero() {
		t.Errorf("review is %+v", m)
	}
	if it := f.Items[0]; it.Name != "Café Zon" || it.Rating.Value != 9 || it.Rating.Best != 10 || *it.RatingCount != 24 || *it.ReviewCount != 5 {
		t.Errorf("item is %+v", it)
	}
}

func TestOnlyACustomersWordsAreMentions(t *testing.T) {
	rating := thing("Rating", "ratingValue", "4")
	for what, c := range map[string]struct {
		root *Thing
		want int
	}{
		"rating alone":     {thing("Review", "reviewRating", rating), 1},
		"author and body":  {thing("Review", "author", "A", "reviewBody", "b"), 1},
		"author alone":     {thing("Review", "author", "A"), 0},
		"body alone":       {thing("Review", "reviewBody", "b"), 0},
		"fact check":       {thing("ClaimReview", "author", "A", "reviewBody", "b", "reviewRating", rating), 0},
		"asked by people":  {thing("QAPage", "mainEntity", thing("Question", "name", "q", "acceptedAnswer", thing("Answer", "text", "a"))), 2},
		"article":          {thing("Article", "headline", "h", "articleBody", "b", "author", "A"), 0},
		"untyped review":   {thing("Product", "name", "P", "review", thing("", "reviewRating", rating)), 1},
		"comment":          {thing("Article", "headline", "h", "comment", thing("Comment", "text", "t")), 1},
		"by an employee":   {thing("Organization", "name", "P", "review", thing("EmployerReview", "author", "A", "reviewBody", "b")), 1},
		"by a critic":      {thing("CriticReview", "itemReviewed", thing("Movie", "name", "M"), "author", "A", "reviewBody", "b"), 1},
		"media review":     {thing("MediaReview", "author", "A", "reviewBody", "b"), 0},
		"recipe":           {thing("Recipe", "name", "Soup", "author", "A", "description", "d", "aggregateRating", thing("AggregateRating", "ratingValue", "4")), 0},
		"site":             {thing("WebSite", "name", "S", "publisher", thing("Organization", "name", "P"), "potentialAction", thing("SearchAction", "target", "t")), 0},
		"any case":         {thing("Product", "name", "P", "Review", thing("review", "reviewrating", thing("rating", "RatingValue", "4"))), 1},
		"reviewed in news": {thing("ReviewNewsArticle", "headline", "h", "articleBody", "b", "author", "A", "reviewRating", rating), 1},
		"untyped comment":  {thing("Article", "headline", "h", "comment", thing("", "text", "t")), 1},
		"empty comment":    {thing("Article", "headline", "h", "comment", thing("Comment", "author", "A")), 0},
		"owner's reply":    {thing("Product", "name", "P", "review", thing("Review", "reviewRating", rating, "comment", thing("Comment", "author", "P", "text", "thanks"))), 1},
		"someone's reply":  {thing("Product", "name", "P", "review", thing("Review", "reviewRating", rating, "comment", thing("Comment", "author", "Q", "text", "me too"))), 2},
	} {
		if f := read(c.root); len(f.Mentions) != c.want {
			t.Errorf("%s: %d mentions, want %d: %+v", what, len(f.Mentions), c.want, f.Mentions)
		}
	}
}

func TestWhatASiteAsksAndAnswersItselfIsMarked(t *testing.T) {
	qa := func() *Thing {
		return thing("Question", "name", "q", "acceptedAnswer", thing("Answer", "text", "a"))
	}
	if f := read(thing("FAQPage", "name", "n", "review", thing("Review", "author", "A", "reviewBody", "b"))); len(f.Mentions) != 1 || f.Mentions[0].ByPublisher() {
		t.Errorf("a review on such a page: %+v", f.Mentions)
	}
	for page, want := range map[string]bool{"FAQPage": true, "Quiz": true, "QAPage": false, "Product": false} {
		f := read(thing(page, "name", "n", "mainEntity", qa()))
		if len(f.Mentions) != 2 || f.Mentions[0].ByPublisher() != want || f.Mentions[1].ByPublisher() != want {
			t.Errorf("%s: found %+v", page, f.Mentions)
		}
	}
}

func TestGTINsAreTheirDigits(t *testing.T) {
	for in, want := range map[string]string{"8712345678906": "8712345678906", "EAN 871 234-5678906": "8712345678906", "12345670": "12345670", "012345678905": "012345678905",
		"978-90-295-1234-5": "9789029512345", "0-306-40615-2": "9780306406157", "0-8044-2957-X": "9780804429573", "0306406153": "", "123456789": "", "n/a": "", "0000000000000": ""} {
		if got := GTIN(in); got != want {
			t.Errorf("GTIN(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTheBrandIsTheMakersWhereNoneIsSaid(t *testing.T) {
	maker := thing("Organization", "name", "Maker")
	for want, p := range map[string]*Thing{
		"Brand": thing("Product", "name", "P", "manufacturer", maker, "brand", "Brand"),
		"Label": thing("Product", "name", "P", "brand", thing("Brand", "name", "Label"), "manufacturer", "Maker"),
		"Maker": thing("Product", "name", "P", "brand", thing("Brand"), "manufacturer", maker),
	} {
		if f := read(p); len(f.Items) != 1 || f.Items[0].Brand != want {
			t.Errorf("%s: items are %+v", want, f.Items)
		}
	}
}

func named(id string, t *Thing) *Thing {
	t.ID = id
	return t
}

func TestWhatIsSaidOfOneIDInTwoPlacesIsOneThing(t *testing.T) {
	grade := thing("Rating", "ratingValue", "4")
	f := read(named("#k", thing("Product", "name", "Kettle", "review", named("#r", thing("Review", "author", "Ann", "reviewBody", "Boils.")))),
		named("#r", thing("Review", "author", thing("Person", "name", "Ann"), "reviewRating", grade)),
		named("#k", thing("Product", "sku", "7", "review", thing("Review", "author", "Bob", "reviewBody", "Broke."))),
		named("#r", thing("Review", "author", "Eve", "reviewBody", "Another with the same id.")))
	if len(f.Mentions) != 3 || len(f.Items) != 1 || f.Items[0].SKU != "7" {
		t.Fatalf("found %+v", f)
	}
	if m := f.Mentions[0]; m.Text != "Boils." || m.Rating == nil || m.Item.SKU != "7" {
		t.Errorf("the review in two places is %+v", m)
	}
	if m := f.Mentions[1]; m.Author.Name != "Bob" || m.Item.Name != "Kettle" {
		t.Errorf("the review of the item in two places is %+v", m)
	}
}

func TestTextsThatAreIDsAreReferences(t *testing.T) {
	f := read(named("#k", thing("Product", "name", "Kettle", "review", "#r")), named("#r", thing("Review", "author", "https://www.example.com/#ann", "reviewBody", "b")),
		named("https://www.example.com/#ann", thing("Person", "name", "Ann")), thing("Review", "itemReviewed", "#k", "author", "Bob", "reviewBody", "c"),
		thing("Review", "itemReviewed", "https://www.example.com/q", "author", "Bob", "reviewBody", "d"))
	if len(f.Mentions) != 3 || f.Mentions[0].Author.Name != "Ann" || f.Mentions[0].Item.Name != "Kettle" || f.Mentions[1].Item.Name != "Kettle" {
		t.Errorf("found %+v", f.Mentions)
	}
	if it := f.Mentions[2].Item; it.Name != "" || it.URL != "https://www.example.com/q" {
		t.Errorf("an item known by its URL is %+v", it)
	}
}

func TestAPostThatIsSharedIsNoReply(t *testing.T) {
	f := read(thing("SocialMediaPosting", "text", "look", "author", "A", "sharedContent", thing("SocialMediaPosting", "text", "first", "author", "B")))
	if len(f.Mentions) != 2 || f.Mentions[1].ParentHandle != "" {
		t.Errorf("found %+v", f.Mentions)
	}
}

func TestThingsThatArePartOfEachOtherEnd(t *testing.T) {
	a, b := thing("Review", "author", "A"), thing("Comment")
	for _, prop := range []string{"text", "author", "comment", "name", "itemReviewed", "reviewRating", "identifier", "parentItem"} {
		a.Add(prop, Value{Thing: b})
		b.Add(prop, Value{Thing: a})
	}
	read(a, b)
}

func TestWhatANativeIDIsUniqueWithin(t *testing.T) {
	const page = "https://www.example.com/p/1"
	for id, want := range map[string][2]string{
		"abc-123456":                   {"abc-123456", ""},
		"https://www.example.com/r/77": {"https://www.example.com/r/77", ""},
		"#review-884120":               {"review-884120", page},
		page + "#review-884120":        {"review-884120", page},
		"12":                           {"12", page},
		"_:b0":                         {"", ""},
	} {
		root := thing("Review", "author", "A", "reviewBody", "b")
		root.ID = id
		m := read(root).Mentions[0]
		if m.NativeID != want[0] || m.IDScope != want[1] {
			t.Errorf("%s: native id %q within %q, want %q", id, m.NativeID, m.IDScope, want)
		}
	}
}

func TestAReferenceToTheParentMakesNoChildOfIt(t *testing.T) {
	parent := thing("Comment", "text", "first")
	parent.ID = "#1"
	f := read(thing("Comment", "text", "second", "parentItem", &Thing{ID: "#1"}), parent)
	if len(f.Mentions) != 2 || f.Mentions[0].ParentHandle != f.Mentions[1].Handle || f.Mentions[1].ParentHandle != "" {
		t.Errorf("found %+v", f.Mentions)
	}
}
