package frontiertest

import (
	"errors"
	"slices"
	"time"

	"klank/crawler/frontier"
)

// erasure: URLs that are forgotten are known no more, in no source and to
// nobody who works on them, and can be found again.
func erasure(f *fixture) {
	f.begin("shop", host+"/a", host+"/u/jan", host+"/c")
	f.begin("other", host+"/u/jan", host+"/d")
	l := f.lease("shop")
	claimed := f.claim(l, host+"/a", host+"/u/jan", host+"/c")
	if n := must(f.Forget(f.Context(), []string{host + "/u/jan", host + "/never"}))(f); n != 2 {
		f.Errorf("%d URLs were forgotten, want one of each source", n)
	}
	i := slices.IndexFunc(claimed, func(u frontier.URL) bool { return u.URL == host+"/u/jan" })
	if _, err := f.Settle(f.Context(), l, frontier.Tally{}, []frontier.Result{{URL: claimed[i], State: frontier.Done}}); err != nil && !errors.Is(err, frontier.ErrLeaseLost) {
		f.Errorf("who worked on it gets %v", err)
	}
	f.release(l, time.Time{})
	f.want("what is left", f.finish("shop"), host+"/a", host+"/c")
	f.want("what is left of the other", f.finish("other"), host+"/d")
	if n := must(f.ForgetSource(f.Context(), "other"))(f); n != 1 {
		f.Errorf("%d URLs of the source were forgotten", n)
	}
	f.begin("other", host+"/u/jan")
	f.want("found again", f.finish("other"), host+"/u/jan")

	for _, hashes := range [][]string{{"x", "y", "x"}, {"y", "z"}, nil} {
		if err := f.Suppress(f.Context(), hashes); err != nil {
			f.Error(err)
		}
	}
	if got := must(f.Suppressed(f.Context()))(f); len(got) != 3 || !got["x"] || !got["y"] || !got["z"] {
		f.Errorf("suppressed are %v", got)
	}
	if err := f.Compact(f.Context()); err != nil {
		f.Error(err)
	}
	f.counts(frontier.SourceStats{Source: "other", Done: 1})
}
