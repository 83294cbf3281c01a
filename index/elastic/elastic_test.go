package elastic_test

import (
	"testing"

	"klank/index"
	"klank/index/elastic"
	"klank/index/indextest"
)

// config is that of an index of its own, which goes with the test.
func config(t *testing.T) elastic.Config {
	t.Helper()
	url, prefix := indextest.Cluster(t)
	return elastic.Config{URLs: []string{url}, Prefix: prefix}
}

func open(t *testing.T, cfg elastic.Config) *elastic.Index {
	t.Helper()
	ix, err := elastic.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}

func TestIndex(t *testing.T) {
	t.Parallel()
	indextest.Cluster(t)
	indextest.Run(t, func(t *testing.T) index.Index { return open(t, config(t)) },
		indextest.Remote, indextest.SeesHalfBatches)
}
