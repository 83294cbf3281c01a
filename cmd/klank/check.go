package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/parsers"
)

func newCheck(e *env) *cobra.Command {
	var online, allowPrivate bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the configuration; with --online try one page of each source",
		Example: `  klank check
  klank check --online --config brand.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.loadConfig()
			if err != nil {
				return err
			}
			p := &printer{w: e.out}
			describe(p, e.config, cfg)
			if err := describeWeb(cmd.Context(), e, p, cfg, time.Now()); err != nil {
				return err
			}
			err = describeSources(cmd.Context(), e, p, cfg)
			if _, partial := errors.AsType[partialError](err); err != nil && !partial {
				return err
			}
			err = errors.Join(err, describeAlerts(p, cfg))
			if online {
				return errors.Join(err, checkOnline(cmd.Context(), e, p, cfg, allowPrivate))
			}
			return errors.Join(err, p.err)
		},
	}
	cmd.Flags().BoolVar(&online, "online", false, "ask robots.txt and try the first page of each source")
	cmd.Flags().BoolVar(&allowPrivate, "allow-private", false, "permit loopback and private addresses")
	return cmd
}

func describe(p *printer, file string, cfg *configs.Config) {
	if _, err := os.Stat(file); err != nil {
		p.linef("no %s: the defaults hold", clean(file))
	} else {
		p.linef("%s: valid; %d brands, %d source%s", clean(file), len(cfg.Brands), len(cfg.Sources), plural(len(cfg.Sources)))
	}
	if cfg.Contact == "" {
		p.linef("no contact: set one, so that a site's operator can reach you")
	}
	if cfg.Frontier.PostgresEnv != "" {
		describeMachines(p, cfg)
	}
	if es := &cfg.Index.Elasticsearch; es.Used() {
		p.linef("Elasticsearch keeps the mentions, under names that begin with %s; %s", clean(es.Prefix), "klank index setup tries it")
	}
}

// describeMachines says whether machines may share the work, and what they lack.
func describeMachines(p *printer, cfg *configs.Config) {
	var lack []string
	if !cfg.Index.Elasticsearch.Used() {
		lack = append(lack, "one Elasticsearch (index.elasticsearch)")
	}
	if cfg.Snapshots.Dir == "" {
		lack = append(lack, "one folder of saved pages that all of them reach (snapshots.dir)")
	}
	if len(lack) > 0 {
		p.linef("PostgreSQL keeps the state of crawls: several processes on this machine may share it with this data folder,")
		p.linef("but not several machines: these need %s", strings.Join(lack, " and "))
		return
	}
	p.linef("PostgreSQL, Elasticsearch and %s: several machines may share the work, if all of them reach that folder", clean(cfg.Snapshots.Dir))
	p.linef("and have the same file %s in their data folders", secretFile)
}

// describeAPI says how a published API is asked, and what may be kept of it. It
// returns false where the key is missing.
func describeAPI(p *printer, cfg *configs.Config, s *configs.Source) (ok bool) {
	api := s.API()
	say := func(format string, args ...any) { p.linef("%-24s %s", "", clean(fmt.Sprintf(format, args...))) }
	ok = true
	switch key, err := s.Key(); {
	case err != nil:
		ok = false
		say("key missing: %s", strings.TrimPrefix(err.Error(), "configuration: source "+s.Name+": "))
	case key != "":
		say("access: api, with a key; robots.txt is not asked")
	case api.NeedsKey:
		ok = false
		say("key missing: %s", needsKey(s))
	default:
		say("access: robots.txt, as there is no key")
	}
	kept, pages := "without end", "kept"
	if d := cfg.RetentionOf(s); d > 0 {
		kept = "for " + keptWords(d)
	}
	if !cfg.KeepsPages(s) {
		pages = "not kept"
	}
	say("kept %s, raw pages %s", kept, pages)
	if terms := (&configs.Source{Type: s.Type}); api.Terms != "" && (looser(cfg.RetentionOf(s), cfg.RetentionOf(terms)) || cfg.KeepsPages(s) && !cfg.KeepsPages(terms)) {
		say("that is more than the published terms allow: %s", api.Terms)
	}
	if units, zone := s.Units(); units > 0 {
		say("%d units a day, which turns at midnight in %s", units, zone)
	}
	return ok
}

// keptWords is a time to keep things, in days where it is some.
func keptWords(d time.Duration) string {
	if days := int(d / (24 * time.Hour)); d%(24*time.Hour) == 0 {
		return count(days, "day")
	}
	return seconds(d.Seconds())
}

// looser tells whether one retention is longer than another; 0 is without end.
func looser(one, other time.Duration) bool { return other > 0 && (one == 0 || one > other) }

// describeSources says of each source when it is due and what its terms note
// says.
func describeSources(ctx context.Context, e *env, p *printer, cfg *configs.Config) error {
	runs, err := e.knownRuns(ctx, cfg)
	if err != nil {
		return err
	}
	now := time.Now()
	due, err := dueTimes(cfg, runs, now)
	if err != nil {
		return err
	}
	missing := 0
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		p.linef("%-24s due %s (%s)", clean(s.Name), dueWords(due[s.Name], now), cmp.Or(s.Schedule, cfg.Schedule, "no schedule"))
		if s.Terms != "" {
			p.linef("%-24s terms: %s", "", clean(s.Terms))
		}
		if s.IsAPI() && !describeAPI(p, cfg, s) {
			missing++
		}
	}
	if missing > 0 {
		return partialError{fmt.Sprintf("the key of %d source%s is missing", missing, plural(missing))}
	}
	return nil
}

// checkOnline tries the first page of each source. A source that cannot be
// read makes the check finish with status 3; the others are still tried.
func checkOnline(ctx context.Context, e *env, p *printer, cfg *configs.Config, allowPrivate bool) error {
	reader := &pageReader{cfg: cfg, allowPrivate: allowPrivate}
	// Daily quotas are counted where crawls count theirs, if there was one.
	if fr, err := e.openFrontier(ctx, cfg); err == nil {
		defer fr.Close()
		reader.quotas = fr
	}
	defer reader.close()
	reg := parsers.New()
	failed := 0
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		start := time.Now()
		if len(s.URLs) == 0 || s.Type == "sitemap" {
			p.linef("%-24s has only sitemaps, which are read by a crawl", clean(s.Name))
			continue
		}
		in := parseInput{URL: s.URLs[0], source: s.Name}
		o, err := s.Options()
		if err != nil {
			return err
		}
		_, res, err := parseOne(ctx, reader, reg, in, o, false)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed++
			p.linef("%-24s failed: %s", clean(s.Name), clean(err.Error()))
		case res.Blocked != "":
			failed++
			p.linef("%-24s blocked: %s", clean(s.Name), clean(res.Blocked))
		default:
			p.linef("%-24s %d mentions, %d items, %d links, %d problems in %s", clean(s.Name), len(res.Mentions), len(res.Items),
				len(res.Links), len(res.Problems), time.Since(start).Round(time.Millisecond))
		}
	}
	if failed > 0 {
		return errors.Join(p.err, partialError{fmt.Sprintf("%d of %d sources could not be read", failed, len(cfg.Sources))})
	}
	return p.err
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
