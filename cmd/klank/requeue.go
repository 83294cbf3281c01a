package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
)

func newRequeue(e *env) *cobra.Command {
	var f frontier.Filter
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "requeue [URL]",
		Short: "Put dead letters back, to be fetched at the next crawl",
		Long: `requeue puts back what was given up, so that the next crawl asks for it again.
klank status lists it with the reasons. What robots.txt or a reservation keeps out
is no failure and stays where it is, unless --class or the URL names it.`,
		Example: `  klank requeue --source shop --class server
  klank requeue https://shop.example/p/12`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.URL = args[0]
			}
			return runRequeue(cmd.Context(), e, f, asJSON)
		},
	}
	cmd.Flags().StringVar(&f.Source, "source", "", "only those of this source")
	cmd.Flags().StringVar(&f.Class, "class", "", "only those that failed this way: server, timeout, connection, …, as klank status shows it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	_ = cmd.RegisterFlagCompletionFunc("source", e.completeSources)
	return cmd
}

func runRequeue(ctx context.Context, e *env, f frontier.Filter, asJSON bool) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	fr, err := e.openFrontier(ctx, cfg)
	if err != nil {
		return err
	}
	defer fr.Close()
	if f.Source != "" {
		if err := checkSources(ctx, cfg, fr, f.Source); err != nil {
			return err
		}
	}
	n, dead, err := putBack(ctx, fr, f)
	if err != nil {
		return err
	}
	if err := e.audit(ctx, cfg, "requeue", f.Source, count(n, "page")); err != nil {
		return err
	}
	if asJSON {
		return jsonLines(e.out).Encode(map[string]int{"put_back": n})
	}
	p := &printer{w: e.out}
	p.linef("%d put back", n)
	if n == 0 && len(dead) > 0 {
		var there []string
		for _, class := range slices.Sorted(maps.Keys(dead)) {
			there = append(there, fmt.Sprintf("%s (%d)", class, dead[class]))
		}
		p.linef("there are, by --class: %s", strings.Join(there, ", "))
	}
	return p.err
}

// putBack puts dead letters back, but for what a site keeps out, unless the
// filter names it. It returns how many those were, and how many dead letters of
// each class there were before.
func putBack(ctx context.Context, fr frontier.Inspector, f frontier.Filter) (n int, dead map[string]int, err error) {
	if dead, err = deadClasses(ctx, fr, f.Source); err != nil {
		return 0, nil, err
	}
	classes := []string{f.Class}
	if f.Class == "" && f.URL == "" {
		classes = slices.DeleteFunc(slices.Sorted(maps.Keys(dead)), keptOut)
	}
	for _, f.Class = range classes {
		put, err := fr.Requeue(ctx, f)
		if err != nil {
			return n, dead, err
		}
		n += put
	}
	return n, dead, nil
}

// keptOutClasses are those of dead URLs that the site does not want read: no
// failure, and nothing to put back.
var keptOutClasses = []string{string(fetch.Robots), string(fetch.Reserved)}

func keptOut(class string) bool { return slices.Contains(keptOutClasses, class) }

// deadClasses counts the dead URLs of a source, or of all, by class.
func deadClasses(ctx context.Context, fr frontier.Inspector, source string) (map[string]int, error) {
	stats, err := fr.Stats(ctx)
	return deadIn(stats, source), err
}

func deadIn(stats []frontier.SourceStats, source string) map[string]int {
	dead := map[string]int{}
	for _, s := range stats {
		if source == "" || s.Source == source {
			for class, n := range s.DeadBy {
				dead[class] += n
			}
		}
	}
	return dead
}

// checkSources refuses names of sources that are neither configured nor were
// crawled.
func checkSources(ctx context.Context, cfg *configs.Config, fr frontier.Inspector, names ...string) error {
	known, err := latestRuns(ctx, fr)
	if err != nil {
		return err
	}
	all := slices.Collect(maps.Keys(known))
	for i := range cfg.Sources {
		all = append(all, cfg.Sources[i].Name)
	}
	slices.Sort(all)
	for _, name := range names {
		if !slices.Contains(all, name) {
			return usagef("there is no source %q; known are %s", name, strings.Join(slices.Compact(all), ", "))
		}
	}
	return nil
}
