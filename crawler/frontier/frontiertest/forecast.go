package frontiertest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/crawler/frontier"
)

// forecast holds that the forecast of a run is what the run then asks for.
func forecast(f *fixture) {
	plan := frontier.Plan{Generation: "g1", LeastRest: time.Millisecond}
	foretold := func(want frontier.Forecast) {
		f.Helper()
		got := must(f.Forecast(f.Context(), "shop", plan, "robots"))(f)
		if d := cmp.Diff(want, got); d != "" {
			f.Errorf("foretold: %s", d)
		}
	}
	on := func(urls ...frontier.HostForecast) []frontier.HostForecast { return urls }
	foretold(frontier.Forecast{Deep: true}) // nothing is known of the source

	run := f.beginAs("shop", plan)
	links := []frontier.Link{{URL: host + "/a", Priority: frontier.PriorityPage}, {URL: host + "/b", Priority: frontier.PriorityPage},
		{URL: host + "/no", Priority: frontier.PriorityPage}, {URL: host + "/broken", Priority: frontier.PriorityPage},
		{URL: "https://other.example/list", Priority: frontier.PriorityNext}}
	must(f.Add(f.Context(), run, links))(f)
	foretold(frontier.Forecast{Resumes: true, Deep: true, Known: 5, Hosts: on(frontier.HostForecast{Key: "other.example", URLs: 1}, frontier.HostForecast{Key: "shop.example", URLs: 4})})
	l := f.lease("shop")
	for l != nil {
		for _, u := range must(f.Claim(f.Context(), l, 100))(f) {
			r := done(u)
			r.SHA256 = "body"
			switch u.URL {
			case host + "/no":
				r = frontier.Result{URL: u, State: frontier.Dead, Class: "robots"}
			case host + "/broken":
				r = frontier.Result{URL: u, State: frontier.Dead, Class: "server"}
			}
			f.settle(l, r)
		}
		f.release(l, time.Time{})
		l = must(f.Lease(f.Context(), []string{"shop"}, ttl))(f)
	}
	foretold(frontier.Forecast{Resumes: true, Deep: true, Known: 5})
	must(f.EndRun(f.Context(), run, "done"))(f)

	// A page was just seen to be new, so none rests; what broke is tried again.
	all := on(frontier.HostForecast{Key: "other.example", URLs: 1}, frontier.HostForecast{Key: "shop.example", URLs: 3})
	foretold(frontier.Forecast{Known: 5, Hosts: all})

	// A page rests for a quarter of the time in which it stayed the same.
	for same := 200 * time.Millisecond; ; same *= 2 {
		time.Sleep(same)
		began := time.Now()
		f.due("shop", plan, "body")
		rests := must(f.Forecast(f.Context(), "shop", plan, "robots"))(f)
		if time.Since(began) > same/5 {
			if same > 5*time.Second {
				f.Skip("the machine is too busy to see a page rest")
			}
			continue
		}
		rests.RestingUntil = time.Time{}
		list := on(frontier.HostForecast{Key: "other.example", URLs: 1})
		if len(rests.Hosts) > 1 { // what was dead is known for no longer than one run
			list = append(list, frontier.HostForecast{Key: "shop.example", URLs: 4 - rests.Resting})
		}
		if d := cmp.Diff(frontier.Forecast{Known: 5, Resting: rests.Resting, Hosts: list}, rests); d != "" || rests.Resting < 2 {
			f.Errorf("%d rest: %s", rests.Resting, d)
		}
		break
	}
	plan.Deep = true
	if got := must(f.Forecast(f.Context(), "shop", plan, "robots"))(f); !got.Deep || got.Resting > 0 || len(got.Hosts) != 2 {
		f.Errorf("a deep run: %+v", got)
	}
}
