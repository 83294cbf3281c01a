package research

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"klank/index"
	"klank/mention"
)

// staleAfter is how long after its latest good run a source is stale.
const staleAfter = 14 * 24 * time.Hour

// latestRuns bounds the runs that are looked through.
const latestRuns = 1000

func coverage(s *scope, rep *Report) error {
	all, bySource := &tally{}, group{}
	if err := s.walk(nil, func(r *index.Row) {
		all.add(&s.sources, r)
		bySource.add(&s.sources, r, r.Values[0]...)
	}); err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	rec, ok := s.cfg.Index.(index.Recorder)
	if !ok {
		rep.Notes = append(rep.Notes, say("This index keeps no record of runs and coverage."))
		return nil
	}
	cov, err := rec.Coverage(s.ctx)
	if err != nil {
		return err
	}
	runs, err := rec.Runs(s.ctx, latestRuns)
	if err != nil {
		return err
	}
	rep.Sections = []Section{s.sourceRows(rep, bySource, cov, runs), s.itemRows(cov)}
	return nil
}

// sourceRows shows every source that holds mentions, has run, or declares
// something.
func (s *scope) sourceRows(rep *Report, bySource group, cov []mention.Coverage, runs []mention.Run) Section {
	sec := Section{Name: "sources", Title: "Sources", Columns: columns("source", "source", "mentions", "mentions", "coverage", "coverage", "declared", "declared",
		"collected", "collected", "blocked", "pages kept out", "capped", "capped", "latest", "latest run", "state", "state", "why", "why"),
		Note:  "Coverage: what was collected of what the source declares (reviews of its items). Kept out: by robots.txt or a page's own word.",
		Chart: &Chart{Bars, []string{"coverage"}}}
	known, latest, good := map[string]mention.Coverage{}, map[string]mention.Run{}, map[string]time.Time{}
	names := map[string]bool{}
	for _, c := range wholeSources(cov) {
		known[c.Source], names[c.Source] = c, true
	}
	for name := range bySource {
		names[name] = true
	}
	for _, r := range runs { // the latest first
		names[r.Source] = true
		if _, ok := latest[r.Source]; !ok {
			latest[r.Source] = r
		}
		if r.Status == "done" && r.Ended.After(good[r.Source]) {
			good[r.Source] = r.Ended
		}
	}
	order := make([]string, 0, len(names))
	for name := range names {
		order = append(order, name)
	}
	slices.Sort(order)
	for _, name := range order {
		c, q := known[name], term("source", name)
		state := sourceState(latest[name], good[name], s.req.Now)
		if state == "stale" || state == "failed" || state == "suspect" {
			rep.Findings = append(rep.Findings, say("%s is %s.", name, say(state)))
		}
		declared, share := told("unknown"), told("unknown")
		if c.Declared != nil {
			declared = words(fmt.Sprint(*c.Declared))
			share = number(s.declaredShare(bySource.of(name), c, name))
		}
		sec.Rows = append(sec.Rows, []Cell{words(name), number(s.count(bySource.of(name), q)), share, declared, words(fmt.Sprint(c.Collected)),
			words(fmt.Sprint(c.Blocked)), told(yesNo(c.Capped)), dated(latest[name].Started), told(state), words(cmp.Or(c.Reason, latest[name].Reason))})
	}
	return sec
}

// declaredShare is the coverage of a source as a number: the mentions behind it
// are all of that source, whatever was asked for.
func (s *scope) declaredShare(t *tally, c mention.Coverage, source string) Number {
	n := s.rests(t, UnitShare, term("source", source))
	n.N = *c.Declared
	if *c.Declared > 0 {
		n.Value = ptr(round(float64(c.Collected) / float64(*c.Declared)))
	}
	return n
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func sourceState(latest mention.Run, good, now time.Time) string {
	switch {
	case latest.ID == "":
		return "no run"
	case latest.Status == "failed" || latest.Status == "suspect":
		return latest.Status
	case good.IsZero() || now.Sub(good) > staleAfter:
		return "stale"
	}
	return "fresh"
}

// itemRows lists the items that declare more than was collected, the greatest
// gaps first.
func (s *scope) itemRows(cov []mention.Coverage) Section {
	sec := Section{Name: "gaps", Title: "The greatest gaps", Columns: columns("item", "item", "source", "source", "declared", "declared", "collected", "collected", "missing", "missing")}
	var gaps []mention.Coverage
	for _, c := range cov {
		if c.Item != "" && c.Declared != nil && *c.Declared > c.Collected {
			gaps = append(gaps, c)
		}
	}
	missing := func(c mention.Coverage) int { return *c.Declared - c.Collected }
	slices.SortFunc(gaps, func(a, b mention.Coverage) int {
		return cmp.Or(missing(b)-missing(a), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Item, b.Item))
	})
	for _, c := range gaps[:min(len(gaps), 30)] {
		sec.Rows = append(sec.Rows, []Cell{words(c.Item), words(c.Source), words(fmt.Sprint(*c.Declared)), words(fmt.Sprint(c.Collected)), words(fmt.Sprint(missing(c)))})
	}
	return sec
}
