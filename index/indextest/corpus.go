package indextest

import (
	"time"

	"klank/mention"
)

// now is what relative dates in the suite's queries count from.
var now = date("2026-03-10T12:00:00Z")

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func ptr[T any](v T) *T { return &v }

func stars(v float64) *mention.Rating {
	return &mention.Rating{Value: v, Best: 5, Worst: ptr(1.0), Score: (v - 1) / 4}
}

// labels is a short spelling of an analysis; every sentence is one of the
// text's with a score and the touchpoints it speaks of.
func labels(score float64, label string, signals []string, sentences ...mention.Sentence) *mention.Analysis {
	a := &mention.Analysis{Sentiment: mention.Sentiment{Score: score, Label: label}, Stars: 3 + 2*score, Signals: signals, Sentences: sentences, Version: "test"}
	for i := range sentences {
		s := &sentences[i]
		s.Moments = mention.MomentsOf(s.Touchpoints)
		a.Touchpoints = append(a.Touchpoints, s.Touchpoints...)
		a.Care = append(a.Care, s.Care...)
	}
	a.Moments = mention.MomentsOf(a.Touchpoints)
	return a
}

func sentence(score float64, touchpoints ...string) mention.Sentence {
	return mention.Sentence{Span: mention.Span{In: "text"}, Score: score, Touchpoints: touchpoints}
}

// corpus returns the mentions that the questions of the suite are put to.
// They are written for it: Dutch, English, German, and hostile.
func corpus() []mention.Mention {
	shop := mention.Source{Name: "Shop reviews", Type: "site", Host: "shop.example"}
	forum := mention.Source{Name: "Forum", Type: "discourse", Host: "forum.example"}
	kettle := &mention.ItemRef{Name: "Kettle 3000", Brand: "Acme", GTIN: "08712345678906"}
	author := func(key string) *mention.Author { return &mention.Author{Key: key} }
	ms := []mention.Mention{
		{ID: "m01", Kind: mention.Review, Source: shop, Item: kettle, Brands: []string{"Acme"}, Author: author("k1"), Language: "nl",
			Title: "Levering veel te laat", Text: "De levering was traag.\n\nDe klantenservice reageerde niet op mijn e-mail.",
			URL: "https://shop.example/r/1", Page: "https://shop.example/reviews?page=1", Rating: stars(1), Published: date("2026-01-10T09:00:00Z"),
			Reply:    &mention.Reply{Author: "Acme", Text: "Het spijt ons"},
			Analysis: labels(-0.8, mention.Negative, []string{"detractor"}, sentence(-0.9, "delivery"), sentence(-0.7, "service_contact"))},
		{ID: "m02", Kind: mention.Review, Source: shop, Item: kettle, Brands: []string{"Acme"}, Author: author("k2"), Language: "en",
			Title: "Great kettle", Text: "Fast delivery, and the kettle works perfectly. I would recommend it to friends.",
			URL: "https://shop.example/r/2", Page: "https://shop.example/reviews?page=1", Rating: stars(5), Published: date("2026-01-31T23:59:59Z"),
			Verified: ptr(true), Engagement: &mention.Engagement{Likes: 3},
			Analysis: labels(0.9, mention.Positive, []string{"advocate", "loyal"}, sentence(0.8, "delivery", "use"), sentence(1, "recommendation"))},
		{ID: "m03", Kind: mention.Review, Source: shop, Brands: []string{"Bolt"}, Author: author("k1"), Language: "nl-BE",
			Title: "Snelle bestellingen", Text: "De foto’s kloppen, maar de verpakking was kapot. Het café ernaast is beter.",
			URL: "https://shop.example/r/3", Page: "https://shop.example/reviews?page=2", Rating: stars(4), Published: date("2026-02-01T00:00:00Z"),
			Verified: ptr(false),
			Analysis: labels(0.3, mention.Positive, nil, sentence(0.6, "delivery"), sentence(-0.4, "first_impression"))},
		{ID: "m04", Kind: mention.Question, Source: forum, Brands: []string{"Acme", "Bolt"}, Author: author("k3"), Language: "en",
			Title: "Shipping to Belgium?", Text: "Has anyone tried the deliveries to Belgium? It is late again.",
			URL: "https://forum.example/t/4", Published: date("2026-02-15T10:00:00Z"), Thread: "m04",
			Analysis: labels(0, mention.Neutral, []string{"question"}, sentence(0, "presales"), sentence(-0.2, "delivery"))},
		{ID: "m05", Kind: mention.Answer, Source: forum, Brands: []string{"Bolt"}, Author: author("k2"), Language: "en",
			Text: "Yes, it took them a week. Too late for me.",
			URL:  "https://forum.example/t/4#5", Published: date("2026-02-15T10:00:00Z"), Thread: "m04", Parent: "m04",
			Analysis: labels(-0.5, mention.Negative, []string{"churn_risk"}, sentence(-0.5, "delivery"))},
		{ID: "m06", Kind: mention.Comment, Source: forum, Brands: []string{"bolt"}, Author: author("k4"), Language: "de",
			Text: "Die Lieferungen kamen pünktlich, ein LATE night show.", URL: "https://forum.example/t/6", Published: date("2026-03-09T08:30:00Z"),
			Analysis: labels(0.4, mention.Positive, nil, sentence(0.4, "delivery"))},
		{ID: "m07", Kind: mention.Post, Source: mention.Source{Name: `"; DROP TABLE facts; --`, Type: "mastodon", Host: "social.example"},
			Text: `x'); DROP TABLE mentions;-- "NEAR(a b)" AND OR NOT * plain:stem {x} ^y 100% _under_ 👍 naïve`},
		{ID: "m08", Kind: mention.Review, Source: shop, Item: &mention.ItemRef{Name: "Toaster"}, Brands: []string{"Acme"}, Author: author("k5"), Language: "nl",
			Title: "Laat", Text: "Te laat? Nee: op tijd, en geleverd door een aardige bezorger.",
			Rating: &mention.Rating{Value: 7, Best: 10, Worst: ptr(1.0), Score: 6.0 / 9}, Published: date("2025-12-31T12:00:00Z"), Removed: date("2026-03-01T00:00:00Z"),
			Flags:    []mention.Flag{{Name: "suspect", Reason: "burst"}, {Name: "duplicate"}},
			Analysis: labels(0.3, mention.Positive, nil, sentence(0.3, "delivery"))},
	}
	for i := range ms {
		ms[i].Collected = date("2026-03-10T00:00:00Z").Add(time.Duration(i) * time.Minute)
		ms[i].Evidence = mention.Evidence{Parser: "jsonld", Snapshot: "a.warc.gz:1", Fetched: date("2026-03-10T00:00:00Z")}
	}
	return ms
}
