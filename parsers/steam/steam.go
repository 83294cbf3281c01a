// Package steam reads the user reviews of an app on Steam as
// store.steampowered.com/appreviews/APPID?json=1 gives them, after
// https://partner.steamgames.com/doc/store/getreviews.
//
// It is not for store pages or for the Steam Web API. Formatting tags in
// reviews ([b], [list]) are the author's own signs and stay.
package steam

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON with reviews or a summary of them.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "reviews", "recommendationid", "voted_up") || wire.Holds(d.Body, "reviews", "query_summary", "review_score")
}

// page is the wire form. Tools that keep the answers of many pages in one
// file hold the reviews by id instead of in a list.
type page struct {
	Summary summary          `json:"query_summary"`
	Reviews wire.Map[review] `json:"reviews"`
	Cursor  wire.Text        `json:"cursor"`
}

type summary struct {
	// Score is 1 (overwhelmingly negative) to 9; 0 when there are too few.
	Score wire.Number `json:"review_score"`
	Total wire.Number `json:"total_reviews"`
}

type review struct {
	ID       wire.ID    `json:"recommendationid"`
	Author   author     `json:"author"`
	Language string     `json:"language"`
	Review   string     `json:"review"`
	Created  wire.Unix  `json:"timestamp_created"`
	Updated  wire.Unix  `json:"timestamp_updated"`
	VotedUp  wire.Flag  `json:"voted_up"`
	VotesUp  wire.Count `json:"votes_up"`
	Comments wire.Count `json:"comment_count"`
	Bought   wire.Flag  `json:"steam_purchase"`
	Response string     `json:"developer_response"`
	Answered wire.Unix  `json:"timestamp_dev_responded"`
}

type author struct {
	ID wire.ID `json:"steamid"`
}

// Parse reads the page's reviews. The grade is the thumb: 1 of 1 up, 0 down.
func Parse(d *document.Document) document.Found {
	var found document.Found
	var p page
	if err := wire.DecodeList(d.Body, "reviews", &p); err != nil {
		wire.Problem(&found, "steam", err.Error())
		return found
	}
	item := mention.Item{ItemRef: itemRef(d), Rating: p.Summary.Score.Grade(1, 9), ReviewCount: p.Summary.Total.Int()}
	if item.SKU != "" || item.Rating != nil || item.ReviewCount != nil {
		found.Items = append(found.Items, item)
	}
	for i := range p.Reviews {
		r := &p.Reviews[i].Value
		if r.ID == "" {
			r.ID = wire.ID(p.Reviews[i].Key)
		}
		if m := adapt(d, r); m.Text != "" || m.Rating != nil {
			if item.SKU != "" {
				about := item.ItemRef
				m.Item = &about
			}
			found.Mentions = append(found.Mentions, document.Candidate{Mention: m})
		}
	}
	if len(p.Reviews) > 0 && p.Cursor != "" {
		wire.Next(&found, d, wire.With(d, "cursor", string(p.Cursor)))
	}
	return found
}

func adapt(d *document.Document, r *review) mention.Mention {
	m := mention.Mention{
		Kind: mention.Review, NativeID: string(r.ID), Text: normalize.Text(r.Review), Language: languages[r.Language],
		Verified:   r.Bought.Pointer(),
		Engagement: wire.Engagement(mention.Engagement{Helpful: int(r.VotesUp), Replies: int(r.Comments)}),
		Reply:      wire.Reply("", r.Response, "", d),
	}
	if r.Author.ID != "" {
		m.Author = wire.Author(string(r.Author.ID), d.Abs("https://steamcommunity.com/profiles/"+string(r.Author.ID)))
	}
	if r.VotedUp.Pointer() != nil {
		thumb := wire.Number("0")
		if r.VotedUp.Is() {
			thumb = "1"
		}
		m.Rating = thumb.Grade(0, 1)
	}
	r.Created.Publish(&m)
	if r.Updated.After(m.Published) {
		m.Updated = r.Updated.Time
	}
	if m.Reply != nil {
		m.Reply.Published = r.Answered.Time
	}
	return m
}

// itemRef is the app that the page's URL names, empty where it names none.
func itemRef(d *document.Document) mention.ItemRef {
	_, id, ok := strings.Cut(wire.Path(d), "/appreviews/")
	id = strings.Trim(id, "/")
	if !ok || id == "" || strings.Trim(id, "0123456789") != "" {
		return mention.ItemRef{}
	}
	return mention.ItemRef{Type: "SoftwareApplication", SKU: id, URL: "https://store.steampowered.com/app/" + id}
}

// languages are Steam's names of languages as BCP 47 tags, after
// https://partner.steamgames.com/doc/store/localization/languages.
var languages = map[string]string{
	"arabic": "ar", "bulgarian": "bg", "schinese": "zh-CN", "tchinese": "zh-TW", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
	"finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hungarian": "hu", "indonesian": "id", "italian": "it", "japanese": "ja",
	"koreana": "ko", "korean": "ko", "norwegian": "no", "polish": "pl", "portuguese": "pt", "brazilian": "pt-BR", "romanian": "ro", "russian": "ru",
	"spanish": "es", "latam": "es-419", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk", "vietnamese": "vi", "malay": "ms",
}
