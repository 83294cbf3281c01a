package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/index/sqlite"
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
	// Due says when each configured source is due.
	Due map[string]time.Time `json:"due,omitempty"`
}

// runsShown bounds the runs that status lists.
const runsShown = 30

// deadShown bounds the dead letters that status lists; requeue takes them all.
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
	ix, err := e.openIndex()
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
		p.linef("%-24s %8d %8d %8d %8d  %-23s  %s", shorten(clean(s.Source), 24), s.Left(), s.Done, s.Dead,
			s.DeadBy[string(fetch.Robots)]+s.DeadBy[string(fetch.Reserved)], due, runWords(s.Run))
	}
	printPaused(p, r.Sources)
	printHosts(p, r.Hosts)
	printCoverage(p, r.Coverage)
	printDead(p, r.Dead)
	return p.err
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

// printDead lists what was given up, and apart from it what robots.txt or a
// reservation keeps out: that is no failure, and nothing to put back.
func printDead(p *printer, dead []frontier.DeadLetter) {
	for _, part := range []struct{ title, class string }{
		{"given up (klank requeue puts them back):", ""},
		{"kept out by robots.txt:", string(fetch.Robots)},
		{"kept out, as the site reserves text and data mining:", string(fetch.Reserved)},
	} {
		first := true
		for _, d := range dead {
			class := d.Class
			if class != string(fetch.Robots) && class != string(fetch.Reserved) {
				class = ""
			}
			if class != part.class {
				continue
			}
			if first {
				p.linef("\n%s", part.title)
				first = false
			}
			p.linef("  %s  %s", clean(d.URL), clean(strings.TrimPrefix(d.Message, "fetch "+d.URL+": ")))
		}
	}
}

func runWords(r mention.Run) string {
	if r.ID == "" {
		return "never"
	}
	words := fmt.Sprintf("%s, %s, %d pages, %d errors", r.Started.UTC().Format("2006-01-02 15:04"), r.Status, r.Pages, r.Errors)
	if r.NotDue > 0 {
		words += fmt.Sprintf(", %d pages not due yet", r.NotDue)
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

// printCoverage prints one line per source and item: declared against
// collected.
func printCoverage(p *printer, cov []mention.Coverage) {
	if len(cov) == 0 {
		return
	}
	p.linef("\n%-24s %-32s %9s %9s %9s %8s", "coverage of", "item", "declared", "collected", "coverage", "blocked")
	for _, c := range cov {
		declared, share := "unknown", "unknown"
		if c.Declared != nil {
			declared = fmt.Sprint(*c.Declared)
			if *c.Declared > 0 {
				share = fmt.Sprintf("%.0f%%", 100*float64(c.Collected)/float64(*c.Declared))
			}
		}
		item := c.Item
		if item == "" {
			item = "(all)"
		}
		line := fmt.Sprintf("%-24s %-32s %9s %9d %9s %8d", shorten(clean(c.Source), 24), shorten(clean(item), 32), declared, c.Collected, share, c.Blocked)
		if c.Reason != "" {
			line += "  " + clean(c.Reason)
		}
		p.linef("%s", line)
	}
}

func readStatus(ctx context.Context, fr frontier.Inspector, ix *sqlite.Index) (*statusReport, error) {
	r := &statusReport{}
	var errs [5]error
	r.Sources, errs[0] = fr.Stats(ctx)
	r.Dead, errs[1] = fr.Dead(ctx, frontier.Filter{}, deadShown)
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
	r.Runs = r.Runs[:min(len(r.Runs), runsShown)]
	return r, errors.Join(errs[:]...)
}

// webStatus is the same for the UI.
func webStatus(ctx context.Context, cfg *configs.Config, w *workspace) (*web.Status, error) {
	r, err := readStatus(ctx, w.frontier, w.index)
	if err != nil {
		return nil, err
	}
	due, err := dueTimes(cfg, runsOf(r.Sources), time.Time{})
	if err != nil {
		return nil, err
	}
	st := &web.Status{Runs: r.Runs, Coverage: r.Coverage}
	for _, s := range r.Sources {
		st.Sources = append(st.Sources, web.SourceStatus{Name: s.Source, Pending: s.Pending + s.Leased + s.Failed, Fetched: s.Fetched, Done: s.Done, Dead: s.Dead, NextDue: due[s.Source]})
		st.DeadTotal += s.Dead
	}
	for _, d := range r.Dead {
		st.DeadLetters = append(st.DeadLetters, web.DeadLetter{URL: d.URL, Source: d.Source, Reason: d.Message, Attempts: d.Attempts, Since: d.At})
	}
	return st, nil
}

func newRequeue(e *env) *cobra.Command {
	var f frontier.Filter
	cmd := &cobra.Command{
		Use:   "requeue [URL]",
		Short: "Put dead letters back, to be fetched at the next crawl",
		Example: `  klank requeue --source shop --class server
  klank requeue https://shop.example/p/12`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.URL = args[0]
			}
			cfg, err := e.loadConfig()
			if err != nil {
				return err
			}
			fr, err := e.openFrontier(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			defer fr.Close()
			n, err := fr.Requeue(cmd.Context(), f)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.out, "%d put back\n", n)
			return err
		},
	}
	cmd.Flags().StringVar(&f.Source, "source", "", "only those of this source")
	cmd.Flags().StringVar(&f.Class, "class", "", "only those that failed this way: robots, server, timeout, …")
	return cmd
}
