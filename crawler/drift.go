package crawler

import (
	"fmt"

	"klank/mention"
)

// FieldCounts says what a parser found on pages.
type FieldCounts = mention.FieldCounts

const (
	// driftExpected is how many of a kind the earlier runs must lead one to
	// expect before their absence says anything, driftShare the share of them
	// below which they have fallen away: fewer than a quarter of ten comes by
	// chance about once in 300 runs.
	driftExpected = 10
	driftShare    = 0.25
)

// Drift compares a run with the sum of earlier runs of the same source and
// says, in words for a person, what has fallen away: items or mentions per
// page, or a field of the mentions. The layout of the source has probably
// changed then, and the run is suspect. Runs of different size compare by
// their shares; from too little nothing is concluded.
//
// unchanged is how many pages this run found as they were, or left out as they
// seldom change. Pages that do change are often of another kind than the rest,
// lists that hold no mentions say, so that what stands on a page is compared
// only where as many were read anew: a new layout changes them all.
func Drift(previous, current FieldCounts, unchanged int) []string {
	var all []string
	check := func(what, of string, before, beforeOf, now, nowOf int) {
		if beforeOf <= 0 || nowOf <= 0 {
			return
		}
		expected := float64(before) / float64(beforeOf) * float64(nowOf)
		if expected >= driftExpected && float64(now) < driftShare*expected {
			all = append(all, fmt.Sprintf("%d %s on %d %s, where earlier runs had %d on %d", now, what, nowOf, of, before, beforeOf))
		}
	}
	if unchanged <= current.Pages {
		check("items", "pages", previous.Items, previous.Pages, current.Items, current.Pages)
		check("mentions", "pages", previous.Mentions, previous.Pages, current.Mentions, current.Pages)
	}
	for _, f := range []struct {
		what        string
		before, now int
	}{
		{"authors", previous.Author, current.Author},
		{"ratings", previous.Rating, current.Rating},
		{"dates", previous.Date, current.Date},
		{"texts", previous.Text, current.Text},
	} {
		check(f.what, "mentions", f.before, previous.Mentions, f.now, current.Mentions)
	}
	return all
}
