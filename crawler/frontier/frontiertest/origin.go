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

	// What is known learns it too, and does not forget it; the first page
	// stays, with what it says now.
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/plain", Origin: "é\nold"}, {URL: host + "/more"}}))(f)
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/plain", Origin: "other\nx"}, {URL: host + "/plain", Origin: "éé\nx"}}))(f)
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/plain", Origin: "é\nnew"}}))(f)
	want[host+"/plain"] = "é\nnew"
	l = f.lease("shop")
	check()

	// When it says something new, the mentions are to be read again.
	l = f.lease("shop")
	for _, u := range must(f.Claim(f.Context(), l, 100))(f) {
		r := done(u)
		r.Generation = "index"
		f.settle(l, r)
	}
	f.release(l, time.Time{})
	must(f.EndRun(f.Context(), run, "done"))(f)
	run = f.begin("shop")
	must(f.Add(f.Context(), run, []frontier.Link{{URL: host + "/plain", Origin: "é\nnewer"}, {URL: host + "/more", Origin: want[host+"/more"]}}))(f)
	l = f.lease("shop")
	for _, u := range must(f.Claim(f.Context(), l, 100))(f) {
		want, ok := map[string]string{host + "/more": "index", host + "/plain": ""}[u.URL]
		if ok && u.Generation != want {
			f.Errorf("%s: the mentions are in %q, want %q", u.URL, u.Generation, want)
		}
	}
}
