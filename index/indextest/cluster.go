package indextest

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// Cluster returns the URL of the Elasticsearch to test with, and a prefix of
// names that nobody else uses; what is named by it goes with the test. Without
// KLANK_TEST_ELASTICSEARCH the test is skipped.
func Cluster(t testing.TB) (url, prefix string) {
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
		ask := func(method, path string) string {
			req, err := http.NewRequestWithContext(ctx, method, url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return ""
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode >= 300 && res.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: status %d, %v: %s", method, path, res.StatusCode, err, b)
			}
			return string(b)
		}
		// Elasticsearch deletes indices by their full names only.
		for name := range strings.FieldsSeq(ask(http.MethodGet, "/_cat/indices/"+prefix+"-*?h=index&expand_wildcards=all")) {
			ask(http.MethodDelete, "/"+name)
		}
		ask(http.MethodDelete, "/_index_template/"+prefix+"-*")
		ask(http.MethodDelete, "/_component_template/"+prefix+"-*")
	})
	return url, prefix
}
