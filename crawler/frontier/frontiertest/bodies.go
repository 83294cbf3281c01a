package frontiertest

import (
	"errors"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/crawler/frontier"
)

// wantedBodies: of every URL the last body, whatever its state but dead.
func wantedBodies(f *fixture) {
	bodies := func(want ...string) {
		f.Helper()
		var got []string
		err := f.Snapshots(f.Context(), func(locator string) error { got = append(got, locator); return nil })
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			f.Errorf("%v: %s", err, d)
		}
	}
	bodies()
	f.begin("shop", host+"/a", host+"/b", host+"/c", host+"/d")
	l := f.lease("shop")
	for i, u := range f.claim(l, host+"/a", host+"/b", host+"/c", host+"/d") {
		r := frontier.Result{URL: u, State: frontier.Fetched, Snapshot: "x:" + string(rune('0'+i)), SHA256: "s"}
		f.settle(l, r)
		switch i {
		case 1: // replaced
			r.State, r.Snapshot = frontier.Done, "x:9"
			f.settle(l, r)
		case 2:
			f.settle(l, frontier.Result{URL: u, State: frontier.Dead, Class: "gone"})
		case 3:
			f.settle(l, frontier.Result{URL: u, State: frontier.Failed, Due: time.Now().Add(time.Hour)})
		}
	}
	bodies("x:0", "x:3", "x:9")
	f.release(l, time.Time{})
	stop := errors.New("enough")
	n := 0
	if err := f.Snapshots(f.Context(), func(string) error { n++; return stop }); err != stop || n != 1 {
		f.Errorf("stopped with %v after %d", err, n)
	}
}
