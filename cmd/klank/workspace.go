package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/crawler/snapshot"
	"klank/index/desk"
	"klank/mention"
)

// The files of a data folder.
const (
	indexFile    = "index.db"
	frontierFile = "frontier.db"
	deskFile     = "desk.db"
	snapshotDir  = "snapshots"
	secretFile   = "secret"
)

// workspace is an open data folder: what is known, what is to be fetched, the
// saved pages, and what people added.
type workspace struct {
	index     store
	frontier  frontier.Frontier
	snapshots *snapshot.Store
	desk      *desk.Store
	secret    []byte
	// holder is the id of the folder of saved pages.
	holder string
}

// loadConfig reads the configuration file. A missing klank.yaml is no error
// unless it was asked for.
func (e *env) loadConfig() (*configs.Config, error) {
	cfg, err := configs.Load(e.config)
	if errors.Is(err, fs.ErrNotExist) && !e.configSet {
		return configs.Default(), nil
	}
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, nil
}

// openWorkspace opens the data folder and creates what is missing.
func (e *env) openWorkspace(ctx context.Context, cfg *configs.Config) (*workspace, error) {
	if err := os.MkdirAll(e.data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	w := &workspace{}
	var err error
	if w.secret, err = readSecret(filepath.Join(e.data, secretFile)); err != nil {
		return nil, err
	}
	if w.index, err = e.newStore(ctx, cfg); err != nil {
		return nil, err
	}
	if w.frontier, err = e.newFrontier(ctx, cfg); err != nil {
		return nil, errors.Join(err, w.index.Close())
	}
	if w.snapshots, err = snapshot.Open(e.snapshotsIn(cfg)); err != nil {
		return nil, errors.Join(err, w.frontier.Close(), w.index.Close())
	}
	if w.desk, err = e.newDesk(ctx, cfg); err != nil {
		return nil, errors.Join(err, w.snapshots.Close(), w.frontier.Close(), w.index.Close())
	}
	if err := w.join(ctx, cfg, e); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// snapshotsIn is the folder of saved pages.
func (e *env) snapshotsIn(cfg *configs.Config) string {
	return cmp.Or(cfg.Snapshots.Dir, filepath.Join(e.data, snapshotDir))
}

// newDesk opens the desk beside the frontier that the configuration names, and
// makes it where there is none.
func (e *env) newDesk(ctx context.Context, cfg *configs.Config) (*desk.Store, error) {
	url, err := cfg.Frontier.PostgresURL()
	if err != nil {
		return nil, usageError{err}
	}
	if url != "" {
		return desk.OpenPostgres(ctx, url)
	}
	return desk.Open(ctx, filepath.Join(e.data, deskFile))
}

// newFrontier opens the frontier that the configuration names, and makes it
// where there is none.
func (e *env) newFrontier(ctx context.Context, cfg *configs.Config) (frontier.Frontier, error) {
	url, err := cfg.Frontier.PostgresURL()
	if err != nil {
		return nil, usageError{err}
	}
	var fr frontier.Frontier
	if url == "" {
		fr, err = frontier.OpenSQLite(filepath.Join(e.data, frontierFile))
	} else {
		fr, err = frontier.OpenPostgres(ctx, url)
	}
	if err != nil {
		return nil, err
	}
	fr.ShareKeys(budgetKeys(cfg))
	return fr, nil
}

// budgetKeys are the keys of leases: those that the fetch stack spaces requests
// by.
func budgetKeys(cfg *configs.Config) frontier.Keys {
	return frontier.Keys{Of: cfg.BudgetKey, Version: cfg.BudgetVersion()}
}

// openFrontier opens the frontier of a data folder that a crawl has made.
func (e *env) openFrontier(ctx context.Context, cfg *configs.Config) (frontier.Frontier, error) {
	file := filepath.Join(e.data, frontierFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && cfg.Frontier.PostgresEnv == "" {
		return nil, fmt.Errorf("nothing has been crawled into %s yet; run klank crawl first, or name the folder with --data", e.data)
	}
	return e.newFrontier(ctx, cfg)
}

// suppression is what was erased from the workspace for good.
func (w *workspace) suppression() *suppression {
	return &suppression{frontier: w.frontier, snapshots: w.snapshots, secret: w.secret}
}

func (w *workspace) Close() error {
	return errors.Join(w.desk.Close(), w.snapshots.Close(), w.frontier.Close(), w.index.Close())
}

// readSecret reads the installation's secret, with which authors are
// pseudonymised, and makes one on first use.
func readSecret(file string) ([]byte, error) {
	for range 2 {
		b, err := os.ReadFile(file)
		if err == nil {
			secret, err := hex.DecodeString(strings.TrimSpace(string(b)))
			if err != nil || len(secret) < 16 {
				return nil, fmt.Errorf("%s is damaged: restore it from a backup; with another secret the same author gets another key", file)
			}
			return secret, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("secret: %w", err)
		}
		if err := writeSecret(file); err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
	}
	return nil, fmt.Errorf("secret: %s cannot be written", file)
}

// writeSecret makes a new secret whole or not at all; another process may be
// doing the same, and the first one wins.
func writeSecret(file string) error {
	b := make([]byte, 32)
	rand.Read(b)
	tmp, err := os.CreateTemp(filepath.Dir(file), secretFile+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(hex.EncodeToString(b) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// newFetcher opens the polite fetch stack; rate 0 means the configured one,
// negative none.
func newFetcher(cfg *configs.Config, rate float64, allowPrivate bool) (*fetch.Client, error) {
	if rate == 0 {
		rate = cfg.Crawl.Rate
	}
	v, _ := version()
	return fetch.New(fetch.Config{Contact: cfg.Contact, Version: v, Rate: rate, AllowPrivate: allowPrivate,
		MaxBody: cfg.Crawl.MaxBody, Timeout: cfg.Crawl.Timeout, MaxCrawlDelay: cfg.Crawl.MaxCrawlDelay,
		OverDelay: fetch.OverDelay(cfg.Crawl.OverMaxDelay), BudgetKey: cfg.BudgetKey, BudgetInterval: cfg.BudgetInterval})
}

// startURL checks a URL that a person typed.
func startURL(raw string) (string, error) {
	u, err := mention.CanonicalURL("", raw)
	if err != nil {
		if !strings.Contains(raw, "://") {
			return "", usagef("%q has no scheme; write it in full, e.g. https://%s", raw, raw)
		}
		return "", usagef("%q: %w", raw, err)
	}
	return u, nil
}

// sourceOfSite finds the configured source, the last if there are several,
// that a page of the same site is read like; nil where there is none.
func sourceOfSite(cfg *configs.Config, url string) *configs.Source {
	for i := len(cfg.Sources) - 1; i >= 0; i-- {
		if c := &cfg.Sources[i]; len(c.URLs) > 0 && mention.SameSite(c.URLs[0], url) {
			return c
		}
	}
	return nil
}

// configuredSource finds a source by name.
func configuredSource(cfg *configs.Config, name string) (*configs.Source, error) {
	var names []string
	for i := range cfg.Sources {
		if cfg.Sources[i].Name == name {
			return &cfg.Sources[i], nil
		}
		names = append(names, cfg.Sources[i].Name)
	}
	if len(names) == 0 {
		return nil, usagef("--source %q: no sources are configured", name)
	}
	return nil, usagef("--source %q is not configured; configured are %s", name, strings.Join(names, ", "))
}
