package desk

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Alerts are kept in five tables. alert_rules is where each rule stands,
// alert_seen what it has told of, alert_events the history, alert_subjects what
// an event shows of what it is about: ids of mentions, names of sources, days;
// never a text or a name. alert_messages is the outbox: what is to be sent to
// which channel, and how far that is; alert_parts are the events in a message.
const (
	alertRulesTable = `CREATE TABLE IF NOT EXISTS alert_rules (
		name TEXT PRIMARY KEY, print TEXT NOT NULL, started BIGINT NOT NULL, checked BIGINT NOT NULL, holds BIGINT NOT NULL, problem TEXT NOT NULL)`
	alertSeenTable = `CREATE TABLE IF NOT EXISTS alert_seen (
		rule TEXT NOT NULL, subject TEXT NOT NULL, revision BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (rule, subject))`
	alertEventsTable = `CREATE TABLE IF NOT EXISTS alert_events (
		id TEXT PRIMARY KEY, rule TEXT NOT NULL, kind TEXT NOT NULL, raised BIGINT NOT NULL, count BIGINT NOT NULL, facts TEXT NOT NULL,
		acked BIGINT NOT NULL, acked_by TEXT NOT NULL)`
	alertSubjectsTable = `CREATE TABLE IF NOT EXISTS alert_subjects (
		event TEXT NOT NULL, place BIGINT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (event, place))`
	alertMessagesTable = `CREATE TABLE IF NOT EXISTS alert_messages (
		id TEXT PRIMARY KEY, rule TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, created BIGINT NOT NULL, not_before BIGINT NOT NULL,
		attempts BIGINT NOT NULL, owner TEXT NOT NULL, leased BIGINT NOT NULL, ended BIGINT NOT NULL, problem TEXT NOT NULL)`
	alertPartsTable = `CREATE TABLE IF NOT EXISTS alert_parts (
		message TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (message, event))`
	alertSubjectsIndex = `CREATE INDEX IF NOT EXISTS alert_subjects_subject ON alert_subjects (subject)`
	alertSeenIndex     = `CREATE INDEX IF NOT EXISTS alert_seen_subject ON alert_seen (subject)`
)

// AlertRule is where a rule stands.
type AlertRule struct {
	Name string
	// Print tells what the rule asks: another one begins the rule anew.
	Print string
	// Started is since when it has asked this, Checked when it last did.
	Started, Checked time.Time
	// Holds is how many subjects its condition holds for.
	Holds int
	// Problem is why it could not be checked; empty where it could.
	Problem string
}

// AlertSubject is what a rule can tell of, once: the id of a mention, the name
// of a source, a day. A greater Revision is told of again.
type AlertSubject struct {
	ID       string
	Revision int
}

// AlertCheck is what a rule has found.
type AlertCheck struct {
	Rule AlertRule
	// Kind is the rule's condition, Facts its figures (JSON, without texts).
	Kind, Facts string
	// Subjects are those for which the condition holds, in the order to show.
	Subjects []AlertSubject
	// Resolves says that subjects for which it holds no more may be told of
	// again. Otherwise what was told of before KeepSince is dropped.
	Resolves  bool
	KeepSince time.Time
	Channels  []AlertChannel
}

// AlertChannel is where an event is to be sent, not before a time; zero is at
// once.
type AlertChannel struct {
	Name      string
	NotBefore time.Time
}

// AlertEvent is what a rule has told of at one time.
type AlertEvent struct {
	ID, Rule, Kind string
	Raised         time.Time
	// Count is how many subjects are new to the rule, Subjects the first of them.
	Count    int
	Subjects []string
	Facts    string
	// Acked is when somebody took note of it, AckedBy who; zero is nobody yet.
	Acked   time.Time
	AckedBy string
}

const (
	// shownSubjects bounds AlertEvent.Subjects.
	shownSubjects = 50
	// historyFor is how long events and messages are kept.
	historyFor = 365 * 24 * time.Hour
	// insertRows bounds the rows of one statement.
	insertRows = 200
)

// RaiseAlert records a check, with all that follows of it, in one transaction:
// where the rule stands, what it has told of, and where it found something new
// the event and a message to every channel. It returns that event, or nil. Of
// several processes that find the same only one raises it.
func (s *Store) RaiseAlert(ctx context.Context, c AlertCheck) (*AlertEvent, error) {
	var ev *AlertEvent
	err := s.write(ctx, func(tx *sql.Tx) error {
		r := c.Rule
		if _, err := tx.ExecContext(ctx, `INSERT INTO alert_rules (name, print, started, checked, holds, problem) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (name) DO UPDATE SET print = excluded.print, started = excluded.started, checked = excluded.checked, holds = excluded.holds, problem = excluded.problem`,
			r.Name, r.Print, millis(r.Started), millis(r.Checked), len(c.Subjects), r.Problem); err != nil {
			return err
		}
		fresh, err := markSeen(ctx, tx, &c)
		if err != nil || len(fresh) == 0 {
			return err
		}
		ev = &AlertEvent{ID: newID(), Rule: r.Name, Kind: c.Kind, Raised: r.Checked, Count: len(fresh), Facts: c.Facts, Subjects: fresh[:min(len(fresh), shownSubjects)]}
		if err := ev.insert(ctx, tx); err != nil {
			return err
		}
		for _, ch := range c.Channels {
			if err := enqueue(ctx, tx, ev, ch); err != nil {
				return err
			}
		}
		return dropHistory(ctx, tx, r.Checked.Add(-historyFor))
	})
	if err != nil {
		return nil, err
	}
	return ev, nil
}

// FailAlert records that a rule could not be checked, and leaves the rest.
func (s *Store) FailAlert(ctx context.Context, r AlertRule) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO alert_rules (name, print, started, checked, holds, problem) VALUES ($1, $2, $3, $4, 0, $5)
			ON CONFLICT (name) DO UPDATE SET checked = excluded.checked, problem = excluded.problem`, r.Name, r.Print, millis(r.Started), millis(r.Checked), r.Problem)
		return err
	})
}

// markSeen returns the subjects that the rule has not told of, in their order,
// and notes them.
func markSeen(ctx context.Context, tx *sql.Tx, c *AlertCheck) ([]string, error) {
	rule := c.Rule.Name
	seen, err := seenBy(ctx, tx, rule)
	if err != nil {
		return nil, err
	}
	holds, unseen := c.unseen(seen)
	if c.Resolves {
		for id := range seen {
			if !holds[id] {
				if _, err := tx.ExecContext(ctx, "DELETE FROM alert_seen WHERE rule = $1 AND subject = $2", rule, id); err != nil {
					return nil, err
				}
			}
		}
	} else if _, err := tx.ExecContext(ctx, "DELETE FROM alert_seen WHERE rule = $1 AND at < $2", rule, millis(c.KeepSince)); err != nil {
		return nil, err
	}
	// Inserted in one order by everybody, so that nobody waits in a circle; what
	// another process was quicker to insert is not returned.
	sorted := slices.Clone(unseen)
	slices.SortFunc(sorted, func(a, b AlertSubject) int { return strings.Compare(a.ID, b.ID) })
	mine := map[string]bool{}
	for batch := range slices.Chunk(sorted, insertRows) {
		if err := insertSeen(ctx, tx, rule, c.Rule.Checked, batch, mine); err != nil {
			return nil, err
		}
	}
	var fresh []string
	for _, sub := range unseen {
		if mine[sub.ID] {
			fresh = append(fresh, sub.ID)
		}
	}
	return fresh, nil
}

// unseen returns the subjects for which the condition holds, and those among
// them that are not seen, or not in that revision.
func (c *AlertCheck) unseen(seen map[string]int) (holds map[string]bool, unseen []AlertSubject) {
	holds = map[string]bool{}
	for _, sub := range c.Subjects {
		if was, ok := seen[sub.ID]; !holds[sub.ID] && (!ok || was < sub.Revision) {
			unseen = append(unseen, sub)
		}
		holds[sub.ID] = true
	}
	return holds, unseen
}

// ForeseeAlert returns the event that RaiseAlert would raise, or nil, and
// records nothing.
func (s *Store) ForeseeAlert(ctx context.Context, c AlertCheck) (*AlertEvent, error) {
	var ev *AlertEvent
	err := s.write(ctx, func(tx *sql.Tx) error {
		seen, err := seenBy(ctx, tx, c.Rule.Name)
		if err != nil {
			return err
		}
		_, unseen := c.unseen(seen)
		if len(unseen) == 0 {
			return nil
		}
		ev = &AlertEvent{ID: newID(), Rule: c.Rule.Name, Kind: c.Kind, Raised: c.Rule.Checked, Count: len(unseen), Facts: c.Facts}
		for _, sub := range unseen[:min(len(unseen), shownSubjects)] {
			ev.Subjects = append(ev.Subjects, sub.ID)
		}
		return nil
	})
	return ev, err
}

func seenBy(ctx context.Context, tx *sql.Tx, rule string) (map[string]int, error) {
	rows, err := tx.QueryContext(ctx, "SELECT subject, revision FROM alert_seen WHERE rule = $1", rule)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	seen := map[string]int{}
	for rows.Next() {
		var id string
		var revision int
		if err := rows.Scan(&id, &revision); err != nil {
			return nil, err
		}
		seen[id] = revision
	}
	return seen, rows.Err()
}

func insertSeen(ctx context.Context, tx *sql.Tx, rule string, at time.Time, batch []AlertSubject, mine map[string]bool) error {
	var values []string
	args := []any{rule, millis(at)}
	for _, sub := range batch {
		args = append(args, sub.ID, sub.Revision)
		values = append(values, fmt.Sprintf("($1, $%d, $%d, $2)", len(args)-1, len(args)))
	}
	rows, err := tx.QueryContext(ctx, `INSERT INTO alert_seen (rule, subject, revision, at) VALUES `+strings.Join(values, ", ")+`
		ON CONFLICT (rule, subject) DO UPDATE SET revision = excluded.revision, at = excluded.at WHERE alert_seen.revision < excluded.revision RETURNING subject`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		mine[id] = true
	}
	return rows.Err()
}

func (ev *AlertEvent) insert(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO alert_events (id, rule, kind, raised, count, facts, acked, acked_by) VALUES ($1, $2, $3, $4, $5, $6, 0, '')",
		ev.ID, ev.Rule, ev.Kind, millis(ev.Raised), ev.Count, ev.Facts); err != nil {
		return err
	}
	for i, id := range ev.Subjects {
		if _, err := tx.ExecContext(ctx, "INSERT INTO alert_subjects (event, place, subject) VALUES ($1, $2, $3)", ev.ID, i, id); err != nil {
			return err
		}
	}
	return nil
}

// dropHistory deletes what was raised before a time.
func dropHistory(ctx context.Context, tx *sql.Tx, before time.Time) error {
	for _, statement := range []string{
		"DELETE FROM alert_subjects WHERE event IN (SELECT id FROM alert_events WHERE raised < $1)",
		"DELETE FROM alert_parts WHERE event IN (SELECT id FROM alert_events WHERE raised < $1)",
		"DELETE FROM alert_messages WHERE created < $1",
		"DELETE FROM alert_events WHERE raised < $1",
	} {
		if _, err := tx.ExecContext(ctx, statement, millis(before)); err != nil {
			return err
		}
	}
	return nil
}

// AlertRule returns where a rule stands; false where it was never checked.
func (s *Store) AlertRule(ctx context.Context, name string) (AlertRule, bool, error) {
	all, err := s.alertRules(ctx, " WHERE name = $1", name)
	if err != nil || len(all) == 0 {
		return AlertRule{}, false, err
	}
	return all[0], true, nil
}

// AlertRules returns where all rules stand that were ever checked, by name.
func (s *Store) AlertRules(ctx context.Context) ([]AlertRule, error) {
	return s.alertRules(ctx, " ORDER BY name")
}

func (s *Store) alertRules(ctx context.Context, which string, args ...any) ([]AlertRule, error) {
	return collect(ctx, s, func(rows *sql.Rows) (r AlertRule, err error) {
		var started, checked int64
		err = rows.Scan(&r.Name, &r.Print, &started, &checked, &r.Holds, &r.Problem)
		r.Started, r.Checked = moment(started), moment(checked)
		return r, err
	}, "SELECT name, print, started, checked, holds, problem FROM alert_rules"+which, args...)
}

// AlertEvents returns the latest events, latest first, at most limit.
func (s *Store) AlertEvents(ctx context.Context, limit int) ([]AlertEvent, error) {
	return s.alertEvents(ctx, "SELECT id, rule, kind, raised, count, facts, acked, acked_by FROM alert_events ORDER BY raised DESC, id LIMIT $1", limit)
}

func (s *Store) alertEvents(ctx context.Context, query string, args ...any) ([]AlertEvent, error) {
	out, err := collect(ctx, s, func(rows *sql.Rows) (ev AlertEvent, err error) {
		var raised, acked int64
		err = rows.Scan(&ev.ID, &ev.Rule, &ev.Kind, &raised, &ev.Count, &ev.Facts, &acked, &ev.AckedBy)
		ev.Raised, ev.Acked = moment(raised), moment(acked)
		return ev, err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Subjects, err = s.alertSubjects(ctx, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) alertSubjects(ctx context.Context, event string) ([]string, error) {
	return collect(ctx, s, func(rows *sql.Rows) (id string, err error) {
		err = rows.Scan(&id)
		return id, err
	}, "SELECT subject FROM alert_subjects WHERE event = $1 ORDER BY place", event)
}

// ErrNoAlert says that there is no such event or message.
var ErrNoAlert = errors.New("desk: no such alert")

// AckAlert notes that somebody took note of an event; who did so first stays.
func (s *Store) AckAlert(ctx context.Context, event, who string, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM alert_events WHERE id = $1", event).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return ErrNoAlert
		}
		_, err := tx.ExecContext(ctx, "UPDATE alert_events SET acked = $2, acked_by = $3 WHERE id = $1 AND acked = 0", event, millis(now), who)
		return err
	})
}

// newID is an id by chance: letters and digits, 128 bits.
func newID() string { return strings.ToLower(rand.Text()) }

// millis and moment are how times are stored; zero is the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
