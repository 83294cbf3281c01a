package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/mention"
)

// Crawl is what a person can have the collecting side do. What is nil is not
// offered.
type Crawl struct {
	// Pause leaves a source alone, in all processes, or has it go on.
	Pause func(ctx context.Context, source string, paused bool, reason string) error
	// Dead lists dead letters, the latest first, at most limit.
	Dead func(ctx context.Context, f DeadFilter, limit int) ([]DeadLetter, error)
	// Requeue puts dead letters back and returns how many. What a site keeps
	// out stays, unless the filter names it by class or address.
	Requeue func(ctx context.Context, f DeadFilter) (int, error)
	// Start begins a run of a source at once. Nil in a process that does not
	// collect.
	Start func(ctx context.Context, source string) error
	// Try reads one page and stores nothing.
	Try func(ctx context.Context, r TryRequest) (*Tried, error)
	// Parsers are the names of the parsers that Try can be told to use.
	Parsers []string
}

// ErrUnknownSource is what Crawl's functions return for a source that is
// neither configured nor was collected.
var ErrUnknownSource = errors.New("web: there is no such source")

// DeadFilter chooses dead letters; an empty field chooses all.
type DeadFilter struct{ Source, Class, URL string }

// crawlRoutes are the pages about the collecting, and what they can change.
func (s *Server) crawlRoutes() []route {
	return []route{
		{pattern: "GET /status", handler: s.status},
		{pattern: "GET /progress", handler: s.progress},
		{pattern: "GET /sources/{name}", handler: s.source},
		{pattern: "POST /sources/{name}", handler: s.changeSource, audit: "source"},
		{pattern: "GET /dead", handler: s.dead},
		{pattern: "POST /dead", handler: s.requeue, audit: "requeue"},
		{pattern: "GET /try", handler: s.tryForm, role: desk.Operator},
		{pattern: "POST /try", handler: s.try, audit: "try"},
	}
}

// runsSearched bounds the runs among which those of a source are looked for,
// runsShown those that its page shows.
const (
	runsSearched = 1000
	runsShown    = 50
)

type sourcePage struct {
	sourceRow
	Runs     []mention.Run
	Items    []coverageRow
	Letters  []DeadLetter
	Hosts    []HostStatus
	Can      *Crawl
	Said     string // what a form did
	Live     bool
	Self     string
	Wordless bool // the collecting side does not report
}

// source shows one source: its health, its runs, its coverage by item and what
// was given up.
func (s *Server) source(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	all, err := s.fillStatus(r.Context())
	if err != nil {
		s.failWith(w, r, "the source could not be read", err)
		return
	}
	i := slices.IndexFunc(all.Sources, func(row sourceRow) bool { return row.Name == name })
	if i < 0 {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	p := &sourcePage{sourceRow: all.Sources[i], Can: s.cfg.Crawl, Said: doneOf(r), Self: sourceURL(name), Wordless: !all.Frontier}
	p.Live = p.Working && r.URL.Query().Get("live") != "0"
	for _, h := range all.Hosts {
		if slices.Contains(p.Keys, h.Host) {
			p.Hosts = append(p.Hosts, h)
		}
	}
	if err := s.fillSource(r.Context(), p); err != nil {
		s.failWith(w, r, "the source could not be read", err)
		return
	}
	s.render(w, r, http.StatusOK, "crawlsource", "", p, clean(name))
}

// fillSource adds what only the page of one source shows.
func (s *Server) fillSource(ctx context.Context, p *sourcePage) error {
	if rec, ok := s.cfg.Index.(index.Recorder); ok {
		runs, err := rec.Runs(ctx, runsSearched)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.Source == p.Name && len(p.Runs) < runsShown {
				p.Runs = append(p.Runs, run)
			}
		}
		cov, err := rec.Coverage(ctx, p.Name)
		if err != nil {
			return err
		}
		p.Items = coverageRows(cov)
	}
	// The frontier knows of a run that is under way, the index of those that ended.
	if p.Run.ID != "" && p.Run.Ended.IsZero() && !slices.ContainsFunc(p.Runs, func(r mention.Run) bool { return r.ID == p.Run.ID }) {
		p.Runs = slices.Insert(p.Runs, 0, p.Run)
	}
	if p.Can == nil || p.Can.Dead == nil {
		return nil
	}
	var err error
	p.Letters, err = p.Can.Dead(ctx, DeadFilter{Source: p.Name}, statusLetters)
	return err
}

// sourceURL is the page of a source.
func sourceURL(name string) string { return "/sources/" + url.PathEscape(name) }

// done are the things that a form can have done: the words for each are
// crawl.done.WORD.
var done = []string{"paused", "resumed", "started", "requeued", "requeued0"}

// doneOf is what the form did that led to this page.
func doneOf(r *http.Request) string {
	if d := r.URL.Query().Get("done"); slices.Contains(done, d) {
		return d
	}
	return ""
}

// changeSource pauses, resumes or starts a source.
func (s *Server) changeSource(w http.ResponseWriter, r *http.Request) {
	name, c := r.PathValue("name"), s.cfg.Crawl
	if !s.parseForm(w, r) {
		return
	}
	var err error
	var said string
	switch do := r.PostForm.Get("do"); {
	case do == "pause" && c != nil && c.Pause != nil:
		said, err = "paused", c.Pause(r.Context(), name, true, shorten(clean(r.PostForm.Get("reason")), maxReason))
	case do == "resume" && c != nil && c.Pause != nil:
		said, err = "resumed", c.Pause(r.Context(), name, false, "")
	case do == "start" && c != nil && c.Start != nil:
		said, err = "started", c.Start(r.Context(), name)
	default:
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	switch {
	case errors.Is(err, ErrUnknownSource):
		s.fail(w, r, http.StatusNotFound, "")
	case err != nil:
		s.failWith(w, r, "the source could not be changed", err)
	default:
		http.Redirect(w, r, sourceURL(name)+"?done="+said, http.StatusSeeOther)
	}
}

// maxReason bounds the reason for a pause, in bytes.
const maxReason = 200

// parseForm reads a small form, and answers the request where that fails.
func (s *Server) parseForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, http.StatusBadRequest, "")
		return false
	}
	return true
}

type deadPage struct {
	Letters []DeadLetter
	// Total are all that the filter chooses, of which some are put back only
	// when they are named.
	Total    int
	Filter   DeadFilter
	Sources  []string
	Classes  []classCount
	Can      *Crawl
	Said     string
	KeptOnly bool // all that is shown was kept out by its site
}

// classCount is a kind of failure and how often it is there.
type classCount struct {
	Class string
	Count int
	// Kept says that the site keeps it out: no failure, nothing to put back.
	Kept bool
}

// deadShown bounds the dead letters on their page.
const deadShown = 200

// dead lists what was given up, by source and kind of failure.
func (s *Server) dead(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := &deadPage{Filter: DeadFilter{Source: q.Get("source"), Class: q.Get("class")}, Can: s.cfg.Crawl, Said: doneOf(r)}
	if s.cfg.Status == nil || p.Can == nil || p.Can.Dead == nil {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	st, err := s.cfg.Status(r.Context())
	if err == nil {
		p.Letters, err = p.Can.Dead(r.Context(), p.Filter, deadShown)
	}
	if err != nil {
		s.failWith(w, r, "the dead letters could not be read", err)
		return
	}
	counts := map[string]int{}
	for _, src := range st.Sources {
		if src.Dead > 0 {
			p.Sources = append(p.Sources, src.Name)
		}
		for class, n := range src.DeadBy {
			if p.Filter.Source == "" || p.Filter.Source == src.Name {
				counts[class] += n
			}
		}
	}
	for class, n := range counts {
		kept := slices.Contains(st.KeptClasses, class)
		p.Classes = append(p.Classes, classCount{class, n, kept})
		if p.Filter.Class == "" || p.Filter.Class == class {
			p.Total += n
		}
	}
	slices.SortFunc(p.Classes, func(a, b classCount) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Class, b.Class)) })
	p.KeptOnly = !slices.ContainsFunc(p.Classes, func(c classCount) bool {
		return !c.Kept && (p.Filter.Class == "" || p.Filter.Class == c.Class)
	})
	s.render(w, r, http.StatusOK, "crawldead", "status.letters", p)
}

// requeue puts one dead letter back, or all that the filter chooses.
func (s *Server) requeue(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	if s.cfg.Crawl == nil || s.cfg.Crawl.Requeue == nil {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	f := DeadFilter{Source: r.PostForm.Get("source"), Class: r.PostForm.Get("class"), URL: r.PostForm.Get("url")}
	n, err := s.cfg.Crawl.Requeue(r.Context(), f)
	switch {
	case errors.Is(err, ErrUnknownSource):
		s.fail(w, r, http.StatusNotFound, "")
		return
	case err != nil:
		s.failWith(w, r, "the dead letters could not be put back", err)
		return
	}
	back := url.Values{"done": {"requeued"}}
	if n == 0 {
		back.Set("done", "requeued0")
	}
	for key, value := range map[string]string{"source": f.Source, "class": r.PostForm.Get("shown")} {
		if value != "" {
			back.Set(key, value)
		}
	}
	http.Redirect(w, r, "/dead?"+back.Encode(), http.StatusSeeOther)
}

type progressPage struct {
	Sources []sourceRow
	// Mentions are in the index, Waiting pages are known and not read yet.
	Mentions, Done, Waiting int
	Running                 int
	Ended                   bool // nothing is under way, or about to be
	Live                    bool
	Width                   string // of what is done
}

// progress shows the runs that are under way, until there are none.
func (s *Server) progress(w http.ResponseWriter, r *http.Request) {
	all, err := s.fillStatus(r.Context())
	if err != nil {
		s.failWith(w, r, "the progress could not be read", err)
		return
	}
	p := &progressPage{Mentions: all.Total}
	waiting := 0 // sources that are due and have not had their turn
	for _, row := range all.Sources {
		if !row.Configured && !row.Working {
			continue
		}
		p.Sources = append(p.Sources, row)
		p.Done, p.Waiting = p.Done+row.Done, p.Waiting+row.Pending+row.Fetched
		switch row.Health {
		case healthRunning:
			p.Running++
		case healthNew, healthInterrupted:
			if row.Schedule != "" && s.cfg.Crawl != nil && s.cfg.Crawl.Start != nil {
				waiting++
			}
		}
	}
	p.Ended = p.Running+waiting == 0
	p.Width = pct(100 * float64(p.Done) / float64(max(1, p.Done+p.Waiting)))
	p.Live = !p.Ended && r.URL.Query().Get("live") != "0"
	if p.Ended { // nobody asks again: the last word is the right one
		all, err := s.bySource(r.Context(), "")
		if err != nil {
			s.failWith(w, r, "the mentions could not be counted", err)
			return
		}
		p.Mentions = all.total
		for i := range p.Sources {
			p.Sources[i].Mentions = all.bySource[p.Sources[i].Name]
		}
	}
	s.render(w, r, http.StatusOK, "crawlprogress", "progress.title", p)
}

// The health of a source, in words of crawl.health.NAME.
const (
	healthGood        = "good"
	healthRunning     = "running"
	healthPaused      = "paused"
	healthBlocked     = "blocked"
	healthFailed      = "failed"
	healthSuspect     = "suspect"
	healthInterrupted = "interrupted"
	healthSilent      = "silent"
	healthNew         = "new"
)

// healths are all of them, those that want somebody's attention first.
var healths = []string{healthFailed, healthBlocked, healthSuspect, healthSilent, healthInterrupted, healthPaused, healthNew, healthRunning, healthGood}

// health says how a source does. fresh are its mentions that were published in
// the last silentAfter, before those of the half year ahead of that.
func (src *SourceStatus) health(now time.Time, fresh, before int) string {
	switch {
	case src.Paused != nil:
		return healthPaused
	case src.Working:
		return healthRunning
	case src.Run.ID == "":
		return healthNew
	case src.KeptOut > 0 && src.Done == 0:
		return healthBlocked
	case src.Run.Ended.IsZero():
		return healthInterrupted
	case src.Run.Status == healthFailed, src.Run.Status == healthSuspect, src.Run.Status == healthInterrupted:
		return src.Run.Status
	case src.stale(now), fresh == 0 && before >= silentLeast:
		return healthSilent
	}
	return healthGood
}

// stale tells whether nobody has read the source well for long.
func (src *SourceStatus) stale(now time.Time) bool {
	return !src.LastGood.IsZero() && now.Sub(src.LastGood) > silentAfter
}

// A source is silent when it had no good run in silentAfter, or when nothing was
// published there in that time, and at least silentLeast mentions were in the six
// times as long before: with five a month by chance, a month without one comes
// once in 150.
const (
	silentAfter = 30 * 24 * time.Hour
	silentLeast = 30
)

// span writes a duration as a person would: to two digits, in one unit.
func (l *locale) span(d time.Duration) string {
	for _, u := range []struct {
		one  time.Duration
		text string
	}{{24 * time.Hour, "span.days"}, {time.Hour, "span.hours"}, {time.Minute, "span.minutes"}, {time.Second, "span.seconds"}} {
		if n := float64(d) / float64(u.one); n >= 1 {
			digits := 0
			if n < 10 {
				digits = 1
			}
			return l.t(u.text, "n", l.decimal(n, digits, false))
		}
	}
	return l.t("span.millis", "n", int(d.Milliseconds()))
}
