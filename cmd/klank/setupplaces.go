package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/mention"
	"klank/parsers"
	"klank/web"
)

// placeFinder looks at pages for places where customers publish.
type placeFinder struct {
	cfg *configs.Config

	mu     sync.Mutex // one look at a time: they share what they have fetched
	reader *pageReader
}

// close lets go of the web, and returns the budgets that were drawn on of late.
func (f *placeFinder) close() (asked []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reader.client != nil {
		for _, h := range f.reader.client.Hosts() {
			asked = append(asked, h.Host)
		}
	}
	f.reader.close()
	f.reader.client, f.reader.fetch = nil, nil
	return asked
}

// The bounds of a look: somebody waits for it.
const (
	lookTime     = 17 * time.Second
	placesOfKind = 12
)

// find reads one page, and says what there may be to collect.
func (f *placeFinder) find(ctx context.Context, raw string) (*web.Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	u, err := pageURL(raw)
	if err != nil {
		return nil, err
	}
	if err := f.reader.open(); err != nil {
		return nil, err
	}
	if p, ok := platformOf(u); ok { // its pages are not for programs, its API is
		return &web.Found{URL: u, Places: f.judge(ctx, []web.Place{p})}, nil
	}
	page, err := f.reader.read(ctx, parseInput{URL: u})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%s: no answer within %s", u, lookTime)
	}
	if err != nil {
		return nil, err
	}
	res, err := parsers.New().Parse(page, parsers.Options{})
	if err != nil {
		return nil, err
	}
	found := &web.Found{URL: page.URL, Mentions: len(res.Mentions)}
	if res.Blocked != "" {
		found.Problem = fmt.Sprintf("%s: %s", page.URL, res.Blocked)
	}
	found.Places = f.judge(ctx, append(pagePlaces(page, &res), f.sitemaps(ctx, page.URL)...))
	return found, nil
}

// reviewWords stand in the addresses of pages where customers speak, in Dutch
// and English.
var reviewWords = regexp.MustCompile(`(?i)[/._-](reviews?|beoordeling(en)?|recensies?|ervaring(en)?|testimonials?|klanten-?vertellen|forums?|community|comments?|reacties|questions?|vragen|vraag-en-antwoord|q-?and-?a|q-?a)([/._?-]|$)`)

// pagePlaces are the places that a page is or leads to.
func pagePlaces(page *mention.Page, res *parsers.Result) []web.Place {
	var out []web.Place
	count := map[web.PlaceKind]int{}
	add := func(p web.Place) {
		if count[p.Kind] < placesOfKind && !slices.ContainsFunc(out, func(q web.Place) bool { return q.URL == p.URL }) {
			count[p.Kind]++
			out = append(out, p)
		}
	}
	if len(res.Mentions) > 0 {
		add(web.Place{URL: page.URL, Kind: web.PlacePage, Type: "site", Chosen: true})
	}
	var feeds, elsewhere []web.Place
	for _, l := range res.Links {
		same := mention.SameSite(page.URL, l.URL)
		switch u, err := url.Parse(l.URL); {
		case err != nil:
		case same && l.Kind == mention.LinkFeed:
			feeds = append(feeds, web.Place{URL: l.URL, Kind: web.PlaceFeed, Type: "feed"})
		case same && !l.NoFollow && l.Kind != mention.LinkNext && reviewWords.MatchString(u.Path):
			add(web.Place{URL: l.URL, Kind: web.PlaceReviews, Type: "site", Chosen: true})
		case !same:
			if p, ok := platformOf(l.URL); ok {
				elsewhere = append(elsewhere, p)
			}
		}
	}
	if len(res.Mentions) == 0 {
		add(web.Place{URL: page.URL, Kind: web.PlaceSite, Type: "site", Chosen: len(out) == 0})
	}
	for _, p := range slices.Concat(feeds, elsewhere) {
		add(p)
	}
	return out
}

// sitemaps are those that robots.txt names, else the one where most sites have
// theirs.
func (f *placeFinder) sitemaps(ctx context.Context, pageURL string) []web.Place {
	named, err := f.reader.client.Sitemaps(ctx, pageURL)
	if err != nil {
		return nil
	}
	named = slices.DeleteFunc(named, func(u string) bool { return !mention.SameSite(pageURL, u) })
	if len(named) == 0 {
		u, err := mention.CanonicalURL(pageURL, "/sitemap.xml")
		if err != nil {
			return nil
		}
		page, err := f.reader.read(ctx, parseInput{URL: u})
		if err != nil || !isSitemap(page.Body) || !mention.SameSite(pageURL, page.URL) {
			return nil
		}
		named = []string{page.URL}
	}
	var out []web.Place
	for _, u := range named[:min(len(named), placesOfKind)] {
		out = append(out, web.Place{URL: u, Kind: web.PlaceSitemap, Type: "site"})
	}
	return out
}

// isSitemap tells whether a file begins as a sitemap or an index of them does
// (sitemaps.org).
func isSitemap(body []byte) bool {
	start := string(body[:min(len(body), 1024)])
	return strings.Contains(start, "<urlset") || strings.Contains(start, "<sitemapindex")
}

// judge says of each place whether it may be read. Those of one host share its
// robots.txt; hosts are asked side by side.
func (f *placeFinder) judge(ctx context.Context, places []web.Place) []web.Place {
	byHost := map[string][]*web.Place{}
	for i := range places {
		if p := &places[i]; p.May == "" {
			byHost[mention.Host(p.URL)] = append(byHost[mention.Host(p.URL)], p)
		}
	}
	var hosts sync.WaitGroup
	for _, of := range byHost {
		hosts.Go(func() {
			for _, p := range of {
				p.May, p.Why = f.may(ctx, p.URL)
				p.Chosen = p.Chosen && p.May != web.MayNo
			}
		})
	}
	hosts.Wait()
	return places
}

func (f *placeFinder) may(ctx context.Context, u string) (web.May, string) {
	err := f.reader.client.Allowed(ctx, u)
	failed, ok := errors.AsType[*fetch.Error](err)
	switch {
	case err == nil:
		return web.MayYes, ""
	case ok && (failed.Class == fetch.Robots && !failed.Temporary || failed.Class == fetch.Reserved):
		return web.MayNo, reason(failed)
	}
	return web.MayUnknown, ""
}

// platform is a place on the web that is known by its host.
type platform struct {
	name string // for people
	kind string // the type of source, empty for what only members may read
	// hosts are names, and everything below them; path must match the address.
	hosts []string
	path  *regexp.Regexp
	// api makes the address of an API that answers without a key of what path
	// has found; example is that of one which does not.
	api     func(m []string) string
	example string
}

const googlePlace = "https://places.googleapis.com/v1/places/PLACE?fields=id,displayName,rating,userRatingCount,reviews"

// platforms are those that klank has a parser for, and those that people ask
// about.
var platforms = []platform{
	{name: "Trustpilot", kind: "trustpilot", hosts: []string{"trustpilot.com"}, path: regexp.MustCompile(`^/review/.`),
		example: "https://api.trustpilot.com/v1/business-units/UNIT/reviews?perPage=100&orderBy=createdat.desc"},
	{name: "Kiyoh", kind: "kiyoh", hosts: []string{"kiyoh.com", "klantenvertellen.nl"}, path: regexp.MustCompile(`/reviews/`),
		example: "https://www.kiyoh.com/v1/publication/review/external?locationId=LOCATION&tenantId=98&limit=100"},
	{name: "WebwinkelKeur", kind: "webwinkelkeur", hosts: []string{"webwinkelkeur.nl"}, path: regexp.MustCompile(`^/webshop/`),
		example: "https://dashboard.webwinkelkeur.nl/api/1.0/ratings.json?id=SHOP&limit=100"},
	{name: "Google Maps", kind: "googleplaces", hosts: []string{"google.com", "google.nl"}, path: regexp.MustCompile(`^/maps(/|$)`),
		example: googlePlace},
	{name: "Google Maps", kind: "googleplaces", hosts: []string{"g.page", "maps.app.goo.gl"}, path: regexp.MustCompile(`.`), example: googlePlace},
	{name: "Google Play", kind: "googleplay", hosts: []string{"play.google.com"}, path: regexp.MustCompile(`^/store/apps/details`),
		example: "https://androidpublisher.googleapis.com/androidpublisher/v3/applications/PACKAGE/reviews?maxResults=100"},
	{name: "App Store", kind: "appstore", hosts: []string{"apps.apple.com"}, path: regexp.MustCompile(`/id[0-9]+`),
		example: "https://api.appstoreconnect.apple.com/v1/apps/APP/customerReviews?sort=-createdDate&limit=200"},
	{name: "Yelp", kind: "yelp", hosts: []string{"yelp.com", "yelp.nl"}, path: regexp.MustCompile(`^/biz/`),
		example: "https://api.yelp.com/v3/businesses/BUSINESS/reviews?limit=50"},
	{name: "YouTube", kind: "youtube", hosts: []string{"youtube.com", "youtu.be"}, path: regexp.MustCompile(`.`),
		example: "https://www.googleapis.com/youtube/v3/commentThreads?part=snippet&videoId=VIDEO&maxResults=100"},
	{name: "Reddit", kind: "reddit", hosts: []string{"reddit.com"}, path: regexp.MustCompile(`^/(r|user)/`),
		example: "https://oauth.reddit.com/r/SUBREDDIT/new?limit=100"},
	{name: "Steam", kind: "steam", hosts: []string{"store.steampowered.com"}, path: regexp.MustCompile(`^/app/([0-9]+)`),
		api: func(m []string) string {
			return "https://store.steampowered.com/appreviews/" + m[1] + "?json=1&filter=recent&language=all&num_per_page=100&cursor=*"
		}},
	{name: "Bluesky", kind: "bluesky", hosts: []string{"bsky.app"}, path: regexp.MustCompile(`^/profile/([a-zA-Z0-9.-]+)`),
		api: func(m []string) string {
			return "https://public.api.bsky.app/xrpc/app.bsky.feed.searchPosts?limit=100&q=" + url.QueryEscape(m[1]) + "&sort=latest"
		}},
	{name: "Facebook", hosts: []string{"facebook.com", "fb.com"}, path: regexp.MustCompile(`.`)},
	{name: "Instagram", hosts: []string{"instagram.com"}, path: regexp.MustCompile(`.`)},
	{name: "LinkedIn", hosts: []string{"linkedin.com"}, path: regexp.MustCompile(`.`)},
	{name: "TikTok", hosts: []string{"tiktok.com"}, path: regexp.MustCompile(`.`)},
	{name: "X", hosts: []string{"x.com", "twitter.com"}, path: regexp.MustCompile(`.`)},
}

// platformOf recognises a platform by an address of its pages.
func platformOf(raw string) (web.Place, bool) {
	u, err := url.Parse(raw)
	if err != nil {
		return web.Place{}, false
	}
	host := strings.ToLower(u.Hostname())
	for _, p := range platforms {
		if !slices.ContainsFunc(p.hosts, func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) }) {
			continue
		}
		m := p.path.FindStringSubmatch(u.Path)
		if m == nil {
			continue
		}
		place := web.Place{URL: raw, Kind: web.PlacePlatform, Type: p.kind, Platform: p.name}
		switch {
		case p.kind == "":
			place.May = web.MayNever
		case p.api != nil:
			if place.URL, err = mention.CanonicalURL("", p.api(m)); err != nil {
				continue
			}
		default:
			place.May = web.MayKey
		}
		return place, true
	}
	return web.Place{}, false
}
