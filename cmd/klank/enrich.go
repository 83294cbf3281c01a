package main

import (
	"context"
	"log/slog"
	"time"

	"klank/index"
	"klank/index/enrich"
)

// enrichEvery is how often the service looks for copies and suspects among
// what its runs have brought.
const enrichEvery = time.Minute

// enrichIndex marks what is a copy or suspect beside the other mentions, and
// says in words what it found. That it fails costs nothing that was collected,
// and the next pass makes up for it, so it is logged only.
func enrichIndex(ctx context.Context, ix index.Index, log *slog.Logger) enrich.Report {
	st, able := ix.(enrich.Store)
	if !able {
		return enrich.Report{}
	}
	r, err := enrich.Run(ctx, st)
	if err != nil && ctx.Err() == nil {
		log.Warn("copies and suspects could not be looked for; the next crawl tries again", "error", err)
	}
	return r
}

// keepEnriching does so every now and then, until ctx ends.
func keepEnriching(ctx context.Context, ix index.Index, log *slog.Logger) {
	tick := time.NewTicker(enrichEvery)
	defer tick.Stop()
	for {
		r := enrichIndex(ctx, ix, log)
		if d, s := r.Duplicates, r.Suspects; d.Marked+d.Cleared+s.Marked+s.Cleared > 0 {
			log.Info("marked copies and suspects", "copies", d.Marked, "copies_cleared", d.Cleared, "suspects", s.Marked, "suspects_cleared", s.Cleared)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// printEnriched says what a pass marked.
func printEnriched(p *printer, r enrich.Report) {
	for _, m := range []struct {
		count           enrich.Count
		marked, cleared string
	}{
		{r.Duplicates, "marked as copies of other mentions: %d (klank search flag:duplicate)", "no copies any more: %d"},
		{r.Suspects, "marked as suspect: %d (klank search flag:suspect)", "not suspect any more: %d"},
	} {
		if m.count.Marked > 0 {
			p.linef(m.marked, m.count.Marked)
		}
		if m.count.Cleared > 0 {
			p.linef(m.cleared, m.count.Cleared)
		}
	}
}
