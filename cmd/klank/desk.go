package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"klank/configs"
	"klank/index"
	"klank/index/desk"
	"klank/index/query"
)

// withDesk calls fn with the desk of the data folder, unless nobody has added
// anything there yet.
func (e *env) withDesk(ctx context.Context, cfg *configs.Config, fn func(*desk.Store) error) error {
	if _, err := os.Stat(filepath.Join(e.data, deskFile)); errors.Is(err, fs.ErrNotExist) && cfg.Frontier.PostgresEnv == "" {
		return nil
	}
	d, err := e.newDesk(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(fn(d), d.Close())
}

// settled asks the desk which mentions need no answer (research.Config).
func (e *env) settled(cfg *configs.Config, ix index.Index) func(context.Context) (map[string]int, error) {
	return func(ctx context.Context) (settled map[string]int, err error) {
		err = e.withDesk(ctx, cfg, func(d *desk.Store) error {
			cases, err := d.CasesOf(ctx, ix)
			settled = desk.SettledOf(cases)
			return err
		})
		return settled, err
	}
}

// language is the question language with the saved queries of the
// configuration, and those that people have saved in the web UI. One that can no
// longer be read is told of where it is used.
func (e *env) language(ctx context.Context, cfg *configs.Config) (*query.Language, error) {
	language, err := cfg.Language()
	if err != nil {
		return nil, usageError{err}
	}
	err = e.withDesk(ctx, cfg, func(d *desk.Store) error {
		queries, err := d.Queries(ctx)
		saved := map[string]string{}
		for _, q := range queries {
			saved[q.Name] = q.Query
		}
		language, _ = language.With(saved)
		return err
	})
	return language, err
}
