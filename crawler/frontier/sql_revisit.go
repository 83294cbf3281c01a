package frontier

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxRest is the longest time in milliseconds that a page is left out for.
const maxRest = int64(30 * 24 * time.Hour / time.Millisecond)

// number is how a truth is stored.
func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// deep tells whether a new run of the source visits every page.
func (t *tx) deep(source int64, plan Plan) (bool, error) {
	if plan.Deep {
		return true, nil
	}
	var last int64
	err := t.row("SELECT started FROM runs WHERE source = ? AND ended > 0 AND whole = 1 AND status = 'done' ORDER BY seq DESC LIMIT 1", source).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return plan.DeepEvery > 0 && t.now-last >= plan.DeepEvery.Milliseconds(), err
}

// settledWell are the pages that a run need not ask for: done with a body whose
// mentions are in the run's index, and no seed, page of a list or feed.
const settledWell = "priority IN (2, 4) AND sha256 <> '' AND generation <> ''"

// restTime is for how many milliseconds a page rests after a visit, and resting
// are the pages that do; it takes a generation, the shortest rest and now.
var (
	restTime = fmt.Sprintf("CASE WHEN (visited - changed) / 4 < %[1]d THEN (visited - changed) / 4 ELSE %[1]d END", maxRest)
	resting  = "state = 3 AND " + settledWell + " AND generation = ? AND (visited - changed) / 4 >= ? AND visited + " + restTime + " > ?"
)

// rest has the run pass over what has seldom changed among the URLs of a chunk,
// see Plan, and counts it.
func (t *tx) rest(seq, source int64, after, last string, least time.Duration) error {
	var generation string
	var whole bool
	if err := t.row("SELECT generation, whole FROM runs WHERE seq = ?", seq).Scan(&generation, &whole); err != nil || whole {
		return err
	}
	rows, err := t.rows("UPDATE urls SET run = ? WHERE source = ? AND url > ? AND url <= ? AND run <> ? AND "+resting+" RETURNING changed",
		seq, source, after, last, seq, generation, least.Milliseconds(), t.now)
	if err != nil {
		return err
	}
	rested, err := collect(rows, func(scan func(...any) error) (changed int64, err error) { err = scan(&changed); return changed, err })
	if err != nil {
		return err
	}
	rested = slices.DeleteFunc(rested, func(changed int64) bool { return changed == 0 }) // aliases
	if len(rested) == 0 {
		return nil
	}
	_, err = t.exec("UPDATE runs SET not_due = not_due + ? WHERE seq = ?", len(rested), seq)
	return err
}

// modified heeds what a sitemap says about pages that are known: see Runs.Add.
// It returns the budgets of those that are due by that.
func (s *store) modified(t *tx, source, run int64, links []found) (budgets []int64, err error) {
	said := map[string]*found{}
	var urls []string
	for i := range links {
		if l := &links[i]; !l.Modified.IsZero() {
			said[l.URL] = l
			urls = append(urls, l.URL)
		}
	}
	if len(urls) == 0 {
		return nil, nil
	}
	list, err := array(urls)
	if err != nil {
		return nil, err
	}
	var generation string
	var started int64
	var whole bool
	if err := t.row("SELECT generation, started, whole FROM runs WHERE seq = ?", run).Scan(&generation, &started, &whole); err != nil || whole {
		return nil, err
	}
	type page struct {
		id, visited int64
		url         string
		state       State
	}
	rows, err := t.rows("SELECT id, visited, url, state FROM urls WHERE source = ? AND "+settledWell+
		" AND generation = ? AND state IN (0, 3) AND visited <= ? AND url IN (SELECT value FROM "+s.elements+")", source, generation, started, list)
	if err != nil {
		return nil, err
	}
	pages, err := collect(rows, func(scan func(...any) error) (p page, err error) {
		err = scan(&p.id, &p.visited, &p.url, &p.state)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	var due, rest []int64
	for _, p := range pages {
		l := said[p.url]
		switch {
		case p.state == Done && l.Modified.UnixMilli() > p.visited:
			due = append(due, p.id)
			budgets = append(budgets, l.budget)
		case p.state == Pending && l.Modified.Add(l.Within).UnixMilli() <= p.visited:
			rest = append(rest, p.id)
		}
	}
	woken, err := s.move(t, due, Done, Pending)
	if err != nil {
		return nil, err
	}
	rested, err := s.move(t, rest, Pending, Done)
	if err != nil || woken == rested {
		return budgets, err
	}
	_, err = t.exec("UPDATE runs SET not_due = not_due + ? WHERE seq = ?", rested-woken, run)
	return slices.Compact(budgets), err
}

// move takes those of the URLs that are in one state to another, due at once.
func (s *store) move(t *tx, ids []int64, from, to State) (int64, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	list, err := array(ids)
	if err != nil {
		return 0, err
	}
	return t.exec("UPDATE urls SET state = ?, due = ? WHERE state = ? AND id IN (SELECT CAST(value AS BIGINT) FROM "+s.elements+")", to, t.now, from, list)
}
