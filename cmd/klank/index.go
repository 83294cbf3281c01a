package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/index"
	"klank/index/elastic"
	"klank/index/research/layout"
)

func newIndexCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index",
		Short: "Set up, rebuild or verify where mentions are kept",
		Long: `index looks after the store of mentions: index.db in the data folder, or the
Elasticsearch that index.elasticsearch names.`,
		Example: `  klank index setup
  klank index reindex     after a change of synonyms, or where a newer klank asks for it
  klank index verify`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usagef("klank index needs one of setup, reindex, verify") },
	}
	for _, c := range []struct {
		use, short, long string
		run              func(ctx context.Context, e *env, cfg *configs.Config) error
	}{
		{"setup", "Make the store where there is none", `setup makes templates, the first index and its aliases in Elasticsearch, or index.db.
Where they are, nothing changes.`, runIndexSetup},
		{"reindex", "Make the index anew, while others read and write", `reindex makes a new index from the templates of this klank and the configuration
(synonyms, replicas), copies all mentions, and changes the aliases over. Readers see
the old index until the new one is whole; writers wait for a moment at the end. In
index.db it writes the file anew, without the space and the words of what was deleted.`, runIndexReindex},
		{"verify", "Count that what went in is there, or among the dead letters", `verify takes every mention that the latest reading of a page gave and looks whether the
index has it. What Elasticsearch refused is a dead letter, with the reason. It exits 1 when
something is missing. index.db is checked for damage instead.`, runIndexVerify},
	} {
		cmd.AddCommand(usageArgs(&cobra.Command{Use: c.use, Short: c.short, Long: c.long, Example: "  klank index " + c.use, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, err := e.loadConfig()
				if err != nil {
					return err
				}
				return c.run(cmd.Context(), e, cfg)
			}}))
	}
	return cmd
}

func runIndexSetup(ctx context.Context, e *env, cfg *configs.Config) error {
	if err := os.MkdirAll(e.data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	p := &printer{w: e.out}
	if !cfg.Index.Elasticsearch.Used() {
		known := e.hasIndex(cfg)
		st, err := e.newStore(ctx, cfg)
		if err != nil {
			return err
		}
		if known {
			p.linef("index.db is there; nothing to do")
		} else {
			p.linef("made index.db")
		}
		return errors.Join(p.err, st.Close())
	}
	ix, err := newElastic(cfg)
	if err != nil {
		return err
	}
	defer ix.Close()
	made, err := ix.Setup(ctx)
	if err != nil {
		return err
	}
	for _, what := range made {
		p.linef("made %s", clean(what))
	}
	if len(made) == 0 {
		p.linef("the index is there; nothing to do")
	}
	return p.err
}

func runIndexReindex(ctx context.Context, e *env, cfg *configs.Config) error {
	p := &printer{w: e.out}
	if !cfg.Index.Elasticsearch.Used() {
		st, err := e.openIndex(ctx, cfg)
		if err != nil {
			return err
		}
		defer st.Close()
		if err := st.Compact(ctx); err != nil {
			return err
		}
		p.linef("index.db is written anew")
		return p.err
	}
	ix, err := newElastic(cfg)
	if err != nil {
		return err
	}
	defer ix.Close()
	name, n, err := ix.Reindex(ctx)
	if err != nil {
		return err
	}
	p.linef("%s has %d mention%s and is in use", clean(name), n, plural(n))
	return p.err
}

func runIndexVerify(ctx context.Context, e *env, cfg *configs.Config) error {
	st, err := e.openIndex(ctx, cfg)
	if err != nil {
		return err
	}
	defer st.Close()
	p := &printer{w: e.out}
	if c, ok := st.(index.Checker); ok {
		if err := c.Check(ctx); err != nil {
			return err
		}
		p.linef("index.db is sound")
		return p.err
	}
	a, err := st.(index.Accountant).Account(ctx, "", "")
	if err != nil {
		return err
	}
	p.linef("in %d, indexed %d, dead letters %d", a.In, a.Indexed, a.Dead)
	if ix, ok := st.(*elastic.Index); ok && a.Dead > 0 {
		letters, err := ix.DeadLetters(ctx, lettersShown)
		if err != nil {
			return err
		}
		for _, l := range letters {
			p.linef("dead: %s: %s", layout.Shorten(clean(l.ID), 32), clean(l.Reason))
		}
	}
	if !a.Balances() {
		return missing(a)
	}
	return p.err
}

// lettersShown is how many dead letters verify prints.
const lettersShown = 20

// missing is the error of an account that does not balance.
func missing(a *index.Account) error {
	return fmt.Errorf("of %d mentions that went in %d are neither indexed nor dead letters, among them %s; klank replay stores what saved pages hold",
		a.In, a.In-a.Indexed-a.Dead, clean(a.Missing[0]))
}

// newElastic is the cluster's index, without setting it up.
func newElastic(cfg *configs.Config) (*elastic.Index, error) {
	c, err := elasticConfig(cfg)
	if err != nil {
		return nil, err
	}
	return elastic.New(c)
}
