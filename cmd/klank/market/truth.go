package market

import (
	"cmp"
	"time"

	"klank/mention"
)

// Truth is one text as it is to be collected; every text of the market stands
// in Market.Truth once, however many pages show it.
type Truth struct {
	Host string
	Kind mention.Kind
	// NativeID is the source's own id, unique on the host; empty where the
	// site gives none, and then host, item, author and date are unique.
	NativeID string
	// Author is the printed name, on the Mastodon host the account.
	Author string
	// Title and Text are plain text, paragraphs parted by \n\n.
	Title, Text string
	// Odd marks a text that holds markup, control or formula characters as
	// characters. A reader that cleans those away may differ there.
	Odd bool
	// Language is nl or en.
	Language string
	// Rating and Best are the grade as published; both 0 without one.
	Rating, Best float64
	// Published is in UTC, at midnight where Precision is the day.
	Published time.Time
	Precision mention.Precision
	// Item and Brand name what a review is about; empty elsewhere. Brand is
	// given also where the page itself does not say it.
	Item, Brand string
	// Parent is the native id of what a comment or answer replies to.
	Parent string
	// Reply is the owner's answer, where the page gives one as such.
	Reply string
}

// Truth lists exactly what a complete crawl collects.
func (m *Market) Truth() []Truth {
	var out []Truth
	for _, s := range m.sites {
		for _, t := range s.texts {
			truth := Truth{
				Host: s.host, Kind: s.kindOf(t), NativeID: s.nativeID(t), Author: t.Author, Title: t.Title, Text: t.body(),
				Odd: t.odd(), Language: t.Lang, Rating: t.Stars, Published: t.At.UTC(), Precision: mention.Second,
				Parent: s.parentID(t), Reply: t.Reply,
			}
			if t.dayOnly {
				truth.Precision = mention.Day
			}
			if t.Stars > 0 {
				truth.Best = s.best
			}
			if p := s.product(cmp.Or(t.Item, t.On)); p != nil {
				truth.Item, truth.Brand = p.Name, p.Brand
			}
			out = append(out, truth)
		}
	}
	return out
}

// Disallowed lists the texts that stand only where robots.txt forbids to
// read; none of them may ever be collected.
func (m *Market) Disallowed() []string {
	var out []string
	for _, s := range m.sites {
		for _, t := range s.forbidden {
			out = append(out, t.body())
		}
	}
	return out
}

// Declared is what a product's page says about the number of its reviews.
type Declared struct {
	Host, Item, URL string
	// Reviews is the declared number, Shown how many can be collected.
	Reviews, Shown int
}

// Declared lists the products of the shops.
func (m *Market) Declared() []Declared {
	var out []Declared
	for _, s := range m.sites {
		for _, p := range s.assortment() {
			out = append(out, Declared{s.host, p.Name, s.url(s.productPath + p.Slug), s.declared(p), len(s.on(p.Slug))})
		}
	}
	return out
}
