package frontier

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// back is where a claimed URL goes that was not worked on.
const back = "CASE WHEN attempts > 0 THEN 4 ELSE 0 END"

// leaseQuery walks the queues by due time and stops at the first that is
// free; CROSS JOIN keeps SQLite from sorting all of them instead.
func (d dialect) leaseQuery() string {
	return `SELECT q.source, s.name, q.budget, b.key, b.token, b.expires > 0, r.seq, r.id
	FROM queues q CROSS JOIN budgets b CROSS JOIN sources s CROSS JOIN runs r
	WHERE q.next_due <= ? AND b.expires <= ? AND b.paused <= ?
	AND b.id = q.budget AND s.id = q.source AND s.paused = 0 AND r.source = q.source AND r.ended = 0
	AND s.name IN (SELECT value FROM ` + d.elements + `)
	ORDER BY q.next_due LIMIT 1` + d.forLease
}

// Lease implements Queue.
func (s *store) Lease(ctx context.Context, sources []string, ttl time.Duration) (*Lease, error) {
	names, err := array(sources)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	query := s.leaseQuery()
	var l *Lease
	err = s.write(ctx, func(t *tx) error {
		l = &Lease{TTL: ttl}
		err := t.row(query, t.now, t.now, t.now, names).
			Scan(&l.source, &l.Source, &l.budget, &l.Key, &l.Token, &l.Taken, &l.run, &l.Run)
		if errors.Is(err, sql.ErrNoRows) {
			l = nil
			return nil
		}
		if err != nil {
			return err
		}
		l.Token++
		_, err = t.exec("UPDATE budgets SET token = ?, expires = ?, owner = ?, source = ? WHERE id = ?",
			l.Token, t.now+ttl.Milliseconds(), s.owner, l.source, l.budget)
		if err != nil {
			return err
		}
		// What a lost lease left behind is to be claimed anew.
		_, err = t.exec("UPDATE urls SET state = "+back+", lease = 0 WHERE source = ? AND budget = ? AND state = 1", l.source, l.budget)
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// hold checks the token and makes the lease last.
func (t *tx) hold(l *Lease) error {
	n, err := t.exec("UPDATE budgets SET expires = ? WHERE id = ? AND token = ?", t.now+l.TTL.Milliseconds(), l.budget, l.Token)
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return err
}

// Extend implements Queue.
func (s *store) Extend(ctx context.Context, l *Lease) error {
	return s.write(ctx, func(t *tx) error { return t.hold(l) })
}

const claimColumns = "id, url, state, priority, depth, hops, attempts, snapshot, sha256, etag, last_modified, generation, origin"

// claimQuery takes from every state and priority, so that none starves; each
// part reads no more rows of the index than it returns.
var claimQuery = func() string {
	part := func(where, order string) string {
		return "SELECT * FROM (SELECT " + claimColumns + " FROM urls WHERE source = ?1 AND budget = ?2 AND " +
			where + " AND due <= ?3 " + order + " LIMIT ?5) AS part"
	}
	parts := []string{part("state = 2 AND priority IN (0, 1, 2, 3, 4) AND lease <> ?4", "")}
	for p := PrioritySeed; p <= PriorityPage; p++ {
		parts = append(parts, part("state = 0 AND priority = "+strconv.Itoa(int(p)), "ORDER BY due, id"))
	}
	parts = append(parts, part("state = 4 AND priority IN (0, 1, 2, 3, 4)", ""))
	return strings.Join(parts, " UNION ALL ")
}()

// Claim implements Queue.
func (s *store) Claim(ctx context.Context, l *Lease, n int) ([]URL, error) {
	if n <= 0 {
		return nil, nil
	}
	var urls []URL
	err := s.write(ctx, func(t *tx) error {
		if err := t.hold(l); err != nil {
			return err
		}
		rows, err := t.rows(claimQuery, l.source, l.budget, t.now, l.Token, max(1, n/4))
		if err != nil {
			return err
		}
		urls, err = collect(rows, func(scan func(...any) error) (u URL, err error) {
			err = scan(&u.ID, &u.URL, &u.State, &u.Priority, &u.Depth, &u.Hops, &u.Attempts,
				&u.Snapshot, &u.SHA256, &u.ETag, &u.LastModified, &u.Generation, &u.Origin)
			return u, err
		})
		if err != nil || len(urls) == 0 {
			return err
		}
		urls = urls[:min(n, len(urls))]
		ids := make([]int64, len(urls))
		for i := range urls {
			if urls[i].State != Fetched {
				urls[i].State = Leased
			}
			ids[i] = urls[i].ID
		}
		list, err := array(ids)
		if err != nil {
			return err
		}
		_, err = t.exec("UPDATE urls SET state = CASE WHEN state = 2 THEN 2 ELSE 1 END, lease = ?"+
			" WHERE id IN (SELECT CAST(value AS BIGINT) FROM "+s.elements+")", l.Token, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	return urls, nil
}

// Settle implements Queue.
func (s *store) Settle(ctx context.Context, l *Lease, tally Tally, results []Result) (added int, err error) {
	linked := slices.ContainsFunc(results, func(r Result) bool { return len(r.Links) > 0 })
	err = s.write(ctx, func(t *tx) error {
		if err := t.hold(l); err != nil {
			return err
		}
		if linked {
			if err := s.lockSource(t, l.source); err != nil {
				return err
			}
		}
		var links []found
		for i := range results {
			r := &results[i]
			n, err := t.settle(l, r)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			for _, link := range r.Links {
				links = append(links, found{Link: link, redo: r.Redo})
			}
		}
		var err error
		if added, err = s.addLinks(t, l.source, l.run, l.budget, links); err != nil {
			return err
		}
		if tally == (Tally{}) {
			return nil
		}
		_, err = t.exec("UPDATE runs SET pages = pages + ?, bytes = bytes + ?, errors = errors + ?, skipped = skipped + ? WHERE seq = ?",
			tally.Pages, tally.Bytes, tally.Errors, tally.Skipped, l.run)
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// maxMessage bounds the bytes of a stored message.
const maxMessage = 1000

// settle writes one result; the links are added by the caller.
func (t *tx) settle(l *Lease, r *Result) (int64, error) {
	message := r.Message
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	message = plain(message)
	etag, modified := validator(r.ETag), validator(r.LastModified)
	switch r.State {
	case Fetched:
		if !r.Due.IsZero() { // given back
			return t.exec("UPDATE urls SET state = 2, lease = 0, due = ?, attempts = attempts + 1, class = ?, message = ?, settled = ? WHERE id = ? AND lease = ?",
				t.millis(r.Due), r.Class, message, t.now, r.URL.ID, l.Token)
		}
		return t.exec(`UPDATE urls SET state = 2, attempts = 0, visited = ?, changed = CASE WHEN sha256 = ? AND visited > 0 THEN changed ELSE ? END,
			snapshot = ?, sha256 = ?, etag = ?, last_modified = ?, generation = '' WHERE id = ? AND lease = ?`,
			t.now, r.SHA256, t.now, r.Snapshot, r.SHA256, etag, modified, r.URL.ID, l.Token)
	case Done:
		// When it was found nearer while it was worked on, its links were
		// measured from the old depth: once more, from the snapshot.
		return t.exec(`UPDATE urls SET state = CASE WHEN ? AND depth < ? THEN CASE WHEN ? = '' THEN 0 ELSE 2 END ELSE 3 END,
			due = ?, lease = 0, attempts = 0, class = '', message = '', settled = ?, run = ?,
			visited = CASE WHEN ? OR state = 2 THEN visited ELSE ? END, changed = CASE WHEN ? THEN 0 WHEN sha256 = ? AND visited > 0 THEN changed ELSE ? END,
			snapshot = ?, sha256 = ?, etag = ?, last_modified = ?, generation = ? WHERE id = ? AND lease = ?`,
			r.Redo, r.URL.Depth, r.Snapshot, t.now, t.now, l.run,
			r.Unasked, t.now, r.Alias, r.SHA256, t.now,
			r.Snapshot, r.SHA256, etag, modified, r.Generation, r.URL.ID, l.Token)
	case Failed:
		return t.exec("UPDATE urls SET state = 4, lease = 0, due = ?, attempts = attempts + 1, class = ?, message = ?, settled = ? WHERE id = ? AND lease = ?",
			t.millis(r.Due), r.Class, message, t.now, r.URL.ID, l.Token)
	case Dead:
		return t.exec("UPDATE urls SET state = 5, lease = 0, attempts = attempts + 1, class = ?, message = ?, settled = ?, generation = '' WHERE id = ? AND lease = ?",
			r.Class, message, t.now, r.URL.ID, l.Token)
	}
	return 0, fmt.Errorf("a URL cannot end as %s", r.State)
}

// nextDueQuery is the earliest due time of a queue: one step in the index for
// each state and priority.
var nextDueQuery = func() string {
	var parts []string
	for _, s := range []State{Pending, Fetched, Failed} {
		for p := PrioritySeed; p <= PriorityPage; p++ {
			parts = append(parts, fmt.Sprintf("SELECT min(due) AS due FROM urls WHERE source = ?1 AND budget = ?2 AND state = %d AND priority = %d", s, p))
		}
	}
	return "SELECT min(due) FROM (" + strings.Join(parts, " UNION ALL ") + ") AS parts"
}()

// Release implements Queue.
func (s *store) Release(ctx context.Context, l *Lease, pause time.Time) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(l); err != nil {
			return err
		}
		_, err := t.exec("UPDATE urls SET state = "+back+", lease = 0 WHERE source = ? AND budget = ? AND state = 1", l.source, l.budget)
		if err != nil {
			return err
		}
		_, err = t.exec("UPDATE urls SET lease = 0 WHERE source = ? AND budget = ? AND state = 2 AND lease = ?", l.source, l.budget, l.Token)
		if err != nil {
			return err
		}
		// Locked before its URLs are read: what others add meanwhile is seen
		// here, or wakes the queue afterwards.
		if s.forUpdate != "" {
			if err := t.row("SELECT budget FROM queues WHERE source = ? AND budget = ?"+s.forUpdate, l.source, l.budget).Scan(new(int64)); err != nil {
				return err
			}
		}
		var due sql.NullInt64
		if err := t.row(nextDueQuery, l.source, l.budget).Scan(&due); err != nil {
			return err
		}
		due.Int64 = max(due.Int64, t.now) // to the end of the line
		if _, err := t.exec("UPDATE queues SET next_due = ? WHERE source = ? AND budget = ?", due, l.source, l.budget); err != nil {
			return err
		}
		until := t.millis(pause)
		_, err = t.exec(`UPDATE budgets SET expires = 0, owner = '', reason = CASE WHEN paused > ? THEN reason ELSE ? END,
			paused = CASE WHEN paused > ? THEN paused ELSE ? END, slowed = ? WHERE id = ? AND token = ?`,
			until, plain(l.Reason), until, until, l.Slowed.Milliseconds(), l.budget, l.Token)
		return err
	})
}

// Outlook implements Queue.
func (s *store) Outlook(ctx context.Context, sources []string) (map[string]Outlook, error) {
	names, err := array(sources)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	out := map[string]Outlook{}
	err = s.read(ctx, func(t *tx) error {
		rows, err := t.rows(`SELECT s.name,
			min(CASE WHEN b.expires > ? THEN NULL WHEN b.paused > q.next_due THEN b.paused ELSE q.next_due END),
			max(CASE WHEN b.expires > ? THEN 1 ELSE 0 END)
			FROM queues q JOIN budgets b ON b.id = q.budget JOIN sources s ON s.id = q.source
			WHERE q.next_due IS NOT NULL AND s.name IN (SELECT value FROM `+s.elements+`) GROUP BY s.name`, t.now, t.now, names)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var next sql.NullInt64
			var o Outlook
			if err := rows.Scan(&name, &next, &o.Leased); err != nil {
				return err
			}
			if next.Valid {
				o.Next = t.local(next.Int64)
			}
			out[name] = o
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("frontier: outlook: %w", err)
	}
	return out, nil
}
