package frontier

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ShareKeys implements Keyed.
func (s *store) ShareKeys(k Keys) {
	s.keys = k
	s.budgets.of = k.Of
}

// moveKeys gives every URL of a source the budget that the keys in force name
// for it. That is asked once for each version of the keys, and then costs a
// pass over the source's URLs.
func (s *store) moveKeys(ctx context.Context, source string) error {
	for after := ""; ; {
		var last string
		err := s.write(ctx, func(t *tx) (err error) {
			last, err = s.moveChunk(t, source, after)
			return err
		})
		if err != nil || last == "" {
			return err
		}
		after = last
	}
}

// moveChunk moves the URLs after one. It returns the last it has looked at, and
// "" when nothing is left to do, or can be done now: while somebody works on
// the source its URLs stay, so that what they hold is not taken from them.
func (s *store) moveChunk(t *tx, source, after string) (last string, err error) {
	if after == "" {
		if err := s.freeDeadOwners(t); err != nil {
			return "", err
		}
	}
	id, err := s.sourceID(t, source)
	if err != nil {
		return "", err
	}
	var version string
	var leases int
	if err := t.row("SELECT keys FROM sources WHERE id = ?", id).Scan(&version); err != nil || version == s.keys.Version {
		return "", err
	}
	if err := t.row("SELECT count(*) FROM budgets WHERE source = ? AND expires > ?", id, t.now).Scan(&leases); err != nil || leases > 0 {
		return "", err
	}
	type place struct {
		url     int64
		link    found
		current int64
	}
	rows, err := t.rows("SELECT id, url, budget FROM urls WHERE source = ? AND url > ? ORDER BY url LIMIT ?", id, after, resetChunk)
	if err != nil {
		return "", err
	}
	places, err := collect(rows, func(scan func(...any) error) (p place, err error) {
		err = scan(&p.url, &p.link.URL, &p.current)
		return p, err
	})
	if err != nil {
		return "", err
	}
	if len(places) == 0 {
		_, err = t.exec("UPDATE sources SET keys = ? WHERE id = ?", s.keys.Version, id)
		return "", err
	}
	links := make([]found, len(places))
	for i, p := range places {
		links[i] = p.link
	}
	if err := s.budgets.fill(t, links); err != nil {
		return "", err
	}
	var moves []move
	for i, p := range places {
		if links[i].budget == p.current {
			continue
		}
		if _, err := t.exec("UPDATE urls SET budget = ? WHERE id = ?", links[i].budget, p.url); err != nil {
			return "", err
		}
		moves = append(moves, move{p.current, links[i].budget})
	}
	return places[len(places)-1].link.URL, t.moveQueues(id, moves)
}

// move is a change from one budget to another.
type move struct{ from, to int64 }

// moveQueues has the queues of new budgets looked at, which are paused as long
// as the ones before.
func (t *tx) moveQueues(source int64, moves []move) error {
	slices.SortFunc(moves, func(a, b move) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.from, b.from)) })
	for _, m := range slices.Compact(moves) {
		_, err := t.exec(`INSERT INTO queues (source, budget, next_due) VALUES (?, ?, ?) ON CONFLICT (source, budget)
			DO UPDATE SET next_due = excluded.next_due`, source, m.to, t.now)
		if err != nil {
			return err
		}
		var paused int64
		var reason string
		if err := t.row("SELECT paused, reason FROM budgets WHERE id = ?", m.from).Scan(&paused, &reason); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE budgets SET paused = ?, reason = ? WHERE id = ? AND paused < ?", paused, reason, m.to, paused); err != nil {
			return err
		}
	}
	return nil
}

// Spend implements Quotas.
func (s *store) Spend(ctx context.Context, key, day string, units, limit int) (ok bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.exec("INSERT INTO units (key, day, used) VALUES (?, ?, 0) ON CONFLICT (key) DO NOTHING", key, day); err != nil {
			return err
		}
		last, used := "", 0
		if err := t.row("SELECT day, used FROM units WHERE key = ?"+s.forUpdate, key).Scan(&last, &used); err != nil {
			return err
		}
		if last < day {
			last, used = day, 0
		}
		if ok = used+units <= limit; !ok {
			return nil
		}
		_, err := t.exec("UPDATE units SET day = ?, used = ? WHERE key = ?", last, used+units, key)
		return err
	})
	return ok, err
}

// Hosts implements Inspector.
func (s *store) Hosts(ctx context.Context) (hosts []HostState, err error) {
	err = s.read(ctx, func(t *tx) error {
		rows, err := t.rows(`SELECT b.key, b.paused, b.slowed, b.reason, u.used, u.day FROM budgets b LEFT JOIN units u ON u.key = b.key
			WHERE (b.paused > ? AND b.reason <> '') OR b.slowed > 0 OR u.used > 0 ORDER BY b.key`, t.now)
		if err != nil {
			return err
		}
		hosts, err = collect(rows, func(scan func(...any) error) (h HostState, err error) {
			var paused, slowed int64
			var used sql.NullInt64
			var day sql.NullString
			err = scan(&h.Key, &paused, &slowed, &h.Reason, &used, &day)
			if paused > t.now && h.Reason != "" {
				h.PausedUntil = t.local(paused).UTC()
			}
			h.Slowed = time.Duration(slowed) * time.Millisecond
			if h.PausedUntil.IsZero() && h.Slowed == 0 {
				h.Reason = ""
			}
			h.Units, h.Day = int(used.Int64), day.String
			return h, err
		})
		return err
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		err = fmt.Errorf("frontier: hosts: %w", err)
	}
	return hosts, err
}
