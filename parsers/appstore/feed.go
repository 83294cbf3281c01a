package appstore

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// feedPage is the feed as JSON: Atom put through a converter that makes every
// element {"label", "attributes"} and a lone one of a list no list.
type feedPage struct {
	Feed struct {
		Entry wire.List[entry]    `json:"entry"`
		Link  wire.List[feedLink] `json:"link"`
	} `json:"feed"`
}

type entry struct {
	ID     label `json:"id"`
	Title  label `json:"title"`
	Author struct {
		Name label `json:"name"`
		URI  label `json:"uri"`
	} `json:"author"`
	Content wire.List[label]    `json:"content"`
	Updated label               `json:"updated"`
	Rating  label               `json:"im:rating"`
	Votes   label               `json:"im:voteSum"`
	Name    label               `json:"im:name"`
	Artist  label               `json:"im:artist"`
	Link    wire.List[feedLink] `json:"link"`
}

type label struct {
	Label wire.Text `json:"label"`
}

type feedLink struct {
	Attributes struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	} `json:"attributes"`
}

// parseFeed reads the feed as JSON. In its old form the app itself is the
// first entry; then about it, not about what the URL names, are the reviews.
func parseFeed(d *document.Document, app *mention.ItemRef) document.Found {
	var found document.Found
	var p feedPage
	var err error
	if wire.IsArray(d.Body) {
		err = wire.DecodeList(d.Body, "entry", &p.Feed)
	} else {
		err = wire.Decode(d.Body, &p)
	}
	if err != nil {
		wire.Problem(&found, "appstore", err.Error())
		return found
	}
	for i := range p.Feed.Entry {
		e := &p.Feed.Entry[i]
		if e.Rating.Label == "" {
			if name := normalize.Line(string(e.Name.Label)); name != "" {
				it := mention.ItemRef{Name: name, Brand: normalize.Line(string(e.Artist.Label)), Type: "SoftwareApplication"}
				if app != nil {
					it.SKU, it.URL = app.SKU, app.URL
				}
				app = &it
				found.Items = append(found.Items, mention.Item{ItemRef: it})
			}
			continue
		}
		if m := adapt(d, e); m.Text != "" || m.Title != "" || m.Rating != nil {
			m.Item = app
			found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
		}
	}
	for _, l := range p.Feed.Link {
		if l.Attributes.Rel == "next" {
			// The store links its XML pages even from the JSON form.
			wire.Next(&found, d, d.Abs(strings.Replace(l.Attributes.Href, "/xml", "/json", 1)))
		}
	}
	return found
}

func adapt(d *document.Document, e *entry) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, NativeID: strings.TrimSpace(string(e.ID.Label)), Title: normalize.Line(string(e.Title.Label)),
		Rating: wire.Number(e.Rating.Label).Grade(1, 5), Author: wire.Author(string(e.Author.Name.Label), d.Abs(string(e.Author.URI.Label))),
	}
	if len(e.Content) > 0 {
		m.Text = normalize.Text(string(e.Content[0].Label))
	}
	if len(e.Link) > 0 {
		m.URL = d.Abs(e.Link[0].Attributes.Href)
	}
	if n, ok := normalize.Count(string(e.Votes.Label)); ok {
		m.Engagement = wire.Engagement(mention.Engagement{Helpful: n})
	}
	wire.Publish(&m, string(e.Updated.Label), d)
	return m
}
