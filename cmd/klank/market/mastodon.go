package market

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"klank/mention"
)

// kring is a server with the hashtag timelines of the Mastodon API
// (https://docs.joinmastodon.org/methods/timelines/#tag), and a plain page
// for each status.
func kring() *site {
	var seeds []string
	for _, tag := range []string{"brimsel", "halvane", "tazzuro"} {
		seeds = append(seeds, tagPath+tag+"?limit=20")
	}
	return &site{
		name: "kring", kind: kindMastodon, Title: "kring.example", Tagline: "Een kring om te keuvelen · a circle to chat",
		Lang: "en", Accent: "#4b53c4", seeds: seeds, usual: mention.Post, render: renderKring, dynamic: timeline,
	}
}

const tagPath = "/api/v1/timelines/tag/"

// status is https://docs.joinmastodon.org/entities/Status/.
type status struct {
	ID              string   `json:"id"`
	CreatedAt       string   `json:"created_at"`
	InReplyTo       *string  `json:"in_reply_to_id"`
	InReplyToAuthor *string  `json:"in_reply_to_account_id"`
	Sensitive       bool     `json:"sensitive"`
	SpoilerText     string   `json:"spoiler_text"`
	Visibility      string   `json:"visibility"`
	Language        string   `json:"language"`
	URI             string   `json:"uri"`
	URL             string   `json:"url"`
	RepliesCount    int      `json:"replies_count"`
	ReblogsCount    int      `json:"reblogs_count"`
	FavouritesCount int      `json:"favourites_count"`
	EditedAt        *string  `json:"edited_at"`
	Content         string   `json:"content"`
	Reblog          *status  `json:"reblog"`
	Account         account  `json:"account"`
	Media           []string `json:"media_attachments"`
	Mentions        []string `json:"mentions"`
	Tags            []tag    `json:"tags"`
	Emojis          []string `json:"emojis"`
	Card            *string  `json:"card"`
	Poll            *string  `json:"poll"`
}

type account struct {
	ID          string `json:"id"`
	Username    string `json:"username"`
	Acct        string `json:"acct"`
	DisplayName string `json:"display_name"`
	Locked      bool   `json:"locked"`
	Bot         bool   `json:"bot"`
	CreatedAt   string `json:"created_at"`
	Note        string `json:"note"`
	URL         string `json:"url"`
	Avatar      string `json:"avatar"`
}

type tag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

const maxLimit = 40

// timeline answers a hashtag timeline with its Link header; nil for any other
// path or a parameter that is no number.
func timeline(s *site, r *http.Request) *page {
	name, ok := strings.CutPrefix(r.URL.Path, tagPath)
	if !ok {
		return nil
	}
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 20
	}
	limit = min(limit, maxLimit)
	found := []*status{}
	for _, t := range newestFirst(s.texts) {
		id := s.nativeID(t)
		switch {
		case !slices.Contains(tags(t), strings.ToLower(name)),
			q.Has("max_id") && !older(id, q.Get("max_id")), q.Has("min_id") && !older(q.Get("min_id"), id):
			continue
		}
		if found = append(found, s.status(t)); len(found) == limit {
			break
		}
	}
	body, err := json.Marshal(found)
	if err != nil {
		return nil
	}
	p := &page{contentType: "application/json; charset=utf-8", body: body, modified: s.texts[0].At}
	if n := len(found); n > 0 {
		base := s.url(fmt.Sprintf("%s%s?limit=%d", tagPath, name, limit))
		var links []string
		if n == limit {
			links = append(links, fmt.Sprintf(`<%s&max_id=%s>; rel="next"`, base, found[n-1].ID))
		}
		p.link = strings.Join(append(links, fmt.Sprintf(`<%s&min_id=%s>; rel="prev"`, base, found[0].ID)), ", ")
	}
	return p.withETag()
}

// older compares ids as numbers.
func older(a, b string) bool {
	x, errA := strconv.ParseInt(a, 10, 64)
	y, errB := strconv.ParseInt(b, 10, 64)
	return errA == nil && errB == nil && x < y
}

func (s *site) status(t *text) *status {
	url := s.url(statusPath(s, t))
	out := &status{
		ID: s.nativeID(t), CreatedAt: t.At.UTC().Format("2006-01-02T15:04:05.000Z"), Visibility: "public", Language: t.Lang, URI: url, URL: url,
		RepliesCount: s.replies(t), FavouritesCount: len(t.body()) % 17, ReblogsCount: len(t.body()) % 5,
		Content: paragraphs(t, s.linkify), Media: []string{}, Mentions: []string{}, Tags: []tag{}, Emojis: []string{},
		Account: account{
			ID: s.accountID(t.Author), Username: t.Author, Acct: t.Author, DisplayName: t.Display,
			CreatedAt: time.Date(2022, 11, 6, 0, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05.000Z"),
			URL:       s.url("/@" + t.Author), Avatar: s.url("/avatars/missing.png"),
		},
	}
	for _, name := range tags(t) {
		out.Tags = append(out.Tags, tag{name, s.url("/tags/" + name)})
	}
	if parent := s.parentID(t); parent != "" {
		i := slices.IndexFunc(s.texts, func(o *text) bool { return o.ID == t.Re })
		author := s.accountID(s.texts[i].Author)
		out.InReplyTo, out.InReplyToAuthor = &parent, &author
	}
	return out
}

// accountID numbers accounts by their first status in the file.
func (s *site) accountID(name string) string {
	return strconv.Itoa(109300000 + slices.IndexFunc(s.texts, func(o *text) bool { return o.Author == name }))
}

func (s *site) replies(t *text) int {
	n := 0
	for _, o := range s.texts {
		if o.Re == t.ID {
			n++
		}
	}
	return n
}

func statusPath(s *site, t *text) string { return "/@" + t.Author + "/" + s.nativeID(t) }

var (
	hashtag = regexp.MustCompile(`#(\w+)`)
	handle  = regexp.MustCompile(`(^|\s)@(\w+)`)
)

func tags(t *text) []string {
	var out []string
	for _, m := range hashtag.FindAllStringSubmatch(t.body(), -1) {
		if name := strings.ToLower(m[1]); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// linkify escapes a paragraph and links its hashtags and accounts as
// Mastodon does.
func (s *site) linkify(p string) string {
	// Escaping makes "#34;" of a quotation mark, so tags are found before it.
	var b strings.Builder
	rest := p
	for {
		loc := hashtag.FindStringSubmatchIndex(rest)
		if loc == nil {
			b.WriteString(s.handles(rest))
			return b.String()
		}
		b.WriteString(s.handles(rest[:loc[0]]))
		name := rest[loc[2]:loc[3]]
		fmt.Fprintf(&b, `<a href="%s" class="mention hashtag" rel="tag">#<span>%s</span></a>`, s.url("/tags/"+strings.ToLower(name)), name)
		rest = rest[loc[1]:]
	}
}

func (s *site) handles(p string) string {
	return handle.ReplaceAllString(template.HTMLEscapeString(p),
		`$1<span class="h-card"><a href="`+s.url("/@")+`$2" class="u-url mention">@<span>$2</span></a></span>`)
}

func renderKring(s *site) error {
	set, err := s.lookup()
	if err != nil {
		return err
	}
	for _, t := range s.texts {
		if err := s.show(set, statusPath(s, t), view{Template: "status", Title: t.Display, Texts: []*text{t}}); err != nil {
			return err
		}
	}
	return s.show(set, "/", view{Template: "home", Title: "kring.example"})
}
