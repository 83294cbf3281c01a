package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/mention"
	"klank/parsers"
	"klank/web"
)

// crawlDesk is what people see and do about collecting in the UI.
type crawlDesk struct {
	cfg *configs.Config
	w   *workspace
	// reader asks as the crawls of this process do, through their client where it
	// has one.
	reader *pageReader
	// start begins a run at once; nil in a process that does not collect.
	start func(source string) error

	mu         sync.Mutex
	collecting map[string]bool // sources, by this process
}

// newCrawlDesk is for a process that only serves: it asks for a page when
// somebody tries one.
func newCrawlDesk(cfg *configs.Config, w *workspace, allowPrivate bool) *crawlDesk {
	return &crawlDesk{cfg: cfg, w: w, collecting: map[string]bool{},
		reader: &pageReader{cfg: cfg, allowPrivate: allowPrivate, quotas: w.frontier}}
}

// share has pages that are tried drawn from the budgets of the collector.
func (d *crawlDesk) share(c *collector) { d.reader.client, d.reader.fetch = c.client, c.fetch }

// began notes that this process works on a source; ended takes it back.
func (d *crawlDesk) began(source string) (ended func()) {
	set := func(is bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.collecting[source] = is
	}
	set(true)
	return func() { set(false) }
}

// hosts are the budgets that this process has drawn on.
func (d *crawlDesk) hosts() []fetch.HostStatus {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reader.client == nil {
		return nil
	}
	return d.reader.client.Hosts()
}

// web gives the desk in the words of the UI.
func (d *crawlDesk) web() *web.Crawl {
	c := &web.Crawl{Pause: d.pause, Dead: d.dead, Requeue: d.requeue, Try: d.try, Parsers: parsers.New().Names()}
	if d.start != nil {
		c.Start = func(ctx context.Context, source string) error {
			if err := d.known(ctx, source); err != nil {
				return err
			}
			return d.start(source)
		}
	}
	return c
}

// known refuses names of sources that nobody knows.
func (d *crawlDesk) known(ctx context.Context, source string) error {
	err := checkSources(ctx, d.cfg, d.w.frontier, source)
	if _, unknown := errors.AsType[usageError](err); unknown {
		return fmt.Errorf("%w: %w", web.ErrUnknownSource, err)
	}
	return err
}

func (d *crawlDesk) pause(ctx context.Context, source string, paused bool, reason string) error {
	if err := d.known(ctx, source); err != nil {
		return err
	}
	_, err := d.w.frontier.SetPaused(ctx, source, paused, reason)
	return err
}

func (d *crawlDesk) dead(ctx context.Context, f web.DeadFilter, limit int) ([]web.DeadLetter, error) {
	letters, err := d.w.frontier.Dead(ctx, frontier.Filter(f), limit)
	if err != nil {
		return nil, err
	}
	return webLetters(letters), nil
}

func webLetters(letters []frontier.DeadLetter) []web.DeadLetter {
	var out []web.DeadLetter
	for _, l := range letters {
		out = append(out, web.DeadLetter{URL: l.URL, Source: l.Source, Class: l.Class,
			Reason: strings.TrimPrefix(deadWords(l), l.Class+": "), Attempts: l.Attempts, Since: l.At})
	}
	return out
}

func (d *crawlDesk) requeue(ctx context.Context, f web.DeadFilter) (int, error) {
	if f.Source != "" {
		if err := d.known(ctx, f.Source); err != nil {
			return 0, err
		}
	}
	n, _, err := putBack(ctx, d.w.frontier, frontier.Filter(f))
	return n, err
}

// tryTime bounds a try: somebody looks at an empty page meanwhile.
const tryTime = 15 * time.Second

// try reads one page for somebody who looks at the result; nothing is stored.
func (d *crawlDesk) try(ctx context.Context, r web.TryRequest) (*web.Tried, error) {
	o, err := d.options(r)
	if err != nil {
		return nil, err
	}
	var page *mention.Page
	if strings.TrimSpace(r.Body) != "" {
		page, err = pastedPage(r)
	} else {
		page, err = d.ask(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	out, res, err := findOn(parsers.New(), page, o, true)
	if err != nil {
		return nil, err
	}
	t := &web.Tried{URL: page.URL, ContentType: page.ContentType, Bytes: int64(len(page.Body)), Mentions: out.Mentions, Items: out.Items, Links: out.Links,
		Problems: out.Problems, Directives: page.Directives.Merge(res.Directives), Canonical: res.Canonical, Blocked: res.Blocked}
	for _, h := range out.Explain.Selectors {
		t.Rules = append(t.Rules, web.TriedRule{Field: h.Field, Rule: h.Rule, Found: h.Found, Of: h.Of, First: h.First})
	}
	for _, g := range out.Explain.Blocks {
		t.Blocks = append(t.Blocks, web.TriedBlock{Shape: g.Shape, Kind: string(g.Kind), Why: g.Why, Members: g.Members, Score: g.Score, Taken: g.Taken})
	}
	return t, nil
}

// options are how the page is to be read.
func (d *crawlDesk) options(r web.TryRequest) (parsers.Options, error) {
	var o parsers.Options
	if r.Source != "" {
		src, err := configuredSource(d.cfg, r.Source)
		if err != nil {
			return o, err
		}
		if o, err = src.Options(); err != nil {
			return o, err
		}
	}
	o.Parser = cmp.Or(r.Parser, o.Parser)
	return o, nil
}

// ask fetches the page as a crawl would. Without the source's own key or
// rendering nobody is asked otherwise than robots.txt allows: the address is
// whatever somebody has pasted.
func (d *crawlDesk) ask(ctx context.Context, r web.TryRequest) (*mention.Page, error) {
	u, err := startURL(r.URL)
	if err != nil {
		return nil, err
	}
	if err := d.free(ctx, u); err != nil {
		return nil, err
	}
	in := parseInput{URL: u}
	if s := sourceNamed(d.cfg, r.Source); s != nil && s.IgnoreRobots == "" && ownOrigin(s, u) {
		in.source = s.Name
	}
	d.mu.Lock()
	err = d.reader.open()
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	page, err := d.reader.read(ctx, in)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%s: no answer within %s; the host may be busy, or ask for long pauses. Try again later, use klank parse, or paste the page", u, tryTime)
	}
	return page, err
}

// free refuses hosts that are left alone, or that another process asks at this
// moment: its requests and ours would not be spaced.
func (d *crawlDesk) free(ctx context.Context, u string) error {
	key := d.cfg.BudgetKey(mention.Host(u))
	held, err := d.w.frontier.Hosts(ctx)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.Key == key && h.PausedUntil.After(time.Now()) {
			return fmt.Errorf("%s is left alone until %s: %s", key, h.PausedUntil.UTC().Format("15:04:05 MST"), h.Reason)
		}
	}
	stats, err := d.w.frontier.Stats(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range stats {
		if s.Working && !d.collecting[s.Source] && slices.Contains(sourceKeys(d.cfg, s.Source), key) {
			return fmt.Errorf("another klank collects from %s at this moment, and a host is asked for one page at a time; try again when it is done, or paste the page", s.Source)
		}
	}
	return nil
}

// sourceNamed finds a configured source by its name; nil where there is none.
func sourceNamed(cfg *configs.Config, name string) *configs.Source {
	for i := range cfg.Sources {
		if cfg.Sources[i].Name == name {
			return &cfg.Sources[i]
		}
	}
	return nil
}

// sourceKeys are the budget keys of the hosts that a source starts from; the
// name of a source that was crawled without a configuration is its host.
func sourceKeys(cfg *configs.Config, name string) []string {
	s := sourceNamed(cfg, name)
	if s == nil {
		return []string{cfg.BudgetKey(name)}
	}
	var keys []string
	sitemaps, _ := s.SitemapURLs()
	for _, raw := range slices.Concat(s.URLs, sitemaps) {
		if u, err := mention.CanonicalURL("", raw); err == nil {
			keys = append(keys, cfg.BudgetKey(mention.Host(u)))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// pastedPage is what somebody pasted, as if it had been fetched.
func pastedPage(r web.TryRequest) (*mention.Page, error) {
	page := &mention.Page{Status: http.StatusOK, ContentType: pastedType(r.Body), Body: []byte(r.Body), Fetched: time.Now()}
	if r.URL != "" {
		var err error
		if page.URL, err = pageURL(r.URL); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// pastedType is the kind of file that a pasted text looks like.
func pastedType(body string) string {
	start := strings.ToLower(strings.TrimLeft(body[:min(len(body), 512)], "\ufeff \t\r\n"))
	switch {
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return "application/json"
	case strings.HasPrefix(start, "<?xml"), strings.HasPrefix(start, "<rss"), strings.HasPrefix(start, "<feed"):
		return "application/xml"
	}
	return "text/html; charset=utf-8"
}
