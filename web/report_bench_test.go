package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"klank/index/indextest"
	"klank/index/research"
	"klank/mention"
)

// benchMentions is how many mentions the pages are measured on.
const benchMentions = 500_000

// BenchmarkPages asks for the overview and every report of an index of
// benchMentions, when they have been worked out: what a visitor waits for. How
// long the first computation took is first-ms. It takes minutes to fill the
// index: go test -run xxx -bench Pages -benchtime 50x ./web
func BenchmarkPages(b *testing.B) {
	ix := newTestIndex(b)
	g := indextest.NewGenerator(1)
	batch := make([]mention.Mention, 0, 500)
	for i := range benchMentions {
		if batch = append(batch, g.Mention(i)); len(batch) == cap(batch) {
			if _, err := ix.Put(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	s, _ := newTestServer(b, Config{Index: ix, Reports: research.Config{Brands: []research.Brand{{Name: "Brand 1"}, {Name: "Brand 2", Rival: true}},
		Questions: []string{"Is het goed?"}}})
	s.patience = 10 * time.Minute
	paths := []string{"/", "/?brand=Brand+1&period=12m", "/search?q=brand%3A%22Brand+1%22", "/status"}
	for _, name := range research.Names() {
		paths = append(paths, "/report/"+name, "/report/"+name+"?brand=Brand+1")
	}
	for _, path := range paths {
		b.Run(path, func(b *testing.B) {
			ask := func() (took time.Duration, status int) {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Host, r.Header = "127.0.0.1", http.Header{"Accept-Encoding": {"gzip"}}
				w, begin := httptest.NewRecorder(), time.Now()
				s.Handler().ServeHTTP(w, r)
				return time.Since(begin), w.Code
			}
			begin := time.Now()
			for _, status := ask(); status != http.StatusOK; _, status = ask() {
				if status != http.StatusServiceUnavailable { // it is still being worked out
					b.Fatal(status)
				}
			}
			first := time.Since(begin)
			var took []time.Duration
			for b.Loop() {
				one, status := ask()
				if status != http.StatusOK {
					b.Fatal(status)
				}
				took = append(took, one)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[(len(took)*95+99)/100-1].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
		})
	}
}
