// Package wordpress reads comments and posts of the WordPress REST API, after
// https://developer.wordpress.org/rest-api/reference/comments/ and
// https://developer.wordpress.org/rest-api/reference/posts/, and the reviews
// of products that its shops give, after
// https://woocommerce.github.io/woocommerce-rest-api-docs/#product-reviews.
//
// It is not for pages, media, users or settings, nor for what is not
// published. The next page stands in the Link header, not here.
package wordpress

import (
	"fmt"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page holds comments, posts or reviews.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "author_name", "content", "rendered") || wire.Holds(d.Body, "title", "content", "rendered", "link") ||
		wire.Holds(d.Body, "reviewer", "review", "rating", "product_id")
}

// Parse reads all comments, posts and reviews of the page in its order. The
// comments of a post become a link where the API names it.
func Parse(d *document.Document) document.Found {
	r := reader{d: d, seen: map[string]bool{}}
	var entries []*entry
	var err error
	if wire.IsArray(d.Body) {
		err = wire.Decode(d.Body, &entries)
	} else {
		entries = []*entry{{}}
		err = wire.Decode(d.Body, entries[0])
	}
	if err != nil {
		wire.Problem(&r.found, "wordpress", "malformed: "+err.Error())
		return r.found
	}
	for _, x := range entries {
		r.read(x)
	}
	if r.unreadable > 0 {
		wire.Problem(&r.found, "wordpress", fmt.Sprintf("%d entries have no id or content", r.unreadable))
	}
	return r.found
}

// entry is a comment, a post or a review. Every field may be missing or null.
type entry struct {
	ID          wire.ID   `json:"id"`
	Date        string    `json:"date"`
	DateGMT     string    `json:"date_gmt"`
	ModifiedGMT string    `json:"modified_gmt"`
	Link        string    `json:"link"`
	Status      string    `json:"status"`
	Type        string    `json:"type"`
	Content     *rendered `json:"content"`
	// comments
	Post       wire.ID `json:"post"`
	Parent     wire.ID `json:"parent"`
	AuthorName string  `json:"author_name"`
	AuthorURL  string  `json:"author_url"`
	// posts
	Title    *rendered `json:"title"`
	Embedded struct {
		Author []struct {
			Name string `json:"name"`
			Link string `json:"link"`
		} `json:"author"`
	} `json:"_embedded"`
	Yoast struct { // the names that a plugin adds, https://developer.yoast.com/customization/apis/rest-api/
		Author string `json:"author"`
	} `json:"yoast_head_json"`
	Links struct {
		Replies []struct {
			Href string `json:"href"`
		} `json:"replies"`
	} `json:"_links"`
	// reviews
	Created     string  `json:"date_created"`
	CreatedGMT  string  `json:"date_created_gmt"`
	ProductName string  `json:"product_name"`
	ProductLink string  `json:"product_permalink"`
	Reviewer    string  `json:"reviewer"`
	Review      *string `json:"review"`
	Rating      wire.ID `json:"rating"`
	Verified    *bool   `json:"verified"`
}

type rendered struct {
	HTML string `json:"rendered"`
}

type reader struct {
	d          *document.Document
	found      document.Found
	seen       map[string]bool
	unreadable int
}

func (r *reader) read(x *entry) {
	if x == nil || x.ID == "" {
		r.unreadable++
		return
	}
	if !published(x.Status) {
		return
	}
	switch {
	case x.Review != nil:
		r.review(x)
	case x.Post != "" || x.Content != nil && x.Title == nil:
		r.comment(x)
	case x.Title != nil && x.Content != nil && written(x.Type):
		r.post(x)
	}
}

// published tells whether everybody may read what has the status: comments
// are approved, posts published.
func published(status string) bool {
	switch status {
	case "", "approved", "approve", "publish", "1":
		return true
	}
	return false
}

// written tells whether entries of the type are posts that somebody wrote
// rather than pages, products and parts of the site.
func written(kind string) bool {
	switch kind {
	case "page", "attachment", "product", "nav_menu_item", "revision":
		return false
	}
	return !strings.HasPrefix(kind, "wp_")
}

func (r *reader) comment(x *entry) {
	if x.Type == "pingback" || x.Type == "trackback" { // another site's link, which nobody wrote here
		return
	}
	m := mention.Mention{Kind: mention.Comment, NativeID: "comment_" + string(x.ID), Thread: numbered("post_", x.Post)}
	if x.Type == "review" {
		m.Kind = mention.Review
	}
	if m.Parent = numbered("comment_", x.Parent); m.Parent == "" {
		m.Parent = m.Thread
	}
	if x.Content != nil {
		m.Text = normalize.HTML(x.Content.HTML)
	}
	m.URL = r.d.Ref(x.Link)
	m.Author = wire.Author(x.AuthorName, r.d.Abs(x.AuthorURL))
	r.date(&m, x.DateGMT, x.Date)
	r.add(m)
}

func (r *reader) post(x *entry) {
	m := mention.Mention{Kind: mention.Post, NativeID: "post_" + string(x.ID), Title: normalize.Line(x.Title.HTML), Text: normalize.HTML(x.Content.HTML), URL: r.d.Abs(x.Link)}
	if len(x.Embedded.Author) > 0 {
		m.Author = wire.Author(x.Embedded.Author[0].Name, r.d.Abs(x.Embedded.Author[0].Link))
	} else {
		m.Author = wire.Author(x.Yoast.Author, "")
	}
	r.date(&m, x.DateGMT, x.Date)
	wire.Update(&m, x.ModifiedGMT, r.d)
	if r.add(m) && len(x.Links.Replies) > 0 {
		wire.Item(&r.found, r.d, r.d.Abs(x.Links.Replies[0].Href))
	}
}

// review reads a review of a product: a comment with stars, 1 to 5.
func (r *reader) review(x *entry) {
	m := mention.Mention{Kind: mention.Review, NativeID: "comment_" + string(x.ID), Text: normalize.HTML(*x.Review), Verified: x.Verified}
	if x.Rating != "0" { // none was given
		m.Rating = normalize.Rating(string(x.Rating), "5", "1")
	}
	if x.ProductName != "" || x.ProductLink != "" {
		m.Item = &mention.ItemRef{Name: normalize.Line(x.ProductName), Type: "Product", URL: r.d.Abs(x.ProductLink)}
		m.URL = r.d.Ref(x.ProductLink + "#comment-" + string(x.ID))
	}
	m.Author = wire.Author(x.Reviewer, "")
	r.date(&m, x.CreatedGMT, x.Created)
	r.add(m)
}

func (r *reader) add(m mention.Mention) bool {
	if m.Text == "" && m.Title == "" && m.Rating == nil {
		r.unreadable++
		return false
	}
	if r.seen[m.NativeID] {
		return false
	}
	r.seen[m.NativeID] = true
	r.found.Mentions = append(r.found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
	return true
}

// date reads the time in UTC, or else the site's local time, of which no more
// than the day is sure.
func (r *reader) date(m *mention.Mention, gmt, local string) {
	if wire.Publish(m, gmt, r.d); !m.Published.IsZero() {
		return
	}
	day, _, _ := strings.Cut(local, "T")
	wire.Publish(m, day, r.d)
}

// numbered is an id with its kind, "" for none: posts and comments are
// counted apart.
func numbered(kind string, id wire.ID) string {
	if id == "" || id == "0" {
		return ""
	}
	return kind + string(id)
}
