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

// touched are the stored mentions that people have added something to.
func (w *workspace) touched(ctx context.Context) ([]string, error) {
	ids, err := w.desk.Touched(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, id := range ids {
		if _, err := w.index.Get(ctx, id, 0); err == nil {
			out = append(out, id)
		} else if !errors.Is(err, index.ErrNotFound) {
			return nil, err
		}
	}
	return out, nil
}

// forgetGone takes away what people added to those of ids that are stored no
// more. What was never stored here is left alone: it may come.
func (w *workspace) forgetGone(ctx context.Context, ids []string) error {
	var gone []string
	for _, id := range ids {
		if _, err := w.index.Get(ctx, id, 0); errors.Is(err, index.ErrNotFound) {
			gone = append(gone, id)
		} else if err != nil {
			return err
		}
	}
	return w.desk.ForgetMentions(ctx, gone)
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
