package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
)

// crawlPlan is what crawl --dry-run prints: what a crawl would ask for that
// began now, of all that is known now. It asks nobody, robots.txt neither.
type crawlPlan struct {
	Sources []sourcePlan `json:"sources"`
	// LeftOut are chosen sources that would not be crawled.
	LeftOut []leftOut `json:"left_out,omitempty"`
	// Requests for pages that are known, and how long those take at least.
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds_at_least"`
}

// sourcePlan is the plan of one source.
type sourcePlan struct {
	Source   string   `json:"source"`
	Type     string   `json:"type"`
	Starts   []string `json:"starts,omitempty"`
	Sitemaps []string `json:"sitemaps,omitempty"`
	// RobotsSitemaps: those that robots.txt names, too.
	RobotsSitemaps bool     `json:"robots_sitemaps,omitempty"`
	LoadMore       []string `json:"load_more,omitempty"`
	MaxPages       int      `json:"max_pages,omitempty"`
	// Resumes: an open run goes on. Deep: every page is visited.
	Resumes bool `json:"resumes,omitempty"`
	Deep    bool `json:"deep,omitempty"`
	// Known URLs; of them Ask are asked for, Capped are more than MaxPages
	// allows, Saved are read from the snapshot store, Resting are left out until
	// RestingUntil and later, KeptOut by robots.txt as it was last seen.
	Known        int       `json:"known"`
	Ask          int       `json:"ask"`
	Capped       int       `json:"capped,omitempty"`
	Saved        int       `json:"saved,omitempty"`
	Resting      int       `json:"resting,omitempty"`
	RestingUntil time.Time `json:"resting_until,omitzero"`
	KeptOut      int       `json:"kept_out,omitempty"`
	// GivenUp are dead URLs, which a new run tries once more.
	GivenUp int        `json:"given_up,omitempty"`
	Hosts   []hostPlan `json:"hosts,omitempty"`
	Seconds float64    `json:"seconds_at_least"`

	last mention.Run
}

// hostPlan is what a budget key is asked for.
type hostPlan struct {
	Host string `json:"host"`
	Ask  int    `json:"ask"`
	// Interval is the least time between two requests, in seconds.
	Interval    float64   `json:"interval_seconds"`
	PausedUntil time.Time `json:"paused_until,omitzero"`
	Reason      string    `json:"reason,omitempty"`
}

// leftOut is a source that would not be crawled: it is paused, or not due.
type leftOut struct {
	Source string          `json:"source"`
	Due    time.Time       `json:"due,omitzero"`
	Paused *frontier.Pause `json:"paused,omitempty"`
}

// dryRun says what a crawl of the sources would ask for. configured are those
// of the configuration, chosen or not.
func dryRun(ctx context.Context, e *env, cfg *configs.Config, f *crawlFlags, configured []configs.Source, sources []*crawler.Source) error {
	fr, err := e.knownFrontier(ctx, cfg)
	if err != nil {
		return err
	}
	d := &planner{cfg: cfg, rate: f.fetchRate(), stats: map[string]frontier.SourceStats{}, hosts: map[string]frontier.HostState{}}
	if fr != nil {
		defer fr.Close()
		if err := d.read(ctx, e, fr); err != nil {
			return err
		}
	}
	var plan crawlPlan
	for _, s := range sources {
		p, err := d.source(ctx, s)
		if err != nil {
			return err
		}
		plan.Sources = append(plan.Sources, p)
		plan.Requests += p.Ask
	}
	plan.Seconds = d.atLeast(plan.Sources)
	if plan.LeftOut, err = d.leftOut(cfg, f, configured, sources); err != nil {
		return err
	}
	if f.json {
		if plan.Sources == nil {
			plan.Sources = []sourcePlan{}
		}
		return jsonLines(e.out).Encode(plan)
	}
	p := &printer{w: e.out}
	plan.print(p)
	return p.err
}

// planner makes plans of what is known.
type planner struct {
	cfg    *configs.Config
	rate   float64 // as fetchRate has it
	engine crawler.Config
	stats  map[string]frontier.SourceStats
	hosts  map[string]frontier.HostState
}

// read reads what is known of sources and hosts.
func (d *planner) read(ctx context.Context, e *env, fr frontier.Frontier) error {
	d.engine = crawler.Config{Frontier: fr, DeepEvery: d.cfg.Crawl.DeepEvery}
	stats, err := fr.Stats(ctx)
	if err != nil {
		return err
	}
	for _, s := range stats {
		d.stats[s.Source] = s
	}
	hosts, err := fr.Hosts(ctx)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		d.hosts[h.Key] = h
	}
	if !e.hasIndex(d.cfg) {
		return nil // no page is known by its mentions
	}
	ix, err := e.openIndex(ctx, d.cfg)
	if err != nil {
		return err
	}
	d.engine.Generation = ix.Generation()
	return ix.Close()
}

// source makes the plan of one source.
func (d *planner) source(ctx context.Context, s *crawler.Source) (sourcePlan, error) {
	p := sourcePlan{Source: s.Name, Type: s.Type, Starts: s.Seeds, Sitemaps: s.Sitemaps, RobotsSitemaps: s.RobotsSitemaps, MaxPages: s.MaxPages, Deep: true}
	for i := range d.cfg.Sources {
		if c := &d.cfg.Sources[i]; c.Name == s.Name {
			for _, l := range c.LoadMore {
				p.LoadMore = append(p.LoadMore, l.URL)
			}
		}
	}
	var foretold frontier.Forecast
	if d.engine.Frontier != nil {
		var err error
		if foretold, err = crawler.Forecast(ctx, d.engine, s); err != nil {
			return p, err
		}
	}
	known := d.stats[s.Name]
	p.last, p.Known, p.Resumes, p.Deep = known.Run, foretold.Known, foretold.Resumes, foretold.Deep || foretold.Known == 0
	p.Saved, p.Resting, p.RestingUntil = foretold.Saved, foretold.Resting, foretold.RestingUntil
	p.KeptOut = known.DeadBy[string(fetch.Robots)]
	p.GivenUp = known.Dead - p.KeptOut - known.DeadBy[string(fetch.Reserved)]
	if p.Known == 0 { // the starts are all there is
		byHost := map[string]int{}
		for _, u := range slices.Concat(s.Seeds, s.Sitemaps) {
			byHost[d.cfg.BudgetKey(mention.Host(u))]++
		}
		for _, key := range sortedKeys(byHost) {
			foretold.Hosts = append(foretold.Hosts, frontier.HostForecast{Key: key, URLs: byHost[key]})
		}
	}
	for _, h := range foretold.Hosts {
		p.Ask += h.URLs
		state := d.hosts[h.Key]
		host := hostPlan{Host: h.Key, Ask: h.URLs, Interval: d.interval(h.Key, s, state).Seconds()}
		if state.PausedUntil.After(time.Now()) {
			host.PausedUntil, host.Reason = state.PausedUntil, state.Reason
		}
		p.Hosts = append(p.Hosts, host)
	}
	allowed := p.MaxPages
	if p.Resumes {
		allowed = max(0, allowed-p.last.Pages)
	}
	if p.MaxPages > 0 && p.Ask > allowed {
		p.Ask, p.Capped = allowed, p.Ask-allowed
		for i := range p.Hosts {
			p.Hosts[i].Ask = min(p.Hosts[i].Ask, allowed)
		}
	}
	p.Seconds = d.atLeast([]sourcePlan{p})
	return p, nil
}

// interval is the least time between two requests on a budget key.
func (d *planner) interval(key string, s *crawler.Source, state frontier.HostState) time.Duration {
	var own time.Duration
	if rate := cmp.Or(d.rate, d.cfg.Crawl.Rate); rate > 0 {
		own = time.Duration(float64(time.Second) / rate)
	}
	return max(own, s.MinInterval, d.cfg.BudgetInterval(key), state.Slowed)
}

// atLeast is how long the requests take at least: hosts are asked side by side,
// sources that share one after the other. Of a source that ends at its bound of
// pages the hosts share in what it may ask.
func (d *planner) atLeast(sources []sourcePlan) float64 {
	byHost := map[string]float64{}
	for _, p := range sources {
		for _, h := range p.Hosts {
			n := float64(h.Ask)
			if p.Capped > 0 {
				n = min(n, float64(p.Ask)/float64(len(p.Hosts)))
			}
			byHost[h.Host] += n * h.Interval
		}
	}
	longest := 0.0
	for _, t := range byHost {
		longest = max(longest, t)
	}
	return math.Round(longest*1000) / 1000
}

// leftOut lists the chosen sources that are not among those to be crawled.
func (d *planner) leftOut(cfg *configs.Config, f *crawlFlags, configured []configs.Source, sources []*crawler.Source) ([]leftOut, error) {
	var out []leftOut
	for i := range configured {
		c := &configured[i]
		taken := slices.ContainsFunc(sources, func(s *crawler.Source) bool { return s.Name == c.Name })
		if taken || f.urlsGiven || len(f.sources) > 0 && !slices.Contains(f.sources, c.Name) {
			continue
		}
		when, err := cfg.ScheduleOf(c)
		if err != nil {
			return nil, usageError{err}
		}
		known := d.stats[c.Name]
		out = append(out, leftOut{Source: c.Name, Due: nextDue(when, known.Run), Paused: known.Paused})
	}
	return out, nil
}

func (c *crawlPlan) print(p *printer) {
	for i := range c.Sources {
		c.Sources[i].print(p)
	}
	if len(c.Sources) > 1 {
		p.linef("in all %s", requestWords(c.Requests, c.Seconds))
	}
}

func (s *sourcePlan) print(p *printer) {
	bound := "no bound"
	if s.MaxPages > 0 {
		bound = "at most " + count(s.MaxPages, "page")
	}
	how := ""
	switch {
	case s.Resumes:
		how = ", goes on with the run of " + s.last.Started.UTC().Format("2006-01-02 15:04 MST")
	case s.Known == 0:
		how = ", for the first time"
	case s.Deep:
		how = ", every page"
	}
	p.linef("%s (%s): %s%s", clean(s.Source), clean(s.Type), bound, how)
	for _, part := range []struct {
		what string
		urls []string
	}{{"starts at", s.Starts}, {"reads the sitemap", s.Sitemaps}, {"follows lists to", s.LoadMore}} {
		for _, u := range part.urls {
			p.linef("  %s %s", part.what, clean(u))
		}
	}
	if s.RobotsSitemaps {
		p.linef("  reads the sitemaps that robots.txt names")
	}
	switch {
	case s.Known == 0:
		p.linef("  asks for these, then for what they lead to")
	default:
		p.linef("  knows %s, asks for %s", count(s.Known, "URL"), requestWords(s.Ask, s.Seconds))
	}
	if s.Capped > 0 {
		p.linef("  leaves %d for another run, as the bound on pages is reached (--max-pages)", s.Capped)
	}
	if s.Saved > 0 {
		p.linef("  reads %s without asking again", count(s.Saved, "saved page"))
	}
	if s.Resting > 0 {
		p.linef("  leaves out %s for seldom changing, the first until %s (--deep asks for all)", count(s.Resting, "page"), s.RestingUntil.UTC().Format("2006-01-02 15:04 MST"))
	}
	if s.KeptOut > 0 {
		p.linef("  leaves out %s that robots.txt forbade last time", count(s.KeptOut, "URL"))
	}
	if s.GivenUp > 0 && !s.Resumes {
		p.linef("  tries %s once more, given up before (klank status says why)", count(s.GivenUp, "URL"))
	} else if s.GivenUp > 0 {
		p.linef("  leaves out %s given up (klank status says why, klank requeue puts them back)", count(s.GivenUp, "URL"))
	}
	for _, h := range s.Hosts {
		p.linef("  %s", h.words())
	}
}

func (h hostPlan) words() string {
	words := fmt.Sprintf("%s: %s", clean(h.Host), count(h.Ask, "request"))
	if h.Interval > 0 {
		words += ", one in " + seconds(h.Interval)
	}
	if !h.PausedUntil.IsZero() {
		words += ", left alone until " + h.PausedUntil.UTC().Format("2006-01-02 15:04:05 MST")
	}
	if h.Reason != "" {
		words += ": " + clean(h.Reason)
	}
	return words
}

// requestWords say how many requests there are and how long they take.
func requestWords(n int, atLeast float64) string {
	words := count(n, "page")
	if atLeast >= 1 {
		words += ", which takes " + seconds(atLeast) + " at least"
	}
	return words
}

func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < time.Minute {
		return d.Round(time.Millisecond).String()
	}
	words := d.Round(time.Second).String()
	if strings.HasSuffix(words, "m0s") {
		words = strings.TrimSuffix(words, "0s")
	}
	return words
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
