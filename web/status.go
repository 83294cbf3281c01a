package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"klank/index"
	"klank/mention"
)

// Status is what the collecting side tells the pages about collecting. Every
// part is optional; what is empty is not shown.
type Status struct {
	Sources []SourceStatus
	// Runs are the latest runs, latest first.
	Runs     []mention.Run
	Coverage []mention.Coverage
	// DeadLetters are pages that were given up, latest first; DeadTotal is
	// how many there are in all.
	DeadLetters []DeadLetter
	DeadTotal   int
	// Hosts are the hosts that are asked, each with its budget.
	Hosts []HostStatus
	// KeptClasses are the classes of dead letters that are no failures: the
	// site does not want these pages read.
	KeptClasses []string
}

// SourceStatus is the state of one source.
type SourceStatus struct {
	Name string
	Type string // site, feed, mastodon, …
	// Configured says that the configuration names it.
	Configured bool
	// Pages by the state of the frontier: pending (leased included), fetched
	// but not yet indexed, done, and given up. KeptOut of those given up are what
	// the site does not want read, DeadBy counts all of them by class.
	Pending, Fetched, Done, Dead, KeptOut int
	DeadBy                                map[string]int
	// Run is the latest run, with no id when there was none; LastGood is when
	// the latest one ended that went well.
	Run      mention.Run
	LastGood time.Time
	// Working says that a run is under way at this moment.
	Working bool
	// Paused is set while the source is left alone.
	Paused *Paused
	// Schedule is when it is asked, as configured; NextDue is when next, zero
	// when it is not scheduled.
	Schedule string
	NextDue  time.Time
	// Keys are its hosts, as HostStatus names them.
	Keys []string
	// Problem says in words why the source does not run, if so.
	Problem string
}

// Paused says since when and why a source is left alone.
type Paused struct {
	Since  time.Time
	Reason string
}

// HostStatus is the budget of a host, or of several that share one.
type HostStatus struct {
	Host string
	// Interval is the least time between two requests, CrawlDelay what
	// robots.txt asks for, and Backoff the part of Interval that is due to
	// answers of an overloaded host.
	Interval, CrawlDelay, Backoff time.Duration
	// PausedUntil is until when nobody asks, Reason why that is so, or why it is
	// slowed.
	PausedUntil time.Time
	Reason      string
	// KeptOut counts the pages that it does not want read, as far as they are of
	// sources that have no other host.
	KeptOut int
	// Requests were sent by this process.
	Requests int
	// Units were spent of a daily quota on Day.
	Units int
	Day   string
}

// DeadLetter is a page that was given up, with the reason in words.
type DeadLetter struct {
	URL      string
	Source   string
	Class    string
	Reason   string
	Attempts int
	Since    time.Time
}

// statusRuns and statusLetters bound the tables of the status page.
const (
	statusRuns    = 30
	statusLetters = 100
)

type statusPage struct {
	Sources     []sourceRow
	Runs        []mention.Run
	Coverage    []coverageRow
	DeadLetters []DeadLetter
	DeadTotal   int
	Hosts       []HostStatus
	Frontier    bool // the collecting side reports
	Total       int
	Generation  string
	Can         *Crawl
	// Attention counts the sources by health, as far as somebody should look.
	Attention []healthCount
	Live      bool // something is under way, and the page follows it
}

type healthCount struct {
	Key   string // of the words
	Count int
}

// attention are the healths that somebody should look at, and the words for
// how many sources have them.
var attention = [][2]string{
	{healthFailed, "crawl.attention.failed"}, {healthBlocked, "crawl.attention.blocked"},
	{healthSuspect, "crawl.attention.suspect"}, {healthSilent, "crawl.attention.silent"},
}

type sourceRow struct {
	SourceStatus
	Mentions  int
	Query     string
	URL       string
	Health    string
	Cover     *coverageRow // of the whole source
	Before    int          // published in the half year before silentAfter
	Stale     bool         // no good run for long
	GivenUp   int          // of the dead, what the site does not keep out
	ItemCount int          // that declare how many mentions they have
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	p, err := s.fillStatus(r.Context())
	if err != nil {
		s.failWith(w, r, "the status could not be read", err)
		return
	}
	p.Live = p.Live && r.URL.Query().Get("live") != "0"
	s.render(w, r, http.StatusOK, "status", "status.title", p)
}

func (s *Server) fillStatus(ctx context.Context) (*statusPage, error) {
	p := &statusPage{Can: s.cfg.Crawl}
	st := &Status{}
	if s.cfg.Status != nil {
		reported, err := s.cfg.Status(ctx)
		if err != nil {
			return nil, err
		}
		if reported != nil {
			st, p.Frontier = reported, true
		}
	}
	if rec, ok := s.cfg.Index.(index.Recorder); ok {
		var err error
		if len(st.Runs) == 0 {
			if st.Runs, err = rec.Runs(ctx, statusRuns); err != nil {
				return nil, err
			}
		}
		if len(st.Coverage) == 0 {
			if st.Coverage, err = rec.Coverage(ctx); err != nil {
				return nil, err
			}
		}
	}
	if g, ok := s.cfg.Index.(index.Generation); ok {
		p.Generation = g.Generation()
	}
	if err := s.fillSources(ctx, p, st); err != nil {
		return nil, err
	}
	p.Runs = st.Runs[:min(len(st.Runs), statusRuns)]
	p.Coverage = coverageRows(st.Coverage)
	p.Hosts = st.Hosts
	p.DeadLetters, p.DeadTotal = st.DeadLetters[:min(len(st.DeadLetters), statusLetters)], max(st.DeadTotal, len(st.DeadLetters))
	return p, nil
}

// sourcesCounted bounds the sources whose mentions are counted.
const sourcesCounted = 1000

// sourceCounts are mentions by source, and the names of those that have any, the
// largest first.
type sourceCounts struct {
	total    int
	bySource map[string]int
	names    []string
}

// bySource counts the mentions of each source that a query finds; an empty one
// finds all.
func (s *Server) bySource(ctx context.Context, q string) (*sourceCounts, error) {
	n, err := s.parse(q)
	if err != nil {
		return nil, err
	}
	agg, err := s.cfg.Index.Aggregate(ctx, index.AggregateRequest{Query: n, Facets: []index.Facet{{Field: "source", Size: sourcesCounted}}})
	if err != nil {
		return nil, err
	}
	c := &sourceCounts{total: agg.Total, bySource: map[string]int{}}
	for _, b := range agg.Facets["source"] {
		c.bySource[b.Value] = b.Count
		c.names = append(c.names, b.Value)
	}
	return c, nil
}

// countedAtOnce is how many mentions are counted while somebody waits; of more
// the last count is shown while they are counted anew.
const countedAtOnce = 50_000

// counts are the mentions of each source.
func (s *Server) counts(ctx context.Context) (*sourceCounts, error) {
	have, err := s.answers.get(ctx, "sources", requestTimeout, func(ctx context.Context) (any, int64, error) {
		c, err := s.bySource(ctx, "")
		if err != nil {
			return nil, 0, err
		}
		return c, int64(len(c.names)) * countSize, nil
	})
	if err != nil {
		return nil, err
	}
	if c := have.Value.(*sourceCounts); !have.Old || c.total > countedAtOnce {
		return c, nil
	}
	return s.bySource(ctx, "")
}

// countSize is about what the count of one source takes in memory.
const countSize = 128

// published counts the mentions of each source by when they were published: in
// the last silentAfter, and in the six times as long before.
type published struct{ fresh, before map[string]int }

// lately counts what was published of late, which changes slowly: it is kept
// while it is made anew. Until it was made once nothing is known to be silent.
func (s *Server) lately(ctx context.Context) (*published, error) {
	have, err := s.answers.get(ctx, "sources published", s.patience, func(ctx context.Context) (any, int64, error) {
		from := s.now().Add(-silentAfter)
		fresh, err := s.bySource(ctx, "published:>="+from.Format(time.DateOnly))
		if err != nil {
			return nil, 0, err
		}
		earlier := from.Add(-6 * silentAfter)
		before, err := s.bySource(ctx, "published:"+earlier.Format(time.DateOnly)+".."+from.Format(time.DateOnly))
		if err != nil {
			return nil, 0, err
		}
		return &published{fresh.bySource, before.bySource}, int64(len(fresh.names)+len(before.names)) * countSize, nil
	})
	if errors.Is(err, errComputing) {
		return &published{}, nil
	}
	if err != nil {
		return nil, err
	}
	return have.Value.(*published), nil
}

// fillSources makes the rows of the sources: those that the collecting side
// knows, and those that only the index does. Sources that are in want of
// somebody come first.
func (s *Server) fillSources(ctx context.Context, p *statusPage, st *Status) error {
	all, err := s.counts(ctx)
	if err != nil {
		return err
	}
	p.Total = all.total
	pub, err := s.lately(ctx)
	if err != nil {
		return err
	}
	whole, items := map[string]*coverageRow{}, map[string]int{}
	for _, c := range st.Coverage {
		if c.Item != "" {
			items[c.Source]++
		}
	}
	for _, row := range wholeRows(st.Coverage) {
		whole[row.Source] = &row
	}
	add := func(src SourceStatus) {
		row := sourceRow{SourceStatus: src, Mentions: all.bySource[src.Name], Query: term("source", src.Name), URL: sourceURL(src.Name),
			Cover: whole[src.Name], Before: pub.before[src.Name], GivenUp: src.Dead - src.KeptOut, ItemCount: items[src.Name]}
		if p.Frontier && (src.Configured || src.Run.ID != "") {
			row.Health, row.Stale = src.health(s.now(), pub.fresh[src.Name], pub.before[src.Name]), src.stale(s.now())
		}
		p.Live = p.Live || src.Working
		p.Sources = append(p.Sources, row)
	}
	seen := map[string]bool{}
	for _, src := range st.Sources {
		seen[src.Name] = true
		add(src)
	}
	for _, name := range all.names {
		if !seen[name] {
			add(SourceStatus{Name: name})
		}
	}
	slices.SortStableFunc(p.Sources, func(a, b sourceRow) int { return cmp.Compare(urgency(a.Health), urgency(b.Health)) })
	for _, h := range attention {
		n := 0
		for _, row := range p.Sources {
			if row.Health == h[0] {
				n++
			}
		}
		if n > 0 {
			p.Attention = append(p.Attention, healthCount{h[1], n})
		}
	}
	return nil
}

// urgency orders sources: those that want attention, the others, and at last
// those whose health nobody knows.
func urgency(health string) int {
	if i := slices.Index(healths, health); i >= 0 {
		return min(i, len(attention))
	}
	return len(healths)
}

// wholeRows are the rows of coverage that speak of a whole source.
func wholeRows(cov []mention.Coverage) []coverageRow {
	var whole []mention.Coverage
	for _, c := range cov {
		if c.Item == "" {
			whole = append(whole, c)
		}
	}
	return coverageRows(whole)
}
