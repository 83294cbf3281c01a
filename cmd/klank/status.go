package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/index"
	"klank/index/desk"
	"klank/index/research/layout"
	"klank/mention"
	"klank/web"
)

// statusReport is what status --json prints.
type statusReport struct {
	Sources  []frontier.SourceStats `json:"sources"`
	Runs     []mention.Run          `json:"runs"`
	Coverage []mention.Coverage     `json:"coverage"`
	Dead     []frontier.DeadLetter  `json:"dead"`
	// Hosts are left alone or slowed, or have a daily quota.
	Hosts []frontier.HostState `json:"hosts,omitempty"`
	// Good is when the latest run of each source ended that went well.
	Good map[string]time.Time `json:"good,omitempty"`
	// Due says when each configured source is due.
	Due map[string]time.Time `json:"due,omitempty"`
	// Holders are the folders of saved pages, and how many orders to forget each
	// has not carried out.
	Holders []desk.Holder `json:"holders,omitempty"`
}

// runsShown bounds the runs that status lists.
const runsShown = 30

// deadShown bounds the dead letters of a class that status lists; requeue takes
// them all.
const deadShown = 100

func newStatus(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show sources, runs, coverage and dead letters with their reasons",
		Example: `  klank status
  klank status --json | jq '.dead[].url'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runStatus(cmd.Context(), e, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}

func runStatus(ctx context.Context, e *env, asJSON bool) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	ix, err := e.openIndex(ctx, cfg)
	if err != nil {
		return err
	}
	defer ix.Close()
	fr, err := e.openFrontier(ctx, cfg)
	if err != nil {
		return err
	}
	defer fr.Close()
	r, err := readStatus(ctx, fr, ix)
	if err != nil {
		return err
	}
	if r.Holders, err = e.holders(ctx, cfg); err != nil {
		return err
	}
	r.addConfigured(cfg)
	now := time.Now()
	if r.Due, err = dueTimes(cfg, runsOf(r.Sources), now); err != nil {
		return err
	}
	if asJSON {
		return jsonLines(e.out).Encode(r)
	}
	p := &printer{w: e.out}
	p.linef("%-24s %8s %8s %8s %8s  %-23s  %s", "source", "waiting", "done", "dead", "kept out", "next due", "last run")
	for _, s := range r.Sources {
		due := dueWords(r.Due[s.Source], now)
		if s.Paused != nil {
			due = "paused"
		}
		p.linef("%-24s %8d %8d %8d %8d  %-23s  %s", layout.Shorten(clean(s.Source), 24), s.Left(), s.Done, s.Dead-s.DeadBy[string(fetch.Robots)]-s.DeadBy[string(fetch.Reserved)],
			s.DeadBy[string(fetch.Robots)]+s.DeadBy[string(fetch.Reserved)], due, runWords(s.Run))
	}
	printPaused(p, r.Sources)
	printHosts(p, r.Hosts)
	printCoverage(p, r.Coverage)
	printDead(p, r.Dead, deadIn(r.Sources, ""))
	printHolders(p, r.Holders)
	return p.err
}

// printHolders lists who has still to forget something.
func printHolders(p *printer, holders []desk.Holder) {
	first := true
	for _, h := range holders {
		if h.Owes == 0 {
			continue
		}
		if first {
			p.linef("\nstill to be forgotten on saved pages (klank run and klank crawl there do so; klank forget --release ID, where they are no more):")
			first = false
		}
		p.linef("  %s %s: %s since %s, seen last %s", h.ID[:min(len(h.ID), 12)], clean(h.Name), counted(h.Owes, "order"), h.Since.Format(time.DateOnly), h.Seen.Format(time.DateOnly))
	}
}

// printPaused lists what is left alone until somebody resumes it.
func printPaused(p *printer, sources []frontier.SourceStats) {
	first := true
	for _, s := range sources {
		if s.Paused == nil {
			continue
		}
		if first {
			p.linef("\npaused (klank resume goes on):")
			first = false
		}
		p.linef("  %s %s", clean(s.Source), pauseWords(*s.Paused))
	}
}

// addConfigured adds the sources that have not had a run yet.
func (r *statusReport) addConfigured(cfg *configs.Config) {
	runs := runsOf(r.Sources)
	for i := range cfg.Sources {
		if _, known := runs[cfg.Sources[i].Name]; !known {
			r.Sources = append(r.Sources, frontier.SourceStats{Source: cfg.Sources[i].Name})
		}
	}
}

// keptOutShown bounds what is listed of what sites keep out.
const keptOutShown = 10

// printDead lists what was given up, and apart from it what robots.txt or a
// reservation keeps out: that is no failure, and nothing to put back.
func printDead(p *printer, dead []frontier.DeadLetter, total map[string]int) {
	for _, part := range []struct {
		title string
		most  int
		of    func(class string) bool
	}{
		{"given up (klank requeue puts them back):", deadShown, func(class string) bool { return !keptOut(class) }},
		{"kept out by robots.txt:", keptOutShown, func(class string) bool { return class == string(fetch.Robots) }},
		{"kept out, as the site reserves text and data mining:", keptOutShown, func(class string) bool { return class == string(fetch.Reserved) }},
	} {
		left := 0
		for class, n := range total {
			if part.of(class) {
				left += n
			}
		}
		if left == 0 {
			continue
		}
		p.linef("\n%s", part.title)
		for _, d := range dead {
			if part.of(d.Class) && part.most > 0 {
				p.linef("  %s  %s", clean(d.URL), clean(deadWords(d)))
				part.most--
				left--
			}
		}
		if left > 0 {
			p.linef("  and %d more", left)
		}
	}
}

// deadWords say why a URL was given up, beside the URL.
func deadWords(d frontier.DeadLetter) string {
	why := strings.TrimPrefix(d.Message, "fetch "+d.URL+": ")
	if keptOut(d.Class) {
		why = strings.TrimPrefix(why, d.Class+": ")
	}
	return why
}

// readDead lists the latest dead letters of each class, so that what a site
// keeps out does not hide what failed.
func readDead(ctx context.Context, fr frontier.Inspector) ([]frontier.DeadLetter, error) {
	total, err := deadClasses(ctx, fr, "")
	if err != nil {
		return nil, err
	}
	var dead []frontier.DeadLetter
	for class := range total {
		letters, err := fr.Dead(ctx, frontier.Filter{Class: class}, deadShown)
		if err != nil {
			return nil, err
		}
		dead = append(dead, letters...)
	}
	slices.SortFunc(dead, func(a, b frontier.DeadLetter) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.URL, b.URL))
	})
	return dead, nil
}

func runWords(r mention.Run) string {
	if r.ID == "" {
		return "never"
	}
	words := fmt.Sprintf("%s, %s, %d pages, %d errors", r.Started.UTC().Format("2006-01-02 15:04"), r.Status, r.Pages, r.Errors)
	if r.NotDue > 0 {
		words += fmt.Sprintf(", %d pages not due yet", r.NotDue)
	}
	if r.Removed > 0 {
		words += fmt.Sprintf(", %d mentions gone from the site", r.Removed)
	}
	if r.Access != "" {
		words += fmt.Sprintf(", access: %s (%s)", r.Access, clean(r.AccessReason))
	}
	return words
}

// printHosts lists the hosts that are held up, with the reason, and what was
// spent of daily quotas.
func printHosts(p *printer, hosts []frontier.HostState) {
	if len(hosts) > 0 {
		p.linef("\nhosts:")
	}
	for _, h := range hosts {
		if !h.PausedUntil.IsZero() {
			p.linef("  %s  left alone until %s: %s", clean(h.Key), h.PausedUntil.Format("2006-01-02 15:04:05 MST"), clean(h.Reason))
		}
		if h.Slowed > 0 {
			p.linef("  %s  slowed to one request in %s: %s", clean(h.Key), h.Slowed.Round(time.Millisecond), clean(h.Reason))
		}
		if h.Units > 0 {
			p.linef("  %s  %d units of the daily quota spent on %s", clean(h.Key), h.Units, h.Day)
		}
	}
}

// coverageShown bounds the items that are listed as they fall short.
const coverageShown = 20

// printCoverage prints declared against collected: a line for each source and
// for each item that falls short. Items of which all was collected, most of
// many hundreds, are only counted.
func printCoverage(p *printer, cov []mention.Coverage) {
	if len(cov) == 0 {
		return
	}
	p.linef("\n%-24s %-32s %9s %9s %9s %8s", "coverage of", "item", "declared", "collected", "coverage", "blocked")
	complete, short := 0, 0
	for _, c := range cov {
		if c.Item != "" && isComplete(c) {
			complete++
			continue
		}
		if c.Item != "" {
			if short++; short > coverageShown {
				continue
			}
		}
		p.linef("%s", coverageLine(c))
	}
	if short > coverageShown {
		p.linef("and %d more items that fall short (klank report coverage lists the greatest gaps)", short-coverageShown)
	}
	if complete > 0 {
		p.linef("%d items complete: all that their pages declare is collected", complete)
	}
}

func isComplete(c mention.Coverage) bool {
	return c.Declared != nil && c.Collected >= *c.Declared && c.Blocked == 0 && !c.Capped && c.Reason == ""
}

func coverageLine(c mention.Coverage) string {
	declared, share := "unknown", "unknown"
	if c.Declared != nil {
		declared = fmt.Sprint(*c.Declared)
		if *c.Declared > 0 {
			share = fmt.Sprintf("%.0f%%", 100*float64(c.Collected)/float64(*c.Declared))
		}
	}
	line := fmt.Sprintf("%-24s %-32s %9s %9d %9s %8d", layout.Shorten(clean(c.Source), 24), layout.Shorten(clean(cmp.Or(c.Item, "(all)")), 32),
		declared, c.Collected, share, c.Blocked)
	if c.Reason != "" {
		line += "  " + clean(c.Reason)
	}
	return line
}

func readStatus(ctx context.Context, fr frontier.Inspector, ix index.Recorder) (*statusReport, error) {
	r := &statusReport{}
	var errs [5]error
	r.Sources, errs[0] = fr.Stats(ctx)
	r.Dead, errs[1] = readDead(ctx, fr)
	r.Runs, errs[2] = ix.Runs(ctx, runsSearched)
	r.Coverage, errs[3] = ix.Coverage(ctx)
	r.Hosts, errs[4] = fr.Hosts(ctx)
	judged := map[string]mention.Run{}
	for _, run := range r.Runs {
		judged[run.ID] = run
	}
	for i := range r.Sources { // the frontier knows how a run ended, the index also whether it is to be trusted
		if run, ok := judged[r.Sources[i].Run.ID]; ok {
			r.Sources[i].Run = run
		}
	}
	r.Good = map[string]time.Time{}
	for _, run := range r.Runs {
		if run.Status == crawler.StatusDone && run.Ended.After(r.Good[run.Source]) {
			r.Good[run.Source] = run.Ended
		}
	}
	r.Runs = r.Runs[:min(len(r.Runs), runsShown)]
	return r, errors.Join(errs[:]...)
}

// status is the same for the UI.
func (d *crawlDesk) status(ctx context.Context) (*web.Status, error) {
	r, err := readStatus(ctx, d.w.frontier, d.w.index)
	if err != nil {
		return nil, err
	}
	r.addConfigured(d.cfg)
	due, err := dueTimes(d.cfg, runsOf(r.Sources), time.Time{})
	if err != nil {
		return nil, err
	}
	st := &web.Status{Runs: r.Runs, Coverage: r.Coverage, DeadLetters: webLetters(r.Dead), KeptClasses: keptOutClasses, Hosts: d.webHosts(r)}
	for _, s := range r.Sources {
		row := web.SourceStatus{Name: s.Source, Pending: s.Pending + s.Leased + s.Failed, Fetched: s.Fetched, Done: s.Done, Dead: s.Dead, DeadBy: s.DeadBy,
			Run: s.Run, LastGood: r.Good[s.Source], Working: s.Working, NextDue: due[s.Source], Keys: sourceKeys(d.cfg, s.Source)}
		for _, class := range keptOutClasses {
			row.KeptOut += s.DeadBy[class]
		}
		if s.Run.Status != crawler.StatusDone {
			row.Problem = s.Run.Reason
		}
		if p := s.Paused; p != nil {
			row.Paused = &web.Paused{Since: p.Since, Reason: p.Reason}
		}
		if c := sourceNamed(d.cfg, s.Source); c != nil {
			row.Configured, row.Type, row.Schedule = true, c.Type, cmp.Or(c.Schedule, d.cfg.Schedule)
		}
		st.Sources = append(st.Sources, row)
		st.DeadTotal += s.Dead
	}
	return st, nil
}

// webHosts are the budgets of the configured sources, and what else is known of
// hosts: by all processes what holds them up, by this one how it asks them.
func (d *crawlDesk) webHosts(r *statusReport) []web.HostStatus {
	all := map[string]*web.HostStatus{}
	at := func(key string) *web.HostStatus {
		if all[key] == nil {
			all[key] = &web.HostStatus{Host: key}
		}
		return all[key]
	}
	for i := range d.cfg.Sources {
		s := &d.cfg.Sources[i]
		for _, key := range sourceKeys(d.cfg, s.Name) {
			rate := time.Duration(float64(time.Second) / cmp.Or(s.Rate, s.API().Rate, d.cfg.Crawl.Rate))
			at(key).Interval = max(at(key).Interval, rate, d.cfg.BudgetInterval(key))
		}
	}
	for _, s := range r.Sources {
		if keys := sourceKeys(d.cfg, s.Source); len(keys) == 1 && all[keys[0]] != nil {
			for _, class := range keptOutClasses {
				all[keys[0]].KeptOut += s.DeadBy[class]
			}
		}
	}
	for _, h := range r.Hosts {
		to := at(h.Key)
		to.PausedUntil, to.Reason, to.Units, to.Day = h.PausedUntil, h.Reason, h.Units, h.Day
		to.Backoff = max(0, h.Slowed-to.Interval)
		to.Interval = max(to.Interval, h.Slowed)
	}
	for _, h := range d.hosts() {
		to := at(h.Host)
		to.Interval, to.CrawlDelay, to.Backoff, to.Requests = max(h.Interval, to.Interval), h.CrawlDelay, h.Backoff, int(h.Requests)
		if h.Reason != "" {
			to.PausedUntil, to.Reason = h.PausedUntil, h.Reason
		}
	}
	var out []web.HostStatus
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[key])
	}
	return out
}
