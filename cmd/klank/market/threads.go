package market

import (
	"encoding/xml"
	"fmt"
	"html/template"
	"strings"
	"time"

	"klank/mention"
)

// maalgraad is a forum: threads as microdata, questions as a QAPage in
// JSON-LD, a long thread over several pages, and a company account.
func maalgraad() *site {
	return &site{
		name: "maalgraad", kind: kindSite, Title: "Maalgraad", Tagline: "Forum voor thuisbarista's",
		Lang: "nl", Accent: "#5b3a8c", seeds: []string{"/"}, disallow: []string{"/leden/"}, usual: mention.Post, zone: cet,
		render: renderForum,
	}
}

// narrowKitchen is a blog with comments; one article is a review. It turns
// one request away.
func narrowKitchen() *site {
	return &site{
		name: "narrowkitchen", kind: kindSite, Title: "The Narrow Kitchen", Tagline: "Cooking and coffee in two metres",
		Lang: "en", Accent: "#8c2f4f", seeds: []string{"/"}, best: 5, usual: mention.Post,
		throttled: "/posts/subscriptions", render: renderBlog,
	}
}

// krabbels is a Dutch weblog that is read by its feed.
func krabbels() *site {
	return &site{
		name: "krabbels", kind: kindFeed, Title: "Koffiekrabbels", Tagline: "Losse notities uit de koffiewereld",
		Lang: "nl", Accent: "#6b5a1f", seeds: []string{"/feed.xml"}, usual: mention.Post, zone: cet, render: renderFeed,
	}
}

// postsPerPage counts the posts that answer the first one directly; that one
// stands on every page.
const postsPerPage = 5

func renderForum(s *site) error {
	set, err := s.lookup()
	if err != nil {
		return err
	}
	var topics []tile
	for _, first := range s.threads() {
		all := s.on(first.On)
		base := "/t/" + first.On
		topics = append(topics, tile{Name: first.Title, Path: base, Brand: first.Author, Count: len(all) - 1, When: all[len(all)-1].At})
		top := tree(all)
		if first.Kind == string(mention.Question) {
			v := view{Template: "question", Title: first.Title, Thread: append([]*post{{text: first}}, top...)}
			if v.Data, err = questionLD(s, first, all[1:]); err != nil {
				return err
			}
			if err := s.show(set, base, v); err != nil {
				return err
			}
			continue
		}
		pages := steps(max(1, len(top)), postsPerPage, paged(base, "pagina"))
		for i, here := range pages {
			v, part := turn(view{Template: "thread", Title: first.Title, Declared: len(all) - 1}, top, postsPerPage, pages, i)
			v.Thread = append([]*post{{text: first}}, part...)
			if err := s.show(set, here.Path, v); err != nil {
				return err
			}
		}
	}
	if err := s.show(set, "/", view{Template: "index", Title: "Overzicht", Tiles: topics}); err != nil {
		return err
	}
	return s.show(set, "/leden/", view{Template: "members", Title: "Leden", Texts: s.forbidden})
}

// tree puts replies under the posts they answer; the opening post is left
// out, and what answers it stands at the top.
func tree(texts []*text) []*post {
	var top []*post
	byID := map[string]*post{}
	for _, t := range texts[1:] {
		p := &post{text: t}
		byID[t.ID] = p
		if above := byID[t.Re]; above != nil {
			above.Replies = append(above.Replies, p)
		} else {
			top = append(top, p)
		}
	}
	return top
}

// questionLD is a QAPage after https://schema.org/QAPage.
func questionLD(s *site, q *text, answers []*text) (template.JS, error) {
	suggested := []ld{}
	for _, a := range answers {
		suggested = append(suggested, ld{
			"@type": "Answer", "identifier": a.ID, "text": a.body(), "author": person(a), "datePublished": a.At.Format(time.RFC3339),
			"url": s.url("/t/" + q.On + "#" + a.ID),
		})
	}
	return jsonLD(ld{
		"@context": "https://schema.org", "@type": "QAPage",
		"mainEntity": ld{
			"@type": "Question", "identifier": q.ID, "name": q.Title, "text": q.body(), "author": person(q), "inLanguage": q.Lang,
			"datePublished": q.At.Format(time.RFC3339), "answerCount": len(answers), "suggestedAnswer": suggested,
			"url": s.url("/t/" + q.On),
		},
	})
}

func renderBlog(s *site) error {
	set, err := s.lookup()
	if err != nil {
		return err
	}
	var articles []tile
	for _, first := range s.threads() {
		path, all := "/posts/"+first.On, s.on(first.On)
		articles = append(articles, tile{Name: first.Title, Path: path, Blurb: teaser(first), Count: len(all) - 1, When: first.At})
		v := view{Template: "article", Title: first.Title, Texts: []*text{first}, Thread: tree(all), Product: s.product(first.Item)}
		if v.Data, err = articleLD(s, first, v.Thread); err != nil {
			return err
		}
		if err := s.show(set, path, v); err != nil {
			return err
		}
	}
	if err := s.show(set, "/", view{Template: "index", Title: "Latest", Tiles: articles}); err != nil {
		return err
	}
	return s.show(set, "/about", view{Template: "about", Title: "About"})
}

// articleLD is the article with its comments: a Review where it is about a
// product, else a posting.
func articleLD(s *site, t *text, comments []*post) (template.JS, error) {
	a := ld{
		"@context": "https://schema.org", "identifier": t.ID, "url": s.url("/posts/" + t.On), "author": person(t),
		"datePublished": t.At.Format(time.RFC3339), "inLanguage": t.Lang, "comment": commentLD(s, t.On, comments),
	}
	if p := s.product(t.Item); p != nil {
		a["@type"], a["name"], a["reviewBody"] = "Review", t.Title, t.body()
		a["itemReviewed"] = ld{"@type": "Product", "name": p.Name, "brand": ld{"@type": "Brand", "name": p.Brand}}
		a["reviewRating"] = ld{"@type": "Rating", "ratingValue": t.Stars, "bestRating": s.best, "worstRating": 1}
	} else {
		// Both types, for readers that do not know the one is the other.
		a["@type"] = []string{"BlogPosting", "SocialMediaPosting"}
		a["headline"], a["articleBody"] = t.Title, t.body()
	}
	return jsonLD(a)
}

func commentLD(s *site, slug string, comments []*post) []ld {
	out := []ld{}
	for _, c := range comments {
		o := ld{
			"@type": "Comment", "identifier": c.ID, "text": c.body(), "author": person(c.text), "datePublished": c.At.Format(time.RFC3339),
			"url": s.url("/posts/" + slug + "#" + c.ID),
		}
		if len(c.Replies) > 0 {
			o["comment"] = commentLD(s, slug, c.Replies)
		}
		out = append(out, o)
	}
	return out
}

// teaser is how a list announces a text.
func teaser(t *text) string {
	words := strings.Fields(t.Paragraphs[0])
	return strings.Join(words[:min(len(words), 14)], " ") + " …"
}

// rss is RSS 2.0 with the content and Dublin Core modules.
type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Content string   `xml:"xmlns:content,attr"`
	DC      string   `xml:"xmlns:dc,attr"`
	Channel struct {
		Title       string    `xml:"title"`
		Link        string    `xml:"link"`
		Description string    `xml:"description"`
		Language    string    `xml:"language"`
		Items       []rssItem `xml:"item"`
	} `xml:"channel"`
}

type rssItem struct {
	Title       string  `xml:"title"`
	Link        string  `xml:"link"`
	GUID        rssGUID `xml:"guid"`
	Creator     string  `xml:"dc:creator"`
	PubDate     string  `xml:"pubDate"`
	Description string  `xml:"description"`
	Content     string  `xml:"content:encoded"`
}

type rssGUID struct {
	PermaLink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

func renderFeed(s *site) error {
	set, err := s.lookup()
	if err != nil {
		return err
	}
	feed := rss{Version: "2.0", Content: "http://purl.org/rss/1.0/modules/content/", DC: "http://purl.org/dc/elements/1.1/"}
	feed.Channel.Title, feed.Channel.Link = s.Title, s.url("/")
	feed.Channel.Description, feed.Channel.Language = s.Tagline, s.Lang
	var entries []tile
	for _, t := range s.texts {
		path := "/krabbels/" + t.ID
		entries = append(entries, tile{Name: t.Title, Path: path, When: t.At})
		feed.Channel.Items = append(feed.Channel.Items, rssItem{
			Title: t.Title, Link: s.url(path), GUID: rssGUID{Value: t.ID}, Creator: t.Author, PubDate: t.At.Format(time.RFC1123Z),
			Description: teaser(t), Content: paragraphs(t, template.HTMLEscapeString),
		})
		if err := s.show(set, path, view{Template: "entry", Title: t.Title, Texts: []*text{t}}); err != nil {
			return err
		}
	}
	if err := s.show(set, "/", view{Template: "index", Title: "Alle krabbels", Tiles: entries}); err != nil {
		return err
	}
	b, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	s.add("/feed.xml", &page{contentType: "application/rss+xml; charset=utf-8", body: append([]byte(xml.Header), b...), modified: s.texts[0].At.UTC()})
	return nil
}

// paragraphs is a text as HTML.
func paragraphs(t *text, inline func(string) string) string {
	var b strings.Builder
	for _, p := range t.Paragraphs {
		b.WriteString("<p>" + inline(p) + "</p>")
	}
	return b.String()
}
