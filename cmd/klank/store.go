package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"klank/configs"
	"klank/index"
	"klank/index/elastic"
	"klank/index/sqlite"
)

// store is what mentions are kept in: index.db in the data folder, or an
// Elasticsearch.
type store interface {
	index.Index
	index.Getter
	index.Deleter
	index.Scanner
	index.JSONScanner
	index.Rereader
	index.Absences
	index.Aliases
	index.Expirer
	index.Compactor
	index.Recorder
	index.Generation
}

// newStore opens the store that the configuration names, and makes it where
// there is none.
func (e *env) newStore(ctx context.Context, cfg *configs.Config) (store, error) {
	if cfg.Index.Elasticsearch.Used() {
		c, err := elasticConfig(cfg)
		if err != nil {
			return nil, err
		}
		return elastic.Open(ctx, c)
	}
	return sqlite.Open(filepath.Join(e.data, indexFile))
}

// openIndex opens the store that a crawl has filled.
func (e *env) openIndex(ctx context.Context, cfg *configs.Config) (store, error) {
	if !e.hasIndex(cfg) {
		return nil, fmt.Errorf("nothing has been collected in %s yet; run klank crawl first, or name the folder with --data", e.data)
	}
	return e.newStore(ctx, cfg)
}

// hasIndex tells whether there is a store. A cluster is not asked.
func (e *env) hasIndex(cfg *configs.Config) bool {
	_, err := os.Stat(filepath.Join(e.data, indexFile))
	return cfg.Index.Elasticsearch.Used() || !errors.Is(err, fs.ErrNotExist)
}

// elasticConfig is what the configuration says of the cluster.
func elasticConfig(cfg *configs.Config) (elastic.Config, error) {
	c := &cfg.Index.Elasticsearch
	apiKey, password, err := c.Secrets()
	if err != nil {
		return elastic.Config{}, usageError{err}
	}
	return elastic.Config{URLs: c.URLs, CloudID: c.CloudID, APIKey: apiKey, Username: c.Username, Password: password,
		CAFile: c.CAFile, Prefix: c.Prefix, Replicas: c.Replicas, Synonyms: cfg.Synonyms}, nil
}
