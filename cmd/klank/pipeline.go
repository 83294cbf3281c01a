package main

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"klank/analysis"
	"klank/analysis/brands"
	"klank/configs"
	"klank/crawler"
	"klank/index"
	"klank/mention"
	"klank/parsers"
)

// pipeline is the joint of the stages: saved pages go in, durable mentions
// come out. It is the crawler's Handler and safe for concurrent use.
type pipeline struct {
	registry *parsers.Registry
	analyzer *analysis.Analyzer // nil: no analysis (crawl --raw)
	brands   *brands.Matcher
	// options and brandOf are by source name.
	options map[string]parsers.Options
	brandOf map[string]string
	authors string // configs.Privacy.Authors, or "raw" where nothing is stored
	secret  []byte
	// keepFor is how long after their publication mentions of a kind are kept.
	keepFor map[mention.Kind]time.Duration
	// accounts are those that are no person's.
	accounts *accounts
	// store takes what some pages gave, and which of it each page gave. It
	// returns one change per mention.
	store func(ctx context.Context, ms []mention.Mention, seen []index.Sighting) ([]index.Change, error)
	// declare takes what pages say about their items; nil for nobody.
	declare func(ctx context.Context, source string, items []mention.Item, withheld int) error
	// suppressed is what was erased and does not come back; nil where nothing is
	// stored.
	suppressed *suppression
	// corrected are the labels that people have corrected; nil where nothing is
	// stored.
	corrected *corrections
	log       *slog.Logger
	// turns are held by those who read.
	turns chan struct{}
}

// newPipeline wires parsers and analysis for a configuration; store, declare
// and secret are the caller's to set. Without newAnalyzer (env.newAnalyzer)
// nothing is analysed.
func newPipeline(cfg *configs.Config, log *slog.Logger, newAnalyzer func() (*analysis.Analyzer, error)) (*pipeline, error) {
	p := &pipeline{registry: parsers.New(), log: log, turns: make(chan struct{}, runtime.GOMAXPROCS(0)), authors: cfg.Privacy.Authors, accounts: newAccounts(cfg), keepFor: cfg.Retention.MentionsFor(),
		options: map[string]parsers.Options{}, brandOf: map[string]string{}}
	var err error
	if p.brands, err = brands.New(brandsOf(cfg)); err != nil {
		return nil, err
	}
	if newAnalyzer != nil {
		if p.analyzer, err = newAnalyzer(); err != nil {
			return nil, err
		}
		p.analyzer.UseBrands(p.brands)
		if err = p.analyzer.UsePatterns(cfg.Labels.Patterns()...); err != nil {
			return nil, err
		}
	}
	for _, s := range cfg.Sources {
		o, err := s.Options()
		if err != nil {
			return nil, err
		}
		p.options[s.Name] = o
		p.brandOf[s.Name] = s.Brand
	}
	return p, nil
}

// brandsOf gives the configured brands in the words of analysis/brands.
func brandsOf(cfg *configs.Config) []brands.Brand {
	var out []brands.Brand
	for _, b := range cfg.Brands {
		out = append(out, brands.Brand{Name: b.Name, Aliases: slices.Concat(b.Aliases, b.Products), Exclude: b.Exclude, Context: b.Context})
	}
	return out
}

// Handle implements crawler.Handler: the pages' mentions are stored together.
func (p *pipeline) Handle(ctx context.Context, src *crawler.Source, pages []*mention.Page) ([]crawler.Outcome, []error) {
	outs, errs := make([]crawler.Outcome, len(pages)), make([]error, len(pages))
	if p.corrected != nil {
		if err := p.corrected.refresh(ctx); err != nil {
			return outs, slices.Repeat([]error{err}, len(pages))
		}
	}
	found := p.readAll(ctx, src, pages, outs, errs)
	if err := p.keep(ctx, src, found, outs); err != nil {
		for i := range errs {
			errs[i] = cmp.Or(errs[i], err)
		}
	}
	return outs, errs
}

// findings is what some pages gave and the index is to keep.
type findings struct {
	mentions []mention.Mention
	pages    []int // of each mention
	items    []mention.Item
	withheld int // pages that ask not to be indexed
	seen     []index.Sighting
}

// readAll reads pages when it is their turn: reading is all work and no
// waiting, so that more at once than there are processors would only take
// memory.
func (p *pipeline) readAll(ctx context.Context, src *crawler.Source, pages []*mention.Page, outs []crawler.Outcome, errs []error) *findings {
	found := &findings{}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done(): // every page gets its error
	}
	for i, page := range pages {
		if errs[i] = ctx.Err(); errs[i] == nil {
			outs[i], errs[i] = p.read(ctx, src, page, i, found)
		}
	}
	return found
}

// read parses a page, the nth of its batch, and adds what is to be kept of it.
func (p *pipeline) read(ctx context.Context, src *crawler.Source, page *mention.Page, n int, found *findings) (crawler.Outcome, error) {
	var out crawler.Outcome
	res, err := p.registry.Parse(page, p.options[src.Name])
	if err != nil {
		return out, err
	}
	if p.suppressed != nil {
		if err := p.suppressed.apply(ctx, p.registry, p.options[src.Name], page, &res); err != nil {
			return out, err
		}
	}
	out.Links, out.Directives, out.Canonical, out.Blocked = res.Links, res.Directives, res.Canonical, res.Blocked
	res.Mentions = slices.DeleteFunc(res.Mentions, func(m mention.Mention) bool { return m.ByPublisher() || p.outdated(&m, page.Fetched) })
	out.Fields = fieldsOf(&res)
	for _, pr := range res.Problems {
		p.log.Debug("problem on page", "url", page.URL, "where", pr.Where, "what", pr.What)
	}
	found.items = append(found.items, res.Items...)
	if res.Directives.NoIndex || res.Directives.TDMReserved {
		found.withheld++ // its links are still followed
		return out, nil
	}
	var texts []string // the ids of those that only the text identifies
	for i := range res.Mentions {
		m := &res.Mentions[i]
		if m.NativeID == "" && m.ID == m.TextID() {
			texts = append(texts, m.ID)
		}
		p.label(m, page.Fetched, p.brandOf[src.Name])
		found.pages = append(found.pages, n)
	}
	found.mentions = append(found.mentions, res.Mentions...)
	// Else it is not known to be read well, or is read too seldom to tell what
	// is there still.
	if res.Blocked == "" && res.Canonical == "" && len(res.Mentions)+len(res.Items) > 0 {
		found.seen = append(found.seen, sighting(src, page, res.Mentions, texts))
	}
	return out, nil
}

// outdated tells whether a mention is older than those of its kind are kept.
func (p *pipeline) outdated(m *mention.Mention, now time.Time) bool {
	d, limited := p.keepFor[m.Kind]
	return limited && !m.Published.IsZero() && now.Sub(m.Published) > d && p.authors != authorsRaw
}

// keep stores what was found and counts what became of it. What pages declare is
// stored at the same time, so that both share a transaction.
func (p *pipeline) keep(ctx context.Context, src *crawler.Source, found *findings, outs []crawler.Outcome) error {
	var declaring sync.WaitGroup
	var declared error
	if p.declare != nil && (len(found.items) > 0 || found.withheld > 0) {
		declaring.Go(func() { declared = p.declare(ctx, src.Name, found.items, found.withheld) })
	}
	err := p.keepMentions(ctx, found, outs)
	declaring.Wait()
	return cmp.Or(err, declared)
}

func (p *pipeline) keepMentions(ctx context.Context, found *findings, outs []crawler.Outcome) error {
	if len(found.mentions)+len(found.seen) == 0 {
		return nil
	}
	changes, err := p.store(ctx, found.mentions, found.seen)
	if err != nil {
		return err
	}
	for i, c := range changes {
		switch out := &outs[found.pages[i]]; c {
		case index.New:
			out.New++
		case index.Changed:
			out.Changed++
		default:
			out.Same++
		}
	}
	return nil
}

// sighting is what a page gave. Only HTML shows all that there is on its URL;
// feeds and the answers of APIs are windows on longer lists.
func sighting(src *crawler.Source, page *mention.Page, ms []mention.Mention, texts []string) index.Sighting {
	g := index.Sighting{Source: src.Name, Run: src.Run, Page: page.URL, At: page.Fetched, Texts: texts,
		Window: !strings.Contains(strings.ToLower(page.ContentType), "html")}
	for i := range ms {
		g.IDs = append(g.IDs, ms[i].ID)
	}
	return g
}

// Gone implements crawler.Mourner: what stood on the pages stands there no more.
func (p *pipeline) Gone(ctx context.Context, src *crawler.Source, urls []string) error {
	var seen []index.Sighting
	for _, u := range urls {
		seen = append(seen, index.Sighting{Source: src.Name, Run: src.Run, Page: u, At: time.Now()})
	}
	_, err := p.store(ctx, nil, seen)
	return err
}

// fieldsOf counts what a page gave, so that a layout that changed shows.
func fieldsOf(res *parsers.Result) mention.FieldCounts {
	f := mention.FieldCounts{Items: len(res.Items), Mentions: len(res.Mentions)}
	for i := range res.Mentions {
		m := &res.Mentions[i]
		if m.Author != nil {
			f.Author++
		}
		if m.Rating != nil {
			f.Rating++
		}
		if !m.Published.IsZero() {
			f.Date++
		}
		if m.Text != "" {
			f.Text++
		}
	}
	return f
}

// label adds what klank knows to what the parsers found: when it was
// collected, which brands, the analysis, and pseudonyms of people.
func (p *pipeline) label(m *mention.Mention, fetched time.Time, brand string) {
	m.Collected = fetched
	p.hide(m)
	p.analyse(m, brand)
	p.protect(m)
}

// input is what the analysis reads of a mention.
func (p *pipeline) input(m *mention.Mention, brand string) analysis.Input {
	in := analysis.Input{Title: m.Title, Text: m.Text, LanguageHint: m.Language, Brand: brand}
	if m.Item != nil {
		in.ItemBrand, in.ItemName = m.Item.Brand, m.Item.Name
	}
	return in
}

// analyse finds the brands, and what else the words say.
func (p *pipeline) analyse(m *mention.Mention, brand string) {
	in := p.input(m, brand)
	if p.analyzer == nil {
		m.Brands = p.brands.Match(m.Title, m.Text, m.Language, p.brands.About(brand, in.ItemBrand, in.ItemName))
	} else {
		a := p.analyzer.Analyze(in)
		m.Analysis = &a
		m.Flags = slices.DeleteFunc(m.Flags, func(f mention.Flag) bool { return f.Name == mention.FlagRatingMismatch })
		if flag, ok := analysis.RatingMismatch(m.Rating, &a); ok {
			m.Flags = append(m.Flags, flag)
		}
		if a.Language != "" {
			m.Language = a.Language
		}
		m.Brands = nil
		for _, b := range a.Brands {
			m.Brands = append(m.Brands, b.Name)
		}
	}
	if brand != "" && !slices.Contains(m.Brands, brand) {
		m.Brands = append([]string{brand}, m.Brands...)
	}
	if p.corrected != nil {
		p.corrected.apply(m)
	}
}

// authorKey is the pseudonym of a mention's author, who is named as published.
func authorKey(secret []byte, m *mention.Mention) string {
	return mention.AuthorKey(secret, m.Source.Host, cmp.Or(m.Author.Name, m.Author.URL))
}

// protect replaces or drops the author's name as the configuration says.
func (p *pipeline) protect(m *mention.Mention) {
	a := m.Author
	if a == nil || p.authors == authorsRaw || a.Name == "" && a.URL == "" { // a key from an export
		return
	}
	if p.authors == "drop" {
		m.Author = nil
		return
	}
	key := authorKey(p.secret, m)
	if strings.HasPrefix(a.URL, "mailto:") { // tells people apart, and is nobody else's business
		a.URL = ""
	}
	if p.authors == "name" {
		m.Author = &mention.Author{Name: a.Name, URL: a.URL, Key: key}
		return
	}
	m.Author = &mention.Author{Key: key}
}

// authorsRaw keeps authors as published: only where nothing is stored.
const authorsRaw = "raw"
