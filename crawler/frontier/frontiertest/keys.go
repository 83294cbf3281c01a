package frontiertest

import (
	"fmt"
	"strings"
	"time"

	"klank/crawler/frontier"
)

// shared lets hosts that begin alike share a key.
var shared = frontier.Keys{Version: "1", Of: func(host string) string {
	if strings.HasPrefix(host, "shop") {
		return "budget:shops"
	}
	return host
}}

// keyed opens a handle with keys.
func (f *fixture) keyed(k frontier.Keys) *fixture {
	h := f.handle()
	h.ShareKeys(k)
	return &fixture{T: f.T, Frontier: h, open: f.open}
}

func sharedKey(f *fixture) {
	a, b := f.keyed(shared), f.keyed(shared)
	a.begin("shop", "https://shop.example/", "https://shop-two.example/", "https://other.example/")
	l, m := a.lease("shop"), b.lease("shop")
	keys := []string{l.Key, m.Key}
	if keys[0] > keys[1] {
		l, m = m, l
	}
	if l.Key != "budget:shops" || m.Key != "other.example" {
		f.Fatalf("leased %q", keys)
	}
	b.nothing("shop")
	if urls := must(a.Claim(f.Context(), l, 10))(f); len(urls) != 2 {
		f.Errorf("claimed %v", urls)
	}
}

func movedKeys(f *fixture) {
	f.Frontier = f.handle()
	run := f.begin("shop", "https://shop.example/", "https://shop-two.example/", "https://other.example/")
	must(f.EndRun(f.Context(), run, "done"))(f)
	k := f.keyed(shared)
	run = k.begin("shop")
	if got := leases(k); len(got) != 2 || got["budget:shops"] != 2 || got["other.example"] != 1 {
		f.Errorf("leased %v", got)
	}
	must(k.EndRun(f.Context(), run, "interrupted"))(f)
	k = f.keyed(frontier.Keys{})
	k.begin("shop")
	if got := leases(k); len(got) != 3 {
		f.Errorf("leased %v after the keys were taken away", got)
	}
}

// movedMany has more URLs than one transaction moves.
func movedMany(f *fixture) {
	f.Frontier = f.handle()
	run := f.begin("shop")
	var seeds []string
	for i := range 2250 {
		seeds = append(seeds, fmt.Sprintf("https://shop.example/p/%d", i), fmt.Sprintf("https://shop-two.example/p/%d", i))
	}
	if n := must(f.Add(f.Context(), run, links(frontier.PriorityItem, seeds...)))(f); n != len(seeds) {
		f.Fatalf("added %d of %d", n, len(seeds))
	}
	k := f.keyed(shared)
	k.begin("shop")
	if got := leases(k); len(got) != 1 || got["budget:shops"] == 0 {
		f.Errorf("leased %v", got)
	}
	k.counts(frontier.SourceStats{Source: "shop", Pending: len(seeds)})
}

func movedPause(f *fixture) {
	f.Frontier = f.handle()
	f.begin("shop", "https://shop.example/")
	l := f.lease("shop")
	l.Reason = "it asked for it"
	if err := f.Release(f.Context(), l, time.Now().Add(time.Hour)); err != nil {
		f.Fatal(err)
	}
	k := f.keyed(shared)
	k.begin("shop")
	k.nothing("shop")
	if hosts := must(k.Hosts(f.Context()))(f); len(hosts) != 2 || hosts[0].Key != "budget:shops" || hosts[0].Reason != l.Reason {
		f.Errorf("hosts %+v", hosts)
	}
}

func heldKeys(f *fixture) {
	f.Frontier = f.handle()
	f.begin("shop", "https://shop.example/", "https://shop-two.example/")
	l := f.lease("shop")
	k := f.keyed(shared)
	k.begin("shop")
	if got := leases(k); len(got) != 1 || got["budget:shops"] != 0 {
		f.Errorf("leased %v while another worker has a key of before", got)
	}
	if err := f.Release(f.Context(), l, time.Time{}); err != nil {
		f.Fatal(err)
	}
	k.begin("shop")
	if got := leases(k); len(got) != 1 || got["budget:shops"] != 2 {
		f.Errorf("leased %v", got)
	}
}

// leases takes every lease there is, gives them back, and returns how many URLs
// each had.
func leases(f *fixture) map[string]int {
	f.Helper()
	out := map[string]int{}
	var all []*frontier.Lease
	for {
		l, err := f.Lease(f.Context(), []string{"shop"}, ttl)
		if err != nil {
			f.Fatal(err)
		}
		if l == nil {
			break
		}
		if urls := must(f.Claim(f.Context(), l, 100))(f); len(urls) > 0 {
			out[l.Key] = len(urls)
		}
		all = append(all, l)
	}
	for _, l := range all {
		if err := f.Release(f.Context(), l, time.Time{}); err != nil {
			f.Fatal(err)
		}
	}
	return out
}

func quota(f *fixture) {
	a, b := f.keyed(frontier.Keys{}), f.keyed(frontier.Keys{})
	spend := func(g *fixture, day string, units int, want bool) {
		f.Helper()
		if got := must(g.Spend(f.Context(), "api.example", day, units, 10))(f); got != want {
			f.Errorf("%d units on %s: %v", units, day, got)
		}
	}
	spend(a, "2026-03-01", 6, true)
	spend(b, "2026-03-01", 6, false)
	spend(b, "2026-03-01", 4, true)
	spend(a, "2026-03-01", 1, false)
	spend(a, "2026-03-02", 10, true)
	spend(b, "2026-03-01", 1, false) // a clock that is behind
}

func heldUp(f *fixture) {
	f.Frontier = f.handle()
	f.begin("shop", "https://shop.example/", "https://slow.example/", "https://quick.example/")
	until := time.Now().Add(time.Hour)
	for range 3 {
		l := f.lease("shop")
		pause := time.Now().Add(time.Second)
		switch l.Key {
		case "shop.example":
			pause, l.Reason = until, "it asked for it"
		case "slow.example":
			pause, l.Slowed, l.Reason = time.Time{}, 4*time.Second, "it answers 503"
		}
		if err := f.Release(f.Context(), l, pause); err != nil {
			f.Fatal(err)
		}
	}
	must(f.Spend(f.Context(), "quick.example", "2026-03-01", 7, 10))(f)
	hosts := must(f.Hosts(f.Context()))(f)
	if len(hosts) != 3 {
		f.Fatalf("hosts %+v", hosts)
	}
	quick, shop, slow := hosts[0], hosts[1], hosts[2]
	if quick.Units != 7 || quick.Day != "2026-03-01" || !quick.PausedUntil.IsZero() || quick.Reason != "" {
		f.Errorf("%+v", quick)
	}
	if d := shop.PausedUntil.Sub(until); shop.Reason != "it asked for it" || d < -time.Second || d > time.Second {
		f.Errorf("%+v", shop)
	}
	if slow.Slowed != 4*time.Second || slow.Reason != "it answers 503" || !slow.PausedUntil.IsZero() {
		f.Errorf("%+v", slow)
	}
}
