package frontier

import (
	"context"
	"fmt"
	"math"
	"slices"

	"klank/mention"
)

// Stats implements Inspector. It counts over an index: a fraction of a second
// for a million URLs, and no lock on those who work.
func (s *store) Stats(ctx context.Context, sources ...string) (all []SourceStats, err error) {
	names, err := array(sources)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	err = s.read(ctx, func(t *tx) error {
		all, err = s.stats(t, len(sources) == 0, names)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("frontier: stats: %w", err)
	}
	return all, nil
}

func (s *store) stats(t *tx, every bool, names string) ([]SourceStats, error) {
	rows, err := t.rows(`SELECT name, paused, reason, EXISTS (SELECT 1 FROM queues q JOIN budgets b ON b.id = q.budget
			WHERE q.source = sources.id AND b.source = sources.id AND b.expires > ?)
		FROM sources WHERE ? OR name IN (SELECT value FROM `+s.elements+") ORDER BY name", t.now, every, names)
	if err != nil {
		return nil, err
	}
	all, err := collect(rows, func(scan func(...any) error) (st SourceStats, err error) {
		var p Pause
		var since int64
		if err = scan(&st.Source, &since, &p.Reason, &st.Working); since > 0 {
			p.Since = fromMillis(since)
			st.Paused = &p
		}
		return st, err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := s.count(t, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// countQuery counts the URLs of a source in the order of the index, host by
// host: a million rows are not sorted then, which takes memory.
func (d dialect) countQuery() string {
	return `SELECT state, '', CAST(sum(n) AS BIGINT) FROM (SELECT state, count(*) AS n FROM urls` + d.byStateIndex + `
		WHERE source = (SELECT id FROM sources WHERE name = ?) GROUP BY budget, state) AS hosts GROUP BY state`
}

func (s *store) count(t *tx, st *SourceStats) error {
	type group struct {
		state State
		class string
		n     int
	}
	read := func(scan func(...any) error) (g group, err error) {
		err = scan(&g.state, &g.class, &g.n)
		return g, err
	}
	rows, err := t.rows(s.countQuery(), st.Source)
	if err != nil {
		return err
	}
	groups, err := collect(rows, read)
	if err != nil {
		return err
	}
	for _, g := range groups {
		for _, f := range []struct {
			state State
			n     *int
		}{{Pending, &st.Pending}, {Leased, &st.Leased}, {Fetched, &st.Fetched}, {Done, &st.Done}, {Failed, &st.Failed}, {Dead, &st.Dead}} {
			if f.state == g.state {
				*f.n = g.n
			}
		}
	}
	if st.Dead > 0 {
		rows, err := t.rows("SELECT 5, u.class, count(*) FROM urls u WHERE u.state = 5 AND "+deadOfSource+" GROUP BY u.class", st.Source)
		if err != nil {
			return err
		}
		if groups, err = collect(rows, read); err != nil {
			return err
		}
		st.DeadBy = map[string]int{}
		for _, g := range groups {
			st.DeadBy[g.class] = g.n
		}
	}
	rows, err = t.rows("SELECT "+runColumns+` FROM runs r JOIN sources s ON s.id = r.source
		WHERE s.name = ? ORDER BY r.seq DESC LIMIT 1`, st.Source)
	if err != nil {
		return err
	}
	runs, err := collect(rows, func(scan func(...any) error) (mention.Run, error) { return scanRun(scan) })
	if len(runs) > 0 {
		st.Run = runs[0]
	}
	return err
}

// deadClause matches a Filter whose fields are the arguments 1, 2 and 3. The dead
// letters of one source are looked up by its budget keys, not among those of all.
func deadClause(f Filter) string {
	clause := "u.state = 5 AND (?2 = '' OR u.class = ?2) AND (?3 = '' OR u.url = ?3) AND "
	if f.Source == "" {
		return clause + "?1 = ''"
	}
	return clause + deadOfSource
}

// deadOfSource, with u.state = 5, are the dead letters of the source whose name is
// the first argument.
const deadOfSource = `u.source = (SELECT id FROM sources WHERE name = ?1)
	AND u.budget IN (SELECT q.budget FROM queues q JOIN sources s ON s.id = q.source WHERE s.name = ?1)`

// Dead implements Inspector.
func (s *store) Dead(ctx context.Context, f Filter, limit int) (letters []DeadLetter, err error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	err = s.read(ctx, func(t *tx) error {
		rows, err := t.rows(`SELECT s.name, u.url, u.class, u.message, u.attempts, u.settled
			FROM urls u JOIN sources s ON s.id = u.source WHERE `+deadClause(f)+
			" ORDER BY u.settled DESC, u.id DESC LIMIT ?4", f.Source, f.Class, f.URL, limit)
		if err != nil {
			return err
		}
		letters, err = collect(rows, func(scan func(...any) error) (d DeadLetter, err error) {
			var at int64
			err = scan(&d.Source, &d.URL, &d.Class, &d.Message, &d.Attempts, &at)
			d.At = fromMillis(at)
			return d, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("frontier: dead letters: %w", err)
	}
	return letters, nil
}

// Requeue implements Inspector.
func (s *store) Requeue(ctx context.Context, f Filter) (n int, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := s.lockSources(t, f.Source); err != nil {
			return err
		}
		type queue struct{ source, budget int64 }
		rows, err := t.rows("UPDATE urls AS u SET state = 0, due = ?4, attempts = 0, class = '', message = '' WHERE "+deadClause(f)+
			" RETURNING source, budget", f.Source, f.Class, f.URL, t.now)
		if err != nil {
			return err
		}
		queues, err := collect(rows, func(scan func(...any) error) (q queue, err error) {
			err = scan(&q.source, &q.budget)
			return q, err
		})
		if err != nil {
			return err
		}
		n = len(queues)
		slices.SortFunc(queues, func(a, b queue) int {
			if a.source != b.source {
				return int(a.source - b.source)
			}
			return int(a.budget - b.budget)
		})
		for _, q := range slices.Compact(queues) {
			_, err := t.exec("UPDATE queues SET next_due = CASE WHEN next_due < ? THEN next_due ELSE ? END WHERE source = ? AND budget = ?",
				t.now, t.now, q.source, q.budget)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Snapshots implements Inspector. It reads through all URLs.
func (s *store) Snapshots(ctx context.Context, fn func(locator string) error) error {
	var stop error // fn's error, handed back as it is
	err := s.read(ctx, func(t *tx) error {
		rows, err := t.rows("SELECT snapshot FROM urls WHERE snapshot <> '' AND state <> 5")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var locator string
			if err := rows.Scan(&locator); err != nil {
				return err
			}
			if stop = fn(locator); stop != nil {
				return nil
			}
		}
		return rows.Err()
	})
	if stop != nil {
		return stop
	}
	if err != nil {
		return fmt.Errorf("frontier: snapshots: %w", err)
	}
	return nil
}

// lockSources locks the source of that name, or all for none; see lockSource.
func (s *store) lockSources(t *tx, name string) error {
	if s.forUpdate == "" {
		return nil
	}
	rows, err := t.rows("SELECT id FROM sources WHERE ?1 = '' OR name = ?1 ORDER BY id"+s.forUpdate, name)
	if err != nil {
		return err
	}
	_, err = collect(rows, func(scan func(...any) error) (id int64, err error) { err = scan(&id); return id, err })
	return err
}
