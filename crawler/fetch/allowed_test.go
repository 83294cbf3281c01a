package fetch

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
)

func TestWhatMayBeAskedForIsToldWithoutAsking(t *testing.T) {
	var pages atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", write("text/plain", "User-agent: *\nDisallow: /account/\n"))
	mux.HandleFunc(tdmPath, write("application/json", `[{"location": "/reserved", "tdm-reservation": 1}]`))
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { pages.Add(1) })
	url := serveAll(t, mux)
	c := client(t, nil)
	for path, want := range map[string]Class{"/": "", "/reviews": "", "/account/x": Robots, "/reserved/x": Reserved} {
		err := c.Allowed(t.Context(), url+path)
		failed, _ := errors.AsType[*Error](err)
		if (want == "") != (err == nil) || failed != nil && (failed.Class != want || failed.Temporary || failed.URL != url+path) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if n, s := pages.Load(), state(t, c); n != 0 || s.Requests != 2 {
		t.Errorf("%d pages in %d requests", n, s.Requests)
	}
	if err := c.Allowed(t.Context(), "ftp://shop.example/"); err == nil {
		t.Error("a scheme that cannot be asked is allowed")
	}
	if err := c.Allowed(t.Context(), "http://no-such-host.invalid/"); err == nil {
		t.Error("a host that is not there is allowed")
	}
}
