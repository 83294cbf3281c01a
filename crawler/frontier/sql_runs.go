package frontier

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"klank/mention"
)

// resetChunk is how many URLs one transaction of a new run makes due again,
// so that other workers get their turn in between.
const resetChunk = 2000

const runColumns = "r.id, s.name, r.started, r.ended, r.status, r.pages, r.bytes, r.errors, " +
	"CASE WHEN r.ended = 0 THEN r.whole ELSE r.deep END, r.not_due, r.skipped"

func scanRun(scan func(...any) error, more ...any) (mention.Run, error) {
	var r mention.Run
	var started, ended int64
	err := scan(append([]any{&r.ID, &r.Source, &started, &ended, &r.Status, &r.Pages, &r.Bytes, &r.Errors,
		&r.Deep, &r.NotDue, &r.Skipped}, more...)...)
	r.Started, r.Ended = fromMillis(started), fromMillis(ended)
	return r, err
}

// BeginRun implements Runs. Where the database is this machine's, leases of
// processes that have ended are freed.
func (s *store) BeginRun(ctx context.Context, source string, plan Plan) (run mention.Run, resumed bool, err error) {
	if err := s.moveKeys(ctx, source); err != nil {
		return run, false, err
	}
	var sourceID, seq int64
	var prepared bool
	err = s.write(ctx, func(t *tx) error {
		if err := s.freeDeadOwners(t); err != nil {
			return err
		}
		var err error
		if sourceID, err = s.sourceID(t, source); err != nil {
			return err
		}
		resumed = false
		run, seq, prepared, err = t.resumable(sourceID, plan)
		if err == nil {
			resumed, run.Status = true, "running"
			return t.resume(sourceID, seq, plan)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := t.exec("UPDATE runs SET ended = ? WHERE source = ? AND ended = 0", t.now, sourceID); err != nil {
			return err
		}
		prepared = false
		run = mention.Run{ID: newRunID(time.UnixMilli(t.now)), Source: source, Started: fromMillis(t.now), Status: "running"}
		if run.Deep, err = t.deep(sourceID, plan); err != nil {
			return err
		}
		return t.row("INSERT INTO runs (id, source, started, status, generation, whole) VALUES (?, ?, ?, 'running', ?, ?) RETURNING seq",
			run.ID, sourceID, t.now, plan.Generation, number(run.Deep)).Scan(&seq)
	})
	if err != nil {
		return run, false, err
	}
	if !prepared {
		err = s.prepare(ctx, sourceID, seq, plan.LeastRest)
	}
	return run, resumed, err
}

// resumable returns the open run of a source, and sql.ErrNoRows when another is
// to be begun: there is none, or a deep one is asked for, which it is not, and
// nobody works on it.
func (t *tx) resumable(source int64, plan Plan) (run mention.Run, seq int64, prepared bool, err error) {
	run, seq, prepared, err = t.openRun(source)
	if err != nil || run.Deep || !plan.Deep {
		return run, seq, prepared, err
	}
	var working bool
	err = t.row(`SELECT EXISTS (SELECT 1 FROM queues q JOIN budgets b ON b.id = q.budget
		WHERE q.source = ? AND b.source = q.source AND b.expires > ?)`, source, t.now).Scan(&working)
	if err == nil && !working {
		err = sql.ErrNoRows
	}
	return run, seq, prepared, err
}

// resume makes what was fetched but could not be handled due at once: that
// is what one resumes a run for.
func (t *tx) resume(source, seq int64, plan Plan) error {
	if _, err := t.exec("UPDATE runs SET status = 'running', generation = ? WHERE seq = ?", plan.Generation, seq); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE urls SET due = ? WHERE source = ? AND budget IN (SELECT budget FROM queues WHERE source = ?)
		AND state = 2 AND priority IN (0, 1, 2, 3, 4) AND due > ?`, t.now, source, source, t.now)
	if err != nil || n == 0 {
		return err
	}
	return t.wakeQueues(source)
}

// wakeQueues has every queue of a source looked at.
func (t *tx) wakeQueues(source int64) error {
	_, err := t.exec("UPDATE queues SET next_due = CASE WHEN next_due < ? THEN next_due ELSE ? END WHERE source = ?", t.now, t.now, source)
	return err
}

// newRunID sorts by time and is unique.
func newRunID(now time.Time) string {
	return now.UTC().Format("20060102T150405.000") + "-" + strings.ToLower(rand.Text()[:8])
}

// sourceID also locks the source; see lockSource.
func (s *store) sourceID(t *tx, name string) (id int64, err error) {
	if _, err := t.exec("INSERT INTO sources (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name); err != nil {
		return 0, err
	}
	err = t.row("SELECT id FROM sources WHERE name = ?"+s.forUpdate, name).Scan(&id)
	return id, err
}

// lockSource lets one transaction at a time change many URLs of a source, by
// their links or for a run: two that did so in different orders would wait
// for each other.
func (s *store) lockSource(t *tx, source int64) error {
	if s.forUpdate == "" {
		return nil
	}
	return t.row("SELECT id FROM sources WHERE id = ?"+s.forUpdate, source).Scan(&source)
}

func (t *tx) openRun(source int64) (run mention.Run, seq int64, prepared bool, err error) {
	run, err = scanRun(t.row("SELECT "+runColumns+", r.seq, r.prepared FROM runs r JOIN sources s ON s.id = r.source"+
		" WHERE r.source = ? AND r.ended = 0 ORDER BY r.seq DESC LIMIT 1", source).Scan, &seq, &prepared)
	return run, seq, prepared, err
}

// prepare makes the URLs known for the source due again, chunk by chunk, other
// than those that rest. A URL that has the run's number has been made due before, perhaps by a
// process that was killed on the way.
func (s *store) prepare(ctx context.Context, source, seq int64, least time.Duration) error {
	for after, more := "", true; more; {
		err := s.write(ctx, func(t *tx) error {
			if err := s.lockSource(t, source); err != nil {
				return err
			}
			var last sql.NullString
			err := t.row("SELECT max(url) FROM (SELECT url FROM urls WHERE source = ? AND url > ? ORDER BY url LIMIT ?) AS chunk",
				source, after, resetChunk).Scan(&last)
			if err != nil {
				return err
			}
			if more = last.Valid; !more {
				if err := t.wakeQueues(source); err != nil {
					return err
				}
				_, err = t.exec("UPDATE runs SET prepared = 1 WHERE seq = ?", seq)
				return err
			}
			if err := t.rest(seq, source, after, last.String, least); err != nil {
				return err
			}
			// What was pending keeps its place, before what is due once more:
			// so a run that is capped goes on where the one before stopped.
			_, err = t.exec(`UPDATE urls SET
				due = CASE WHEN state = 0 AND due < ? THEN due ELSE ? END,
				state = CASE WHEN state = 2 THEN 2 ELSE 0 END,
				attempts = 0, lease = 0, class = '', message = '', run = ?
				WHERE source = ? AND url > ? AND url <= ? AND run <> ?`,
				t.now, t.now, seq, source, after, last.String, seq)
			after = last.String
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// freeDeadOwners ends the leases of processes that are gone, as if they had
// expired long ago. The token grows, as for any lease that is taken over.
func (s *store) freeDeadOwners(t *tx) error {
	if s.owner == "" {
		return nil
	}
	rows, err := t.rows("SELECT DISTINCT owner FROM budgets WHERE expires > ? AND owner <> ?", t.now, s.owner)
	if err != nil {
		return err
	}
	owners, err := collect(rows, func(scan func(...any) error) (o string, err error) { err = scan(&o); return o, err })
	if err != nil {
		return err
	}
	for _, o := range owners {
		if !ownerGone(o) {
			continue
		}
		if _, err := t.exec("UPDATE budgets SET token = token + 1, expires = 1, owner = '' WHERE owner = ?", o); err != nil {
			return err
		}
	}
	return nil
}

// Add implements Runs.
func (s *store) Add(ctx context.Context, run mention.Run, links []Link) (added int, err error) {
	err = s.write(ctx, func(t *tx) error {
		source, seq, err := t.runRow(run)
		if err != nil {
			return err
		}
		if err := s.lockSource(t, source); err != nil {
			return err
		}
		all := make([]found, len(links))
		for i, l := range links {
			all[i].Link = l
		}
		added, err = s.addLinks(t, source, seq, 0, all)
		return err
	})
	return added, err
}

func (t *tx) runRow(run mention.Run) (source, seq int64, err error) {
	err = t.row("SELECT source, seq FROM runs WHERE id = ?", run.ID).Scan(&source, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("there is no run %q", run.ID)
	}
	return source, seq, err
}

// EndRun implements Runs.
func (s *store) EndRun(ctx context.Context, run mention.Run, status string) (mention.Run, error) {
	err := s.write(ctx, func(t *tx) error {
		_, seq, err := t.runRow(run)
		if err != nil {
			return err
		}
		ended := t.now
		if status == "interrupted" {
			ended = 0
		}
		_, err = t.exec("UPDATE runs SET status = ?, ended = ?, deep = ? WHERE seq = ? AND ended = 0", status, ended, number(run.Deep), seq)
		if err != nil {
			return err
		}
		run, err = scanRun(t.row("SELECT "+runColumns+" FROM runs r JOIN sources s ON s.id = r.source WHERE r.seq = ?", seq).Scan)
		return err
	})
	return run, err
}
