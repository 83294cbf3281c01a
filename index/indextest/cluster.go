package indextest

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// Cluster returns the URL of the Elasticsearch to test with, and a prefix of
// names that nobody else uses; what is named by it goes with the test. Without
// KLANK_TEST_ELASTICSEARCH the test is skipped.
func Cluster(t *testing.T) (url, prefix string) {
	t.Helper()
	url = os.Getenv("KLANK_TEST_ELASTICSEARCH")
	switch {
	case url == "" && strings.Contains(os.Getenv("KLANK_TEST_REQUIRE"), "elasticsearch"):
		t.Fatal("KLANK_TEST_ELASTICSEARCH is not set, and KLANK_TEST_REQUIRE asks for it")
	case url == "":
		t.Skip("skipped: KLANK_TEST_ELASTICSEARCH names no cluster (http://127.0.0.1:9200)")
	}
	prefix = "klank-test-" + strings.ToLower(rand.Text()[:12])
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		for _, kind := range []string{"/", "/_index_template/", "/_component_template/"} {
			req, err := http.NewRequestWithContext(ctx, http.MethodDelete, url+kind+prefix+"-*", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				continue
			}
			res.Body.Close()
		}
	})
	return url, prefix
}
