package feed

import (
	"bytes"
	"encoding/json"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// The App Store's customer reviews as JSON: Atom put through a converter
// that makes every element {"label", "attributes"}.
type storePage struct {
	Feed struct {
		Entry oneOrMany[storeEntry] `json:"entry"`
		Link  oneOrMany[storeLink]  `json:"link"`
	} `json:"feed"`
}

type storeEntry struct {
	ID     storeLabel `json:"id"`
	Title  storeLabel `json:"title"`
	Author struct {
		Name storeLabel `json:"name"`
		URI  storeLabel `json:"uri"`
	} `json:"author"`
	Content oneOrMany[storeLabel] `json:"content"`
	Updated storeLabel            `json:"updated"`
	Rating  storeLabel            `json:"im:rating"`
	Votes   storeLabel            `json:"im:voteSum"`
	Name    storeLabel            `json:"im:name"`
	Link    oneOrMany[storeLink]  `json:"link"`
}

type storeLabel struct {
	Label string `json:"label"`
}

type storeLink struct {
	Attributes struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	} `json:"attributes"`
}

// oneOrMany reads an array, or a lone element where the converter saw one.
type oneOrMany[T any] []T

func (l *oneOrMany[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	var one T
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*l = oneOrMany[T]{one}
	return nil
}

func isAppStoreJSON(body []byte) bool {
	head := body[:min(len(body), detectWindow)]
	return bytes.Contains(head, []byte(`"feed"`)) && bytes.Contains(head, []byte(`"im:rating"`)) && bytes.Contains(head, []byte(`"label"`))
}

func parseAppStoreJSON(d *document.Document) document.Found {
	var found document.Found
	var page storePage
	if err := json.Unmarshal(d.Body, &page); err != nil {
		found.Problems = append(found.Problems, mention.Problem{Where: "feed", What: "malformed: " + err.Error()})
		return found
	}
	for _, e := range page.Feed.Entry {
		if e.Rating.Label == "" { // the app itself, which heads the old form
			if e.Name.Label != "" {
				found.Items = append(found.Items, mention.Item{ItemRef: mention.ItemRef{Name: normalize.Line(e.Name.Label), Type: "SoftwareApplication"}})
			}
			continue
		}
		m := mention.Mention{
			Kind: mention.Review, NativeID: strings.TrimSpace(e.ID.Label),
			Title: normalize.Line(e.Title.Label), Rating: normalize.Rating(e.Rating.Label, "5", ""), Language: d.Language,
		}
		if len(e.Content) > 0 {
			m.Text = normalize.Text(e.Content[0].Label)
		}
		if name := normalize.Line(e.Author.Name.Label); name != "" {
			m.Author = &mention.Author{Name: name, URL: d.Abs(e.Author.URI.Label)}
		}
		if t, p, ok := normalize.Date(e.Updated.Label, "en", d.Page.Fetched); ok {
			m.Published, m.PublishedPrecision = t, p
		}
		if len(e.Link) > 0 {
			m.URL = d.Abs(e.Link[0].Attributes.Href)
		}
		if n, ok := normalize.Count(e.Votes.Label); ok && n > 0 {
			m.Engagement = &mention.Engagement{Helpful: n}
		}
		found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
	}
	for _, l := range page.Feed.Link {
		if l.Attributes.Rel != "next" {
			continue
		}
		// The store links its XML pages even from the JSON form.
		if u := d.Abs(strings.Replace(l.Attributes.Href, "/xml", "/json", 1)); u != "" && u != d.URL {
			found.Links = append(found.Links, mention.Link{URL: u, Kind: mention.LinkNext})
		}
	}
	return found
}
