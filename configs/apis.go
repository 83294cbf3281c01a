package configs

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"klank/mention"
)

// API is what klank knows of a published API before it asks it anything. The
// figures are those of its documentation; what a plan or contract says
// otherwise belongs in the source's own fields, which win.
type API struct {
	// Docs is the documentation that the entry follows. Terms is the page
	// that Retention and Pages follow; empty where no published terms that
	// klank knows of say anything about keeping.
	Docs, Terms string
	// Key says how a key is sent. The zero value: the API takes none.
	Key KeyUse
	// NeedsKey says that nothing is answered without a key.
	NeedsKey bool
	// Accept is the Accept header.
	Accept string
	// Rate is requests per second; 0 leaves it to crawl.rate.
	Rate float64
	// UnitsPerDay is the documented daily quota; 0 for none. The day turns at
	// midnight in Zone, UTC when empty.
	UnitsPerDay int
	Zone        string
	// Cost is what one request costs by its path; nil: one unit.
	Cost func(path string) int
	// Retention is how long what was collected may be kept; 0: as long as
	// klank keeps anything.
	Retention time.Duration
	// NoPages forbids raw answers to be kept.
	NoPages bool
}

// KeyUse is the place of a key in a request.
type KeyUse struct {
	// Header carries the key after Scheme and a space; with the scheme Basic
	// the key is "user:password" and is encoded (RFC 7617).
	Header, Scheme string
	// Query is the parameter that carries the key.
	Query string
}

const (
	day          = 24 * time.Hour
	acceptJSON   = "application/json"
	acceptFeed   = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
	pacific      = "America/Los_Angeles"
	authorizedBy = "Authorization"
)

var bearer = KeyUse{Header: authorizedBy, Scheme: "Bearer"}

// apis are the published APIs by source type. Where the comment says "our
// reading" the terms leave room, and klank takes the careful side.
var apis = map[string]API{
	// 300 requests in 5 minutes for each account and address.
	"mastodon": {Docs: "https://docs.joinmastodon.org/api/rate-limits/", Key: bearer, Accept: acceptJSON, Rate: 1},
	// 3,000 requests in 5 minutes for each address. The key is the accessJwt of
	// a session, which lives for hours: key_file with whatever renews it.
	"bluesky": {Docs: "https://docs.bsky.app/docs/advanced-guides/rate-limits", Key: bearer, Accept: acceptJSON},
	// What is deleted on Reddit must be deleted here; the wiki suggests to drop
	// stored content within 48 hours, which is our reading of how to be sure.
	// No key, no answer: "clients must authenticate".
	"reddit": {Docs: "https://www.reddit.com/dev/api", Terms: "https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki",
		Key: bearer, NeedsKey: true, Accept: acceptJSON, Rate: 1, Retention: 2 * day, NoPages: true},
	"hackernews": {Docs: "https://github.com/HackerNews/API", Accept: acceptJSON},
	"lemmy":      {Docs: "https://join-lemmy.org/docs/contributors/04-api.html", Key: bearer, Accept: acceptJSON},
	// 60 requests a minute for each admin key. A key of a single user needs no
	// Api-Username; one of all users does, and cannot be used here.
	"discourse": {Docs: "https://docs.discourse.org/", Key: KeyUse{Header: "Api-Key"}, Accept: acceptJSON, Rate: 1},
	// 10,000 requests a day with a key; without one the answers' own
	// quota_remaining is what counts. Contributions are CC BY-SA and may be kept.
	"stackexchange": {Docs: "https://api.stackexchange.com/docs/throttle", Key: KeyUse{Query: "key"}, Accept: acceptJSON, UnitsPerDay: 10_000},
	// Developer Policies, III.E.4: stored data that needs no authorisation is
	// refreshed or deleted within 30 calendar days. That raw answers count as
	// stored data, and may be kept as long, is our reading.
	"youtube": {Docs: "https://developers.google.com/youtube/v3/determine_quota_cost", Terms: "https://developers.google.com/youtube/terms/developer-policies",
		Key: KeyUse{Header: "X-Goog-Api-Key"}, NeedsKey: true, Accept: acceptJSON, UnitsPerDay: 10_000, Zone: pacific, Cost: youtubeCost, Retention: 30 * day},
	// The store's reviews need no key. 100,000 calls a day are the Web API's;
	// that they hold for the store, too, is our reading.
	"steam": {Docs: "https://partner.steamgames.com/doc/store/getreviews", Terms: "https://steamcommunity.com/dev/apiterms", Accept: acceptJSON, UnitsPerDay: 100_000},
	// The key is a signed token that lives for 20 minutes: key_file with
	// whatever renews it.
	"appstore": {Docs: "https://developer.apple.com/documentation/appstoreconnectapi/list-all-customer-reviews-for-an-app", Key: bearer, Accept: acceptJSON},
	// 200 requests for reviews an hour.
	"googleplay": {Docs: "https://developers.google.com/android-publisher/reply-to-reviews", Key: bearer, NeedsKey: true, Accept: acceptJSON, Rate: 200.0 / 3600},
	// "You must not pre-fetch, index, store, or cache any Content" but place
	// ids. A day, without raw answers, is our reading of the least that can be
	// worked with; who has no agreement that allows it does not configure this.
	"googleplaces": {Docs: "https://developers.google.com/maps/documentation/places/web-service/place-details", Terms: "https://developers.google.com/maps/documentation/places/web-service/policies",
		Key: KeyUse{Header: "X-Goog-Api-Key"}, NeedsKey: true, Accept: acceptJSON, Retention: day, NoPages: true},
	// At most 833 calls in 5 minutes and 10,000 an hour are recommended.
	"trustpilot": {Docs: "https://developers.trustpilot.com/rate-limiting", Key: KeyUse{Header: "apikey"}, NeedsKey: true, Accept: acceptJSON, Rate: 2},
	"kiyoh":      {Docs: "https://www.kiyoh.com/", Key: KeyUse{Header: "X-Publication-Api-Token"}, NeedsKey: true, Accept: acceptJSON},
	// The shop's id stands in the URL, the code is the key.
	"webwinkelkeur": {Docs: "https://dashboard.webwinkelkeur.nl/pages/api", Key: KeyUse{Query: "code"}, NeedsKey: true, Accept: acceptJSON},
	// Content is not kept for more than 24 hours. 300 calls a day are those of
	// the smallest plan.
	"yelp": {Docs: "https://docs.developer.yelp.com/docs/places-rate-limiting", Terms: "https://terms.yelp.com/developers/api_terms/",
		Key: bearer, NeedsKey: true, Accept: acceptJSON, UnitsPerDay: 300, Retention: day, NoPages: true},
	"bazaarvoice": {Docs: "https://developers.bazaarvoice.com/v1.0-ConversationsAPI/docs/api-rate-limit", Key: KeyUse{Query: "passkey"}, NeedsKey: true, Accept: acceptJSON},
	// The app key in the URL is public, the token is not. 5,000 a minute.
	"yotpo": {Docs: "https://apidocs.yotpo.com/reference/retrieve-all-reviews", Key: KeyUse{Query: "utoken"}, Accept: acceptJSON},
	// An application password, as "user:password".
	"wordpress": {Docs: "https://developer.wordpress.org/rest-api/using-the-rest-api/authentication/", Key: KeyUse{Header: authorizedBy, Scheme: "Basic"}, Accept: acceptJSON},
}

// youtubeCost is the quota cost of reading: a search costs 100 units, any
// other list 1.
func youtubeCost(path string) int {
	if strings.HasSuffix(strings.TrimSuffix(path, "/"), "/search") {
		return 100
	}
	return 1
}

// SourceTypes are the kinds of sources that can be configured.
var SourceTypes = append([]string{"site", "sitemap", "feed"}, slices.Sorted(maps.Keys(apis))...)

// API returns what is known of the source's API; the zero API for sites,
// sitemaps and feeds, with their Accept header.
func (s *Source) API() API {
	if s.Type == "feed" {
		return API{Accept: acceptFeed}
	}
	return apis[s.Type]
}

// IsAPI tells whether the source is a published API.
func (s *Source) IsAPI() bool { _, ok := apis[s.Type]; return ok }

// RetentionOf is how long what a source gave may be kept: mentions, and pages
// as far as KeepsPages; 0 is without end.
func (c *Config) RetentionOf(s *Source) time.Duration {
	if s.Retention == "" {
		return s.API().Retention
	}
	d, _ := parseRetention(s.Retention) // validated
	return d
}

// KeepsPages tells whether the raw pages of a source may be kept.
func (c *Config) KeepsPages(s *Source) bool {
	if s.Snapshots == "" {
		return !s.API().NoPages
	}
	return s.Snapshots == snapshotsKeep
}

// snapshotModes are the allowed values of Source.Snapshots.
var snapshotModes = []string{snapshotsKeep, SnapshotsDrop}

// SnapshotsDrop as Source.Snapshots keeps no raw pages.
const SnapshotsDrop = "drop"

const (
	snapshotsKeep = "keep"
	// retentionKeep is the Retention without end.
	retentionKeep = "keep"
	maxRetention  = 100 * 365 * day
)

// parseRetention reads "30d", "48h" or "keep"; the last gives 0.
func parseRetention(s string) (time.Duration, error) {
	if s == retentionKeep {
		return 0, nil
	}
	var d time.Duration
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > int(maxRetention/day) {
			return 0, errRetention
		}
		d = time.Duration(n) * day
	} else {
		var err error
		if d, err = time.ParseDuration(s); err != nil {
			return 0, errRetention
		}
	}
	if d < time.Hour || d > maxRetention {
		return 0, errRetention
	}
	return d, nil
}

var errRetention = errors.New(`give days such as 30d, hours such as 48h (at least 1h), or keep`)

// Units is the daily quota of a source in units, 0 for none, and where its day
// turns.
func (s *Source) Units() (perDay int, zone *time.Location) {
	a := s.API()
	perDay, zone = cmp.Or(s.UnitsPerDay, a.UnitsPerDay), time.UTC
	if a.Zone != "" {
		if z, err := time.LoadLocation(a.Zone); err == nil {
			zone = z
		}
	}
	return perDay, zone
}

// HasKey tells whether the source names a place where its key is.
func (s *Source) HasKey() bool { return s.KeyEnv != "" || s.KeyFile != "" }

// minKey is the least length of a key. Keys are struck out of answers wherever
// they stand, and a short word would stand in many places.
const minKey = 8

// Key returns the source's key, or "" where none is configured. A key that is
// configured and missing is an error that names the place, and nothing of it.
func (s *Source) Key() (string, error) {
	key, err := s.readKey()
	if err == nil && key != "" && len(key) < minKey {
		err = fmt.Errorf("configuration: source %s: the key has fewer than %d characters, so it is none", s.Name, minKey)
	}
	if err != nil {
		return "", err
	}
	return key, nil
}

func (s *Source) readKey() (string, error) {
	switch {
	case s.KeyFile != "":
		b, err := os.ReadFile(s.KeyFile)
		if err != nil {
			return "", fmt.Errorf("configuration: source %s: key_file: %w", s.Name, err)
		}
		key := strings.TrimSpace(string(b))
		if key == "" {
			return "", fmt.Errorf("configuration: source %s: key_file: %s is empty", s.Name, s.KeyFile)
		}
		return key, nil
	case s.KeyEnv != "":
		key := strings.TrimSpace(os.Getenv(s.KeyEnv))
		if key == "" {
			return "", fmt.Errorf("configuration: source %s: key_env: the environment variable %s is not set", s.Name, s.KeyEnv)
		}
		return key, nil
	}
	return "", nil
}

// Place puts a key where it belongs: a header, or a query parameter. Secrets are
// the forms in which it may come back.
func (u KeyUse) Place(key string) (header http.Header, query url.Values, secrets []string) {
	if u.Query != "" {
		return nil, url.Values{u.Query: {key}}, []string{key}
	}
	sent := key
	if u.Scheme == "Basic" {
		sent = base64.StdEncoding.EncodeToString([]byte(key))
	}
	return http.Header{u.Header: {strings.TrimSpace(u.Scheme + " " + sent)}}, nil, []string{key, sent}
}

// api validates the fields of a source that are about an API.
func (v *validator) api(path string, s *Source) {
	use := s.API().Key
	switch {
	case s.HasKey() && use == (KeyUse{}):
		v.fail(path+keyField(s), "a source of type %s takes no key", s.Type)
	case s.KeyEnv != "" && s.KeyFile != "":
		v.fail(path+".key_file", "stands beside key_env; give one of the two")
	case s.HasKey() && s.Render:
		v.fail(path+".render", "cannot be used with a key: a browser would hand it to the page")
	case s.HasKey() && len(s.Sitemaps) > 0:
		v.fail(path+".sitemaps", "cannot be used with a key, which is for the API alone")
	case s.HasKey() && s.IgnoreRobots != "":
		v.fail(path+".ignore_robots", "has no use beside a key, which is the permission")
	}
	for i, raw := range s.URLs {
		u, err := url.Parse(raw)
		at := fmt.Sprintf("%s.urls[%d]", path, i)
		switch {
		case err != nil:
		case use.Query != "" && u.Query().Has(use.Query):
			v.fail(at, "holds the key (%s=…), which would be stored with every page; put it in an environment variable and name that in key_env", use.Query)
		case s.HasKey() && u.Scheme != "https" && !mention.IsLoopback(u.Hostname()):
			v.fail(at, "%q would carry the key unencrypted; give an https URL", raw)
		}
	}
	if s.UnitsPerDay < 0 {
		v.fail(path+".units_per_day", "%d is negative; 0 keeps the API's own", s.UnitsPerDay)
	}
	if s.Retention != "" {
		if _, err := parseRetention(s.Retention); err != nil {
			v.fail(path+".retention", "%q is not a time; %v", s.Retention, err)
		}
	}
	if s.Snapshots != "" {
		v.oneOf(path+".snapshots", s.Snapshots, snapshotModes)
	}
}

func keyField(s *Source) string {
	if s.KeyEnv != "" {
		return ".key_env"
	}
	return ".key_file"
}
