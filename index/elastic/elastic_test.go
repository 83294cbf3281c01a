package elastic_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/index/elastic"
	"klank/index/indextest"
)

// cluster returns the URL of the Elasticsearch to test with, or skips the test.
func cluster(t *testing.T) string {
	t.Helper()
	url := os.Getenv("KLANK_TEST_ELASTICSEARCH")
	if url == "" && strings.Contains(os.Getenv("KLANK_TEST_REQUIRE"), "elasticsearch") {
		t.Fatal("KLANK_TEST_ELASTICSEARCH is not set, and may not be skipped here")
	}
	if url == "" {
		t.Skip("skipped: needs an Elasticsearch 8; set KLANK_TEST_ELASTICSEARCH=http://127.0.0.1:9200")
	}
	return url
}

// config is that of an index of its own, which goes with the test.
func config(t *testing.T) elastic.Config {
	t.Helper()
	cfg := elastic.Config{URLs: []string{cluster(t)}, Prefix: fmt.Sprintf("test-%d-%d", os.Getpid(), rand.Uint32())}
	t.Cleanup(func() { drop(t, cfg) })
	return cfg
}

// drop deletes all that is named by a prefix.
func drop(t *testing.T, cfg elastic.Config) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, path := range []string{"/" + cfg.Prefix + "-*", "/_index_template/" + cfg.Prefix + "-*", "/_component_template/" + cfg.Prefix + "-*"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodDelete, cfg.URLs[0]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
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
	cluster(t)
	indextest.Run(t, func(t *testing.T) index.Index { return open(t, config(t)) }, indextest.SeesHalfBatches)
}
