package frontiertest

import (
	"strings"
	"time"

	"klank/crawler/frontier"
)

func origin(f *fixture) {
	run := f.begin("shop", host+"/")
	l := f.lease("shop")
	r := done(f.claim(l, host+"/")[0],
		frontier.Link{URL: host + "/more", Origin: `{"page":"Ketel é"}`}, frontier.Link{URL: host + "/plain"},
		frontier.Link{URL: host + "/long", Origin: strings.Repeat("x", 4001)}, frontier.Link{URL: host + "/bytes", Origin: "\xff"})
	f.settle(l, r)
	want := map[string]string{host + "/more": `{"page":"Ketel é"}`}
	check := func() {
		f.Helper()
		urls := must(f.Claim(f.Context(), l, 100))(f)
		if len(urls) != 4 {
			f.Fatalf("%d claimed", len(urls))
		}
		for _, u := range urls {
			if u.Origin != want[u.URL] {
				f.Errorf("%s comes from %q, want %q", u.URL, u.Origin, want[u.URL])
			}
		}
		f.release(l, time.Time{})
	}
	check()

	// What is known learns it too, and does not forget it.
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/plain", Origin: "new"}, {URL: host + "/more"}}))(f)
	want[host+"/plain"] = "new"
	l = f.lease("shop")
	check()
}
