// Package configs reads klank.yaml: defaults, then a strict decode, then
// validation. Every complaint names file, line, field, value and what is
// allowed. It composes what the stages need; it does none of their work.
package configs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"klank/analysis/moments"
	"klank/crawler/schedule"
	"klank/mention"
	"klank/parsers"
	"klank/parsers/loadmore"
)

// Config is the whole of klank.yaml.
type Config struct {
	// Contact is an e-mail address or URL that stands in the User-Agent, so
	// that a site's operator can reach whoever crawls it.
	Contact string `yaml:"contact"`
	// Schedule says when a source without one of its own is due: cron or
	// "every 6h". Empty: always.
	Schedule string `yaml:"schedule"`
	// Timezone is that of the schedules, e.g. Europe/Amsterdam; "Local" is the
	// machine's.
	Timezone string `yaml:"timezone"`
	Crawl    Crawl  `yaml:"crawl"`
	// Budgets name hosts that share one; any other host has its own.
	Budgets []Budget `yaml:"budgets"`
	Brands  []Brand  `yaml:"brands"`
	Labels  Labels   `yaml:"labels"`
	// Questions are what buyers ask, in Dutch or English; the report on
	// questions looks for answers.
	Questions []string  `yaml:"questions"`
	Sources   []Source  `yaml:"sources"`
	Imports   []Import  `yaml:"imports"`
	Privacy   Privacy   `yaml:"privacy"`
	Retention Retention `yaml:"retention"`
	Frontier  Frontier  `yaml:"frontier"`
	Snapshots Snapshots `yaml:"snapshots"`
	Index     Index     `yaml:"index"`
	// Queries are saved by name, to be asked for as saved:name.
	Queries []SavedQuery `yaml:"queries"`
	// Synonyms are groups of words that mean the same: who asks for one finds all
	// of its group.
	Synonyms [][]string `yaml:"synonyms"`
	Alerts   Alerts     `yaml:"alerts"`
	Digest   Digest     `yaml:"digest"`
	Web      Web        `yaml:"web"`
}

// Crawl holds the limits that hold for every source.
type Crawl struct {
	// Rate is requests per second per host, at most.
	Rate float64 `yaml:"rate"`
	// Workers bounds the hosts that are fetched from at the same time.
	Workers int `yaml:"workers"`
	// MaxPages bounds the pages of one run of one source; 0 is no bound.
	MaxPages int `yaml:"max_pages"`
	// Timeout bounds one request from dial to the last byte.
	Timeout time.Duration `yaml:"timeout"`
	// MaxBody is the most bytes of one decompressed body.
	MaxBody int64 `yaml:"max_body"`
	// MaxCrawlDelay is the longest Crawl-delay that is waited for without
	// further ado. OverMaxDelay says what becomes of a host that asks for more:
	// it is left out ("skip"), or asked as seldom as it asks for ("slow"). Both
	// are reported.
	MaxCrawlDelay time.Duration `yaml:"max_crawl_delay"`
	OverMaxDelay  string        `yaml:"over_max_delay"`
	// DeepEvery is after how long a run visits every page of its source once
	// more, also those that seldom change and the ends of lists; 0 is never,
	// other than in a first run.
	DeepEvery time.Duration `yaml:"deep_every"`
	// RemovedAfterRuns is in how many good runs a mention must be missing
	// before it counts as removed from the site.
	RemovedAfterRuns int `yaml:"removed_after_runs"`
}

// OverMaxDelays are the allowed values of Crawl.OverMaxDelay.
var OverMaxDelays = []string{"skip", "slow"}

// Brand is a brand to watch: ours or a rival's.
type Brand struct {
	Name string `yaml:"name"`
	// Aliases are other spellings that mean the same brand.
	Aliases []string `yaml:"aliases"`
	// Exclude are phrases that contain a name and mean something else.
	Exclude []string `yaml:"exclude"`
	// Products are names of things of the brand: who mentions one, mentions
	// the brand.
	Products []string `yaml:"products"`
	// Context are words that stand near a name that is an ordinary word too,
	// when the brand is meant.
	Context []string `yaml:"context"`
	Rival   bool     `yaml:"rival"`
}

// Labels are patterns of one's own for touchpoints, care lenses and signals, in
// the form of analysis/moments/nl.txt; they decide over what klank finds by
// itself.
type Labels struct {
	Dutch   string `yaml:"nl"`
	English string `yaml:"en"`
	// Any is read in texts of every language.
	Any string `yaml:"any"`
}

// Patterns gives them in the words of analysis/moments, each named after its
// field.
func (l Labels) Patterns() []moments.Patterns {
	var out []moments.Patterns
	for _, p := range []moments.Patterns{
		{Language: "nl", Name: "labels.nl", Source: l.Dutch},
		{Language: "en", Name: "labels.en", Source: l.English},
		{Name: "labels.any", Source: l.Any},
	} {
		if strings.TrimSpace(p.Source) != "" {
			out = append(out, p)
		}
	}
	return out
}

// Source is one thing to collect from.
type Source struct {
	Name string `yaml:"name"`
	// Type is one of SourceTypes. The URLs of a sitemap are read like Sitemaps.
	Type string   `yaml:"type"`
	URLs []string `yaml:"urls"`
	// Sitemaps are read for URLs to start from; with them URLs may be empty.
	// SitemapsOfRobots among them stands for those that robots.txt names, on
	// the hosts of the URLs.
	Sitemaps []string `yaml:"sitemaps"`
	// Schedule says when the source is due; empty: as Config.Schedule says.
	Schedule string `yaml:"schedule"`
	// Terms is a note for people: what the site's terms of use say, or why
	// this may be collected.
	Terms string `yaml:"terms"`
	// Brand is the brand that everything from this source is about.
	Brand string `yaml:"brand"`
	// Allow and Deny are regular expressions on the URL.
	Allow []string `yaml:"allow"`
	Deny  []string `yaml:"deny"`
	// Depth bounds the links from a seed to a page; 0 is no bound.
	Depth int `yaml:"depth"`
	// MaxPages and Rate override those of crawl; 0 keeps them. A source's
	// rate can only be slower.
	MaxPages int     `yaml:"max_pages"`
	Rate     float64 `yaml:"rate"`
	// StopAfterKnown is for lists with the newest first: after so many
	// mentions in a row that are known, no further page of the list is read;
	// 0 reads all. klank crawl --deep reads all once.
	StopAfterKnown int `yaml:"stop_after_known"`
	// Render has pages built by an installed Chromium before they are read.
	Render bool `yaml:"render"`
	// IgnoreRobots is the written reason why robots.txt is not asked for this
	// source; it stands in every run's report. Empty: robots.txt is obeyed.
	IgnoreRobots string `yaml:"ignore_robots"`
	// Parser forces one parser for all pages of the source.
	Parser    string             `yaml:"parser"`
	Selectors *parsers.Selectors `yaml:"selectors"`
	// LoadMore are lists of which a page shows the beginning, and a button
	// loads the rest from an address of its own.
	LoadMore []loadmore.Rule `yaml:"load_more"`
	// KeyEnv names the environment variable with the key to an API, KeyFile
	// the file; the key itself never stands in the configuration.
	KeyEnv  string `yaml:"key_env"`
	KeyFile string `yaml:"key_file"`
	// UnitsPerDay is the daily quota of an API; 0 keeps what its documentation
	// says (see API).
	UnitsPerDay int `yaml:"units_per_day"`
	// Retention is how long what was collected is kept: "30d", "48h" or
	// "keep"; empty as the API's terms say. See Config.RetentionOf.
	Retention string `yaml:"retention"`
	// Snapshots is "keep" or "drop" for the raw pages; empty as the API's
	// terms say. See Config.KeepsPages.
	Snapshots string `yaml:"snapshots"`
}

// Import says how klank import --as NAME reads files.
type Import struct {
	Name string `yaml:"name"`
	// Kind of the mentions; empty: told by the columns.
	Kind string `yaml:"kind"`
	// Language decides about 03/06/2026: nl, en-US, …
	Language string `yaml:"language"`
	// Brand is the brand that all of it is about.
	Brand string `yaml:"brand"`
	// Columns are roles (see imports.ParseRole) by header.
	Columns map[string]string `yaml:"columns"`
}

// SitemapsOfRobots in Source.Sitemaps stands for those that robots.txt names.
const SitemapsOfRobots = "robots.txt"

// SitemapURLs returns the sitemaps that are named by their URLs, and whether
// those of robots.txt are wanted too.
func (s *Source) SitemapURLs() (urls []string, robots bool) {
	for _, u := range s.Sitemaps {
		if u == SitemapsOfRobots {
			robots = true
		} else {
			urls = append(urls, u)
		}
	}
	return urls, robots
}

// Frontier says where the state of a crawl is kept.
type Frontier struct {
	// PostgresEnv names the environment variable with the URL of a PostgreSQL
	// (postgres://user:password@host/database); empty keeps the state in
	// frontier.db in the data folder.
	PostgresEnv string `yaml:"postgres_env"`
	// Lease is how long the hosts of a process that no longer answers stay its
	// own, before another takes them over.
	Lease time.Duration `yaml:"lease"`
}

// PostgresURL returns the URL of the PostgreSQL that keeps the state of a
// crawl, or "" where a file in the data folder does.
func (f Frontier) PostgresURL() (string, error) {
	if f.PostgresEnv == "" {
		return "", nil
	}
	url := os.Getenv(f.PostgresEnv)
	if url == "" {
		return "", fmt.Errorf("configuration: frontier.postgres_env: the environment variable %s is not set; set it to postgres://user:password@host/database", f.PostgresEnv)
	}
	return url, nil
}

// Snapshots says where saved pages are.
type Snapshots struct {
	// Dir is their folder; empty for snapshots in the data folder. Machines that
	// share a PostgreSQL need one that all of them reach.
	Dir string `yaml:"dir"`
}

// Retention says how long what was collected is kept, where a source has no
// retention of its own (see Config.RetentionOf).
type Retention struct {
	// Pages is how long a saved page is kept once it is not the latest of a URL
	// that is still crawled: "90d", "48h" or "keep".
	Pages string `yaml:"pages"`
	// Audit is how long it is remembered who did what.
	Audit string `yaml:"audit"`
	// Mentions is how long after their publication those of a kind are kept
	// (see MentionsFor); of the kinds that are left out, without end.
	Mentions map[mention.Kind]string `yaml:"mentions"`
}

// MentionsFor is how long after its publication a mention of each kind is kept,
// after it was first collected where that is not known; a kind that is missing
// is kept without end.
func (r Retention) MentionsFor() map[mention.Kind]time.Duration {
	out := map[mention.Kind]time.Duration{}
	for kind, s := range r.Mentions {
		if d, _ := parseRetention(s); d > 0 { // validated
			out[kind] = d
		}
	}
	return out
}

// PagesFor is how long a saved page is kept; 0 is without end.
func (r Retention) PagesFor() time.Duration {
	d, _ := parseRetention(r.Pages) // validated
	return d
}

// Privacy says what is kept of the people who publish.
type Privacy struct {
	// Authors is pseudonym (a keyed hash instead of the name), name or drop.
	Authors string `yaml:"authors"`
	// Register is what only the controller can say of the processing.
	Register Register `yaml:"register"`
}

// Register is what the controller says in the record of processing activities
// (GDPR, Article 30), which the UI shows under /register.
type Register struct {
	Controller string `yaml:"controller"`
	Contact    string `yaml:"contact"`
	Purpose    string `yaml:"purpose"`
	// Basis is the ground of Article 6.
	Basis string `yaml:"basis"`
}

// AuthorModes are the allowed values of Privacy.Authors.
var AuthorModes = []string{"pseudonym", "name", "drop"}

// Web is where the UI and API listen, and who may use them.
type Web struct {
	Addr string `yaml:"addr"`
	// TokenEnv and TokenFile say where the access token is read from; it
	// never stands in the file itself.
	TokenEnv  string `yaml:"token_env"`
	TokenFile string `yaml:"token_file"`
	// PublicURL is where people reach the UI: what is sent links there.
	PublicURL    string       `yaml:"public_url"`
	TrustedProxy TrustedProxy `yaml:"trusted_proxy"`
	TLS          TLS          `yaml:"tls"`
	// RateLimit is how many requests a minute a token or an address may send to
	// the API; 0 is no limit.
	RateLimit int `yaml:"rate_limit"`
}

// Default returns the configuration that holds without a file.
func Default() *Config {
	return &Config{
		Timezone: "Local",
		Crawl: Crawl{Rate: 1, Workers: 256, MaxPages: 200, Timeout: 30 * time.Second,
			MaxBody: 16 << 20, MaxCrawlDelay: time.Minute, OverMaxDelay: "skip", DeepEvery: 30 * 24 * time.Hour, RemovedAfterRuns: 3},
		Frontier:  Frontier{Lease: time.Minute},
		Index:     Index{Elasticsearch: Elasticsearch{Prefix: "klank", Replicas: 1}},
		Privacy:   Privacy{Authors: "pseudonym"},
		Retention: Retention{Pages: "90d", Audit: "365d"},
		Alerts:    Alerts{Schedule: "every 15m", Language: "en", SMTP: SMTP{Port: 587, TLS: "starttls"}},
		Digest:    Digest{Days: 7},
		Web:       Web{Addr: "127.0.0.1:8417", TokenEnv: "KLANK_TOKEN", RateLimit: 1200},
	}
}

// Load reads and validates a configuration file. A missing file is an error
// that errors.Is fs.ErrNotExist; all other errors are *Error.
func Load(file string) (*Config, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("configuration %s: %w", file, err)
	}
	if err != nil {
		return nil, &Error{File: file, Msg: err.Error()}
	}
	return Parse(file, b)
}

// ScheduleOf returns when a source is due, with the source's own jitter; the
// zero Schedule where neither the source nor the configuration has one.
func (c *Config) ScheduleOf(s *Source) (schedule.Schedule, error) {
	spec := cmp.Or(s.Schedule, c.Schedule)
	if spec == "" {
		return schedule.Schedule{}, nil
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return schedule.Schedule{}, err
	}
	when, err := schedule.Parse(spec, zone)
	if err != nil {
		return schedule.Schedule{}, err
	}
	return when.For(s.Name), nil
}

// Options returns how the source's pages are read.
func (s *Source) Options() (parsers.Options, error) {
	o := parsers.Options{Parser: s.Parser, Selectors: s.Selectors}
	for _, r := range s.LoadMore {
		l, err := loadmore.Compile(r)
		if err != nil {
			return o, fmt.Errorf("configuration: source %s: %w", s.Name, err)
		}
		o.LoadMore = append(o.LoadMore, l)
	}
	return o, nil
}

// Token returns the access token of the UI and API, or "" where none is set.
func (w Web) Token() (string, error) {
	if w.TokenFile != "" {
		b, err := os.ReadFile(w.TokenFile)
		if err != nil {
			return "", fmt.Errorf("configuration: web.token_file: %w", err)
		}
		return strings.TrimSpace(string(b)), nil
	}
	return os.Getenv(w.TokenEnv), nil
}
